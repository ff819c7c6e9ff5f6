"""Server-side apply: merge what a manager declares, remove what it no longer does, refuse what others own."""

from __future__ import annotations

from typing import Any

import yaml

from cockpit.demo.errors import BadRequest, Conflict
from cockpit.demo.patches import fields, managed
from cockpit.demo.schemas import schema
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object, copied


def parse(body: bytes, kind: Kind, name: str) -> Object:
    """The declared object of an apply patch."""
    try:
        value = yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise BadRequest(f"error decoding YAML: {error}") from None
    if not isinstance(value, dict):
        raise BadRequest("error decoding YAML: the patch is no object")
    if not value.get("apiVersion") or not value.get("kind"):
        raise BadRequest("invalid object type: /, Kind=")
    meta = value.setdefault("metadata", {})
    if meta.get("managedFields"):
        raise BadRequest("metadata.managedFields must be nil")
    if meta.setdefault("name", name) != name:
        raise BadRequest(f"the name of the object ({meta['name']}) does not match the name on the URL ({name})")
    return value


def applied(
    kind: Kind,
    shape: schema.Node | None,
    current: Object | None,
    declared: Object,
    *,
    manager: str,
    force: bool,
    at: str,
) -> Object:
    """`current` (None when there is none) as `manager` declares it, with its `managedFields`.

    Conflict names every field that another manager owns with another value, unless `force`.
    """
    wanted = fields.of(managed.content(declared), shape)
    if current is None:
        result: Object = copied(declared)
        managed.store(result, [managed.entry(kind, manager, "Apply", at, wanted)])
        return result
    entries = copied(current["metadata"].get("managedFields") or [])
    _take_over(entries, current, declared, wanted, manager, force)
    result = _merged(copied(current), declared, shape)
    for item in entries:
        if (item["manager"], item["operation"]) == (manager, "Apply") and not item.get("subresource"):
            for path in _given_up(item, wanted, entries):
                fields.remove(result, path)
    entries = [item for item in entries if (item["manager"], item["operation"]) != (manager, "Apply")]
    before = current["metadata"].get("managedFields") or []
    same = next((i for i in before if (i["manager"], i["operation"]) == (manager, "Apply")), None)
    time = same["time"] if same and same["fieldsV1"] == wanted else at
    managed.store(result, [*entries, managed.entry(kind, manager, "Apply", time, wanted)])
    return result


def _take_over(
    entries: list[dict[str, Any]],
    current: Object,
    declared: Object,
    wanted: fields.FieldSet,
    manager: str,
    force: bool,
) -> None:
    conflicts: list[tuple[dict[str, Any], fields.Path]] = []
    for item in entries:
        if (item["manager"], item["operation"]) == (manager, "Apply"):
            continue
        taken: fields.FieldSet = {}
        for path in fields.leaves(fields.intersection(wanted, item["fieldsV1"])):
            if path[-1] != fields.SELF and not _agree(fields.value_at(current, path), fields.value_at(declared, path)):
                conflicts.append((item, path))
                fields.put(taken, path)
        item["fieldsV1"] = fields.difference(item["fieldsV1"], taken)
    if conflicts and not force:
        raise _conflict(conflicts)


def _agree(stored: Any, declared: Any) -> bool:
    """A declared map agrees with a stored one that only has defaults besides."""
    if isinstance(stored, dict) and isinstance(declared, dict):
        return all(key in stored and _agree(stored[key], value) for key, value in declared.items())
    return bool(stored == declared)


def _given_up(item: dict[str, Any], wanted: fields.FieldSet, entries: list[dict[str, Any]]) -> list[fields.Path]:
    """What this manager applied before and no manager declares any more; deepest first."""
    left = fields.difference(item["fieldsV1"], wanted)
    for other in entries:
        if other is not item:
            left = fields.difference(left, other["fieldsV1"])
    gone = [path[:-1] if path[-1] == fields.SELF else path for path in fields.leaves(left)]
    return sorted((path for path in gone if path), key=len, reverse=True)


def _merged(target: dict[str, Any], declared: dict[str, Any], shape: schema.Node | None) -> dict[str, Any]:
    for key, value in declared.items():
        node = schema.child(shape, key)
        present = target.get(key)
        if isinstance(value, dict) and isinstance(present, dict) and not schema.is_atomic(node):
            target[key] = _merged(present, value, node)
        elif isinstance(value, list) and isinstance(present, list) and schema.list_keys(node):
            target[key] = _merged_items(present, value, node)
        elif isinstance(value, list) and isinstance(present, list) and schema.is_set(node):
            target[key] = present + [item for item in value if item not in present]
        else:
            target[key] = copied(value)
    return target


def _merged_items(present: list[Any], declared: list[Any], node: schema.Node | None) -> list[Any]:
    names = {fields.item_name(item, node): index for index, item in enumerate(present)}
    result = list(present)
    for item in declared:
        index = names.get(fields.item_name(item, node))
        if index is None:
            result.append(copied(item))
        else:
            result[index] = _merged(result[index], item, schema.items(node))
    return result


def _conflict(conflicts: list[tuple[dict[str, Any], fields.Path]]) -> Conflict:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f'conflict with "{item["manager"]}"'
            + (f' with subresource "{item["subresource"]}"' if item.get("subresource") else "")
            + (f" using {item['apiVersion']}" if item["operation"] == "Update" else ""),
            "field": readable(path),
        }
        for item, path in conflicts
    ]
    noun = "conflict" if len(causes) == 1 else "conflicts"
    if len(causes) == 1:
        text = f"{causes[0]['message']}: {causes[0]['field']}"
    else:
        lines = []
        for message in sorted({cause["message"] for cause in causes}):
            lines.append(message.replace("conflict", "conflicts", 1) + ":")
            lines += [f"- {cause['field']}" for cause in causes if cause["message"] == message]
        text = "\n".join(lines)
    return Conflict(f"Apply failed with {len(causes)} {noun}: {text}", details={"causes": causes})


def readable(path: fields.Path) -> str:
    """A path as messages show it: `.spec.template.spec.containers[name="web"].image`."""
    text = ""
    for step in path:
        if step.startswith("f:"):
            text += "." + step[2:]
        elif step.startswith("k:"):
            pairs = step[3:-1].replace('":', "=").replace('"', "", 1).replace(',"', ",")
            text += f"[{pairs}]"
        else:
            text += f"[={step[2:]}]"
    return text
