"""How the clusters are reached that were asked for, and what printed commands say of it."""

from __future__ import annotations

from dataclasses import replace

from cockpit.cli.options import flags_of
from cockpit.cli.program import Options
from cockpit.kube.connect_target import ConnectTarget
from cockpit.launch.places import connect_options, printed_flags, started_as

GIVEN = Options(kubeconfig="kc", cluster="eu", user="on-call", token="s3cret", as_user="me", as_groups=("ops", "dev"))


def test_commands_reach_what_was_asked_for_and_never_show_the_token() -> None:
    asked, aside = ConnectTarget("dev", "https://dev", "", ""), ConnectTarget("us", "https://us", "", "")
    flags = printed_flags([asked], [aside], connect_options(GIVEN, 30.0))
    groups = ("--as", "me", "--as-group", "ops", "--as-group", "dev")
    assert flags == {
        "dev": ("--cluster", "eu", "--user", "on-call", *groups, "--token", "(hidden)"),
        "us": groups,
    }


def test_the_words_that_start_the_cockpit_again() -> None:
    words = started_as(replace(GIVEN, as_user=None, as_groups=()))
    assert words == ("cockpit", "--kubeconfig", "kc", "--cluster", "eu", "--user", "on-call", "--token", "(hidden)")
    assert started_as(Options()) == ("cockpit",)


def test_the_arguments_of_another_process_hold_no_token() -> None:
    assert "--user=on-call" in flags_of(GIVEN)
    assert "--cluster=eu" in flags_of(GIVEN)
    assert not any("s3cret" in flag for flag in flags_of(GIVEN))
    assert "s3cret" not in repr(GIVEN)
