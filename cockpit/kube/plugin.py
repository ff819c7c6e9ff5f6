"""Credential plug-ins: the `exec` entry of a kubeconfig's user (client.authentication.k8s.io)."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import field
from typing import Any

import msgspec

from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import ConfigError
from cockpit.model.values import dataclass

# No one can answer a prompt while a screen owns the terminal, so a waiting plug-in is killed after this.
UNATTENDED_SECONDS = 30.0
_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_EXTENSION = "client.authentication.k8s.io/exec"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plug-in returned: a token, or a client certificate and key as PEM."""

    token: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)


class _Given(msgspec.Struct, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    status: _Given | None = None


async def run_plugin(plugin: Mapping[str, Any], target: ConnectTarget, *, attended: bool) -> Credential:
    """Run the plug-in. `attended`: it can use the terminal; otherwise it gets no input and its output is captured.

    Raises ConfigError that names the command but never contains its stdout.
    """
    where = f"{target.context}: credential plug-in"
    command = plugin.get("command")
    version = plugin.get("apiVersion")
    if not isinstance(command, str) or not command:
        raise ConfigError(f"{where} of {target.user} in {target.source} has no command.")
    where = f"{where} {command}"
    if version not in _VERSIONS:
        raise ConfigError(f"{where}: apiVersion {version!r} is not supported. Use {_VERSIONS[0]}.")
    arguments = [str(argument) for argument in plugin.get("args") or ()]
    interactive = _interactive(plugin, attended, where)
    stdout = await _output(
        [command, *arguments], _environment(plugin, target, str(version), interactive), plugin, where, attended
    )
    return _credential(stdout, str(version), where)


def _interactive(plugin: Mapping[str, Any], attended: bool, where: str) -> bool:
    """Whether it can prompt on the terminal; `interactiveMode` as in the kubeconfig reference (v1)."""
    possible = attended and sys.stdin is not None and sys.stdin.isatty()
    mode = plugin.get("interactiveMode") or "IfAvailable"
    if mode == "Always" and not possible:
        raise ConfigError(
            f"{where} needs a terminal to prompt on, and there is none now. Log in with it, then restart."
        )
    return possible and mode != "Never"


def _environment(plugin: Mapping[str, Any], target: ConnectTarget, version: str, interactive: bool) -> dict[str, str]:
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = _cluster_information(target)
    own = {
        str(e["name"]): str(e.get("value", "")) for e in plugin.get("env") or () if isinstance(e, dict) and "name" in e
    }
    request = {"apiVersion": version, "kind": "ExecCredential", "spec": spec}
    return {**os.environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(request)}


def _cluster_information(target: ConnectTarget) -> dict[str, Any]:
    """`Cluster` of client.authentication.k8s.io/v1."""
    names = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")
    information = {name: target.cluster[name] for name in names if target.cluster.get(name)}
    for extension in target.cluster.get("extensions") or ():
        if isinstance(extension, dict) and extension.get("name") == _EXTENSION:
            information["config"] = extension.get("extension")
    return information


async def _output(
    command: list[str], environment: dict[str, str], plugin: Mapping[str, Any], where: str, attended: bool
) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=None if attended else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if attended else subprocess.PIPE,
        )
    except OSError as error:
        hint = plugin.get("installHint")
        raise ConfigError(f"{where} cannot be started: {error.strerror}. {hint or 'Is it installed?'}") from None
    try:
        async with asyncio.timeout(None if attended else UNATTENDED_SECONDS):
            stdout, stderr = await process.communicate()
    except TimeoutError:
        raise ConfigError(
            f"{where} returned no credentials within {UNATTENDED_SECONDS:g} s. Log in, then restart."
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = (stderr or b"").decode(errors="replace").strip()[-300:]
        raise ConfigError(f"{where} exited with code {process.returncode}{': ' + said if said else ''}. Log in again.")
    return stdout


def _credential(stdout: bytes, version: str, where: str) -> Credential:
    try:
        answer = msgspec.json.decode(stdout, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ConfigError(f"{where} did not print an ExecCredential.") from None
    given = answer.status
    if answer.kind != "ExecCredential" or answer.api_version != version or given is None:
        raise ConfigError(f"{where} printed {answer.kind} {answer.api_version}, not an ExecCredential {version}.")
    if given.client_certificate_data and given.client_key_data:
        return Credential(given.token or "", given.client_certificate_data, given.client_key_data)
    if not given.token:
        raise ConfigError(f"{where} returned neither a token nor a certificate with its key.")
    return Credential(given.token)
