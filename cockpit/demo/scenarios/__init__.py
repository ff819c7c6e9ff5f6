"""What a demo shows: initial objects, and a story that changes them without any input."""

from cockpit.demo.scenarios.scenario import Scenario, ScenarioError, load, names
from cockpit.demo.scenarios.story import Story

__all__ = ["Scenario", "ScenarioError", "Story", "load", "names"]
