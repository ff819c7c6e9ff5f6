"""Whether probes may go through the API servers, and what is missing where they may not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from cockpit.kube.errors import KubeError
from cockpit.model.clock import Clock
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import SERVICES, Ref, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import ClusterView, Sync
from cockpit.planning.api_targets import PROXY_RIGHT
from cockpit.session.facts.cluster import Cluster
from cockpit.session.inspecting.readings import no_context

# Why this user may not get `services/proxy` of an object in a context; "" if allowed. Without a name: of every Service.
Ask = Callable[[str, Ref], Awaitable[str]]
_Question = tuple[str, Ref]
# How long an error stands for an answer; a refusal stands until the Service is to be probed.
_ERROR_SECONDS = 60.0


def may_proxy(clusters: Mapping[str, Cluster]) -> Ask:
    """The question, asked of these clusters by their contexts."""

    async def ask(context: str, services: Ref) -> str:
        cluster = clusters.get(context)
        subresource = PROXY_RIGHT.resource.partition("/")[2]
        return await cluster.api.allowed(PROXY_RIGHT.verb, services, subresource) if cluster else no_context(context)

    return ask


class ApiRights:
    """Gives rollouts without an address their target through the API server, where the user may use it.

    Asks first for a whole cluster, then for a namespace, and for one Service only when it is to be probed, so that
    many rollouts cost few questions. `on_answer` is called for each rollout that an answer concerns.
    What ended in an error is asked again after a minute.
    """

    def __init__(self, ask: Ask, on_answer: Callable[[RolloutKey], None], clock: Clock) -> None:
        self._ask = ask
        self._on_answer = on_answer
        self._clock = clock
        self._failed: dict[_Question, set[RolloutKey]] = {}  # answered by an error, and whom that concerns
        self._later: dict[_Question, asyncio.Task[None]] = {}
        self._answers: dict[_Question, str] = {}
        self._waiting: dict[_Question, set[RolloutKey]] = {}
        self._tasks: dict[_Question, asyncio.Task[None]] = {}
        self._opened: set[str] = set()  # contexts whose first questions are answered

    def resolved(self, rollout: Rollout) -> Rollout:
        """The rollout with its target through the API server, or with the right that is missing for it."""
        target = rollout.api_target
        why = None if rollout.probe_target or target is None else self._why(rollout.key, target)
        if why is None:
            return rollout
        if not why:
            return replace(rollout, probe_target=target)
        missing = "; ".join(filter(None, (rollout.probe_target_missing, f"not through the API server either: {why}")))
        return replace(rollout, probe_target_missing=missing)

    async def settle(self, rollout: Rollout) -> None:
        """Ask again what was refused, now also for this one Service, and wait for the answers."""
        target = rollout.api_target
        if rollout.probe_target or target is None:
            return
        for question in _questions(target):
            if self._answers.get(question):
                del self._answers[question]
                self._failed.pop(question, None)
        while self._why(rollout.key, target, of_one=True) is None:
            await asyncio.wait(list(self._tasks.values()), return_when=asyncio.FIRST_COMPLETED)

    def held(self, cluster: ClusterView) -> ClusterView:
        """The cluster as still syncing until its first questions are answered: before, targets would be missing.

        While rollouts are still to be read, it is not known what will be asked.
        """
        asking = any(context == cluster.context for context, _ in self._tasks)
        if cluster.context in self._opened or cluster.state is not Sync.LIVE or cluster.unfinished:
            return cluster
        if asking:
            return replace(cluster, state=Sync.SYNCING, asking=True)
        self._opened.add(cluster.context)
        return cluster

    async def close(self) -> None:
        """Stop asking."""
        tasks = [*self._tasks.values(), *self._later.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _why(self, key: RolloutKey, target: ProbeTarget, *, of_one: bool = False) -> str | None:
        """ "" if one answer allows it, else the last refusal; None while a question is open, which is then asked."""
        why = ""
        *general, own = _questions(target)
        for question in (*general, own) if of_one or own in self._answers else general:
            answer = self._answers.get(question)
            if answer is None:
                self._put(question, key)
                return None
            if question in self._tasks:
                self._waiting[question].add(key)
            if question in self._failed:
                self._failed[question].add(key)
            if not answer:
                return ""
            why = answer
        return why

    def _put(self, question: _Question, key: RolloutKey) -> None:
        self._waiting.setdefault(question, set()).add(key)
        if question not in self._tasks:
            self._tasks[question] = asyncio.ensure_future(self._answer(question))

    async def _answer(self, question: _Question) -> None:
        try:
            self._answers[question] = await self._ask(*question)
        except KubeError as error:
            self._answers[question] = f"whether you may use it is not known: {error}"
            self._failed[question] = set()
            if question not in self._later:
                self._later[question] = asyncio.ensure_future(self._ask_again(question))
        finally:
            del self._tasks[question]
            for key in self._waiting.pop(question, ()):
                self._on_answer(key)

    async def _ask_again(self, question: _Question) -> None:
        """Replace an error by an answer, as long as a rollout is concerned; the error is shown until then."""
        try:
            await self._clock.sleep(_ERROR_SECONDS)
        finally:
            del self._later[question]
        concerned = self._failed.pop(question, None)
        if concerned is not None and not concerned:
            self._answers.pop(question, None)
        for key in concerned or ():
            self._put(question, key)


def _questions(target: ProbeTarget) -> tuple[_Question, ...]:
    """From the most general question to that about the one Service."""
    from cockpit.kube.service_proxy import services_proxy

    service = target.service
    if service is None:
        raise ValueError("not a target through an API server")
    namespaces = ("", service.namespace)
    general = ((service.context, Ref(SERVICES, namespace, "")) for namespace in namespaces)
    return (*general, (service.context, services_proxy(service, tls=target.tls)))
