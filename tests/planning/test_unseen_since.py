"""Since when a controller has not seen a change, by who wrote what and when."""

from __future__ import annotations

import pytest

from cockpit.model.refs import ARGO_ROLLOUTS
from cockpit.planning.writers import unseen_since
from tests.objects import Cluster, Doc

STATUS = ("rollouts-controller", "12:00:00", "status")


def written(manager: str, at: str, subresource: str = "") -> Doc:
    entry = {"manager": manager, "operation": "Update", "time": f"2026-01-01T{at}Z"}
    return entry | ({"subresource": subresource} if subresource else {})


@pytest.mark.parametrize(
    ("entries", "since"),
    [
        ([("kubectl", "11:00:00"), STATUS, ("helm", "12:05:00"), ("cockpit", "12:30:00")], "12:05:00"),
        ([STATUS, ("cockpit", "12:30:00"), ("cockpit", "12:40:00", "status")], "12:30:00"),
        ([("kubectl", "11:00:00"), ("cockpit", "11:30:00")], "11:30:00"),
        ([("kubectl", "11:00:00"), STATUS], "11:00:00"),
    ],
)
def test_it_is_since_the_first_change_after_the_controllers_last_word(
    entries: list[tuple[str, ...]], since: str
) -> None:
    doc: Doc = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "web", "managedFields": [written(*each) for each in entries]},
    }
    found = Cluster([doc]).get(ARGO_ROLLOUTS, "default", "web")
    assert found is not None
    assert unseen_since(found) == f"2026-01-01T{since}Z"
