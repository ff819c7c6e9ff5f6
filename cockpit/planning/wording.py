"""Sentences that several adapters use, worded once: reasons of refusals, texts of findings, undo lines of plans."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.workloads.findings import listed

NO_HEADER_RULE = "it has no header rule to remove"
RULE_SET_ALREADY = "this header rule is already set"
UNDO_DELETION = "create what was deleted again; pods need time to get ready"
AS_ALL_OTHERS = "split like all others"
PREVIOUS_RULES = "previous weights and rules"
REFRESH = "refresh the list of rollouts"
NO_OLD_VERSION = "no old version is left: nothing to clean up"


def gone(what: str) -> str:
    """Why nothing is planned on something that no longer exists, such as "the Ingress"."""
    return f"{what} is gone; {REFRESH}"


def no_version(name: str, versions: Sequence[str] = ()) -> str:
    """Why a named version cannot be chosen; `versions` are the names to choose from, if they are known."""
    return f"no version {name}" + (f"; the versions are {listed(list(versions))}" if versions else "")


def takes_traffic(name: str) -> str:
    """Why a version cannot be removed."""
    return f"{name} takes traffic: move it to another version first"


def takes_all(name: str) -> str:
    """Why traffic does not have to move to a version."""
    return f"{name} already takes all traffic"


def took_before(before: bool, against: str) -> str:
    """What a choice says of a version: whether it took the traffic before, and what the objects say against it."""
    return "; ".join(words for words in ("took the traffic before" if before else "", against) if words)


def several_picked(service: str, names: str) -> str:
    """Why shares cannot be set while one Service selects several versions; `names` are theirs, as in a sentence."""
    return f"Service {service} selects {names}: narrow its selector to one version first"


def not_sum(total: str) -> str:
    """Why shares that name every version are refused; `total` is their sum, such as "90%"."""
    return f"the shares add up to {total}, not 100%: leave one version out and it gets the rest"


def no_undo_of(title: str) -> str:
    """What a plan says of its own undo that is one: an undo takes an act away and adds none."""
    return f"not by undo: do it again: {title}"


def rolled_back_from(name: str) -> str:
    """What the undo of a roll back says of a version that users get again."""
    return f"{name} was rolled back from by this act: users get it again; look first at why"


def gives_everyone(name: str) -> str:
    """What an act leads to after which no user gets another version, in words that follow its key."""
    return f"everyone gets {name}"


def sends_everyone(name: str) -> str:
    """The same for a way back whose requests move the traffic themselves."""
    return f"sends everyone to {name}"
