"""What a demo shows: objects to begin with, and a story that goes on without a touch."""

from cockpit.demo.scenarios.scenario import Scenario, ScenarioError, load, names
from cockpit.demo.scenarios.story import Story

__all__ = ["Scenario", "ScenarioError", "Story", "load", "names"]
