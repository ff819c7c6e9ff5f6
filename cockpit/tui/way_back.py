"""The way back in one line: the key that takes it, what that does, and what undoes it; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from cockpit.model.counts import plural
from cockpit.model.health import Health
from cockpit.model.plan import Act, ActState, Plan, Refused, Request
from cockpit.model.remedies import unmended
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.keys import KEYS, Keymap
from cockpit.tui.lines import BLANK, Line, Span
from cockpit.tui.text import base_of

# Roll back is the same key everywhere, so it comes first; where a release can only be aborted, that goes back.
WAYS_BACK = (Act.ROLLBACK, Act.ABORT)


def way_back(view: RolloutView) -> ActState | None:
    """The act that goes back: the first one that applies, else one with the reason why not; None if there is none."""
    known = [state for act in WAYS_BACK for state in view.rollout.acts if state.act is act]
    return next((state for state in known if state.enabled), known[0] if known else None)


def wants_way_back(view: RolloutView) -> bool:
    """Whether the way back is told: while something is released, or speaks against what was."""
    return view.rollout.phase is not Phase.AT_REST or view.health.health in (Health.HURT, Health.DOUBTFUL)


def _as_it_is(text: str, acts: Sequence[Act]) -> str:
    return text


def back_line(
    view: RolloutView,
    plan: Plan | Refused | None,
    keymap: Keymap,
    glyphs: Glyphs,
    keyed: Callable[[str, Sequence[Act]], str] = _as_it_is,
) -> Line:
    """The line; `plan` is what the act would do now, None if that is not known yet. Empty where there is no way.

    `keyed` adds keys to a reason that tells to do something else first (`tui.advising`).
    """
    state = way_back(view)
    if state is None or not wants_way_back(view):
        return BLANK
    head = Span(" back: ", "strong")
    if not state.enabled:
        return (head, Span(f"not now: {keyed(safe_text(state.why, 300), state.told)}", "quiet"))
    key = Span(key_of(state.act, keymap), "key")
    words = Span(f" {goes_back_words(state, view.rollout)}")
    if why := unmended(view.rollout):
        return (head, Span(f"not by rolling back: {why}; ", "waiting"), key, words)
    if plan is None:
        return (head, key, words)
    if isinstance(plan, Refused):
        return (head, Span(f"not now: {safe_text(plan.why, 300)}", "quiet"))
    sends = Span(f"{glyphs.joiner}{sends_words(plan)}", "quiet")
    if not plan.undoable:
        return (head, key, words, Span(", nothing undoes it"), sends)
    return (head, key, words, Span(", "), Span(key_of(Act.UNDO, keymap), "key"), Span(" undoes it"), sends)


def goes_back_words(state: ActState, rollout: Rollout) -> str:
    """What a way back does, as every screen says it: where the adapter says that it leads."""
    words = safe_text(state.leads, 160) or ("aborts the release" if state.act is Act.ABORT else "rolls back")
    base = base_of(rollout) if rollout.phase is not Phase.AT_REST else None
    if base is None or not _has_all(rollout, base.name):
        return words
    there, said, how = words.partition(f"sends everyone to {base.name}")
    # The name of another version can begin with this one.
    if there or not said or how[:1] not in ("", " ", ","):
        return words
    return f"ends the release; everyone is on {safe_text(base.name, 63)} already"


def _has_all(rollout: Rollout, name: str) -> bool:
    """Whether every request goes to that version already, by what is written."""
    lanes = [[share for share in lane.shares if share.written] for lane in rollout.lanes]
    return bool(lanes) and all(found and all(share.version == name for share in found) for found in lanes)


def key_of(act: Act, keymap: Keymap) -> str:
    """The key of an act, as written on a keyboard."""
    return keymap[_entry(act)].shown


def word_of(act: Act) -> str:
    """The act in the words of the footer."""
    return next(key.word for key in KEYS if act in key.acts)


def _entry(act: Act) -> str:
    return next(key.id for key in KEYS if act in key.acts)


def sends_words(plan: Plan) -> str:
    """What a plan sends, such as "one patch of Ingress pay-canary"."""
    if not plan.requests:
        return "nothing to send"
    first = plan.requests[0]
    if len(plan.requests) == 1:
        return f"one {_verb(first)} of {_object(first)}"
    kinds = Counter((_verb(request), request.ref.resource.kind) for request in plan.requests)
    if len(kinds) > 1:
        return f"{len(plan.requests)} requests, the first to {_object(first)}"
    (((verb, kind), count),) = kinds.items()
    return f"{count} {plural(count, verb, 'patches' if verb == 'patch' else '')} of {safe_text(kind, 60)} objects"


def _verb(request: Request) -> str:
    return {"patch": "patch", "create": "creation", "delete": "deletion"}[request.verb.value]


def _object(request: Request) -> str:
    return f"{safe_text(request.ref.resource.kind, 60)} {safe_text(request.ref.name, 63)}"
