"""Asks the cluster who this user is."""

from __future__ import annotations

import msgspec

from cockpit.kube.errors import ApiError, KubeError, NotFound
from cockpit.kube.transport import Call, Transport
from cockpit.model.text import safe_text

# SelfSubjectReview is served as v1 since Kubernetes 1.28, as v1beta1 by 1.27 (KEP-3325).
_VERSIONS = ("v1", "v1beta1")
_MOST = 200


class _UserInfo(msgspec.Struct):
    username: str = ""


class _ReviewStatus(msgspec.Struct, rename="camel"):
    user_info: _UserInfo = msgspec.field(default_factory=_UserInfo)


class _Review(msgspec.Struct):
    status: _ReviewStatus = msgspec.field(default_factory=_ReviewStatus)


class Identity:
    """The user of one cluster. `otherwise` is the name for a server that does not say."""

    def __init__(self, transport: Transport, otherwise: str) -> None:
        self._transport = transport
        self._otherwise = safe_text(otherwise, _MOST)
        self._name = ""

    async def name(self) -> str:
        """The name, safe and short. An answer is kept; a failure is asked again by the next call. It never raises."""
        if not self._name:
            try:
                self._name = await self._ask()
            except KubeError:
                return self._otherwise
        return self._name

    async def _ask(self) -> str:
        for version in _VERSIONS:
            try:
                return await self._review(version) or self._otherwise
            except NotFound:
                continue
            except ApiError as error:
                # Refused for good, as by an aggregated server that knows the path and not the kind.
                if error.status in (403, 405):
                    break
                raise
        return self._otherwise

    async def _review(self, version: str) -> str:
        """The name by one version of the review; "" if the answer has none. Raises ApiError."""
        body = {"apiVersion": f"authentication.k8s.io/{version}", "kind": "SelfSubjectReview"}
        path = f"/apis/authentication.k8s.io/{version}/selfsubjectreviews"
        call = Call("POST", path, body=msgspec.json.encode(body), what="the name of this user")
        answer = await self._transport.fetch(call, limit=1 << 20)
        try:
            return safe_text(msgspec.json.decode(answer, type=_Review).status.user_info.username, _MOST)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
