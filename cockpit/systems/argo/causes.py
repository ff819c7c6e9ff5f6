"""Why a Rollout was aborted or stopped: the failed analysis or experiment.

The status names the run only until the next reconcile, and the message of an abort is written once. So the newest run
that did not succeed is looked up by its owner and the hash of the version that it judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.advice import telling
from cockpit.model.ages import seconds_since_epoch
from cockpit.model.fields import entries, flag, mapping, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.objects import AnalysisRun, Experiment
from cockpit.model.plan import Act
from cockpit.model.refs import ANALYSISRUNS, EXPERIMENTS
from cockpit.model.rollout import Finding, Severity
from cockpit.systems.argo.editions import HASH
from cockpit.systems.argo.state import ArgoState
from cockpit.workloads.findings import finding
from cockpit.workloads.lookups import of_kind

Judgement = AnalysisRun | Experiment
_REVISION = "rollout.argoproj.io/revision"
# What the controller takes for progressDeadlineSeconds (utils/defaults).
_DEADLINE = 600
_BAD = frozenset({"Failed", "Error", "Inconclusive"})


def judgements_of(state: ArgoState, objects: Objects) -> tuple[Judgement, ...]:
    """Analysis runs and experiments of the current version, oldest first."""
    namespace, uid = state.rollout.metadata.namespace, state.rollout.metadata.uid
    if not uid:
        return ()
    runs = of_kind(AnalysisRun, objects.owned(ANALYSISRUNS, namespace, uid))
    experiments = of_kind(Experiment, objects.owned(EXPERIMENTS, namespace, uid))
    every: tuple[Judgement, ...] = (*runs, *experiments)
    found = [judgement for judgement in every if _is_of_current(judgement, state)]
    return tuple(sorted(found, key=lambda j: (j.metadata.creation_timestamp or "", j.metadata.name)))


def _is_of_current(judgement: Judgement, state: ArgoState) -> bool:
    """By the hash and the revision, as far as it has them: the same template may have been released before."""
    hash_label = (judgement.metadata.labels or {}).get(HASH)
    revision = (judgement.metadata.annotations or {}).get(_REVISION)
    if hash_label and hash_label != state.status.current:
        return False
    if revision and state.current and state.current.revision:
        return revision == str(state.current.revision)
    return bool(hash_label)


def phase_of(judgement: Judgement) -> str:
    return text(judgement.status, "phase")


def cause_of(state: ArgoState, objects: Objects) -> tuple[Finding, ...]:
    """The newest failed judgement, if the Rollout stopped because of one."""
    status = state.status
    stopped = status.abort or status.aborted or any("Inconclusive" in pause.reason for pause in status.pauses)
    if not stopped:
        return ()
    bad = [j for j in judgements_of(state, objects) if phase_of(j) in _BAD]
    if not bad:
        return ()
    newest = bad[-1]
    kind = "AnalysisRun" if isinstance(newest, AnalysisRun) else "Experiment"
    what = f"{kind} {newest.metadata.namespace}/{newest.metadata.name}"
    message, step = text(newest.status, "message"), (newest.metadata.labels or {}).get("step-index", "?")
    return (
        finding(
            "judged",
            Severity.WARNING,
            telling(
                f"{what} is {phase_of(newest)}; {_advice(newest, state)}",
                Act.ROLLBACK,
                Act.RETRY,
                Act.APPROVE,
                Act.ABORT,
            ),
            "; ".join(filter(None, (message, *_measured(newest)))) or f"step {step}",
        ),
    )


def deadline_passed(state: ArgoState, objects: Objects) -> str:
    """Why a Rollout may have been aborted by its deadline, which its status does not keep; "" if it was not.

    The controller aborts at the deadline at the earliest. A person may have aborted it later by hand.
    """
    after = whole(state.rollout.spec, "progressDeadlineSeconds") or _DEADLINE
    status = state.rollout.status
    # Since then the update has not been complete.
    began = [text(c, "lastTransitionTime") for c in entries(status, "conditions") if text(c, "type") == "Completed"]
    ended, first = seconds_since_epoch(text(status, "abortedAt")), seconds_since_epoch(next(iter(began), None))
    lasted = ended - first if ended is not None and first is not None else 0.0
    if not flag(state.rollout.spec, "progressDeadlineAbort") or lasted < after or cause_of(state, objects):
        return ""
    return f"its new pods were not ready within progressDeadlineSeconds ({after}s), unless somebody aborted it"


def _advice(judgement: Judgement, state: ArgoState) -> str:
    """What to do next: only a release that is inconclusive waits for somebody, the others are on the way back."""
    match phase_of(judgement):
        case "Failed":
            return "the measurements speak against the new version: roll back, or retry once it is right"
        case "Error":
            return "it could not be measured: check where its metrics come from, then retry"
    if state.status.abort or state.status.aborted:
        return "retry, or roll back"
    is_step = isinstance(judgement, Experiment) or (judgement.metadata.labels or {}).get("rollout-type") == "Step"
    after = "approve goes on without its result" if is_step else "approve goes on and has it measured again"
    return f"the release waits for you: {after}, abort sends everyone to the stable version"


def _measured(judgement: Judgement) -> Iterator[str]:
    """The failed metrics, each with its last measured value."""
    for result in entries(judgement.status, "metricResults")[:20]:
        if text(result, "phase") not in _BAD:
            continue
        last = mapping(next(iter(entries(result, "measurements")[-1:]), None))
        said = text(last, "value") or text(last, "message") or text(result, "message")
        yield f"{text(result, 'name')} {text(result, 'phase')}" + (f", last {said}" if said else "")
