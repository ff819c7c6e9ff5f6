"""Which acts this user may not send: from one review for each namespace, before a key is pressed.

Only what is certainly forbidden counts. What a review leaves open is tried by the dry run of the act itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping

from cockpit.kube.access import not_allowed
from cockpit.kube.api import KubeApi
from cockpit.kube.errors import KubeError
from cockpit.kube.rules import NamespaceRules
from cockpit.model.adapter import Adapter
from cockpit.model.clock import Clock
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, ActState, Plan
from cockpit.model.refs import EVERYTHING, RolloutKey
from cockpit.model.rights import Right
from cockpit.model.rollout import Rollout
from cockpit.model.values import dataclass
from cockpit.planning.sample_asks import sample_asks
from cockpit.session.changes import first_of

log = logging.getLogger(__name__)

# Somebody who was just granted a right waits at most this long, as for the review of a plan. Who has all rights waits
# for none: that one was taken away is also told by the dry run of an act.
_REFRESH_SECONDS, _ALL_SECONDS = 60.0, 300.0
_AT_ONCE = 8
_NOTHING: Mapping[Act, str] = {}


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was found of a rollout as it was read, with what was known then."""

    rollout: Rollout
    version: int
    denied: Mapping[Act, str]


class ActRights:
    """The rights of one cluster's user. `on_change` is called when an answer can change which acts are possible.

    `version` goes up with each such answer.
    """

    def __init__(self, api: KubeApi, clock: Clock, on_change: Callable[[], None]) -> None:
        self._api = api
        self._clock = clock
        self._on_change = on_change
        self._rules: dict[str, NamespaceRules | None] = {}  # None: asked, and not known
        self._all: bool | None = None  # whether everything is allowed everywhere; None: not known
        self._wanted: set[str] = set()
        self._news = asyncio.Event()
        self._judged: dict[RolloutKey, _Judged] = {}
        self._begun = False
        self.version = 0

    @property
    def limited(self) -> bool:
        """Whether it is known that this user may not do everything everywhere."""
        return self._all is False

    @property
    def asking(self) -> bool:
        """Whether first answers are still to come, so that acts may be shown as possible that are not."""
        return self._begun and (self._all is None or bool(self._wanted))

    async def run(self, namespaces: Callable[[], Collection[str]]) -> None:
        """Keep the answers about these namespaces, until cancelled."""
        self._begun = True
        try:
            while True:
                end = self._clock.monotonic() + await self._refresh(namespaces())
                while (left := end - self._clock.monotonic()) > 0:
                    self._news.clear()
                    await self._learn(self._wanted)
                    if not self._wanted:
                        await first_of(self._news.wait(), self._clock.sleep(left))
        finally:
            self._begun = False

    def denied(self, rollout: Rollout, adapter: Adapter, objects: Objects) -> Mapping[Act, str]:
        """Why acts that apply to the rollout cannot be sent by this user; nothing of those that can, or that may."""
        key = rollout.key
        if not self._known(key.namespace):
            return _NOTHING
        known = self._judged.get(key)
        if known is None or known.rollout is not rollout or known.version != self.version:
            known = self._judged[key] = _Judged(rollout, self.version, self._judge(rollout, adapter, objects))
        return known.denied

    def lacking(self, namespace: str, needed: Iterable[Right]) -> str:
        """Why requests that need all of these rights cannot be sent by this user; "" if they can, or may."""
        if not self._known(namespace):
            return ""
        missing = next((each for each in needed if self._forbids(namespace, each)), None)
        return not_allowed(self._api.context, missing, namespace) if missing else ""

    def _known(self, namespace: str) -> bool:
        """Whether what this user lacks there is known; it is asked for if not."""
        if self._all is not False:
            return False
        if namespace in self._rules:
            return True
        self._wanted.add(namespace)
        self._news.set()
        return False

    async def _refresh(self, namespaces: Collection[str]) -> float:
        """Ask again what was asked before, and forget rollouts that may be gone; returns for how long that holds."""
        self._judged = {}
        try:
            everything = not await self._api.allowed("*", EVERYTHING)
            seconds = _ALL_SECONDS if everything else _REFRESH_SECONDS
        except KubeError as error:
            log.info("what this user may do in %s is not known: %s", self._api.context, error)
            everything, seconds = True, _REFRESH_SECONDS
        before, self._all = self._all, everything
        if before is not everything:
            self._change()
        known = set(self._rules) & set(namespaces)
        self._rules = {namespace: rules for namespace, rules in self._rules.items() if namespace in known}
        await self._learn(set() if everything else known)
        return seconds

    async def _learn(self, namespaces: Collection[str]) -> None:
        """Review these namespaces, some at a time."""
        asked = sorted(namespaces)
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            found = dict(zip(some, await asyncio.gather(*map(self._review, some)), strict=True))
            self._wanted -= found.keys()
            if any(name not in self._rules or self._rules[name] != rules for name, rules in found.items()):
                self._rules |= found
                self._change()

    def _change(self) -> None:
        self._judged = {}
        self.version += 1
        self._on_change()

    async def _review(self, namespace: str) -> NamespaceRules | None:
        try:
            return await self._api.rules(namespace)
        except KubeError as error:
            log.info("what this user may do in namespace %s is not known: %s", namespace, error)
            return None

    def _judge(self, rollout: Rollout, adapter: Adapter, objects: Objects) -> Mapping[Act, str]:
        found = ((s.act, self._why(s, rollout, adapter, objects)) for s in rollout.acts if s.enabled)
        return {act: why for act, why in found if why}

    def _why(self, state: ActState, rollout: Rollout, adapter: Adapter, objects: Objects) -> str:
        """Why the act cannot be sent; "" if it can, or if that is not certain."""
        namespace, declared = rollout.key.namespace, adapter.writes.get(state.act, ())
        missing = [each for each in declared if self._forbids(namespace, each)]
        if not missing:
            return ""
        if len(declared) > 1 and (plan := _plan(state, rollout, adapter, objects)) is not None:
            requests = [r for r in plan.requests if r.context in ("", rollout.key.context)]
            denied = next((r for r in requests if self._forbids(r.ref.namespace, r.right)), None)
            return not_allowed(rollout.key.context, denied.right, denied.ref.namespace) if denied else ""
        # Without a plan it is certain only if nothing of what it might send is allowed.
        return not_allowed(rollout.key.context, missing[0], namespace) if len(missing) == len(declared) else ""

    def _forbids(self, namespace: str, right: Right) -> bool:
        rules = self._rules.get(namespace)
        return rules is not None and rules.forbids(right)


def _plan(state: ActState, rollout: Rollout, adapter: Adapter, objects: Objects) -> Plan | None:
    """A plan of this act, to see which requests it takes; None if it cannot be told."""
    for ask in sample_asks(state, rollout):
        try:
            found = adapter.plan(rollout, ask, objects)
        except Exception:
            log.exception("planning %s on %s to see what it needs failed", ask.act, rollout.key)
            return None
        if isinstance(found, Plan) and found.requests:
            return found
    return None
