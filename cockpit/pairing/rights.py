"""What pairing does with Leases: it follows those with its label, reads one, and writes its own."""

from __future__ import annotations

from cockpit.model.refs import LEASES
from cockpit.model.rights import right

_FOLLOWING, _WRITING = ("get", "list", "watch"), ("create", "patch", "delete")
PAIRING_RIGHTS = tuple(right(verb, LEASES) for verb in (*_FOLLOWING, *_WRITING))
