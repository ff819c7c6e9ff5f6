"""What a Helm chart renders, in the hands of a real kubectl: a dozen kinds in one file, taken whole."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")

BUNDLE = """
# Not JSON, as which older kubectls take a text that begins with a brace.
apiVersion: v1
kind: ServiceAccount
metadata: {name: hb}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: hb}, spec: {minAvailable: 1}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: hb}, spec: {podSelector: {}}}
---
{apiVersion: v1, kind: Secret, metadata: {name: hb}, data: {a: Yg==}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: hb}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: hb}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "example/hb:1"}]}}}}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: hb-high}, value: 1000}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: hb}, spec: {hard: {pods: "20"}}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: hb}
spec: {limits: [{type: Container, default: {cpu: 100m}, defaultRequest: {cpu: 100m}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: hb}
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: hb}}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: hb}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: x}], to: [{group: "", kind: Service}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: hb}
spec: {hosts: [ext.test], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: hb}, spec: {mtls: {mode: STRICT}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hb}
spec:
  selector: {matchLabels: {app: hb}}
  template:
    metadata: {labels: {app: hb}}
    spec: {containers: [{name: hb, image: "example/hb:1", envFrom: [{secretRef: {name: hb}}]}]}
"""
MONITOR = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: servicemonitors.bundles.test}
spec:
  group: bundles.test
  scope: Namespaced
  names: {plural: servicemonitors, kind: ServiceMonitor, shortNames: [smon]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties: {spec: {type: object, properties: {endpoints: {type: array, items: {type: object}}}}}
"""


@pytest.fixture
def kubectl(embedded: dict[str, Any], request: pytest.FixtureRequest) -> Any:
    """Runs kubectl in a namespace of its own and answers what it prints."""
    namespace = request.node.name.replace("_", "-")[:50].strip("-")
    environment = {**os.environ, "KUBECONFIG": embedded["kubeconfig"]}

    def run(*words: str, stdin: str = "") -> str:
        argv = ["kubectl", "--namespace", namespace, *words]
        done = subprocess.run(
            argv, input=stdin, env=environment, check=False, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("create", "namespace", namespace)
    yield run
    run("delete", "namespace", namespace, "--wait=false")


def test_a_bundle_is_taken_whole_and_is_the_same_again(kubectl: Any) -> None:
    first = kubectl("apply", "-f", "-", stdin=BUNDLE).splitlines()
    assert [line.split()[-1] for line in first] == ["created"] * 14
    again = kubectl("apply", "-f", "-", stdin=BUNDLE).splitlines()
    assert [line.split()[-1] for line in again] == ["unchanged"] * 14
    assert kubectl("get", "pdb").splitlines()[1].split()[:4] == ["hb", "1", "N/A", "0"]
    assert kubectl("get", "hpa").splitlines()[1].split()[:4] == ["hb", "Deployment/hb", "cpu:", "<unknown>/80%"]
    assert kubectl("get", "pvc,cronjob,quota,limits,netpol,se,pa").count("hb") == 7


def test_a_kind_of_its_own_is_defined_used_and_gone(kubectl: Any) -> None:
    assert "created" in kubectl("apply", "-f", "-", stdin=MONITOR)
    kubectl("wait", "--for=condition=Established", "crd/servicemonitors.bundles.test", "--timeout=30s")
    doc = "apiVersion: bundles.test/v1\nkind: ServiceMonitor\nmetadata: {name: m}\nspec: {endpoints: []}\n"
    assert "servicemonitor.bundles.test/m created" in kubectl("apply", "-f", "-", stdin=doc)
    assert kubectl("get", "smon").splitlines()[1].split()[0] == "m"
    assert "endpoints" in kubectl("explain", "smon.spec")
    kubectl("delete", "crd", "servicemonitors.bundles.test", "--timeout=30s")
    assert "servicemonitors.bundles.test" not in kubectl("get", "crd")
