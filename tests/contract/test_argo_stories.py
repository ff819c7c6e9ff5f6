"""The embedded cluster tells the stories that the real Argo Rollouts controller told."""

from __future__ import annotations

import asyncio

import pytest

from tests.places import Place
from tests.stories import argo, argo_corners
from tests.stories.bench import performed_on_bench
from tests.stories.story import Story
from tests.telling import differences
from tests.traces import perform, recorded

STORIES = (*argo.STORIES, *argo_corners.STORIES)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_embedded_controller_tells_the_recorded_story(story: Story) -> None:
    found = differences(performed_on_bench(story), recorded(story.name))
    assert not found, "\n".join(found)


@pytest.mark.real
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
@pytest.mark.parametrize("place", ["real"], indirect=True)
def test_the_real_controller_still_tells_it(place: Place, story: Story) -> None:
    found = differences(asyncio.run(perform(story, place)), recorded(story.name))
    assert not found, "\n".join(found)
