import json
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import yaml
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.cli.options import flags_of
from cockpit.cli.program import Options
from cockpit.model.plan import Act, ActState
from cockpit.model.rollout import Finding, Observed, Phase, PlannedStep, Severity, Step
from cockpit.model.view import KindSync, Sync
from cockpit.session.facts.groups import groups_of
from tests.cli.fakes import FakeCockpit, FakeProgram, cluster, fleet, rollout


def run(program: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, words, obj=program)


def program(*views: object) -> FakeProgram:
    return FakeProgram(FakeCockpit(*views))  # type: ignore[arg-type]


def interrupted(made: FakeProgram) -> FakeProgram:
    made.cockpit.at_end = lambda: signal.raise_signal(signal.SIGINT)
    return made


def test_list_waits_until_the_cluster_was_read() -> None:
    result = run(program(fleet(clusters=[cluster(state=Sync.SYNCING)]), fleet([rollout()])), "list")
    assert result.exit_code == 0
    heads = "ROLLOUT SYSTEM ROUTER PHASE STEP DECLARED WRITTEN OBSERVED VERDICT HEALTH PODS"
    assert result.stdout.splitlines()[0].split() == heads.split()
    row = "shop/web  manual  ingress  canary  -     -         v1=70% v2=30%  v1=56%±6 v2=44%±6  off      not measured"
    assert row in result.stdout
    assert "\x1b" not in result.stdout


def test_list_as_json_has_every_field_of_the_interface() -> None:
    result = run(program(fleet([rollout()])), "list", "-o", "json")
    [found] = json.loads(result.stdout)["rollouts"]
    assert set(found) >= {
        *("context", "namespace", "name", "system", "router", "phase", "message", "step"),
        *("versions", "lanes", "findings", "acts", "owners", "checks", "said"),
    }
    assert found["step"] is None
    assert found["phase"] == "canary"
    [lane] = found["lanes"]
    assert lane["verdict"] == "off"
    assert lane["shares"][1]["declared"] is None
    assert lane["shares"][1]["written"] == 0.3
    assert lane["shares"][1]["observed"]["share"] == 0.44
    assert {"share", "low", "high", "samples"} <= set(lane["shares"][1]["observed"])
    assert lane["unanswered"] is None
    assert found["versions"][0]["images"] == ["web:v1"]
    assert found["acts"][1] == {
        "id": "approve",
        "enabled": False,
        "why": "nothing waits for approval",
        "ways": [],
        "versions": [],
        "leads": "",
    }


def test_requests_that_no_version_answers_are_in_every_output() -> None:
    (lane,) = rollout().lanes
    lost = replace(lane, unanswered=Observed(0.2, 0.1, 0.3, 100, 20), unanswered_note="503")
    view = fleet([replace(rollout(), lanes=(lost,))])
    found = json.loads(run(program(view), "show", "web", "-o", "json").stdout)["lanes"][0]["unanswered"]
    assert (found["share"], found["samples"], found["errors"], found["most"]) == (0.2, 100, 20, "503")
    assert "unanswered=20% (503)" in run(program(view), "list", "-o", "wide").stdout
    row = next(line for line in run(program(view), "show", "web").stdout.splitlines() if "no version" in line)
    assert "no version: 503" in row
    assert "20% (10%..30%)" in row


def test_yaml_and_json_say_the_same() -> None:
    as_yaml = run(program(fleet([rollout()])), "show", "web", "-o", "yaml")
    as_json = run(program(fleet([rollout()])), "show", "web", "-o", "json")
    assert yaml.safe_load(as_yaml.stdout) == json.loads(as_json.stdout)


def test_names_carry_the_context_only_where_there_are_several() -> None:
    one = run(program(fleet([rollout("a"), rollout("b"), rollout("b", system="argo")])), "list", "-o", "name")
    assert one.stdout.splitlines() == ["shop/a", "shop/b@manual", "shop/b@argo"]
    two = run(program(fleet([rollout("a"), rollout("a", context="eu")])), "list", "-o", "name")
    assert two.stdout.splitlines() == ["demo:shop/a", "eu:shop/a"]


def test_a_kind_that_may_not_be_read_is_a_note_and_the_rest_is_listed() -> None:
    kinds = (
        KindSync("Ingress", Sync.FORBIDDEN, 0, "ingresses in demo: not allowed (403)"),
        KindSync("Pod", Sync.LIVE, 0),
    )
    view = fleet([rollout()], [cluster(state=Sync.FORBIDDEN, kinds=kinds)])
    result = run(program(view), "list")
    assert result.exit_code == 0
    assert "shop/web" in result.stdout
    assert "Ingress: forbidden: ingresses in demo: not allowed (403)" in result.stderr


@pytest.mark.parametrize("state", [Sync.RETRYING, Sync.REFUSED])
def test_a_cluster_that_does_not_answer_is_an_error_that_names_it(state: Sync) -> None:
    view = fleet(clusters=[cluster("prod-eu", state, "pods in prod-eu: cannot be reached")])
    result = run(program(view), "list", "-o", "json", "--request-timeout", "1ms")
    assert result.exit_code == 8
    assert "prod-eu (https://127.0.0.1:6443)" in result.stderr
    assert "cannot be reached" in result.stderr
    assert result.stdout == ""


def test_of_two_clusters_one_is_listed_and_the_exit_code_tells() -> None:
    view = fleet([rollout()], [cluster(), cluster("eu", Sync.RETRYING, "connection refused")])
    result = run(program(view), "list", "-o", "name", "--request-timeout", "1ms")
    assert result.exit_code == 8
    assert result.stdout == "shop/web\n"
    assert "rollouts may be missing: eu (retrying): connection refused" in result.stderr


def test_what_stops_a_session_from_starting_is_said() -> None:
    made = program(fleet())
    made.problem = "no context staging in the kubeconfig; there are: demo"
    result = run(made, "list", "--context", "staging")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: no context staging in the kubeconfig; there are: demo\n"


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["list", "-n", "a"], Options(namespace="a")),
        (["-n", "a", "list"], Options(namespace="a")),
        (["-n", "a", "list", "-n", "b"], Options(namespace="b")),
        (["--context", "x", "--context", "y", "list"], Options(contexts=("x", "y"))),
        (["--context", "x", "list", "--context", "y"], Options(contexts=("y",))),
        (["-A", "list", "--read-only"], Options(all_namespaces=True, read_only=True)),
        (["list", "--as", "me", "--as-group", "g", "--as-group", "h"], Options(as_user="me", as_groups=("g", "h"))),
        (["--request-timeout", "1m30s", "list"], Options(request_timeout=90.0)),
        (["--sample", "moving", "list", "--probe-budget", "20"], Options(sample="moving", probe_budget=20.0)),
        (["--kubeconfig", "f", "--theme", "light", "--plain", "list"], Options("f", theme="light", plain=True)),
    ],
)
def test_flags_go_before_and_after_the_command(words: list[str], options: Options) -> None:
    made = program(fleet())
    run(made, *words)
    assert made.options == [options]


def test_another_process_gets_every_shared_flag() -> None:
    given = Options(
        *("kubeconfig", ("a", "b"), "shop", True, "me", ("g", "h"), 90.0, True, "light", True, "moving", 20.0),
        prometheus="http://prometheus.example:9090/",
        slow=True,
        cluster="eu",
        user="on-call",
    )
    made = program(fleet())
    run(made, "list", *flags_of(given))
    assert made.options == [given]


@pytest.mark.parametrize("time", ["0", "-1", "1x", "soon", "2d", "1 s"])
def test_a_wrong_duration_is_a_usage_error(time: str) -> None:
    assert run(program(fleet()), "list", "--request-timeout", time).exit_code == 2


@pytest.mark.parametrize("name", ["web", "shop/web", "demo:shop/web", "web@manual", "demo:web"])
def test_show_finds_a_rollout_by_any_unambiguous_name(name: str) -> None:
    result = run(program(fleet([rollout(), rollout("other")])), "show", name)
    assert result.exit_code == 0
    assert "demo:shop/web" in result.stdout
    assert "44% (38%..50%)" in result.stdout
    assert "split-off" not in result.stdout
    assert "v2 answers 44%, 30% is written" in result.stdout


def test_show_names_what_is_near_or_what_fits() -> None:
    view = fleet([rollout(), rollout(namespace="test"), rollout("basket")])
    assert "Did you mean shop/basket?" in run(program(view), "show", "baskt").stderr
    many = run(program(view), "show", "web")
    assert many.exit_code == 1
    assert "matches 2 rollouts: shop/web, test/web" in many.stderr
    assert "Available: shop/web" in run(program(view), "show", "zzzz").stderr
    assert run(program(view), "show", "shop/").exit_code == 2


def test_a_name_that_is_nowhere_says_where_was_looked_and_where_not() -> None:
    said = run(program(fleet()), "show", "web").stderr
    assert "no rollout 'web' in demo, namespace shop. No rollouts found there." in said
    assert "Other namespaces were not read: use -n NAME for one, -A for all." in said
    everywhere = replace(cluster(), namespace=None)
    said = run(program(fleet(clusters=[everywhere])), "show", "-A", "web").stderr
    assert "no rollout 'web' in demo, any namespace. No rollouts found there.\n" in said
    denied = KindSync("Rollout", Sync.FORBIDDEN, 0.0, "no right")
    told = run(program(fleet([rollout()], [replace(everywhere, kinds=(denied,))])), "show", "-A", "zzzz").stderr
    assert "Available: shop/web. Some kinds cannot be read there: run cockpit doctor" in told


def test_nothing_from_a_cluster_reaches_the_terminal_as_an_escape() -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\u202ev2\r\nROLLOUT"
    bad = replace(rollout(), message=hostile, findings=(Finding("x", Severity.CRITICAL, hostile, hostile),))
    for words in (["list", "-o", "wide"], ["show", "web"], ["show", "web", "-o", "json"], ["list", "-o", "yaml"]):
        out = run(program(fleet([bad])), *words).stdout
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "\nROLLOUT" not in out.removeprefix("ROLLOUT")


def test_doctor_tells_kinds_paths_and_versions() -> None:
    kinds = (KindSync("Pod", Sync.LIVE, 0, objects=12), KindSync("Ingress", Sync.FORBIDDEN, 0, "not allowed"))
    made = program(fleet(clusters=[cluster(state=Sync.FORBIDDEN, kinds=kinds)]))
    result = run(made, "doctor")
    assert result.exit_code == 1
    for text in ("https://127.0.0.1:6443", "Ingress  forbidden  0        not allowed", "journal.jsonl", "python"):
        assert text in result.stdout
    told = json.loads(run(made, "doctor", "-o", "json").stdout)
    assert told["clusters"][0]["kinds"][0]["objects"] == 12


def test_doctor_tells_kinds_of_one_name_apart_by_their_group() -> None:
    kinds = (
        KindSync("Gateway", Sync.LIVE, 0, group="gateway.networking.k8s.io"),
        KindSync("Gateway", Sync.LIVE, 0, group="networking.istio.io"),
        KindSync("Ingress", Sync.LIVE, 0, group="networking.k8s.io"),
    )
    made = program(fleet(clusters=[cluster(kinds=kinds)]))
    told = run(made, "doctor").stdout
    for text in ("Gateway.gateway.networking.k8s.io ", "Gateway.networking.istio.io ", "Ingress "):
        assert text in told
    assert "Ingress." not in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    assert "_COCKPIT_COMPLETE" in run(program(fleet()), "completion", shell).stdout


def test_help_loads_neither_cluster_nor_screen_nor_probe_libraries() -> None:
    code = (
        "import sys\nfrom cockpit.launch.compose import main\nsys.argv = ['cockpit', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print('loaded:', *sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60).stdout
    assert "set-weight" in out
    loaded = set(out.partition("loaded:")[2].split())
    assert not {"kubernetes_asyncio", "textual", "rich", "httpx", "aiohttp", "yaml", "cryptography"} & loaded


STEPS = (PlannedStep("20%", 0.2), PlannedStep("pause", asks=True), PlannedStep("pause 10m"), PlannedStep("100%", 1.0))
WAITS = replace(rollout(), phase=Phase.WAITING, steps=STEPS, step=Step(2, 4, 0.2, "pause", asks=True))
TIMED = replace(WAITS, phase=Phase.PAUSED, step=Step(3, 4, 0.2, "pause 10m", until="2026-01-01T00:10:00Z"))


def test_steps_are_in_the_documents() -> None:
    [found] = json.loads(run(program(fleet([TIMED])), "list", "-o", "json").stdout)["rollouts"]
    assert found["step"] == {
        "index": 3,
        "count": 4,
        "weight": 0.2,
        "title": "pause 10m",
        "until": "2026-01-01T00:10:00Z",
        "asks": False,
    }
    assert found["steps"][:2] == [
        {"title": "20%", "weight": 0.2, "asks": False},
        {"title": "pause", "weight": None, "asks": True},
    ]


def test_show_has_the_whole_plan_and_who_has_to_decide() -> None:
    text = run(program(fleet([WAITS])), "show", "web").stdout
    assert "Step:         2/4 20% pause, waits for approval" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["1", "20%", "20%", "-", "done"] in rows
    assert ["2", "pause", "-", "yes", "now"] in rows
    assert ["4", "100%", "100%", "-", "to", "come"] in rows


def test_show_says_of_every_act_whether_it_applies_and_why_not() -> None:
    endless = "nothing waits for approval, " + "because " * 30
    nowhere = "a Deployment splits by number of pods"
    acts = (
        ActState(Act.FLIP, False, nowhere),
        ActState(Act.APPROVE, False, endless),
        ActState(Act.SET_WEIGHT, True),
        ActState(Act.JUMP, False, nowhere),
    )
    shown = fleet([replace(rollout(), acts=acts)])
    lines = run(program(shown), "show", "web").stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("ACT "))
    assert lines[at + 1].split()[:2] == ["set-weight", "yes"]
    rest = lines[at + 3 :]
    assert [line.split()[-1] for line in rest] == ["ACTS", "jump", "approve"]
    assert rest[1].startswith(nowhere)
    assert rest[1].endswith("  flip, jump")
    assert rest[2].endswith("because ...  approve")
    assert len(rest[2]) < 120
    wide = run(program(shown), "show", "web", "-o", "wide").stdout
    assert f"approve     no   {endless[:150]}" in wide
    assert f"jump        no   {nowhere}" in wide


def test_the_same_rollout_in_two_clusters_is_a_group_in_the_documents_and_acts_ask_for_one() -> None:
    parts = [rollout(context="eu", share=0.3), rollout(context="us", share=0.5)]
    view = fleet(parts, [cluster("eu"), cluster("us")])
    view = replace(view, groups=groups_of(view.rollouts))
    document = json.loads(run(program(view), "list", "-o", "json").stdout)
    [group] = document["groups"]
    assert (group["namespace"], group["name"], group["contexts"]) == ("shop", "web", ["eu", "us"])
    assert group["lanes"][0]["shares"][1] == {"version": "v2", "declared": None, "written": None}
    assert [found["context"] for found in document["rollouts"]] == ["eu", "us"]
    unclear = run(program(view), "set-weight", "shop/web", "v2=10", "--yes")
    assert unclear.exit_code == 1
    assert "matches 2 rollouts: eu:shop/web, us:shop/web. Use one of these names." in unclear.stderr


def test_a_version_in_another_cluster_says_where() -> None:
    found = rollout()
    versions = (found.versions[0], replace(found.versions[1], context="us"))
    text = run(program(fleet([replace(found, versions=versions)])), "show", "web").stdout
    assert "Deployment shop/web-v2 in us" in text


@pytest.mark.parametrize("words", [["show", "web"], ["watch", "web"]])
def test_the_rollout_that_is_named_comes_first_among_the_probes(words: list[str]) -> None:
    made = interrupted(program(fleet([rollout(), rollout("other")])))
    run(made, *words)
    assert [key.name for (key,) in made.cockpit.selected] == ["web"]
    assert made.cockpit.probed == []


def test_what_to_sample_is_one_of_three_words() -> None:
    result = run(program(fleet([rollout()])), "list", "--sample", "some")
    assert result.exit_code == 2
    assert "moving" in result.stderr
