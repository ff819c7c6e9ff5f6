"""Which cluster an act goes to: kubectl's rules, checked with several files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube.connect import ConnectOptions, resolve
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import ConfigError
from cockpit.kube.kubeconfig import resolve_targets
from tests.objects import Doc


def config(
    current: str | None = None,
    contexts: Sequence[str] = (),
    user: Doc | None = None,
    cluster: Doc | None = None,
    **more: Any,
) -> Doc:
    """A kubeconfig in which each context NAME@SERVER has a cluster and a user of its own."""
    pairs = [name.split("@") for name in contexts]
    return {
        "current-context": current,
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": f"{name}-user", "namespace": f"{name}-ns"}}
            for name, _ in pairs
        ],
        "clusters": [
            {"name": name, "cluster": {"server": f"https://{server}", **(cluster or {})}} for name, server in pairs
        ],
        "users": [{"name": f"{name}-user", "user": user or {"token": "secret"}} for name, _ in pairs],
        **more,
    }


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def files(*paths: Path) -> dict[str, str]:
    return {"KUBECONFIG": os.pathsep.join(map(str, paths))}


def one(options: ConnectOptions | None = None, environ: Mapping[str, str] | None = None) -> ConnectTarget:
    (target,) = resolve(options or ConnectOptions(), environ or {})
    return target


def test_current_context_of_the_first_file_wins(tmp_path: Path) -> None:
    first = write(tmp_path / "a", config("staging", ["staging@s"]))
    second = write(tmp_path / "b", config("prod", ["prod@p"]))
    assert one(environ=files(first, second)).context == "staging"
    assert one(environ=files(second, first)).context == "prod"


def test_file_without_current_context_leaves_it_to_the_next(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "a", config("", ["x@x"])),
        write(tmp_path / "b", config(None, ["y@y"])),
        write(tmp_path / "c", config("x", ["x@other"])),
        write(tmp_path / "d", config("", ["z@z"])),
    ]
    target = one(environ=files(*paths))
    assert (target.context, target.server) == ("x", "https://x")


def test_first_entry_of_a_name_wins(tmp_path: Path) -> None:
    first = write(tmp_path / "a", config(None, ["c@first"]))
    second = write(tmp_path / "b", config("c", ["c@second", "d@d"]))
    assert one(environ=files(first, second)).server == "https://first"
    assert one(ConnectOptions(contexts=("d",)), files(first, second)).server == "https://d"


def test_missing_and_empty_files_are_passed_over(tmp_path: Path) -> None:
    real = write(tmp_path / "b", config("c", ["c@s"]))
    empty = write(tmp_path / "empty", "")
    assert one(environ=files(tmp_path / "missing", empty, real)).context == "c"


def test_named_file_is_read_alone(tmp_path: Path) -> None:
    named = write(tmp_path / "a", config("a", ["a@a"]))
    other = write(tmp_path / "b", config("b", ["b@b"]))
    assert one(ConnectOptions(kubeconfig=named), files(other)).context == "a"
    with pytest.raises(ConfigError, match="no context 'b'"):
        resolve(ConnectOptions(kubeconfig=named, contexts=("b",)), files(other))
    with pytest.raises(ConfigError, match=r"missing does not exist"):
        resolve(ConnectOptions(kubeconfig=tmp_path / "missing"), files(other))


def test_home_is_where_it_is_without_a_variable(tmp_path: Path) -> None:
    write(tmp_path / ".kube" / "config", config("h", ["h@h"]))
    assert one(environ={"HOME": str(tmp_path)}).context == "h"
    assert one(environ={"HOME": str(tmp_path), "KUBECONFIG": ""}).context == "h"


def test_paths_belong_to_the_folder_of_their_file(tmp_path: Path) -> None:
    content = config(
        "c",
        ["c@s"],
        user={"client-certificate": "me.crt", "tokenFile": "/abs/token", "exec": {"command": "bin/login"}},
        cluster={"certificate-authority": "../ca.crt"},
    )
    target = one(environ=files(write(tmp_path / "sub" / "config", content)))
    assert target.account["client-certificate"] == str(tmp_path / "sub" / "me.crt")
    assert target.account["tokenFile"] == "/abs/token"
    assert target.account["exec"]["command"] == str(tmp_path / "sub" / "bin" / "login")
    assert target.cluster["certificate-authority"] == str(tmp_path / "sub" / ".." / "ca.crt")


def test_command_on_the_path_stays_a_name(tmp_path: Path) -> None:
    content = config("c", ["c@s"], user={"exec": {"command": "aws"}})
    assert one(environ=files(write(tmp_path / "a", content))).account["exec"]["command"] == "aws"


def test_namespace_of_the_context_unless_one_is_named(tmp_path: Path) -> None:
    environ = files(write(tmp_path / "a", config("c", ["c@s"])))
    assert one(environ=environ).namespace == "c-ns"
    assert one(ConnectOptions(namespace="x"), environ).namespace == "x"


def test_several_contexts_each_once_in_order(tmp_path: Path) -> None:
    environ = files(write(tmp_path / "a", config("c", ["c@s", "d@s"])))
    targets = resolve(ConnectOptions(contexts=("d", "c", "d")), environ)
    assert [target.context for target in targets] == ["d", "c"]


def test_unknown_context_names_the_known_ones_and_the_nearest(tmp_path: Path) -> None:
    environ = files(write(tmp_path / "a", config("c", ["prod-eu@s", "prod-us@s"])))
    with pytest.raises(ConfigError) as caught:
        resolve(ConnectOptions(contexts=("prod-eo",)), environ)
    assert "prod-eu, prod-us" in str(caught.value)
    assert "Did you mean prod-eu?" in str(caught.value)
    assert str(tmp_path / "a") in str(caught.value)


def test_no_current_context_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no current-context.*c, d"):
        resolve(ConnectOptions(), files(write(tmp_path / "a", config("", ["c@s", "d@s"]))))


@pytest.mark.parametrize("text", ["", "contexts: []"])
def test_a_file_without_contexts_says_what_else_there_is(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"has no contexts\. Name another with --kubeconfig or KUBECONFIG"):
        resolve(ConnectOptions(kubeconfig=write(tmp_path / "a", text)), {})


def test_broken_yaml_names_file_and_line_and_no_secret(tmp_path: Path) -> None:
    broken = write(tmp_path / "broken", "apiVersion: v1\nusers:\n- name: x\n  user: {token: s3cr3t\nclusters: []\n")
    with pytest.raises(ConfigError) as caught:
        resolve(ConnectOptions(), files(broken))
    assert f"{broken}, line 5" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[1, 2]", "not a kubeconfig"),
        ("just text", "not a kubeconfig"),
        ("contexts: 3", "contexts is not a list"),
        ("contexts: [3]", "entry 1 of contexts has no name"),
        ("users: [{name: u, user: text}]", "user u is not a map"),
        ("current-context: [a]", "current-context is not a string"),
        ("a: !!python/object:os.system {}", "not valid YAML"),
        ("a: \x00", "not valid YAML"),
    ],
)
def test_what_is_no_kubeconfig_is_named(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        resolve(ConnectOptions(), files(write(tmp_path / "odd", content)))
    assert str(tmp_path / "odd") in str(caught.value)


def test_unreadable_file_is_an_error_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        resolve(ConnectOptions(), files(tmp_path))


@pytest.mark.parametrize("what", ["cluster", "user"])
def test_dangling_reference_is_named(tmp_path: Path, what: str) -> None:
    content = config("c", ["c@s"])
    content[f"{what}s"] = []
    with pytest.raises(ConfigError, match=f"context c: no {what}"):
        resolve(ConnectOptions(), files(write(tmp_path / "a", content)))


@pytest.mark.parametrize(
    "server",
    ["", "host:6443", "ftp://host", "https://", "https://[::bad", "https://h:port", "https://me:s3cr3t@h", "h\x1b"],
)
def test_cluster_without_server_is_named(tmp_path: Path, server: str) -> None:
    content = config("c", ["c@s"], cluster={"server": server})
    with pytest.raises(ConfigError, match="has no server URL"):
        resolve(ConnectOptions(), files(write(tmp_path / "a", content)))


# Acting as somebody else


def test_as_of_the_kubeconfig_becomes_headers(tmp_path: Path) -> None:
    user = {"token": "t", "as": "jane", "as-groups": ["dev", "ops"], "as-uid": "7", "as-user-extra": {"Why/It": ["x"]}}
    target = one(environ=files(write(tmp_path / "a", config("c", ["c@s"], user=user))))
    assert target.headers == (
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Extra-why%2Fit", "x"),
    )
    assert target.user == "jane (by c-user)"


def test_flags_win_over_the_kubeconfig(tmp_path: Path) -> None:
    environ = files(write(tmp_path / "a", config("c", ["c@s"], user={"as": "jane", "as-groups": ["dev"]})))
    target = one(ConnectOptions(as_user="joe", as_groups=("ops",)), environ)
    assert target.headers == (("Impersonate-User", "joe"), ("Impersonate-Group", "ops"))


def test_groups_without_a_user_are_refused(tmp_path: Path) -> None:
    environ = files(write(tmp_path / "a", config("c", ["c@s"])))
    with pytest.raises(ConfigError, match="need a user to impersonate"):
        resolve(ConnectOptions(as_groups=("ops",)), environ)


def test_header_that_would_end_early_is_refused(tmp_path: Path) -> None:
    environ = files(write(tmp_path / "a", config("c", ["c@s"])))
    with pytest.raises(ConfigError, match="cannot be sent"):
        resolve(ConnectOptions(as_user="x\r\nX-Evil: 1"), environ)


# In a pod


def pod(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    folder = tmp_path / "account"
    folder.mkdir()
    for name, text in (("token", "t"), ("namespace", "own\n"), ("ca.crt", "")):
        (folder / name).write_text(text)
    return folder, {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}


def test_service_account_only_where_there_is_no_kubeconfig(tmp_path: Path) -> None:
    folder, environ = pod(tmp_path)
    (target,) = resolve_targets(ConnectOptions(), environ, folder)
    assert (target.context, target.server, target.namespace) == ("in-cluster", "https://[fd00::1]:443", "own")
    there = files(write(tmp_path / "a", config("c", ["c@s"])))
    (target,) = resolve_targets(ConnectOptions(), {**environ, **there}, folder)
    assert target.context == "c"


def test_a_named_context_is_never_the_pods_own(tmp_path: Path) -> None:
    folder, environ = pod(tmp_path)
    with pytest.raises(ConfigError, match="no context 'prod'"):
        resolve_targets(ConnectOptions(contexts=("prod",)), environ, folder)


def test_nothing_at_all_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no kubeconfig found.*--kubeconfig"):
        resolve_targets(ConnectOptions(), {"KUBECONFIG": "/nowhere"}, tmp_path)


def test_secrets_are_in_no_repr(tmp_path: Path) -> None:
    target = one(environ=files(write(tmp_path / "a", config("c", ["c@s"], user={"token": "s3cr3t", "as": "j"}))))
    assert "s3cr3t" not in repr(target)


# Merging


NAMES = st.sampled_from(("a", "b", "c"))
CONFIGS = st.lists(
    st.tuples(st.sampled_from(("", "a", "b", "c")), st.lists(NAMES, unique=True, max_size=3)), min_size=1, max_size=4
)


@given(CONFIGS)
def test_merging_is_the_first_of_everything(
    tmp_path_factory: pytest.TempPathFactory, listed: list[tuple[str, list[str]]]
) -> None:
    folder = tmp_path_factory.mktemp("k")
    paths = [
        write(folder / f"f{number}", config(current, [f"{name}@{number}-{name}" for name in names]))
        for number, (current, names) in enumerate(listed)
    ]
    current = next((current for current, _ in listed if current), "")
    owner = next((number for number, (_, names) in enumerate(listed) if current in names), None)
    if not current or owner is None:
        with pytest.raises(ConfigError):
            resolve(ConnectOptions(), files(*paths))
    else:
        target = one(environ=files(*paths))
        assert (target.context, target.server) == (current, f"https://{owner}-{current}")


@given(st.binary(max_size=120) | st.text(max_size=120).map(str.encode))
def test_any_bytes_are_a_target_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    path = tmp_path_factory.mktemp("k") / "config"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        resolve(ConnectOptions(), files(path))
    assert str(caught.value).isprintable()
