import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.safe_text import safe_text


@given(st.text(st.characters(), max_size=100), st.integers(1, 60))
def test_nothing_that_moves_hides_or_reorders_gets_through(text: str, limit: int) -> None:
    safe = safe_text(text, limit)
    assert len(safe) <= limit
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in safe)
    safe.encode()


def test_plain_words_stay_and_escapes_show() -> None:
    assert safe_text("web [bold]v2[/]") == "web [bold]v2[/]"
    assert safe_text("a\x1b[31mb\nc\u202e") == "a\ufffd[31mb c\ufffd"
    assert safe_text("abcdef", 4) == "abc…"
