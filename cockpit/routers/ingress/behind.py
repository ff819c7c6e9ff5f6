"""What a main Ingress and its canary say about the two Services of a controller's rollout."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.refs import INGRESSES, Ref
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.behind import Behind, HeaderLane
from cockpit.routers.ingress.placement import forks_of, locations_of
from cockpit.routers.ingress.split import Branch, Split, split_of, weighed
from cockpit.workloads.edits import ref_to
from cockpit.workloads.findings import finding, percent
from cockpit.workloads.lookups import find_ingress


def ingress_behind(objects: Objects, namespace: str, ingress: str, stable: str, canary: str) -> Behind:
    """The split that the canaries of a main Ingress write between two Services, whichever of them have pods.

    Without a canary Ingress the canary gets nothing: Argo Rollouts and Kruise Rollouts make and delete it as they go.
    The dialect says what weight and rules mean; only canaries that the gateway attaches count.
    """
    main = find_ingress(objects, namespace, ingress)
    ref = Ref(INGRESSES, namespace, ingress)
    if main is None:
        why = f"Ingress {namespace}/{ingress} does not exist in {objects.context}: nothing splits the traffic"
        return Behind(None, refs=(ref,), problems=(finding("route-missing", Severity.WARNING, why),))
    refs, problems = [ref], []
    if all(loc.upstream.service != stable for loc in locations_of(main)):
        why = f"Ingress {namespace}/{ingress} does not lead to Service {stable}: requests go elsewhere"
        problems.append(finding("route-elsewhere", Severity.WARNING, why))
        return Behind(None, refs=(ref,), problems=tuple(problems))
    shares: list[float] = []
    lanes: dict[str, HeaderLane] = {}
    for fork in forks_of(main, objects):
        if fork.upstream.service != stable:
            continue
        split = split_of(fork, objects)
        refs += [ref_to(branch.canary.ingress) for branch in split.branches]
        problems += _loose(split, canary)
        own = [branch for branch in split.effective if _leads_to(branch, canary)]
        if own:
            shares.append(sum(share for b, share in weighed(split.effective, fork.dialect) if b in own))
        for branch in own:
            for match in branch.canary.rules.matches:
                text = f"{match.kind} {match.text}" if match.kind == "header" else match.text
                lanes.setdefault(text, HeaderLane(text, match.headers, 1.0))
            problems += branch.canary.rules.problems
    if len(set(shares)) > 1:
        each = ", ".join(map(percent, shares))
        why = f"the paths of Ingress {namespace}/{ingress} give {canary} different shares: {each}; the first is shown"
        problems.append(finding("rules-differ", Severity.WARNING, why))
    return Behind(
        shares[0] if shares else 0.0, tuple(lanes.values()), tuple(dict.fromkeys(refs)), tuple(dict.fromkeys(problems))
    )


def _leads_to(branch: Branch, service: str) -> bool:
    return branch.canary.upstream is not None and branch.canary.upstream.service == service


def _loose(split: Split, canary: str) -> list[Finding]:
    return [
        finding(
            "unattached-canary",
            Severity.WARNING,
            f"Ingress {b.canary.ingress.metadata.namespace}/{b.canary.ingress.metadata.name} is not attached:"
            f" {b.canary.loose}; it takes no traffic",
        )
        for b in split.branches
        if b.canary.loose and _leads_to(b, canary)
    ]
