"""Updates, generations, status, scale and dry runs."""

from __future__ import annotations

from typing import Any

from tests.contract.api import MERGE, Api, causes, config_map, deployment, service


def test_an_update_of_an_old_version_is_a_conflict(api: Api) -> None:
    old = api.made("configmaps", config_map("one"))
    new = api.put("configmaps", {**old, "data": {"a": "1"}})
    assert new.status_code == 200
    answer = api.put("configmaps", {**old, "data": {"a": "2"}})
    assert answer.status_code == 409
    assert answer.json()["reason"] == "Conflict"
    assert answer.json()["message"].endswith(
        "the object has been modified; please apply your changes to the latest version and try again"
    )


def test_a_write_that_changes_nothing_keeps_the_version(api: Api) -> None:
    made = api.made("configmaps", config_map("one", a="1"))
    again = api.put("configmaps", made).json()
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_generation_counts_changes_of_the_spec_alone(api: Api) -> None:
    api.made("deployments", deployment("web"))
    labelled = api.patch("deployments", "web", MERGE, {"metadata": {"labels": {"a": "b"}}}).json()
    assert labelled["metadata"]["generation"] == 1
    changed = api.patch("deployments", "web", MERGE, {"spec": {"minReadySeconds": 1}}).json()
    assert changed["metadata"]["generation"] == 2


def test_status_changes_by_its_own_path_alone(api: Api) -> None:
    api.made("ingresses", INGRESS)
    written = api.patch("ingresses", "web", MERGE, {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}})
    assert written.json()["status"].get("loadBalancer", {}).get("ingress", [{}])[0].get("ip") != "192.0.2.1"
    body = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}, "spec": {"ingressClassName": "other"}}
    answer = api.patch("ingresses", "web", MERGE, body, sub="status")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.1"
    assert answer.json()["spec"].get("ingressClassName") == "none-of-ours"
    assert answer.json()["metadata"]["generation"] == 1


INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "web"},
    "spec": {
        "ingressClassName": "none-of-ours",
        "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
    },
}


def test_scale_is_read_and_written_by_its_own_path(api: Api) -> None:
    api.made("deployments", deployment("web"))

    def written() -> Any:
        scale = api.get("deployments", "web", "scale").json()
        assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
        scale["spec"]["replicas"] = 2
        return api.put("deployments", scale, sub="scale")

    assert api.get("deployments", "web", "scale").json()["spec"].get("replicas", 0) == 0
    # A controller may write in between.
    answer = next(answer for answer in (written() for _ in range(20)) if answer.status_code != 409)
    assert answer.json()["spec"]["replicas"] == 2
    assert api.patch("deployments", "web", MERGE, {"spec": {"replicas": 1}}, sub="scale").status_code == 200
    assert api.get("deployments", "web").json()["spec"]["replicas"] == 1


def test_a_selector_is_for_good(api: Api) -> None:
    api.made("deployments", deployment("web"))
    patch = {"spec": {"selector": {"matchLabels": {"z": "y"}}, "template": {"metadata": {"labels": {"z": "y"}}}}}
    answer = api.patch("deployments", "web", MERGE, patch)
    assert answer.status_code == 422
    assert causes(answer)["spec.selector"].endswith("field is immutable")


def test_a_dry_run_answers_and_stores_nothing(api: Api) -> None:
    assert api.create("configmaps", config_map("one"), dryRun="All").status_code == 201
    assert api.get("configmaps", "one").status_code == 404
    made = api.made("configmaps", config_map("two", a="1"))
    tried = api.patch("configmaps", "two", MERGE, {"data": {"a": "2"}}, dryRun="All")
    assert tried.json()["data"] == {"a": "2"}
    assert api.delete("configmaps", "two", dryRun="All").status_code == 200
    assert api.put("configmaps", {**made, "data": {"a": "3"}}, dryRun="All").json()["data"] == {"a": "3"}
    assert api.get("configmaps", "two").json() == made


def test_a_dry_run_finds_what_the_write_would_meet(api: Api) -> None:
    api.made("configmaps", config_map("one"))
    assert api.create("configmaps", config_map("one"), dryRun="All").status_code == 409
    assert api.create("services", service("x", ports=[]), dryRun="All").status_code == 422
    assert api.create("configmaps", config_map("two"), dryRun="Odd").status_code == 422
