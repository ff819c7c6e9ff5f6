"""The embedded cluster tells the stories that the real Argo Rollouts controller told."""

from __future__ import annotations

import pytest

from tests.places import real_cluster
from tests.stories import argo, argo_corners
from tests.stories.bench import performed_on_bench
from tests.stories.story import Story
from tests.telling import differences
from tests.traces import performed, recorded

TRIES = 3
STORIES = (*argo.STORIES, *argo_corners.STORIES)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_embedded_controller_tells_the_recorded_story(story: Story) -> None:
    found = differences(performed_on_bench(story), recorded(story.name))
    assert not found, "\n".join(found)


@pytest.mark.real
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_real_controller_still_tells_it(story: Story) -> None:
    """One of a few performances goes as recorded: a controller that has changed is off in all of them."""
    if real_cluster() is None:
        pytest.skip("COCKPIT_TEST_KUBECONFIG and COCKPIT_TEST_GATEWAY name no real cluster")
    found: list[str] = []
    for _ in range(TRIES):
        found = differences(performed(story), recorded(story.name))
        if not found:
            return
    raise AssertionError("\n".join(found))
