"""Which releases of Kruise Rollouts the double behaves as."""

from __future__ import annotations

from cockpit.demo.rules.lookup import Lookup
from cockpit.demo.schemas.kinds import CONFIGMAPS

CONFIGMAP = "demo-kruise-rollouts"
STRICT, LEGACY = "strict", "legacy"


def profile_in(storage: Lookup, namespace: str) -> str:
    """`legacy` (releases up to 0.5) where the namespace's ConfigMap `demo-kruise-rollouts` says so in `profile`."""
    found = storage.peek(CONFIGMAPS, namespace, CONFIGMAP)
    return LEGACY if ((found or {}).get("data") or {}).get("profile") == LEGACY else STRICT
