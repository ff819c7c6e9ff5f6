"""Why a probe gets no answers, and what to do about it, in words."""

from __future__ import annotations

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.secret_parameters import shown_path
from cockpit.model.text import safe_text
from cockpit.probe.failure_words import NO_ANSWER
from cockpit.probe.recognise import NOT_CACHED, from_cache
from cockpit.probe.sender import Answer, Failure


def describe_failure(probe_target: ProbeTarget, answer: Answer) -> str:
    """What happened, at which host, and what to do next. Never repeats header values or proxy credentials."""
    if probe_target.service:
        # What the API server says is complete; advice about addresses would be wrong.
        return safe_text(f"{probe_target.host}: {_outcome(answer)}", 300)
    if answer.failure is Failure.NO_WAY:
        return safe_text(answer.text, 300)
    if answer.failure is Failure.DNS:
        return _unresolved(probe_target, answer)
    host = safe_text(probe_target.host, 100)
    place = safe_text(f"{probe_target.address}:{probe_target.port}", 110)
    asked = f"{place} (Host: {host})" if probe_target.host != probe_target.address else place
    via = " through the proxy" if probe_target.proxy else ""
    match answer.failure:
        case Failure.REFUSED:
            return f"{asked} refused the connection{via}: check address and port, or pass --resolve"
        case Failure.UNREACHABLE:
            return f"{asked} cannot be reached{via} from here: {answer.text}; pass another address or --proxy"
        case Failure.TIMEOUT:
            return f"{asked} gave {answer.text}{via}: check that its address is reachable from here, or pass --proxy"
        case Failure.RESET:
            return _closed(asked, via, answer)
        case Failure.TLS:
            return f"{asked}: TLS failed: {answer.text}{_advice(answer.text)}"
        case Failure.PROTOCOL:
            return f"{asked}{via}: {answer.text}; check port and scheme"
        case _:
            return f"{asked} {_outcome(answer)}"


def _unresolved(probe_target: ProbeTarget, answer: Answer) -> str:
    if probe_target.proxy:
        return f"{answer.text}: pass another one with --proxy"
    port = 443 if probe_target.tls else 80
    named = safe_text(probe_target.address, 100)
    return f"{named} does not resolve: pass its address with --resolve {named}:{port}:ADDRESS"


def describe_nameless(probe_target: ProbeTarget, answer: Answer) -> str:
    """What to do about answers that name no version, such as this one."""
    host = safe_text(probe_target.host, 100)
    if from_cache(answer):
        return f"answers from {host} come from a cache, so they do not say which version answers now: {NOT_CACHED}"
    if answer.status is not None and 300 <= answer.status < 400:
        leads = safe_text(answer.header("location") or "elsewhere", 120)
        to_tls = leads.lower().startswith("https://") and not probe_target.tls
        way = "probe the https port" if to_tls else "probe that URL instead"
        return f"{host} answers {answer.status}, a redirect to {'https' if to_tls else leads}: {way}"
    if answer.status is not None and answer.status >= 300:
        path = safe_text(shown_path(probe_target.path), 80)
        return f"{host} answers {answer.status} at {path}: check host, path and headers"
    return (
        f"answers from {host} name no version: say where to find it with"
        " --version-from json:PATH, header:NAME or regex:RE"
    )


def describe_older(probe_target: ProbeTarget, answer: Answer) -> str:
    """That an answer came over another HTTP than the target asks for; "" if not."""
    if not probe_target.http2 or answer.http_version in ("", "2"):
        return ""
    host = safe_text(probe_target.host, 100)
    return f"{host} answers over HTTP/{safe_text(answer.http_version, 5)}, though HTTP/2 was offered"


def _closed(asked: str, via: str, answer: Answer) -> str:
    if answer.text not in ("", NO_ANSWER):
        return f"{asked}{via}: {answer.text}"
    return f"{asked} closed the connection{via} without an answer: check port and scheme (http or https)"


def _advice(text: str) -> str:
    """What to do about a certificate that is not accepted."""
    if "client certificate" in text:
        return " (--cert and --key)"
    if "not signed by a CA" in text:
        return "; give the CA with --cacert, or --insecure to skip the check"
    return "; --insecure skips the check" if "certificate" in text else ""


def _outcome(answer: Answer) -> str:
    return answer.text or f"answers {answer.status}"
