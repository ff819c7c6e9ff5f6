"""Why what a probe saw may be a fault of the probe or of its way, and not of the release. Pure.

Going back mends none of these, and from one place they cannot be told from an outage: an armed guard only proposes.
"""

from __future__ import annotations

from collections import Counter

from cockpit.model.probe_answer import Failure
from cockpit.model.rollout import Finding
from cockpit.model.view import Cell, CellKind, ProbeView, RolloutView
from cockpit.session.facts.failing import turned_away

# What fails before a request is at the gateway: the name, the route, the trust in a certificate.
_ON_THE_WAY = {
    str(Failure.DNS): "the name does not resolve",
    str(Failure.UNREACHABLE): "the address cannot be reached",
    str(Failure.TLS): "TLS fails",
}
# Statuses of whoever stands between (RFC 6585 and RFC 9110): a network that wants a login first, a proxy, a limiter.
_LOGIN, _PROXY, _LIMITED = "511", "407", "429"
_BETWEEN = {
    _LOGIN: "the network asks for a login first",
    _PROXY: "a proxy asks for credentials",
}
# Newest answers that are looked at, and the part of them that is enough to doubt.
_LATELY, _MOST = 20, 0.5


def probe_fault(found: Finding, view: RolloutView) -> str:
    """Why a finding may rest on a fault of the probe, in words; "" if nothing points to one."""
    match found.id:
        case "nobody-answers":
            return _elsewhere(view.probe, found.about) or _on_the_way(_failed(view.probe, found.about))
        case "client-errors":
            return _limited(view.probe, found.about)
        case "split-off":
            return _of_nobody(view, found.about)
    return ""


def _elsewhere(probe: ProbeView, lane: str) -> str:
    """Whether requests get a status of 4xx from nobody: a route, a host or a limit, which is not the release's."""
    return (
        "the answers are of no version: the route, the host or a limit may be the reason"
        if turned_away(lane, probe)
        else ""
    )


def _failed(probe: ProbeView, lane: str) -> list[Cell]:
    """The newest requests of a lane that no version answered."""
    cells = (c for c in reversed(probe.strip) if c.lane == lane and c.kind is CellKind.ERROR and not c.version)
    return [cell for cell, _ in zip(cells, range(_LATELY), strict=False)]


def _on_the_way(cells: list[Cell]) -> str:
    known = {**_ON_THE_WAY, **_BETWEEN}
    counts = Counter(cell.note for cell in cells if cell.note in known)
    if counts.total() < max(len(cells) * _MOST, 1):
        return ""
    return f"seen from here, {known[counts.most_common(1)[0][0]]}: that may be this machine or its network"


def _limited(probe: ProbeView, about: str) -> str:
    """Whether most answers of 4xx, of a version in a lane, are of a rate limiter."""
    cells = [c for c in probe.strip if f"{c.version} {c.lane}" == about and c.note.startswith("4")][-_LATELY:]
    limited = [cell for cell in cells if cell.note == _LIMITED]
    if len(limited) < max(len(cells) * _MOST, 1):
        return ""
    return "most of them are 429: a rate limiter may turn away only the probe"


def _of_nobody(view: RolloutView, lane: str) -> str:
    """Whether a part of the answers in a lane is of something else, such as a login page: whose they are is open."""
    others = any(each.id == "answers-of-others" and each.about == lane for each in view.rollout.findings)
    unknown = others or bool(turned_away(lane, view.probe))
    return "part of the answers name no version, so the split of users is not known" if unknown else ""
