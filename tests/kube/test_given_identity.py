"""`--cluster`, `--user` and `--token`: another entry of the kubeconfig, or another credential, for one context."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from cockpit.kube.connect import ConnectOptions, connect, resolve
from cockpit.kube.errors import ConfigError
from cockpit.session.clock import ManualClock
from cockpit.session.settings import Settings
from tests.kube.test_connect import ISSUER, Secured, encoded, secured

__all__ = ["secured"]


def kubeconfig(folder: Path, server: str = "https://dev") -> Path:
    """Contexts `dev` and `live`, each with a cluster and a user of its own name; `dev` logs in by certificate."""
    chain, key = ISSUER.issue("dev-admin")
    certificate = {"client-certificate-data": encoded(chain), "client-key-data": encoded(key), "as": "deployer"}
    entry = {"server": server, "tls-server-name": "kubernetes", "certificate-authority": "ca.pem"}
    content = {
        "current-context": "dev",
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in ("dev", "live")],
        "clusters": [{"name": "dev", "cluster": entry}, {"name": "live", "cluster": {"server": "https://live"}}],
        "users": [{"name": "dev", "user": certificate}, {"name": "live", "user": {"exec": {"command": "login"}}}],
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(content))
    return path


def test_a_cluster_and_a_user_take_the_place_of_the_contexts_own(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path)
    (target,) = resolve(ConnectOptions(kubeconfig=path, cluster="live", user="live"), {})
    assert (target.context, target.server, target.user) == ("dev", "https://live", "live")
    assert target.cluster_name == "live"
    (own,) = resolve(ConnectOptions(kubeconfig=path, cluster="dev"), {})
    assert own.cluster_name == ""


def test_a_context_with_a_production_cluster_is_production() -> None:
    assert Settings().is_production("dev", "live-eu")
    assert not Settings().is_production("dev")


@pytest.mark.parametrize(("flag", "value"), [("cluster", "lvie"), ("user", "lvie")])
def test_an_entry_that_is_not_there_is_told_with_the_nearest(tmp_path: Path, flag: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"no {flag} 'lvie'.*Did you mean live"):
        resolve(ConnectOptions(kubeconfig=kubeconfig(tmp_path), **{flag: value}), {})  # type: ignore[arg-type]


@pytest.mark.parametrize("flag", ["cluster", "user", "token"])
def test_they_go_with_one_context(tmp_path: Path, flag: str) -> None:
    options = ConnectOptions(kubeconfig=kubeconfig(tmp_path), contexts=("dev", "live"), **{flag: "dev"})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=rf"--{flag} goes with one context, and 2 are chosen: dev, live"):
        resolve(options, {})
    with pytest.raises(ConfigError, match=rf"--{flag} needs one"):
        resolve(ConnectOptions(**{flag: "dev"}), {})  # type: ignore[arg-type]


def test_what_is_given_is_for_no_context_beside(tmp_path: Path) -> None:
    options = ConnectOptions(kubeconfig=kubeconfig(tmp_path), cluster="dev", user="dev", token="good")
    (target,) = resolve(options.beside(("live",)), {})
    assert (target.server, target.user, target.account) == ("https://live", "live", {"exec": {"command": "login"}})


async def test_a_token_is_sent_alone_and_impersonation_stays(tmp_path: Path, secured: Secured) -> None:
    path = kubeconfig(tmp_path, secured.url)
    asked = {}
    for token in (None, "good"):
        options = ConnectOptions(kubeconfig=path, token=token)
        (target,) = resolve(options, {})
        api = await connect(target, options, ManualClock())
        asked[token] = json.loads(await api.get_path("/who"))["by"]
        await api.close()
        assert secured.seen[-1]["Impersonate-User"] == "deployer"
    assert asked == {None: "dev-admin", "good": "Bearer good"}


def test_a_token_is_shown_nowhere(tmp_path: Path) -> None:
    options = ConnectOptions(kubeconfig=kubeconfig(tmp_path), token="s3cret-token")
    (target,) = resolve(options, {})
    assert "s3cret-token" not in f"{options!r} {target!r} {target.user}"
    assert target.user == "deployer (by whom --token names)"


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "ключ"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_repeated(tmp_path: Path, token: str) -> None:
    with pytest.raises(ConfigError, match="--token is empty or has characters") as caught:
        resolve(ConnectOptions(kubeconfig=kubeconfig(tmp_path), token=token), {})
    assert not token or token not in str(caught.value)


def test_a_token_is_not_sent_unencrypted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not encrypted"):
        resolve(ConnectOptions(kubeconfig=kubeconfig(tmp_path, "http://dev"), token="good"), {})
