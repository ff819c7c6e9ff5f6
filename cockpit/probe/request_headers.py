"""The headers of a probe's request."""

from __future__ import annotations

from cockpit.model.probe_answer import ProbeRequest
from cockpit.model.probe_target import USER_AGENT, ProbeTarget


def host_header(probe_target: ProbeTarget) -> str:
    """The Host header. The port is included only if the host is the address that is connected to.

    A gateway behind another address often listens on another port than its users name, and some (Envoy) match the
    port too.
    """
    host = f"[{probe_target.host}]" if ":" in probe_target.host else probe_target.host
    usual = 443 if probe_target.tls else 80
    return (
        host
        if probe_target.host != probe_target.address or probe_target.port == usual
        else f"{host}:{probe_target.port}"
    )


def headers_of(request: ProbeRequest) -> list[tuple[str, str]]:
    """Every header of the request; a lane's header replaces the probe target's of the same name."""
    own = {name.lower() for name, _ in request.headers}
    given = [
        *((name, value) for name, value in request.probe_target.headers if name.lower() not in own),
        *request.headers,
    ]
    # Rules may match on it, as in an A/B split by browser: a second one would decide instead.
    agent = () if any(name.lower() == "user-agent" for name, _ in given) else (("User-Agent", USER_AGENT),)
    # HTTP/2 knows no such header (RFC 9113, section 8.2.2).
    closing = () if request.probe_target.http2 else (("Connection", "close"),)
    return [
        ("Host", host_header(request.probe_target)),
        *closing,
        ("Accept-Encoding", "identity"),
        *agent,
        *given,
    ]
