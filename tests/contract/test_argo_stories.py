"""The embedded cluster tells the stories that the real Argo Rollouts controller told."""

from __future__ import annotations

import pytest

from tests.stories import argo, argo_corners, argo_routers, argo_workloads
from tests.stories.bench import performed_on_bench
from tests.stories.story import Story
from tests.telling import differences
from tests.traces import recorded

TRIES = 3
STORIES = (*argo.STORIES, *argo_corners.STORIES, *argo_routers.STORIES, *argo_workloads.STORIES)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_embedded_controller_tells_the_recorded_story(story: Story) -> None:
    found = differences(performed_on_bench(story), recorded(story.name))
    assert not found, "\n".join(found)
