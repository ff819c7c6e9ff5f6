"""A request as the handlers see it, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cockpit.demo.api.auth import User
from cockpit.demo.api.routing import Route
from cockpit.demo.errors import BadRequest, Cause, Invalid

TRUE = ("1", "t", "true", "y", "yes")


@dataclass(frozen=True)
class Call:
    """One resource request of a known user. Query and header names: the query as sent, headers in any case."""

    route: Route
    verb: str
    user: User
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def flag(self, name: str) -> bool:
        """A boolean parameter as Go's decoder reads it: absent, `false` and `0` are false."""
        value = self.query.get(name)
        return value is not None and value.lower() not in ("false", "0", "f", "no")

    def number(self, name: str) -> int | None:
        """An integer parameter; BadRequest for anything else."""
        value = self.query.get(name, "")
        if not value:
            return None
        try:
            return int(value)
        except ValueError:
            raise BadRequest(f'strconv.ParseInt: parsing "{value}": invalid syntax') from None

    @property
    def accept(self) -> str:
        """The Accept header."""
        return self.headers.get("Accept", "")

    @property
    def manager(self) -> str:
        """The field manager: `fieldManager=`, else the start of the User-Agent."""
        agent = self.headers.get("User-Agent", "").split("/")[0].strip()
        return self.query.get("fieldManager") or agent[:128] or "unknown"

    def dry_run(self, options: str) -> bool:
        """Whether nothing may be stored; `options` names the parameter object in the 422 for unknown values."""
        value = self.query.get("dryRun", "")
        if value not in ("", "All"):
            text = f'Unsupported value: ["{value}"]: supported values: "All"'
            raise Invalid(
                f'{options}.meta.k8s.io "" is invalid: dryRun: {text}',
                details={"group": "meta.k8s.io", "kind": options},
                causes=[Cause("dryRun", text, "FieldValueNotSupported")],
            )
        return value == "All"


@dataclass
class Reply:
    """A complete answer."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
