import pytest
from click import BadParameter
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli.names import find, parse_name, short_name, where_it_is
from cockpit.cli.program import Options
from cockpit.cli.running import CommandFailed
from cockpit.model.refs import DEPLOYMENTS, Ref, RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.view import FleetView
from tests.cli.fakes import fleet

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAME = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?", fullmatch=True)
CONTEXT = st.sampled_from(["demo", "admin@k8s", "arn:aws:eks:eu-1:12:cluster/prod", "a/b/c"]) | st.text(
    st.characters(categories=["L", "N", "P"]), min_size=1, max_size=12
)
SYSTEM = st.sampled_from(["manual", "argo", "deployment"])
KEY = st.builds(RolloutKey, CONTEXT, LABEL, NAME, SYSTEM)


@given(st.lists(KEY, min_size=1, max_size=6, unique=True))
def test_the_short_name_of_a_rollout_names_it_and_no_other(keys: list[RolloutKey]) -> None:
    for key in keys:
        typed = parse_name(short_name(key, keys))
        assert [other for other in keys if typed.fits(other)] == [key]


@given(KEY)
def test_the_name_that_messages_use_can_be_typed(key: RolloutKey) -> None:
    assert parse_name(str(key)).fits(key)


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_a_usage_error(text: str) -> None:
    try:
        assert parse_name(text).name
    except BadParameter as error:
        assert "is not a valid name" in error.message  # noqa: PT017


@pytest.mark.parametrize("text", ["", "/", "a/", "/a", ":a/", "x:/a", "@argo", "a/b/c", "../a", "x:a%2f/b"])
def test_a_name_without_its_parts_is_refused(text: str) -> None:
    with pytest.raises(BadParameter):
        parse_name(text)


@pytest.mark.parametrize(
    ("flags", "text", "contexts", "namespace"),
    [
        (Options(), "shop/web", (), "shop"),
        (Options(), "web", (), None),
        (Options(), "prod:shop/web", ("prod",), "shop"),
        (Options(namespace="other"), "shop/web", (), "other"),
        (Options(all_namespaces=True), "shop/web", (), None),
        (Options(contexts=("lab",)), "prod:shop/web", ("lab",), "shop"),
    ],
)
def test_a_name_says_where_to_look_unless_flags_do(
    flags: Options, text: str, contexts: tuple[str, ...], namespace: str | None
) -> None:
    options = where_it_is(flags, text)
    assert (options.contexts, options.namespace) == (contexts, namespace)


def fleet_of(*rollouts: Rollout) -> FleetView:
    return fleet(rollouts)


def named(name: str, system: str, *objects: str) -> Rollout:
    refs = tuple(Ref(DEPLOYMENTS, "shop", other) for other in objects)
    return Rollout(RolloutKey("demo", "shop", name, system), system, Phase.AT_REST, "", (), (), refs, "")


def test_a_name_of_before_is_understood() -> None:
    view = fleet_of(named("web", "service", "web-v1", "web-v2"), named("web-v2", "statefulset"))
    for text in ("shop/web-v1", "demo:shop/web-v1", "web-v1", "shop/web-v1@deployment"):
        assert find(view, text).rollout.key.name == "web", text
    assert find(view, "shop/web-v2").rollout.key.system == "statefulset", "what is called so now goes first"
    with pytest.raises(CommandFailed, match="no rollout 'other/web-v1'"):
        find(view, "other/web-v1")


def test_a_name_of_several_lists_them() -> None:
    view = fleet_of(named("one", "service", "shared"), named("two", "service", "shared"))
    with pytest.raises(CommandFailed, match="matches 2 rollouts: shop/one, shop/two"):
        find(view, "shared")
