"""The command as a process, against an embedded cluster as a process."""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli.program import Completes, Options
from cockpit.launch.completing import Wanted, complete
from cockpit.launch.compose import Launcher
from tests.places import Place, namespace_in

COCKPIT = [sys.executable, "-c", "from cockpit.launch.compose import main; main()"]
SECONDS = 60


def start(words: list[str], state: Path, **settings: Any) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE"))}
    environ |= {"COCKPIT_STATE": str(state), "HOME": str(state), "XDG_CONFIG_HOME": str(state)}
    environ["COCKPIT_PROBE_RATE"] = "200"
    return subprocess.Popen(
        [*COCKPIT, *words],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **settings,
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """`cockpit demo --serve`: its kubeconfig and its gateway. In the end SIGTERM is no failure."""
    folder = tmp_path_factory.mktemp("served")
    kubeconfig = folder / "kubeconfig"
    process = start(["demo", "--serve", "--kubeconfig-out", str(kubeconfig)], folder)
    assert process.stdout
    ready = json.loads(process.stdout.readline())
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    gateway = ready["gateway"]
    yield kubeconfig, gateway
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert f"KUBECONFIG={kubeconfig} kubectl" in said
    assert f"curl -H 'Host: NAME.OF.THE.INGRESS' {gateway}/" in said
    assert f"--connect-to ::{ready['gateway_tls'].removeprefix('https://')} https://" in said


def deployment(version: str) -> dict[str, Any]:
    labels = {"app": "web", "version": version}
    container = {"name": "web", "image": f"web:{version}", "ports": [{"containerPort": 8080}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"web-{version}"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {
        "type": "LoadBalancer",
        "selector": {"app": "web", "version": "v1"},
        "ports": [{"port": 80, "targetPort": 8080}],
    },
}


@pytest.fixture(scope="module")
def place(served: tuple[Path, str]) -> Iterator[Place]:
    """A namespace with two versions of `web`, all pods ready, traffic on v1."""
    with namespace_in("embedded", *served, "shop") as made:
        made.apply(deployment("v1"), deployment("v2"), SERVICE)
        made.ready("web-v1", "web-v2")
        yield made


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cockpit(place: Place, tmp_path: Path) -> Run:
    """Runs the command with the cluster's kubeconfig to its end."""

    def run(*words: str, kubeconfig: Path = place.kubeconfig) -> subprocess.CompletedProcess[str]:
        process = start(["--kubeconfig", str(kubeconfig), "-n", "shop", *words], tmp_path)
        out, said = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(words, process.returncode, out, said)

    return run


def active(place: Place) -> str:
    service = place.get("Service", "web")
    assert service
    return str(service["spec"]["selector"]["version"])


def test_list_and_show_tell_what_is_in_the_cluster(cockpit: Run) -> None:
    [listed] = json.loads(cockpit("list", "-o", "json").stdout)["rollouts"]
    assert (listed["context"], listed["namespace"], listed["name"], listed["router"]) == (
        *("demo", "shop", "web"),
        "service",
    )
    shares = {share["version"]: share["written"] for share in listed["lanes"][0]["shares"]}
    assert shares == {"v1": 1.0, "v2": 0.0}
    assert json.loads(cockpit("show", "web", "-o", "json").stdout)["versions"] == listed["versions"]
    assert cockpit("list", "-o", "name").stdout == "shop/web\n"


def test_a_flip_is_planned_sent_seen_in_the_traffic_and_undone_by_another_process(cockpit: Run, place: Place) -> None:
    planned = cockpit("flip", "web", "--dry-run", "-o", "json")
    assert (planned.returncode, json.loads(planned.stdout)["outcome"], active(place)) == (0, "dry-run", "v1")
    unasked = cockpit("flip", "web")
    assert (unasked.returncode, active(place)) == (2, "v1")

    flipped = cockpit("flip", "web", "--yes", "-o", "json")
    told = json.loads(flipped.stdout)
    assert (flipped.returncode, told["outcome"], active(place)) == (0, "verified", "v2"), told
    assert "answers agree" in told["why"]

    undone = cockpit("undo", "web", "--yes", "--no-probe", "-o", "json")
    assert (undone.returncode, json.loads(undone.stdout)["outcome"], active(place)) == (0, "verified", "v1")
    again = cockpit("undo", "web", "--yes")
    assert again.returncode == 1
    assert "nothing to undo" in again.stderr


def test_the_probe_judges_the_written_split_and_the_expected_one(cockpit: Run) -> None:
    fine = cockpit("probe", "web", "--rate", "200", "-o", "json")
    told = json.loads(fine.stdout)
    assert (fine.returncode, told["verdict"]) == (0, "on"), told
    assert {version["version"]: version["share"] for version in told["versions"]} == {"v1": 1.0, "v2": 0.0}
    off = cockpit("probe", "web", "--rate", "200", "--expect", "v2=50")
    assert off.returncode == 6
    assert "off: " in off.stdout


def test_a_url_is_probed_without_any_cluster(cockpit: Run, place: Place, tmp_path: Path) -> None:
    service = place.get("Service", "web")
    assert service
    address = service["status"]["loadBalancer"]["ingress"][0]["ip"]
    process = start(
        ["probe", "http://web.example/", "--resolve", f"web.example:80:{address}", "--count", "5", "-o", "json"],
        tmp_path,
    )
    out, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    told = json.loads(out)
    assert (told["samples"], told["target"]) == (5, "http://web.example/")


def test_verify_says_that_the_split_is_on(cockpit: Run) -> None:
    verified = cockpit("verify", "web", "--for", "1s", "--rate", "200", "-o", "json")
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["lanes"][0]["verdict"] == "on"


@pytest.fixture
def watching(place: Place, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`watch -o json` that has told how things stand."""
    process = start(["--kubeconfig", str(place.kubeconfig), "-n", "shop", "watch", "web", "-o", "json"], tmp_path)
    try:
        assert process.stdout
        assert json.loads(process.stdout.readline())["rollout"]["name"] == "web"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_watch_tells_of_a_change_and_ends_on_ctrl_c(watching: subprocess.Popen[str], place: Place) -> None:
    assert watching.stdout
    place.merge("Service", "web", {"spec": {"selector": {"version": "v2"}}})
    assert any("written v1=100% v2=0% -> v1=0% v2=100%" in watching.stdout.readline() for _ in range(5))
    place.merge("Service", "web", {"spec": {"selector": {"version": "v1"}}})
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=SECONDS)
    assert (watching.returncode, said) == (130, "")


def test_watch_ends_quietly_when_nobody_reads_it(watching: subprocess.Popen[str], place: Place) -> None:
    assert watching.stdout
    watching.stdout.close()
    for version in ["v2", "v1"] * SECONDS:
        # It notices when it next has something to say; changes that follow at once may be told as none.
        place.merge("Service", "web", {"spec": {"selector": {"version": version}}})
        with contextlib.suppress(subprocess.TimeoutExpired):
            watching.wait(1)
            break
    assert watching.returncode == 0
    place.merge("Service", "web", {"spec": {"selector": {"version": "v1"}}})
    assert watching.stderr
    assert watching.stderr.read() == ""


def edited(place: Place, path: Path, old: str, new: str) -> Path:
    path.write_text("".join(new if old in line else line for line in place.kubeconfig.read_text().splitlines(True)))
    return path


def test_bad_input_and_what_cannot_be_read_are_named_and_end_with_their_codes(place: Place, tmp_path: Path) -> None:
    broken, absent = tmp_path / "broken", tmp_path / "absent"
    broken.write_text("contexts: [")
    wrong = edited(place, tmp_path / "wrong", "token:", "    token: wrong\n")
    dead = edited(place, tmp_path / "dead", "server:", "    server: https://127.0.0.1:1\n")
    cases: list[tuple[int, Path, list[str], str]] = [
        (1, place.kubeconfig, ["list", "--context", "nope"], "no context 'nope'"),
        (1, broken, ["list"], "broken, line 1"),
        (1, absent, ["list"], "does not exist"),
        (8, wrong, ["list"], "credentials rejected"),
        (8, dead, ["list", "--request-timeout", "10"], "demo (https://127.0.0.1:1): retrying"),
        (1, place.kubeconfig, ["show", "wep"], "Did you mean shop/web?"),
        (1, place.kubeconfig, ["approve", "web", "--yes"], "refused"),
        (8, place.kubeconfig, ["list", "--context", "demo-nobody"], "forbidden"),
        (
            *(1, place.kubeconfig, ["flip", "web", "--yes", "--context", "demo-viewer"]),
            "does not allow you to patch services",
        ),
        (1, place.kubeconfig, ["--read-only", "flip", "web", "--yes"], "read-only"),
    ]
    started = [start(["--kubeconfig", str(path), "-n", "shop", *words], tmp_path) for _, path, words, _ in cases]
    for process, (code, _, words, wanted) in zip(started, cases, strict=True):
        _, said = process.communicate(timeout=SECONDS)
        assert (process.returncode, wanted in said, "Traceback" in said) == (code, True, False), (words, said)
    assert active(place) == "v1"


def test_a_scenario_that_does_not_exist_is_named(tmp_path: Path) -> None:
    process = start(["demo", "--serve", "no-such-story"], tmp_path)
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert "no-such-story" in said


def test_a_context_behind_a_shared_gateway_is_read_with_the_others(tmp_path: Path) -> None:
    """Asked for the cluster of the route alone, the version in the other one still counts."""
    kubeconfig = tmp_path / "kubeconfig"
    settings = tmp_path / "cockpit" / "config.yaml"
    settings.parent.mkdir()
    settings.write_text("one_gateway: [[vke-a, vke-b]]\n")
    serving = start(["demo", "two-clusters", "--serve", "--kubeconfig-out", str(kubeconfig)], tmp_path)
    try:
        assert serving.stdout
        assert json.loads(serving.stdout.readline())["one_gateway"] is True
        words = ["--kubeconfig", str(kubeconfig), "--context", "vke-a", "-n", "two-clusters"]
        for _ in range(SECONDS):
            shown, said = start([*words, "show", "route1", "-o", "json"], tmp_path).communicate(timeout=SECONDS)
            versions = {v["name"]: (v["context"], v["ready"]) for v in json.loads(shown)["versions"]} if shown else {}
            if versions == {"v1": (None, 2), "v2": ("vke-b", 1)}:
                break
        else:
            raise AssertionError(f"v2 was never ready: {shown} {said}")
    finally:
        serving.send_signal(signal.SIGTERM)
        _, told = serving.communicate(timeout=SECONDS)
    assert "COCKPIT_ONE_GATEWAY=vke-a,vke-b cockpit" in told


def test_a_shell_completes_what_the_cluster_has(place: Place, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "COCKPIT_STATE": str(tmp_path)}
    launcher = Launcher(environ)
    here = Options(kubeconfig=str(place.kubeconfig))

    def offered(what: Completes, typed: str = "", of: str = "", options: Options = here) -> list[str]:
        wanted = Wanted(what, options, typed, of, patience=SECONDS)
        return list(complete(wanted, environ, launcher.session))

    name = f"{place.namespace}/web"
    assert f"{place.namespace}/" in offered(Completes.ROLLOUT)
    assert offered(Completes.ROLLOUT, f"{place.namespace}/w") == [name]
    assert f"demo:{name}" in offered(Completes.ROLLOUT, f"demo:{place.namespace}/")
    assert f"demo:{place.namespace}/" in offered(Completes.ROLLOUT, "demo:")
    assert name in offered(Completes.ROLLOUT, options=replace(here, all_namespaces=True))
    assert offered(Completes.VERSION, of=name) == ["v1", "v2"]
    assert offered(Completes.VERSION, of=f"{name}-none") == []
    assert offered(Completes.STEP, of=name) == []
    assert "dark" in offered(Completes.THEME)
