"""YAML of files that people write: kubeconfigs, settings, themes."""

from __future__ import annotations

from typing import Any

import yaml

# libyaml takes a tenth of the time, which for a kubeconfig of many clusters is most of that of a command, and for the
# themes a good part of that of the first paint.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotYamlError(ValueError):
    """`place` is "line 3, column 7", "" where there is none; `problem` quotes nothing of the file, its cause may."""

    def __init__(self, place: str, problem: str) -> None:
        self.place, self.problem = place, problem
        super().__init__(f"{place}: {problem}" if place else problem)


def parsed(content: bytes) -> Any:
    """The document. Raises yaml.YAMLError, ValueError for dates and numbers that are none, RecursionError."""
    try:
        return yaml.load(content, Loader=_LOADER)
    except yaml.YAMLError:
        return yaml.safe_load(content)  # its errors say better where


def document(content: bytes) -> Any:
    """As `parsed`, for callers that say what is wrong: raises NotYamlError alone."""
    try:
        return parsed(content)
    except yaml.MarkedYAMLError as error:
        # Only position and problem: the snippet that PyYAML adds can contain a token.
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise NotYamlError(place, str(error.problem or error.context)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: invalid dates and numbers with too many digits.
        raise NotYamlError("", type(error).__name__) from error
