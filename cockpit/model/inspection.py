"""What a person reads of objects when looking closer: events, lines of logs, revisions. Texts are safe to show."""

from __future__ import annotations

from cockpit.model.refs import Ref
from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Events about one object with the same type and reason. Times are RFC 3339, "" if not known.

    `messages` are its different messages, the newest first; `count` is how often any of them was seen.
    """

    type: str
    reason: str
    messages: tuple[str, ...]
    count: int
    first: str
    last: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class LogOrder:
    """Which log to follow: of one container of a pod ("" for its main one), from the last `lines` on.

    `previous` is the container before its last restart, whose log has an end.
    """

    context: str
    pod: Ref
    container: str = ""
    previous: bool = False
    lines: int = 500


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line: the pod's name, when it was printed (RFC 3339, "" if not told), and its text.

    `remark` is true for what the cockpit says of the log itself, such as a lost connection.
    """

    pod: str
    at: str
    text: str
    remark: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """One template in the history of a workload: `number` is its revision, `holder` the object that keeps it.

    `version` is the name of the version that has it now, "" if none does; `current` is true for the template that
    new pods get. `ready` and `desired` are None where the holder does not count pods.
    """

    number: int
    workload: Ref
    holder: Ref
    uid: str
    images: tuple[str, ...]
    created: str
    version: str = ""
    current: bool = False
    ready: int | None = None
    desired: int | None = None
    cause: str = ""
