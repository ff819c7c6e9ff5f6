"""No credential that stands inside of a text, or in a place of an object where people put one, is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.credentials import may_hold_credentials, names_a_credential, without_credentials
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.redact import redacted
from cockpit.model.refs import ARGO_ROLLOUTS, Ref
from cockpit.model.text import safe_lines, safe_text
from cockpit.record.redaction import redacted_object
from cockpit.session.facts.diff import differences

SECRET = "hunter2-S3cr3t"
TEXTS = [
    "http://{}@prometheus:9090/api",
    "https://ann:{}@prometheus.example.com/api/v1/query?query=up",
    "amqp://ann:p@{}@broker",
    "https://example.com/hook?token={}",
    "https://example.com/hook?a=1&api_key={}&b=2",
    "https://example.com/hook?a=1;access%5Ftoken={}",
    "https://maps.example.com/?key={}",
    "https://bucket.example.com/o?X-Amz-Signature={}",
    "/relative?password={}",
    "https://example.com/#access_token={}",
    r'{{"url":"https://example.com/hook?a=1\u0026token={}"}}',
    "https://hooks.slack.com/services/T0/B0/{}",
    "https://discord.com/api/webhooks/1/{}",
    "https://acme.webhook.office.com/webhookb2/{}",
    "Authorization: Bearer {}",
    "authorization: bEaReR {}",
    "https://hooks.slack.COM/services/T0/B0/{}",
    'proxy_set_header Authorization "Basic {}==";',
    "password={}",
    "DB_PASSWORD={}",
    "pwd={}; timeout=5",
    "x-api-key: {}",
    "X-Api-Key:{}",
    "authorization: {}",
    "Authorization: token {}",
    "authorization: AWS4-HMAC-SHA256 Credential={}",
    '"password": "{}"',
    '"apiKey":"pre fix {}"',
    r"the body \"client_secret\":\"{}\" was refused",
    "'secret_key' = '{}'",
    'data.password: Invalid value: "{}"',
    "mysql --password {} --host db",
    "--api-key={}",
    "aws_secret_access_key = {}",
    "aws_access_key_id={}",
]
# Keys and tokens that are known by how they begin, wherever they stand.
KNOWN = [
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "glpat-0123456789abcdefghij",
    "xoxb-0123456789-abcdef",
]
words = st.text("abc xyz:/\"'", max_size=12)


@given(words, st.sampled_from(TEXTS), words)
def test_a_credential_inside_of_a_text_is_never_shown(before: str, text: str, after: str) -> None:
    """As in `Get "http://ann:...@host": dial tcp: connection refused`, which a controller writes into a status."""
    whole = f"{before} {text.format(SECRET)} {after}"
    assert SECRET not in without_credentials(whole)
    assert SECRET not in safe_text(whole)
    assert SECRET not in "".join(safe_lines(f"{whole}\n{whole}"))
    for limit in range(1, len(whole)):
        assert SECRET[:4] not in safe_text(whole, limit), "nor a part of one, where the text is cut"
    assert without_credentials(without_credentials(whole)) == without_credentials(whole)
    assert may_hold_credentials(json.dumps(whole).encode())


@given(words, st.sampled_from(KNOWN), words)
def test_a_key_that_is_known_by_how_it_begins_is_never_shown(before: str, key: str, after: str) -> None:
    whole = f"{before} {key} {after}"
    assert key[8:] not in without_credentials(whole)
    assert key[8:] not in safe_text(whole)
    assert key[8:] not in json.dumps(redacted({"status": {"message": whole}}))
    assert without_credentials(without_credentials(whole)) == without_credentials(whole)


@given(
    st.sampled_from(["password", "DB_PASSWORD", "passwd", "client-secret", "x-auth-token", "apikey", "API_KEY", "pwd"]),
    st.sampled_from(["=", ": ", ":", " = ", '": "', "': '", '\\": \\"']),
    st.text("abcXYZ0189+/=_-.!$%", min_size=6, max_size=40).filter(lambda value: not value.isalpha()),
    words,
)
def test_the_value_of_a_secret_name_is_never_shown(name: str, sign: str, value: str, after: str) -> None:
    assert value not in without_credentials(f"started with {name}{sign}{value} {after}").replace(name, "")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        *("password" * 50_000, "password: " * 40_000, '"token":"' * 40_000, "eyJ" * 100_000, "eyJ-" * 80_000),
        *(
            "--token" * 50_000,
            "token \t " * 40_000,
            "\\" * 200_000 + "token",
            "--" * 100_000 + "key",
            "a.eyJa." * 50_000,
        ),
    ],
    ids=lambda text: text[:12],
)
def test_any_text_is_looked_through_in_one_go(text: str) -> None:
    without_credentials(text)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text", ["a" * 200_000 + ".com/", "a-" * 100_000 + ".com/", "?a" * 100_000 + "=", "a://" * 50_000]
)
def test_a_long_text_is_looked_through_in_one_go(text: str) -> None:
    """A pass for each letter would take minutes, in which the program stands still."""
    assert without_credentials(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/acme/shop.git",
        "ssh://git@github.com/acme/shop",
        "https://prometheus:9090/api/v1/query?query=rate(x[5m])&step=30",
        "basic authentication is not configured for bearer tokens",
        "registry.example.com/shop/web@sha256:0123456789abcdef",
        "v2 25% -> 50%; app=web, version=v2",
        "owner ann@example.com",
        "http://[::1]:8080/a?b=c#d",
        "the password policy was changed",
        "not remembered, because secret: X-Auth-Token, Cookie",
        "token: not found in the request",
        'secret "pay-tls" not found',
        "nginx.ingress.kubernetes.io/auth-secret: shop/basic",
        "automountServiceAccountToken: false",
        "spec.tls.secretName: Required value",
        "registry.example.com/shop/web:v2.1.0-rc.1+build.5",
        "commit 3588079b054ea2f75bb5371bdcffcef4606aabbc",
        "key=app in selector; key: tls.crt",
        "max_tokens=512 bypass=1 compass: north",
        "kubectl -n shop get secret pay-tls -o yaml",
        "VirtualService x: spec.http[0].route[1].weight 10 -> 20",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert without_credentials(text) == text


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        *(
            (name, True)
            for name in ("password", "clientSecret", "x/api-key", "apiKey", "AWS_SECRET_ACCESS_KEY", "token")
        ),
        *(
            (name, False)
            for name in ("secretName", "secretKeyRef", "sessionAffinity", "topologyKey", "key", "tokens-app")
        ),
        ("nginx.ingress.kubernetes.io/auth-secret", False),
    ],
)
def test_a_field_is_a_credential_by_the_end_of_its_name(name: str, secret: bool) -> None:
    assert names_a_credential(name) is secret


texts = st.sampled_from([*TEXTS]).map(lambda text: text.format(SECRET))
secrets = st.just(SECRET) | texts
metric = st.fixed_dictionaries(
    {
        "name": st.just("errors"),
        "provider": st.one_of(
            st.fixed_dictionaries(
                {
                    "web": st.fixed_dictionaries(
                        {"url": texts},
                        optional={
                            "headers": st.lists(
                                st.fixed_dictionaries(
                                    {"key": st.sampled_from(["Authorization", "X-Any"]), "value": secrets}
                                )
                            ),
                            "jsonBody": st.dictionaries(words, secrets, max_size=2),
                            "body": secrets,
                            "authentication": st.fixed_dictionaries(
                                {"oauth2": st.fixed_dictionaries({"tokenUrl": texts, "clientSecret": secrets})}
                            ),
                        },
                    )
                }
            ),
            st.fixed_dictionaries({"prometheus": st.fixed_dictionaries({"address": texts})}),
            st.fixed_dictionaries({"plugin": st.dictionaries(words, st.dictionaries(words, secrets), max_size=2)}),
        ),
    }
)
webhook = st.fixed_dictionaries(
    {"name": st.just("load"), "url": texts, "metadata": st.dictionaries(words, secrets, max_size=2)}
)
plugin = st.fixed_dictionaries({"name": st.just("key-auth"), "config": st.dictionaries(words, secrets, max_size=2)})
route = st.fixed_dictionaries(
    {
        "headers": st.fixed_dictionaries(
            {"request": st.fixed_dictionaries({"set": st.dictionaries(st.just("x-any"), st.just(SECRET))})}
        ),
        "match": st.lists(
            st.fixed_dictionaries(
                {
                    where: st.dictionaries(
                        st.sampled_from(["authorization", "x-api-key"]), st.fixed_dictionaries({"exact": secrets})
                    )
                    for where in ("headers", "queryParams")
                }
            ),
            max_size=2,
        ),
    }
)
notes = st.dictionaries(
    st.sampled_from(["note", "vault.example.com/token", "nginx.ingress.kubernetes.io/configuration-snippet"]), texts
)
status = st.fixed_dictionaries({"message": texts, "metricResults": st.lists(st.fixed_dictionaries({"message": texts}))})
objects = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries({"annotations": notes}),
        "spec": st.fixed_dictionaries(
            {},
            optional={
                "metrics": st.lists(metric, max_size=2),
                "analysis": st.fixed_dictionaries({"webhooks": st.lists(webhook, max_size=2)}),
                "http": st.lists(st.fixed_dictionaries({"plugins": st.lists(plugin, max_size=2)}) | route, max_size=2),
                "apiKey": st.just(SECRET),
            },
        ),
        "status": status,
    }
)


@given(objects)
def test_no_planted_credential_is_on_a_screen_in_an_output_a_journal_or_a_record(body: dict[str, Any]) -> None:
    ref = Ref(ARGO_ROLLOUTS, "shop", "web")
    shown = {
        "screens and output": json.dumps(redacted(body)),
        "a command": Request(Verb.PATCH, ref, body, PatchType.MERGE).command("prod"),
        "a journal": "\n".join((*differences({}, body, 500), *differences(body, {}, 500))),
        "a record": json.dumps(redacted_object(body)),
    }
    for place, text in shown.items():
        at = text.find(SECRET)
        assert at < 0, f"{place}: {text[max(at - 100, 0) : at + 20]}"


@given(objects)
def test_no_planted_credential_is_in_the_operations_of_a_patch(body: dict[str, Any]) -> None:
    operations = [
        {"op": op, "path": "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path), "value": value}
        for op in ("add", "test")
        for path, value in places(body, ())
        if path
    ]
    for operation in operations:
        text = json.dumps(redacted([operation]))
        assert SECRET not in text, text


def places(value: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    """Every part of an object with its path."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(path, value), *(found for key, item in parts for found in places(item, (*path, str(key))))]


def test_what_chooses_requests_is_shown_on_a_screen_and_not_kept_in_a_record() -> None:
    body = {"spec": {"matches": [{"headers": [{"name": "x-user", "value": "jane.doe@example.com"}]}]}}
    assert redacted(body) == body
    assert "jane" not in json.dumps(redacted_object(body))
