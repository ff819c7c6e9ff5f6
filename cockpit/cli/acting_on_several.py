"""Run one act on several rollouts: their plans in one list, one confirmation, sent one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import click

from cockpit.cli.acting import SendOptions, code_of, preview
from cockpit.cli.documents import Document, outcome_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.names import find, find_acted_on, short_name, where_it_is
from cockpit.cli.naming_several import Named
from cockpit.cli.options import given
from cockpit.cli.output import emit, emit_document
from cockpit.cli.program import Options, Person, Program
from cockpit.cli.running import CommandFailed, StdoutFailed, reader_left, talk, with_session
from cockpit.cli.waiting import require_read, synced, unread, words_of
from cockpit.cli.words import stated
from cockpit.model.counts import counted
from cockpit.model.label_selector import LabelSelector
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.shell_line import shell_word
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView, Outcome, Prepared, Stage
from cockpit.session.acts.several import MOST, course_words, failed, send_in_turn
from cockpit.session.port import Cockpit
from cockpit.texts.current import translated

Asked = Callable[[Rollout], Ask] | Ask


@dataclass(frozen=True, slots=True)
class Part:
    """One of the rollouts: its short name, its plan or why there is none, and its outcome once it was sent."""

    key: RolloutKey
    name: str
    answer: Prepared | Refused
    outcome: Outcome | None = None

    @property
    def prepared(self) -> Prepared | None:
        """The plan, if it can be sent."""
        return self.answer if isinstance(self.answer, Prepared) and not self.answer.blocked else None

    @property
    def left_out(self) -> str:
        """Why nothing can be sent to it; "" if something can."""
        return self.answer.why if isinstance(self.answer, Refused) else self.answer.blocked


def act_on_several(program: Program, names: Named, asked: Asked, how: SendOptions) -> None:
    """Run one act on each of these rollouts and end the command with its exit code."""
    if not isinstance(names, LabelSelector) and len(names) > MOST:
        raise click.UsageError(f"{len(names)} names; an act goes to {MOST} at most")
    if how.take_over:
        raise click.UsageError("--take-over is for one rollout: the controls of each are asked for on their own")
    options = given() if isinstance(names, LabelSelector) else where_they_are(given(), names)
    person = program.person
    if not (how.dry_run or how.yes or person.present):
        raise click.UsageError("no terminal to confirm on: add --yes to send, or --dry-run to see the plan")

    async def work(cockpit: Cockpit) -> ExitCode:
        view = await synced(cockpit, program.request_timeout(options))
        found = _chosen(view, names, asked) if isinstance(names, LabelSelector) else _found(view, names, asked)
        keys = [key for key, _ in found]
        shown = list(dict.fromkeys([*keys, *(each.rollout.key for each in view.rollouts)]))
        parts = [Part(key, short_name(key, shown), await cockpit.prepare(key, ask)) for key, ask in found]
        return await _carry_out(cockpit, parts, how, person)

    code = with_session(program, options, work)
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))


def where_they_are(options: Options, names: Sequence[str]) -> Options:
    """The options with the contexts and the namespace of these names; all namespaces where they name several."""
    each = [where_it_is(options, name) for name in names]
    contexts = tuple(dict.fromkeys(context for one in each for context in one.contexts))
    namespaces = {one.namespace for one in each}
    if len(namespaces) == 1:
        return replace(each[0], contexts=contexts)
    return replace(options, contexts=contexts, namespace=None, all_namespaces=True)


def _found(view: FleetView, names: Sequence[str], asked: Asked) -> list[tuple[RolloutKey, Ask]]:
    """What is asked of each rollout, each once; raises CommandFailed if one of them is not there.

    An undo goes backwards, as what it undoes was sent forwards.
    """
    found: dict[RolloutKey, Ask] = {}
    for name in names:
        if isinstance(asked, Ask):
            found.setdefault(find_acted_on(view, name), asked)
        else:
            shown = find(view, name)
            require_read(view, shown)
            found.setdefault(shown.rollout.key, asked(shown.rollout))
    return _in_order(list(found.items()))


def _chosen(view: FleetView, labels: LabelSelector, asked: Asked) -> list[tuple[RolloutKey, Ask]]:
    """What is asked of each rollout with these labels; raises CommandFailed if they are none, too many, or unknown."""
    if missing := unread(view):
        why = f"which rollouts match {labels} is not known, because not everything could be read"
        raise CommandFailed(f"{why}: {words_of(missing)}", ExitCode.UNREAD)
    chosen = [shown for shown in view.rollouts if labels.matches(dict(shown.rollout.labels))]
    if not chosen:
        raise CommandFailed(f"no rollouts match {labels} (-A looks in all namespaces)")
    if len(chosen) > MOST:
        raise CommandFailed(f"{len(chosen)} rollouts match {labels}; an act goes to {MOST} at most")
    asks = asked if callable(asked) else lambda rollout: asked
    return _in_order([(shown.rollout.key, asks(shown.rollout)) for shown in chosen])


def _in_order(pairs: list[tuple[RolloutKey, Ask]]) -> list[tuple[RolloutKey, Ask]]:
    return pairs[::-1] if pairs[0][1].act is Act.UNDO else pairs


async def _carry_out(cockpit: Cockpit, parts: list[Part], how: SendOptions, person: Person) -> ExitCode:
    if how.output == "table":
        _show(parts, how)
    plans = [part.prepared for part in parts if part.prepared]
    if how.dry_run:
        # With --read-only every plan is expected to be blocked.
        refused = any(isinstance(part.answer, Refused) for part in parts)
        blocked = any(part.left_out for part in parts) and not cockpit.view().read_only
        parts = [replace(part, outcome=_dry_run(part)) for part in parts]
        _report(parts, how, "")
        return ExitCode.ERROR if refused or blocked else ExitCode.FINE
    why = await _why_unconfirmed(plans, how, person) if plans else "nothing was sent: none of them can be"
    if why:
        _report([replace(part, outcome=_refusal(part, why)) for part in parts], how, why)
        return ExitCode.ERROR
    if how.wait and how.probe:
        cockpit.select([plan.plan.rollout for plan in plans])
        for plan in plans:
            await cockpit.probe(plan.plan.rollout, True)
    return await _send(cockpit, parts, how)


async def _send(cockpit: Cockpit, parts: list[Part], how: SendOptions) -> ExitCode:
    numbers = [number for number, part in enumerate(parts) if part.prepared]
    said: set[tuple[int, Stage]] = set()

    def tell(number: int, outcome: Outcome) -> None:
        if outcome.stage in (Stage.SENDING, Stage.SENT) and (number, outcome.stage) not in said:
            said.add((number, outcome.stage))
            talk(f"{parts[numbers[number]].name}: {stated(str(outcome.stage), outcome.why)}")

    plans = [part.prepared for part in parts if part.prepared]
    outcomes = await send_in_turn(cockpit, plans, tell, how.wait)
    for number, outcome in zip(numbers, outcomes, strict=True):
        parts[number] = replace(parts[number], outcome=outcome)
    sent = [part for part in parts if part.outcome]
    words = course_words(
        [part.name for part in sent if part.outcome and not failed(part.outcome)],
        [part.name for part in sent if part.outcome and failed(part.outcome)],
        [part.name for part in parts if part.outcome is None],
    )
    codes = [code_of(part.outcome, cockpit.view(), part.key) for part in sent if part.outcome]
    _report([part if part.outcome else replace(part, outcome=_refusal(part, "not sent")) for part in parts], how, words)
    wrong = next((code for code in codes if code is not ExitCode.FINE), ExitCode.FINE)
    return ExitCode.ERROR if wrong is ExitCode.FINE and len(sent) < len(parts) else wrong


def _dry_run(part: Part) -> Outcome:
    return _refusal(part, part.left_out) if part.left_out else Outcome(Stage.DRY_RUN, "", _plan_of(part))


def _refusal(part: Part, why: str) -> Outcome:
    return Outcome(Stage.REFUSED, part.left_out or why, _plan_of(part))


def _plan_of(part: Part) -> Plan | None:
    return part.answer.plan if isinstance(part.answer, Prepared) else None


def _show(parts: Sequence[Part], how: SendOptions) -> None:
    """Print the plans; raises CommandFailed if stdout is closed, except for a dry run."""
    try:
        emit("\n\n".join(map(_preview, parts)))
    except (BrokenPipeError, StdoutFailed):
        reader_left()
        if not how.dry_run:
            raise CommandFailed("nothing was sent, because stdout was closed before the plans could be read") from None


def _preview(part: Part) -> str:
    if isinstance(part.answer, Prepared):
        return f"{safe_text(part.name)}: {preview(part.answer)}"
    return safe_text(f"{part.name}: {stated(str(Stage.REFUSED), part.answer.why)}", 4000)


async def _why_unconfirmed(plans: Sequence[Prepared], how: SendOptions, person: Person) -> str:
    """Why nothing is sent; "" if the user or a flag confirmed all of it."""
    asks = [plan.plan.rollout for plan in plans if plan.asks_for_name]
    if asks:
        wanted = " ".join(key.name for key in asks)
        typed = how.confirm
        if typed is None and person.present:
            contexts = ", ".join(dict.fromkeys(key.context for key in asks))
            typed = await person.answer(
                translated(f"{safe_text(contexts)} is production. Type {safe_text(wanted)} to send: ")
            )
        return "" if typed == wanted else f"nothing was sent: production; add --confirm {shell_word(wanted)}"
    if how.yes:
        return ""
    raises = any(plan.plan.raises and plan.plan.exposes for plan in plans)
    question = f"Send {counted(len(plans), 'act')}? [{'y/N' if raises else 'Y/n'}] "
    answer = (await person.answer(translated(question))).lower()
    agreed = answer in ("y", "yes") or (answer == "" and not raises)
    return "" if agreed else "nothing was sent: not confirmed"


def _report(parts: Sequence[Part], how: SendOptions, words: str) -> None:
    try:
        if how.output != "table":
            emit_document({"acts": [_document(part) for part in parts]}, how.output)
        else:
            for part in parts:
                if part.outcome:
                    emit(safe_text(f"{part.name}: {stated(str(part.outcome.stage), part.outcome.why)}", 1000))
    except (BrokenPipeError, StdoutFailed):
        # The exit code and stderr report the outcomes even if no one reads stdout.
        reader_left()
    if words:
        talk(words)


def _document(part: Part) -> Document:
    key = part.key
    where = {"context": key.context, "namespace": key.namespace, "name": key.name}
    return {**where, **(outcome_document(part.outcome) if part.outcome else {})}
