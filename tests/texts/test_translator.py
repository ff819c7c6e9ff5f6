"""Translates what it knows, leaves the rest, and never loses what came from outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.texts.catalogue import Catalogue, read_catalogue
from cockpit.texts.columns import columns
from cockpit.texts.languages import CHINESE, folder_of
from cockpit.texts.translator import LONGEST, MOST_KEPT, Translator

WHOLE = read_catalogue(folder_of(CHINESE))
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9]", fullmatch=True)
# Words and signs of ours in any order are the hardest: nearly templates, and many of them.
PIECES = st.sampled_from(
    [
        "users",
        "are",
        "hurt",
        ": ",
        "; ",
        ", ",
        ". ",
        " (",
        ")",
        " ",
        "  ",
        "{0}",
        "of",
        "requests",
        "v2",
        "waits",
        "21%",
    ]
)


def few(*pairs: tuple[str, str]) -> Translator:
    return Translator(Catalogue(pairs))


def test_a_template_takes_its_values_along() -> None:
    speak = few(("{0} fails {1} of its requests", "{0} 的请求有 {1} 失败"))
    assert speak.translate("v2 fails 21% of its requests") == "v2 的请求有 21% 失败"


def test_a_translation_may_turn_its_values_round() -> None:
    assert few(("{0} rules {1}", "{1} 由 {0}")).translate("one rules two") == "two 由 one"


def test_of_two_templates_the_more_telling_one_counts() -> None:
    speak = few(("{0} answers", "{0} 个应答"), ("no {0} came: {1} answers", "没有 {0}:{1} 个应答"))
    assert speak.translate("no pod came: 3 answers") == "没有 pod:3 个应答"


def test_a_value_of_several_words_is_translated_in_turn() -> None:
    speak = few(("not now: {0}", "现在不可用:{0}"), ("it is paused", "它已暂停"))
    assert speak.translate("not now: it is paused") == "现在不可用:它已暂停"


def test_a_raw_value_is_not() -> None:
    speak = few(("it says: {0}", "它说:{0:raw}"), ("it is paused", "它已暂停"))
    assert speak.translate("it says: it is paused") == "它说:it is paused"


def test_a_name_that_is_a_word_of_ours_stays_a_name() -> None:
    speak = few(("{0} is gone", "{0} 已不存在"), ("canary", "金丝雀"))
    assert speak.translate("canary is gone") == "canary 已不存在"


def test_a_word_is_translated_where_the_entry_says_so() -> None:
    speak = few(("guard {0}", "守护{0:word}"), ("watching", "守望中"))
    assert speak.translate("guard watching") == "守护守望中"


def test_signs_and_punctuation_around_a_text_stay() -> None:
    assert few(("fine", "正常")).translate(" ✓ fine: ") == " ✓ 正常: "


def test_parts_that_the_code_joined_are_translated_one_by_one() -> None:
    speak = few(("it waits", "它在等待"), ("approve it", "请批准"))
    assert speak.translate("it waits; approve it") == "它在等待; 请批准"


def test_padding_keeps_the_next_column_in_its_place() -> None:
    speak = few(("name", "名称"), ("needs you", "需处理"))
    done = speak.translate("name      needs you   x")
    assert done.startswith("名称")
    assert columns(done) == columns("name      needs you   x")


def test_what_has_no_entry_stays_as_it_is() -> None:
    text = "Back-off pulling image registry.example/app:v2"
    assert Translator(WHOLE).translate(text) == text


@given(st.text(max_size=300))
def test_any_text_is_translated_without_an_error(text: str) -> None:
    assert isinstance(Translator(WHOLE).translate(text), str)


@given(st.lists(PIECES, max_size=60).map("".join))
def test_texts_of_our_own_words_end(text: str) -> None:
    done = Translator(WHOLE).translate(text)
    assert "21%" not in text or "21%" in done


@given(NAMES, NAMES)
def test_every_value_is_kept(version: str, rollout: str) -> None:
    done = Translator(WHOLE).translate(f"no rollout {rollout} ({version}): it may have been deleted; refresh the list")
    assert rollout in done
    assert version in done


@given(st.text(alphabet=st.characters(max_codepoint=0x3FF), max_size=200))
def test_what_is_translated_already_is_not_changed_again(text: str) -> None:
    speak = few(("it waits", "它在等待"))
    once = speak.translate(text)
    assert speak.translate(once) == once


@pytest.mark.parametrize("sign", ["a: ", "; ", "{0}", "users ", "of ", "(", "  "])
def test_a_long_text_is_left_alone(sign: str) -> None:
    text = sign * LONGEST
    assert Translator(WHOLE).translate(text) == text


def test_what_is_kept_is_bounded() -> None:
    speak = few(("{0} pods", "{0} 个 Pod"))
    for number in range(MOST_KEPT + 10):
        speak.translate(f"{number} pods")
    assert speak.kept <= MOST_KEPT


def test_counts_that_are_joined_are_not_choices() -> None:
    assert Translator(WHOLE).translate("5 rollouts · measuring 4") == "5 个发布 · 正在测量 4"


def test_a_change_and_a_joined_message_are_translated_whole() -> None:
    translator = Translator(WHOLE)
    assert translator.translate("image of web a:1 -> b:2") == "web 的镜像 a:1 -> b:2"
    assert "requests" not in translator.translate("v1 100%; the canary Ingress x exists but takes no requests")
