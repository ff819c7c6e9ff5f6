"""Themes from files: good ones are shown, bad ones told; every one can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color

from cockpit.tui.app import CockpitApp
from cockpit.tui.glyphs import ASCII, UNICODE, Glyphs, glyphs_for
from cockpit.tui.ink import STYLES, Ink
from cockpit.tui.run import make_app
from cockpit.tui.themes import BASE, MEANINGS, ThemeError, load_themes, packaged_directory, theme_of
from tests.tui.fake import FakeCockpit
from tests.tui.terminal import on_terminal, settled

OWN = load_themes(packaged_directory())
PAINTED = {name: theme for name, theme in OWN.themes.items() if not theme.ansi}
DARK = dict.fromkeys((*BASE, *MEANINGS), "#808080")


def test_the_delivered_themes_are_all_usable() -> None:
    assert OWN.problems == ()
    assert {"dark", "light", "ansi", "colour-blind"} <= set(OWN.themes)


@pytest.mark.parametrize("name", sorted(PAINTED))
def test_text_stands_out_from_every_background_it_is_written_on(name: str) -> None:
    """WCAG 2 asks 4.5:1 of text; 3:1 of bold text and of bars."""
    theme = PAINTED[name]
    text = {key: Color.parse(value) for key, value in theme.variables.items()}
    text["foreground"] = Color.parse(theme.foreground or "")
    grounds = {"background": Color.parse(theme.background or "")}
    grounds |= {key: text.pop(key) for key in ("cursor", "header", "production")}
    for ground_name, ground in grounds.items():
        read = {"foreground": text["foreground"]} if ground_name == "production" else text
        for text_name, colour in read.items():
            ratio = contrast(ground, colour)
            assert ratio >= (4.5 if ground_name == "background" else 3.0), f"{text_name} on {ground_name}: {ratio:.1f}"


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.1."""

    def luminance(colour: Color) -> float:
        parts = [x / 255 for x in colour.rgb]
        linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_no_two_states_differ_by_colour_alone(glyphs: Glyphs) -> None:
    for looks in (glyphs.phases, glyphs.verdicts, glyphs.severities, glyphs.pods, glyphs.syncs, glyphs.stages):
        assert len({look.word for look in looks.values()}) == len(looks)
        assert all(len(look.sign) == 1 for look in looks.values())
    signs = [*glyphs.cells, *(look.sign for look in glyphs.odd_cells.values())]
    assert len(set(signs)) == len(signs)
    assert len(set(glyphs.bars)) == 4


def test_ascii_signs_are_ascii() -> None:
    looks = (ASCII.phases, ASCII.verdicts, ASCII.severities, ASCII.pods, ASCII.syncs, ASCII.stages, ASCII.odd_cells)
    assert all(look.sign.isascii() for table in looks for look in table.values())
    rest = [ASCII.cursor, ASCII.rule, ASCII.separator, ASCII.ellipsis, ASCII.none, ASCII.plus_minus, ASCII.levels]
    assert "".join([*rest, *ASCII.bars, *ASCII.cells, *ASCII.interval, *ASCII.steps, ASCII.band]).isascii()


def test_the_linux_console_gets_ascii() -> None:
    assert glyphs_for("auto", {"TERM": "linux"}) is ASCII
    assert glyphs_for("unicode", {"TERM": "linux"}) is UNICODE


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"backgruond": "#000000"}, "backgruond: no such key"),
        ({"ok": "greenish"}, "ok: 'greenish' is no colour"),
        ({"ok": 0x123456}, "ok: '1193046' is no colour"),
        ({"dark": "yes"}, "dark: true or false"),
    ],
)
def test_a_bad_theme_names_its_key(document: dict[str, object], said: str) -> None:
    with pytest.raises(ThemeError, match=said.replace("(", r"\(")):
        theme_of("mine", document, {True: DARK, False: DARK})


documents = st.dictionaries(
    st.sampled_from(["dark", "ansi", *BASE, *MEANINGS]), st.text(max_size=20) | st.integers() | st.none()
)


@given(documents)
def test_any_document_gives_a_theme_or_a_reason(document: dict[str, object]) -> None:
    try:
        said = theme_of("mine", document, {True: DARK, False: DARK}).name
    except ThemeError as error:
        said = str(error)
    assert said.isprintable()


BAD_FILES = {
    "open bracket": "a: [",
    "list": "- a list",
    "nul": "\x00",
    "python object": "ok: !!python/object:os.system x",
    "deep": "[" * 5000,
    "huge": "#" * 200_000,
}


@pytest.mark.parametrize("text", BAD_FILES.values(), ids=BAD_FILES)
async def test_a_bad_user_theme_is_told_by_name_and_the_app_starts(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    app = CockpitApp(FakeCockpit(), theme="mine", themes_dir=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.theme == "dark"
        said = [notification.message for notification in app._notifications]
    assert any("theme mine.yaml" in message for message in said)


async def test_a_user_theme_can_change_one_colour_of_a_delivered_one(tmp_path: Path) -> None:
    (tmp_path / "dark.yaml").write_text("risk: '#ff00ff'\n")
    app = CockpitApp(FakeCockpit(), themes_dir=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("T")
        await pilot.press("T")
    assert load_themes(packaged_directory(), [tmp_path]).themes["dark"].variables["risk"] == "#ff00ff"


@pytest.mark.parametrize("name", sorted(OWN.themes))
def test_every_style_can_be_made_from_every_theme(name: str) -> None:
    ink = Ink(OWN.themes[name].variables)
    assert all(ink[style] is not None for style in STYLES)
    assert ink["risk cursor"] != ink["risk"]


async def test_no_color_leaves_the_colours_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with on_terminal(make_app(FakeCockpit()), (80, 24)) as driver:
        await settled(driver)
        written = "".join(driver.written)
    assert "http-server" in written
    codes = {code for codes in re.findall(r"\x1b\[([\d;]*)m", written) for code in codes.split(";")}
    assert codes <= {"", "0", "1", "7", "39", "49"}


def test_an_empty_no_color_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    app = make_app(FakeCockpit())
    assert not app.no_color
    assert app.theme == "dark"
