"""`probe --from cluster` on the command line."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.model.plan import Act, Refused
from cockpit.model.probe_job import DEFAULT_IMAGE, JobShape
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Verdict
from cockpit.model.view import Prepared, Stage
from cockpit.probe.from_pods import JobReport
from cockpit.probe.sample import SampledVersion, SampleResult
from cockpit.workloads.probe_targets import FoundTarget
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, plan, rollout

NAME = "web.shop.svc.cluster.local"
SAMPLED = SampleResult(
    f"http://{NAME}/", 10, 0, 0, 1.0, Verdict.ON, (SampledVersion("v1", 10, 1.0, 0.7, 1.0, 0, 1.0, 2.0),), text="fits"
)


def made() -> FakeProgram:
    program = FakeProgram(FakeCockpit(fleet([rollout()])))
    program.cockpit.job_report = JobReport(Stage.VERIFIED, "10 answers from 5 of 5 pods", SAMPLED)
    return program


def run(program: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, ("probe", "web", "--from", "cluster", *words), obj=program)


def test_the_job_is_planned_run_and_its_result_printed_as_that_of_any_probe() -> None:
    program = made()
    result = run(
        program,
        "--yes",
        "--pods",
        "4",
        "--rate",
        "2000",
        "--image",
        "tools:1",
        "--label",
        "a=b",
        "--for",
        "9s",
        "-c",
        "10",
    )
    assert result.exit_code == 0, result.stderr
    ((order, shape, workers),) = program.cockpit.jobs
    assert (order.probe_target, order.rate, order.duration) == (ProbeTarget(NAME, 80, NAME), 2000.0, 9.0)
    assert order.written == {"v1": 0.7, "v2": 0.3}
    assert (shape, workers) == (JobShape(4, "tools:1", (("a", "b"),)), 3)
    assert program.cockpit.run_jobs == 1
    assert program.sampled == []
    assert "set weight of shop/web" in result.stdout  # the plan
    assert "on: fits" in result.stdout
    assert "10 answers from 5 of 5 pods" in result.stderr


def test_without_options_there_are_five_pods_of_the_usual_image() -> None:
    program = made()
    run(program, "--yes")
    ((order, shape, workers),) = program.cockpit.jobs
    assert (shape.pods, shape.image, workers) == (5, DEFAULT_IMAGE, None)
    assert (order.rate, order.count, order.duration) == (20.0, None, None)


def test_json_is_that_of_any_probe() -> None:
    result = run(made(), "--yes", "-o", "json")
    assert json.loads(result.stdout) == SAMPLED.document()


def test_a_dry_run_shows_the_plan_and_creates_nothing() -> None:
    program = made()
    result = run(program, "--dry-run")
    assert result.exit_code == 0
    assert "set weight of shop/web" in result.stdout
    shown = json.loads(run(program, "--dry-run", "-o", "json").stdout)
    assert shown["outcome"] == "dry-run"
    assert program.cockpit.run_jobs == 0


def test_a_person_is_asked() -> None:
    program = made()
    program.person.present = True
    program.person.answers = ["n"]
    result = run(program)
    assert (result.exit_code, program.cockpit.run_jobs) == (1, 0)
    assert "not confirmed" in result.stderr


def test_a_plan_that_is_blocked_is_not_sent() -> None:
    program = made()
    program.cockpit.planned_job = Prepared(plan(act=Act.PROBE), (), blocked="demo does not allow you to create jobs")
    result = run(program, "--yes")
    assert (result.exit_code, program.cockpit.run_jobs) == (1, 0)
    assert "does not allow you to create jobs" in result.stderr
    program.cockpit.planned_job = Refused(Act.PROBE, rollout().key, "choose other labels")
    assert "choose other labels" in run(program, "--yes").stderr


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.OFF, 6), (Verdict.NOT_YET, 4), (Verdict.ON, 0)])
def test_exit_codes_are_those_of_any_probe(verdict: Verdict, code: int) -> None:
    program = made()
    program.cockpit.job_report = JobReport(Stage.VERIFIED, "", replace(SAMPLED, verdict=verdict))
    assert run(program, "--yes").exit_code == code


def test_without_answers_and_with_a_job_that_is_left_it_fails() -> None:
    program = made()
    program.cockpit.job_report = JobReport(Stage.UNVERIFIED, "pod a does not start")
    result = run(program, "--yes")
    assert (result.exit_code, "pod a does not start" in result.stderr) == (1, True)
    program.cockpit.job_report = JobReport(Stage.VERIFIED, "", SAMPLED, left="it was not deleted")
    assert run(program, "--yes").exit_code == 1


def test_a_rollout_that_pods_cannot_reach_says_what_to_give() -> None:
    program = made()
    program.cockpit.inside = FoundTarget(missing="Ingress shop/web has no address")
    assert "give a URL that pods can reach with --at URL" in run(program, "--yes").stderr
    assert run(program, "--yes", "--at", "http://other.shop:81/a").exit_code == 0
    assert program.cockpit.jobs[-1][0].probe_target == ProbeTarget("other.shop", 81, "other.shop", "/a")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["web", "--pods", "3"], "--pods: only with --from cluster"),
        (["web", "--yes", "--label", "a=b"], "--label, --yes: only with --from cluster"),
        (["web", "--rate", "2000"], "use --from cluster"),
        (["http://a/", "--from", "cluster"], "needs the name of a rollout"),
        (["web", "--from", "cluster", "--yes", "--remember"], "leave out --from cluster"),
        (["web", "--from", "cluster", "--yes", "--proxy", "p:1"], "pods of the cluster need none"),
        (["web", "--from", "cluster", "--yes", "--label", "a b=c"], "--label a b=c"),
        (["web", "--from", "cluster"], "add --yes to create the Job"),
    ],
)
def test_options_that_do_not_go_together(words: list[str], why: str) -> None:
    program = made()
    result = CliRunner().invoke(command_line, ("probe", *words), obj=program)
    assert (result.exit_code, program.cockpit.run_jobs) == (2, 0)
    assert why in result.stderr
