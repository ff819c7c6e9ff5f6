"""What looks like a text and is none, with the reason."""

from __future__ import annotations

import re

# Files whose strings nobody reads on a screen or in a terminal.
FILES: frozenset[str] = frozenset(
    {
        # What findings mean: the English page docs/findings.md is made of them.
        "model/finding_catalogue.py",
        "model/istio_findings.py",
        "model/router_findings.py",
        "model/session_findings.py",
        "model/system_findings.py",
        "planning/probe_script.py",  # a shell script
        "cli/catalogue.py",  # how the help of each command begins, which is translated where it is written
        "model/values.py",  # code, and errors of whoever writes code
        "metrics/promql.py",  # queries
        "metrics/gateways.py",  # queries
        "manifests/admission.py",  # objects for the API server, and what it says in English
        "manifests/held.py",  # CEL
        "launch/log_file.py",  # the format of a log file
        "colleague/script.py",  # what a scripted person writes into the cluster, as people write
        "colleague/colleague.py",
    }
)
PATTERNS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(strong|quiet|accent|version-\{0\}|\{0\}) (\{0\}|strong|reverse|cursor)$",  # styles of spans
        r"^(ns|ctx|namespace|context|labels) (all|\{0\})$",  # commands to type
        r"^Connection: close$",  # HTTP
        r"^(Bearer|Basic) \{0\}$",
        r"^no host name$",  # caught where it is raised
        r"^default-src ",  # HTTP
        r"^\[VERSION\] ",  # conditions to type
        r"^(Events: (none|\{0\})|alias of( \{0\})?|also \{0\}(=\{1\})?|line \{0\})$",  # documents, index keys, parsers
        r"^last_over_time",  # a query
        r"^the probe of %s failed$",  # the log
        r"^Program \| None$",  # a type
        r"^bash: cockpit completion",  # commands to copy
        r"^spec\.skipAnalysis: true$",  # evidence: a field with its value
        r"^sessionAffinity: ClientIP$",
        r"^(kubectl|cockpit|curl|TLS|mesh):  ",  # commands to copy
        r"^kubectl cockpit$",
        r"%\(complete_func\)s",  # the script of a shell
        r"^(Ingress \{0\}/\{1\}|query \{0\}\{1\}|context \{0\}:)$",  # references to objects
        r"^\{\{\"",  # JSON
        r"^\{0\} in \(\{1\},\{2\}\)$",  # a label selector
        r"^last \{0\} \{1\}$",  # the id of a journal's entry
        r"^(controls|second) \{0\}$",  # the group of a screen's workers
        # Alone it would match each sentence that ends so; composed.po has it with its sign: `{0} {1}% written`.
        r"^\{0\} \{1\} written$",
    )
)
# Proper names, the same in every language, and what controllers say.
NAMES = frozenset(
    {
        *("waiting for rollout to unpause", "waiting for rollout spec update to be observed"),
        *("failed calling webhook", "Internal error occurred: failed calling webhook", "no endpoints available"),
        *("No agent available", "error trying to reach service"),
        "status.canary.weights.canary.weight {0}",
        *("KEDA ScaledObject", "Argo Rollout", "Kruise Rollout", "Flagger Canary", "Kruise TrafficRouting"),
        *("Flux Kustomization", "Flux HelmRelease", "Argo CD Application", "Helm release", "Envoy Gateway"),
        "Argo CD",
    }
)
