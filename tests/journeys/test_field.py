"""Situations from the field, each as small manifests: what `list`, `show`, plans and `verify` say of them.

They are all in one embedded cluster, each in a namespace of its own, and read by the command line as a person would.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.places import collection, demo_process, open_client

MANIFESTS = Path(__file__).parent.parent / "fixtures" / "field"
SPEED = 4
TRIES = 12

Doc = dict[str, Any]


class Field:
    """The cluster with every situation in it, and the command line on it."""

    def __init__(self, kubeconfig: Path, gateway: str, client: httpx.Client) -> None:
        self.kubeconfig, self.gateway, self.client = kubeconfig, gateway, client

    def run(self, *words: str) -> tuple[int, Any, str]:
        """Exit code, the document, and what was said beside it."""
        argv = [sys.executable, "-m", "cockpit", "--kubeconfig", str(self.kubeconfig), *words, "-A", "-o", "json"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=110, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr

    def show(self, name: str) -> Doc:
        code, found, said = self.run("show", name)
        assert code == 0, said
        return dict(found)

    def seen(self, name: str, test: Callable[[Doc], object]) -> Doc:
        """The rollout once it is as it should be."""
        for _ in range(TRIES):
            found = self.show(name)
            if test(found):
                return found
        raise AssertionError(f"{name}: {found['phase']}: {found['message']}")

    def plan(self, act: str, name: str, *words: str) -> Doc:
        """What an act would do; a refusal has no plan and says why."""
        _, found, said = self.run(act, name, *words, "--dry-run")
        return dict(found or {"outcome": "refused", "why": said, "plan": None})

    def patch(self, kind: str, namespace: str, name: str, body: Doc) -> None:
        path = collection(kind).replace("{ns}", namespace)
        answer = self.client.patch(
            f"{path}/{name}", content=json.dumps(body), headers={"Content-Type": "application/merge-patch+json"}
        )
        assert answer.status_code == 200, answer.text

    def ask(self, host: str, path: str = "/") -> httpx.Response:
        return httpx.get(f"{self.gateway}{path}", headers={"Host": host}, follow_redirects=False)


def documents() -> Iterator[Doc]:
    for file in sorted(MANIFESTS.glob("*.yaml")):
        yield from filter(None, yaml.safe_load_all(file.read_text()))


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with demo_process("empty", "--seed", "11", "--speed", str(SPEED)) as ready:
        kubeconfig = Path(ready["kubeconfig"])
        with open_client(kubeconfig) as client:
            _apply(client)
            found = Field(kubeconfig, ready["gateway"], client)
            found.seen("c16/sho", lambda r: [v["ready"] for v in r["versions"]] == [2, 1])
            yield found


def _apply(client: httpx.Client) -> None:
    """Server-side apply, as kubectl does it: namespaces first, CustomResourceDefinitions before what they define."""
    order = ("Namespace", "CustomResourceDefinition")
    for doc in sorted(documents(), key=lambda d: order.index(d["kind"]) if d["kind"] in order else len(order)):
        path = _path(client, doc)
        answer = client.patch(
            path,
            params={"fieldManager": "test"},
            content=yaml.safe_dump(doc),
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        assert answer.status_code in (200, 201), f"{path}: {answer.text}"


def _path(client: httpx.Client, doc: Doc) -> str:
    """The path of an object, by the cluster's own discovery."""
    version = doc["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    served = client.get(root).json()["resources"]
    kind = next(r for r in served if r["kind"] == doc["kind"] and "/" not in r["name"])
    meta = doc["metadata"]
    place = f"/namespaces/{meta.get('namespace', 'default')}" if kind["namespaced"] else ""
    return f"{root}{place}/{kind['name']}/{meta['name']}"


def shares(rollout: Doc, key: str = "written", lane: int = 0) -> dict[str, Any]:
    return {s["version"]: s[key] for s in rollout["lanes"][lane]["shares"]}


def finding(rollout: Doc, id_: str) -> Doc:
    found = [f for f in rollout["findings"] if f["id"] == id_]
    assert found, [f["id"] for f in rollout["findings"]]
    return dict(found[0])


def bodies(plan: Doc) -> str:
    return json.dumps(plan["plan"])


def test_any_label_of_a_selector_may_tell_the_colours_apart(field: Field) -> None:
    shown = field.show("c74/blue-green-svc")
    assert (shown["system"], shares(shown)) == ("service", {"blue": 1.0, "green": 0.0})
    assert '"selector env"' in json.dumps(
        [c.split(" blue")[0] for c in field.plan("flip", "c74/blue-green-svc")["plan"]["changes"]]
    )


def test_a_partition_in_percent_without_a_controller_of_releases(field: Field) -> None:
    template = {"spec": {"containers": [{"name": "web", "image": "reg.test/cs:2"}]}}
    field.patch("clonesets.apps.kruise.io/v1alpha1", "c65", "cs", {"spec": {"template": template}})
    shown = field.seen("c65/cs", lambda r: [v["ready"] for v in r["versions"]] == [3, 2])
    assert (shown["system"], shown["phase"]) == ("cloneset", "paused")
    assert field.plan("approve", "c65/cs")["outcome"] == "dry-run"


def test_versions_are_named_by_the_application_not_by_its_sidecar(field: Field) -> None:
    assert {v["name"] for v in field.show("c12b/bill")["versions"]} == {"7.1", "7.2"}


def test_a_ready_pod_that_no_version_owns_counts(field: Field) -> None:
    shown = field.show("c16/sho")
    assert {k: round(v, 2) for k, v in shares(shown).items()} == {"1": 0.67, "others": 0.33}
    assert "sho-debug" in finding(shown, "others")["text"]
    code, _, _ = field.run("verify", "c16/sho", "--within", "20s")
    assert code == 6


def test_a_dead_subset_is_critical_and_never_stable(field: Field) -> None:
    shown = field.show("c23/sub")
    assert next(v["name"] for v in shown["versions"] if v["role"] == "stable") == "v1"
    assert shown["phase"] == "degraded"
    assert "critical" in {f["severity"] for f in shown["findings"]}
    plan = field.plan("rollback", "c23/sub")
    assert plan["outcome"] == "dry-run"
    assert "v1" in plan["plan"]["title"] if "title" in plan["plan"] else "v1" in bodies(plan)


def test_a_selector_that_holds_the_label_names_a_way_out(field: Field) -> None:
    for act in ("flip", "promote"):
        refused = field.plan(act, "c09/node")
        assert refused["outcome"] == "refused"
        assert "cannot be disabled" in refused["why"]
        assert "scale 0 to 0" in refused["why"]


def test_two_lines_behind_one_service_are_two_rollouts(field: Field) -> None:
    _, found, _ = field.run("list")
    names = {r["name"] for r in found["rollouts"] if r["namespace"] == "c10"}
    assert names == {"front", "front.worker"}
    assert "worker" not in bodies({"plan": field.plan("flip", "c10/front")["plan"]["requests"]})
    assert "worker" in finding(field.show("c10/front"), "lines-share-service")["text"]


def test_a_clean_up_keeps_what_a_route_still_needs(field: Field) -> None:
    plan = field.plan("finish", "books/shelf@istio")["plan"]
    assert any("Service shelf-v1 stays" in w and "Ingress shelf" in w for w in plan["warnings"])
    assert any("Deployment shelf-v1 stays" in w for w in plan["warnings"])
    assert "delete" not in json.dumps(plan["requests"]).lower()


def test_mesh_clients_that_do_not_follow_are_named(field: Field) -> None:
    assert "VirtualService c21/bb" in finding(field.show("c21/aa"), "mesh-host-elsewhere")["text"]
    assert any("VirtualService c21/bb" in w for w in field.plan("flip", "c21/aa")["plan"]["warnings"])


def test_a_named_route_that_the_rollout_does_not_list_stays_stable(field: Field) -> None:
    assert "api" in finding(field.show("c26/far"), "route-not-listed")["text"]
    assert field.run("set-image", "c26/far", "reg.test/far:2", "--yes")[0] == 0
    shown = field.seen("c26/far", lambda r: shares(r).get("2") == pytest.approx(0.35))
    assert shares(shown, lane=1)["1"] == 1.0


def test_a_delegate_in_another_namespace_is_read_with_its_root(field: Field) -> None:
    shown = field.show("c19/shop-routes")
    assert shares(shown) == {"v1": 0.75, "v2": 0.25}
    assert any(lane["name"].startswith("root") for lane in shown["lanes"])


def test_without_a_class_written_shares_are_no_fact(field: Field) -> None:
    shown = field.show("c112/nc")
    finding(shown, "no-ingress-class")
    assert shares(shown) == {"v1": None, "v2": None}
    assert shares(shown, "declared") == {"v1": 0.7, "v2": 0.3}


def test_a_main_service_that_a_step_empties_is_warned_of_and_seen(field: Field) -> None:
    assert field.run("set-image", "c118/dn", "reg.test/dn:2", "--yes")[0] == 0
    field.seen("c118/dn", lambda r: r["phase"] == "waiting")
    assert any("503" in w for w in field.plan("approve", "c118/dn")["plan"]["warnings"])
    code, _, _ = field.run("approve", "c118/dn", "--yes", "--wait", "--within", "30s")
    assert code != 0
    shown = field.seen("c118/dn", lambda r: any(f["severity"] == "critical" for f in r["findings"]))
    assert shown["phase"] == "degraded"
    assert field.run("verify", "c118/dn", "--within", "20s")[0] == 3


def test_the_probe_asks_a_path_that_the_pattern_takes(field: Field) -> None:
    code, found, said = field.run("probe", "c33/ord", "--count", "60")
    assert code == 0, said
    assert (found["errors"], found["samples"]) == (0, 60)
    assert "/orders" in found["target"]


def test_the_probe_speaks_tls_where_the_ingress_has_it(field: Field) -> None:
    assert field.ask("sec.test").status_code == 308
    code, found, said = field.run("probe", "c34/sec", "--count", "60", "--insecure")
    assert code == 0, said
    assert found["target"].startswith("https://")
    assert found["errors"] == 0


def test_an_autoscaler_that_is_detached_is_named(field: Field) -> None:
    assert field.run("set-image", "c64/kb", "reg.test/kb:2", "--yes")[0] == 0
    field.seen("c64/kb", lambda r: any(f["id"] == "autoscaler-detached" for f in r["findings"]))


def test_ping_pong_services_get_their_pods_and_their_share(field: Field) -> None:
    assert field.run("set-image", "c02/cart", "reg.test/cart:2.0", "--yes")[0] == 0
    shown = field.seen("c02/cart", lambda r: shares(r).get("2.0") == pytest.approx(0.25))
    assert next(v["ready"] for v in shown["versions"] if v["name"] == "2.0") >= 1


def test_pods_of_the_referenced_deployment_count(field: Field) -> None:
    container = {"name": "web", "image": "reg.test/feed:2.0", "ports": [{"name": "http", "containerPort": 8080}]}
    field.patch("Deployment", "c03", "feed", {"spec": {"template": {"spec": {"containers": [container]}}}})
    field.seen("c03/feed", lambda r: r["phase"] == "waiting")
    assert field.run("promote", "c03/feed", "--yes")[0] == 0
    field.seen("c03/feed", lambda r: r["phase"] == "at rest")
    field.patch("Deployment", "c03", "feed", {"spec": {"replicas": 4}})
    shown = field.seen("c03/feed", lambda r: any(f["id"] == "doubled-pods" for f in r["findings"]))
    assert shares(shown)["2.0"] == pytest.approx(1.0)


def test_rules_redirect_and_rewrite(field: Field) -> None:
    route = next(d for d in documents() if d["kind"] == "HTTPRoute" and d["metadata"]["namespace"] == "c07")
    first = next(r for r in route["spec"]["rules"] if any(f["type"] == "RequestRedirect" for f in r.get("filters", ())))
    path = first["matches"][0]["path"]["value"]
    assert field.ask(route["spec"]["hostnames"][0], path).status_code == 301
    assert shares(field.show("c07/web")) == pytest.approx({"v1": 0.9, "v2": 0.1})


def test_a_bundle_is_taken_whole(field: Field) -> None:
    own = [d for d in documents() if d["metadata"].get("namespace") == "c99"]
    assert len({d["kind"] for d in own}) > 6
    assert all(field.client.get(_path(field.client, d)).status_code == 200 for d in own)
