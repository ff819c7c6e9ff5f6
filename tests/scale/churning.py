"""A cluster in which pods come and go for as long as one likes, without a network and without time passing."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

from cockpit.kube.decode import Decoder, Deleted, Put
from cockpit.kube.store import Removed, Store
from cockpit.model.kinds import STRUCTS
from cockpit.model.objects import Obj
from cockpit.model.refs import PODS
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.rollouts import Rollouts
from tests.scale.objects import PODS_PER_RELEASE, Release
from tests.scale.pages import make_kinds


class Churning:
    """The part of a session that holds objects, fed with the bytes of watch events."""

    def __init__(self, pods: int) -> None:
        self.releases = [Release(number) for number in range(pods // PODS_PER_RELEASE)]
        self.store = Store("scale")
        self.rollouts = Rollouts(self.store, ADAPTERS)
        self._pods = Decoder(STRUCTS[PODS])
        self._revision = 0
        self._life = {release.number: 0 for release in self.releases}
        served = {resource.plural: resource for resource in STRUCTS if resource.group in _GROUPS}
        kinds = make_kinds(pods)
        for resource in STRUCTS:
            if resource not in served.values():
                self.store.absent(resource)
        for plural, resource in served.items():
            decoder = Decoder(STRUCTS[resource])
            parts = kinds[plural].body(0, "") if plural in kinds else iter(())
            body = b"".join(part.plain for part in parts) or b'{"items":[]}'
            self.rollouts.apply(self.store.replace(resource, decoder.page(body).objects).topics)

    def replace_pods(self) -> int:
        """Every release gets new pods, one after the other; returns how many events that were."""
        events = 0
        for release in self.releases:
            for lines in self._new_pods(release):
                changes: list[Obj | Removed] = []
                for line in lines:
                    match self._pods.event(line):
                        case Put(obj):
                            changes.append(obj)
                        case Deleted(namespace, name):
                            changes.append(Removed(namespace, name))
                events += len(lines)
                self.rollouts.apply(self.store.apply(PODS, changes).topics)
            self._life[release.number] += 1
        return events

    def _new_pods(self, release: Release) -> Iterator[list[bytes]]:
        """The events of each pod: the old one goes, a new one comes and gets ready."""
        life = self._life[release.number]
        for index in range(PODS_PER_RELEASE):
            old, new = release.pod(self._place(life, index), "1"), self._place(life + 1, index)
            self._revision += 2
            starts = release.pod(new, str(self._revision), "False")
            ready = release.pod(new, str(self._revision + 1))
            changes = (("DELETED", old), ("ADDED", starts), ("MODIFIED", ready))
            yield [f'{{"type":"{kind}","object":{text}}}'.encode() for kind, text in changes]

    @staticmethod
    def _place(life: int, index: int) -> int:
        """Names of pods are never used again."""
        return life * PODS_PER_RELEASE + index


_GROUPS = ("", "apps", "discovery.k8s.io")


def held_after_each(pods: int, rounds: int) -> list[int]:
    """Bytes that Python holds after each replacement of all pods."""
    tracemalloc.start()
    try:
        churning, held = Churning(pods), []
        for _ in range(rounds):
            churning.replace_pods()
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
        return held
    finally:
        tracemalloc.stop()
