"""How canary annotations are read: the rows that a gateway obeys, per dialect."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest

from cockpit.model.objects import Obj
from cockpit.model.plan import Act, Ask
from cockpit.model.refs import INGRESSES, Resource
from cockpit.model.rollout import Phase, Severity
from tests.objects import Cluster
from tests.routers.ingresses import CANARY, ROUTER, declared, findings, planned, read, written

ALL_V1 = {"v1": 1.0, "v2": 0.0}
ALL_V2 = {"v1": 0.0, "v2": 1.0}
NOBODY = {"v1": 0.0, "v2": 0.0}
YOUNGER = "2026-01-01T03:00:00Z"


@pytest.fixture
def nginx(weight_story: Cluster) -> Cluster:
    return weight_story.use_class("nginx")


def annotate(cluster: Cluster, name: str = "route2", **keys: str | None) -> Cluster:
    """Canary keys of an Ingress in place of those it has."""
    annotations = {f"{CANARY}-{k.replace('_', '-')}": v for k, v in keys.items() if v is not None}
    cluster.doc("Ingress", name)["metadata"]["annotations"] = {CANARY: "true", **annotations}
    return cluster


def another(cluster: Cluster, name: str, like: str, created: str = YOUNGER, **path: str) -> Cluster:
    """One more Ingress like one that is there, on another path or host."""
    doc = copy.deepcopy(cluster.doc("Ingress", like))
    doc["metadata"] = {"name": name, "namespace": "default", "annotations": doc["metadata"].get("annotations", {})}
    rule = doc["spec"]["rules"][0]
    rule["host"] = path.pop("host", rule["host"])
    rule["http"]["paths"][0].update(path)
    return cluster.add(doc, created=created)


def lanes(cluster: Cluster) -> list[str]:
    return [lane.name for lane in read(cluster).lanes]


@pytest.mark.parametrize(
    ("weight", "total", "share"),
    [("5", "10", 0.05), ("50", "200", 0.25), ("35", "1000", 0.035), ("300", "200", 1.0), ("50", "many", 0.5)],
)
def test_only_totals_above_100_count(nginx: Cluster, weight: str, total: str, share: float) -> None:
    annotate(nginx, weight=weight, weight_total=total)
    assert written(read(nginx))["v2"] == pytest.approx(share)


def test_apig_knows_no_total(weight_story: Cluster) -> None:
    annotate(weight_story, weight="50", weight_total="200")
    assert written(read(weight_story))["v2"] == pytest.approx(0.5)


def test_each_rule_is_a_lane_and_the_rest_falls_to_the_weight(nginx: Cluster) -> None:
    annotate(nginx, by_header="foo", by_header_value="bar", by_cookie="go", weight="20")
    assert lanes(nginx) == ["default", "foo=bar", "cookie go=always"]
    assert [lane.headers for lane in read(nginx).lanes] == [(), (("foo", "bar"),), (("Cookie", "go=always"),)]
    assert [written(read(nginx), n) for n in range(3)] == [{"v1": 0.8, "v2": 0.2}, ALL_V2, ALL_V2]


def test_with_a_value_always_is_nothing_special(nginx: Cluster) -> None:
    annotate(nginx, by_header="foo", by_header_value="bar")
    assert lanes(nginx) == ["default", "foo=bar"]
    annotate(nginx, by_header="foo")
    assert lanes(nginx) == ["default", "foo=always"]
    annotate(nginx, by_header="foo", by_header_pattern="^b.r$")
    assert lanes(nginx) == ["default", "foo~^b.r$"]
    assert read(nginx).lanes[1].headers is None
    annotate(nginx, by_header="foo", by_header_pattern="^bar$")
    assert read(nginx).lanes[1].headers == (("foo", "bar"),)


def test_a_pattern_that_cannot_be_read_leads_to_main(nginx: Cluster) -> None:
    annotate(nginx, by_header="foo", by_header_pattern="b[")
    assert lanes(nginx) == ["default"]
    assert "bad-pattern" in findings(nginx)


def test_a_canary_of_another_path_type_is_not_attached(nginx: Cluster) -> None:
    nginx.doc("Ingress", "route2")["spec"]["rules"][0]["http"]["paths"][0]["pathType"] = "Prefix"
    assert written(read(nginx)) == ALL_V1
    assert declared(read(nginx)) == {"v1": 0.7, "v2": 0.3}
    assert "pathType is Prefix" in findings(nginx)["unattached-canary"]
    assert (read(nginx).phase, "is not attached" in read(nginx).message) == (Phase.DEGRADED, True)


def test_a_canary_of_another_path_is_not_attached(nginx: Cluster) -> None:
    nginx.doc("Ingress", "route2")["spec"]["rules"][0]["http"]["paths"][0]["path"] = "/versions"
    assert written(read(nginx)) == ALL_V1
    assert "its path is /versions" in findings(nginx)["unattached-canary"]


def test_a_canary_of_another_host_is_a_rollout_of_its_own(nginx: Cluster) -> None:
    nginx.doc("Ingress", "route2")["spec"]["rules"][0]["host"] = "other.example.com"
    assert ROUTER.read(nginx.ingress("route1"), nginx) == ()
    rollout = read(nginx, "route2")
    assert rollout.key.name == "route2"
    assert "unattached-canary" in {f.id for f in rollout.findings}
    assert [ref.name for ref in planned(nginx, Ask(Act.FINISH), "route2").gone] == ["route2"]


def test_an_attached_canary_belongs_to_the_mains_rollout(nginx: Cluster) -> None:
    assert ROUTER.read(nginx.ingress("route2"), nginx) == ()


def test_unspecific_path_types_mean_prefix(nginx: Cluster) -> None:
    paths = [nginx.doc("Ingress", n)["spec"]["rules"][0]["http"]["paths"][0] for n in ("route1", "route2")]
    paths[0]["pathType"], paths[1]["pathType"] = "ImplementationSpecific", "Prefix"
    assert written(read(nginx))["v2"] == pytest.approx(0.3)


def test_an_empty_canary_leaves_all_to_main(nginx: Cluster) -> None:
    nginx.run("http-server-v2", ready=0)
    assert written(read(nginx)) == ALL_V1
    assert declared(read(nginx)) == {"v1": 0.7, "v2": 0.3}
    assert "no ready pods behind 30%" in findings(nginx)["canary-empty"]


def test_an_empty_main_answers_503_to_all(nginx: Cluster) -> None:
    annotate(nginx, weight="100").run("http-server-v1", ready=0)
    rollout = read(nginx)
    assert written(rollout) == NOBODY
    assert rollout.phase is Phase.DEGRADED
    assert [f.severity for f in rollout.findings if f.id == "main-empty"] == [Severity.CRITICAL]


def test_a_missing_main_service_is_told(nginx: Cluster) -> None:
    nginx.remove("Service", "http-server-v1").balance()
    assert "http-server-v1 does not exist" in findings(nginx)["main-empty"]


def test_a_port_that_the_service_lacks_is_told(nginx: Cluster) -> None:
    nginx.backend("route2")["port"] = {"number": 81}
    assert "no such port" in findings(nginx)["canary-empty"]
    assert written(read(nginx)) == ALL_V1


def test_the_split_leaks_to_other_hosts_of_the_same_service(nginx: Cluster) -> None:
    assert "leak" not in findings(nginx)
    another(nginx, "elsewhere", "route1", host="other.example.com")
    assert "other.example.com/version" in findings(nginx)["leak"]
    plan = planned(nginx, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert any("other.example.com" in w for w in plan.warnings)


def test_of_two_canaries_the_oldest_counts(nginx: Cluster) -> None:
    another(nginx, "route3", "route2")
    annotate(nginx, "route3", weight="90")
    assert written(read(nginx))["v2"] == pytest.approx(0.3)
    assert "only route2 counts, route3 takes no traffic" in findings(nginx)["two-canaries"]
    nginx.doc("Ingress", "route3")["metadata"]["creationTimestamp"] = "2025-01-01T00:00:00Z"
    assert written(read(nginx))["v2"] == pytest.approx(0.9)


def test_of_the_same_second_the_last_by_name_counts_as_older(nginx: Cluster) -> None:
    another(nginx, "route3", "route2", created="2026-01-01T02:00:00Z")
    annotate(nginx, "route3", weight="90")
    assert written(read(nginx))["v2"] == pytest.approx(0.9)


def test_apig_takes_the_presence_of_a_header(weight_story: Cluster) -> None:
    annotate(weight_story, by_header="foo")
    assert lanes(weight_story) == ["default", "foo present"]
    assert read(weight_story).lanes[1].headers == (("foo", "1"),)
    annotate(weight_story, by_cookie="go", weight="30")
    assert lanes(weight_story) == ["default"]


def test_apig_instances_must_be_the_same(weight_story: Cluster) -> None:
    main = weight_story.doc("Ingress", "route1")["metadata"]
    main["annotations"] = {"ingress.vke.volcengine.com/apig-instance-name": "a"}
    assert written(read(weight_story)) == ALL_V1
    assert "apig-instance-name" in findings(weight_story)["unattached-canary"]


@pytest.mark.parametrize(("created", "hidden"), [("2025-01-01T00:00:00Z", True), (YOUNGER, False)])
def test_a_canary_older_than_a_main_of_the_same_service_hides_it(nginx: Cluster, created: str, hidden: bool) -> None:
    nginx.backend("route1")["name"] = "http-server-v2"
    nginx.doc("Ingress", "route2")["metadata"]["creationTimestamp"] = created
    assert written(read(nginx)) == (NOBODY if hidden else ALL_V2)
    assert ("canary-older-than-main" in findings(nginx)) is hidden


def test_a_canary_whose_service_is_an_older_main_has_no_say(nginx: Cluster) -> None:
    another(nginx, "elsewhere", "route1", created="2025-01-01T00:00:00Z", host="other.example.com")
    nginx.backend("elsewhere")["name"] = "http-server-v2"
    assert "canary-is-main-elsewhere" in findings(nginx)
    nginx.doc("Ingress", "elsewhere")["metadata"]["creationTimestamp"] = YOUNGER
    assert "gateway answers 404 there" in findings(nginx)["canary-hides-main"]


def test_one_stray_path_detaches_the_canary_in_nginx_only(nginx: Cluster) -> None:
    paths = nginx.doc("Ingress", "route2")["spec"]["rules"][0]["http"]["paths"]
    paths.append({**paths[0], "path": "/nowhere"})
    assert written(read(nginx)) == ALL_V1
    assert "drops http-server-v2 from all paths" in findings(nginx)["unattached-canary"]
    nginx.use_class("apig")
    assert written(read(nginx))["v2"] == pytest.approx(0.3)
    assert "/nowhere" in findings(nginx)["unattached-path"]


def test_a_canary_that_is_not_enabled_is_a_second_main(nginx: Cluster) -> None:
    another(nginx, "route3", "route2")
    nginx.doc("Ingress", "route3")["metadata"]["annotations"][CANARY] = "false"
    assert "not enabled as a canary" in findings(nginx)["second-main"]
    assert written(read(nginx))["v2"] == pytest.approx(0.3)
    assert ROUTER.read(nginx.ingress("route3"), nginx) == ()


@pytest.mark.parametrize(("weight", "finding"), [("thirty", "weight-not-a-number"), ("101", "weight-out-of-range")])
def test_a_weight_that_makes_no_sense_is_told(nginx: Cluster, weight: str, finding: str) -> None:
    annotate(nginx, weight=weight)
    assert finding in findings(nginx)
    assert written(read(nginx)) == (ALL_V1 if weight == "thirty" else ALL_V2)


def test_a_service_of_two_versions_splits_by_ready_pods(nginx: Cluster) -> None:
    for name in ("http-server-v1", "http-server-v2"):
        nginx.doc("Deployment", name)["spec"]["template"]["metadata"]["labels"]["all"] = "yes"
        nginx.run(name)
    nginx.doc("Service", "http-server-v1")["spec"]["selector"] = {"all": "yes"}
    nginx.balance()
    for key in [k for k in nginx.docs if k[0] == "ReplicaSet" and "all" not in nginx.docs[k]["metadata"]["labels"]]:
        nginx.remove(key[0], key[2])
    nginx.balance()
    rollout = read(nginx)
    assert written(rollout) == {"v1": pytest.approx(0.7 * 2 / 3), "v2": pytest.approx(0.7 / 3 + 0.3)}
    assert rollout.lanes[0].derived
    assert "not-pinned" in findings(nginx)


def test_text_from_annotations_cannot_steer_a_terminal(nginx: Cluster) -> None:
    annotate(nginx, weight="\x1b[2J[red]9", by_header="x\x1b]0;evil\x07", by_header_value="a\nb")
    rollout = read(nginx)
    shown = [f.text + f.evidence for f in rollout.findings] + [lane.name + lane.match for lane in rollout.lanes]
    assert all(text.isprintable() for text in shown)
    assert rollout.lanes[1].headers is None


def test_every_path_of_a_main_with_several_services_is_named_apart(nginx: Cluster) -> None:
    for name, service in (("route1", "http-server-v1"), ("route2", "http-server-v2")):
        paths = nginx.doc("Ingress", name)["spec"]["rules"][0]["http"]["paths"]
        paths.append(
            {"path": "/b", "pathType": "Exact", "backend": {"service": {"name": service, "port": {"number": 80}}}}
        )
    assert [r.key.name for r in ROUTER.read(nginx.ingress("route1"), nginx)] == ["route1"]
    nginx.doc("Ingress", "route1")["spec"]["rules"][0]["http"]["paths"][1]["backend"]["service"]["name"] = "other"
    assert [r.key.name for r in ROUTER.read(nginx.ingress("route1"), nginx)] == ["route1.route2", "route1.route2-2"]


def test_the_dialect_follows_the_controller_of_the_class(weight_story: Cluster) -> None:
    annotate(weight_story, by_header="foo")
    ingress_class = {
        "kind": "IngressClass",
        "apiVersion": "networking.k8s.io/v1",
        "metadata": {"name": "apig"},
        "spec": {"controller": "k8s.io/ingress-nginx"},
    }
    weight_story.add(ingress_class)
    assert lanes(weight_story) == ["default", "foo=always"]


def test_the_epoch_changes_with_the_split_and_with_nothing_else(nginx: Cluster) -> None:
    first = read(nginx).epoch
    nginx.doc("Ingress", "route1")["metadata"]["labels"] = {"a": "b"}
    nginx.run("http-server-v1", ready=1)
    assert read(nginx).epoch == first
    annotate(nginx, weight="31")
    second = read(nginx).epoch
    nginx.run("http-server-v2", ready=0)
    assert len({first, second, read(nginx).epoch}) == 3


def test_the_door_is_the_gateways_address_with_host_and_path(nginx: Cluster) -> None:
    status = {"loadBalancer": {"ingress": [{"ip": "127.0.0.9", "ports": [{"port": 8081}]}]}}
    nginx.doc("Ingress", "route1")["status"] = status
    probe_target = read(nginx).probe_target
    assert probe_target is not None
    assert (probe_target.address, probe_target.port, probe_target.host, probe_target.path, probe_target.tls) == (
        "127.0.0.9",
        8081,
        "www.example.com",
        "/version",
        False,
    )


def test_the_root_is_the_first_object(nginx: Cluster) -> None:
    assert (read(nginx).objects[0].resource, read(nginx).objects[0].name) == (INGRESSES, "route1")


class Counting(Cluster):
    """Counts the questions by key, of which each costs a look at what is found."""

    asked = 0

    def keyed(self, resource: Resource, namespace: str, key: str) -> Sequence[Obj]:
        self.asked += 1
        return super().keyed(resource, namespace, key)


def test_other_mains_of_a_shared_host_are_not_looked_into(nginx: Cluster) -> None:
    asked = []
    for number in (2, 20):
        for n in range(number):
            other = copy.deepcopy(nginx.doc("Ingress", "route1"))
            other["metadata"]["name"] = f"other-{n}"
            path = other["spec"]["rules"][0]["http"]["paths"][0]
            path["path"], path["backend"]["service"]["name"] = f"/other-{n}", f"other-{n}"
            nginx.add(other)
        counting = Counting(nginx.docs.values())
        assert written(read(counting)) == written(read(nginx))
        asked.append(counting.asked)
    assert asked[0] == asked[1]


def test_a_canary_at_another_host_needs_no_port_in_its_service(weight_story: Cluster) -> None:
    service = weight_story.doc("Service", "http-server-v2")
    service["spec"] = {"type": "ExternalName", "externalName": "elsewhere.test"}
    weight_story.balance()
    assert "canary-empty" not in findings(weight_story)
    assert sum(share or 0.0 for share in written(read(weight_story)).values()) == pytest.approx(1.0)
    service["spec"]["ports"] = [{"port": 9999}]
    assert "has no such port" in findings(weight_story)["canary-empty"]
