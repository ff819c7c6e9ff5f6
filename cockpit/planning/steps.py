"""The step plan of a rollout that people drive: shares that its new version takes in turn, each when approved.

It is an annotation on the object that holds the weights, so that everyone sees the same plan, and one request writes
both the weights of a step and that the step was taken. The value is JSON: {"version": "v2", "from": "v1",
"shares": [0.2, 0.5, 1], "taken": 1}; empty after a plan was ended.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any

from cockpit.model.advice import telling
from cockpit.model.lanes import CLOSE
from cockpit.model.objects import Meta
from cockpit.model.plan import Act
from cockpit.model.refs import Ref
from cockpit.model.rollout import Finding, PlannedStep, Severity, Step
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.workloads.findings import finding, listed, percent

STEPS = "rollouts.cockpit/steps"
MOST_STEPS = 20
_LONGEST = 2000
_WAY_OUT = "set the steps again, or end the plan"


@dataclass(frozen=True, slots=True)
class StepPlan:
    """`version` takes `shares` (fractions of 1) from `base`, of which the first `taken` have been written."""

    version: str
    base: str
    shares: tuple[float, ...]
    taken: int = 0

    @property
    def over(self) -> bool:
        """True once every step was taken: nothing is waiting."""
        return self.taken >= len(self.shares)

    @property
    def now(self) -> float | None:
        """The share that the plan asks for now; None before the first step."""
        return self.shares[self.taken - 1] if self.taken else None

    @property
    def text(self) -> str:
        """The annotation's value."""
        fields = {"version": self.version, "from": self.base, "shares": list(self.shares), "taken": self.taken}
        return json.dumps(fields, separators=(",", ":"))

    @property
    def words(self) -> str:
        """Such as "v2 20%, 50%, 100%"."""
        return f"{self.version} {', '.join(map(percent, self.shares))}"


@dataclass(frozen=True, slots=True)
class Stepping:
    """The plan as an object carries it. `text` is the annotation as written, None if there is none.

    `plan` is None if there is none, if it was ended, and if it cannot be used; then `problems` say why.
    """

    ref: Ref
    metadata: Meta
    text: str | None
    plan: StepPlan | None
    problems: tuple[Finding, ...] = ()

    @property
    def active(self) -> StepPlan | None:
        """The plan while a step of it waits for approval."""
        return self.plan if self.plan and not self.plan.over else None

    @property
    def step(self) -> Step | None:
        """The current step: `index` steps taken, 0 before the first; None if nothing is waiting."""
        plan = self.active
        return Step(plan.taken, len(plan.shares), plan.now, asks=True) if plan else None

    @property
    def planned(self) -> tuple[PlannedStep, ...]:
        """Every step of the plan; none if nothing is waiting."""
        return tuple(PlannedStep(percent(s), s, asks=True) for s in self.active.shares) if self.active else ()

    @property
    def message(self) -> str:
        """What is waiting, for the rollout's message; "" if nothing is."""
        plan = self.active
        if not plan:
            return ""
        return (
            f"step {plan.taken} of {len(plan.shares)}: approve gives {plan.version} {percent(plan.shares[plan.taken])}"
        )

    def off_plan(self, written: float | None) -> Finding | None:
        """The finding that the new version's written share differs from the step's; `written` is None if unknown."""
        plan = self.active
        if not plan or plan.now is None or written is None or abs(written - plan.now) < CLOSE:
            return None
        return finding(
            "off-plan",
            Severity.WARNING,
            telling(
                f"step {plan.taken} of the plan gives {plan.version} {percent(plan.now)}, but {percent(written)} is"
                f" written: somebody set it by hand; approve continues with {percent(plan.shares[plan.taken])}",
                Act.APPROVE,
            ),
            f"{self.ref}: {STEPS}",
        )


def stepping_of(ref: Ref, metadata: Meta, versions: Collection[str]) -> Stepping:
    """The plan on an object; `versions` are the names of the versions that it can be about."""
    text = (metadata.annotations or {}).get(STEPS)
    if not text:
        return Stepping(ref, metadata, text, None)
    plan = _read(text)
    if isinstance(plan, str):
        why = f"the step plan on {ref} cannot be used: {plan}; {_WAY_OUT}"
        return Stepping(ref, metadata, text, None, (finding("step-plan-unreadable", Severity.WARNING, why, text),))
    missing = [] if plan.over else [name for name in (plan.version, plan.base) if name not in versions]
    if missing:
        why = f"the step plan on {ref} names {listed(missing)}, which this rollout does not have; {_WAY_OUT}"
        return Stepping(ref, metadata, text, None, (finding("step-plan-stale", Severity.WARNING, why, plan.words),))
    return Stepping(ref, metadata, text, plan)


def _read(text: str) -> StepPlan | str:
    """The plan, or what is wrong with the annotation."""
    if len(text) > _LONGEST:
        return f"its text is longer than {_LONGEST} characters"
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError):
        return "it is not JSON"
    if not isinstance(raw, dict):
        return "it is not a JSON object"
    version, base, shares, taken = (raw.get(key) for key in ("version", "from", "shares", "taken"))
    if not isinstance(version, str) or not isinstance(base, str) or not version or not base or version == base:
        return "it does not name two versions"
    if not isinstance(shares, list) or not 0 < len(shares) <= MOST_STEPS or not all(map(_is_share, shares)):
        return f"its shares are not a list of 1 to {MOST_STEPS} fractions above 0 up to 1"
    if not isinstance(taken, int) or isinstance(taken, bool) or not 0 <= taken <= len(shares):
        return f"{safe_text(taken, 40)} is not one of its steps"
    return StepPlan(version, base, tuple(map(float, shares)), taken)


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 < value <= 1
