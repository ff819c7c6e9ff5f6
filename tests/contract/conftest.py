"""The API of each place, for the contract tests."""

from __future__ import annotations

import pytest

from tests.contract.api import Api
from tests.places import Place


@pytest.fixture
def api(place: Place) -> Api:
    found = Api(place)
    if place.real:
        found.settle()
    return found
