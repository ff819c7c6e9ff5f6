"""What is remembered of versions when the split changes."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.view import Health
from cockpit.probe.health import MOST_VERSIONS, REMEMBERED, HealthRecord
from tests.probe.parts import V1, V2, version


def test_answers_are_kept_by_what_a_version_is_and_not_by_its_name() -> None:
    record = HealthRecord()
    for failed in (True, False, True):
        record.count(V2, failed)
    renamed = replace(V2, name="web-v2")
    assert record.of([V1, renamed]) == (Health("web-v2", 3, 2),)
    assert record.of([replace(V2, images=("web:v3",))]) == (), "another image is another version"


def test_only_the_newest_answers_count() -> None:
    record = HealthRecord()
    for _ in range(REMEMBERED):
        record.count(V2, True)
    for _ in range(REMEMBERED - 1):
        record.count(V2, False)
    assert record.of([V2]) == (Health("v2", REMEMBERED, 1),)


def test_memory_is_bounded_and_the_version_silent_longest_goes_first() -> None:
    record = HealthRecord()
    versions = [version(f"v{n}") for n in range(MOST_VERSIONS + 1)]
    for each in (*versions[:-1], versions[0], versions[-1]):
        record.count(each, False)
    assert record.of(versions[:2]) == (Health("v0", 2, 0),)
    record.forget()
    assert record.of(versions) == ()
