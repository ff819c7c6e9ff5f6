"""User settings: a YAML file, then `COCKPIT_*` variables, then flags; later ones win."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import platformdirs
from msgspec import Meta, Struct

from cockpit.kube import yaml_text
from cockpit.kube.yaml_text import NotYamlError
from cockpit.model.sampling import SampleScope
from cockpit.model.values import dataclass
from cockpit.session.context_patterns import fits_context
from cockpit.session.metrics.settings import PrometheusSettings, from_word, with_headers_in_words
from cockpit.session.own_settings import OwnCommand, OwnLink, own_problem
from cockpit.session.pairing.settings import PairingSettings, in_words
from cockpit.texts.languages import ENGLISH, language_of

APP = "cockpit"
CONFIG_VARIABLE = "COCKPIT_CONFIG"
STATE_VARIABLE = "COCKPIT_STATE"
# Prefixes of variables used by the test suite and the embedded cluster.
FOREIGN_VARIABLES = ("COCKPIT_TEST_", "COCKPIT_DEMO_")
MAX_BYTES = 1_000_000
# Settings that keep acts from a cluster: a misspelt one must not be left out.
_PROTECTING = ("read_only", "production", "pairing")


def _silent(problem: str) -> None:
    """Nobody is told."""


class SettingsError(Exception):
    """Invalid settings. `source` is a file, variable or flag; `key` the dotted name, "" for the whole."""

    def __init__(self, source: str, key: str, problem: str) -> None:
        self.source, self.key, self.problem = source, key, problem
        super().__init__(f"{source}: {key}: {problem}" if key else f"{source}: {problem}")


class ProbeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`rate` is requests per second, `concurrency` requests in flight, both per rollout.

    `budget` is requests per second to all rollouts together, `timeout` seconds for one answer. `sample` is what a
    screen samples on its own; with `ask` it asks once for each context. `max_errors` is the fraction of
    a version's answers that may fail before that is a finding.
    """

    rate: Annotated[float, Meta(gt=0, le=10_000)] = 10.0
    concurrency: Annotated[int, Meta(ge=1, le=1_000)] = 8
    timeout: Annotated[float, Meta(gt=0, le=600)] = 5.0
    budget: Annotated[float, Meta(gt=0, le=10_000)] = 50.0
    sample: SampleScope = SampleScope.UNDECIDED
    max_errors: Annotated[float, Meta(gt=0, lt=1)] = 0.01


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What a user can choose.

    `keymap` gives keys by binding id, several separated by commas. `production` are shell patterns for contexts in
    which full promotion and deletion ask for the name. `request_timeout` is in seconds. `dialects` set the dialect
    of canary annotations by Ingress class, if the cluster does not show it. `mouse` is off by default, because mouse
    mode disables the terminal's text selection. `one_gateway` are groups of contexts behind one gateway that merges
    their Services of the same namespace and name. `prometheus` is `off`, `auto`, a URL, or a map,
    `pairing` is `off`, `advisory`, `strict`, or a map. `slow` paints the screen seldom, for a slow link.
    `lang` is `en` or `zh`; empty, the locale decides. `read_only_contexts` are shell patterns for contexts to which
    nothing is sent, `read_only` is for all. `commands` and `links` are the user's own, `columns`
    are paths into the JSON of a rollout, by the heads of a wide list. `hyperlinks` is whether addresses can be clicked.
    """

    theme: str = "dark"
    lang: str = ""
    keymap: dict[str, str] = msgspec.field(default_factory=dict)
    read_only: bool = False
    read_only_contexts: tuple[str, ...] = ()
    production: tuple[str, ...] = ("*prod*", "*live*")
    glyphs: Literal["auto", "unicode", "ascii"] = "auto"
    mouse: bool = False
    slow: bool = False
    request_timeout: Annotated[float, Meta(gt=0, le=3_600)] = 30.0
    dialects: dict[str, Literal["nginx", "apig", "higress", "alb"]] = msgspec.field(default_factory=dict)
    one_gateway: tuple[tuple[str, ...], ...] = ()
    probe: ProbeSettings = msgspec.field(default_factory=ProbeSettings)
    pairing: PairingSettings = msgspec.field(default_factory=PairingSettings)
    prometheus: PrometheusSettings = msgspec.field(default_factory=PrometheusSettings)
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    commands: tuple[OwnCommand, ...] = ()
    links: tuple[OwnLink, ...] = ()
    hyperlinks: Literal["auto", "always", "never"] = "auto"

    def sends_nothing(self, context: str, cluster: str = "") -> bool:
        """Whether a context is read-only; `cluster` is as in `fits_context`."""
        return self.read_only or fits_context(context, self.read_only_contexts, cluster)

    def is_production(self, context: str, cluster: str = "") -> bool:
        """Whether the riskiest acts ask for the rollout's name there."""
        return fits_context(context, self.production, cluster)


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths of the program's files; `config` is a file, `state` a directory."""

    config: Path
    state: Path

    @property
    def journal(self) -> Path:
        return self.state / "journal.jsonl"

    @property
    def undo(self) -> Path:
        return self.state / "undo.json"

    @property
    def unknown(self) -> Path:
        return self.state / "unknown.json"

    @property
    def log(self) -> Path:
        return self.state / "cockpit.log"

    @property
    def targets(self) -> Path:
        return self.state / "targets.json"

    @property
    def snapshots(self) -> Path:
        return self.state / "snapshots"

    @property
    def sampling(self) -> Path:
        return self.state / "sampling.json"


def user_paths(environ: Mapping[str, str] = os.environ) -> Paths:
    """The user's XDG paths; `COCKPIT_CONFIG` overrides the settings file, `COCKPIT_STATE` the state directory."""
    config, state = environ.get(CONFIG_VARIABLE), environ.get(STATE_VARIABLE)
    directories = platformdirs.PlatformDirs(APP, appauthor=False)
    return Paths(
        config=Path(config).expanduser() if config else directories.user_config_path / "config.yaml",
        state=Path(state).expanduser() if state else directories.user_state_path,
    )


def load_settings(
    path: Path, environ: Mapping[str, str], flags: Mapping[str, Any], warn: Callable[[str], None] = _silent
) -> Settings:
    """Settings from file, environment and flags (dotted names; None is not given); raises SettingsError.

    A missing file is an error only if `COCKPIT_CONFIG` names it. `warn` is told of each setting that does not exist
    and was left out; one that may have meant to protect a cluster is an error.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if environ.get(CONFIG_VARIABLE):
            raise SettingsError(str(path), "", f"file not found (set by {CONFIG_VARIABLE})") from None
        content = b""
    except OSError as error:
        raise SettingsError(str(path), "", f"cannot be read: {error.strerror}") from None
    settings = parse_settings(content, str(path), warn)
    settings = _with_environment(settings, environ, warn)
    for key, value in flags.items():
        if value is not None:
            settings = _with(settings, key, value, f"--{key.replace('_', '-').replace('.', '-')}")
    return settings


def parse_settings(content: bytes, source: str, warn: Callable[[str], None] = _silent) -> Settings:
    """Settings from the bytes of the YAML file `source`; raises SettingsError with file and key."""
    if len(content) > MAX_BYTES:
        raise SettingsError(source, "", f"is larger than {MAX_BYTES} bytes")
    try:
        document = yaml_text.document(content)
    except NotYamlError as error:
        why = " ".join(str(error.__cause__ or error).split())
        raise SettingsError(source, "", f"is not valid YAML: {why}") from None
    if document is None:
        return Settings()
    if not isinstance(document, dict):
        raise SettingsError(source, "", "must be a map of settings")
    if "prometheus" in document:
        document["prometheus"] = from_word(document["prometheus"])
    if "pairing" in document:
        document["pairing"] = in_words(document["pairing"])
    return _convert(_known(document, Settings, source, "", warn), source, "", strict=True)


def _known(
    document: Mapping[Any, Any], struct: type[Struct], source: str, prefix: str, warn: Callable[[str], None]
) -> dict[Any, Any]:
    """The settings that exist."""
    known = {field.name: field.type for field in msgspec.structs.fields(struct)}
    kept = {}
    for key, value in document.items():
        if key not in known:
            _unknown(source, f"{prefix}{key}", f"unknown setting{_nearest(str(key), known)}", str(key), warn)
            continue
        kind = known[key]
        nested = isinstance(kind, type) and issubclass(kind, Struct) and isinstance(value, dict)
        kept[key] = _known(value, kind, source, f"{prefix}{key}.", warn) if nested else value
    return kept


def _unknown(source: str, key: str, problem: str, name: str, warn: Callable[[str], None]) -> None:
    """Warn of a setting that is left out, unless its name is near one that protects a cluster."""
    import difflib

    error = SettingsError(source, key, problem)
    if difflib.get_close_matches(name[:100].lower(), _PROTECTING, n=1):
        raise error
    warn(f"left out: {error}")


def _nearest(key: str, known: Mapping[str, Any]) -> str:
    import difflib

    near = difflib.get_close_matches(key[:100], list(known), n=1)
    return f"; did you mean {near[0]}?" if near else f"; settings here are {', '.join(sorted(known))}"


def _convert(document: dict[Any, Any], source: str, key: str, *, strict: bool) -> Settings:
    metrics = document.get("prometheus")
    if isinstance(metrics, dict) and (header := with_headers_in_words(metrics)):
        # Without the value: a message must not repeat a credential.
        problem = "is written here; set {env: NAME} or {file: PATH}, so that no credential is in the settings"
        raise SettingsError(source, f"prometheus.{header}", problem)
    try:
        settings = msgspec.convert(document, Settings, strict=strict)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        named = place.strip("`").removeprefix("$").removeprefix(".")
        raise SettingsError(source, key or named, _in_words(problem[:1].lower() + problem[1:])) from None
    except RecursionError:
        raise SettingsError(source, key, "is nested too deeply") from None
    try:
        language_of(settings.lang or ENGLISH)
    except ValueError as error:
        raise SettingsError(source, "lang", str(error)) from None
    for place, (wrong, problem) in (
        ("prometheus", settings.prometheus.problem()),
        ("pairing", settings.pairing.problem()),
    ):
        if problem:
            raise SettingsError(source, f"{place}.{wrong}", problem)
    wrong, problem = own_problem(settings.commands, settings.links, settings.columns)
    if problem:
        raise SettingsError(source, wrong, problem)
    return settings


# What the decoder calls the kinds of values.
_KINDS = {
    "float": "a number", "int": "a whole number", "str": "text", "bool": "true or false", "object": "a map",
    "array": "a list", "null": "nothing",
}  # fmt: skip


def _in_words(problem: str) -> str:
    """A problem of the decoder with kinds of values as people call them."""
    return re.sub(r"`(\w+)`", lambda found: _KINDS.get(found[1], found[0]), problem)


def _with(settings: Settings, key: str, value: Any, source: str) -> Settings:
    """`settings` with one dotted key set; text is converted to the key's type."""
    document = msgspec.to_builtins(settings)
    *parents, last = key.split(".")
    place = document
    for parent in parents:
        place = place[parent]
    place[last] = place[last] | from_word(value) if key == "prometheus" else value
    return _convert(document, source, key, strict=False)


def set_by(variable: str) -> str:
    """The dotted key that an environment variable sets; "" if it sets none."""
    return next((key for key in _scalar_keys() if variable == f"COCKPIT_{key.upper().replace('.', '_')}"), "")


def _with_environment(settings: Settings, environ: Mapping[str, str], warn: Callable[[str], None]) -> Settings:
    variables = {variable: key for key in _scalar_keys() for variable in [f"COCKPIT_{key.upper().replace('.', '_')}"]}
    for variable in sorted(environ):
        if not variable.startswith("COCKPIT_") or variable.startswith(FOREIGN_VARIABLES):
            continue
        if variable in (CONFIG_VARIABLE, STATE_VARIABLE):
            continue
        if variable not in variables:
            name = variable.removeprefix("COCKPIT_").lower()
            _unknown(variable, "", f"unknown variable{_nearest(variable, variables)}", name, warn)
            continue
        key, value = variables[variable], environ[variable]
        settings = _with(settings, key, _listed(key, value), variable)
    return settings


def _listed(key: str, value: str) -> Any:
    """Lists are separated by commas, groups of contexts by semicolons."""

    def parts(text: str) -> list[str]:
        return [part.strip() for part in text.split(",") if part.strip()]

    if key == "one_gateway":
        return [group for text in value.split(";") if (group := parts(text))]
    return parts(value) if key in ("production", "read_only_contexts") else value


def _scalar_keys() -> list[str]:
    """Dotted names that a variable can set: all except the maps, such as the keymap and the dialects."""
    maps = ("keymap", "dialects", "probe", "pairing", "commands", "links", "columns")
    own = [name for name in Settings.__struct_fields__ if name not in maps]
    metrics = [f"prometheus.{name}" for name in ("url", "insecure", "gateway", "window")]
    own += ["pairing.pilot", "pairing.namespace", "pairing.second", "pairing.second_minutes"]
    return own + [f"probe.{name}" for name in ProbeSettings.__struct_fields__] + metrics
