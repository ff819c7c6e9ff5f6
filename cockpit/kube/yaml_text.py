"""YAML of files that people write: kubeconfigs, settings, themes."""

from __future__ import annotations

from typing import Any

import yaml

# libyaml takes a tenth of the time, which for a kubeconfig of many clusters is most of that of a command, and for the
# themes a good part of that of the first paint.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parsed(content: bytes) -> Any:
    """The document. Raises yaml.YAMLError, ValueError for dates and numbers that are none, RecursionError."""
    try:
        return yaml.load(content, Loader=_LOADER)
    except yaml.YAMLError:
        return yaml.safe_load(content)  # its errors say better where
