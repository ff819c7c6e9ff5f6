"""The Job of a probe in the cluster: what it may cost, what it may do, and when it ends."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.containers.expansion import expanded, expanded_variables
from cockpit.model.plan import Act, Plan, Refused, Verb
from cockpit.model.probe_job import JobShape
from cockpit.model.probe_target import ProbeTarget, ProxiedService
from cockpit.model.refs import VIRTUALSERVICES, Ref, RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.probe_job import PROBE_LABEL, ProbeLoad, probe_job_plan, read_labels
from cockpit.planning.probe_script import SCRIPT
from tests.objects import Cluster
from tests.planning.states import service

KEY = RolloutKey("test", "default", "shelf", "manual")
ROLLOUT = Rollout(KEY, "service", Phase.AT_REST, "", (), (), (), "1")
INSIDE = ProbeTarget("shelf.default.svc.cluster.local", 80, "shelf.default.svc.cluster.local")
LOAD = ProbeLoad(INSIDE, (), 20.0, None, 60.0, 5.0)
TOKEN = "0123456789abcdef" * 2
INJECTED = JobShape(labels=(("sidecar.istio.io/inject", "true"),))


def planned(
    load: ProbeLoad = LOAD, shape: JobShape | None = None, cluster: Cluster | None = None, rollout: Rollout = ROLLOUT
) -> Plan:
    plan = probe_job_plan(rollout, load, shape or JobShape(), cluster or Cluster(), TOKEN)
    assert isinstance(plan, Plan), plan
    return plan


def refusal(load: ProbeLoad = LOAD, shape: JobShape | None = None, cluster: Cluster | None = None) -> str:
    answer = probe_job_plan(ROLLOUT, load, shape or JobShape(), cluster or Cluster(), TOKEN)
    assert isinstance(answer, Refused)
    assert answer.act is Act.PROBE
    return answer.why


def spec(plan: Plan) -> dict[str, Any]:
    (request,) = plan.requests
    return dict(request.body["spec"])


def pod(plan: Plan) -> dict[str, Any]:
    return dict(spec(plan)["template"]["spec"])


def variables(plan: Plan) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in pod(plan)["containers"][0]["env"]}


def run_by_a_kubelet(plan: Plan) -> tuple[list[str], list[str], dict[str, str]]:
    """Command, arguments and variables of the process that a kubelet starts."""
    (container,) = pod(plan)["containers"]
    known = expanded_variables((entry["name"], entry["value"]) for entry in container["env"])
    command, arguments = ([expanded(word, known) for word in container[field]] for field in ("command", "args"))
    return command, arguments, known


def test_the_job_ends_and_goes_by_itself() -> None:
    plan = planned()
    (request,) = plan.requests
    assert (request.verb, request.ref.resource.kind, request.ref.namespace) == (Verb.CREATE, "Job", "default")
    found = spec(plan)
    assert (found["parallelism"], found["completions"], found["backoffLimit"]) == (5, 5, 0)
    assert 60 < found["activeDeadlineSeconds"] <= 60 + 150
    assert 0 < found["ttlSecondsAfterFinished"] <= 300
    assert f"{found['activeDeadlineSeconds']} s" in plan.undo


def test_its_pods_have_no_rights_and_little_to_spend() -> None:
    found = pod(planned())
    (container,) = found["containers"]
    assert found["automountServiceAccountToken"] is False
    assert found["restartPolicy"] == "Never"
    own = found["securityContext"]
    assert (own["runAsNonRoot"], own["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
    assert own["runAsUser"] not in (0, 1337)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}


def test_everything_says_whose_it_is() -> None:
    plan = planned(shape=JobShape(image="example/tools:1", labels=(("team", "shop"),)))
    (request,) = plan.requests
    labels = request.body["metadata"]["labels"]
    assert labels["app.kubernetes.io/managed-by"] == "cockpit"
    template = spec(plan)["template"]["metadata"]["labels"]
    assert template == {**labels, "team": "shop"}
    assert template[PROBE_LABEL] == request.ref.name
    assert pod(plan)["containers"][0]["image"] == "example/tools:1"


def test_what_varies_is_data_of_the_script_and_not_part_of_it() -> None:
    hostile = replace(INSIDE, path='/$(reboot)/{a,b}["x"]', headers=(("X-Lane", "$(reboot); `id`"), ("X-Empty", "")))
    command, arguments, _ = run_by_a_kubelet(planned(replace(LOAD, probe_target=hostile)))
    assert command == ["sh", "-c", SCRIPT, "probe"]
    assert arguments[-2:] == ["--", rf'http://{INSIDE.host}/$(reboot)/\{{a,b\}}\["x"\]']
    assert "X-Lane: $(reboot); `id`" in arguments
    assert "X-Empty;" in arguments
    assert "--rate" in arguments


@given(path=st.text("$()AMRK/"), value=st.text("$()AMRK", min_size=1))
def test_a_kubelet_replaces_nothing_in_the_script_and_its_data(path: str, value: str) -> None:
    target = replace(INSIDE, path=f"/{path}", headers=(("X-Lane", value),), version_from=f"header:{value}")
    command, arguments, variables = run_by_a_kubelet(planned(replace(LOAD, probe_target=target)))
    assert command == ["sh", "-c", SCRIPT, "probe"]
    assert arguments[-1] == f"http://{INSIDE.host}/{path}"
    assert f"X-Lane: {value}" in arguments
    assert variables["HEADERS"] == f"x-pod location {value.lower()}"


def test_an_address_is_connected_to_under_the_name_that_is_asked_for() -> None:
    target = ProbeTarget("10.0.0.9", 8443, "shop.example", tls=True, insecure=True)
    arguments = pod(planned(replace(LOAD, probe_target=target)))["containers"][0]["args"]
    assert arguments[-1] == "https://shop.example:8443/"
    assert arguments[arguments.index("--connect-to") + 1] == "shop.example:8443:10.0.0.9:8443"
    assert "-k" in arguments


@given(
    rate=st.floats(0.1, 10_000),
    count=st.none() | st.integers(1, 1_000_000),
    seconds=st.floats(1, 3600),
    pods=st.integers(1, 50),
)
def test_the_pods_together_send_what_was_asked_for(rate: float, count: int | None, seconds: float, pods: int) -> None:
    plan = planned(replace(LOAD, rate=rate, count=count, seconds=seconds), JobShape(pods=pods))
    of_all, found = spec(plan)["parallelism"], variables(plan)
    workers, each, pause = int(found["WORKERS"]), int(found["COUNT"]), int(found["PAUSE"])
    assert 1 <= of_all <= pods
    assert 1 <= workers <= min(32, each)
    if count is not None and workers == 32:
        assert of_all * each <= count + of_all
    # A pause is a whole number of milliseconds, so the rate is not met exactly where workers are few.
    sent = of_all * min(math.ceil(rate / of_all / 20), 32) * 1000 / pause
    assert 0.6 * rate <= sent <= 1.7 * rate or rate > 32_000 * of_all
    assert int(found["SECONDS_"]) == math.ceil(seconds)
    assert spec(plan)["activeDeadlineSeconds"] > seconds


def test_a_count_is_divided_among_the_pods() -> None:
    assert variables(planned(replace(LOAD, rate=100.0, count=101), JobShape(pods=4)))["COUNT"] == "26"
    few = planned(replace(LOAD, count=3), JobShape(pods=5))
    assert (spec(few)["parallelism"], variables(few)["COUNT"]) == (3, "1")


def test_a_sidecar_is_waited_for_and_ended() -> None:
    plan = planned(shape=INJECTED)
    notes = spec(plan)["template"]["metadata"]["annotations"]
    assert "holdApplicationUntilProxyStarts" in notes["proxy.istio.io/config"]
    assert variables(plan)["SIDECAR"] == "1"
    assert variables(planned())["SIDECAR"] == ""


def test_labels_that_a_service_selects_would_send_users_to_the_probe() -> None:
    cluster = Cluster([service("shelf", app="shelf", version="v1"), service("other")])
    words = refusal(shape=JobShape(labels=(("app", "shelf"), ("version", "v1"))), cluster=cluster)
    assert "Service default/shelf selects pods with these labels" in words
    planned(shape=JobShape(labels=(("app", "shelf"),)), cluster=cluster)


@pytest.mark.parametrize(
    ("load", "shape", "words"),
    [
        (replace(LOAD, seconds=3601.0), JobShape(), "at most 3600 s"),
        (replace(LOAD, probe_target=replace(INSIDE, proxy="http://p:1")), JobShape(), "leave out --proxy"),
        (
            replace(LOAD, probe_target=replace(INSIDE, service=ProxiedService("test", "default", "shelf", "80"))),
            JobShape(),
            "give the URL of the Service",
        ),
        (
            replace(LOAD, probe_target=replace(INSIDE, headers=(("X-A", "b"), ("Authorization", "Bearer s3cr3t")))),
            JobShape(),
            "Authorization would be readable for everyone who may read Jobs or pods in namespace default",
        ),
        (
            replace(LOAD, probe_target=replace(INSIDE, headers=(("X-Api-Key", "s3cr3t"), ("cookie", "s3cr3t")))),
            JobShape(),
            "X-Api-Key, cookie would be readable",
        ),
        (replace(LOAD, probe_target=replace(INSIDE, path="/?token=s3cr3t")), JobShape(), "token would be readable"),
        (LOAD, JobShape(image="a b"), "not the name of an image"),
    ],
)
def test_what_cannot_be_is_refused(load: ProbeLoad, shape: JobShape, words: str) -> None:
    why = refusal(load, shape)
    assert words in why
    assert "s3cr3t" not in why


def test_warnings() -> None:
    assert planned().warnings == ()
    (heavy,) = planned(replace(LOAD, rate=2000.0)).warnings
    assert heavy.startswith("2000 requests per second")
    (readable,) = planned(replace(LOAD, headers=(("Authorization", "secret"),))).warnings
    assert "Authorization" in readable
    assert "secret" not in readable
    meshed = replace(ROLLOUT, objects=(Ref(VIRTUALSERVICES, "default", "shelf"),))
    (sidecar,) = planned(rollout=meshed).warnings
    assert "--label sidecar.istio.io/inject=true" in sidecar
    assert planned(rollout=meshed, shape=INJECTED).warnings == ()


def test_values_that_may_be_credentials_are_not_shown() -> None:
    (command,) = planned(replace(LOAD, headers=(("Authorization", "Bearer s3cr3t"),))).commands()
    assert "s3cr3t" not in command


def test_labels_as_typed() -> None:
    assert read_labels(("a=b", "example.com/c=", "a=d")) == (("a", "d"), ("example.com/c", ""))
    for text in ("a", "=b", "a b=c", "A_/b=c", "a=b c", "a=" + "x" * 64, "/a=b"):
        with pytest.raises(ValueError, match="label"):
            read_labels((text,))
