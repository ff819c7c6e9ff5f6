"""What no cockpit sent is told once, named by who wrote it; a controller's steps after an act, and status, are not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cockpit.cli.commands.journal import last_stages
from cockpit.model.journal import Origin
from cockpit.model.plan import Change
from cockpit.model.view import Entry, FleetView, Stage
from cockpit.planning.writers import UNNAMED, controller_between, last_writer, managers_of, writer, writer_between
from cockpit.session.acts.journal import Journal
from cockpit.session.journal.who import by_whom
from tests.session.acting import UNDO, sent
from tests.session.apiserver import ApiServer, Doc
from tests.session.conftest import KEY, SHOP, V2, Open, deployment, pod, service
from tests.session.conftest import Stage as Opened


def managed(manager: str, at: str, subresource: str = "") -> Doc:
    entry = {"manager": manager, "operation": "Update", "time": at, "fieldsType": "FieldsV1", "fieldsV1": {}}
    return {**entry, **({"subresource": subresource} if subresource else {})}


def write(server: ApiServer, path: str, manager: str, at: str, patch: dict[str, Any], subresource: str = "") -> None:
    """A write as the API server notes it."""
    before = (server.docs[path]["metadata"].get("managedFields")) or []
    rest = [one for one in before if one["manager"] != manager or one.get("subresource", "") != subresource]
    metadata = {**patch.get("metadata", {}), "managedFields": [*rest, managed(manager, at, subresource)]}
    server.change(path, {**patch, "metadata": metadata})


def changes(view: FleetView) -> list[Entry]:
    return [entry for entry in view.journal if entry.origin is Origin.CHANGE]


def selects(version: str) -> dict[str, Any]:
    return {"spec": {"selector": {"version": version}}}


async def quiet(on: Opened, seconds: float = 15.0) -> list[Entry]:
    """What is told once nothing more can come."""
    for _ in range(int(seconds * 4)):
        await on.clock.advance(0.25)
        await asyncio.to_thread(int)  # what is being written to a disk is not left behind
    await on.passing(on.session.refresh())
    return changes(on.session.view())


async def test_kubectl_is_named_with_what_it_changed(server: ApiServer, stage: Open) -> None:
    write(server, SHOP, "kubectl-client-side-apply", "2023-11-14T20:00:00Z", {})
    on = await stage(server)
    assert not changes(on.session.view()), "what was before is no news"
    write(server, SHOP, "kubectl-patch", "2023-11-14T22:13:21Z", selects("v2"))
    [entry] = changes(await on.until(changes))
    assert (entry.who, entry.rollout, entry.stage) == ("kubectl (kubectl-patch)@test", KEY, Stage.NOTED)
    assert entry.title == "v1 100% -> 0%, v2 0% -> 100%"
    assert len(await quiet(on)) == 1
    assert [kept.id for kept in Journal(on.journal).everything()] == [entry.id]


async def test_changes_of_one_tool_that_follow_each_other_are_one_entry(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    for number in range(2, 7):
        at = f"2023-11-14T22:13:2{number}Z"
        write(server, V2, "kubectl-scale", at, {"spec": {"replicas": number}})
        want = number
        await on.until(lambda view, want=want: view.rollouts[0].rollout.versions[1].desired == want)
    # The Deployment of a version is one of the objects that a release is set by.
    [entry] = await quiet(on)
    assert entry.title == "pods of Deployment shop/shop-v2 1 -> 6"


def gets(view: FleetView, version: str) -> bool:
    """Whether all requests are written to go to a version."""
    (lane,) = view.rollouts[0].rollout.lanes
    return {share.version: share.written for share in lane.shares}[version] == 1.0


@pytest.mark.parametrize("manager", ["rollouts-controller", "kubectl"])
@pytest.mark.parametrize("between", [2.5, 8.0])
async def test_two_steps_are_two_lines_each_with_its_own_time(
    server: ApiServer, stage: Open, manager: str, between: float
) -> None:
    """Within the time in which changes are one entry, and also before the line of the step before is kept."""
    on = await stage(server)
    began = []
    for number, version in enumerate(("v2", "v1", "v2")):
        began.append(on.clock.now())
        write(server, SHOP, manager, f"2023-11-14T22:13:{20 + 9 * number}Z", selects(version))
        await on.until(lambda view, version=version: gets(view, version))
        await on.clock.advance(between)
    await on.until(lambda view: len(changes(view)) >= 3)
    told = await quiet(on)
    there, back = "v1 100% -> 0%, v2 0% -> 100%", "v1 0% -> 100%, v2 100% -> 0%"
    assert [entry.title for entry in told] == [there, back, there]
    assert all(start <= entry.at < end for entry, start, end in zip(told, began, [*began[1:], 1e12], strict=True))
    assert {entry.id for entry in Journal(on.journal).everything()} == {entry.id for entry in told}


async def test_status_and_labels_are_no_changes(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    write(server, V2, "kube-controller-manager", "2023-11-14T22:13:21Z", {"status": {"replicas": 1}}, "status")
    write(server, SHOP, "helm", "2023-11-14T22:13:21Z", {"metadata": {"labels": {"release": "9"}}})
    assert await quiet(on) == []


async def test_an_own_act_and_its_undo_are_not_foreign(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    server.controller = lambda: server.docs[SHOP]["metadata"].update(
        managedFields=[managed("cockpit", f"2023-11-14T22:14:{len(server.writes):02}Z")]
    )
    assert (await sent(on)).stage is Stage.VERIFIED
    assert (await sent(on, UNDO)).stage is Stage.VERIFIED
    assert await quiet(on) == []


async def test_what_a_controller_makes_of_an_act_is_not_told_twice(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    write(server, SHOP, "rollouts-controller", "2023-11-14T22:13:21Z", selects("v1"))
    assert await quiet(on) == []


async def test_a_controller_on_its_own_is_named(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    write(server, SHOP, "rollouts-controller", "2023-11-14T22:13:21Z", selects("v2"))
    [entry] = changes(await on.until(changes))
    assert entry.who == "the Argo Rollouts controller@test"


async def test_what_follows_at_once_and_has_no_writer_is_of_the_same_entry(server: ApiServer, stage: Open) -> None:
    """As when a new version's pods come to a Service that selects them already."""
    on = await stage(server)
    write(server, SHOP, "kubectl", "2023-11-14T22:13:21Z", selects("v9"))
    await on.until(changes)
    server.change(SHOP, selects("v2"))
    await on.until(lambda view: gets(view, "v2"))
    [entry] = await quiet(on)
    assert (entry.who, entry.title) == ("kubectl@test", "v1 100% -> 0%, v2 0% -> 100%")


async def test_a_cockpit_that_leaves_no_event_is_told_after_a_while(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    write(server, SHOP, "cockpit", "2023-11-14T22:13:21Z", selects("v2"))
    view = await on.until(changes)
    assert changes(view)[0].who == "another session of the cockpit, which leaves no Event@test"


async def test_the_last_writer_of_each_object_is_shown_when_it_is_looked_at(server: ApiServer, stage: Open) -> None:
    write(server, SHOP, "kubectl-edit", "2023-11-14T20:00:00Z", {})
    write(server, SHOP, "cockpit", "2023-11-14T19:00:00Z", {})
    write(server, V2, "kube-controller-manager", "2023-11-14T20:00:00Z", {})
    on = await stage(server)
    on.session.select([KEY])
    view = await on.until(changes)
    on.session.select([KEY])
    [entry] = changes(view)
    assert entry.title == "last wrote Service shop/shop, before it was looked at"
    assert entry.at == 1_699_992_000.0
    assert await quiet(on) == [entry]
    assert not on.journal.exists(), "what was before is not kept"


@pytest.mark.parametrize(
    ("manager", "words", "controller"),
    [
        ("kubectl", "kubectl", False),
        ("kubectl-set", "kubectl (kubectl-set)", False),
        ("argocd-controller", "Argo CD (argocd-controller)", False),
        ("kustomize-controller", "Flux (kustomize-controller)", False),
        ("kube-controller-manager", "kube-controller-manager", True),
        ("my-operator-controller", "my-operator-controller", True),
        ("release.py\x1b[31m", "release.py", False),
        ("", UNNAMED.words, False),
    ],
)
def test_managers_have_words(manager: str, words: str, controller: bool) -> None:
    found = writer(manager, None)
    assert (found.words, found.controller) == (words, controller)


def test_who_wrote_between_two_readings_is_who_has_another_time() -> None:
    before = {("kubectl", "Update", ""): "2026-01-01T00:00:00Z", ("helm", "Apply", ""): "2026-01-01T00:00:05Z"}
    after = {**before, ("kubectl", "Update", ""): "2026-01-01T00:00:03Z"}
    found = writer_between(before, after)
    assert found is not None
    assert found.manager == "kubectl"
    assert writer_between(before, before) is None
    last = last_writer(before)
    assert last is not None
    assert last.manager == "helm"
    assert managers_of(None) == {}


WHEN = "2023-11-14T22:13:21Z"


def whole(on: Opened) -> list[Entry]:
    """What `cockpit journal` shows of the file."""
    return last_stages(Journal(on.journal).everything(), lambda key: True, None, on.clock.now())


async def test_two_sessions_of_one_machine_keep_a_change_once(server: ApiServer, stage: Open) -> None:
    first, second = await stage(server), await stage(server)
    write(server, SHOP, "kubectl-patch", WHEN, selects("v2"))
    await first.until(changes)
    await second.until(changes)
    await quiet(first)
    await quiet(second)
    assert len([*Journal(first.journal).everything()]) == 2, "each has written it"
    assert [entry.title for entry in whole(first)] == ["v1 100% -> 0%, v2 0% -> 100%"]


async def test_two_changes_within_a_second_are_two_entries(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    write(server, SHOP, "kubectl-patch", WHEN, selects("v2"))
    await on.until(changes)
    await on.clock.advance(3)
    write(server, SHOP, "kubectl-patch", WHEN, selects("v1"))
    server.change(SHOP, {"metadata": {"managedFields": [managed("kubectl-patch", WHEN), managed("x", WHEN)]}})
    assert len({entry.id for entry in await quiet(on)}) == 2


async def test_a_session_that_follows_no_events_asks_before_it_says_that_there_is_none(
    server: ApiServer, stage: Open
) -> None:
    """As `watch` does beside a screen, on another machine."""
    server.users["bobs"] = "bob"
    watch, bob = await stage(server), await stage(server, tokens=("bobs",), machine="elsewhere")
    server.controller = lambda: server.docs[SHOP]["metadata"].update(managedFields=[managed("cockpit", WHEN)])
    assert (await sent(bob)).stage is Stage.VERIFIED
    assert await quiet(watch, 80) == []
    [entry] = [entry for entry in watch.session.view().journal if entry.origin is Origin.EVENT]
    assert (entry.who, entry.title) == ("bob@test", "flip v2")


async def test_an_act_of_this_machine_without_an_event_is_known_from_its_file(server: ApiServer, stage: Open) -> None:
    server.forbidden_writes.add("events")
    watch, other = await stage(server), await stage(server)
    server.controller = lambda: server.docs[SHOP]["metadata"].update(managedFields=[managed("cockpit", WHEN)])
    assert (await sent(other)).stage is Stage.VERIFIED
    assert await quiet(watch, 80) == []
    acts = [entry for entry in watch.session.view().journal if entry.act == "flip"]
    assert [(entry.who, entry.stage) for entry in acts] == [("ann@test", Stage.VERIFIED)]


async def test_what_may_be_an_act_is_not_told_by_a_session_that_ends_before_it_can_know(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server)
    write(server, SHOP, "cockpit", WHEN, selects("v2"))
    await on.until(lambda view: gets(view, "v2"))
    await on.passing(on.session.__aexit__(None, None, None))
    assert not on.journal.exists()


async def test_where_no_events_are_read_nothing_is_said_of_them(server: ApiServer, stage: Open) -> None:
    server.forbidden.add("events")
    on = await stage(server)
    write(server, SHOP, "cockpit", WHEN, selects("v2"))
    [entry] = await quiet(on, 80)
    assert entry.who == "another session of the cockpit@test"


async def test_a_write_that_was_noticed_is_not_told_again_as_the_last_one(server: ApiServer, stage: Open) -> None:
    first = await stage(server)
    write(server, SHOP, "kubectl-patch", "2023-11-14T22:13:20Z", selects("v2"))
    await first.until(changes)
    await quiet(first)
    later = await stage(server)
    for on in (first, later):
        on.session.select([KEY])
        assert [entry.title for entry in await quiet(on)] == ["v1 100% -> 0%, v2 0% -> 100%"]


async def test_a_change_without_a_time_is_kept_once_too(server: ApiServer, stage: Open) -> None:
    """As `kubectl scale` makes it: the API server notes no time for a subresource."""
    first, second = await stage(server), await stage(server)
    server.change(SHOP, selects("v2"))
    await first.until(changes)
    await second.until(changes)
    await quiet(first)
    await quiet(second)
    assert [entry.title for entry in whole(first)] == ["v1 100% -> 0%, v2 0% -> 100%"]
    later = await stage(server)
    assert len(changes(later.session.view())) == 1


def test_a_person_is_named_where_a_controller_wrote_right_after() -> None:
    before = {("kubectl", "Update", ""): "2026-01-01T00:00:00Z", ("rollouts-controller", "Update", ""): ""}
    after = {
        ("kubectl", "Update", ""): "2026-01-01T00:00:03Z",
        ("rollouts-controller", "Update", ""): "2026-01-01T00:00:04Z",
    }
    found, controller = writer_between(before, after), controller_between(before, after)
    assert found is not None
    assert controller is not None
    assert (found.manager, controller.manager) == ("kubectl", "rollouts-controller")


def test_a_version_and_its_first_step_in_one_reading_are_told_of_whoever_set_each() -> None:
    kubectl, controller = writer("kubectl", 1.0), writer("rollouts-controller", 2.0)
    version, share = Change("version v2", "none", "web:v2"), Change("v2", "0%", "20%")
    both = (share, version)
    assert [*by_whom(kubectl, controller, both)] == [(kubectl, (version,)), (controller, (share,))]
    assert [*by_whom(kubectl, None, both)] == [(kubectl, both)]
    assert [*by_whom(kubectl, controller, (share,))] == [(kubectl, (share,))], "a share alone may be a person's"
    assert [*by_whom(controller, controller, both)] == [(controller, both)]


async def test_what_waited_for_an_event_in_vain_is_kept_by_a_session_that_ends(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    write(server, SHOP, "cockpit", WHEN, selects("v2"))
    await on.until(lambda view: gets(view, "v2"))
    await quiet(on, 10)
    await on.passing(on.session.__aexit__(None, None, None))
    [entry] = Journal(on.journal).everything()
    assert entry.who == "another session of the cockpit@test", "its Event may still come"


async def test_an_act_on_one_rollout_does_not_hide_what_a_cockpit_set_of_another(
    server: ApiServer, stage: Open
) -> None:
    other = "/api/v1/namespaces/shop/services/other"
    server.put(other, service("v1", "other"))
    for version in ("v1", "v2"):
        server.put(f"/apis/apps/v1/namespaces/shop/deployments/other-{version}", deployment(version, "other"))
        server.put(f"/api/v1/namespaces/shop/pods/other-{version}-0", pod(version, "other"))
    on = await stage(server)
    await on.until(lambda view: len(view.rollouts) == 2)
    assert (await sent(on)).stage is Stage.VERIFIED
    write(server, other, "cockpit", WHEN, selects("v2"))
    [entry] = await quiet(on, 80)
    assert (entry.rollout.name, entry.title) == ("other", "v1 100% -> 0%, v2 0% -> 100%")
