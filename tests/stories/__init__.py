"""Stories that a real controller told once, and that the embedded cluster tells again."""

from __future__ import annotations

from tests.stories import argo, argo_corners, argo_routers, argo_workloads, kruise
from tests.stories.story import Story

TOLD = (argo, argo_corners, argo_routers, argo_workloads, kruise)
STORIES: dict[str, Story] = {story.name: story for told in TOLD for story in told.STORIES}
