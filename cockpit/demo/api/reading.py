"""Get and list."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import yaml

from cockpit.demo.api import media
from cockpit.demo.api.calls import Call, Reply
from cockpit.demo.api.selectors import FieldSelector, LabelSelector, field_selector, label_selector
from cockpit.demo.api.tables import forms
from cockpit.demo.api.tables.cells import NONE, selector
from cockpit.demo.api.versions import shown, stored
from cockpit.demo.clock import DemoClock
from cockpit.demo.errors import BadRequest, Cause, Expired, GatewayTimeout, ListOptionsInvalid
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.store.history import Record
from cockpit.demo.store.storage import Storage

CONTINUE_GONE = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or deleted between the time the first chunk was returned and now may show up in the list."
)
INCONSISTENT = -1


@dataclass(frozen=True)
class Selection:
    """Which objects of a kind a list or watch is about."""

    kind: Kind
    namespace: str
    labels: LabelSelector | None
    fields: FieldSelector | None

    @classmethod
    def of(cls, call: Call) -> Selection:
        """What the request selects; BadRequest for invalid selectors."""
        route = call.route
        return cls(
            route.kind,
            route.namespace if route.kind.namespaced else "",
            label_selector(call.query.get("labelSelector", "")),
            field_selector(call.query.get("fieldSelector", ""), route.kind),
        )

    def holds(self, record: Record) -> bool:
        """Whether an object (in the kind's own form) is selected."""
        if self.namespace and record.key[0] != self.namespace:
            return False
        if self.labels is not None and not self.labels(record.obj["metadata"].get("labels") or {}):
            return False
        return self.fields is None or self.fields(record.obj)


def _check_options(asked: int | None, match: str) -> None:
    text, reason = "", "FieldValueForbidden"
    if match not in ("", "Exact", "NotOlderThan"):
        text = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
        reason = "FieldValueNotSupported"
    elif match and asked is None:
        text = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
    elif match == "Exact" and asked == 0:
        text = 'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
    if text:
        raise ListOptionsInvalid([Cause("resourceVersionMatch", text, reason)])


def too_large(asked: int, current: int) -> GatewayTimeout:
    """The 504 for a version that lies in the future."""
    return GatewayTimeout(
        f"Timeout: Too large resource version: {asked}, current: {current}",
        details={"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]},
        retry_after=1,
    )


def version_of(text: str) -> int | None:
    """A `resourceVersion=` parameter; None when unset."""
    if not text:
        return None
    if not text.isdigit():
        raise BadRequest(
            f'invalid resource version: resourceVersion: Invalid value: "{text}": '
            f'strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)


def _in_form(chosen: media.Media, reply: Reply) -> Reply:
    if chosen.type == "application/yaml":
        return replace(reply, body=yaml.safe_dump(json.loads(reply.body)).encode(), content_type=chosen.type)
    return reply


@dataclass(frozen=True)
class _Page:
    records: list[Record]
    metadata: dict[str, Any]


class Reader:
    """Answers get and list from the storage."""

    def __init__(self, storage: Storage, clock: DemoClock) -> None:
        self._storage = storage
        self._clock = clock

    def get(self, call: Call) -> Reply:
        """One object."""
        route = call.route
        record = self._storage.record(stored(route.kind), route.namespace, route.name)
        record = shown(route.kind, record)
        if route.subresource == "scale":
            return Reply(msgspec.json.encode(scale_of(record.obj)))
        return self.reply(call, record)

    def reply(self, call: Call, record: Record, status: int = 200) -> Reply:
        """One object in the representation the client wants."""
        chosen = media.choose(call.accept, ("Table", "PartialObjectMetadata"))
        if chosen.as_ == "Table":
            metadata = {"resourceVersion": record.obj["metadata"].get("resourceVersion", "")}
            body = forms.table(
                call.route.kind,
                [record],
                metadata,
                self._clock.now(),
                include=call.query.get("includeObject", "Metadata"),
                printer_columns=self._storage.registry.printer_columns(call.route.kind),
            )
        elif chosen.as_:
            body = forms.partial(record)
        else:
            body = record.encoded
        return _in_form(chosen, Reply(body, status))

    def listing(self, call: Call) -> Reply:
        """A list, or a page of one, in the representation the client wants."""
        kind = call.route.kind
        chosen = media.choose(call.accept, ("Table", "PartialObjectMetadataList"))
        page = self._page(call, Selection.of(call))
        if chosen.as_ == "Table":
            include = call.query.get("includeObject", "Metadata")
            columns = self._storage.registry.printer_columns(kind)
            body = forms.table(
                kind, page.records, page.metadata, self._clock.now(), include=include, printer_columns=columns
            )
            return Reply(body)
        if chosen.as_:
            head = ("meta.k8s.io/v1", "PartialObjectMetadataList")
            items = [forms.partial(record) for record in page.records]
        else:
            head = (kind.api_version, kind.list_kind)
            items = [record.encoded if kind.custom else record.bare for record in page.records]
        body = b'{"kind":"%s","apiVersion":"%s","metadata":%s,"items":[%s]}\n' % (
            head[1].encode(),
            head[0].encode(),
            msgspec.json.encode(page.metadata),
            b",".join(items),
        )
        return _in_form(chosen, Reply(body))

    def _page(self, call: Call, selection: Selection) -> _Page:
        limit = call.number("limit") or 0
        call.number("timeoutSeconds")
        token = call.query.get("continue", "")
        match = call.query.get("resourceVersionMatch", "")
        asked = version_of(call.query.get("resourceVersion", ""))
        if token:
            if asked:
                raise BadRequest("specifying resource version is not allowed when using continue")
            rv, start = decode_token(token)
            try:
                records = self._at(selection.kind, rv, selection.namespace)
            except Expired:
                fresh = encode_token(INCONSISTENT, start)
                raise Gone(CONTINUE_GONE, fresh) from None
            rv = self._storage.revision if rv == INCONSISTENT else rv
            records = [record for record in records if record.key >= start]
        else:
            rv, records = self._first(selection, asked, match, limit)
            if asked == 0 and not match:
                limit = 0
        chosen = [record for record in records if selection.holds(record)]
        return self._cut(chosen, rv, limit)

    def _first(self, selection: Selection, asked: int | None, match: str, limit: int) -> tuple[int, list[Record]]:
        current = self._storage.revision
        _check_options(asked, match)
        if asked is not None and asked > current:
            raise too_large(asked, current)
        exact = match == "Exact" or (not match and bool(asked) and limit > 0)
        if not exact or asked is None:
            return current, self._at(selection.kind, current, selection.namespace)
        try:
            return asked, self._at(selection.kind, asked, selection.namespace)
        except Expired:
            raise Expired("The resourceVersion for the provided list is too old.") from None

    def _at(self, kind: Kind, rv: int, namespace: str) -> list[Record]:
        source = stored(kind)
        if rv == INCONSISTENT:
            records = self._storage.records(source, namespace)
        else:
            records = self._storage.snapshot(source, rv, namespace)
        return records if source is kind else [shown(kind, record) for record in records]

    @staticmethod
    def _cut(records: list[Record], rv: int, limit: int) -> _Page:
        metadata: dict[str, Any] = {"resourceVersion": str(rv)}
        if 0 < limit < len(records):
            metadata["continue"] = encode_token(rv, records[limit].key)
            metadata["remainingItemCount"] = len(records) - limit
            records = records[:limit]
        return _Page(records, metadata)


class Gone(Expired):
    """The 410 of an outdated continue token; it brings one with which a client may go on regardless."""

    def __init__(self, message: str, token: str) -> None:
        super().__init__(message)
        self._token = token

    def status(self) -> dict[str, Any]:
        """The `Status` body with the new token."""
        body = super().status()
        body["metadata"] = {"continue": self._token}
        return body


def encode_token(rv: int, start: tuple[str, str]) -> str:
    """A continue token for the page that begins at the key `start`."""
    value = {"v": "meta.k8s.io/v1", "rv": rv, "start": "/".join(start)}
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode_token(text: str) -> tuple[int, tuple[str, str]]:
    """Version and first key of a continue token; BadRequest for a made-up one."""
    try:
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        namespace, _, name = value["start"].partition("/")
        return int(value["rv"]), (namespace, name)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadRequest("invalid continue token: continue key is not valid: it was not made by this server") from None


def scale_of(obj: dict[str, Any]) -> dict[str, Any]:
    """The `Scale` of a workload."""
    meta, replicas = obj["metadata"], (obj.get("spec") or {}).get("replicas", 0)
    keys = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    known = obj.get("status") or {}
    # An Argo Rollout reports another number to autoscalers than it has pods.
    status: dict[str, Any] = {"replicas": known.get("HPAReplicas", known.get("replicas", 0))}
    text = selector((obj.get("spec") or {}).get("selector"))
    if text != NONE:
        status["selector"] = text
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in keys if key in meta},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }
