"""The cookies of one client that keeps them: what answers set and requests send back (RFC 6265).

Set-Cookie is hostile text. What a browser would not keep is not kept, and nothing here repeats a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from email.utils import parsedate_to_datetime

from cockpit.model.lazy_re import lazy_re
from cockpit.model.probe_answer import COOKIE_LINE_LIMIT
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.values import dataclass

# Browsers keep no longer cookies, and about this many of one host (RFC 6265, section 6.1).
LONGEST, MOST = 4096, 50
_NAME = lazy_re(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}")
_MAX_AGE = lazy_re(r"-?\d{1,18}")
_LONGEST_LIFE = 400 * 86_400.0  # seconds; as browsers limit it

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Cookie:
    """`ends` is in UTC seconds; None: with the session."""

    name: str
    value: str = field(repr=False)
    path: str
    secure: bool
    ends: float | None


class CookieJar:
    """The cookies of one client of one probe target. Times are UTC seconds."""

    def __init__(self, target: ProbeTarget) -> None:
        self._target = target
        self._cookies: dict[tuple[str, str], _Cookie] = {}

    def __len__(self) -> int:
        return len(self._cookies)

    def take(self, headers: Iterable[tuple[str, str]], now: float) -> None:
        """Keep what the headers of an answer set, or drop what they end."""
        for name, value in headers:
            cookie = self._read(value, now) if name == "set-cookie" else None
            if cookie is None:
                continue
            self._cookies.pop((cookie.name, cookie.path), None)
            if cookie.ends is None or cookie.ends > now:
                self._cookies[cookie.name, cookie.path] = cookie
            while len(self._cookies) > MOST:
                del self._cookies[next(iter(self._cookies))]

    def header(self, now: float) -> str:
        """The value of the Cookie header for the target; "" for none."""
        self._cookies = {key: one for key, one in self._cookies.items() if one.ends is None or one.ends > now}
        path = self._target.path.partition("?")[0]
        sent = [one for one in self._cookies.values() if _covers(one.path, path)]
        # Longer paths first, as servers expect (section 5.4).
        return "; ".join(f"{one.name}={one.value}" for one in sorted(sent, key=lambda one: -len(one.path)))

    def _read(self, text: str, now: float) -> _Cookie | None:
        """The cookie of a Set-Cookie header; None for one that a browser would not keep."""
        pair, *rest = text.split(";")
        name, sign, value = (part.strip() for part in pair.partition("="))
        if not sign or not _NAME.fullmatch(name) or not _is_plain(value):
            return None
        if len(name) + len(value) > LONGEST or len(text) >= COOKIE_LINE_LIMIT:
            return None  # what is longer may have been cut off
        settings: dict[str, str] = {}
        for part in rest[:20]:
            key, _, setting = part.partition("=")
            settings[key.strip().lower()] = setting.strip()
        target = self._target
        secure = "secure" in settings
        if not _is_for(settings.get("domain", ""), target.host) or (secure and not target.tls):
            return None
        if name.startswith("__Secure-") and not secure:
            return None
        path = settings.get("path", "")
        if not path.startswith("/"):
            path = target.path.partition("?")[0].rpartition("/")[0] or "/"
        if name.startswith("__Host-") and not (secure and path == "/" and not settings.get("domain")):
            return None
        return _Cookie(name, value, path, secure, _end(settings, now))


def with_cookies(headers: Headers, target: ProbeTarget, cookies: str) -> Headers:
    """The headers of a lane with these cookies, besides those that lane or target send anyway."""
    own = next((value for name, value in headers if name.lower() == "cookie"), None)
    if own is None:
        own = next((value for name, value in target.headers if name.lower() == "cookie"), "")
    rest = tuple((name, value) for name, value in headers if name.lower() != "cookie")
    return (*rest, ("Cookie", "; ".join(part for part in (own, cookies) if part)))


def _is_plain(value: str) -> bool:
    """Whether a value can be sent back."""
    return all(" " <= character < "\x7f" for character in value)


def _is_for(domain: str, host: str) -> bool:
    """Whether a cookie with this Domain is for the host: one of another site is not, nor one of a whole top level."""
    wanted, host = domain.lower().removeprefix("."), host.lower()
    if not wanted or wanted == host:
        return True
    of_name = not re.fullmatch(r"[\d.]+", host) and ":" not in host
    return of_name and "." in wanted and host.endswith(f".{wanted}")


def _covers(cookie: str, path: str) -> bool:
    """Whether a cookie of one path is sent to another (section 5.1.4)."""
    return path == cookie or (path.startswith(cookie) and (cookie.endswith("/") or path[len(cookie)] == "/"))


def _end(settings: dict[str, str], now: float) -> float | None:
    age = settings.get("max-age", "")
    if _MAX_AGE.fullmatch(age):
        return now + min(float(age), _LONGEST_LIFE) if float(age) > 0 else 0.0
    if "expires" not in settings:
        return None
    try:
        return min(parsedate_to_datetime(settings["expires"][:100]).timestamp(), now + _LONGEST_LIFE)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
