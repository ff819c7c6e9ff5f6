"""Views are pure functions of what was read and observed, and keep what did not change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.finding_order import folded
from cockpit.model.health import AnswerHealth, Health, Level
from cockpit.model.plan import Act, ActState
from cockpit.model.probe_target import ProbeTarget, ProxiedService
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import (
    Finding,
    Lane,
    Observed,
    Phase,
    PodCell,
    PodState,
    Role,
    Rollout,
    Severity,
    Share,
    Verdict,
    Version,
)
from cockpit.model.view import Cell, CellKind, ClusterView, FleetView, KindSync, ProbeView, RolloutView, Sync
from cockpit.routers.traffic_findings import sticky_by_address
from cockpit.session.facts.assemble import (
    IDLE,
    Circumstances,
    fleet_view,
    rollout_view,
    settled,
    sync_state,
)


def lane(verdict: Verdict, samples: int, *shares: Share, name: str = "default", p: float | None = None) -> Lane:
    return Lane(name, "", shares, verdict=verdict, samples=samples, p_value=p)


def share(version: str, written: float | None, seen: float, samples: int, errors: int = 0) -> Share:
    return Share(version, written, written, Observed(seen, 0.0, 1.0, samples, errors))


ROLLOUT = Rollout(
    key=RolloutKey("test", "shop", "web", "manual"),
    router="ingress",
    phase=Phase.CANARY,
    message="",
    versions=(),
    lanes=(lane(Verdict.UNKNOWN, 0, Share("v1", 0.7, 0.7), Share("v2", 0.3, 0.3)),),
    objects=(),
    epoch="1",
    findings=(Finding("dangling", Severity.INFO, "there"),),
    acts=(ActState(Act.FLIP, True), ActState(Act.ABORT, False, "nothing to abort")),
)


def test_an_outage_after_many_good_answers_is_told_and_takes_the_verdict_back() -> None:
    good = Cell(CellKind.ANSWER, "v1", "default", "200")
    refused = tuple(Cell(CellKind.ERROR, None, "default", "refused", number / 5) for number in range(20))
    seen = lane(Verdict.ON, 5000, share("v1", 1.0, 1.0, 5000))
    probe = replace(IDLE, running=True, total=5020, errors=20, strip=(good,) * 900 + refused)
    view = rollout_view(ROLLOUT, (seen,), probe, Circumstances(), 0.0)
    assert view.rollout.findings[0].id == "no-answers"
    assert view.rollout.findings[0].severity is Severity.CRITICAL
    assert view.rollout.lanes[0].verdict is Verdict.UNKNOWN


def test_an_outage_with_a_known_cause_is_told_by_its_cause() -> None:
    refused = tuple(Cell(CellKind.ERROR, None, "default", "503", number / 5) for number in range(20))
    probe = replace(IDLE, running=True, total=20, errors=20, strip=refused)
    cause = Finding(
        "selector-misses", Severity.CRITICAL, "Service web selects no pods", "requests come from Ingress web"
    )
    view = rollout_view(replace(ROLLOUT, findings=(cause,)), ROLLOUT.lanes, probe, Circumstances(), 0.0)
    first, second = view.rollout.findings
    assert (first.id, second.id, second.because) == ("selector-misses", "no-answers", "selector-misses")
    assert view.health.reason == "Service web selects no pods"
    (told,) = folded(view.rollout.findings)
    assert told.evidence == "requests come from Ingress web; the last 20 requests failed"


def test_the_worst_is_told_first_and_before_what_was_read() -> None:
    seen = lane(Verdict.OFF, 400, share("v1", 0.5, 0.3, 400), share("v2", 0.5, 0.7, 400, 200))
    failing = AnswerHealth("default", "v2", 280.0, 200.0, 0.0, Level.DOUBTFUL)
    view = rollout_view(ROLLOUT, (seen,), replace(IDLE, health=(failing,)), Circumstances(), 0.0)
    assert [f.id for f in view.rollout.findings] == ["split-off", "errors", "dangling"]
    assert view.rollout.lanes == (seen,)


@pytest.mark.parametrize(
    ("around", "why"),
    [
        (
            Circumstances(read_only=True, stale="old", acting="flip"),
            "this session is read-only: by --read-only or by the settings (see cockpit config)",
        ),
        (Circumstances(stale="test is retrying", acting="flip"), "test is retrying"),
        (Circumstances(acting="flip v2"), "under way: flip v2"),
    ],
)
def test_acts_say_why_they_cannot_be_asked_for(around: Circumstances, why: str) -> None:
    view = rollout_view(ROLLOUT, ROLLOUT.lanes, IDLE, around, 0.0)
    assert view.rollout.acts == (ActState(Act.FLIP, False, why), ActState(Act.ABORT, False, "nothing to abort"))
    assert view.acting == around.acting


def kind(name: str, state: Sync, since: float = 1.0, error: str = "", relists: int = 0) -> KindSync:
    return KindSync(name, state, since, error, relists=relists)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], (Sync.CONNECTING, "", None)),
        ([kind("Pod", Sync.LIVE), kind("Service", Sync.LIVE)], (Sync.LIVE, "", None)),
        ([kind("Pod", Sync.FORBIDDEN), kind("Service", Sync.LIVE)], (Sync.LIVE, "no permission to read Pod", None)),
        ([kind("Pod", Sync.FORBIDDEN, 3.0)], (Sync.FORBIDDEN, "no permission to read Pod", 3.0)),
        (
            [replace(kind("Rollout", Sync.FORBIDDEN), group=group) for group in ("argoproj.io", "kruise.io")],
            (Sync.FORBIDDEN, "no permission to read Rollout.argoproj.io, Rollout.kruise.io", 1.0),
        ),
        (
            [kind("Pod", Sync.ABSENT, 3.0)],
            (Sync.ABSENT, "serves none of the kinds that rollouts are read from", 3.0),
        ),
        (
            [kind("Pod", Sync.RETRYING, 5.0, "refused"), kind("Service", Sync.RETRYING, 4.0), kind("X", Sync.LIVE)],
            (Sync.RETRYING, "refused", 4.0),
        ),
        ([kind("Pod", Sync.REFUSED, 2.0, "401"), kind("Service", Sync.SYNCING)], (Sync.REFUSED, "401", 2.0)),
    ],
)
def test_a_cluster_is_as_its_worst_kind_that_matters(kinds: list[KindSync], expected: tuple[object, ...]) -> None:
    assert sync_state(kinds) == expected


def test_rollouts_are_read_once_every_kind_has_said_something() -> None:
    assert not settled([])
    assert not settled([kind("Pod", Sync.LIVE), kind("Service", Sync.SYNCING)])
    assert settled([kind("Pod", Sync.FORBIDDEN), kind("Service", Sync.LIVE), kind("X", Sync.RETRYING)])


CLUSTER = ClusterView("test", "https://x", "ann", None, False, Sync.LIVE, "", None, ())


def view_of(before: FleetView | None, at: float, *rollouts: RolloutView) -> FleetView:
    return fleet_view(before, at, [CLUSTER], rollouts, (), False)


def test_a_view_in_which_nothing_changed_is_the_one_before() -> None:
    first = view_of(None, 1.0, rollout_view(ROLLOUT, ROLLOUT.lanes, IDLE, Circumstances(), 0.0))
    assert (
        view_of(first, 2.0, rollout_view(replace(ROLLOUT), ROLLOUT.lanes, replace(IDLE), Circumstances(), 0.0)) is first
    )


def test_parts_that_did_not_change_stay_the_same_objects() -> None:
    other = replace(ROLLOUT, key=replace(ROLLOUT.key, name="zoo"))
    first = view_of(None, 1.0, *(rollout_view(r, r.lanes, IDLE, Circumstances(), 0.0) for r in (ROLLOUT, other)))
    moved = replace(other, phase=Phase.AT_REST)
    second = view_of(
        first, 2.0, *(rollout_view(r, r.lanes, IDLE, Circumstances(), 0.0) for r in (replace(ROLLOUT), moved))
    )
    assert second.at == 2.0
    assert second.clusters is first.clusters
    assert second.rollouts[0] is first.rollouts[0]
    assert second.rollouts[1] is not first.rollouts[1]


probes = st.builds(
    ProbeView,
    running=st.booleans(),
    probe_target=st.none(),
    rate=st.floats(0, 100),
    asked_rate=st.just(5.0),
    total=st.integers(0, 10_000),
    errors=st.integers(0, 10_000),
    unknown=st.integers(0, 10_000),
    strip=st.lists(st.builds(Cell, st.sampled_from(CellKind), st.text(), st.text(), st.text()), max_size=3).map(tuple),
)
shares = st.builds(
    Share,
    st.text(max_size=8),
    st.none(),
    st.none() | st.floats(0, 1),
    st.none()
    | st.builds(
        Observed, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(0, 9999), st.integers(0, 9999)
    ),
)
lanes = st.builds(
    Lane,
    st.text(max_size=8),
    st.just(""),
    st.lists(shares, max_size=4).map(tuple),
    verdict=st.sampled_from(Verdict),
    samples=st.integers(0, 9999),
    p_value=st.none() | st.floats(0, 1),
)


@given(st.lists(lanes, max_size=3).map(tuple), probes)
def test_whatever_a_probe_saw_can_be_told(seen: tuple[Lane, ...], probe: ProbeView) -> None:
    view = rollout_view(ROLLOUT, seen, probe, Circumstances(), 0.0)
    order = [Severity.CRITICAL, Severity.WARNING, Severity.INFO]
    told = [order.index(f.severity) for f in view.rollout.findings[:-1]]
    assert told == sorted(told)
    assert view_of(view_of(None, 1.0, view), 2.0, view).at == 1.0


@pytest.mark.parametrize(("ready", "severity"), [(0, Severity.CRITICAL), (1, Severity.WARNING)])
def test_pods_that_crash_are_told(ready: int, severity: Severity) -> None:
    pods = (PodCell("web-1", "u1", PodState.FAILING, "CrashLoopBackOff"), PodCell("web-2", "u2", PodState.READY))
    version = Version("v1", Role.STABLE, (), None, ready, 2, pods)
    crashing = replace(ROLLOUT, versions=(version,), findings=())
    seen = lane(Verdict.UNKNOWN, 0, Share("v1", 1.0, 1.0))
    (found,) = rollout_view(replace(crashing, lanes=(seen,)), (seen,), IDLE, Circumstances(), 0.0).rollout.findings
    assert (found.id, found.severity, found.evidence) == ("failing-pods", severity, "web-1")
    assert found.text == "1 of 2 pods of v1 fail: CrashLoopBackOff"


def test_pods_that_wait_are_a_note_that_says_for_what_and_explains_an_update_that_is_stuck() -> None:
    said = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."
    pods = (PodCell("web-1", "u1", PodState.STARTING, "Unschedulable", held_up=said),)
    version = Version("v2", Role.NEW, (), None, 0, 1, pods)
    waiting = replace(ROLLOUT, versions=(version,), findings=())
    (note,) = rollout_view(waiting, (), IDLE, Circumstances(), 0.0).rollout.findings
    assert (note.id, note.severity, note.evidence) == ("waiting-pods", Severity.INFO, said)
    assert note.text == "1 of 1 pods of v2 wait: Unschedulable"
    stuck = Finding("stuck", Severity.WARNING, "ReplicaSet has timed out progressing")
    late = rollout_view(replace(waiting, findings=(stuck,)), (), IDLE, Circumstances(), 0.0).rollout.findings
    assert [(each.id, each.because) for each in late] == [("waiting-pods", ""), ("stuck", "waiting-pods")]


CRASHING = (PodCell("web-1", "u1", PodState.FAILING, "CrashLoopBackOff"),)
WAITING = (PodCell("web-1", "u1", PodState.STARTING, "Unschedulable", held_up="0/2 nodes are available"),)
NONE_READY = Finding("no-ready-pods", Severity.CRITICAL, "Service web selects no ready pods: requests fail")
MAIN_EMPTY = Finding("main-empty", Severity.CRITICAL, "Ingress web: Service main has no ready pods")


@pytest.mark.parametrize(
    ("role", "written", "cause", "words"),
    [
        # The pods of a version that gets no requests do not explain why those to another one fail.
        (Role.PREVIEW, (0.0, 0.0), NONE_READY, "; no requests go to it"),
        # Nor do those of a canary where main is empty for a reason of its own.
        (Role.CANARY, (0.9, 0.1), MAIN_EMPTY, ""),
    ],
)
@pytest.mark.parametrize(("pods", "said"), [(CRASHING, "fail: CrashLoopBackOff"), (WAITING, "wait: Unschedulable")])
def test_pods_that_crash_or_wait_do_not_hide_that_others_are_missing(
    role: Role, written: tuple[float, float], cause: Finding, words: str, pods: tuple[PodCell, ...], said: str
) -> None:
    main = Version("v1", Role.ACTIVE if role is Role.PREVIEW else Role.STABLE, (), None, 0, 0)
    beside = Version("v2", role, (), None, 0, 1, pods)
    seen = lane(Verdict.UNKNOWN, 0, *(Share(name, w, w) for name, w in zip(("v1", "v2"), written, strict=True)))
    rollout = replace(ROLLOUT, versions=(main, beside), lanes=(seen,), findings=(cause,))
    view = rollout_view(rollout, (seen,), IDLE, Circumstances(), 0.0)
    assert not any(found.because for found in view.rollout.findings)
    assert {found.text for found in folded(view.rollout.findings)} == {
        cause.text,
        f"1 of 1 pods of v2 {said}{words if pods is CRASHING else ''}",
    }


@pytest.mark.parametrize("role", [Role.OLD, Role.STABLE])
def test_one_crashing_pod_of_the_new_version_is_not_why_those_of_the_old_one_are_not_ready(role: Role) -> None:
    seen = replace(lane(Verdict.UNKNOWN, 0, Share("v1", None, 0.0), Share("bad2", None, 0.0)), derived=True)
    unready = tuple(PodCell(name, name, PodState.STARTING) for name in ("web-0", "web-2"))
    old = Version("v1", role, (), None, 0, 2, unready)
    new = Version("bad2", Role.NEW, (), None, 0, 1, CRASHING)
    rollout = replace(ROLLOUT, versions=(old, new), lanes=(seen,), findings=(NONE_READY,))
    view = rollout_view(rollout, (seen,), IDLE, Circumstances(), 0.0)
    assert (view.health.health, view.health.reason) == (Health.HURT, "2 of 2 pods of v1 are not ready")
    assert folded(view.rollout.findings)[0].evidence == f"web-0, web-2; {NONE_READY.text}"
    gone = replace(old, pods=(replace(unready[0], state=PodState.LEAVING),))
    left = rollout_view(
        replace(rollout, versions=(replace(gone, role=Role.OLD), new)), (seen,), IDLE, Circumstances(), 0.0
    )
    assert left.health.reason == "1 of 1 pods of bad2 fail: CrashLoopBackOff"


def test_where_all_pods_crash_nobody_says_that_no_requests_go_to_them() -> None:
    seen = replace(lane(Verdict.UNKNOWN, 0, Share("v1", None, 0.0)), derived=True)
    version = Version("v1", Role.STABLE, (), None, 0, 1, CRASHING)
    rollout = replace(ROLLOUT, versions=(version,), lanes=(seen,), findings=(NONE_READY,))
    view = rollout_view(rollout, (seen,), IDLE, Circumstances(), 0.0)
    assert (view.health.health, view.health.reason) == (Health.HURT, "1 of 1 pods of v1 fail: CrashLoopBackOff")
    (told,) = folded(view.rollout.findings)
    assert told.evidence == f"web-1; {NONE_READY.text}"


@pytest.mark.parametrize(("max_errors", "expected"), [(0.01, Health.NOT_MEASURED), (0.05, Health.FINE)])
def test_as_many_errors_are_fine_as_the_settings_tolerate(max_errors: float, expected: Health) -> None:
    seen = lane(Verdict.ON, 2000, share("v1", 1.0, 1.0, 2000))
    known = AnswerHealth("default", "v1", 2000.0, 40.0, 0.0)
    probe = replace(IDLE, running=True, total=2000, probe_target=ProbeTarget("a.test", 80, "a.test"), health=(known,))
    rollout = replace(ROLLOUT, lanes=(seen,))
    view = rollout_view(rollout, (seen,), probe, Circumstances(max_errors=max_errors), 0.0)
    assert view.health.health is expected


BY_CLIENT = (
    sticky_by_address("Service web keeps each client address on one pod"),
    Finding("near-first", Severity.INFO, "Service web sends requests to pods near their client first"),
)


def by_address(
    target: ProbeTarget, *, derived: bool = True, second: float = 0.5, why: Finding = BY_CLIENT[0]
) -> RolloutView:
    """A Service of which one client sees some of the pods, probed from one address."""
    shares = (share("v1", 1 - second, 1.0, 400), share("v2", second, 0.0, 400))
    seen = replace(lane(Verdict.OFF, 400, *shares, p=1e-9), derived=derived)
    rollout = replace(ROLLOUT, findings=(why,))
    answers = (AnswerHealth("default", "v1", 400.0, 0.0, 0.0), AnswerHealth("default", "v2", 400.0, 0.0, 0.0))
    probe = replace(IDLE, running=True, total=400, probe_target=target, health=answers)
    return rollout_view(rollout, (seen,), probe, Circumstances(), 0.0)


@pytest.mark.parametrize("why", BY_CLIENT)
def test_from_one_address_a_split_that_keeps_a_client_to_some_pods_is_not_judged(why: Finding) -> None:
    direct = ProbeTarget("10.0.0.1", 80, "web")
    view = by_address(direct, why=why)
    assert "split-off" not in {found.id for found in view.rollout.findings}
    assert (view.health.health, view.rollout.lanes[0].sticky) == (Health.NOT_MEASURED, True)
    assert view.health.reason == "not compared with the split: these are the requests of one client"
    through = replace(direct, service=ProxiedService("test", "shop", "web", "80"))
    for judged in (by_address(through), by_address(direct, derived=False), by_address(direct, second=0.0)):
        assert judged.rollout.lanes[0].verdict is Verdict.OFF


def test_answers_out_of_a_cache_are_said_to_be_that() -> None:
    cells = tuple(Cell(CellKind.UNKNOWN, None, "default", "cached") for _ in range(40))
    probe = replace(IDLE, running=True, total=40, unknown=40, strip=cells)
    found, _ = rollout_view(ROLLOUT, (), probe, Circumstances(), 0.0).rollout.findings
    assert (found.id, found.severity) == ("no-version", Severity.WARNING)
    assert found.text == "none of the 40 answers is of a version: they come from a cache"
    assert found.evidence == "probe a path or a host that no cache answers for"
