"""Why a probe gets no answers, in words that say what to do about it."""

from __future__ import annotations

from cockpit.model.door import Door
from cockpit.model.text import safe_text
from cockpit.probe.sender import Answer, Failure


def describe_failure(door: Door, answer: Answer) -> str:
    """What happened, at which host, what to do next. Header values and proxy credentials stay out of it."""
    host = safe_text(door.host, 100)
    place = safe_text(f"{door.address}:{door.port}", 110)
    asked = f"{place} (asked for {host})" if door.host != door.address else place
    via = " through the proxy" if door.proxy else ""
    match answer.failure:
        case Failure.DNS:
            port = 443 if door.tls else 80
            named = safe_text(door.address, 100)
            return f"{named} does not resolve: give its address with --resolve {named}:{port}:ADDRESS"
        case Failure.REFUSED:
            return f"{asked} refused the connection{via}: check address and port, or give --resolve"
        case Failure.UNREACHABLE:
            return f"{asked} cannot be reached{via} from here: {answer.text}; give another address or --proxy"
        case Failure.TIMEOUT:
            return f"{asked} gave {answer.text}{via}: check that its address is reachable from here, or give --proxy"
        case Failure.RESET:
            return f"{asked} closed the connection{via} without an answer: check port and scheme (http or https)"
        case Failure.TLS:
            return f"{asked} and TLS: {answer.text}; --insecure skips the check of the certificate"
        case Failure.PROTOCOL:
            return f"{asked} does not speak HTTP as it should{via}: {answer.text}; check port and scheme"
        case None:
            return f"{asked} answers {answer.status}"


def describe_nameless(door: Door, answer: Answer) -> str:
    """Answers such as this one come, but none names a version."""
    host = safe_text(door.host, 100)
    if answer.status is not None and answer.status >= 300:
        return f"{host} answers {answer.status} at {safe_text(door.path, 80)}: check host, path and headers"
    return (
        f"answers of {host} name no version: say where it stands with --version-from json:PATH, header:NAME or regex:RE"
    )
