"""What people and controllers set of a release: shares, pods, images, steps. Pure data and how it differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cockpit.model.lanes import SHARE_TOLERANCE, in_lane
from cockpit.model.plan import Change, Expected
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.secret_headers import may_be_stored
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """`shares` are (lane, version, fraction of 1) as written, without those that follow from pod counts.

    `pods` are desired pods by version, `images` each version's first one. `step` counts
    from 1, None without one. `headers` are (lane, name, value) of lanes that exactly one header leads to, unless it may
    carry a credential; `steps` the shares of a step plan.
    """

    shares: tuple[tuple[str, str, float], ...] = ()
    pods: tuple[tuple[str, int], ...] = ()
    images: tuple[tuple[str, str], ...] = ()
    step: int | None = None
    paused: bool = False
    headers: tuple[tuple[str, str, str], ...] = ()
    steps: tuple[float, ...] = ()

    def share(self, lane: str, version: str) -> float | None:
        """The written share of a version in a lane; None if that lane does not name it."""
        return next((share for place, name, share in self.shares if (place, name) == (lane, version)), None)

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes, each once."""
        return tuple(dict.fromkeys(lane for lane, *_ in self.shares))

    def lane(self, lane: str) -> tuple[tuple[str, float], ...]:
        """The versions of a lane with their shares."""
        return tuple((name, share) for place, name, share in self.shares if place == lane)


def release_state(rollout: Rollout) -> ReleaseState:
    """What is set of a rollout at present."""
    own = rollout.own_versions
    return ReleaseState(
        shares=tuple(
            (lane.name, share.version, share.written)
            for lane in rollout.lanes
            if not lane.derived and not lane.sticky
            for share in lane.shares
            if share.written is not None and not share.others
        ),
        pods=tuple((version.name, version.desired) for version in own),
        images=tuple((version.name, version.images[0]) for version in own if version.images),
        step=rollout.step.index if rollout.step else None,
        paused=rollout.phase is Phase.PAUSED,
        headers=tuple(
            (lane.name, *lane.headers[0])
            for lane in rollout.lanes
            if lane.headers and len(lane.headers) == 1 and may_be_stored(*lane.headers[0])
        ),
        steps=tuple(step.weight for step in rollout.steps if step.weight is not None),
    )


def differs_from(state: ReleaseState, expected: Iterable[Expected]) -> tuple[str, ...]:
    """Which of the expected shares are not written now, in words; a version that is gone has no share."""
    found = []
    for each in expected:
        now = state.share(each.lane, each.version) or 0.0
        if abs(now - each.share) > SHARE_TOLERANCE:
            found.append(f"{safe_text(each.version, 63)}{in_lane(each.lane)} is at {percent(now)}")
    return tuple(found)


def changes_between(before: ReleaseState, after: ReleaseState) -> tuple[Change, ...]:
    """What was set anew, in words: shares, images, and a pause; not the pods, which controllers set on their way."""
    return (
        *_shares(before, after),
        *_images(before, after),
        *([Change("paused", _yes(before.paused), _yes(after.paused))] if before.paused != after.paused else []),
    )


def _shares(before: ReleaseState, after: ReleaseState) -> Iterator[Change]:
    places = dict.fromkeys((lane, version) for lane, version, _ in (*before.shares, *after.shares))
    for lane, version in places:
        old, new = before.share(lane, version) or 0.0, after.share(lane, version) or 0.0
        if abs(old - new) > SHARE_TOLERANCE:
            # Without a written split pods decide, which is not 0%.
            first, then = (
                percent(share) if lane in state.lanes else "not set" for state, share in ((before, old), (after, new))
            )
            yield Change(f"{safe_text(version, 63)}{in_lane(lane)}", first, then)


def _images(before: ReleaseState, after: ReleaseState) -> Iterator[Change]:
    old, new = dict(before.images), dict(after.images)
    for version, image in new.items():
        if version in old and old[version] != image:
            yield Change(f"image of {safe_text(version, 63)}", safe_text(old[version], 120), safe_text(image, 120))
        elif version not in old and image not in old.values():
            yield Change(f"version {safe_text(version, 63)}", "none", safe_text(image, 120))


def _yes(value: bool) -> str:
    return "yes" if value else "no"
