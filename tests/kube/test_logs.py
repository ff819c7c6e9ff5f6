"""Which containers a pod has, in the order in which their logs are read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube.containers import MAIN_CONTAINER, containers_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["spec", "metadata", "annotations", "containers", "name"]), inner, max_size=3)
    ),
)


def test_the_main_container_comes_first_then_those_beside_it_then_those_before_it() -> None:
    spec = {
        "containers": [{"name": "proxy"}, {"name": "app"}],
        "initContainers": [{"name": "setup"}],
        "ephemeralContainers": [{"name": "debugger"}],
    }
    assert containers_of({"spec": spec}) == ("proxy", "app", "setup", "debugger")
    chosen = {"metadata": {"annotations": {MAIN_CONTAINER: "app"}}, "spec": spec}
    assert containers_of(chosen) == ("app", "proxy", "setup", "debugger")


@given(st.dictionaries(st.sampled_from(["spec", "metadata"]), JSON, max_size=2))
def test_any_object_has_names_of_containers_or_none(pod: dict[str, object]) -> None:
    assert all(isinstance(name, str) for name in containers_of(pod))
