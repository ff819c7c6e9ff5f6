"""What kube-apiserver 1.34 refuses in an Event (pkg/apis/core/validation/events.go); older forms, without a time, pass.

Events of events.k8s.io/v1 are stored as core ones, so both forms meet the same rules; what only that group forbids,
such as another message in an update, is not imitated.
"""

from __future__ import annotations

from cockpit.demo.errors import Cause
from cockpit.demo.rules.names import broken_key
from cockpit.demo.schemas.objects import Object

MESSAGE_BYTES, WORD_LENGTH = 1024, 128
_NO_NAMESPACE = ("default", "kube-system")


def check_event(event: Object) -> list[Cause]:
    """The broken fields of a core Event."""
    about, place = event.get("involvedObject") or {}, event["metadata"].get("namespace", "")
    if not event.get("eventTime"):
        return _namespace(about.get("namespace", ""), place)
    causes = []
    if not about.get("namespace") and place not in _NO_NAMESPACE:
        causes += _namespace("", place)
    reporter = event.get("reportingComponent") or ""
    if not reporter:
        causes.append(Cause("reportingController", "Required value", "FieldValueRequired"))
    elif why := broken_key(reporter):
        causes.append(Cause("reportingController", f'Invalid value: "{reporter}": {why}'))
    for field in ("reportingInstance", "action", "reason"):
        value = event.get(field) or ""
        if not value:
            causes.append(Cause(field, "Required value", "FieldValueRequired"))
        elif len(value) > WORD_LENGTH:
            causes.append(Cause(field, f'Invalid value: "": can have at most {WORD_LENGTH} characters'))
    if len((event.get("message") or "").encode()) > MESSAGE_BYTES:
        causes.append(Cause("message", f'Invalid value: "": can have at most {MESSAGE_BYTES} characters'))
    return causes


def _namespace(about: str, place: str) -> list[Cause]:
    """An Event without a time is in its object's namespace, or in one for objects without a namespace."""
    if place == about or (not about and place in ("", "default")):
        return []
    return [Cause("involvedObject.namespace", f'Invalid value: "{about}": does not match event.namespace')]
