"""What holds of a guard whatever it sees: it acts at most once, and never where nothing hurts."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.guard import GuardState
from cockpit.model.health import Health, RolloutHealth
from cockpit.model.rollout import Phase
from cockpit.session.guarding.evaluate import Watch
from tests.session.test_guard_evaluate import FINE, HURT, NOT_MEASURED, guard, look, shown

HEALTHS = st.sampled_from((FINE, RolloutHealth(Health.DOUBTFUL, "perhaps"), NOT_MEASURED, HURT))

LOOKS = st.lists(
    st.tuples(st.floats(0.1, 90.0), HEALTHS, st.booleans(), st.sampled_from((Phase.WAITING, Phase.PROGRESSING))),
    max_size=40,
)


def played(looks: Sequence[tuple[float, RolloutHealth, bool, Phase]], armed: bool) -> list[tuple[float, Watch]]:
    watch, at, found = guard("hurt for 30s", armed=armed), 0.0, []
    for seconds, health, stale, phase in looks:
        at += seconds
        watch = look(watch, at, shown(health, phase=phase), "stale" if stale else "")
        found.append((at, watch))
    return found


@given(LOOKS)
def test_a_guard_acts_at_most_once_and_only_on_what_holds_now(
    looks: list[tuple[float, RolloutHealth, bool, Phase]],
) -> None:
    found = played(looks, armed=True)
    first = next((n for n, (_, watch) in enumerate(found) if watch.state is GuardState.ACTING), None)
    if first is None:
        return
    assert looks[first][1] is HURT
    assert not looks[first][2], "the data is live"
    began = first
    while began and looks[began - 1][1] is HURT:
        began -= 1
    assert found[first][0] - found[began][0] >= 30.0
    # Who runs the guard takes it from here: nothing that is seen changes it any more.
    assert all(watch == found[first][1] for _, watch in found[first:])


@given(LOOKS)
def test_a_guard_that_is_not_armed_never_acts(looks: list[tuple[float, RolloutHealth, bool, Phase]]) -> None:
    assert all(watch.state is not GuardState.ACTING for _, watch in played(looks, armed=False))


@given(LOOKS)
def test_a_guard_never_acts_where_nothing_hurts_or_the_data_is_stale(
    looks: list[tuple[float, RolloutHealth, bool, Phase]],
) -> None:
    calm = [(seconds, FINE if health is HURT else health, stale, phase) for seconds, health, stale, phase in looks]
    old = [(seconds, health, True, phase) for seconds, health, _, phase in looks]
    for sequence in (calm, old):
        assert all(watch.state is not GuardState.ACTING for _, watch in played(sequence, armed=True))
