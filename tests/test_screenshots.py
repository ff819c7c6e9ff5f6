"""The pictures in the README are those that the program draws today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.screenshots import APPROVALS, FOLDER, PATIENCE, PICTURES, STORIES, Scene, draw_scene, rows, words

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


def test_the_readme_shows_pictures_that_are_there() -> None:
    shown = re.findall(r"screenshots/([\w-]+\.svg)", (ROOT / "README.md").read_text())
    assert shown
    assert {path.name for path in FOLDER.iterdir()} >= set(shown)


def test_a_word_that_a_picture_cuts_is_one_word() -> None:
    """The chart is drawn over its line of text, so that style changes fall into its words, elsewhere each time."""
    svg = """<svg><text x="0" textLength="24.4" y="20">ro</text><text x="24.4" textLength="48.8" y="20">lled</text>
      <text x="97.6" textLength="48.8" y="20">back</text><text x="0" textLength="48.8" y="44">more</text></svg>"""
    assert rows(svg) == ["rolled back", "more"]
    assert words(svg) == {"rolled": 1, "back": 1, "more": 1}
