"""Which keys the footer of each screen shows, and in which order."""

from __future__ import annotations

# Footer order: rolling back comes early, so that it stays visible on a narrow screen.
FLEET_FOOTER = (
    *("open", "rollback", "approve", "weight", "flip", "filter", "help", "sort", "quit", "palette", "probe", "guard"),
    *("group", "fold", "mark"),
)
ROLLOUT_FOOTER = (
    *("back", "rollback", "approve", "abort", "undo", "weight", "flip", "help", "pause", "retry", "promote", "header"),
    *(
        "finish",
        "probe",
        "guard",
        "jump",
        "enable",
        "disable",
        "steps",
        "image",
        "logs",
        "pods",
        "yaml",
        "describe",
        "events",
        "diff",
        "revisions",
        "findings",
        "scale",
    ),
    *("restart", "journal", "zoom", "measure", "lane"),
)
# What a footer shows whatever its width, before it is filled up in its order.
NEEDED = frozenset({"open", "back", "rollback", "help", "quit", "next-rollout"})
_PAIRING_FOOTER = ("controls", "people")


def with_pairing(ids: tuple[str, ...], more: tuple[str, ...] = _PAIRING_FOOTER) -> tuple[str, ...]:
    """The footer where pairing is on: its keys follow those that are needed."""
    place = 1 + max(index for index, id in enumerate(ids) if id in NEEDED)
    return (*ids[:place], *more, *ids[place:])


# What only a session that is live can do, beside the acts.
LIVE_ONLY = frozenset({"probe", "probe-target", "guard", "controls", "people", "logs"})
_REPLAY_FOOTER = ("play", "next-mark", "previous-mark", "faster", "slower", "on", "rewind", "next-view")


def of_a_recording(ids: tuple[str, ...], acts: frozenset[str]) -> tuple[str, ...]:
    """The footer over a recording: its keys in place of those that change something; `acts` are the ids of acts."""
    first, *rest = (id for id in ids if id not in acts and id not in LIVE_ONLY)
    return (first, *_REPLAY_FOOTER, *rest)


PRESENTING_FOOTER = (
    *(
        "next-rollout",
        "approve",
        "weight",
        "flip",
        "rollback",
        "abort",
        "undo",
        "slow",
        "probe",
        "theme",
        "back",
        "help",
    ),
)
OBJECT_FOOTER = ("back", "next-object", "search", "next-match", "wrap", "copy", "snapshot", "reread", "help")
TEXT_FOOTER = ("back", "search", "next-match", "wrap", "copy", "snapshot", "reread", "help")
LOGS_FOOTER = (
    *("back", "follow", "search", "all-pods", "next-pod", "container", "previous-run", "times", "next-match", "wrap"),
    *("copy", "snapshot", "help"),
)
PODS_FOOTER = (
    *(
        "back",
        "pod-log",
        "pod-yaml",
        "pod-describe",
        "pod-events",
        "pod-sort",
        "pod-reverse",
        "search",
        "copy",
        "snapshot",
    ),
    "help",
)
REVISIONS_FOOTER = ("back", "go-back-to", "revision-diff", "search", "copy", "snapshot", "help")
JOURNAL_FOOTER = ("back", "undo", "search", "next-match", "copy", "snapshot", "help")
