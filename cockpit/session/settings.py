"""Settings of one user: a YAML file, then `COCKPIT_*` variables, then flags; the later wins."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import platformdirs
import yaml
from msgspec import Meta, Struct

APP = "cockpit"
CONFIG_VARIABLE = "COCKPIT_CONFIG"
STATE_VARIABLE = "COCKPIT_STATE"
# Variables with these beginnings belong to the test suite and to the embedded cluster.
FOREIGN_VARIABLES = ("COCKPIT_TEST_", "COCKPIT_DEMO_")
MAX_BYTES = 1_000_000


class SettingsError(Exception):
    """Settings that cannot be used. `source` is a file, variable or flag; `key` the dotted name, "" for the whole."""

    def __init__(self, source: str, key: str, problem: str) -> None:
        self.source, self.key, self.problem = source, key, problem
        super().__init__(f"{source}: {key}: {problem}" if key else f"{source}: {problem}")


class ProbeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`rate` is requests per second, `concurrency` requests under way at once, both per rollout.

    `auto` is how many rollouts a screen samples without being asked, `timeout` seconds for one answer.
    """

    rate: Annotated[float, Meta(gt=0, le=10_000)] = 10.0
    concurrency: Annotated[int, Meta(ge=1, le=1_000)] = 8
    timeout: Annotated[float, Meta(gt=0, le=600)] = 5.0
    auto: Annotated[int, Meta(ge=0, le=100)] = 0


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What a user can choose.

    `keymap` gives keys by binding id, several separated by commas. `production` are shell patterns for names
    of contexts in which full promotion and deletion ask for the name. `request_timeout` is in seconds.
    `dialects` say how canary annotations of an Ingress class are meant, where a cluster does not give it away.
    `mouse` is off unless asked for: mouse mode keeps a terminal from selecting text. `one_gateway` are groups of
    contexts behind one gateway that merges their Services of one namespace and name.
    """

    theme: str = "dark"
    keymap: dict[str, str] = msgspec.field(default_factory=dict)
    read_only: bool = False
    production: tuple[str, ...] = ("*prod*", "*live*")
    glyphs: Literal["auto", "unicode", "ascii"] = "auto"
    mouse: bool = False
    request_timeout: Annotated[float, Meta(gt=0, le=3_600)] = 30.0
    dialects: dict[str, Literal["nginx", "apig", "higress", "alb"]] = msgspec.field(default_factory=dict)
    one_gateway: tuple[tuple[str, ...], ...] = ()
    probe: ProbeSettings = msgspec.field(default_factory=ProbeSettings)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the program keeps what it writes; `config` is a file, `state` a directory."""

    config: Path
    state: Path

    @property
    def journal(self) -> Path:
        return self.state / "journal.jsonl"

    @property
    def undo(self) -> Path:
        return self.state / "undo.json"

    @property
    def log(self) -> Path:
        return self.state / "cockpit.log"

    @property
    def targets(self) -> Path:
        return self.state / "targets.json"


def user_paths(environ: Mapping[str, str] = os.environ) -> Paths:
    """The XDG places of this user; `COCKPIT_CONFIG` names another settings file, `COCKPIT_STATE` a directory."""
    config, state = environ.get(CONFIG_VARIABLE), environ.get(STATE_VARIABLE)
    directories = platformdirs.PlatformDirs(APP, appauthor=False)
    return Paths(
        config=Path(config).expanduser() if config else directories.user_config_path / "config.yaml",
        state=Path(state).expanduser() if state else directories.user_state_path,
    )


def load_settings(path: Path, environ: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """Settings from file, environment and flags (dotted names; None is not given); raises SettingsError.

    A file that does not exist is no error, unless `COCKPIT_CONFIG` names it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if environ.get(CONFIG_VARIABLE):
            raise SettingsError(str(path), "", f"no such file, but {CONFIG_VARIABLE} names it") from None
        content = b""
    except OSError as error:
        raise SettingsError(str(path), "", f"cannot be read: {error.strerror}") from None
    settings = parse_settings(content, str(path))
    settings = _with_environment(settings, environ)
    for key, value in flags.items():
        if value is not None:
            settings = _with(settings, key, value, f"--{key.replace('_', '-').replace('.', '-')}")
    return settings


def parse_settings(content: bytes, source: str) -> Settings:
    """Settings from the bytes of a YAML file called `source`; raises SettingsError with file and key."""
    if len(content) > MAX_BYTES:
        raise SettingsError(source, "", f"is larger than {MAX_BYTES} bytes")
    try:
        document = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: dates that do not exist and numbers with too many digits.
        raise SettingsError(source, "", "is no YAML: " + " ".join(str(error).split())) from None
    if document is None:
        return Settings()
    if not isinstance(document, dict):
        raise SettingsError(source, "", "must be a mapping of settings")
    _refuse_unknown(document, Settings, source, "")
    return _convert(document, source, "", strict=True)


def _refuse_unknown(document: Mapping[Any, Any], struct: type[Struct], source: str, prefix: str) -> None:
    known = {field.name: field.type for field in msgspec.structs.fields(struct)}
    for key, value in document.items():
        if key not in known:
            raise SettingsError(source, f"{prefix}{key}", f"unknown setting{_nearest(str(key), known)}")
        kind = known[key]
        if isinstance(kind, type) and issubclass(kind, Struct) and isinstance(value, dict):
            _refuse_unknown(value, kind, source, f"{prefix}{key}.")


def _nearest(key: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(key[:100], list(known), n=1)
    return f"; did you mean {near[0]}?" if near else f"; settings here are {', '.join(sorted(known))}"


def _convert(document: dict[Any, Any], source: str, key: str, *, strict: bool) -> Settings:
    try:
        return msgspec.convert(document, Settings, strict=strict)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        named = place.strip("`").removeprefix("$").removeprefix(".")
        raise SettingsError(source, key or named, problem[:1].lower() + problem[1:]) from None
    except RecursionError:
        raise SettingsError(source, key, "is nested too deeply") from None


def _with(settings: Settings, key: str, value: Any, source: str) -> Settings:
    """`settings` with one dotted key set; text is read as the type of the key."""
    document = msgspec.to_builtins(settings)
    *parents, last = key.split(".")
    place = document
    for parent in parents:
        place = place[parent]
    place[last] = value
    return _convert(document, source, key, strict=False)


def _with_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    variables = {variable: key for key in _scalar_keys() for variable in [f"COCKPIT_{key.upper().replace('.', '_')}"]}
    for variable in sorted(environ):
        if not variable.startswith("COCKPIT_") or variable.startswith(FOREIGN_VARIABLES):
            continue
        if variable in (CONFIG_VARIABLE, STATE_VARIABLE):
            continue
        if variable not in variables:
            raise SettingsError(variable, "", f"unknown variable{_nearest(variable, variables)}")
        key, value = variables[variable], environ[variable]
        settings = _with(settings, key, _listed(key, value), variable)
    return settings


def _listed(key: str, value: str) -> Any:
    """A list is written with commas; groups of contexts with semicolons between them."""

    def parts(text: str) -> list[str]:
        return [part.strip() for part in text.split(",") if part.strip()]

    if key == "one_gateway":
        return [group for text in value.split(";") if (group := parts(text))]
    return parts(value) if key == "production" else value


def _scalar_keys() -> list[str]:
    """Dotted names that a variable can set: all but the keymap and the dialects."""
    maps = ("keymap", "dialects", "probe")
    own = [field.name for field in msgspec.structs.fields(Settings) if field.name not in maps]
    return own + [f"probe.{field.name}" for field in msgspec.structs.fields(ProbeSettings)]
