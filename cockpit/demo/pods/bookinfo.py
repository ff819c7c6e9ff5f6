"""Istio's Bookinfo: what its four services answer, by image, and whom they call for it.

Source: istio/istio, samples/bookinfo (version 1.20): reviews v1 shows no ratings, v2 black stars, v3 red ones.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

JSON, HTML = "application/json", "text/html; charset=utf-8"
_IMAGE = re.compile(r"(?:^|/)examples-bookinfo-(productpage|details|ratings|reviews)-v([0-9]+)(?::[^/]*)?(?:@.*)?$")
_COLOURS = {"2": "black", "3": "red"}
_DETAILS = {
    "id": 0,
    "author": "William Shakespeare",
    "year": 1595,
    "type": "paperback",
    "pages": 200,
    "publisher": "PublisherA",
    "language": "English",
    "ISBN-10": "1234567890",
    "ISBN-13": "123-1234567890",
}
_RATINGS = {"Reviewer1": 5, "Reviewer2": 4}
_TEXTS = {
    "Reviewer1": "An extremely entertaining play by Shakespeare. The slapstick humour is refreshing!",
    "Reviewer2": "Absolutely fun and entertaining. The play lacks thematic depth when compared to other plays by"
    " Shakespeare.",
}
_CALLED = {
    "details": "http://details:9080/details/0",
    "reviews": "http://reviews:9080/reviews/0",
    "ratings": "http://ratings:9080/ratings/0",
}


@dataclass(frozen=True)
class Called:
    """What a called service answered: its status, and the body as it came."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Part:
    """One service of Bookinfo in one version: `name` is productpage, details, ratings or reviews."""

    name: str
    version: str

    @property
    def content_type(self) -> str:
        return HTML if self.name == "productpage" else JSON

    def calls(self, path: str) -> Mapping[str, str]:
        """The URLs that it asks before it answers, by the name of the service."""
        if self.name == "productpage":
            return {name: _CALLED[name] for name in ("details", "reviews")} if path.startswith("/productpage") else {}
        return {"ratings": _CALLED["ratings"]} if self.name == "reviews" and self.version in _COLOURS else {}

    def body(self, pod: str, called: Mapping[str, Called]) -> bytes:
        """Its answer, as `pod`, from what the others answered."""
        match self.name:
            case "details":
                return msgspec.json.encode(_DETAILS)
            case "ratings":
                return msgspec.json.encode({"id": 0, "ratings": _RATINGS})
            case "reviews":
                return msgspec.json.encode(self._reviews(pod, called.get("ratings")))
            case _:
                return _page(called).encode()

    def _reviews(self, pod: str, ratings: Called | None) -> dict[str, object]:
        reviews = []
        for reviewer, text in _TEXTS.items():
            review: dict[str, object] = {"reviewer": reviewer, "text": text}
            if colour := _COLOURS.get(self.version):
                stars = _read(ratings, "ratings").get(reviewer)
                lost = {"error": "Ratings service is currently unavailable"}
                review["rating"] = lost if stars is None else {"stars": stars, "color": colour}
            reviews.append(review)
        return {"id": "0", "podname": pod, "clustername": "null", "reviews": reviews}


def part_of(image: str) -> Part | None:
    """The service that an image is; None for any other image."""
    found = _IMAGE.search(image)
    return Part(found[1], found[2]) if found else None


def _read(called: Called | None, field: str) -> dict[str, object]:
    """A field of a JSON answer; nothing where the service did not answer well."""
    if called is None or called.status != 200:
        return {}
    try:
        found = msgspec.json.decode(called.body)
    except msgspec.DecodeError:
        return {}
    value = found.get(field) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else {}


def _page(called: Mapping[str, Called]) -> str:
    return (
        "<!DOCTYPE html>\n<html>\n<head><title>Simple Bookstore App</title></head>\n<body>\n"
        f"<h3>The Comedy of Errors</h3>\n{_details(called.get('details'))}{_shown_reviews(called.get('reviews'))}"
        "</body>\n</html>\n"
    )


def _details(called: Called | None) -> str:
    try:
        found = msgspec.json.decode(called.body) if called and called.status == 200 else None
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict):
        return "<h4>Error fetching product details!</h4>\n"
    rows = "".join(f"<dt>{html.escape(str(k))}:</dt><dd>{html.escape(str(v))}</dd>\n" for k, v in found.items())
    return f"<h4>Book Details</h4>\n<dl>\n{rows}</dl>\n"


def _shown_reviews(called: Called | None) -> str:
    try:
        found = msgspec.json.decode(called.body) if called and called.status == 200 else None
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict):
        return "<h4>Error fetching product reviews!</h4>\n<p>Sorry, product reviews are currently unavailable.</p>\n"
    shown = ["<h4>Book Reviews</h4>\n", f"<p>Reviews served by: <u>{html.escape(str(found.get('podname')))}</u></p>\n"]
    for review in found.get("reviews") or []:
        shown.append(f"<blockquote>{html.escape(review['text'])}<small>{html.escape(review['reviewer'])}</small>")
        rating = review.get("rating") or {}
        if "stars" in rating:
            shown.append(f'<font color="{rating["color"]}">{"★" * rating["stars"]}{"☆" * (5 - rating["stars"])}</font>')
        shown.append("</blockquote>\n")
    return "".join(shown)
