"""Which language is used: what is named, else what the locale says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cockpit.texts.current import Verbatim, translated, use
from cockpit.texts.languages import CHINESE, ENGLISH, language_of, of_environment


@pytest.fixture
def chinese() -> Iterator[None]:
    use(CHINESE)
    yield
    use(ENGLISH)


@pytest.mark.parametrize("name", ["zh", "zh_CN", "zh-CN", "zh_CN.UTF-8", "ZH-hans"])
def test_chinese_has_several_names(name: str) -> None:
    assert language_of(name) == CHINESE


@pytest.mark.parametrize("name", ["en", "en_GB.UTF-8", "en-US"])
def test_so_has_english(name: str) -> None:
    assert language_of(name) == ENGLISH


def test_an_unknown_language_names_the_choices() -> None:
    with pytest.raises(ValueError, match="'xx' is not a language of the cockpit; write en or zh"):
        language_of("xx")


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, ENGLISH),
        ({"LANG": "zh_CN.UTF-8"}, CHINESE),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, ENGLISH),
        ({"LANG": "de_DE", "LC_MESSAGES": "zh_CN"}, CHINESE),
        ({"LANG": "zh_CN.UTF-8", "COCKPIT_LANG": "en"}, ENGLISH),
        ({"COCKPIT_LANG": "zh"}, CHINESE),
    ],
)
def test_the_environment_decides(environ: dict[str, str], language: str) -> None:
    assert of_environment(environ) == language


def test_without_a_language_texts_are_english() -> None:
    assert translated("roll back") == "roll back"


@pytest.mark.usefixtures("chinese")
def test_a_text_is_shown_in_the_language() -> None:
    assert translated("roll back") == "回滚"


@pytest.mark.usefixtures("chinese")
def test_what_is_verbatim_is_not() -> None:
    assert translated(Verbatim("roll back")) == "roll back"
    assert translated(translated("approve")) == "批准"
