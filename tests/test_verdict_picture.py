"""The picture on the page about verdicts is drawn by today's detectors."""

from __future__ import annotations

from cockpit.probe.detectors import ALARM, DOUBTFUL
from tests.verdict_picture import PICTURE, evidence, picture


def test_the_picture_is_that_of_todays_detectors() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(), "cockpit/docs/verdicts.svg is old: make readme"


def test_the_run_shows_what_the_page_says() -> None:
    found = evidence()
    assert max(found[:900]) < DOUBTFUL
    assert max(found[900:2100]) >= ALARM * 0.999
