"""Create, update, patch and delete."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.demo.api.calls import Call, Reply
from cockpit.demo.api.reading import Reader, Selection, scale_of
from cockpit.demo.api.versions import CONVERSIONS, shown, stored, to_shown, to_stored
from cockpit.demo.errors import ApiError, BadRequest, Cause, Forbidden, Invalid, NotFound, invalid
from cockpit.demo.patches import apply, patching
from cockpit.demo.schemas import schema
from cockpit.demo.schemas.decoding import check_kind, conform, conform_metadata, parse_object
from cockpit.demo.schemas.kinds import ENDPOINTS, EVENTS, LEASES, PODS, SERVICEACCOUNTS, SERVICES, Kind
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.schemas.structural import fill_in, prune
from cockpit.demo.store.history import Record
from cockpit.demo.store.storage import Storage, key_of

RETURNED_WHEN_DELETED = (PODS, SERVICES, SERVICEACCOUNTS)
CREATED_BY_UPDATE = (SERVICES, ENDPOINTS, LEASES, EVENTS)
SCALE = ("autoscaling/v1", "Scale")


class NotDeclaredError(ApiError):
    """500: kube-apiserver answers an apply patch with an unknown field so."""

    code, reason = 500, ""


class Writer:
    """Changes the storage as requests ask."""

    def __init__(self, storage: Storage, reader: Reader) -> None:
        self._storage = storage
        self._reader = reader

    def create(self, call: Call) -> Reply:
        """POST to a collection."""
        kind = call.route.kind
        dry_run = call.dry_run("CreateOptions")
        obj = parse_object(call.body, call.headers.get("Content-Type", ""), kind)
        check_kind(obj, kind.api_version, kind.kind)
        warnings = self._conform(call, kind.kind, kind.api_version, obj)
        self._place(call, obj)
        self._check_accepting(kind, obj)
        made = self._storage.create(
            stored(kind), self._inward(kind, obj), dry_run=dry_run, manager=call.manager, asked=kind
        )
        return self._answer(call, made, 201, warnings)

    def update(self, call: Call) -> Reply:
        """PUT on an object or a subresource."""
        route, kind = call.route, call.route.kind
        dry_run = call.dry_run("UpdateOptions")
        scale = route.subresource == "scale"
        api_version, kind_name = SCALE if scale else (kind.api_version, kind.kind)
        obj = parse_object(call.body, call.headers.get("Content-Type", ""), kind)
        check_kind(obj, api_version, kind_name)
        warnings = self._conform(call, kind_name, api_version, obj)
        self._place(call, obj)
        obj["metadata"].setdefault("name", route.name)
        if obj["metadata"]["name"] != route.name:
            raise BadRequest(
                f"the name of the object ({obj['metadata']['name']}) does not match the name on the URL ({route.name})"
            )
        if kind.custom and not obj["metadata"].get("resourceVersion"):
            raise Invalid(
                f'{kind.resource} "{route.name}" is invalid: metadata.resourceVersion: Invalid value: 0: '
                "must be specified for an update",
                causes=[Cause("metadata.resourceVersion", "Invalid value: 0: must be specified for an update")],
            )
        there = self._storage.peek(stored(kind), route.namespace, route.name) is not None
        if kind in CREATED_BY_UPDATE and not route.subresource and not there:
            made = self._storage.create(
                stored(kind), self._inward(kind, obj), dry_run=dry_run, manager=call.manager, asked=kind
            )
            return self._answer(call, made, 201, warnings)
        changed = self._replace(call, obj, dry_run, call.manager)
        return self._answer(call, changed, 200, warnings)

    def patch(self, call: Call) -> Reply:
        """PATCH on an object or a subresource, in any of the four types."""
        route, kind = call.route, call.route.kind
        dry_run = call.dry_run("PatchOptions")
        media = call.headers.get("Content-Type", "").split(";")[0].strip()
        patching.check_media(kind, media)
        if media == patching.APPLY_PATCH:
            return self._apply(call, dry_run)
        current = shown(kind, self._storage.record(stored(kind), route.namespace, route.name)).obj
        api_version, kind_name = kind.api_version, kind.kind
        if route.subresource == "scale":
            api_version, kind_name = SCALE
            current = scale_of(current)
        shape = schema.root(*SCALE) if route.subresource == "scale" else self._storage.registry.shape(kind)
        new = patching.patched(kind, media, current, call.body, shape)
        self._check_same_object(kind, current, new)
        try:
            check_kind(new, api_version, kind_name)
            warnings = self._conform(call, kind_name, api_version, new, start="")
        except BadRequest as error:
            raise _unfit(new, error) from None
        changed = self._replace(call, new, dry_run, call.manager)
        return self._answer(call, changed, 200, warnings)

    def _apply(self, call: Call, dry_run: bool) -> Reply:
        route, kind = call.route, call.route.kind
        manager = call.query.get("fieldManager", "")
        if not manager:
            text = "Required value: is required for apply patch"
            raise Invalid(
                f'PatchOptions.meta.k8s.io "" is invalid: fieldManager: {text}',
                details={"group": "meta.k8s.io", "kind": "PatchOptions"},
                causes=[Cause("fieldManager", text, "FieldValueRequired")],
            )
        declared = apply.parse(call.body, kind, route.name)
        check_kind(declared, kind.api_version, kind.kind)
        self._check_declared(kind, declared)
        self._place(call, declared)
        if route.subresource:
            declared = {
                key: declared[key] for key in ("apiVersion", "kind", "metadata", route.subresource) if key in declared
            }
        there = self._storage.peek(stored(kind), route.namespace, route.name)
        if there is None and route.subresource:
            self._storage.record(stored(kind), route.namespace, route.name)
        current = to_shown(kind, there) if there is not None and kind.stored_as else there
        wanted_rv = declared["metadata"].pop("resourceVersion", None)
        at = self._storage.clock.timestamp()
        shape = self._storage.registry.shape(kind)
        new = apply.applied(kind, shape, current, declared, manager=manager, force=call.flag("force"), at=at)
        if current is None:
            self._check_accepting(kind, new)
            made = self._storage.create(stored(kind), self._inward(kind, new), dry_run=dry_run, asked=kind)
            return self._answer(call, made, 201, [])
        if wanted_rv:
            new["metadata"]["resourceVersion"] = wanted_rv
        changed = self._replace(call, new, dry_run, "")
        return self._answer(call, changed, 200, [])

    def delete(self, call: Call) -> Reply:
        """DELETE on an object."""
        route, kind = call.route, call.route.kind
        options = delete_options(call)
        last = self._storage.delete(stored(kind), route.namespace, route.name, **options)
        there = self._storage.peek(stored(kind), route.namespace, route.name)
        gone = there is None or options["dry_run"]
        if gone and kind not in RETURNED_WHEN_DELETED and not last["metadata"].get("finalizers"):
            details = {"name": route.name, "group": kind.group, "kind": kind.plural, "uid": last["metadata"]["uid"]}
            body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
            return Reply(msgspec.json.encode({**body, "details": {k: v for k, v in details.items() if v}}))
        return self._answer(call, last, 200, [])

    def delete_collection(self, call: Call) -> Reply:
        """DELETE on a collection: everything selected, one by one."""
        kind = call.route.kind
        options = delete_options(call)
        selection = Selection.of(call)
        deleted = []
        for record in list(self._storage.records(stored(kind), selection.namespace)):
            if not selection.holds(shown(kind, record)):
                continue
            try:
                last = self._storage.delete(stored(kind), record.key[0], record.key[1], **options)
            except NotFound:
                continue
            deleted.append({key: value for key, value in last.items() if key not in ("kind", "apiVersion")})
        body = {
            "kind": kind.list_kind,
            "apiVersion": kind.api_version,
            "metadata": {"resourceVersion": str(self._storage.revision)},
            "items": deleted,
        }
        return Reply(msgspec.json.encode(body))

    def _replace(self, call: Call, obj: Object, dry_run: bool, manager: str) -> Object:
        """Store a changed object. What the request's version cannot show is lost, in a subresource's write as well."""
        kind, route = call.route.kind, call.route
        base = None
        if kind in CONVERSIONS and kind.custom:
            known = self._storage.get(stored(kind), route.namespace, route.name)
            base = to_stored(kind, to_shown(kind, known))
        return self._storage.update(
            stored(kind),
            self._inward(kind, obj),
            subresource=route.subresource,
            dry_run=dry_run,
            manager=manager,
            asked=kind,
            base=base,
        )

    def _place(self, call: Call, obj: Object) -> None:
        """Give an object the request's namespace; refuse one that names another."""
        meta = obj.setdefault("metadata", {})
        if not isinstance(meta, dict):
            raise BadRequest("metadata: expected an object")
        kind, namespace = call.route.kind, call.route.namespace
        if not kind.namespaced:
            meta.pop("namespace", None)
            return
        if meta.setdefault("namespace", namespace) in ("", None):
            meta["namespace"] = namespace
        if meta["namespace"] != namespace:
            raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")

    def _conform(
        self, call: Call, kind_name: str, api_version: str, obj: Object, start: str | None = None
    ) -> list[str]:
        """Give an object its kind's shape; the answer is the warnings, unless `fieldValidation=Strict` refuses it.

        `start` is what the refusal says first.
        """
        unknown = [f'unknown field "{field}"' for field in self._dropped(kind_name, api_version, obj)]
        mode = call.query.get("fieldValidation", "Warn")
        if unknown and mode == "Strict":
            version = api_version.rpartition("/")[2]
            if start is None:
                start = f'{kind_name} in version "{version}" cannot be handled as a {kind_name}: '
            raise BadRequest(f"{start}strict decoding error: {', '.join(unknown)}")
        return unknown if mode == "Warn" else []

    def _dropped(self, kind_name: str, api_version: str, obj: Object) -> list[str]:
        """Drop what the kind does not know; the answer names it."""
        registry = self._storage.registry
        kind = registry.by_kind(api_version, kind_name)
        known = registry.schema(kind) if kind is not None else None
        if kind is None or known is None:
            return sorted(conform(kind_name, api_version, obj))
        dropped = [*conform_metadata(kind, obj), *prune(known, obj)]
        if kind.stored_as is not None:
            fill_in(known, obj)
        return sorted(dropped)

    def _check_declared(self, kind: Kind, declared: Object) -> None:
        """Refuse an apply patch that names a field which the kind does not know, whatever `fieldValidation` says."""
        unknown = self._dropped(kind.kind, kind.api_version, declared)
        if unknown:
            what = f"{kind.api_version}, Kind={kind.kind}"
            raise NotDeclaredError(
                f"failed to create typed patch object (/; {what}): .{unknown[0]}: field not declared in schema"
            )

    def _check_accepting(self, kind: Kind, obj: Object) -> None:
        """Refuse a new object of a kind whose definition is being deleted."""
        if kind.custom and self._storage.registry.is_terminating(kind):
            name = obj["metadata"].get("name", "")
            raise Forbidden(
                f'{kind.resource} "{name}" is forbidden: create not allowed while custom resource definition is '
                "terminating",
                details={"name": name, "group": kind.group, "kind": kind.plural},
            )

    @staticmethod
    def _check_same_object(kind: Kind, current: Object, new: Object) -> None:
        stored, meta = current["metadata"], new["metadata"]
        if meta.get("name") != stored["name"]:
            raise BadRequest(
                f"the name of the object ({meta.get('name')}) does not match the name on the URL ({stored['name']})"
            )
        if meta.get("namespace") != stored.get("namespace"):
            raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
        if meta.get("uid") not in (None, "", stored.get("uid")):
            text = f'Invalid value: "{meta["uid"]}": field is immutable'
            raise invalid(kind.kind, kind.group, stored["name"], [Cause("metadata.uid", text)])

    def _inward(self, kind: Kind, obj: Object) -> Object:
        """An object as it is stored, without what the stored version does not know."""
        converted = to_stored(kind, obj)
        if kind.stored_as is not None and (known := self._storage.registry.schema(kind.stored_as)) is not None:
            prune(known, converted)
        return converted

    def _answer(self, call: Call, obj: Object, status: int, warnings: list[str]) -> Reply:
        kind = call.route.kind
        if call.route.subresource == "scale":
            reply = Reply(msgspec.json.encode(scale_of(obj)), status)
        else:
            record = Record(copied(obj), key_of(kind, obj), 0)
            reply = self._reader.reply(call, shown(kind, record), status)
        if warnings:
            reply.headers["Warning"] = warning_header(warnings)
        return reply


def warning_header(texts: Sequence[str]) -> str:
    """The value of a Warning header (RFC 7234 5.5), as kube-apiserver writes it."""
    return ", ".join(f'299 - "{_quoted(text)}"' for text in texts)


def _quoted(text: str) -> str:
    return text.replace('"', '\\"')


def _unfit(patched: Object, error: BadRequest) -> Invalid:
    """The 422 of a patch whose result has no longer its kind's shape."""
    text = f"Invalid value: {json.dumps(json.dumps(patched))}: {error.message}"
    return Invalid(f' "" is invalid: patch: {text}', details={}, causes=[Cause("patch", text)])


def delete_options(call: Call) -> dict[str, Any]:
    """The options of a delete, from the query and a `DeleteOptions` body, as arguments of `Storage.delete`."""
    options: dict[str, Any] = {}
    if call.body.strip():
        try:
            options = json.loads(call.body)
        except ValueError:
            raise BadRequest("couldn't get version/kind; json parse error: the body is not JSON") from None
        if not isinstance(options, dict):
            raise BadRequest("the body of a delete is a DeleteOptions object")
    preconditions = options.get("preconditions") or {}
    propagation = call.query.get("propagationPolicy") or options.get("propagationPolicy")
    orphan = options.get(
        "orphanDependents", call.flag("orphanDependents") if "orphanDependents" in call.query else None
    )
    if propagation is None:
        propagation = "Orphan" if orphan else "Background"
    if propagation not in ("Background", "Foreground", "Orphan"):
        text = f'Unsupported value: "{propagation}": supported values: "Foreground", "Background", "Orphan", "nil"'
        raise Invalid(
            f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: {text}',
            details={"group": "meta.k8s.io", "kind": "DeleteOptions"},
            causes=[Cause("propagationPolicy", text, "FieldValueNotSupported")],
        )
    grace = call.number("gracePeriodSeconds")
    if grace is None:
        grace = options.get("gracePeriodSeconds")
    return {
        "propagation": propagation,
        "uid": preconditions.get("uid"),
        "resource_version": preconditions.get("resourceVersion"),
        "grace": grace,
        # Options in a body make the API server look away from the query: `?dryRun=All` beside them deletes.
        "dry_run": options.get("dryRun") == ["All"] if call.body else call.dry_run("DeleteOptions"),
    }
