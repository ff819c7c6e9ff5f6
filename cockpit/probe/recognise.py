"""Which version an answer came from. Answers are hostile: nothing here raises because of what one holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from cockpit.model.lazy_re import lazy_re
from cockpit.model.probe_answer import Answer
from cockpit.model.rollout import Role, Version
from cockpit.model.secret_headers import SECRET_HEADERS
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import CellKind
from cockpit.probe.patterns import TEXT_LIMIT, Pattern, PatternError

# What to do where a cache answers.
NOT_CACHED = "probe a path or a host that no cache answers for"
NAME_LIMIT = 63  # characters of a version named by an answer: the limit of a label value
_TOKEN = lazy_re(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_])?")
_STATED = lazy_re(r"\bversion[\"']?\s{0,4}[:=]?\s{0,4}[\"']?([A-Za-z0-9][A-Za-z0-9_.\-]{0,62})", re.IGNORECASE)
# A pod of a ReplicaSet: its name without the five random characters names the ReplicaSet.
_POD_OF_SET = lazy_re(r"(.+)-[a-z0-9]{5}")
_PATH_LIMIT = 20
# What is said of an answer out of a cache instead of its status.
CACHED = "cached"
_CACHE_SAYS = ("x-cache", "x-cache-status", "x-proxy-cache", "cf-cache-status")
Extract = Callable[[Answer], str | None]


class VersionFromError(ValueError):
    """A `version_from` that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The texts that name a version in an answer. A text that two versions share names neither."""

    pods: Mapping[str, str]
    words: Mapping[str, str]

    @classmethod
    def of(cls, versions: Iterable[Version]) -> Marks:
        """The marks of a rollout's versions."""
        known = list(versions)
        return cls(
            pods=_unshared((pod.name, version.name) for version in known for pod in version.pods),
            # The row for everything else has no name that an answer could give.
            words=_unshared(
                (mark, v.name)
                for v in known
                for mark in (v.marks if v.role is Role.OTHERS else {v.name, *v.marks})
                if mark
            ),
        )

    def exact(self, text: str) -> str | None:
        """The version whose pod name or mark is the whole text."""
        return self.pods.get(text) or self.words.get(text)

    def within(self, text: str) -> str | None:
        """The one version that a text names in whole words; pod names are more reliable than marks.

        A mark of one character is no evidence, because a text may hold any digit.
        """
        found = set(_TOKEN.findall(text))
        for marks in (self.pods, self.words):
            whole = {marks[word] for word in found & marks.keys() if len(word) > 1}
            # Marks with other characters, such as the colon of a digest, are not single words.
            other = {version for mark, version in marks.items() if not _TOKEN.fullmatch(mark) and mark in text}
            if len(whole | other) == 1:
                return (whole | other).pop()
            if whole | other:
                return None
        return None


def _unshared(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    owners: dict[str, set[str]] = {}
    for text, version in pairs:
        owners.setdefault(text, set()).add(version)
    return {text: versions.pop() for text, versions in owners.items() if len(versions) == 1}


@dataclass(frozen=True, slots=True)
class VersionReading:
    """What an answer says: `version` if it names one.

    `note` is the status or the failure. For a redirect to TLS it says so ("308 to https"); for an answer from a pod
    that belongs to no version it names the pod ("pod NAME"), for one out of a cache it says that ("cached"). `rejected`
    is true for an answer with a status of 4xx.
    """

    kind: CellKind
    version: str | None
    note: str
    rejected: bool = False


class Recogniser:
    """Reads answers by one `version_from`. Without known versions, the text of an answer is the version's name."""

    def __init__(self, version_from: str, versions: Sequence[Version] = ()) -> None:
        self._extract = extractor(version_from)
        self._marks = Marks.of(versions)
        self._discovering = not versions

    def read(self, answer: Answer) -> VersionReading:
        """The reading of an answer; an error may still name its version."""
        version = self._version(answer)
        failed = answer.failure is not None or answer.status is None or answer.status >= 500
        note = str(answer.failure or answer.status or "")
        if failed:
            return VersionReading(CellKind.ERROR, version, note)
        if from_cache(answer):
            return VersionReading(CellKind.UNKNOWN, None, CACHED)
        rejected = answer.status is not None and answer.status >= 400
        if version is not None:
            return VersionReading(CellKind.ANSWER, version, note, rejected)
        return VersionReading(CellKind.UNKNOWN, None, _nameless_note(answer) or note, rejected)

    def _version(self, answer: Answer) -> str | None:
        if answer.status is None:
            return None
        if self._extract is None:
            return self._stated(answer) if self._discovering else self._named(answer)
        text = self._extract(answer)
        if text is None:
            return None
        if self._discovering:
            return safe_text(text, NAME_LIMIT) or None
        return self._marks.exact(text.strip()) or self._marks.within(text)

    def _named(self, answer: Answer) -> str | None:
        """The known version that an answer names anywhere."""
        document = _document(answer)
        for pod in (answer.header("x-pod"), _text_at(document, ("pod",))):
            if pod is not None and (named := self._marks.exact(pod)):
                return named
        for path in (("labels", "version"), ("version",)):
            text = _text_at(document, path)
            if text is not None and (named := self._marks.exact(text)):
                return named
        return self._marks.within(_body(answer))

    def _stated(self, answer: Answer) -> str | None:
        """What an answer calls its version, if the versions are not known."""
        document = _document(answer)
        stated = _text_at(document, ("labels", "version")) or _text_at(document, ("version",))
        body = _body(answer)
        if stated is None and (match := _STATED.search(body[:TEXT_LIMIT])):
            stated = match[1].rstrip(".-")
        if stated is None and (pod := answer.header("x-pod") or _text_at(document, ("pod",))):
            of_set = _POD_OF_SET.fullmatch(pod[:300])
            stated = of_set[1] if of_set else pod
        if stated is None and document is None and answer.status == 200 and len(body.strip()) <= NAME_LIMIT:
            stated = body
        return (safe_text(stated, NAME_LIMIT) or None) if stated else None


def from_cache(answer: Answer) -> bool:
    """Whether a cache answered: then it says which version answered once, and not which one answers now.

    By Age (RFC 9111, 5.1: it implies that the origin was not asked), and by what caches and CDNs say themselves.
    """
    age = (answer.header("age") or "").strip()
    if age.isascii() and age.isdigit() and age.strip("0"):
        return True
    return any((answer.header(name) or "").strip().lower().startswith("hit") for name in _CACHE_SAYS)


def _nameless_note(answer: Answer) -> str:
    """What can be said about an answer that names no version; "" for nothing."""
    if answer.status is not None and answer.status >= 300:
        to_tls = (answer.header("location") or "").lower().startswith("https://")
        return f"{answer.status} to https" if answer.status < 400 and to_tls else ""
    pod = answer.header("x-pod") or _text_at(_document(answer), ("pod",))
    return f"pod {safe_text(pod, NAME_LIMIT)}" if pod else ""


def extractor(version_from: str) -> Extract | None:
    """A function that takes the version's text out of an answer; None for `auto`. Raises VersionFromError."""
    kind, _, rest = version_from.partition(":")
    match kind:
        case "auto" | "body" if rest or ":" in version_from:
            raise VersionFromError(f"{kind} takes no argument")
        case "auto":
            return None
        case "body":
            return lambda answer: _body(answer).strip() or None
        case "header" if rest.lower() in SECRET_HEADERS:
            raise VersionFromError(f"header: the values of {rest} are secret, and versions are shown")
        case "header" if _TOKEN.fullmatch(rest):
            return lambda answer: answer.header(rest)
        case "header":
            raise VersionFromError("header: needs a header name, such as header:X-Version")
        case "json":
            path = _json_path(rest)
            return lambda answer: _text_at(_document(answer), path)
        case "regex":
            return _by_pattern(rest)
        case _:
            raise VersionFromError("must be auto, body, json:PATH, header:NAME or regex:RE")


def _by_pattern(pattern: str) -> Extract:
    if not pattern:
        raise VersionFromError("regex: needs a pattern, such as regex:version: (\\S+)")
    try:
        compiled = Pattern(pattern)
    except PatternError as error:
        raise VersionFromError(f"the pattern {error}") from None
    return lambda answer: compiled.find(_body(answer))


def _json_path(text: str) -> tuple[str, ...]:
    """The steps of a path such as `labels.version`, `$.labels.version`, `items[0].name` or `/labels/version`."""
    if text.startswith("/"):
        steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/"))
    else:
        steps = tuple(re.sub(r"\[(\d+)\]", r".\1", text.removeprefix("$").removeprefix(".")).split("."))
    if not all(steps):
        raise VersionFromError("json: needs a path, such as json:labels.version")
    if len(steps) > _PATH_LIMIT:
        raise VersionFromError(f"json: takes at most {_PATH_LIMIT} steps")
    return steps


def _document(answer: Answer) -> Any:
    """The body decoded as JSON; None if it is not JSON."""
    if answer.cut or answer.body.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return msgspec.json.decode(answer.body)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None


def _text_at(document: Any, path: Sequence[str]) -> str | None:
    place = document
    for step in path:
        if isinstance(place, dict):
            place = place.get(step)
        elif isinstance(place, list) and step.isascii() and step.isdigit() and len(step) < 6 and int(step) < len(place):
            place = place[int(step)]
        else:
            return None
    return str(place) if isinstance(place, str | int | float) and place != "" else None


def _body(answer: Answer) -> str:
    text = answer.body.decode("utf-8", "replace")
    # The escape sequence of a colour ends in a letter that would merge with the next word.
    return safe_text(text, TEXT_LIMIT * 4) if "\x1b" in text else text
