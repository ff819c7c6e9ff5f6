"""Views are pure functions of what was read and observed, and keep what did not change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import Act, ActState
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
from cockpit.model.shares import percent
from cockpit.model.view import Cell, CellKind, ClusterView, FleetView, Health, KindSync, ProbeView, RolloutView, Sync
from cockpit.session.assemble import (
    IDLE,
    Circumstances,
    fleet_view,
    observations,
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


def test_a_split_that_is_off_is_told_with_its_evidence() -> None:
    seen = lane(Verdict.OFF, 812, share("v1", 0.7, 0.56, 812), share("v2", 0.3, 0.44, 812), p=0.00001)
    (finding,) = observations((seen,), IDLE)
    assert finding.text == "v2 answers 44% of requests, 30% is written"
    assert finding.evidence == "812 samples, p<0.001"
    other = lane(Verdict.OFF, 90, share("v2", 1.0, 0.5, 90), name="foo=bar", p=0.0123)
    assert observations((other,), IDLE)[0].text == "v2 answers 50% of requests in lane foo=bar, 100% is written"
    assert observations((other,), IDLE)[0].evidence == "90 samples, p=0.012"


@pytest.mark.parametrize("verdict", [Verdict.ON, Verdict.NOT_YET, Verdict.UNKNOWN])
def test_a_split_that_is_not_off_is_not_told(verdict: Verdict) -> None:
    assert observations((lane(verdict, 812, share("v2", 0.3, 0.44, 812)),), IDLE) == ()


@pytest.mark.parametrize(
    ("answers", "errors", "severity"),
    [(200, 60, Severity.CRITICAL), (200, 12, Severity.WARNING), (200, 1, None), (20, 10, None), (200, 0, None)],
)
def test_a_version_that_fails_is_told_once_chance_is_out(answers: int, errors: int, severity: Severity | None) -> None:
    seen = lane(Verdict.ON, answers * 2, share("v1", 0.5, 0.5, answers * 2), share("v2", 0.5, 0.5, answers * 2, errors))
    found = observations((seen,), IDLE)
    assert [f.severity for f in found] == ([severity] if severity else [])
    if severity:
        assert found[0].text == f"v2 fails {percent(errors / answers)} of its requests"
        assert f"{errors} of {answers} answers" in found[0].evidence


def test_a_probe_that_learns_nothing_is_told() -> None:
    running = replace(IDLE, running=True, total=50)
    refused = Cell(CellKind.ERROR, None, "default", "connection refused")
    dead = replace(running, errors=50, strip=(refused,) * 50)
    (finding,) = observations((), dead)
    assert (finding.id, finding.severity, finding.evidence) == ("no-answers", Severity.CRITICAL, "connection refused")
    (finding,) = observations((), replace(running, unknown=50))
    assert finding.id == "no-version"
    assert observations((), running) == ()
    assert observations((), replace(dead, total=5, errors=5, strip=(refused,) * 5)) == ()
    assert observations((), replace(dead, running=False)) == ()


def test_an_outage_after_many_good_answers_is_told_and_takes_the_verdict_back() -> None:
    good, refused = Cell(CellKind.ANSWER, "v1", "default", "200"), Cell(CellKind.ERROR, None, "default", "refused")
    seen = lane(Verdict.ON, 5000, share("v1", 1.0, 1.0, 5000))
    probe = replace(IDLE, running=True, total=5020, errors=20, strip=(good,) * 900 + (refused,) * 20)
    view = rollout_view(ROLLOUT, (seen,), probe, Circumstances())
    assert view.rollout.findings[0].id == "no-answers"
    assert view.rollout.findings[0].severity is Severity.CRITICAL
    assert view.rollout.lanes[0].verdict is Verdict.UNKNOWN


def test_requests_that_fail_before_any_version_answers_are_told() -> None:
    seen = replace(lane(Verdict.ON, 500, share("v1", 1.0, 1.0, 400)), errors=100)
    (found,) = observations((seen,), IDLE)
    assert (found.id, found.severity) == ("nobody-answers", Severity.CRITICAL)


def test_the_worst_is_told_first_and_before_what_was_read() -> None:
    seen = lane(Verdict.OFF, 400, share("v1", 0.5, 0.3, 400), share("v2", 0.5, 0.7, 400, 200))
    view = rollout_view(ROLLOUT, (seen,), IDLE, Circumstances())
    assert [f.id for f in view.rollout.findings] == ["errors", "split-off", "dangling"]
    assert view.rollout.lanes == (seen,)


@pytest.mark.parametrize(
    ("around", "why"),
    [
        (Circumstances(read_only=True, stale="old", acting="flip"), "this session is read-only"),
        (Circumstances(stale="test is retrying", acting="flip"), "test is retrying"),
        (Circumstances(acting="flip v2"), "under way: flip v2"),
    ],
)
def test_acts_say_why_they_cannot_be_asked_for(around: Circumstances, why: str) -> None:
    view = rollout_view(ROLLOUT, ROLLOUT.lanes, IDLE, around)
    assert view.rollout.acts == (ActState(Act.FLIP, False, why), ActState(Act.ABORT, False, "nothing to abort"))
    assert view.acting == around.acting


def kind(name: str, state: Sync, since: float = 1.0, error: str = "", relists: int = 0) -> KindSync:
    return KindSync(name, state, since, error, relists=relists)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], (Sync.CONNECTING, "", None)),
        ([kind("Pod", Sync.LIVE), kind("Service", Sync.LIVE)], (Sync.LIVE, "", None)),
        ([kind("Pod", Sync.FORBIDDEN), kind("Service", Sync.LIVE)], (Sync.LIVE, "may not read: Pod", None)),
        ([kind("Pod", Sync.FORBIDDEN, 3.0)], (Sync.FORBIDDEN, "may not read: Pod", 3.0)),
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
    first = view_of(None, 1.0, rollout_view(ROLLOUT, ROLLOUT.lanes, IDLE, Circumstances()))
    assert view_of(first, 2.0, rollout_view(replace(ROLLOUT), ROLLOUT.lanes, replace(IDLE), Circumstances())) is first


def test_parts_that_did_not_change_stay_the_same_objects() -> None:
    other = replace(ROLLOUT, key=replace(ROLLOUT.key, name="zoo"))
    first = view_of(None, 1.0, *(rollout_view(r, r.lanes, IDLE, Circumstances()) for r in (ROLLOUT, other)))
    moved = replace(other, phase=Phase.AT_REST)
    second = view_of(first, 2.0, *(rollout_view(r, r.lanes, IDLE, Circumstances()) for r in (replace(ROLLOUT), moved)))
    assert second.at == 2.0
    assert second.clusters is first.clusters
    assert second.rollouts[0] is first.rollouts[0]
    assert second.rollouts[1] is not first.rollouts[1]


probes = st.builds(
    ProbeView,
    running=st.booleans(),
    door=st.none(),
    rate=st.floats(0, 100),
    asked_rate=st.just(5.0),
    total=st.integers(0, 10_000),
    errors=st.integers(0, 10_000),
    unknown=st.integers(0, 10_000),
    epoch_since=st.none(),
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
    view = rollout_view(ROLLOUT, seen, probe, Circumstances())
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
    (found,) = rollout_view(replace(crashing, lanes=(seen,)), (seen,), IDLE, Circumstances()).rollout.findings
    assert (found.id, found.severity, found.evidence) == ("failing-pods", severity, "web-1")
    assert found.text == "1 of 2 pods of v1 fail: CrashLoopBackOff"


def test_a_version_that_fails_its_testers_only_is_told() -> None:
    users = lane(Verdict.ON, 200, share("v1", 1.0, 1.0, 200), share("v2", 0.0, 0.0, 200))
    testers = lane(Verdict.ON, 100, share("v1", 0.0, 0.0, 100), share("v2", 1.0, 1.0, 100, 40), name="testers")
    [finding] = observations((users, testers), IDLE)
    assert (finding.id, finding.severity) == ("errors", Severity.CRITICAL)
    assert finding.text == "v2 fails 40% of its requests in lane testers"


@pytest.mark.parametrize(
    ("written", "severity", "words"),
    [
        (0.5, Severity.CRITICAL, "v2 fails 45% of its requests"),
        (0.0, Severity.WARNING, "v2 failed 45% of its requests when it took traffic"),
    ],
)
def test_a_version_that_failed_is_told_right_after_the_split_changed(
    written: float, severity: Severity, words: str
) -> None:
    begun = lane(Verdict.NOT_YET, 3, share("v1", 1 - written, 1.0, 3), share("v2", written, 0.0, 3))
    probe = replace(IDLE, running=True, health=(Health("v1", 100, 0), Health("v2", 100, 45)))
    [finding] = observations((begun,), probe)
    assert (finding.id, finding.severity, finding.text) == ("errors", severity, words)
    assert finding.evidence == "45 of its last 100 answers, 36% to 55%"


def test_what_a_version_answers_under_the_new_split_counts_as_soon_as_it_is_enough() -> None:
    probe = replace(IDLE, running=True, health=(Health("v2", 100, 45),))
    well = lane(Verdict.ON, 100, share("v1", 0.5, 0.5, 100), share("v2", 0.5, 0.5, 100))
    assert observations((well,), probe) == ()
    few = lane(Verdict.NOT_YET, 4, share("v1", 0.5, 0.5, 4), share("v2", 0.5, 0.5, 4))
    assert observations((few,), replace(probe, health=(Health("v2", 20, 20),))) == (), "too few to tell"
    assert observations((few,), replace(probe, health=(Health("v3", 100, 45),))) == (), "it is not there any more"
