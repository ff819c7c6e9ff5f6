"""The addresses of the settings about one rollout, for `show`."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from cockpit.cli.options import given
from cockpit.model.hyperlinks import LONGEST, link_target, linked
from cockpit.model.placeholders import PlaceholderError, filled_url, values_of
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.texts.columns import columns
from cockpit.texts.current import translated


def link_lines(rollout: Rollout, links: Mapping[str, str], clicks: bool) -> str:
    """A line for each address, or why there is none; on a terminal that `clicks` each is a link. "" without links."""
    if not links:
        return ""
    values = values_of(rollout)
    opens = clicks and sys.stdout.isatty() and not given().plain
    rows = [(translated("LINK"), "URL"), *((name, _address(url, values, opens)) for name, url in links.items())]
    width = max(columns(name) for name, _ in rows)
    return "\n".join(f"{name}{' ' * (width - columns(name))}  {address}" for name, address in rows)


def _address(template: str, values: Mapping[str, str], opens: bool) -> str:
    """The address in full, safe to print: one that is cut would lead elsewhere."""
    try:
        target = link_target(filled_url(template, values))
    except PlaceholderError as problem:
        return safe_text(translated(f"none: {problem}"))
    if not target:
        return translated(f"none: the address is longer than {LONGEST} characters")
    return linked(target, target if opens else "")
