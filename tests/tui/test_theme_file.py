"""The theme in use is read again when its file changes; without a file nothing looks."""

from __future__ import annotations

import os
from pathlib import Path

from tests.tui.driving import press, rest, said, screen
from tests.tui.fake import FakeCockpit


def written(path: Path, text: str, at: int) -> None:
    """A file as of that second, so that two writings of one moment differ."""
    path.write_text(text)
    os.utime(path, (at, at))


async def test_a_change_of_the_file_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    written(path, "key: '#112233'\n", 1)
    async with screen(FakeCockpit(), theme="mine", themes_dir=tmp_path) as (app, pilot):
        assert app.theme_file.watching
        written(path, "key: '#445566'\nok: '#778899'\n", 2)
        app.theme_file.look()
        await rest(pilot)
        assert (app.theme, app.theme_variables["key"], app.theme_variables["ok"]) == ("mine", "#445566", "#778899")


async def test_a_file_that_is_wrong_is_told_once_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    written(path, "key: '#112233'\n", 1)
    async with screen(FakeCockpit(), theme="mine", themes_dir=tmp_path) as (app, pilot):
        written(path, "key: nonsense\n", 2)
        for _ in range(2):
            app.theme_file.look()
        await rest(pilot)
        assert said(app).count("theme mine.yaml: key: 'nonsense' is not a valid colour") == 1
        assert app.theme_variables["key"] == "#112233"


async def test_what_does_not_change_draws_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    written(path, "key: '#112233'\n", 1)
    async with screen(FakeCockpit(), theme="mine", themes_dir=tmp_path) as (app, pilot):
        before = app.current_theme
        app.theme_file.look()
        path.unlink()
        app.theme_file.look()
        await rest(pilot)
        assert app.current_theme is before


async def test_only_a_file_of_the_user_is_looked_at(tmp_path: Path) -> None:
    written(tmp_path / "mine.yaml", "key: '#112233'\n", 1)
    async with screen(FakeCockpit(), theme="mine", themes_dir=tmp_path) as (app, pilot):
        app.theme = "dark"
        await rest(pilot)
        assert not app.theme_file.watching
        await press(pilot, "T")
        app.theme = "mine"
        await rest(pilot)
        assert app.theme_file.watching
