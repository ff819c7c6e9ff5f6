"""The embedded cluster driven by real kubectls: those that COCKPIT_TEST_KUBECTL names (colon separated), or PATH's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.places import demo_process

BINARIES = [name for name in os.environ.get("COCKPIT_TEST_KUBECTL", "").split(":") if name]
BINARIES = BINARIES or [found for found in [shutil.which("kubectl")] if found]
PATIENCE = 60

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {demo.cockpit/ready-delay: "0s"}}
    spec: {containers: [{name: main, image: "example/web:v1", ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  rules:
  - host: web.test
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""


@dataclass
class Kubectl:
    """One kubectl, with a namespace and a home of its own."""

    binary: str
    kubeconfig: str
    home: Path
    namespace: str

    def run(self, *words: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.binary, "--namespace", self.namespace, *words],
            input=stdin,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={**os.environ, "HOME": str(self.home), "KUBECONFIG": self.kubeconfig, **environ},
        )

    def __call__(self, *words: str, stdin: str = "", **environ: str) -> str:
        done = self.run(*words, stdin=stdin, **environ)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, *words: str) -> dict[str, Any]:
        return dict(json.loads(self("get", *words, "-o", "json")))

    def rolled_out(self) -> None:
        assert "successfully rolled out" in self("rollout", "status", "deployment/web", "--timeout=50s")


@pytest.fixture(scope="module")
def running() -> Iterator[dict[str, Any]]:
    if not BINARIES:
        pytest.skip("no kubectl on PATH")
    with demo_process("empty", "--seed", "3") as ready:
        yield ready


@pytest.fixture(scope="module", params=BINARIES or ["none"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A kubectl and a home for its discovery cache."""
    return request.param, tmp_path_factory.mktemp("home")


@pytest.fixture
def kubectl(running: dict[str, Any], home: tuple[str, Path], request: pytest.FixtureRequest) -> Kubectl:
    namespace = f"n{abs(hash(request.node.name)) % 10**10}"
    made = Kubectl(home[0], running["kubeconfig"], home[1], namespace)
    made("create", "namespace", namespace)
    return made


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    return kubectl


def test_apply_creates_and_finds_nothing_to_do_again(kubectl: Kubectl) -> None:
    first = kubectl("apply", "-f", "-", stdin=MANIFEST)
    assert first.splitlines() == [
        "deployment.apps/web created",
        "service/web created",
        "ingress.networking.k8s.io/web created",
    ]
    again = kubectl("apply", "-f", "-", stdin=MANIFEST)
    assert [line.split()[-1] for line in again.splitlines()] == ["unchanged"] * 3
    changed = kubectl("apply", "-f", "-", stdin=MANIFEST.replace("web:v1", "web:v2"))
    assert "deployment.apps/web configured" in changed


def test_apply_refuses_what_does_not_fit(kubectl: Kubectl) -> None:
    done = kubectl.run("apply", "-f", "-", stdin=MANIFEST.replace("replicas: 2", "replicaz: 2"))
    assert done.returncode != 0
    assert "replicaz" in done.stderr
    done = kubectl.run("apply", "-f", "-", stdin=MANIFEST.replace("labels: {app: web}", "labels: {app: other}"))
    assert "`selector` does not match template `labels`" in done.stderr


def test_get_prints_tables(web: Kubectl) -> None:
    web.rolled_out()
    head, row = web("get", "deployments").splitlines()
    assert head.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:4] == ["web", "2/2", "2", "2"]
    assert web("get", "pods").splitlines()[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert web("get", "svc").splitlines()[0].split()[-4:] == ["CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
    assert "web.test" in web("get", "ing")
    assert "IMAGES" in web("get", "rs", "-o", "wide")
    everything = web("get", "all")
    assert {"pod", "service", "deployment.apps", "replicaset.apps"} <= {
        line.split("/")[0] for line in everything.splitlines() if "/" in line.split(" ")[0]
    }


def test_get_selects_and_formats(web: Kubectl) -> None:
    web.rolled_out()
    assert web("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "2"
    assert "kind: Deployment" in web("get", "deploy", "web", "-o", "yaml")
    assert len(web("get", "pods", "-l", "app=web", "-o", "name").split()) == 2
    assert web("get", "pods", "-l", "app=other", "-o", "name") == ""
    assert len(web("get", "pods", "--field-selector", "status.phase=Running", "-o", "name").split()) == 2


def test_get_watches(web: Kubectl) -> None:
    with subprocess.Popen(
        [web.binary, "--namespace", web.namespace, "get", "deployments", "-w", "--output-watch-events"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(web.home), "KUBECONFIG": web.kubeconfig},
    ) as watching:
        assert watching.stdout
        assert watching.stdout.readline().split()[:2] == ["EVENT", "NAME"]
        assert watching.stdout.readline().split()[:2] == ["ADDED", "web"]
        web("scale", "deployment/web", "--replicas=3")
        assert any(line.split()[:3] == ["MODIFIED", "web", "3/3"] for line in watching.stdout)
        watching.terminate()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("deployment", ["StrategyType", "RollingUpdate", "NewReplicaSet", "ScalingReplicaSet"]),
        ("service", ["Endpoints", "TargetPort", "8080/TCP"]),
        ("ingress", ["web.test", "web:80"]),
    ],
)
def test_describe(web: Kubectl, what: str, words: list[str]) -> None:
    web.rolled_out()
    text = web("describe", what, "web")
    assert [word for word in words if word not in text] == []


def test_describe_pod_shows_its_events(web: Kubectl) -> None:
    web.rolled_out()
    text = web("describe", "pods", "-l", "app=web")
    assert "Scheduled" in text
    assert "Ready             True" in " ".join(text.split()) or "Ready True" in " ".join(text.split())


def test_edit(web: Kubectl) -> None:
    assert "edited" in web("edit", "deployment", "web", KUBE_EDITOR="sed -i 's/replicas: 2/replicas: 1/'")
    assert web.get("deployment", "web")["spec"]["replicas"] == 1


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("strategic", '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"example/web:v9"}]}}}}'),
        ("json", '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"example/web:v9"}]'),
        ("merge", '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"example/web:v9"}]}}}}'),
    ],
)
def test_patch(web: Kubectl, kind: str, patch: str) -> None:
    assert "patched" in web("patch", "deployment", "web", "--type", kind, "-p", patch)
    (container,) = web.get("deployment", "web")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "example/web:v9"
    assert ("ports" in container) == (kind != "merge")


def test_scale_label_and_annotate(web: Kubectl) -> None:
    assert "scaled" in web("scale", "deployment", "web", "--replicas=1", "--current-replicas=2")
    web("label", "deployment", "web", "tier=front")
    web("annotate", "deployment", "web", "note=one")
    web("label", "deployment", "web", "tier-")
    found = web.get("deployment", "web")
    assert found["spec"]["replicas"] == 1
    assert "labels" not in found["metadata"]
    assert found["metadata"]["annotations"]["note"] == "one"


def test_rollouts_go_forth_and_back(web: Kubectl) -> None:
    web.rolled_out()
    web("set", "image", "deployment/web", "main=example/web:v2")
    web.rolled_out()
    history = web("rollout", "history", "deployment/web")
    assert [line.split()[0] for line in history.splitlines() if line[:1].isdigit()] == ["1", "2"]
    assert "example/web:v1" in web("rollout", "history", "deployment/web", "--revision=1")
    web("rollout", "undo", "deployment/web")
    web.rolled_out()
    assert web("get", "deploy", "web", "-o", "jsonpath={..image}") == "example/web:v1"
    web("rollout", "restart", "deployment/web")
    web.rolled_out()
    web("rollout", "pause", "deployment/web")
    assert web.get("deployment", "web")["spec"]["paused"] is True


def test_wait_create_and_delete(web: Kubectl) -> None:
    web("wait", "--for=condition=Available", "deployment/web", "--timeout=50s")
    web("create", "configmap", "made", "--from-literal=a=1")
    assert web.get("configmap", "made")["data"] == {"a": "1"}
    assert "deleted" in web("delete", "configmap", "made")
    assert "deleted" in web("delete", "deployment", "web", "--wait=true")
    web("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=50s")
    assert web("get", "pods", "-o", "name") == ""


def test_create_by_flags(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "made", "--image=example/web:v1", "--replicas=0", "--port=8080")
    made = kubectl.get("deployment", "made")
    assert made["spec"]["replicas"] == 0
    assert made["spec"]["selector"] == {"matchLabels": {"app": "made"}}
    assert made["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] == 8080
    kubectl("create", "service", "clusterip", "made", "--tcp=80:8080")
    assert kubectl.get("service", "made")["spec"]["ports"][0]["targetPort"] == 8080
    kubectl("create", "ingress", "made", "--class=nginx", "--rule=a.test/x*=made:80")
    (rule,) = kubectl.get("ingress", "made")["spec"]["rules"]
    assert (rule["host"], rule["http"]["paths"][0]["pathType"]) == ("a.test", "Prefix")
    assert rule["http"]["paths"][0]["backend"] == {"service": {"name": "made", "port": {"number": 80}}}
    kubectl("create", "secret", "generic", "made", "--from-literal=a=b")
    assert kubectl.get("secret", "made")["data"] == {"a": "Yg=="}
    kubectl("create", "serviceaccount", "made")
    kubectl("expose", "deployment", "made", "--name=other", "--port=81")
    assert kubectl.get("service", "other")["spec"]["selector"] == {"app": "made"}


def test_server_side_apply_and_its_conflicts(web: Kubectl) -> None:
    web("patch", "deployment", "web", "-p", '{"spec":{"replicas":5}}')
    refused = web.run("apply", "--server-side", "-f", "-", stdin=MANIFEST)
    assert refused.returncode != 0
    assert ".spec.replicas" in refused.stderr
    assert "serverside-applied" in web("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=MANIFEST)
    assert web.get("deployment", "web")["spec"]["replicas"] == 2


def test_diff_and_dry_run_store_nothing(web: Kubectl) -> None:
    assert web.run("diff", "-f", "-", stdin=MANIFEST).returncode == 0
    changed = web.run("diff", "-f", "-", stdin=MANIFEST.replace("replicas: 2", "replicas: 7"))
    assert changed.returncode == 1
    assert "+  replicas: 7" in changed.stdout
    web("apply", "--dry-run=server", "-f", "-", stdin=MANIFEST.replace("replicas: 2", "replicas: 7"))
    assert web.get("deployment", "web")["spec"]["replicas"] == 2


def test_api_resources_and_explain(kubectl: Kubectl) -> None:
    listed = kubectl("api-resources", "--verbs=list", "-o", "name").split()
    assert {"deployments.apps", "services", "ingresses.networking.k8s.io", "leases.coordination.k8s.io"} <= set(listed)
    assert "replicas" in kubectl("explain", "deployment.spec.replicas")


def test_auth_can_i(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "delete", "pods").strip() == "yes"
    assert kubectl.run("--context", "demo-viewer", "auth", "can-i", "delete", "pods").stdout.strip() == "no"
    assert kubectl("--context", "demo-viewer", "auth", "can-i", "list", "pods").strip() == "yes"
    assert kubectl.run("--context", "demo-nobody", "get", "pods").stderr.startswith("Error from server (Forbidden)")


def test_a_namespace_is_deleted_with_its_content(web: Kubectl) -> None:
    web("delete", "namespace", web.namespace, "--timeout=50s")
    assert "NotFound" in web.run("get", "namespace", web.namespace).stderr


ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: "reader:pods"}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: "reader:pods"}
subjects: [{kind: ServiceAccount, name: default}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: foreign}
rules: [{nonResourceURLs: ["/metrics"], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: foreign}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: foreign}
"""


def test_roles_of_foreign_manifests_apply_and_are_kept(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=ROLES)
    assert kubectl("apply", "-f", "-", stdin=ROLES).count("unchanged") == 4
    assert kubectl.get("role", "reader:pods")["rules"][0]["resources"] == ["pods"]
    assert kubectl("get", "rolebindings").split()[:5] == ["NAME", "ROLE", "AGE", "readers", "Role/reader:pods"]
    assert "foreign" in kubectl("get", "clusterroles,clusterrolebindings")
    refused = kubectl.run("apply", "-f", "-", stdin=ROLES.replace("reader:pods", "a/b"))
    assert "may not contain '/'" in refused.stderr
    kubectl("delete", "-f", "-", stdin=ROLES)


def test_a_refusal_by_an_older_rule_is_shown_with_a_warning(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    step = '{"replicas": "60%", "traffic": "50%"}'
    refused = kubectl.run(
        "apply", "-f", "-",
        stdin=f"""
apiVersion: rollouts.kruise.io/v1beta1
kind: Rollout
metadata: {{name: web}}
spec:
  workloadRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
  strategy: {{canary: {{steps: [{step}], trafficRoutings: [{{service: web, ingress: {{name: web}}}}]}}}}
""",
    )  # fmt: skip
    assert refused.returncode != 0
    assert "partition-percent-limit" in refused.stderr
    assert "Warning: this imitates Kruise Rollouts 0.6" in refused.stderr
