"""The pictures in the README are those that the program draws today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.moving_picture import frames_of
from tests.pairing_pictures import NAMES, draw_pairing
from tests.screenshots import (
    APPROVALS,
    FOLDER,
    PATIENCE,
    PICTURES,
    STORIES,
    Scene,
    draw_release,
    draw_scene,
    rows,
    words,
)

ROOT = Path(__file__).parents[1]


@pytest.mark.timeout(2 * PATIENCE)
@pytest.mark.parametrize("scene", [STORIES, APPROVALS], ids=["stories", "approvals"])
async def test_pictures_say_what_the_screens_say(tmp_path: Path, scene: Scene) -> None:
    """Word for word; counts, shares and times differ each time. `make screenshots` draws them anew."""
    await draw_scene(scene, tmp_path)
    names = [name for name, of, *_ in PICTURES if of is scene]
    for name in names:
        kept, drawn = (words((folder / f"{name}.svg").read_text()) for folder in (FOLDER, tmp_path))
        assert kept == drawn, f"screenshots/{name}.svg is old: make screenshots"


@pytest.mark.timeout(2 * PATIENCE)
async def test_pictures_of_two_people_say_what_the_screens_say(tmp_path: Path) -> None:
    await draw_pairing(tmp_path)
    for name in NAMES:
        kept, drawn = (words((folder / f"{name}.svg").read_text()) for folder in (FOLDER, tmp_path))
        assert kept == drawn, f"screenshots/{name}.svg is old: make screenshots"


@pytest.mark.timeout(4 * PATIENCE)
async def test_the_picture_that_moves_says_what_the_screens_say(tmp_path: Path) -> None:
    await draw_release(tmp_path)
    kept, now = (frames_of((folder / "release.svg").read_text()) for folder in (FOLDER, tmp_path))
    assert [words(frame) for frame in kept] == [words(frame) for frame in now], (
        "screenshots/release.svg is old: make screenshots"
    )


def test_the_picture_that_moves_is_small_and_tells_a_whole_release() -> None:
    path = FOLDER / "release.svg"
    assert path.stat().st_size < 600_000
    frames = frames_of(path.read_text())
    fine, hurt, plan, back = ("\n".join(rows(frame)).replace("\xa0", " ") for frame in frames)
    assert "users are hurt" not in fine
    assert "users are hurt" in hurt
    assert "Send" in plan
    assert "verified" in back


def test_the_pages_show_pictures_that_are_there() -> None:
    pages = (ROOT / "README.md", ROOT / "cockpit" / "docs" / "pairing.md")
    shown = [name for page in pages for name in re.findall(r"screenshots/([\w-]+\.svg)", page.read_text())]
    assert {"pairing.svg", "controls.svg"} <= set(shown)
    assert {path.name for path in FOLDER.iterdir()} >= set(shown)


def test_a_word_that_a_picture_cuts_is_one_word() -> None:
    """The chart is drawn over its line of text, so that style changes fall into its words, elsewhere each time."""
    svg = """<svg><text x="0" textLength="24.4" y="20">ro</text><text x="24.4" textLength="48.8" y="20">lled</text>
      <text x="97.6" textLength="48.8" y="20">back</text><text x="0" textLength="48.8" y="44">more</text></svg>"""
    assert rows(svg) == ["rolled back", "more"]
    assert words(svg) == {"rolled": 1, "back": 1, "more": 1}
