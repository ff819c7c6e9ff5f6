"""Kubeconfig files by kubectl's rules.

The rules are those of client-go's `clientcmd` loader: with several files, the first one that sets a value or a
map entry wins; missing files are ignored; relative paths are relative to their file's folder; a file given by
flag is the only one read; and a pod's service account is used only if there is no kubeconfig at all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cockpit.kube import yaml_text
from cockpit.kube.connect_target import ConnectOptions, ConnectTarget
from cockpit.kube.errors import ConfigError
from cockpit.kube.impersonation import acting_as
from cockpit.kube.yaml_text import NotYamlError
from cockpit.model.values import dataclass

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_CLUSTER_PATHS = ("certificate-authority",)
_IMPERSONATION = frozenset({"as", "as-uid", "as-groups", "as-user-extra"})
_USER_PATHS = ("client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True, slots=True)
class KubeconfigEntry:
    """One named entry and the file that it came from."""

    content: Mapping[str, Any] = field(repr=False)
    source: Path


@dataclass(slots=True)
class Kubeconfig:
    """The merged files. Entries by name."""

    current: str = ""
    contexts: dict[str, KubeconfigEntry] = field(default_factory=dict)
    clusters: dict[str, KubeconfigEntry] = field(default_factory=dict)
    users: dict[str, KubeconfigEntry] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def resolve_targets(
    options: ConnectOptions, environ: Mapping[str, str], service_account: Path = SERVICE_ACCOUNT
) -> tuple[ConnectTarget, ...]:
    """See `connect.resolve`; `service_account` is the folder mounted into a pod."""
    config = load_kubeconfig(options.kubeconfig, environ)
    single = ", ".join(options.of_one_context())
    if not config.contexts and not config.current and options.kubeconfig is None and not options.contexts:
        if single:
            raise ConfigError(f"no kubeconfig found, and {single} needs one. Set --kubeconfig.")
        return (_own_cluster(options, environ, service_account),)
    names = tuple(dict.fromkeys(options.contexts or (config.current,)))
    if single and len(names) > 1:
        raise ConfigError(f"{single} goes with one context, and {len(names)} are chosen: {', '.join(names)}.")
    return tuple(_target(name, config, options) for name in names)


def read_account(source: Path, name: str) -> Mapping[str, Any]:
    """A user's current entry in its file; empty if it is gone. Raises ConfigError for a broken file."""
    entry = load_kubeconfig(source, {}).users.get(name)
    return _with_paths(entry, _USER_PATHS) if entry else {}


_OTHER_WAYS = "Name another with --kubeconfig or KUBECONFIG; without a cluster, cockpit demo shows the screen."


def load_kubeconfig(explicit: Path | None, environ: Mapping[str, str]) -> Kubeconfig:
    """Read and merge. Raises ConfigError for a file that cannot be read or parsed."""
    config = Kubeconfig()
    if explicit is not None:
        if not explicit.exists():
            raise ConfigError(f"kubeconfig {explicit} does not exist. {_OTHER_WAYS}")
        _merge(config, explicit)
        return config
    listed = environ.get("KUBECONFIG", "")
    paths = [Path(name) for name in listed.split(os.pathsep) if name]
    if not paths and environ.get("HOME"):
        paths = [Path(environ["HOME"], ".kube", "config")]
    for path in dict.fromkeys(paths):
        if path.exists():
            _merge(config, path)
    return config


def _merge(config: Kubeconfig, path: Path) -> None:
    document = _read(path)
    config.files.append(path)
    current = document.get("current-context") or ""
    if not isinstance(current, str):
        raise ConfigError(f"kubeconfig {path}: current-context is not a string.")
    config.current = config.current or current
    for section, singular, into in (
        ("contexts", "context", config.contexts),
        ("clusters", "cluster", config.clusters),
        ("users", "user", config.users),
    ):
        for name, content in _entries(document, section, singular, path).items():
            into.setdefault(name, KubeconfigEntry(content, path))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml_text.document(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"kubeconfig {path} cannot be read: {error.strerror}.") from None
    except NotYamlError as error:
        place = f", {error.place}" if error.place else ""
        raise ConfigError(f"kubeconfig {path}{place}: not valid YAML ({error.problem}).") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"kubeconfig {path}: not a kubeconfig, the file is not a YAML map.")
    return document


def _entries(document: Mapping[str, Any], section: str, singular: str, path: Path) -> dict[str, Mapping[str, Any]]:
    listed = document.get(section) or []
    if not isinstance(listed, list):
        raise ConfigError(f"kubeconfig {path}: {section} is not a list.")
    found: dict[str, Mapping[str, Any]] = {}
    for index, entry in enumerate(listed):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise ConfigError(f"kubeconfig {path}: entry {index + 1} of {section} has no name.")
        content = entry.get(singular) or {}
        if not isinstance(content, dict):
            raise ConfigError(f"kubeconfig {path}: {singular} {entry['name']} is not a map.")
        found.setdefault(entry["name"], content)
    return found


def _target(name: str, config: Kubeconfig, options: ConnectOptions) -> ConnectTarget:
    context = _named(config, "context", config.contexts, name)
    own_cluster = str(context.content.get("cluster") or "")
    cluster_name = own_cluster if options.cluster is None else options.cluster
    cluster = _named(config, "cluster", config.clusters, cluster_name, of=name)
    user_name = str(context.content.get("user") or "") if options.user is None else options.user
    user = (
        _named(config, "user", config.users, user_name, of=name) if user_name else KubeconfigEntry({}, context.source)
    )
    account = _with_paths(user, _USER_PATHS)
    server = str(cluster.content.get("server") or "")
    if not _is_url(server):
        raise ConfigError(f"context {name}: cluster {cluster_name} in {cluster.source} has no server URL.")
    if options.token is not None:
        account = _with_token(account, options.token, server)
    known_as = user_name if options.token is None else "whom --token names"
    shown, headers = acting_as(known_as, account, options, f"context {name}")
    return ConnectTarget(
        context=name,
        server=server.rstrip("/"),
        user=shown,
        namespace=options.namespace or str(context.content.get("namespace") or "") or "default",
        source=str(context.source),
        account_source=user.source,
        account_name=user_name,
        cluster=_with_paths(cluster, _CLUSTER_PATHS),
        account=account,
        cluster_name="" if cluster_name == own_cluster else cluster_name,
        headers=headers,
    )


def _with_token(account: Mapping[str, Any], token: str, server: str) -> dict[str, Any]:
    """The user's entry with this token as its only credential; whom it impersonates stays.

    Here kubectl keeps a client certificate, and the API server then takes the caller for whom the certificate names:
    the token would be without effect. Raises ConfigError for a token that is not sent.
    """
    if not server.startswith("https://"):
        raise ConfigError(f"--token is not sent to {server}: the connection is not encrypted.")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError("--token is empty or has characters that cannot be sent in a header.")
    return {name: value for name, value in account.items() if name in _IMPERSONATION} | {"token": token}


def _is_url(server: str) -> bool:
    """A server URL that is valid and safe to show: a password in it would end up on the screen."""
    try:
        parts = urlsplit(server)
        place = bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        return False
    return place and parts.scheme in ("http", "https") and server.isprintable()


def _named(
    config: Kubeconfig, what: str, entries: Mapping[str, KubeconfigEntry], name: str, *, of: str = ""
) -> KubeconfigEntry:
    entry = entries.get(name)
    if entry is not None:
        return entry
    files = ", ".join(map(str, config.files)) or "no file"
    if not name and not of:
        if not entries:
            raise ConfigError(f"kubeconfig ({files}) has no contexts. {_OTHER_WAYS}")
        raise ConfigError(
            f"kubeconfig ({files}) has no current-context. Choose one with --context: {_list_of(entries)}."
        )
    import difflib

    near = difflib.get_close_matches(name, entries, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    belongs = f"context {of}: " if of else ""
    raise ConfigError(f"{belongs}no {what} {name!r} in {files}.{hint} Available: {_list_of(entries)}.")


def _list_of(entries: Mapping[str, KubeconfigEntry]) -> str:
    names = sorted(entries)
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "") if names else "none"


def _with_paths(entry: KubeconfigEntry, names: tuple[str, ...]) -> dict[str, Any]:
    """The entry with absolute paths; a plug-in's command is changed only if it contains a slash."""
    content = dict(entry.content)
    folder = entry.source.absolute().parent
    for name in names:
        if isinstance(content.get(name), str) and content[name]:
            content[name] = str(folder / content[name])
    plugin = content.get("exec")
    if plugin is not None and not isinstance(plugin, dict):
        raise ConfigError(f"kubeconfig {entry.source}: exec of a user is not a map.")
    if plugin and isinstance(plugin.get("command"), str) and os.sep in plugin["command"]:
        content["exec"] = {**plugin, "command": str(folder / plugin["command"])}
    return content


def _own_cluster(options: ConnectOptions, environ: Mapping[str, str], folder: Path) -> ConnectTarget:
    """The cluster that this pod runs in, with the pod's service account."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port or not (folder / "token").is_file():
        looked = environ.get("KUBECONFIG") or "~/.kube/config"
        raise ConfigError(f"no kubeconfig found (looked at {looked}), and this is not a pod. {_OTHER_WAYS}")
    try:
        own = (folder / "namespace").read_text().strip()
    except OSError:
        own = ""
    address = f"[{host}]" if ":" in host else host
    shown, headers = acting_as("service account", {}, options, "in-cluster")
    return ConnectTarget(
        context="in-cluster",
        server=f"https://{address}:{port}",
        user=shown,
        namespace=options.namespace or own or "default",
        source=str(folder),
        in_cluster=folder,
        headers=headers,
    )
