"""Arguments of acts as people type them."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act
from cockpit.planning.act_arguments import ACT_SPECS, ArgumentKind
from cockpit.planning.argument_text import parsed

HEADER = ACT_SPECS[Act.HEADER].argument(ArgumentKind.HEADER)


@pytest.mark.parametrize(
    ("typed", "header"),
    [
        ("x-tester=yes", ("x-tester", "yes")),
        ("x-tester: yes", ("x-tester", "yes")),
        ("x-tester:yes", ("x-tester", "yes")),
        ("cookie: a=b", ("cookie", "a=b")),
        ("x-time=12:30", ("x-time", "12:30")),
    ],
)
def test_a_header_is_written_as_a_rule_or_as_curl_writes_it(typed: str, header: tuple[str, str]) -> None:
    assert HEADER
    assert parsed(HEADER, [typed], []) == header
    assert parsed(HEADER, typed.split(" "), []) == header


@pytest.mark.parametrize("typed", ["x-tester", "=yes", ": yes", "x-tester:", "a b: c"])
def test_what_is_no_header_says_so(typed: str) -> None:
    assert HEADER
    with pytest.raises(ValueError, match=r"does not match KEY=VALUE|not a valid header name"):
        parsed(HEADER, [typed], [])
