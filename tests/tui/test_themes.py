"""Themes from files: good ones are shown, bad ones told; every one can be read."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color
from textual.widgets import Input

from cockpit.tui.app import CockpitApp
from cockpit.tui.glyphs import ASCII, UNICODE, Glyphs, glyphs_for
from cockpit.tui.run import make_app
from cockpit.tui.styles import STYLES, Styles
from cockpit.tui.themes import BASE, MEANINGS, ThemeError, load_themes, packaged_directory, theme_of
from cockpit.tui.widgets.header_bar import HeaderBar
from cockpit.tui.widgets.rollout_table import RolloutTable
from tests.tui.driving import press, rest, screen, shown
from tests.tui.fake import FakeCockpit
from tests.tui.fleets import usual
from tests.tui.terminal import on_terminal, settled, until

OWN = load_themes(packaged_directory())
PAINTED = {name: theme for name, theme in OWN.themes.items() if not theme.ansi}
DARK = dict.fromkeys((*BASE, *MEANINGS), "#808080")


def test_the_delivered_themes_are_all_usable() -> None:
    assert OWN.problems == ()
    assert tuple(OWN.themes) == NAMES
    readme = (packaged_directory() / "README.md").read_text()
    assert all(f"| `{name}` |" in readme for name in NAMES)


NAMES = ("ansi", "colour-blind", "colour-blind-tritan", "dark", "high-contrast", "light", "projector")
GROUNDS = ("cursor", "header", "production")


@pytest.mark.parametrize("name", sorted(PAINTED))
def test_text_stands_out_from_every_ground_it_is_written_on(name: str) -> None:
    """WCAG 2.1 asks 4.5:1 of text, and 7:1 of what is called high contrast."""
    theme = PAINTED[name]
    text = {key: Color.parse(value) for key, value in theme.variables.items() if key not in GROUNDS}
    text["foreground"] = Color.parse(theme.foreground or "")
    grounds = {key: Color.parse(theme.variables[key]) for key in GROUNDS}
    grounds |= {"background": Color.parse(theme.background or ""), "surface": Color.parse(theme.surface or "")}
    for ground_name, ground in grounds.items():
        read = {"foreground": text["foreground"]} if ground_name == "production" else text
        far = name == "high-contrast" or (name == "projector" and ground_name == "background")
        for text_name, colour in read.items():
            ratio = contrast(ground, colour)
            assert ratio >= (7.0 if far else 4.5), f"{text_name} on {ground_name}: {ratio:.1f}"


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.1."""

    def luminance(colour: Color) -> float:
        parts = [x / 255 for x in colour.rgb]
        linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


# What eyes without one kind of cone see, as matrices of linear light (Machado, Oliveira, Fernandes 2009, severity 1).
BLINDNESS = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def seen_by(colour: Color, eyes: str) -> tuple[float, float, float]:
    """A colour in CIELAB as these eyes see it."""
    light = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in (c / 255 for c in colour.rgb)]
    r, g, b = (min(max(sum(w * x for w, x in zip(row, light, strict=True)), 0), 1) for row in BLINDNESS[eyes])
    x, y, z = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize(
    ("name", "eyes"), [("colour-blind", "protan"), ("colour-blind", "deutan"), ("colour-blind-tritan", "tritan")]
)
def test_states_and_versions_differ_to_the_eyes_that_a_theme_is_for(name: str, eyes: str) -> None:
    """A difference of 10 in CIELAB is seen at a glance; these have twice as much."""
    variables = PAINTED[name].variables
    for keys in (("ok", "waiting", "risk"), ("version-1", "version-2", "version-3")):
        for one, other in itertools.combinations(keys, 2):
            pair = [seen_by(Color.parse(variables[key]), eyes) for key in (one, other)]
            assert math.dist(*pair) >= 20, f"{one} and {other}: {math.dist(*pair):.0f}"


@pytest.mark.parametrize("name", NAMES)
async def test_the_selected_row_is_one_ground(name: str) -> None:
    """Colours of its words on one background; where the terminal reverses it, no colours at all."""
    async with screen(FakeCockpit(usual()), theme=name) as (app, _):
        strip = app.screen.query_one(RolloutTable).strip_at(2)
        row = [segment.style for segment in strip if segment.style is not None][1:-1]
        grounds = {style.color if style.reverse else style.bgcolor for style in row}
        assert len(grounds) == 1
        assert {bool(style.reverse) for style in row} == {name == "ansi"}


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
    rest = [ASCII.cursor, ASCII.rule, ASCII.ellipsis, ASCII.none, ASCII.plus_minus, ASCII.levels]
    assert "".join([*rest, *ASCII.bars, *ASCII.cells, *ASCII.interval, *ASCII.steps, ASCII.band]).isascii()


def test_the_linux_console_gets_ascii() -> None:
    assert glyphs_for("auto", {"TERM": "linux"}) is ASCII
    assert glyphs_for("unicode", {"TERM": "linux"}) is UNICODE


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"backgruond": "#000000"}, "backgruond: unknown key"),
        ({"ok": "greenish"}, "ok: 'greenish' is not a valid colour"),
        ({"ok": 0x123456}, "ok: '1193046' is not a valid colour"),
        ({"dark": "yes"}, "dark: expected true or false"),
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
        await rest(pilot)
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
    styles = Styles(OWN.themes[name].variables)
    assert all(styles[style] is not None for style in STYLES)
    assert styles["risk cursor"] != styles["risk"]


async def test_no_color_leaves_the_colours_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with on_terminal(make_app(FakeCockpit()), (80, 24)) as driver:
        await settled(driver)
        written = "".join(driver.written)
    assert "http-server" in written
    codes = {code for codes in re.findall(r"\x1b\[([\d;]*)m", written) for code in codes.split(";")}
    assert codes <= {"", "0", "1", "2", "7", "39", "49"}


def test_an_empty_no_color_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    app = make_app(FakeCockpit())
    assert not app.no_color
    assert app.theme == "dark"


async def test_a_theme_is_a_key_away() -> None:
    async with screen() as (app, pilot):
        before = app.screen.query_one(HeaderBar).strip_at(0)
        await press(pilot, "T")
        assert app.theme == "high-contrast"
        assert app.screen.query_one(HeaderBar).strip_at(0) != before


def typed(app: CockpitApp, words: str) -> None:
    """This stands in the palette."""
    app.screen.query_one("#query", Input).value = words


async def test_a_theme_is_shown_while_the_cursor_moves_and_escape_brings_the_old_one_back() -> None:
    async with screen(theme="dark") as (app, pilot):
        await press(pilot, "colon")
        typed(app, "theme light")
        await until(lambda: app.theme == "light")
        typed(app, "theme ansi")
        await until(lambda: app.theme == "ansi")
        await press(pilot, "escape")
        await until(lambda: app.theme == "dark")
        assert "needs you" in shown(app)


async def test_enter_keeps_the_theme_and_other_entries_show_none() -> None:
    async with screen(theme="dark") as (app, pilot):
        await press(pilot, "colon")
        typed(app, "theme light")
        await press(pilot, "enter")
        await until(lambda: app.theme == "light")
        await press(pilot, "colon")
        typed(app, "theme proj")
        await until(lambda: app.theme == "projector")
        typed(app, "pods")
        await until(lambda: app.theme == "light")


async def test_the_palette_is_as_high_as_its_entries_so_that_the_theme_is_seen() -> None:
    async with screen(size=(80, 24)) as (app, pilot):
        await press(pilot, "colon")
        whole = app.screen.query_one("#palette").size.height
        typed(app, "theme light")
        await until(lambda: app.screen.query_one("#palette").size.height < whole)
        assert whole <= 24 * 4 // 5
