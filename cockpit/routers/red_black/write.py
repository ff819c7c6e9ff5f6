"""Puts labels on a version and removes them: the template first, then each pod; every write is guarded.

A pod that is created in between copies the current template, so the template has to come first. Changing the template
of a ReplicaSet replaces no pod.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cockpit.model.plan import Request
from cockpit.model.refs import PODS, Ref
from cockpit.planning.edits import json_patch, op, pointer, ref_to
from cockpit.routers.red_black.split import Member, carries

_TEMPLATE = ("spec", "template", "metadata", "labels")
_POD = ("metadata", "labels")


def enabling(member: Member) -> tuple[Request, ...]:
    """The requests that put the labels on everything of a version that lacks them."""
    return _requests(member, on=True)


def disabling(member: Member) -> tuple[Request, ...]:
    """The requests that remove the labels from everything of a version that carries all of them."""
    return _requests(member, on=False)


def undoing(requests: tuple[Request, ...]) -> tuple[Request, ...]:
    """The requests that restore the labels, each only if they are still as written here."""
    return tuple(_inverse(request) for request in requests)


def _requests(member: Member, *, on: bool) -> tuple[Request, ...]:
    found = []
    template = dict(member.replica_set.template_labels)
    after = _changed(template, member.keys, on)
    if after != template:
        found.append(_patch(ref_to(member.replica_set), member.replica_set.metadata.uid, _TEMPLATE, template, after))
    for pod in member.candidate.pods:
        labels = dict(pod.metadata.labels or {})
        after = _changed(labels, member.keys, on)
        # A pod without any label has no owner any more.
        if after != labels and labels:
            place = Ref(PODS, pod.metadata.namespace, pod.metadata.name)
            patch = _patch(place, pod.metadata.uid, _POD, labels, after)
            found.append(replace(patch, fleeting=True))
    return tuple(found)


def _changed(labels: Mapping[str, str], keys: Mapping[str, str], on: bool) -> dict[str, str]:
    if on:
        return {**labels, **keys}
    # A key with another value selects nothing here: somebody set it on purpose.
    return dict(labels) if not carries(labels, keys) else {k: v for k, v in labels.items() if k not in keys}


def _patch(ref: Ref, uid: str, place: tuple[str, ...], before: Mapping[str, str], after: Mapping[str, str]) -> Request:
    """Tests the labels as they were read, so that it cannot be applied twice or overwrite somebody's change."""
    changes = [op("remove", pointer(*place, key)) for key in before if key not in after]
    changes += [op("add", pointer(*place, key), value) for key, value in after.items() if before.get(key) != value]
    tests = [op("test", pointer("metadata", "uid"), uid), op("test", pointer(*place), dict(before))]
    return json_patch(ref, [*tests, *changes], "the labels as shown")


def _inverse(request: Request) -> Request:
    uid, labels, *changes = request.body
    before = dict(labels["value"])
    after = dict(before)
    for change in changes:
        key = change["path"].rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        if change["op"] == "remove":
            after.pop(key)
        else:
            after[key] = change["value"]
    back = [op("remove", f"{labels['path']}{pointer(key)}") for key in after if key not in before]
    back += [op("add", f"{labels['path']}{pointer(k)}", v) for k, v in before.items() if after.get(k) != v]
    body = [uid, {**labels, "value": after}, *back]
    return replace(request, body=body, guard="the labels that this act wrote")
