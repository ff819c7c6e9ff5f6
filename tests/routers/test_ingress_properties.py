"""What holds for canary Ingresses whatever a cluster holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask, Plan
from cockpit.model.refs import ENDPOINTSLICES
from cockpit.model.rollout import Rollout
from cockpit.routers.ingress.adapter import IngressRouter
from cockpit.routers.service.adapter import ServiceRouter
from cockpit.systems.deployment.adapter import DeploymentSystem
from tests.objects import Cluster, decode, ref
from tests.routers.conftest import steps
from tests.routers.ingresses import CANARY, ROUTER, read

KEYS = ("", "-weight", "-weight-total", "-by-header", "-by-header-value", "-by-header-pattern", "-by-cookie")
text = st.text(max_size=12) | st.sampled_from(
    ["true", "30", "100", "-3", "9" * 30, "always", "foo", "(((", "[a", "\x1b[31m"]
)
notes = st.dictionaries(st.sampled_from([CANARY + key for key in KEYS]), text)
asks = st.one_of(
    st.builds(
        Ask,
        st.just(Act.SET_WEIGHT),
        weights=st.lists(st.tuples(st.sampled_from(["v1", "v2", "v3"]), st.floats()), max_size=3).map(tuple),
    ),
    st.builds(Ask, st.just(Act.HEADER), header=st.none() | st.tuples(text, text)),
    st.builds(Ask, st.just(Act.SCALE), counts=st.lists(st.tuples(st.just("v2"), st.integers()), max_size=1).map(tuple)),
    st.builds(
        Ask,
        st.sampled_from(list(Act)),
        version=st.none() | st.sampled_from(["v1", "v2"]),
        by=st.sampled_from([None, "backend", "selector"]),
    ),
)


def shares_are_whole(rollout: Rollout) -> None:
    """The written shares of a lane sum to 1, or to 0 where nobody answers."""
    for lane in rollout.lanes:
        total = sum(share.written or 0.0 for share in lane.shares)
        assert total == pytest.approx(1) or total == pytest.approx(0)
    assert len({v.name for v in rollout.versions}) == len(rollout.versions)
    texts = [f.text + f.evidence for f in rollout.findings] + [v.name for v in rollout.versions]
    texts += [rollout.message, rollout.probe_target_missing, *(lane.name + lane.match for lane in rollout.lanes)]
    assert all(t.isprintable() for t in texts)


@settings(max_examples=150, deadline=None)
@given(notes, st.integers(0, 2), st.integers(0, 1), asks, st.sampled_from(["nginx", "apig"]))
def test_a_plan_does_what_it_expects_and_its_inverse_undoes_it(
    marks: dict[str, str], main: int, canary: int, ask: Ask, dialect: str
) -> None:
    cluster = steps("weight").use_class(dialect)
    cluster.doc("Ingress", "route2")["metadata"]["annotations"] = {CANARY: "true", **marks}
    cluster.run("http-server-v1", ready=main).run("http-server-v2", ready=canary)
    for rollout in ROUTER.read(cluster.ingress("route1"), cluster):
        shares_are_whole(rollout)
        plan = ROUTER.plan(rollout, ask, cluster)
        if not isinstance(plan, Plan):
            assert plan.why
            continue
        before = cluster.plain()
        cluster.send_all(plan.requests)
        assert not {ref(d) for d in cluster.docs.values()} & set(plan.gone)
        if plan.expected:
            after = {(lane.name, s.version): s.written for lane in read(cluster).lanes for s in lane.shares}
            assert {(e.lane, e.version): after[e.lane, e.version] for e in plan.expected} == {
                (e.lane, e.version): pytest.approx(e.share) for e in plan.expected
            }
        if not plan.gone:
            cluster.send_all(plan.inverse)
            assert cluster.plain() == before


names = st.sampled_from(["a", "b"])
labels = st.dictionaries(st.sampled_from(["app", "version", "x"]), st.sampled_from(["1", "2"]) | st.text(max_size=5))
maybe = st.none()
Documents = st.SearchStrategy[dict[str, Any]]


def meta(name: st.SearchStrategy[str]) -> Documents:
    return st.fixed_dictionaries(
        {"name": name, "namespace": st.just("default")},
        optional={
            "annotations": maybe | notes | st.dictionaries(st.just("argocd.argoproj.io/tracking-id"), st.text()),
            "labels": maybe | labels,
            "uid": st.sampled_from(["", "u1", "u2"]),
            "creationTimestamp": st.sampled_from([None, "2026-01-01T00:00:00Z"]),
        },
    )


backend: Documents = st.fixed_dictionaries(
    {}, optional={"service": st.fixed_dictionaries({"name": names}, optional={"port": st.just({"number": 80})})}
)
path = st.fixed_dictionaries({"backend": backend}, optional={"path": st.sampled_from([None, "", "/p", "/[^a]("])})
ingress: Documents = st.fixed_dictionaries(
    {"kind": st.just("Ingress"), "metadata": meta(st.sampled_from(["i1", "i2", "i3"]))},
    optional={
        "spec": st.fixed_dictionaries(
            {},
            optional={
                "rules": maybe
                | st.lists(
                    st.fixed_dictionaries(
                        {},
                        optional={
                            "host": st.sampled_from([None, "h", "*.h", "\x1b"]),
                            "http": maybe | st.fixed_dictionaries({"paths": st.lists(path, max_size=2)}),
                        },
                    ),
                    max_size=2,
                ),
                "defaultBackend": maybe | backend,
                "tls": maybe | st.just([{}]),
            },
        )
    },
)
service = st.fixed_dictionaries(
    {"kind": st.just("Service"), "metadata": meta(names)},
    optional={
        "spec": st.fixed_dictionaries(
            {},
            optional={
                "selector": maybe | labels,
                "type": st.sampled_from(["ClusterIP", "LoadBalancer", "ExternalName"]),
                "ports": maybe | st.just([{"port": 80}]),
            },
        )
    },
)
template: Documents = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.fixed_dictionaries({}, optional={"labels": maybe | labels}),
        "spec": st.just({"containers": [{"name": "c", "image": "x/y:1@sha256:abc"}]}) | st.just({"containers": []}),
    },
)
deployment = st.fixed_dictionaries(
    {"kind": st.just("Deployment"), "metadata": meta(st.sampled_from(["d1", "d2", "d3"]))},
    optional={
        "spec": st.fixed_dictionaries(
            {"replicas": st.integers(0, 2)}, optional={"template": template, "paused": st.booleans()}
        )
    },
)
pod = st.fixed_dictionaries(
    {"kind": st.just("Pod"), "metadata": meta(st.sampled_from(["p1", "p2"]))},
    optional={"status": st.just({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})},
)
ADAPTERS = (IngressRouter(), ServiceRouter(), DeploymentSystem())


@settings(max_examples=250, deadline=None)
@given(st.lists(st.one_of(ingress, service, deployment, pod), max_size=9), st.booleans(), asks)
def test_no_object_makes_an_adapter_fail(docs: list[dict[str, object]], known: bool, ask: Ask) -> None:
    cluster = Cluster(docs, unknown=() if known else (ENDPOINTSLICES,))
    _slices(cluster)
    for doc in list(cluster.docs.values()):
        for adapter in ADAPTERS:
            for rollout in adapter.read(decode(doc), cluster):
                shares_are_whole(rollout)
                answer = adapter.plan(rollout, ask, cluster)
                if isinstance(answer, Plan):
                    assert answer.commands()


def _slices(cluster: Cluster) -> None:
    """An endpoint per Service, of a pod that may or may not be there."""
    for kind, _, name in list(cluster.docs):
        if kind == "Service":
            cluster.add(
                {
                    "kind": "EndpointSlice",
                    "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
                    "endpoints": [{"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": "p1"}}, {}],
                }
            )
