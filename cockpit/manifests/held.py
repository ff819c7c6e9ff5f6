"""What the lock holds of each kind of object, as variables of CEL: writes that give everybody another version.

CEL sees an object before and after a write, and nothing else. So where an object does not say which version is the
stable one, the way back looks like the way forward, and is held as well.
"""

from __future__ import annotations

from cockpit.routers.ingress.dialects import ALB, APIG, HIGRESS, NGINX

# The resources of each group that a lock can be bound to.
KINDS = {
    "networking.k8s.io": ("ingresses",),
    "": ("services",),
    "argoproj.io": ("rollouts", "rollouts/status"),
    "gateway.networking.k8s.io": ("httproutes", "grpcroutes"),
    "networking.istio.io": ("virtualservices",),
    "rollouts.kruise.io": ("rollouts", "rollouts/status"),
}
# What the annotations of an Ingress begin with that say the weight of a canary, and what it is out of.
_PREFIXES = sorted({prefix for dialect in (NGINX, APIG, HIGRESS, ALB) for prefix in dialect.prefixes})
_ROUTES = "['HTTPRoute', 'GRPCRoute']"


def _fully_weighted(prefix: str) -> str:
    """Whether a canary gets everybody, by annotations with this prefix; the total is 100 where none is written."""
    weight, total = f"{prefix}canary-weight", f"{prefix}canary-weight-total"

    def full(annotations: str) -> str:
        out_of = f"('{total}' in {annotations} ? {annotations}['{total}'] : '100')"
        return f"('{weight}' in {annotations} && {annotations}['{weight}'] == {out_of})"

    return f"({full('variables.now')} && !{full('variables.was')})"


def _plain(rules: str, matches: str) -> str:
    """The rules that requests without any header reach."""
    by_header = "has(m.headers) || has(m.queryParams)"
    return f"{rules}.filter(r, !has(r.{matches}) || r.{matches}.exists(m, !({by_header})))"


def _sole_backends(of: str) -> str:
    """For each rule of a route that gives everything to one backend: which. A backend without a weight has 1."""
    rules = f"({of} != null && {of}.kind in {_ROUTES} ? {of}.spec.?rules.orValue([]) : [])"
    backends = "r.?backendRefs.orValue([]).filter(b, b.?weight.orValue(1) > 0)"
    return f"{_plain(rules, 'matches')}.map(r, {backends}).filter(s, s.size() == 1).map(s, s[0].name)"


def _sole_destinations(of: str) -> str:
    """For each HTTP route of a VirtualService that gives everything to one destination: which.

    The weight of a single destination does not count; of several, one without a weight gets nothing.
    """
    http = f"({of} != null && {of}.kind == 'VirtualService' ? {of}.spec.?http.orValue([]) : [])"
    routes = "r.?route.orValue([]).filter(d, r.route.size() == 1 || d.?weight.orValue(0) > 0)"
    name = "s[0].destination.host + ' ' + s[0].destination.?subset.orValue('')"
    return f"{_plain(http, 'match')}.map(r, {routes}).filter(s, s.size() == 1).map(s, {name})"


def _more(now: str, before: str) -> str:
    """Whether one name is more often in the first list than in the second."""
    return f"{now}.exists(n, {now}.filter(e, e == n).size() > {before}.filter(e, e == n).size())"


def _steps(of: str) -> str:
    """The steps of a Kruise Rollout; none of anything else."""
    strategy = f"{of}.spec.?strategy"
    found = f"{strategy}.?canary.?steps.or({strategy}.?blueGreen.?steps).orValue([])"
    return f"({of} != null && {of}.apiVersion.startsWith('rollouts.kruise.io/') ? {found} : [])"


def _progress(of: str) -> str:
    """How far a Kruise Rollout is; nothing of anything else."""
    found = f"{of}.?status.?canaryStatus.or({of}.?status.?blueGreenStatus).orValue({{}})"
    return f"({of} != null && {of}.apiVersion.startsWith('rollouts.kruise.io/') ? {found} : {{}})"


def _partial(steps: str) -> str:
    """How many steps give the new version less than everything."""
    full = "s.?traffic.orValue('') == '100%' || s.?weight.orValue(0) == 100 || s.?replicas.orValue('') == '100%'"
    return f"{steps}.filter(s, !({full})).size()"


# In the order in which they build on each other.
HELD = {
    "weight": " || ".join(map(_fully_weighted, _PREFIXES)),
    "selector": "object != null && object.kind == 'Service'"
    " && object.spec.?selector.orValue({}) != oldObject.spec.?selector.orValue({})",
    "route": "object != null && object.kind == 'Ingress' && object.spec != oldObject.spec",
    "full": "object != null && object.kind == 'Rollout' && object.?status.promoteFull.orValue(false)"
    " && !oldObject.?status.promoteFull.orValue(false)",
    "backendsNow": _sole_backends("object"),
    "backendsBefore": _sole_backends("oldObject"),
    "backends": _more("variables.backendsNow", "variables.backendsBefore"),
    "destinationsNow": _sole_destinations("object"),
    "destinationsBefore": _sole_destinations("oldObject"),
    "destinations": _more("variables.destinationsNow", "variables.destinationsBefore"),
    "steps": _steps("object"),
    "stepsBefore": _steps("oldObject"),
    "at": _progress("object"),
    "atBefore": _progress("oldObject"),
    # An approval that leads to the last step, or past it.
    "approval": "variables.at.?currentStepState.orValue('') == 'StepReady'"
    " && variables.atBefore.?currentStepState.orValue('') != 'StepReady'"
    " && variables.at.?currentStepIndex.orValue(0) + 1 >= variables.steps.size()",
    "jump": "variables.steps.size() > 0 && variables.at.?nextStepIndex.orValue(0) >= variables.steps.size()"
    " && variables.at.?nextStepIndex.orValue(0) != variables.atBefore.?nextStepIndex.orValue(0)",
    "shorter": f"{_partial('variables.steps')} < {_partial('variables.stepsBefore')}",
    # A release that is disabled under way is finished forward.
    "disabled": "object != null && object.apiVersion.startsWith('rollouts.kruise.io/')"
    " && object.spec.?disabled.orValue(false) && !oldObject.spec.?disabled.orValue(false)",
}
# Those of them that say by themselves that a write is held.
HOLDS = (
    *("weight", "selector", "route", "full", "backends", "destinations"),
    *("approval", "jump", "shorter", "disabled"),
)
