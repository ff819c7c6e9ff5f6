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
    """The rules that requests without any header reach; an empty list asks for nothing, as a missing one does."""
    by_header = "m.?headers.orValue([]).size() > 0 || m.?queryParams.orValue([]).size() > 0"
    return f"{rules}.filter(r, r.?{matches}.orValue([]).size() == 0 || r.{matches}.exists(m, !({by_header})))"


def _sole(lists: str) -> str:
    """Of lists of names those that name one alone, however often: which."""
    return f"{lists}.filter(s, s.size() > 0 && s.all(n, n == s[0])).map(s, s[0])"


def _sole_backends(of: str) -> str:
    """For each rule of a route that gives everything to one backend: which. A backend without a weight has 1."""
    rules = f"({of} != null && {of}.kind in {_ROUTES} ? {of}.spec.?rules.orValue([]) : [])"
    backends = "r.?backendRefs.orValue([]).filter(b, b.?weight.orValue(1) > 0)"
    name = "b.?kind.orValue('Service') + ' ' + b.?namespace.orValue('') + '/' + b.name"
    return _sole(f"{_plain(rules, 'matches')}.map(r, {backends}.map(b, {name}))")


def _sole_destinations(of: str) -> str:
    """For each HTTP route of a VirtualService that gives everything to one destination: which.

    The weight of a single destination does not count; of several, one without a weight gets nothing.
    """
    http = f"({of} != null && {of}.kind == 'VirtualService' ? {of}.spec.?http.orValue([]) : [])"
    routes = "r.?route.orValue([]).filter(d, r.route.size() == 1 || d.?weight.orValue(0) > 0)"
    name = "d.destination.host + ' ' + d.destination.?subset.orValue('')"
    return _sole(f"{_plain(http, 'match')}.map(r, {routes}.map(d, {name}))")


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


def _full(step: str) -> str:
    """Whether a step gives the new version everything; its pods count where it names no share of the requests."""
    pods = f"{step}.?replicas.orValue('') == '100%'"
    return f"(has({step}.traffic) ? {step}.traffic == '100%' : has({step}.weight) ? {step}.weight == 100 : {pods})"


def _partial(steps: str) -> str:
    """How many steps give the new version less than everything."""
    return f"{steps}.filter(s, !{_full('s')}).size()"


def _leads_to(number: str) -> str:
    """Whether the step with this number, from 1, is the last one, past it, or gives the new version everything."""
    size = "variables.steps.size()"
    step = f"variables.steps[{number} - 1]"
    return f"({number} >= {size} || {number} > 0 && {_full(step)})"


def _moved_far(field: str) -> str:
    """Whether a number of a step in the progress is another one, which leads to everybody."""
    number, before = (f"variables.{of}.?{field}.orValue(0)" for of in ("at", "atBefore"))
    return f"(variables.steps.size() > 0 && {number} != {before} && {_leads_to(number)})"


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
    # An approval that leads to the last step, past it, or to one with everybody; the same as a jump, or by hand.
    "approval": "variables.at.?currentStepState.orValue('') == 'StepReady'"
    " && variables.atBefore.?currentStepState.orValue('') != 'StepReady'"
    f" && {_leads_to('(variables.at.?currentStepIndex.orValue(0) + 1)')}",
    "jump": " || ".join(map(_moved_far, ("nextStepIndex", "currentStepIndex"))),
    # The state after which the controller finishes a release.
    "completed": "variables.at.?currentStepState.orValue('') == 'Completed'"
    " && variables.atBefore.?currentStepState.orValue('') != 'Completed'",
    "shorter": f"{_partial('variables.steps')} < {_partial('variables.stepsBefore')}",
    # A release that is disabled under way is finished forward.
    "disabled": "object != null && object.apiVersion.startsWith('rollouts.kruise.io/')"
    " && object.spec.?disabled.orValue(false) && !oldObject.spec.?disabled.orValue(false)",
}
# Those of them that say by themselves that a write is held.
HOLDS = (
    *("weight", "selector", "route", "full", "backends", "destinations"),
    *("approval", "jump", "completed", "shorter", "disabled"),
)
