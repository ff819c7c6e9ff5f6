"""How the script of a probe's pods and its arguments are written in a manifest."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.demo.containers.expansion import expanded
from cockpit.planning.probe_script import SCRIPT, literal


@given(st.text(alphabet="$()aB_") | st.text())
@example("$$$(HOME)")
@example("$$(HOME)$")
def test_a_kubelet_reads_back_what_was_written(text: str) -> None:
    assert expanded(literal(text), {"HOME": "/root", "a": "b", "": "nothing"}) == text


def test_the_script_stands_in_the_manifest_as_it_runs() -> None:
    assert literal(SCRIPT) == SCRIPT
