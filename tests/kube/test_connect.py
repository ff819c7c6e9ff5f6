"""Connecting over TLS with every kind of credential, and what is said when one cannot be used."""

from __future__ import annotations

import base64
import datetime
import json
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cockpit.kube.connect import ConnectOptions, connect, resolve
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import ConfigError, Unauthorized, Unreachable
from cockpit.kube.kubeconfig import resolve_targets
from cockpit.session.clock import ManualClock
from tests.kube.conftest import Scripted
from tests.objects import Doc

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.UTC)


class Issuer:
    """A certificate authority for one test run."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            self._builder(self.name, self.key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + DAY)
        )

    def issue(self, name: str) -> tuple[str, str]:
        """A certificate with its key as PEM; a host's when the name is one."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key)
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        certificate = builder.add_extension(names, critical=False).sign(self.key, hashes.SHA256())
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()


ISSUER = Issuer("test")


class Secured:
    """An API server over TLS that says who it was asked by; accepts the tokens in `tokens`."""

    def __init__(self) -> None:
        self.tokens = {"Bearer good"}
        self.seen: list[dict[str, str]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append(dict(request.headers))
        peer = request.get_extra_info("peercert") or {}
        by = dict(pair for (pair,) in peer.get("subject", ()))
        if not by and request.headers.get("Authorization") not in self.tokens:
            return web.json_response({"kind": "Status", "code": 401, "reason": "Unauthorized"}, status=401)
        return web.json_response({"by": by.get("commonName", request.headers.get("Authorization"))})


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[Secured]:
    chain, key = ISSUER.issue("kubernetes")
    (tmp_path / "server.pem").write_text(chain + key)
    (tmp_path / "ca.pem").write_text(ISSUER.pem)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.pem"))
    tls.load_cert_chain(tmp_path / "server.pem")
    tls.verify_mode = ssl.CERT_OPTIONAL
    server = Secured()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    server.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def target_for(tmp_path: Path, server: Secured | Scripted, user: Doc, **cluster: object) -> ConnectTarget:
    entry = {"server": server.url, "tls-server-name": "kubernetes", "certificate-authority": "ca.pem", **cluster}
    content = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": entry}],
        "users": [{"name": "u", "user": user}],
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(content))
    (target,) = resolve(ConnectOptions(kubeconfig=path), {})
    return target


async def asked_by(target: ConnectTarget, clock: ManualClock | None = None) -> str:
    api = await connect(target, ConnectOptions(), clock or ManualClock())
    try:
        return str(json.loads(await api.get_path("/who"))["by"])
    finally:
        await api.close()


async def test_token(tmp_path: Path, secured: Secured) -> None:
    assert await asked_by(target_for(tmp_path, secured, {"token": "good"})) == "Bearer good"


async def test_token_file_wins_over_token(tmp_path: Path, secured: Secured) -> None:
    (tmp_path / "token").write_text("good\n")
    assert await asked_by(target_for(tmp_path, secured, {"token": "old", "tokenFile": "token"})) == "Bearer good"


async def test_password(tmp_path: Path, secured: Secured) -> None:
    secured.tokens = {f"Basic {encoded('me:pass')}"}
    assert await asked_by(target_for(tmp_path, secured, {"username": "me", "password": "pass"}))


async def test_client_certificate_inline_and_from_files(tmp_path: Path, secured: Secured) -> None:
    chain, key = ISSUER.issue("jane")
    inline = {"client-certificate-data": encoded(chain), "client-key-data": encoded(key)}
    assert await asked_by(target_for(tmp_path, secured, inline)) == "jane"
    (tmp_path / "me.crt").write_text(chain)
    (tmp_path / "me.key").write_text(key)
    files = {"client-certificate": "me.crt", "client-key": "me.key"}
    assert await asked_by(target_for(tmp_path, secured, files)) == "jane"


async def test_impersonation_headers_are_sent_each(tmp_path: Path, secured: Secured) -> None:
    await asked_by(target_for(tmp_path, secured, {"token": "good", "as": "joe", "as-groups": ["ops"]}))
    assert secured.seen[0]["Impersonate-User"] == "joe"
    assert secured.seen[0]["Impersonate-Group"] == "ops"


async def test_refused_token_names_cluster_and_not_the_token(tmp_path: Path, secured: Secured) -> None:
    with pytest.raises(Unauthorized) as caught:
        await asked_by(target_for(tmp_path, secured, {"token": "s3cr3t"}))
    assert "in c: credentials rejected" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


async def test_unknown_authority_is_named(tmp_path: Path, secured: Secured) -> None:
    stranger = encoded(Issuer("stranger").pem)
    target = target_for(tmp_path, secured, {"token": "good"}, **{"certificate-authority-data": stranger})
    with pytest.raises(Unreachable, match="certificate is not trusted") as caught:
        await asked_by(target)
    assert not caught.value.sent
    assert secured.url in str(caught.value)
    assert "Check certificate-authority and tls-server-name" in str(caught.value)


async def test_a_proxy_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path, secured: Secured) -> None:
    proxy = {"proxy-url": "http://ann:s3cr3t@127.0.0.1:1"}
    with pytest.raises(Unreachable, match=r"through the proxy http://127\.0\.0\.1:1: connection refused") as caught:
        await asked_by(target_for(tmp_path, secured, {"token": "good"}, **proxy))
    assert "s3cr3t" not in str(caught.value)


async def test_another_name_in_the_certificate_is_named(tmp_path: Path, secured: Secured) -> None:
    target = target_for(tmp_path, secured, {"token": "good"}, **{"tls-server-name": "other"})
    with pytest.raises(Unreachable, match="certificate is not trusted"):
        await asked_by(target)


async def test_verification_can_be_switched_off(tmp_path: Path, secured: Secured) -> None:
    target = target_for(
        tmp_path, secured, {"token": "good"}, **{"insecure-skip-tls-verify": True, "certificate-authority": ""}
    )
    assert await asked_by(target) == "Bearer good"


@pytest.mark.parametrize(
    ("user", "cluster", "says"),
    [
        ({}, {"certificate-authority": "missing.pem"}, "certificate-authority cannot be read"),
        ({}, {"certificate-authority-data": "%%%"}, "is not valid base64"),
        ({}, {"certificate-authority-data": encoded("no pem")}, "not a PEM certificate"),
        ({"client-certificate-data": encoded("x"), "client-key-data": encoded("y")}, {}, "cannot be used"),
        ({"tokenFile": "missing"}, {}, "cannot be loaded"),
        ({"tokenFile": 7}, {}, "cannot be loaded"),
        ({"auth-provider": {"name": "gcp"}}, {}, "auth-provider gcp of u is not supported"),
        ({}, {"proxy-url": "socks5://localhost:1"}, "socks5 is not supported"),
    ],
)
async def test_what_cannot_be_used_is_named(
    tmp_path: Path, secured: Secured, user: Doc, cluster: Doc, says: str
) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        await asked_by(target_for(tmp_path, secured, user, **cluster))
    assert str(caught.value).startswith("c: ")


async def test_no_secret_goes_over_plain_http(server: Scripted, tmp_path: Path) -> None:
    target = target_for(tmp_path, server, {"token": "s3cr3t"})
    server.then(server.says({"by": "nobody"}))
    assert await asked_by(target) == "nobody"
    assert "Authorization" not in server.asked[0].headers


async def test_service_account_of_a_pod(tmp_path: Path, secured: Secured) -> None:
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text("good")
    (folder / "ca.crt").write_text(ISSUER.pem)
    _, _, port = secured.url.rpartition(":")
    environ = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": port}
    (target,) = resolve_targets(ConnectOptions(), environ, folder)
    with pytest.raises(Unreachable, match="certificate is not trusted"):  # issued for "kubernetes", not for the address
        await asked_by(target)


# OIDC


def oidc(expires: datetime.datetime) -> Doc:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(expires.timestamp())}).encode()).decode().rstrip("=")
    config = {"id-token": f"e30.{claims}.x", "refresh-token": "s3cr3t", "idp-issuer-url": "https://127.0.0.1:1"}
    return {"auth-provider": {"name": "oidc", "config": config}}


def id_token(user: Doc) -> str:
    return f"Bearer {user['auth-provider']['config']['id-token']}"


async def test_id_token_is_used_and_read_again_when_it_is_refused(tmp_path: Path, secured: Secured) -> None:
    old, new = oidc(NOW + DAY), oidc(NOW + DAY * 2)
    secured.tokens = {id_token(new)}
    target = target_for(tmp_path, secured, old)
    target_for(tmp_path, secured, new)  # kubectl renewed it in the file
    api = await connect(target, ConnectOptions(), ManualClock())
    assert json.loads(await api.get_path("/who"))["by"] == id_token(new)
    target_for(tmp_path, secured, old)
    secured.tokens = {id_token(old)}
    assert json.loads(await api.get_path("/who"))["by"] == id_token(old)
    await api.close()


async def test_id_token_that_stays_refused_says_to_log_in(tmp_path: Path, secured: Secured) -> None:
    with pytest.raises(Unauthorized, match="Log in again as with kubectl") as caught:
        await asked_by(target_for(tmp_path, secured, oidc(NOW - DAY)))
    assert "s3cr3t" not in str(caught.value)
    assert len(secured.seen) == 1


# Credential plug-ins


PLUGIN = """
import json, os, sys
request = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
log = open(sys.argv[1], "a")
log.write(json.dumps({"request": request, "extra": os.environ.get("EXTRA")}) + chr(10))
log.close()
tokens = open(sys.argv[1] + ".tokens").read().split()
runs = len(open(sys.argv[1]).readlines())
status = {"token": tokens[min(runs, len(tokens)) - 1]}
print(json.dumps({"apiVersion": request["apiVersion"], "kind": "ExecCredential", "status": status}))
"""


def plugin(tmp_path: Path, *tokens: str, **more: object) -> Doc:
    (tmp_path / "plugin.py").write_text(PLUGIN)
    (tmp_path / "log.tokens").write_text(" ".join(tokens))
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": [str(tmp_path / "plugin.py"), str(tmp_path / "log")],
            "env": [{"name": "EXTRA", "value": "1"}],
            "interactiveMode": "IfAvailable",
            **more,
        }
    }


def runs(tmp_path: Path) -> list[Doc]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


async def test_plugin_gives_the_token_and_learns_the_cluster(tmp_path: Path, secured: Secured) -> None:
    user = plugin(tmp_path, "good", provideClusterInfo=True)
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "a"}}
    assert await asked_by(target_for(tmp_path, secured, user, extensions=[extension])) == "Bearer good"
    (run,) = runs(tmp_path)
    assert run["extra"] == "1"
    assert run["request"]["spec"]["interactive"] is False
    cluster = run["request"]["spec"]["cluster"]
    assert cluster == {"server": secured.url, "tls-server-name": "kubernetes", "config": {"audience": "a"}}


async def test_plugin_without_cluster_information_gets_none(tmp_path: Path, secured: Secured) -> None:
    await asked_by(target_for(tmp_path, secured, plugin(tmp_path, "good")))
    assert "cluster" not in runs(tmp_path)[0]["request"]["spec"]


async def test_expired_token_is_renewed_once(tmp_path: Path, secured: Secured) -> None:
    target = target_for(tmp_path, secured, plugin(tmp_path, "old", "good"))
    assert await asked_by(target) == "Bearer good"
    assert len(runs(tmp_path)) == 2


async def test_plugin_that_only_has_bad_tokens_is_not_run_for_every_request(tmp_path: Path, secured: Secured) -> None:
    target = target_for(tmp_path, secured, plugin(tmp_path, "bad1", "bad2", "bad3", "good"))
    clock = ManualClock()
    api = await connect(target, ConnectOptions(), clock)
    for _ in range(4):
        with pytest.raises(Unauthorized):
            await api.get_path("/who")
    assert len(runs(tmp_path)) == 2
    await clock.advance(31)
    with pytest.raises(Unauthorized):
        await api.get_path("/who")
    assert len(runs(tmp_path)) == 3
    await api.close()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"command": "/nowhere/login", "installHint": "Install login."}, "cannot be started.*Install login"),
        ({"command": ""}, "has no command"),
        ({"args": ["-c", "import sys; print('s3cr3t'); sys.exit('not logged in')"]}, "exited with code 1"),
        ({"args": ["-c", "print('s3cr3t')"]}, "did not print an ExecCredential"),
        ({"args": ["-c", 'print(\'{"apiVersion":"v9","kind":"ExecCredential","status":{"token":"s3cr3t"}}\')']}, "v9"),
        ({"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "v1alpha1.* is not supported"),
        ({"interactiveMode": "Always"}, "needs a terminal to prompt on"),
    ],
)
async def test_plugin_that_fails_is_named_without_its_output(
    tmp_path: Path, secured: Secured, more: Doc, says: str
) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        await asked_by(target_for(tmp_path, secured, plugin(tmp_path, "good", **more)))
    assert "s3cr3t" not in str(caught.value)


async def test_plugin_that_fails_later_says_why(tmp_path: Path, secured: Secured) -> None:
    user = plugin(tmp_path, "old")
    target = target_for(tmp_path, secured, user)
    api = await connect(target, ConnectOptions(), ManualClock())
    (tmp_path / "plugin.py").write_text("import sys; sys.exit('session expired')")
    with pytest.raises(Unauthorized, match="session expired"):
        await api.get_path("/who")
    await api.close()


async def test_plugin_may_give_a_certificate(tmp_path: Path, secured: Secured) -> None:
    chain, key = ISSUER.issue("plugged")
    status = {"clientCertificateData": chain, "clientKeyData": key}
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    (tmp_path / "answer").write_text(json.dumps(answer))
    user = plugin(tmp_path, args=["-c", f"print(open({str(tmp_path / 'answer')!r}).read())"])
    assert await asked_by(target_for(tmp_path, secured, user)) == "plugged"


async def test_secrets_are_in_no_repr(tmp_path: Path, secured: Secured) -> None:
    target = target_for(tmp_path, secured, {"token": "s3cr3t"})
    api = await connect(target, ConnectOptions(), ManualClock())
    shown = "".join(map(repr, [api, *vars(api).values(), *vars(api.transport).values()]))
    assert "s3cr3t" not in shown
    await api.close()
