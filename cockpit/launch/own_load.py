"""The watch of this program's own load."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.model.clock import Clock
    from cockpit.probe.own_load import OwnLoad


def watch_own_load(clock: Clock) -> OwnLoad:
    """Watches the beats of probes and the CPU time of this process."""
    from cockpit.probe.own_load import OwnLoad
    from cockpit.session.clock import cpu_seconds

    return OwnLoad(clock, cpu_seconds)
