"""`show` names the addresses of the settings, and makes links of them where a terminal opens them."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from cockpit.cli.main import command_line
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, rollout

URL = "https://logs.example/?q={namespace}&team={label:team}"
HOSTILE = "a;b\u202e/../"


def show(clicks: bool, team: str, *words: str, tty: bool = True) -> str:
    shown = replace(rollout("web"), labels=(("team", team),))
    made = FakeProgram(FakeCockpit(fleet([shown])))
    made.own_links, made.clicks = {"logs": URL, "其它": "https://x.example/{version}"}, clicks
    runner = CliRunner()
    with runner.isolation() as (out, *_), pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(sys.stdout), "isatty", lambda _: tty, raising=False)
        command_line(["show", "web", *words], obj=made, standalone_mode=False)
        sys.stdout.flush()
        return out.getvalue().decode()


def test_on_a_terminal_an_address_is_a_link_to_itself() -> None:
    said = show(True, "pay")
    url = "https://logs.example/?q=shop&team=pay"
    assert f"logs  \x1b]8;;{url}\x1b\\{url}\x1b]8;;\x1b\\\n" in said


@pytest.mark.parametrize(("clicks", "words", "tty"), [(False, [], True), (True, ["--plain"], True), (True, [], False)])
def test_elsewhere_it_is_plain_text(clicks: bool, words: list[str], tty: bool) -> None:
    said = show(clicks, "pay", *words, tty=tty)
    assert "logs  https://logs.example/?q=shop&team=pay\n" in said
    assert "\x1b]8" not in said


def test_a_hostile_label_does_not_leave_its_place() -> None:
    said = show(True, HOSTILE.replace("\u202e", ""))
    assert "team=a%3Bb%2F..%2F\x1b\\" in said
    assert "logs  none: its label:team cannot be put into a command or a link\n" in show(True, HOSTILE)


def test_an_address_that_is_too_long_is_not_cut() -> None:
    said = show(False, "é" * 450)
    assert "logs  none: the address is longer than 2083 characters\n" in said


def test_documents_are_without_them() -> None:
    assert "logs.example" not in show(True, "pay", "-o", "json")
