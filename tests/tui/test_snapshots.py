"""Pictures of the screens, frozen: no clock, no animation, one theme, one size each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from cockpit.session.facts.real_traffic import with_real
from cockpit.tui.app import CockpitApp
from tests.tui.driving import at_rest_after
from tests.tui.fake import START, FakeCockpit, fleet, probing
from tests.tui.states import STATES
from tests.tui.test_clusters import BOTH
from tests.tui.test_looking import with_pods
from tests.tui.test_real_words import REAL

SMALL, LARGE, LARGEST = (80, 24), (120, 36), (200, 50)


def app(**more: Any) -> CockpitApp:
    return CockpitApp(FakeCockpit(), zone=UTC, now=lambda: START + 300, **more)


def on(state: str, **more: Any) -> CockpitApp:
    """The app on one rollout in this state."""
    return CockpitApp(FakeCockpit(STATES[state]), zone=UTC, now=lambda: START + 300, **more)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_fleet(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=at_rest_after())


@pytest.mark.parametrize("size", [SMALL, LARGE, LARGEST], ids=["80x24", "120x36", "200x50"])
@pytest.mark.parametrize("state", list(STATES))
def test_rollout(snap_compare: Any, state: str, size: tuple[int, int]) -> None:
    assert snap_compare(on(state), terminal_size=size, run_before=at_rest_after("enter"))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_rollout_with_real_users(snap_compare: Any, size: tuple[int, int]) -> None:
    view = fleet()
    (first, *rest) = view.rollouts
    lanes = with_real(first.rollout.lanes, REAL)
    shown = replace(first, rollout=replace(first.rollout, lanes=lanes), real=REAL)
    cockpit = FakeCockpit(replace(view, rollouts=(shown, *rest)))
    made = CockpitApp(cockpit, zone=UTC, now=lambda: START + 300)
    assert snap_compare(made, terminal_size=size, run_before=at_rest_after("enter"))


# The keys of each dialog over the rollout, and in which state.
DIALOGS = {
    "roll-back": ("hurt", "r"),
    "roll-back-in-full": ("hurt", "r", "p"),
    "roll-back-sent": ("hurt", "r", "enter"),
    "weight": ("fine", "w", "pageup", "enter"),
    "weight-form": ("fine", "w"),
    "header-form": ("fine", "h"),
    "choice": ("fine", "A"),
    "step": ("waiting", "s"),
    "approve": ("waiting", "a"),
    "guard": ("fine", "g"),
    "probe-target": ("unmeasured", "O"),
    "latency": ("hurt", "m"),
    "last-minute": ("hurt", "z", "z"),
    "other-lane": ("laned", "L"),
}
# Those whose place depends on the size.
LARGER = [(dialog, size) for dialog in ("roll-back", "weight") for size in (LARGE, LARGEST)]


@pytest.mark.parametrize(("dialog", "size"), [*((dialog, SMALL) for dialog in DIALOGS), *LARGER])
def test_over_a_rollout(snap_compare: Any, dialog: str, size: tuple[int, int]) -> None:
    state, *pressed = DIALOGS[dialog]
    assert snap_compare(on(state), terminal_size=size, run_before=at_rest_after("enter", *pressed))


@pytest.mark.parametrize("state", ["hurt", "chinese"])
def test_rollout_in_ascii_and_sixteen_colours(snap_compare: Any, state: str) -> None:
    assert snap_compare(on(state, theme="ansi", glyphs="ascii"), terminal_size=SMALL, run_before=at_rest_after("enter"))


@pytest.mark.parametrize("size", [(60, 20), (40, 12), (79, 23)], ids=["60x20", "40x12", "79x23"])
def test_rollout_in_little_room(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(on("hurt"), terminal_size=size, run_before=at_rest_after("enter"))


def test_rollout_in_the_light_theme(snap_compare: Any) -> None:
    assert snap_compare(app(theme="light"), terminal_size=SMALL, run_before=at_rest_after("enter"))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_plan_that_raises_exposure(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=at_rest_after("w", "pageup", "enter"))


def test_weight_form(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=SMALL, run_before=at_rest_after("w", "4", "0"))


def test_help(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=SMALL, run_before=at_rest_after("question_mark"))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_plan_of_a_probe_from_inside_the_cluster(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=at_rest_after("O", *"cluster", "enter"))


def test_rollout_probed_from_inside_the_cluster(snap_compare: Any) -> None:
    fleet = FakeCockpit()
    name = fleet.current.rollouts[1].rollout.key.name
    fleet.change(name, probe=probing("reviews.shop.svc.cluster.local", source="from the cluster, 4 pods"))
    shown = CockpitApp(fleet, zone=UTC, now=lambda: START + 300)
    assert snap_compare(shown, terminal_size=SMALL, run_before=at_rest_after("down", "enter"))


def test_help_further_down(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=SMALL, run_before=at_rest_after("question_mark", "end"))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_fleet_of_two_clusters_with_the_parts_of_a_rollout(snap_compare: Any, size: tuple[int, int]) -> None:
    two = CockpitApp(FakeCockpit(BOTH), zone=UTC, now=lambda: START + 300)
    assert snap_compare(two, terminal_size=size, run_before=at_rest_after("enter"))


SIZES = pytest.mark.parametrize("size", [SMALL, LARGE, (200, 50)], ids=["80x24", "120x36", "200x50"])
YAML_TEXT = """\
# (hidden): values of env, args, command and data can be secret
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-v2
  namespace: shop
  labels:
    app: web
    version: v2
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: web
        image: registry.example.com/shop/web:v2
        args:
        - (hidden)
        env:
        - name: DB_PASSWORD
          value: (hidden)
        ports:
        - containerPort: 8080
"""
DESCRIPTION = """\
Name:                  web-v2-ccc
Namespace:             shop
Kind:                  Pod (v1)
Created:               2026-01-01T00:03:00Z (2m ago)
Controlled by:         ReplicaSet/web-v2
Labels:                app=web
                       version=v2
Node:                  node-a
Phase:                 Running

Containers:
  web:
    Image:               registry.example.com/shop/web:v2
    State:               waiting, CrashLoopBackOff, back-off 40s
    Last state:          terminated, Error, exit code 1
    Ready:               False, 7 restarts

Conditions:
  TYPE                        STATUS  SINCE  REASON
  Ready                       False   2m     ContainersNotReady

Events:
  AGE   COUNT  TYPE     REASON                 MESSAGE
  1m    12     Warning  BackOff                Back-off restarting failed container
"""
LOG = "\n".join(
    f'{"ERROR" if n % 7 == 0 else "INFO "} {n} "GET /cart HTTP/1.1" {500 if n % 7 == 0 else 200} {n % 40 + 3} ms'
    for n in range(300)
)
DIFF = """\
--- v1
+++ v2
@@ -4,12 +4,13 @@
     version: v2
 spec:
   containers:
-  - image: registry.example.com/shop/web:v1
+  - image: registry.example.com/shop/web:v2
     env:
     - name: DB_PASSWORD
-      value: (hidden 1)
+      value: (hidden 2)
     name: web
+    readinessProbe:
+      httpGet: {path: /ready, port: 8080}"""


def looking() -> CockpitApp:
    cockpit = with_pods()
    cockpit.texts |= {"yaml": YAML_TEXT, "describe": DESCRIPTION, "log": LOG, "diff": DIFF}
    return CockpitApp(cockpit, zone=UTC, now=lambda: START + 300)


@SIZES
@pytest.mark.parametrize(
    ("name", "pressed"),
    [
        ("yaml", ("y", "slash", *"hidden", "enter")),
        ("describe", ("d",)),
        ("events", ("e",)),
        ("pods", ("v",)),
        ("logs", ("enter", "down", "up", "l", "a", "t")),
        ("diff", ("equals_sign",)),
        ("revisions", ("V", "down")),
        ("commands", ("colon", *"ns")),
        ("journal", ("i",)),
        ("copy", ("C",)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_looking_closer(snap_compare: Any, size: tuple[int, int], name: str, pressed: tuple[str, ...]) -> None:
    assert snap_compare(looking(), terminal_size=size, run_before=at_rest_after(*pressed))
