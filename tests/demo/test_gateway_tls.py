"""TLS at the gateway, over real sockets: which certificate is shown, and to whom requests go."""

from __future__ import annotations

import asyncio
import base64
import ssl
from typing import Any

import pytest
from cryptography import x509

from cockpit.demo.gateway import Gateway
from cockpit.demo.gateway.certificates import OWN_NAME
from cockpit.demo.schemas.customkinds import GATEWAYS, HTTPROUTES
from cockpit.demo.schemas.kinds import INGRESSES, SECRETS
from cockpit.demo.tls import self_signed
from tests.demo.conftest import Bench, ingress
from tests.demo.test_gateway import ask, free_port, running, turns, two_versions
from tests.demo.test_httproutes import gate, route, rule

__all__ = ["two_versions"]
HOST = "www.example.com"
ENDING = b"-----END CERTIFICATE-----\n"


def secret(host: str, now: float, name: str = "cert", **data: bytes) -> dict[str, Any]:
    """A Secret with a certificate for a host."""
    made, _, key = self_signed(f"for {host}", host, now).partition(ENDING)
    found = {"tls.crt": made + ENDING, "tls.key": key} | {key.replace("_", "."): value for key, value in data.items()}
    return {
        "metadata": {"name": name, "namespace": "default"},
        "type": "kubernetes.io/tls",
        "data": {key: base64.b64encode(value).decode() for key, value in found.items()},
    }


async def ask_secure(address: tuple[str, int], host: str = HOST, name: str | None = None) -> tuple[str, int]:
    """The common name of the certificate that is shown for a name, and the status of an answer."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(*address, ssl=context, server_hostname=name or host)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    subject = x509.load_der_x509_certificate(shown).subject
    return str(subject.rfc4514_string().removeprefix("CN=")), int(answer.split(b" ")[1])


def secured(bench: Bench) -> None:
    main = bench.storage.get(INGRESSES, "default", "main")
    main["spec"]["tls"] = [{"hosts": [HOST], "secretName": "cert"}]
    bench.storage.update(INGRESSES, main)


def place(gateway: Gateway) -> tuple[str, int]:
    return ("127.0.0.1", gateway.tls_port)


async def test_a_host_shows_the_certificate_of_its_secret_else_the_gateways_own(two_versions: Bench) -> None:
    async with running(two_versions) as gateway:
        assert await ask_secure(place(gateway)) == (OWN_NAME, 200)
        assert (await ask(gateway))[0] == 200
        secured(two_versions)
        assert await ask_secure(place(gateway)) == (OWN_NAME, 200)
        assert (await ask(gateway))[0] == 308
        two_versions.storage.create(SECRETS, secret(HOST, two_versions.clock.now()))
        assert await ask_secure(place(gateway)) == (f"for {HOST}", 200)
        assert await ask_secure(place(gateway), name="else.test") == (OWN_NAME, 200)


@pytest.mark.parametrize(
    "data", [{"tls_crt": b"nonsense"}, {"tls_key": b""}, {"tls_crt": b"", "tls_key": b"\xff"}], ids=str
)
async def test_a_secret_that_is_none_is_passed_over(two_versions: Bench, data: dict[str, bytes]) -> None:
    two_versions.storage.create(SECRETS, secret(HOST, two_versions.clock.now(), "cert", **data))
    secured(two_versions)
    async with running(two_versions) as gateway:
        assert await ask_secure(place(gateway)) == (OWN_NAME, 200)


async def test_a_certificate_for_another_host_is_not_shown(two_versions: Bench) -> None:
    two_versions.storage.create(SECRETS, secret("other.test", two_versions.clock.now()))
    secured(two_versions)
    async with running(two_versions) as gateway:
        assert (await ask_secure(place(gateway)))[0] == OWN_NAME


async def test_an_https_listener_is_served_at_the_address_of_its_gateway(two_versions: Bench) -> None:
    storage, port = two_versions.storage, free_port()
    storage.create(SECRETS, secret("shop.test", two_versions.clock.now()))
    storage.create(GATEWAYS, gate(protocol="HTTPS", port=port, tls={"certificateRefs": [{"name": "cert"}]}))
    storage.create(HTTPROUTES, route(rule("web-v1")))
    async with running(two_versions) as gateway:
        two_versions.settle()
        await turns()
        (address,) = storage.get(GATEWAYS, "default", "gate")["status"]["addresses"]
        assert await ask_secure((address["value"], port), "shop.test") == ("for shop.test", 200)
        assert await ask_secure(place(gateway), "shop.test") == ("for shop.test", 200)
        assert (await ask(gateway, host="shop.test"))[0] == 404


async def test_an_oldest_ingress_of_a_host_says_which_secret(two_versions: Bench) -> None:
    later = ingress("later", "web-v2", path="/later", created="2099-01-01T00:00:00Z")
    later["spec"]["tls"] = [{"hosts": [HOST], "secretName": "later"}]
    now = two_versions.clock.now()
    two_versions.storage.create(SECRETS, secret(HOST, now, name="later"))
    two_versions.storage.create(INGRESSES, later)
    async with running(two_versions) as gateway:
        assert (await ask_secure(place(gateway)))[0] == f"for {HOST}"
        secured(two_versions)
        assert (await ask_secure(place(gateway)))[0] == OWN_NAME
