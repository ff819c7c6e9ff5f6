"""The pictures in the README are those that the program draws today."""

from __future__ import annotations

import re
from pathlib import Path

from tests.screenshots import FOLDER, PICTURES, draw, words

ROOT = Path(__file__).parents[1]


async def test_pictures_say_what_the_screens_say(tmp_path: Path) -> None:
    """Word for word; counts, shares and times differ each time. `make screenshots` draws them anew."""
    await draw(tmp_path)
    for name, *_ in PICTURES:
        kept, drawn = (words((folder / f"{name}.svg").read_text()) for folder in (FOLDER, tmp_path))
        assert kept == drawn, f"screenshots/{name}.svg is old: make screenshots"


def test_the_readme_shows_pictures_that_are_there() -> None:
    shown = re.findall(r"screenshots/([\w-]+\.svg)", (ROOT / "README.md").read_text())
    assert shown
    assert {path.name for path in FOLDER.iterdir()} >= set(shown)
