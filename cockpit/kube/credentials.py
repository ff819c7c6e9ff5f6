"""Credentials for an API server: headers and TLS, and how to renew them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any, Protocol

from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import ConfigError
from cockpit.kube.kubeconfig import read_account
from cockpit.kube.plugin import Credential, run_plugin
from cockpit.kube.tls import tls_context
from cockpit.model.clock import Clock

# Keeps every watch from calling a plug-in or identity provider that has just failed.
_RENEWAL_PAUSE = 30.0

# Names can repeat: each impersonated group has its own header.
Headers = tuple[tuple[str, str], ...]


class Credentials(Protocol):
    @property
    def tls(self) -> ssl.SSLContext | None:
        """TLS settings, None for plain HTTP. A new object when a renewal changed the certificate."""
        ...

    async def headers(self) -> Headers:
        """The headers of the next request."""
        ...

    async def renew(self, used: Headers) -> bool:
        """Renew after `used` were rejected; true if the credentials are now different."""
        ...


class FixedCredentials:
    """Headers and certificate that never change."""

    def __init__(self, headers: Headers = (), tls: ssl.SSLContext | None = None) -> None:
        self._headers = tuple(headers)
        self.tls = tls

    async def headers(self) -> Headers:
        return self._headers

    async def renew(self, used: Headers) -> bool:
        return False


class LoadedCredentials:
    """Credentials of a kubeconfig's user or of a pod's service account, loaded by kubernetes_asyncio.

    Credential plug-ins are run by `plugin`, because the library passes no cluster information and does not know
    whether anyone can answer a prompt.
    """

    def __init__(self, target: ConnectTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._lock = asyncio.Lock()
        self._configuration: Any = None
        self._bearer: str | None = None
        self._renewed_at: float | None = None
        self.tls: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"LoadedCredentials({self._target.context!r})"

    async def load(self, *, attended: bool) -> None:
        """Get credentials; `attended` means that the plug-in can prompt on the terminal."""
        credential = await self._plugin(attended)
        account = _to_load(self._account(), credential)
        # The library takes half a second to load; a token in the kubeconfig does not need it.
        there = account.keys() <= {"token"} and self._target.in_cluster is None
        token = account.get("token")
        self._bearer = (f"Bearer {token}" if token else "") if there else None
        self._configuration = await _configuration(self._target, account) if self._bearer is None else None
        if self.tls is None or (credential and credential.certificate):
            self.tls = tls_context(self._target, credential)

    async def headers(self) -> Headers:
        token = self._bearer
        if token is None:
            token = await self._configuration.get_api_key_with_prefix("BearerToken")
        # Like client-go: never send a secret over an unencrypted connection.
        if token and self._target.server.startswith("https://"):
            return (("Authorization", str(token).strip()), *self._target.headers)
        return self._target.headers

    async def renew(self, used: Headers) -> bool:
        async with self._lock:
            if used != await self.headers():
                return True
            now = self._clock.monotonic()
            if self._renewed_at is not None and now - self._renewed_at < _RENEWAL_PAUSE:
                return False
            self._renewed_at = now
            before = self.tls
            await self.load(attended=False)
            return self.tls is not before or used != await self.headers()

    def _account(self) -> Mapping[str, Any]:
        """The user's entry. OIDC tokens are read from the file again, because kubectl refreshes them there."""
        target = self._target
        provider = target.account.get("auth-provider")
        if not isinstance(provider, dict) or target.account_source is None:
            return target.account
        if provider.get("name") != "oidc":
            who = f"auth-provider {provider.get('name')} of {target.user}"
            raise ConfigError(f"{target.context}: {who} is not supported. Use its credential plug-in, as with kubectl.")
        return read_account(target.account_source, target.account_name) or target.account

    async def _plugin(self, attended: bool) -> Credential | None:
        plugin = self._target.account.get("exec")
        if plugin is None:
            return None
        return await run_plugin(plugin, self._target, attended=attended)


async def credentials_for(target: ConnectTarget, clock: Clock) -> Credentials:
    """Load the credentials of a target. Raises ConfigError; its text contains no secret."""
    credentials = LoadedCredentials(target, clock)
    await credentials.load(attended=True)
    return credentials


async def _configuration(target: ConnectTarget, account: Mapping[str, Any]) -> Any:
    """kubernetes_asyncio's Configuration of this target; it handles tokens, token files and passwords."""
    from kubernetes_asyncio.client import Configuration
    from kubernetes_asyncio.config.config_exception import ConfigException
    from kubernetes_asyncio.config.kube_config import KubeConfigLoader

    configuration = Configuration()
    try:
        if target.in_cluster is not None:
            _load_service_account(target, configuration)
            return configuration
        alone = _single_context(target, account)
        loader = KubeConfigLoader(alone, active_context="it", config_base_path="")
        await loader._load_authentication()
        loader._set_config(configuration)
    except Exception as error:
        # A malformed entry can raise anything in the library; only these errors are known not to quote secrets.
        why = str(error) if isinstance(error, (ConfigException, OSError)) else type(error).__name__
        raise ConfigError(
            f"{target.context}: the credentials of {target.user} cannot be loaded: {why}. Log in again as with kubectl."
        ) from None
    return configuration


def _load_service_account(target: ConnectTarget, configuration: Any) -> None:
    from kubernetes_asyncio.config.incluster_config import InClusterConfigLoader

    assert target.in_cluster is not None
    host, _, port = target.server.removeprefix("https://").rpartition(":")
    InClusterConfigLoader(
        token_filename=str(target.in_cluster / "token"),
        cert_filename=str(target.in_cluster / "ca.crt"),
        environ={"KUBERNETES_SERVICE_HOST": host.strip("[]"), "KUBERNETES_SERVICE_PORT": port},
    ).load_and_set(configuration)


def _to_load(account: Mapping[str, Any], credential: Credential | None) -> dict[str, Any]:
    """The fields of a user's entry that give a token; certificates are read by `tls`.

    An OIDC id-token is used unchanged. The library would renew it without checking the provider's certificate,
    and a provider that rotates refresh tokens would leave kubectl with an invalid one.
    """
    hidden = {"exec", "client-certificate", "client-certificate-data", "client-key", "client-key-data"}
    hidden |= {"as", "as-uid", "as-groups", "as-user-extra"}
    found = {k: v for k, v in account.items() if k not in hidden}
    match found.pop("auth-provider", None):
        case {"config": {"id-token": str(token)}}:
            found = {"token": token}
    if found.get("tokenFile"):
        found.pop("token", None)  # client-go: the file wins
    if credential and credential.token:
        found = {"token": credential.token}
    return found


def _single_context(target: ConnectTarget, account: Mapping[str, Any]) -> dict[str, Any]:
    """A kubeconfig with only this context, for the library to read."""
    return {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": target.server}}],
        "users": [{"name": "it", "user": account}],
    }
