"""The policies as documents; that an API server obeys them is tried in tests/real/test_second_person.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from cockpit.manifests.admission import pairing_policies
from cockpit.model.refs import RolloutKey
from cockpit.pairing.proposal_marks import (
    CONFIRMED_BY,
    CONTENT,
    LOCK,
    LOCK_MAPS,
    NAME_PREFIX,
    POLICY,
    lock_ref,
    proposal_ref,
)
from cockpit.routers.ingress.dialects import ALB, APIG, HIGRESS, NGINX

PAGE = Path(__file__).parents[2] / "cockpit" / "docs" / "second-person.md"
KEY = RolloutKey("prod", "payments", "pay", "service")


def named(name: str, kind: str = "ValidatingAdmissionPolicy") -> dict[str, Any]:
    return next(each for each in pairing_policies() if (each["kind"], each["metadata"]["name"]) == (kind, name))


def test_every_policy_is_bound_but_the_lock() -> None:
    kinds = [
        (each["kind"].removeprefix("ValidatingAdmission"), each["metadata"]["name"]) for each in pairing_policies()
    ]
    assert kinds == [
        ("Policy", POLICY),
        ("PolicyBinding", POLICY),
        ("Policy", LOCK_MAPS),
        ("PolicyBinding", LOCK_MAPS),
        ("Policy", LOCK),
    ]
    for name in (POLICY, LOCK_MAPS):
        assert named(name, "ValidatingAdmissionPolicyBinding")["spec"]["policyName"] == name


def test_they_refuse_what_cannot_be_evaluated() -> None:
    for name in (POLICY, LOCK_MAPS, LOCK):
        assert named(name)["spec"]["failurePolicy"] == "Fail"


def test_they_are_about_what_cockpits_read() -> None:
    proposals, lock = json.dumps(named(POLICY)), json.dumps(named(LOCK))
    assert proposal_ref(KEY).name.startswith(NAME_PREFIX)
    assert f"startsWith('{NAME_PREFIX}')" in proposals
    for annotation in (*CONTENT, CONFIRMED_BY):
        assert f"'{annotation}'" in proposals
    for dialect in (NGINX, APIG, HIGRESS, ALB):
        for prefix in dialect.prefixes:
            assert f"'{prefix}canary-weight'" in lock


def test_documents_are_made_anew_and_are_plain_yaml() -> None:
    first = pairing_policies()
    first[0]["spec"].clear()
    assert pairing_policies()[0]["spec"]
    assert list(yaml.safe_load_all(yaml.safe_dump_all(pairing_policies()))) == pairing_policies()


def test_the_page_binds_the_lock_that_cockpits_open() -> None:
    blocks = [yaml.safe_load(block.partition("```")[0]) for block in PAGE.read_text().split("```yaml")[1:]]
    lock = next(each for each in blocks if each.get("kind") == "ConfigMap")
    binding = next(each for each in blocks if each.get("kind") == "ValidatingAdmissionPolicyBinding")
    assert lock["metadata"] == {"name": lock_ref(KEY).name, "namespace": lock_ref(KEY).namespace}
    assert binding["spec"]["policyName"] == LOCK
    assert binding["spec"]["paramRef"]["name"] == lock_ref(KEY).name
