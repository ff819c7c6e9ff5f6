"""`journal`: the acts in the file, as a table, as JSON and as a page for a post-mortem."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cockpit.cli.main import command_line
from cockpit.cli.markdown import code_block, inline, table
from cockpit.model.journal import ActRecord, Origin, RequestRecord, Seen, SeenShare
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Entry, Stage
from cockpit.session.acts.journal import LINE_BYTES, TAIL_BYTES, Journal
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, rollout

NOW = 1_700_000_000.25
PAY = RolloutKey("eu", "payments", "pay", "ingress")
WEB = RolloutKey("us", "shop", "web", "argo")
COMMAND = "kubectl --context eu -n payments patch ingress/pay --type=merge -p '{}'"
ACTS = (
    Entry("1", NOW - 9000, "ann@eu", PAY, "set-weight", "set weight of payments/pay", Stage.SENDING, "", (COMMAND,)),
    Entry("1", NOW - 8999, "ann@eu", PAY, "set-weight", "set weight of payments/pay", Stage.VERIFIED, "v2 gets 30%"),
    Entry("2", NOW - 7000, "bob@us", WEB, "approve", "approve shop/web", Stage.SENDING, "", (COMMAND,)),
    Entry("3", NOW - 60, "ann@eu", PAY, "rollback", "roll back payments/pay", Stage.REFUSED, "it changed"),
)
HOSTILE = (
    "a | b \\| `x` ``` <b>&amp;</b> [l](https://evil) *s* _u_ ~~d~~ $m$ \x1b[31m\u202e"
    "\n\n# head\n\n```\nsh\n| row | row |"
)
LINKING = MarkdownIt("gfm-like")
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.fixture
def program(tmp_path: Path) -> FakeProgram:
    made = FakeProgram(FakeCockpit(fleet()))
    made.journal = tmp_path / "journal.jsonl"
    return made


def fill(program: FakeProgram, *entries: Entry) -> None:
    journal = Journal(program.journal)
    for entry in entries:
        journal.append(entry)


def run(program: FakeProgram, *words: str) -> Result:
    result = CliRunner().invoke(command_line, ["journal", *words], obj=program)
    assert program.options == [], "no cluster is asked"
    return result


def titles(result: Result) -> list[str]:
    assert result.exit_code == 0
    return [act["title"] for act in json.loads(result.stdout)["acts"]]


def test_each_act_is_one_row_with_its_last_stage(program: FakeProgram) -> None:
    fill(program, *ACTS)
    result = run(program)
    assert result.exit_code == 0
    heads, *rows = result.stdout.splitlines()
    assert heads.split() == ["TIME", "WHO", "ROLLOUT", "ACT", "OUTCOME", "WHY"]
    assert [row.split()[0] for row in rows] == sorted(row.split()[0] for row in rows)
    assert " ".join(rows[0].split()[1:]) == "ann@eu eu:payments/pay set weight of payments/pay verified v2 gets 30%"
    assert "unknown" in rows[1], "the session that sent it ended before the outcome was known"
    assert "refused" in rows[2]
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["pay"], 2),
        (["payments/pay"], 2),
        (["eu:payments/pay"], 2),
        (["payments/pay@ingress"], 2),
        (["payments/pay@argo"], 0),
        (["us:pay"], 0),
        (["--since", "2h"], 2),
        (["pay", "--since", "2m"], 1),
        (["--since", "72h"], 3),
        (["-n", "shop"], 1),
        (["--context", "eu"], 2),
    ],
)
def test_a_name_a_time_and_the_shared_flags_choose(program: FakeProgram, words: list[str], found: int) -> None:
    fill(program, *ACTS)
    assert len(titles(run(program, *words, "-o", "json"))) == found


def test_json_has_every_field(program: FakeProgram) -> None:
    fill(program, replace(ACTS[0], stage=Stage.SENT))
    document = json.loads(run(program, "-o", "json").stdout)
    assert document["damaged_lines"] == 0
    assert document["acts"] == [
        {
            "id": "1",
            "time": "2023-11-14T19:43:20.250Z",
            "until": None,
            "who": "ann@eu",
            "context": "eu",
            "namespace": "payments",
            "name": "pay",
            "system": "ingress",
            "server": None,
            "act": "set-weight",
            "title": "set weight of payments/pay",
            "stage": "sent",
            "why": "",
            "commands": [COMMAND],
            "origin": "here",
            "undoes": None,
            "record": None,
            "seen": None,
        }
    ]


def test_the_whole_file_is_read_and_damaged_lines_are_counted(program: FakeProgram) -> None:
    fill(program, ACTS[0])
    line = program.journal.read_bytes().replace(b'"id":"1"', b'"id":"2"')
    far = line.replace(b'"at":', b'"at":1e300,"was":')
    damaged = b"[" * (3 * LINE_BYTES) + b"\n" + b"\xff\n" + far
    with program.journal.open("ab") as file:
        file.write(damaged + line * (2 * TAIL_BYTES // len(line)) + line[:50])
    result = run(program, "-o", "json")
    assert [act["id"] for act in json.loads(result.stdout)["acts"]] == ["1", "2"]
    assert json.loads(result.stdout)["damaged_lines"] == 4
    assert f"4 lines of the journal {program.journal} could not be understood; acts may be missing" in result.stderr


def test_nothing_to_show_is_said_on_stderr(program: FakeProgram) -> None:
    for words in ([], ["-o", "markdown"]):
        result = run(program, "pay", *words)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == f"no acts of pay in the journal {program.journal}\n"


def test_a_journal_that_cannot_be_read_has_its_exit_code(program: FakeProgram) -> None:
    program.journal.mkdir()
    result = run(program)
    assert result.exit_code == 8
    assert f"the journal {program.journal} cannot be read" in result.stderr


def test_a_page_for_a_post_mortem_has_a_timeline_and_each_act(program: FakeProgram) -> None:
    fill(program, *ACTS)
    page = run(program, "payments/pay", "-o", "markdown").stdout
    assert page.startswith(
        "# Timeline\n\n2 acts, from 2023-11-14T19:43:20.250Z to 2023-11-14T22:12:20.250Z.\n\n"
        "| time (UTC) | who | rollout | act | outcome |\n| --- | --- | --- | --- | --- |\n"
        "| 2023-11-14T19:43:20.250Z | ann@eu | payments/pay | set weight of payments/pay | verified |\n"
    )
    assert "## 2023-11-14T22:12:20.250Z roll back payments/pay\n\nBy ann@eu, on payments/pay, " in page
    assert "in context eu. Outcome: refused: it changed" in page
    assert f"```sh\n{COMMAND}\n```" in run(program, "web", "-o", "markdown").stdout


def test_hostile_text_breaks_neither_the_table_nor_the_code(program: FakeProgram) -> None:
    key = RolloutKey(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    hostile = Entry(HOSTILE, NOW, HOSTILE, key, HOSTILE, HOSTILE, Stage.SENT, HOSTILE, (HOSTILE, COMMAND))
    fill(program, ACTS[0], hostile)
    shown = run(program).stdout
    assert len(shown.splitlines()) == 3
    page = run(program, "-o", "markdown").stdout
    assert "\x1b" not in shown + page
    assert "\u202e" not in shown + page
    tokens = MARKDOWN.parse(page)
    assert [t.tag for t in tokens if t.type == "heading_open"] == ["h1", "h1", "h2", "h2"]
    assert sum(t.type == "tr_open" for t in tokens) == 3
    assert sum(t.type == "td_open" for t in tokens) == 10
    assert [len(t.content.splitlines()) for t in tokens if t.type == "fence"] == [1, 2]
    inside = {child.type for token in tokens for child in token.children or ()}
    assert inside <= {"text", "text_special"}


@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_any_text_is_shown_as_it_is(first: str, second: str, lines: list[str]) -> None:
    [cell, other] = [inline(text, 300) for text in (first, second)]
    tokens = MARKDOWN.parse(f"{table(('a', 'b'), [(first, second)])}\n\nx {cell}\n\n{code_block(lines)}\n\nend {other}")
    assert [t.type for t in tokens if t.nesting == 1] == [
        *("table_open", "thead_open", "tr_open", "th_open", "th_open", "tbody_open", "tr_open", "td_open", "td_open"),
        *("paragraph_open", "paragraph_open"),
    ]
    assert sum(t.type == "fence" for t in tokens) == 1
    assert {child.type for token in tokens for child in token.children or ()} <= {"text", "text_special"}


def test_no_address_becomes_a_link() -> None:
    """GitHub makes links of bare addresses, with their scheme or with `www.`."""
    for text in ("see http://evil.test/x", "see www.evil.test/x", "WWW.evil.test", "(www.evil.test)"):
        # The parser here makes no links of `www.`; GitHub's does (GFM, 6.9), so what it looks for must not be there.
        assert not re.search(r"www\.|(?<!\\)://", inline(text), re.IGNORECASE)
        tokens = LINKING.parse(f"x {inline(text)} x")
        children = [child for token in tokens for child in token.children or ()]
        assert "".join(child.content for child in children) == f"x {text} x"
        assert {child.type for child in children} <= {"text", "text_special"}


def test_the_page_shows_split_health_findings_and_what_each_request_changed(program: FakeProgram) -> None:
    shares = (SeenShare("default", "v1", 0.75, 0.75, 0.74, 0.7, 0.78, 480), SeenShare("default", "v2", 0.25, 0.25))
    seen = Seen("canary", "hurt", "v2 fails 21%", 2, shares, ("v2 fails 21% of its requests",))
    record = ActRecord(
        ("v2 in default 10% -> 25%",),
        requests=(
            RequestRecord("patch Ingress payments/pay", "weight is 10", ("canary-weight 10 -> 25",), "accepted"),
        ),
    )
    hurt = Entry("4", NOW - 30, "cockpit", PAY, "health", "users are hurt: v2 fails 21%", Stage.NOTED, seen=seen)
    fill(program, replace(ACTS[0], record=record, seen=seen), hurt)
    page = run(program, "pay", "-o", "markdown").stdout
    assert "1 act and 1 note, from " in page
    assert "███████████████░░░░░  74%  v1, 75% written, 480 answers" in page
    assert "█████░░░░░░░░░░░░░░░  25%  v2, as written; nothing was measured" in page
    assert "| payments/pay | v2 fails 21% of its requests | " in page
    assert "| patch Ingress payments/pay | weight is 10 | canary-weight 10 -\\> 25 | accepted |" in page


def test_what_this_machine_sent_is_not_shadowed_by_what_an_event_says_of_it(program: FakeProgram) -> None:
    fill(program, ACTS[0], replace(ACTS[0], origin=Origin.EVENT, who="mallory@eu", title="nothing of the kind"))
    assert titles(run(program, "-o", "json")) == [ACTS[0].title]


def test_a_note_goes_to_the_session_with_its_words(program: FakeProgram) -> None:
    program.cockpit.views = [fleet([rollout()])]
    result = CliRunner().invoke(command_line, ["note", "web", "users", "report", "errors"], obj=program)
    assert (result.exit_code, result.stderr) == (0, "noted\n")
    assert program.cockpit.notes == [(rollout().key, "users report errors")]
    program.cockpit.why_no_note = "noted on this machine only: read-only"
    refused = CliRunner().invoke(command_line, ["note", "web", "more"], obj=program)
    assert refused.exit_code == 1
    assert "noted on this machine only" in refused.stderr


def test_the_acts_of_others_are_read_first_where_that_is_asked_for(program: FakeProgram) -> None:
    fill(program, *ACTS)
    result = CliRunner().invoke(command_line, ["journal", "--events", "-o", "json"], obj=program)
    assert result.exit_code == 0
    assert program.cockpit.followed == 1
    assert len(json.loads(result.stdout)["acts"]) == 3


def test_what_is_told_of_a_whole_cluster_names_it_instead_of_a_rollout(program: FakeProgram) -> None:
    told = replace(ACTS[0], id="9", rollout=RolloutKey("eu", "", "", ""), stage=Stage.NOTED, title="not read")
    fill(program, told, *ACTS[2:])
    row = next(line for line in run(program).stdout.splitlines() if "not read" in line)
    assert row.split()[1:5] == ["ann@eu", "eu", "not", "read"]


def test_an_act_is_of_when_it_was_sent_and_what_it_led_to_comes_after_it(program: FakeProgram) -> None:
    sent = replace(ACTS[0], at=NOW - 300, stage=Stage.SENT)
    note = Entry("n", NOW - 290, "bob@eu", PAY, "note", "errors rise", Stage.NOTED)
    seen = Seen("canary", "fine", "", 2, (SeenShare("default", "v2", 0.3, 0.3),))
    verified = replace(sent, at=NOW - 240, stage=Stage.VERIFIED, seen=seen)
    fill(program, sent, note, verified)
    acts = json.loads(run(program, "-o", "json").stdout)["acts"]
    assert [(act["title"], act["time"], act["until"]) for act in acts] == [
        (sent.title, "2023-11-14T22:08:20.250Z", "2023-11-14T22:09:20.250Z"),
        ("errors rise", "2023-11-14T22:08:30.250Z", None),
    ]
    page = run(program, "-o", "markdown").stdout
    assert "1 act and 1 note, from 2023-11-14T22:08:20.250Z to 2023-11-14T22:09:20.250Z." in page
    assert f"2023-11-14T22:09:20.250Z  {sent.title}  [canary, fine]" in page, "what was seen is of the outcome"
    assert titles(run(program, "--since", "5m", "-o", "json")) == [sent.title, "errors rise"]


def test_an_outage_that_began_before_and_is_not_over_is_of_any_hour(program: FakeProgram) -> None:
    began = Entry("4", NOW - 9000, "cockpit", PAY, "health", "users are hurt: v2 fails 21%", Stage.NOTED)
    over = replace(began, id="5", at=NOW - 9500)
    fill(program, began, over, replace(over, title="users were hurt for 5m: v2 fails 21%", until=NOW - 9200))
    assert titles(run(program, "--since", "1h", "-o", "json")) == [began.title]
