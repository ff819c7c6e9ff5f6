"""What arguments and variables a probe's Job gives to its script, the only ones with which it runs on this machine.

The script hands its arguments to curl, which can also read and write files (curl(1): -o, -T, -K, "-H @FILE",
"-w %output{FILE}"), and a shell computes what it finds in variables, so a known script alone is no protection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_FLAGS = frozenset({"-s", "-i", "--http1.1", "-k"})
_PLACE = r"(?:[\w.*-]+|\[[0-9A-Fa-f:.]+\])"
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_NAME = r"[\w!#$%&'*+.^`|~-]+"
_VALUES = {
    "-m": re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?(e[+-][0-9]{2})?", re.ASCII),
    "--max-filesize": _NUMBER,
    "--rate": re.compile(r"[0-9]{1,9}/h", re.ASCII),
    "-H": re.compile(rf"{_NAME}(?:;|: [^\x00-\x1f\x7f]+)", re.ASCII),
    "-A": re.compile(r"rollout-cockpit"),
    "--noproxy": re.compile(r"\*"),
    "--connect-to": re.compile(rf"{_PLACE}:[0-9]{{1,5}}:{_PLACE}:[0-9]{{1,5}}", re.ASCII),
}
# Brackets and braces of the path are escaped, or curl would make many requests of one.
_URL = re.compile(rf"https?://{_PLACE}(?::[0-9]{{1,5}})?/(?:[^\x00-\x20\x7f\\{{}}\[\]]|\\[{{}}\[\]])*", re.ASCII)
_VARIABLES = {
    "MARK": re.compile(r"[0-9a-f]{32}", re.ASCII),
    "FIELDS": re.compile(r"%\{[a-z_]+\}(?: %\{[a-z_]+\})*", re.ASCII),
    # More processes than a probe needs would only stop this machine.
    "WORKERS": re.compile(r"[0-9]{1,2}", re.ASCII),
    "COUNT": _NUMBER,
    "SECONDS_": _NUMBER,
    "PAUSE": _NUMBER,
    "BODY": _NUMBER,
    "HEADERS": re.compile(rf"{_NAME}(?: {_NAME})*", re.ASCII),
    "SIDECAR": re.compile(r"1?", re.ASCII),
}


def not_of_a_probe(arguments: Sequence[str], variables: Mapping[str, str]) -> str:
    """What a probe's Job does not have: an argument after the script, or a variable; "" if there is nothing.

    `arguments` and `variables` are those of the process, with all references replaced.
    """
    for name, value in variables.items():
        allowed = _VARIABLES.get(name)
        if allowed is None or not allowed.fullmatch(value):
            return f"variable {name}={value}"
    name, *options = arguments or [""]
    if name != "probe":
        return f"argument {name!r}"
    if len(options) < 2 or options[-2] != "--" or not _URL.fullmatch(options[-1]):
        return f"a last argument that is no URL: {options[-1] if options else ''}"
    words = iter(options[:-2])
    for word in words:
        if word in _FLAGS:
            continue
        value = next(words, "")
        if word not in _VALUES or not _VALUES[word].fullmatch(value):
            return f"argument {word} {value}"
    return ""
