"""Why the requests of an undo would be refused by now: what was changed since the act, and by whom. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cockpit.kube.sender import FIELD_MANAGER
from cockpit.model.ages import age, seconds_since_epoch
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import Ref
from cockpit.planning.writers import Writer, last_writer, writer
from cockpit.session.acts.effect import MISSING, failed_tests, value_at, would_apply
from cockpit.session.facts.diff import differences

_MOST = 3
_COCKPIT = "a cockpit"
# A time in managedFields has no fractions of a second.
_ROUNDED = 1.0

Read = Mapping[str, Any] | None


def changed_since(requests: Iterable[Request], objects: Mapping[Ref, Read], at: float, now: float) -> str:
    """Each object that is not any more as the act left it, how it is now, and who wrote it; "" if all are.

    `objects` are as the server has them, `at` is when the act was sent and `now` the present (UTC seconds).
    """
    firsts = {request.ref: request for request in reversed(list(requests))}
    found = [words for ref, request in firsts.items() if (words := _changed(request, objects.get(ref), at, now))]
    return "; ".join(found)


def _changed(request: Request, read: Read, at: float, now: float) -> str:
    if would_apply(request, read):
        return ""
    match request.verb:
        case Verb.CREATE:
            return f"{request.ref} was created again"
        case Verb.DELETE:
            return f"{request.ref} was deleted and created again" if read is not None else ""
    if read is None:
        return f"{request.ref} was deleted"
    if request.patch is not PatchType.JSON:
        return f"{request.ref} was changed{_by(read, (), at, now)}"
    tests = failed_tests(request, read)
    lines = [line for keys, wanted in tests for line in _lines(keys, wanted, read)]
    more = [f"and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
    what = ", ".join([*lines[:_MOST], *more]) or "it was written"
    return f"{request.ref}: {what}{_by(read, [keys for keys, _ in tests], at, now)}"


def _lines(keys: Sequence[str], wanted: Any, read: Mapping[str, Any]) -> tuple[str, ...]:
    """What is there now in place of what the act left."""
    return differences(_nested(keys, wanted, read), _nested(keys, value_at(read, keys), read))


def _nested(keys: Sequence[str], value: Any, read: Mapping[str, Any]) -> dict[str, Any]:
    """The value alone at its place; an item of a list by its name, if it has one."""
    names: list[str] = []
    here: Any = read
    for key in keys:
        inside = here if isinstance(here, list) else None
        here = value_at(here, (key,))
        name = here.get("name") if isinstance(here, Mapping) else None
        names.append(key if inside is None else f"[{name if isinstance(name, str) else key}]")
    if value is MISSING or value is None:
        names, value = names[:-1], {}
    nested: Any = value
    for name in reversed(names):
        nested = {name: nested}
    return nested if isinstance(nested, dict) else {}


def _by(read: Mapping[str, Any], places: Sequence[Sequence[str]], at: float, now: float) -> str:
    """Who wrote it since: the owner of the fields, else whoever wrote the object last."""
    entries = [entry for entry in _entries(read) if (entry[1] or 0.0) >= at - _ROUNDED]
    owners = [entry for entry in entries if any(_owns(entry[3], keys, read) for keys in places)]
    times = {(manager, operation, sub): time for manager, _, sub, _, time, operation in owners or entries}
    who = last_writer(times)
    if who is None:
        return ""
    when = f" (last write {age(max(now - who.at, 0.0))} ago)" if who.at is not None else ""
    return f", by {_named(who)}{when}"


def _named(who: Writer) -> str:
    return _COCKPIT if who.manager == FIELD_MANAGER else writer(who.manager, who.at).words


def _entries(read: Mapping[str, Any]) -> Iterator[tuple[str, float | None, str, Any, str, str]]:
    """Manager, time, subresource, fields, and the time and operation as they are noted; not of the status."""
    metadata = read.get("metadata")
    noted = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    for each in noted if isinstance(noted, list) else ():
        if not isinstance(each, Mapping) or each.get("subresource") == "status":
            continue
        texts = [each.get(key) or "" for key in ("manager", "time", "operation", "subresource")]
        if all(isinstance(text, str) for text in texts):
            manager, time, operation, subresource = texts
            yield manager, seconds_since_epoch(time), subresource, each.get("fieldsV1"), time, operation


def _owns(fields: Any, keys: Sequence[str], read: Any) -> bool:
    """Whether an entry of managedFields holds a field, or something in it or around it that is set as a whole."""
    for key in keys:
        if not isinstance(fields, Mapping) or not fields:
            return False
        item, inside = value_at(read, (key,)), isinstance(read, list)
        name = item.get("name") if isinstance(item, Mapping) else None
        fields = _of_item(fields, name) if inside else fields.get(f"f:{key}", MISSING)
        if fields is MISSING:
            return False
        if fields == {}:
            return True
        read = item
    return True


def _of_item(fields: Mapping[str, Any], name: Any) -> Any:
    """What is held of an item of a list, which is known by a key that has its name in it."""
    for key, held in fields.items():
        if key.startswith("k:"):
            try:
                found = json.loads(key[2:])
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict) and found.get("name") == name:
                return held
    return MISSING
