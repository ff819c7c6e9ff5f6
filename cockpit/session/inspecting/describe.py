"""What matters of an object in a few lines, after `kubectl describe`. Pure.

Every value comes from a cluster, so nothing is taken for granted and every line is made safe. Values that can be
secret are hidden before they come here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cockpit.model.ages import age, seconds_since_epoch
from cockpit.model.counts import counted
from cockpit.model.inspection import EventGroup
from cockpit.model.text import safe_text

# Lines of one object; more is read as YAML.
MOST_LINES = 400
LEFT_OUT = "-- {} left out here: the object's YAML shows all"
EVENTS_OUT = "-- {} of older events left out: the list of events shows all"
_DEEPEST = 6
_WIDTH = 22
# Annotations that repeat the object, and what others say of it in full.
_NOISE = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})


def described(found: Mapping[str, Any], events: Sequence[EventGroup] | str, now: float) -> tuple[str, ...]:
    """The lines: what it is, its pods or rules, its conditions, and the events about it; `now` is UTC seconds."""
    lines = [*_head(found, now)]
    kind = str(found.get("kind") or "")
    spec, status = _map(found.get("spec")), _map(found.get("status"))
    template = _map(_map(spec.get("template")).get("spec"))
    if kind == "Pod":
        lines += _pod(spec, status, now)
    elif template:
        lines += _workload(spec, status, template)
    else:
        lines += ["", "Spec:", *_nested(spec, 1)] if spec else []
        lines += ["", "Data:", *_nested(_map(found.get("data")), 1)] if found.get("data") else []
    lines += _conditions(status, now)
    told = event_lines(events, now)
    # Events are looked for most, so that what stands above them gives way.
    room = max(MOST_LINES - len(told), MOST_LINES // 2)
    return tuple(safe_line(line) for line in (*_bounded(lines, room, LEFT_OUT), "", *_bounded(told, room, EVENTS_OUT)))


def _bounded(lines: Sequence[str], room: int, left_out: str) -> list[str]:
    """So many lines at most; the last one says how many are missing, and where they are."""
    over = len(lines) - room
    return [*lines[: room - 1], left_out.format(counted(over + 1, "line"))] if over > 0 else list(lines)


def safe_line(line: str) -> str:
    """One line with its indentation."""
    inner = line.lstrip(" ")
    return " " * (len(line) - len(inner)) + safe_text(inner, 1000)


def event_lines(events: Sequence[EventGroup] | str, now: float) -> list[str]:
    """The events by reason, as kubectl lists them."""
    if isinstance(events, str):
        return [f"Events: {events}"]
    if not events:
        return ["Events: none"]
    lines = ["Events:", f"  {'AGE':<6}{'COUNT':<7}{'TYPE':<9}{'REASON':<22} MESSAGE"]
    for group in events:
        first, *more = group.messages or ("",)
        lines.append(f"  {_age(group.last, now):<6}{group.count:<7}{group.type:<9}{group.reason:<22} {first}")
        lines += [f"  {'':<44} {message}" for message in more]
    return lines


def _head(found: Mapping[str, Any], now: float) -> Iterator[str]:
    metadata = _map(found.get("metadata"))
    yield _pair("Name", metadata.get("name"))
    if metadata.get("namespace"):
        yield _pair("Namespace", metadata.get("namespace"))
    yield _pair("Kind", f"{found.get('kind')} ({found.get('apiVersion')})")
    made = str(metadata.get("creationTimestamp") or "")
    yield _pair("Created", f"{made} ({_age(made, now)} ago)" if made else "not known")
    if metadata.get("deletionTimestamp"):
        yield _pair("Deleted", f"since {metadata['deletionTimestamp']}: its finalizers or its pods still hold it")
    for owner in _maps(metadata.get("ownerReferences")):
        yield _pair("Controlled by", f"{owner.get('kind')}/{owner.get('name')}")
    yield from _table("Labels", _map(metadata.get("labels")))
    own = {key: value for key, value in _map(metadata.get("annotations")).items() if key not in _NOISE}
    yield from _table("Annotations", own)


def _pod(spec: Mapping[str, Any], status: Mapping[str, Any], now: float) -> Iterator[str]:
    yield _pair("Node", spec.get("nodeName") or "not scheduled yet")
    yield _pair("Phase", " ".join(str(part) for part in (status.get("phase"), status.get("reason")) if part))
    if status.get("message"):
        yield _pair("Message", status["message"])
    yield _pair("IP", status.get("podIP") or "none")
    yield _pair("Service account", spec.get("serviceAccountName") or "default")
    for title, containers, states in (
        ("Init containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
    ):
        listed = _maps(spec.get(containers))
        by_name = {each.get("name"): each for each in _maps(status.get(states))}
        if listed:
            yield from ("", f"{title}:")
        for container in listed:
            yield from _container(container, by_name.get(container.get("name"), {}), now)


def _workload(spec: Mapping[str, Any], status: Mapping[str, Any], template: Mapping[str, Any]) -> Iterator[str]:
    selector = _map(_map(spec.get("selector")).get("matchLabels"))
    yield _pair("Selector", ",".join(f"{key}={value}" for key, value in selector.items()) or "none")
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
    told = [f"{status[name]} {name.removesuffix('Replicas') or name}" for name in counts if status.get(name)]
    wanted = spec.get("replicas")
    yield _pair("Pods", ", ".join([f"{wanted} desired" if wanted is not None else "", *told]).strip(", "))
    for field in ("strategy", "updateStrategy"):
        if _map(spec.get(field)):
            yield from ("", "Strategy:", *_nested(_map(spec.get(field)), 1))
    yield from ("", "Containers:")
    for container in _maps(template.get("containers")):
        yield from _container(container, {}, 0.0)


def _container(container: Mapping[str, Any], status: Mapping[str, Any], now: float) -> Iterator[str]:
    yield f"  {container.get('name')}:"
    yield _pair("    Image", container.get("image"), 4)
    ports = [f"{port.get('containerPort')}/{port.get('protocol') or 'TCP'}" for port in _maps(container.get("ports"))]
    if ports:
        yield _pair("    Ports", ", ".join(ports), 4)
    if status:
        yield _pair("    State", _state(_map(status.get("state")), now), 4)
        if last := _map(status.get("lastState")):
            yield _pair("    Last state", _state(last, now), 4)
        yield _pair("    Ready", f"{status.get('ready')}, {status.get('restartCount', 0)} restarts", 4)
    for name, amounts in _map(container.get("resources")).items():
        words = ", ".join(f"{key} {value}" for key, value in _map(amounts).items())
        if words:
            yield _pair(f"    {str(name).capitalize()}", words, 4)
    for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
        if _map(container.get(probe)):
            yield _pair(f"    {probe.removesuffix('Probe').capitalize()}", _probe(_map(container.get(probe))), 4)
    names = [str(variable.get("name")) for variable in _maps(container.get("env"))]
    if names:
        yield _pair("    Environment", f"{', '.join(names)} (values hidden)", 4)


def _state(state: Mapping[str, Any], now: float) -> str:
    for name, detail in state.items():
        facts = _map(detail)
        began = str(facts.get("startedAt") or "")
        words = [str(name), str(facts.get("reason") or "")]
        words.append(f"exit code {facts['exitCode']}" if "exitCode" in facts else "")
        words.append(f"for {_age(began, now)}" if name == "running" and began else "")
        words.append(str(facts.get("message") or ""))
        return ", ".join(word for word in words if word)
    return "not known"


def _probe(probe: Mapping[str, Any]) -> str:
    http, tcp = _map(probe.get("httpGet")), _map(probe.get("tcpSocket"))
    asks = f"GET {http.get('path') or '/'} on {http.get('port')}" if http else f"port {tcp.get('port')}" if tcp else ""
    every = f"every {probe['periodSeconds']}s" if probe.get("periodSeconds") else ""
    fails = f"fails after {probe['failureThreshold']}" if probe.get("failureThreshold") else ""
    return ", ".join(word for word in (asks or "a command or gRPC", every, fails) if word)


def _conditions(status: Mapping[str, Any], now: float) -> list[str]:
    found = _maps(status.get("conditions"))
    if not found:
        return []
    lines = ["", "Conditions:", f"  {'TYPE':<28}{'STATUS':<8}{'SINCE':<7}REASON"]
    for each in found:
        since = _age(str(each.get("lastTransitionTime") or ""), now)
        why = ": ".join(str(each[field]) for field in ("reason", "message") if each.get(field))
        lines.append(f"  {each.get('type')!s:<28}{each.get('status')!s:<8}{since:<7}{why}")
    return lines


def _nested(value: Any, depth: int) -> Iterator[str]:
    """Fields below each other, deeper ones indented, as kubectl describes objects of kinds that it does not know."""
    indent = "  " * depth
    if depth > _DEEPEST:
        yield f"{indent}…"
        return
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value, 1) if isinstance(value, list) else ()
    for key, item in pairs:
        name = str(key)[:1].upper() + str(key)[1:] if isinstance(value, Mapping) else f"- {key}"
        if isinstance(item, Mapping | list) and item:
            yield f"{indent}{name}:"
            yield from _nested(item, depth + 1)
        else:
            # An empty field can mean something: `pause: {}` waits for approval.
            words = item if not isinstance(item, Mapping | list) else "{}" if isinstance(item, Mapping) else "[]"
            yield _pair(f"{indent}{name}", words, len(indent))


def _table(title: str, entries: Mapping[str, Any]) -> Iterator[str]:
    if not entries:
        return
    for number, (key, value) in enumerate(sorted(entries.items(), key=lambda entry: str(entry[0]))):
        yield f"{title + ':' if not number else '':<{_WIDTH}} {key}={value}"


def _pair(name: str, value: object, indent: int = 0) -> str:
    return f"{name + ':':<{_WIDTH + indent}} {value}"


def _age(at: str, now: float) -> str:
    moment = seconds_since_epoch(at)
    return age(now - moment) if moment is not None else "-"


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
