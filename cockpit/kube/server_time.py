"""How far this machine's clock is from an API server's, by which the times in its objects are written."""

from __future__ import annotations

from datetime import UTC, datetime

from cockpit.model.clock import Clock

# The form in which a Date is sent (RFC 9110, section 5.6.7). `email.utils` knows older ones, and takes long to load.
_FORM = "%a, %d %b %Y %H:%M:%S GMT"
# What a Date leaves open: it is cut to whole seconds.
_CUT = 1.0
# A clock that is wrong by more opens no TLS connection and gets no token; a Date like this is of somebody in between.
_MOST = 86_400.0


class ServerTime:
    """How far ahead this machine's clock is, by the last answer with a Date. A Date is read once somebody asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = 0.0
        self._unread: tuple[float, float, str] | None = None  # when it was sent and answered, and the Date

    def asked(self) -> tuple[float, float]:
        """When a request is sent, by both clocks."""
        return self._clock.now(), self._clock.monotonic()

    def answered(self, asked: tuple[float, float], date: str | None) -> None:
        """A response came, with this Date (RFC 9110, section 6.6.1)."""
        if date:
            now = self._clock.now()
            # The wall clock may have been set meanwhile, or the machine suspended; of both, what claims less.
            sent = min(asked[0], now - (self._clock.monotonic() - asked[1]))
            self._unread = sent, now, date

    @property
    def ahead(self) -> float:
        """By how many seconds this machine's clock is ahead of the server's at least; below zero it is behind, and 0
        while nothing says otherwise. It errs towards 0, by how long an answer took and one second."""
        if self._unread is not None:
            sent, answered, date = self._unread
            self._unread = None
            there = _seconds(date)
            if there is not None:
                at_least, at_most = sent - there - _CUT, answered - there
                ahead = max(at_least, 0.0) or min(at_most, 0.0)
                self._ahead = ahead if abs(ahead) <= _MOST else 0.0
        return self._ahead


def _seconds(date: str) -> float | None:
    try:
        return datetime.strptime(date, _FORM).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None
