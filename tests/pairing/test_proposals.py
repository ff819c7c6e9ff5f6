"""The Lease of a proposal: what is read of it, whatever a stranger wrote, and the writes that change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.objects import Lease
from cockpit.model.plan import Act, Ask, Request, Verb
from cockpit.model.refs import RolloutKey
from cockpit.model.second import ProposalState
from cockpit.pairing import proposal_lease as leases
from cockpit.pairing import proposal_marks as marks
from cockpit.pairing.marks import MOST_NAME, MOST_TEXT, PREFIX

KEY = RolloutKey("prod", "shop", "web", "service")
ASK = Ask(Act.SET_WEIGHT, weights=(("v1", 0.5), ("v2", 0.5)), at="2026-01-01T00:00:00Z")
MADE = "2026-01-01T00:00:00Z"
AT = 1_767_225_600.0


def made(**more: str) -> Request:
    given = {"id": "p1", "user": "anna", "title": "set weight", "plan": "a" * 64, "why": "measured", **more}
    return leases.proposed(KEY, "", ask=ASK, lasts=900.0, **given)


def stored(request: Request, **annotations: str | None) -> Lease:
    """What the API server makes of it, with other annotations; None takes one away."""
    body = msgspec.json.decode(msgspec.json.encode(request.body))
    said = {**body["metadata"]["annotations"], **{PREFIX + k: v for k, v in annotations.items()}}
    body["metadata"] |= {"creationTimestamp": MADE, "resourceVersion": "5", "uid": "u1"}
    body["metadata"]["annotations"] = {name: value for name, value in said.items() if value is not None}
    return msgspec.convert(body, Lease)


def read(**annotations: str | None) -> leases.ProposalLease:
    found = leases.read_proposal(stored(made(), **annotations), "prod")
    assert found
    return found


def test_what_was_proposed_is_read_back() -> None:
    found = read().proposal
    assert (found.ask, found.rollout, found.proposer, found.why) == (ASK, KEY, "anna", "measured")
    assert (found.plan, found.made, found.lasts, found.state) == ("a" * 64, AT, 900.0, ProposalState.OPEN)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"confirmed-by": "ben"}, ProposalState.CONFIRMED),
        ({"ended": "withdrawn"}, ProposalState.WITHDRAWN),
        ({"confirmed-by": "ben", "ended": "withdrawn"}, ProposalState.WITHDRAWN),
        ({"confirmed-by": "ben", "ended": "sent"}, ProposalState.SENT),
        ({"ended": "what is this"}, ProposalState.WITHDRAWN),
    ],
)
def test_what_became_of_it(said: dict[str, str], state: ProposalState) -> None:
    assert read(**said).proposal.state is state


def test_it_expires_by_the_servers_clock_alone() -> None:
    for said, before in (({}, ProposalState.OPEN), ({"confirmed-by": "ben"}, ProposalState.CONFIRMED)):
        lease = read(**said)
        assert lease.seen("anna", AT + 899.9).state is before
        assert lease.seen("anna", AT + 900.0).state is ProposalState.EXPIRED
        assert lease.seen("anna", None).state is before
    assert read(ended="sent").seen("anna", AT + 1e6).state is ProposalState.SENT


def test_whose_it_is_goes_by_the_very_name() -> None:
    assert read().seen("anna", None).mine
    assert not read().seen("ann", None).mine
    assert not read(proposer="anna\u200b").seen("anna", None).mine, "looks the same, is not"


@pytest.mark.parametrize(
    "said",
    [
        {"proposer": None},
        {"proposal": ""},
        {"plan": "short"},
        {"rollout": "shop/other/service"},
        {"rollout": "elsewhere/web/service"},
        {"rollout": "nonsense"},
        {"rollout": None},
    ],
)
def test_what_is_no_proposal_is_not_read(said: dict[str, str | None]) -> None:
    assert leases.read_proposal(stored(made(), **said), "prod") is None


@pytest.mark.parametrize("lasts", ["-1", "", "1e9", "NaN", "٣", "9" * 400, "1.5"])
def test_a_strange_time_is_over_at_once(lasts: str) -> None:
    assert read(lasts=lasts).seen("ben", AT).state is ProposalState.EXPIRED


def test_nothing_lasts_longer_than_a_day() -> None:
    assert read(lasts="999999").proposal.lasts == leases.LONGEST_SECONDS


@pytest.mark.parametrize(
    "ask",
    [
        "",
        "[]",
        "{",
        '{"act": "sing"}',
        '{"act": "undo"}',
        '{"act": "probe"}',
        "[" * 3000,
        msgspec.json.encode(replace(ASK, version="v" * 400)).decode(),
        msgspec.json.encode(replace(ASK, steps=(0.1,) * 60)).decode(),
        '{"act": "flip", "version": "' + "v" * 5000 + '"}',
    ],
)
def test_an_ask_that_makes_no_sense_is_none(ask: str) -> None:
    lease = stored(made())
    said = {**(lease.metadata.annotations or {}), marks.ASK: ask}
    hostile = msgspec.structs.replace(lease, metadata=msgspec.structs.replace(lease.metadata, annotations=said))
    found = leases.read_proposal(hostile, "prod")
    assert found
    assert found.proposal.ask is None


@given(st.dictionaries(st.sampled_from([*marks.CONTENT, marks.CONFIRMED_BY, marks.ENDED, marks.ENDED_BY]), st.text()))
def test_whatever_a_lease_says_is_safe_and_short(said: dict[str, str]) -> None:
    lease = stored(made())
    hostile = {**(lease.metadata.annotations or {}), **said}
    found = leases.read_proposal(
        msgspec.structs.replace(lease, metadata=msgspec.structs.replace(lease.metadata, annotations=hostile)), "prod"
    )
    if found is None:
        return
    shown = found.seen("anna", AT)
    for text, most in ((shown.title, MOST_TEXT), (shown.why, MOST_TEXT), (shown.proposer, MOST_NAME)):
        assert len(text) <= most
        assert text.isprintable()
    for text in (shown.confirmer, shown.ended_by, shown.id):
        assert len(text) <= MOST_NAME
        assert text.isprintable()


def test_a_write_is_for_this_proposal_as_it_was_read() -> None:
    for request in (leases.confirmed(read(), "ben"), leases.ended(read(), marks.SENT, "anna")):
        assert request.body["metadata"]["resourceVersion"] == "5"
        assert request.body["metadata"]["uid"] == "u1"
        assert set(request.body["metadata"]["annotations"]) <= {marks.CONFIRMED_BY, marks.ENDED, marks.ENDED_BY}
    gone = leases.removed(read())
    assert (gone.verb, gone.body["preconditions"]) == (Verb.DELETE, {"uid": "u1", "resourceVersion": "5"})


def test_the_name_can_be_written_by_hand_unless_it_is_no_name() -> None:
    assert marks.proposal_ref(KEY).name == "cockpit-proposal.shop.web"
    assert marks.proposal_ref(KEY, "team").namespace == "team"
    assert marks.proposal_ref(replace(KEY, system="deployment")) == marks.proposal_ref(KEY)
    names = ["w" * 250, "Web", "a..b", "web_1", "web.", "w/b", ""]
    odd = [marks.proposal_ref(replace(KEY, name=name)).name for name in names]
    assert len(set(odd)) == len(names)
    assert all(len(name) < 100 and name.startswith(marks.NAME_PREFIX) for name in odd)


@pytest.mark.parametrize("request_of", [leases.honest, leases.forged])
def test_what_is_only_tried_is_never_read_as_a_proposal(request_of: Any) -> None:
    body = request_of("shop", "anna").body
    body["metadata"] |= {"creationTimestamp": MADE}
    assert leases.read_proposal(msgspec.convert(body, Lease), "prod") is None
