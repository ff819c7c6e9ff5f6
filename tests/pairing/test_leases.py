"""What Leases say, whatever is in them, and what is written into them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.objects import Lease
from cockpit.model.pairing import PairingView, Person, Pilot, Question, controls_of
from cockpit.model.plan import Request, Verb
from cockpit.model.refs import RolloutKey
from cockpit.pairing import marks
from cockpit.pairing.observed import Observed
from cockpit.pairing.pilot_lease import (
    ACTING_SECONDS,
    LEASE_SECONDS,
    MAY_ARRIVE_SECONDS,
    SAFE_SECONDS,
    PilotLease,
    asking,
    created,
    declining,
    offering,
    read_pilot,
    released,
    renewed,
    taken,
)
from cockpit.pairing.presence_lease import read_presence
from tests.objects import merged

KEY = controls_of(RolloutKey("mine", "shop", "web", "service"))
ANN, BEN = Person("ann", "desk", "s-ann"), Person("ben", "laptop", "s-ben")
NOW = "2026-01-01T00:00:00.000000Z"


def stored(doc: dict[str, Any], version: str = "7") -> Lease:
    """As the API server keeps it."""
    return msgspec.convert(merged(doc, {"metadata": {"resourceVersion": version, "uid": "u"}}), Lease)


def first() -> tuple[dict[str, Any], PilotLease]:
    doc = created(marks.pilot_ref(KEY), KEY, ANN, NOW).body
    return doc, read_pilot(stored(doc), "mine")


def after(request: Request, doc: dict[str, Any]) -> PilotLease:
    return read_pilot(stored(merged(doc, request.body), "8"), "mine")


def test_what_is_written_is_what_is_read() -> None:
    doc, lease = first()
    assert (lease.holder, lease.rollout, lease.free, lease.acting) == (ANN, KEY, False, "")
    assert after(renewed(lease, ANN, NOW, "flip v2"), doc).acting == "flip v2"
    assert after(asking(lease, BEN, "pager"), doc).asked == Question(BEN, "pager")
    assert after(offering(lease, BEN.session), doc).offered == BEN.session
    over = after(taken(lease, KEY, BEN, NOW, "pager"), doc)
    assert (over.holder, over.reason, over.heard[2]) == (BEN, "pager", 1)


def test_a_question_or_an_offer_is_no_renewal() -> None:
    doc, lease = first()
    for request in (asking(lease, BEN, "pager"), offering(lease, BEN.session), declining(lease)):
        assert after(request, doc).heard == lease.heard


def test_every_write_names_the_version_that_it_was_decided_on() -> None:
    _, lease = first()
    later = (renewed(lease, ANN, NOW), taken(lease, KEY, BEN, NOW), asking(lease, BEN, ""), offering(lease, ""))
    for request in (*later, declining(lease)):
        assert request.body["metadata"]["resourceVersion"] == "7"
    assert released(lease).verb is Verb.DELETE
    assert released(lease).body["preconditions"] == {"uid": "u", "resourceVersion": "7"}


def test_a_rollout_has_one_lease_whatever_its_context_is_called() -> None:
    assert marks.pilot_ref(KEY) == marks.pilot_ref(RolloutKey("other", "shop", "web", "service"))
    assert marks.pilot_ref(KEY) != marks.pilot_ref(RolloutKey("mine", "shop", "api", "service"))
    assert marks.pilot_ref(KEY) != marks.pilot_ref(RolloutKey("mine", "pay", "web", "service"))
    assert marks.pilot_ref(KEY, "cockpit").namespace == "cockpit"


def test_the_lease_is_the_same_when_another_system_drives_the_rollout() -> None:
    by_pods = RolloutKey("mine", "shop", "web", "deployment")
    assert marks.pilot_ref(by_pods) == marks.pilot_ref(KEY)
    pilot = Pilot(by_pods, ANN, None, mine=False)
    assert PairingView(pilots=(pilot,)).pilot(RolloutKey("mine", "shop", "web", "service")) is pilot
    assert PairingView(pilots=(pilot,)).pilot(RolloutKey("mine", "shop", "api", "deployment")) is None


@pytest.mark.parametrize("text", ["", "a", "a/", "/b", "a/b/c", "a/" + "x" * 700])
def test_no_controls_are_made_of_anything_else(text: str) -> None:
    assert marks.controls_named(text, "mine") is None


def test_a_marked_lease_outlasts_everything_that_was_sent() -> None:
    _, lease = first()
    assert lease.patience == LEASE_SECONDS
    assert replace(lease, acting="flip").patience == ACTING_SECONDS
    assert ACTING_SECONDS > SAFE_SECONDS + MAY_ARRIVE_SECONDS


def test_silence_counts_from_when_a_change_was_seen() -> None:
    observed, (_, lease) = Observed(), first()
    assert observed.silent(lease.ref, lease.heard, 100.0) == 0.0, "what was never seen is not silent"
    observed.note(lease.ref, lease.heard, 100.0)
    observed.note(lease.ref, lease.heard, 120.0)
    assert observed.silent(lease.ref, lease.heard, 130.0) == 30.0
    observed.note(lease.ref, ("s-ann", "later", 0), 131.0)
    assert observed.silent(lease.ref, ("s-ann", "later", 0), 135.0) == 4.0


texts = st.one_of(st.none(), st.text(max_size=400), st.sampled_from(["", "a/b/c", "//", '{"session": "x"}', "{}", "["]))
names = [marks.USER, marks.HOST, marks.ROLLOUT, marks.ACTING, marks.ASKED, marks.OFFERED, marks.DECLINED, marks.REASON]


@given(
    said=st.dictionaries(st.sampled_from(names), st.text(max_size=5000)),
    holder=texts,
    renewed_at=texts,
    lasts=st.one_of(st.none(), st.integers()),
    changes=st.one_of(st.none(), st.integers()),
)
def test_whatever_a_lease_says_is_short_safe_text(
    said: dict[str, str], holder: str | None, renewed_at: str | None, lasts: int | None, changes: int | None
) -> None:
    lease = msgspec.convert(
        {
            "metadata": {"name": "x", "namespace": "shop", "annotations": said},
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": lasts,
                "renewTime": renewed_at,
                "acquireTime": renewed_at,
                "leaseTransitions": changes,
            },
        },
        Lease,
    )
    found, present = read_pilot(lease, "mine"), read_presence(lease, "mine")
    assert LEASE_SECONDS <= found.patience <= max(300.0, ACTING_SECONDS)
    shown = [str(found.holder), found.holder.session, found.acting, found.offered, found.declined, found.reason]
    shown += [str(found.asked.person), found.asked.reason] if found.asked else []
    shown += [str(found.rollout)] if found.rollout else []
    shown += [str(present.person)] if present else []
    for text in shown:
        assert text == "" or text.isprintable()
        assert len(text) < 900
    assert 0 <= taken(found, KEY, ANN, NOW).body["spec"]["leaseTransitions"] < 2**31


@pytest.mark.parametrize("text", ["", "a/b", "a/b/c/d", "a//c", "x" * 700])
def test_no_rollout_is_made_of_anything_else(text: str) -> None:
    assert marks.rollout_of(text, "mine") is None
