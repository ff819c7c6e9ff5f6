"""Label selectors: what kubectl selects with the same words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.label_selector import MOST_CHARACTERS, label_selector

SHOP = {"app": "web", "tier": "front", "example.com/team": "pay", "empty": ""}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app=pay", False),
        ("app!=pay", True),
        ("app!=web", False),
        ("none!=web", True),
        ("app=web,tier=front", True),
        ("app=web, tier=back", False),
        ("app in (web, pay)", True),
        ("app in (pay)", False),
        ("app notin (pay,api)", True),
        ("none notin (pay)", True),
        ("app notin (web)", False),
        ("app", True),
        ("none", False),
        ("!none", True),
        ("! app", False),
        ("example.com/team=pay,app", True),
        ("empty=", True),
        ("app=", False),
        ("in in (web)", False),
        ("app in (web),tier notin (back),!none,empty=", True),
    ],
)
def test_it_selects_as_kubectl_does(text: str, selected: bool) -> None:
    assert label_selector(text).matches(SHOP) is selected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        ",",
        "a,",
        "a=b,,c",
        "a in b",
        "a in (b",
        "a=b c",
        "=b",
        "a>b",
        "-a",
        "a b",
        "a in (b c)",
        "a=$x",
        "é=a",
    ],
)
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"read|empty|comma|value"):
        label_selector(text)


def test_a_long_selector_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match="longer"):
        label_selector("a," * MOST_CHARACTERS)


NAME = st.from_regex(r"\A[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?\Z")


@given(st.dictionaries(NAME, NAME, min_size=1), st.data())
def test_an_object_is_selected_by_its_own_labels_and_by_no_other_value(
    labels: dict[str, str], data: st.DataObject
) -> None:
    own = ",".join(f"{key}={value}" for key, value in labels.items())
    assert label_selector(own).matches(labels)
    key = data.draw(st.sampled_from(sorted(labels)))
    assert not label_selector(f"{own},{key}!={labels[key]}").matches(labels)
    assert not label_selector(own).matches({**labels, key: labels[key] + "x"})


@given(st.text(max_size=80))
def test_any_text_is_a_selector_or_refused(text: str) -> None:
    try:
        selector = label_selector(text)
    except ValueError:
        return
    assert selector.requirements
