"""The store answers as if it were built afresh, and every change names the questions that it alters."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.kube.questions import every_topic, object_topic, sync_topic
from cockpit.kube.store import Removed, Store
from cockpit.kube.tracking import Tracked
from cockpit.model.objects import Ingress, IngressClass, Meta, OwnerReference, Pod, PodMeta, PodStatus
from cockpit.model.refs import INGRESSCLASSES, INGRESSES, PODS

NAMESPACES, NAMES, UIDS = ("one", "two"), ("a", "b", "c"), ("u1", "u2", "")
LABELS = st.dictionaries(
    st.sampled_from(("app", "tier", "version", "steers", "service")), st.sampled_from(("x", "y", "")), max_size=3
)

Question = tuple[Any, ...]
Change = Pod | Removed


@st.composite
def pods(draw: st.DrawFn) -> Pod:
    owners = draw(st.lists(st.sampled_from(UIDS), max_size=2, unique=True))
    return Pod(
        PodMeta(
            name=draw(st.sampled_from(NAMES)),
            namespace=draw(st.sampled_from(NAMESPACES)),
            uid=draw(st.sampled_from(("p1", "p2"))),
            resource_version=draw(st.sampled_from(("", "1", "2", "3"))),
            labels=draw(st.none() | LABELS),
            owner_references=[OwnerReference("ReplicaSet", "rs", uid) for uid in owners] or None,
        )
    )


REMOVALS = st.builds(Removed, st.sampled_from(NAMESPACES), st.sampled_from(NAMES))
CHANGES = st.lists(st.one_of(pods(), REMOVALS), max_size=12)
QUESTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("get"), st.sampled_from(NAMESPACES), st.sampled_from(NAMES)),
        st.tuples(st.just("every"), st.sampled_from(NAMESPACES)),
        st.tuples(st.just("keyed"), st.sampled_from(NAMESPACES), st.sampled_from(("app=x", "tier=y", "version="))),
        st.tuples(st.just("selected"), st.sampled_from(NAMESPACES), LABELS),
        st.tuples(st.just("members"), st.sampled_from(NAMESPACES), LABELS),
        st.tuples(st.just("anywhere"), st.sampled_from(("steers=x", "steers=", "service=x"))),
        st.tuples(st.just("owned"), st.sampled_from(NAMESPACES), st.sampled_from(UIDS)),
        st.tuples(st.just("known")),
        st.tuples(st.just("unread")),
    ),
    min_size=1,
    max_size=4,
)


def ask(objects: Any, questions: list[Question]) -> list[object]:
    return [getattr(objects, name)(PODS, *arguments) for name, *arguments in questions]


def read_of(question: Question, answer: Any) -> object:
    """What a reading may go by: all but versions, and of members only who they are and who owns them."""
    if question[0] == "members":
        metas = [found.metadata for found in answer]
        return [(meta.name, meta.uid, meta.labels or {}, meta.owner_references) for meta in metas]
    if question[0] in ("known", "unread"):
        return answer
    return [one and unversioned(one) for one in (answer if question[0] != "get" else [answer])]


def unversioned(pod: Pod) -> Pod:
    return replace(pod, metadata=replace(pod.metadata, resource_version=""))


def unique(objects: Any) -> list[Pod]:
    """One object a name, as a list from a server has it."""
    return list({(obj.metadata.namespace, obj.metadata.name): obj for obj in objects}.values())


@given(CHANGES, QUESTIONS)
def test_events_in_any_order_end_where_a_fresh_store_would(changes: list[Change], questions: list[Question]) -> None:
    store = Store("c")
    plain: dict[tuple[str, str], Pod] = {}
    for change in changes:
        store.apply(PODS, [change])
        if isinstance(change, Removed):
            plain.pop((change.namespace, change.name), None)
        else:
            meta = change.metadata
            key = (meta.namespace, meta.name)
            old = plain.get(key)
            same = old and (old.metadata.uid, old.metadata.resource_version) == (meta.uid, meta.resource_version)
            if not (same and meta.resource_version):
                plain[key] = change
    fresh = Store("c")
    fresh.apply(PODS, plain.values())
    assert ask(store, questions) == ask(fresh, questions)
    assert store.everywhere(PODS) == tuple(plain[key] for key in sorted(plain))
    assert store.count(PODS) == len(plain)


@given(CHANGES, st.lists(pods(), max_size=6))
def test_replacing_leaves_exactly_the_list(changes: list[Change], listed: list[Pod]) -> None:
    store, fresh = Store("c"), Store("c")
    store.apply(PODS, changes)
    listed = unique(listed)
    for obj in listed:
        old = store.get(PODS, obj.metadata.namespace, obj.metadata.name)
        if old and old.metadata.resource_version == obj.metadata.resource_version:
            store.apply(
                PODS, [Removed(obj.metadata.namespace, obj.metadata.name)]
            )  # the same version is the same object
    store.replace(PODS, listed)
    fresh.replace(PODS, listed)
    assert store.everywhere(PODS) == fresh.everywhere(PODS)
    assert store.known(PODS)


@given(CHANGES, QUESTIONS, CHANGES, st.booleans())
def test_a_change_that_alters_an_answer_shares_a_topic_with_the_question(
    before: list[Change], questions: list[Question], changes: list[Change], as_list: bool
) -> None:
    store = Store("c")
    store.apply(PODS, before)
    asked = [Tracked(store) for _ in questions]
    pairs = zip(asked, questions, strict=True)
    answers = [read_of(question, ask(tracked, [question])[0]) for tracked, question in pairs]
    if as_list:
        topics = store.replace(PODS, unique(change for change in changes if isinstance(change, Pod))).topics
    else:
        topics = store.apply(PODS, changes).topics
    for tracked, question, answer in zip(asked, questions, answers, strict=True):
        if read_of(question, ask(store, [question])[0]) != answer:
            assert tracked.topics & topics, question


def test_a_store_of_one_namespace_covers_no_other() -> None:
    assert Store("c").covers("shop")
    assert [Tracked(Store("c", "shop")).covers(namespace) for namespace in ("shop", "istio-system")] == [True, False]


def pod(name: str, version: str = "1", **labels: str) -> Pod:
    return Pod(PodMeta(name, "one", f"uid-{name}", version, labels=labels))


def test_selecting_watches_the_rarest_pair_only() -> None:
    store = Store("c")
    store.apply(PODS, [pod("a", app="x", hash="1"), pod("b", app="x", hash="2")])
    tracked = Tracked(store)
    assert [p.metadata.name for p in tracked.selected(PODS, "one", {"app": "x", "hash": "2"})] == ["b"]
    assert not tracked.topics & store.apply(PODS, [pod("a", "2", app="x", hash="1")]).topics
    assert tracked.topics & store.apply(PODS, [pod("c", app="x", hash="2")]).topics


def test_who_asks_for_members_hears_of_who_comes_and_goes_and_of_new_owners_but_of_nothing_else() -> None:
    store = Store("c")
    store.apply(PODS, [pod("a", app="x")])
    members, whole = Tracked(store), Tracked(store)
    assert members.members(PODS, "one", {"app": "x"}) == whole.selected(PODS, "one", {"app": "x"})

    def heard(changed: Change) -> tuple[bool, bool]:
        topics = store.apply(PODS, [changed]).topics
        return bool(members.topics & topics), bool(whole.topics & topics)

    assert heard(pod("a", "2", app="x")) == (False, False), "nothing that is read changed"
    assert heard(replace(pod("a", "3", app="x"), status=PodStatus(phase="Running"))) == (False, True)
    owned = PodMeta("a", "one", "uid-a", "4", labels={"app": "x"}, owner_references=[OwnerReference("Job", "j", "")])
    assert heard(Pod(owned)) == (True, True)
    controlled = replace(owned, resource_version="5", owner_references=[OwnerReference("Job", "j", "", "", True)])
    assert heard(Pod(controlled)) == (True, True)
    assert heard(pod("b", app="x")) == (True, True)
    assert heard(Removed("one", "b")) == (True, True)
    assert heard(pod("a", "6", app="y")) == (True, True)


def test_a_newer_version_of_a_pod_is_kept_and_told_only_with_something_that_is_read() -> None:
    store = Store("c")
    store.apply(PODS, [pod("a", app="x")])
    changes = store.apply(PODS, [pod("a", "2", app="x")])
    assert (changes.topics, changes.objects) == (frozenset(), 1)
    assert [found.metadata.resource_version for found in store.every(PODS, "one")] == ["2"]
    assert store.apply(PODS, [replace(pod("a", "3", app="x"), status=PodStatus(phase="Failed"))]).topics
    route = Ingress(Meta("i", "one", "u", "1"))
    store.apply(INGRESSES, [route])
    newer = replace(route, metadata=replace(route.metadata, resource_version="2"))
    assert store.apply(INGRESSES, [newer]).topics, "plans are guarded by the version of what they change"


def test_empty_selector_selects_nothing() -> None:
    store = Store("c")
    store.apply(PODS, [pod("a")])
    tracked = Tracked(store)
    assert tracked.selected(PODS, "one", {}) == ()
    assert tracked.topics == {every_topic(PODS, "one")}


def test_all_questions_about_a_kind_that_was_never_read_are_one() -> None:
    store = Store("c")
    tracked = Tracked(store)
    assert tracked.get(PODS, "one", "a") is None
    assert not tracked.every(PODS, "one")
    assert not tracked.anywhere(PODS, "app=x")
    assert not tracked.keyed(PODS, "two", "app=x")
    assert not tracked.selected(PODS, "one", {"app": "x"})
    assert not tracked.owned(PODS, "one", "uid")
    assert tracked.topics == {sync_topic(PODS)}
    assert not store.absent(INGRESSES).topics & tracked.topics
    assert store.replace(PODS, []).topics & tracked.topics, "that there are none is news"


def test_a_first_list_tells_of_its_kind_and_of_nothing_else() -> None:
    """Nobody can have asked more of a kind that was not there: 50,000 pods have 300,000 keys and owners."""
    topics = Store("c").replace(PODS, [pod("a", app="x"), pod("b", app="x")]).topics
    assert topics == {sync_topic(PODS)}


def test_a_first_list_that_is_gathered_while_it_arrives_is_nobodys_answer_before_it_is_whole() -> None:
    store = Store("c")
    gathered = store.gathering(PODS)
    assert gathered is not None
    gathered.gather([pod("a", app="x"), pod("b", "1", app="x")])
    gathered.gather([pod("b", "2", app="y")])
    assert not store.everywhere(PODS)
    tracked = Tracked(store)
    assert not tracked.keyed(PODS, "one", "app=x")
    changes = store.replace(PODS, [], gathered)
    assert changes.topics & tracked.topics
    assert changes.objects == 2
    assert [p.metadata.name for p in store.keyed(PODS, "one", "app=x")] == ["a"], "b is another one by now"
    assert [p.metadata.resource_version for p in store.keyed(PODS, "one", "app=y")] == ["2"]
    assert store.gathering(PODS) is None, "the next list is compared with what is known"


def test_a_name_that_a_first_list_has_twice_is_found_by_what_it_was_last() -> None:
    store = Store("c")
    store.replace(PODS, [pod("a", "1", app="x"), pod("a", "2", app="y")])
    assert store.count(PODS) == 1
    assert not store.keyed(PODS, "one", "app=x")
    assert [p.metadata.resource_version for p in store.keyed(PODS, "one", "app=y")] == ["2"]


def test_a_list_without_difference_changes_nothing() -> None:
    store = Store("c")
    store.replace(PODS, [pod("a"), pod("b")])
    changes = store.replace(PODS, [pod("b"), pod("a")])
    assert not changes
    assert changes.objects == 0


def test_a_new_uid_under_an_old_name_is_another_object() -> None:
    store = Store("c")
    store.apply(PODS, [pod("a")])
    other = Pod(PodMeta("a", "one", "other", "1"))
    assert object_topic(PODS, "one", "a") in store.apply(PODS, [other]).topics
    found = store.get(PODS, "one", "a")
    assert found is not None
    assert found.metadata.uid == "other"


def test_cluster_scoped_kinds_have_the_empty_namespace() -> None:
    store = Store("c")
    store.replace(INGRESSCLASSES, [IngressClass(Meta("nginx"))])
    assert store.get(INGRESSCLASSES, "", "nginx") is not None
    assert len(store.every(INGRESSCLASSES, "")) == 1
    assert not store.known(INGRESSES)


def test_order_is_by_name_whatever_came_first() -> None:
    store = Store("c")
    store.apply(INGRESSES, [Ingress(Meta(name, "one", name)) for name in ("c", "a", "b")])
    assert [i.metadata.name for i in store.every(INGRESSES, "one")] == ["a", "b", "c"]


def test_what_may_not_be_read_any_more_is_kept_and_unread() -> None:
    store = Store("test")
    assert store.unread(PODS)
    store.replace(PODS, [Pod(PodMeta("a", "one"))])
    assert not store.unread(PODS)
    seen = Tracked(store)
    assert not seen.unread(PODS)
    assert store.forbidden(PODS).topics & seen.topics
    assert store.unread(PODS)
    assert not store.forbidden(PODS), "nothing changed"
    assert store.get(PODS, "one", "a")
    assert store.absent(PODS)
    assert store.unread(INGRESSES)
    assert store.absent(INGRESSES).topics
    assert not store.unread(INGRESSES)
