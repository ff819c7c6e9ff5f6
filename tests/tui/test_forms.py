"""What forms start with: text of a cluster, made safe before a field of the screen library draws it."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.rollout import Phase, Role
from cockpit.tui.forms import image_of
from tests.tui.fake import lane, rollout, version


def test_an_image_with_escapes_comes_into_no_field() -> None:
    hostile = replace(version("v2", Role.CANARY, 1, 1), images=("x/\x1b]52;c;cm0=\x1b\\evil:v1",))
    shown = rollout("web", "argo", Phase.CANARY, (lane(0.3, None),), versions=(hostile,))
    assert "\x1b" not in image_of(shown)
    assert "evil:v1" in image_of(shown)
