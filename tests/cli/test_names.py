import pytest
from click import BadParameter
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli.names import parse_name, short_name, where_it_is
from cockpit.cli.program import Options
from cockpit.model.refs import RolloutKey

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
        assert "is no name" in error.message  # noqa: PT017


@pytest.mark.parametrize("text", ["", "/", "a/", "/a", ":a/", "x:/a", "@argo"])
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
def test_a_name_says_where_to_look_unless_flags_do(flags, text, contexts, namespace):
    options = where_it_is(flags, text)
    assert (options.contexts, options.namespace) == (contexts, namespace)
