"""What a pod of a probe runs: curl in a bounded loop, one line for each answer.

A line has tab-separated fields: `answer`, number of the worker, number of the answer, status, curl's exit code, seconds
until connected, until TLS was set up, until the first byte and in all, new connections, headers, body. The last line
of a worker is `end`, its number, its answers, and the exit code of its curl. In headers and body, `%`, tab and
newline are percent-encoded and other control characters are spaces.
"""

from __future__ import annotations

from cockpit.model.lazy_re import lazy_re
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.values import dataclass

# Bytes of a body that reach the log. Together with the headers a line stays below 4096 bytes (PIPE_BUF), so that
# the lines of several workers cannot mix.
SHORT_BODY, LONG_BODY = 1024, 3000
_BODY_OF_CURL = 1 << 20
CONTAINER = "probe"
_TIMES = ("time_connect", "time_appconnect", "time_starttransfer", "time_total")
_REPLACED = lazy_re(r"\$\$+|\$(?=\()")
_FIELDS = ("http_code", "exitcode", *_TIMES, "num_connects")

# Each worker is one curl, whose answers follow each other on connections of their own, and one awk. A line that begins
# with $MARK, which no server knows, ends an answer. awk counts the time, so that a slow service does not make the loop
# longer than $SECONDS_, and ends curl then. curl and some awks hold back up to 4096 bytes each, so every
# answer is followed by more than that, or answers without a body would be seen late. There is neither "$(" nor "$$",
# which a kubelet replaces (`literal`).
SCRIPT = r"""
for number in "$WORKERS" "$COUNT"; do
  case $number in ''|*[!0-9]*) echo "WORKERS and COUNT must be whole numbers" >&2; exit 2;; esac
done
rest=`printf '%8192s' '' | tr ' ' .`
answer="\\n$MARK answer $FIELDS\\n$MARK rest $rest\\n"
awk 'BEGIN {
  workers = ENVIRON["WORKERS"] + 0; count = ENVIRON["COUNT"] + 0
  for (worker = 1; worker <= workers && worker <= count; worker++)
    print worker, int(count / workers) + (worker <= count % workers)
}' | { while read -r worker count; do
  {
    sh -c 'printf "%s pid %s\n" "$MARK" "${$}"; exec curl "$@"' sh -q -w "$answer" "$@#[1-$count]"
    printf '\n%s end %s\n' "$MARK" "$?" 2>/dev/null
  } | WORKER=$worker LC_ALL=C awk '
    function safe(text, most) {
      gsub(/%/, "%25", text); gsub(/\t/, "%09", text); gsub(/\n/, "%0A", text); gsub(/[\001-\037\177]/, " ", text)
      return substr(text, 1, most)
    }
    function begin() { in_head = 1; body = ""; lines = 0; headers = "" }
    BEGIN {
      mark = ENVIRON["MARK"]; limit = ENVIRON["BODY"] + 0; wanted = " " ENVIRON["HEADERS"] " "
      pause = ENVIRON["PAUSE"] / 1000; most = ENVIRON["SECONDS_"] + 0; worker = ENVIRON["WORKER"]; begin()
    }
    $1 == mark && $2 == "answer" {
      answers++
      printf "answer\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", worker, answers, $3, $4, $5, $6, $7, $8, $9, \
        substr(headers, 1, 900), safe(body, limit)
      fflush()
      begin()
      spent += ($8 > pause) ? $8 : pause
      if (spent >= most) { printf "end\t%s\t%d\t0\n", worker, answers; fflush(); if (pid) system("kill " pid); exit }
      next
    }
    $1 == mark && $2 == "rest" { next }
    $1 == mark && $2 == "pid" { pid = $3 + 0; next }
    $1 == mark && $2 == "end" { printf "end\t%s\t%d\t%s\n", worker, answers, $3; fflush(); exit }
    in_head && /^\r?$/ { in_head = interim; interim = 0; next }
    in_head {
      if ($0 ~ /^HTTP\/[0-9.]+ 1[0-9][0-9]/) interim = 1
      colon = index($0, ":"); name = tolower(substr($0, 1, colon - 1))
      if (colon && index(wanted, " " name " ")) {
        value = substr($0, colon + 1); gsub(/^[ \t]+|[ \t\r]+$/, "", value)
        headers = headers name ":" safe(value, 250) "%0A"
      }
      next
    }
    length(body) < limit { body = body (lines++ ? "\n" : "") substr($0, 1, limit - length(body)) }
  ' &
done; wait; }
[ -z "$SIDECAR" ] || curl -s -m 2 --noproxy '*' -X POST http://127.0.0.1:15020/quitquitquit >/dev/null
# A pod that failed would end the whole Job, with the answers of the others.
exit 0
"""


@dataclass(frozen=True, slots=True)
class PodLoop:
    """The loop of one pod: `count` answers in all, or as many as fit into `seconds`, by `workers` at a time.

    A worker begins an answer every `pause_ms` milliseconds. `mark` separates answers and must not be known to servers.
    """

    probe_target: ProbeTarget
    headers: tuple[tuple[str, str], ...]
    workers: int
    pause_ms: int
    count: int
    seconds: int
    timeout: float
    mark: str
    sidecar: bool = False


def body_limit(version_from: str) -> int:
    """How many bytes of a body are needed to read the version."""
    kind = version_from.partition(":")[0]
    return 0 if kind == "header" else LONG_BODY if kind in ("json", "regex") else SHORT_BODY


def container_command() -> list[str]:
    """The command of the container: the script; its arguments are those of curl."""
    return ["sh", "-c", SCRIPT, "probe"]


def container_arguments(loop: PodLoop) -> list[str]:
    """What curl is called with. Every request has its own connection, as in the probe from outside."""
    target = loop.probe_target
    words = ["-s", "-i", "--http1.1", "-m", f"{loop.timeout:g}", "--max-filesize", str(_BODY_OF_CURL)]
    words += ["--rate", f"{3_600_000 // loop.pause_ms}/h"]
    words += ["-H", "Connection: close"]
    headers = {name.lower(): (name, value) for name, value in (*target.headers, *loop.headers)}
    if "user-agent" not in headers:
        words += ["-A", "rollout-cockpit"]
    for name, value in headers.values():
        # curl takes "NAME;" for a header without a value.
        words += ["-H", f"{name}: {value}" if value else f"{name};"]
    if target.insecure:
        words.append("-k")
    host = f"[{target.host}]" if ":" in target.host else target.host
    if target.address != target.host:
        # A name in the cluster may be reached through a proxy that the image or a sidecar sets; an address is not.
        address = f"[{target.address}]" if ":" in target.address else target.address
        words += ["--noproxy", "*", "--connect-to", f"{host}:{target.port}:{address}:{target.port}"]
    return [*words, "--", _globbed(target, host)]


def container_variables(loop: PodLoop) -> dict[str, str]:
    """The environment of the script."""
    kind, _, rest = loop.probe_target.version_from.partition(":")
    wanted = ["x-pod", "location", *([rest.lower()] if kind == "header" else [])]
    return {
        "MARK": loop.mark,
        "FIELDS": " ".join(f"%{{{field}}}" for field in _FIELDS),
        "WORKERS": str(loop.workers),
        "COUNT": str(loop.count),
        "SECONDS_": str(loop.seconds),
        "PAUSE": str(loop.pause_ms),
        "BODY": str(body_limit(loop.probe_target.version_from)),
        "HEADERS": " ".join(dict.fromkeys(wanted)),
        "SIDECAR": "1" if loop.sidecar else "",
    }


def literal(text: str) -> str:
    """The text as written in a manifest: a kubelet replaces "$(NAME)", and "$$" by "$" (API reference, Container).

    A "$" before anything else means itself, so that who reads the Job sees the script as it runs.
    """
    return _REPLACED.sub(lambda found: found[0] * 2, text)


def _globbed(target: ProbeTarget, host: str) -> str:
    """The URL; curl expands brackets and braces, so those of the path are escaped."""
    scheme, usual = ("https", 443) if target.tls else ("http", 80)
    port = "" if target.port == usual else f":{target.port}"
    path = "".join(f"\\{letter}" if letter in "[]{}" else letter for letter in target.path)
    return f"{scheme}://{host}{port}{path}"
