"""Stories that a real controller told once, and that the embedded cluster tells again."""

from __future__ import annotations

from tests.stories import argo, argo_corners, kruise
from tests.stories.story import Story

STORIES: dict[str, Story] = {story.name: story for story in (*argo.STORIES, *argo_corners.STORIES, *kruise.STORIES)}
