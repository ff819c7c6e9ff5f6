"""Colours for YAML, unified diffs and descriptions, line by line; pure."""

from __future__ import annotations

from cockpit.model.lazy_re import lazy_re
from cockpit.model.redact import HIDDEN
from cockpit.texts.current import Verbatim
from cockpit.tui.lines import Line, Span

_FIELD = lazy_re(r"^(\s*(?:- )*)([^\s:#'\"][^:]*|'[^']*'|\"[^\"]*\")(:)(?:( .*)|$)")
_TITLE = lazy_re(r"^( *)([A-Z][\w .()/-]{0,40}:)(.*)$")
_HIDDEN = HIDDEN[:-1]


def yaml_line(text: str) -> Line:
    """A line of YAML: names of fields stand out, comments and hidden values step back."""
    if text.lstrip().startswith("#"):
        return (Span(Verbatim(text), "quiet"),)
    found = _FIELD.match(text)
    if not found:
        return (Span(Verbatim(text), "quiet" if _HIDDEN in text else ""),)
    indent, name, colon, value = found.groups()
    spans = [Span(indent), Span(Verbatim(name), "accent"), Span(colon, "quiet")]
    if value:
        spans.append(Span(value, "quiet" if _HIDDEN in value else ""))
    return tuple(span for span in spans if span.text)


def diff_line(text: str) -> Line:
    """A line of a unified diff."""
    if text.startswith(("---", "+++")):
        return (Span(Verbatim(text), "strong"),)
    if text.startswith("@@"):
        return (Span(Verbatim(text), "quiet"),)
    style = {"+": "added", "-": "removed"}.get(text[:1], "")
    return (Span(Verbatim(text), style),)


def described_line(text: str) -> Line:
    """A line of a description: titles stand out, and so do warnings among the events."""
    found = _TITLE.match(text)
    if found and not found[3].startswith("//"):
        indent, title, value = found.groups()
        return (Span(indent), Span(title, "accent" if value else "strong"), Span(value))
    words = text.split()
    if len(words) > 2 and words[2] == "Warning":
        return (Span(Verbatim(text), "waiting"),)
    return (Span(Verbatim(text), "quiet" if words[:2] in (["AGE", "COUNT"], ["TYPE", "STATUS"]) else ""),)
