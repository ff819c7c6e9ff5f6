"""Follows the Leases of one kind in one cluster."""

from __future__ import annotations

import random
from collections.abc import Callable

from cockpit.kube.reflector import Reflector
from cockpit.kube.store import ChangeSet, Store
from cockpit.model.clock import Clock
from cockpit.model.refs import LEASES
from cockpit.session.facts.cluster import Cluster


def leases_followed(
    cluster: Cluster,
    namespace: str,
    selector: str,
    on_change: Callable[[ChangeSet], None],
    *,
    clock: Clock,
    rng: random.Random,
) -> tuple[Store, Reflector]:
    """Where they will be, and what reads them once it runs. Without a `namespace`, in those that the session reads."""
    place = namespace or cluster.namespace
    store = Store(cluster.context, place)
    reflector = Reflector(
        cluster.api,
        LEASES,
        place,
        store,
        clock=clock,
        rng=rng,
        pulse=cluster.pulse,
        on_change=on_change,
        labels=selector,
    )
    return store, reflector
