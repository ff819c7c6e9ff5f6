"""The embedded cluster tells the stories that the real controller of Kruise Rollouts told."""

from __future__ import annotations

import asyncio

import pytest

from tests.places import Place
from tests.stories import kruise
from tests.stories.bench import performed_on_bench
from tests.stories.story import Story
from tests.telling import differences
from tests.traces import perform, recorded


@pytest.mark.parametrize("story", kruise.STORIES, ids=lambda story: story.name)
def test_the_embedded_controller_tells_the_recorded_story(story: Story) -> None:
    found = differences(performed_on_bench(story), recorded(story.name))
    assert not found, "\n".join(found)


@pytest.mark.real
@pytest.mark.parametrize("story", kruise.STORIES, ids=lambda story: story.name)
@pytest.mark.parametrize("place", ["real"], indirect=True)
def test_the_real_controller_still_tells_it(place: Place, story: Story) -> None:
    found = differences(asyncio.run(perform(story, place)), recorded(story.name))
    assert not found, "\n".join(found)
