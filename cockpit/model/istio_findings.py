"""The catalogue's rows for what is found about Istio's routes and their destinations."""

from __future__ import annotations

from cockpit.model.finding_kinds import CRITICAL, INFO, WARNING, FindingId, FindingKind

ISTIO_FINDINGS: dict[FindingId, FindingKind] = {
    "weights-sum": FindingKind(
        (WARNING,),
        "The weights of a route do not sum to 100, which older versions of Istio refuse.",
        "Set the weights again so that they sum to 100.",
    ),
    "shadowed-route": FindingKind(
        (WARNING,),
        "No request reaches a route: an earlier one takes all of them, or its match is not within that of its root.",
        "Move it up, above the one that takes its requests, or correct its match.",
    ),
    "fault-injection": FindingKind(
        (WARNING, CRITICAL),
        "A route injects faults: some requests fail or wait on purpose.",
        "Remove the fault from the route unless a test needs it.",
    ),
    "too-many-routes": FindingKind(
        (WARNING,),
        "A VirtualService is larger than what is read of it; only its first routes count here.",
        "Split it into several VirtualServices, or read the object itself.",
    ),
    "answered-by-route": FindingKind(
        (WARNING, CRITICAL),
        "A route answers or redirects all plain requests itself, so no version gets any; `critical` if by a 5xx.",
        "Remove the route, or give it a match, once users should reach the service again.",
    ),
    "no-default-route": FindingKind(
        (WARNING,),
        "A VirtualService has no default route: requests that match no condition get 404.",
        "Add a last route without conditions.",
    ),
    "route-not-listed": FindingKind(
        (WARNING,),
        "A route to the stable version is not among those that the controller edits, so its requests move all at once.",
        "List the route in the rollout's spec too.",
    ),
    "dangling-destination": FindingKind(
        (CRITICAL,),
        "A route sends requests to a Service or subset that does not exist, so they fail.",
        "Set its weight to 0, or create the Service or subset.",
    ),
    "empty-destination": FindingKind(
        (CRITICAL,),
        "A route sends requests to a destination without ready pods, so they fail.",
        "Set its weight to 0, then look at why its pods are not ready.",
    ),
    "dangling-subset": FindingKind(
        (INFO,),
        "A route names a destination that does not exist, with weight 0.",
        "Run finish to remove it.",
    ),
    "outside-host": FindingKind(
        (INFO,),
        "A destination's host is no Service of this cluster.",
        "Check that a ServiceEntry says where the host is.",
    ),
    "tls-without-sidecar": FindingKind(
        (WARNING,),
        "A DestinationRule has proxies speak mutual TLS to pods without a sidecar to answer it, so requests get 503.",
        "Give the pods a sidecar, or set tls.mode in the trafficPolicy to DISABLE.",
    ),
    "tls-to-plain": FindingKind(
        (INFO, WARNING),
        "A DestinationRule has proxies speak TLS (SIMPLE or MUTUAL) to pods; if these speak plain HTTP, requests get"
        " 503; `warning` where a readiness probe finds plain HTTP.",
        "If requests fail, set tls.mode in the trafficPolicy to DISABLE, or let the containers speak TLS.",
    ),
    "gateway-without-pods": FindingKind(
        (INFO, WARNING),
        "No pod that is looked at has the labels that a Gateway selects, so perhaps nobody serves it; `warning` where"
        " other proxies have almost the same labels.",
        "If requests get 404, give the selector of the Gateway the labels of the ingress gateway's pods.",
    ),
    "service-not-exported": FindingKind(
        (WARNING,),
        "A Service is hidden from the proxies of a route by its annotation networking.istio.io/exportTo, so they know"
        " none of its pods and requests get 503.",
        "Export the Service to the namespace of the proxies, or remove the annotation.",
    ),
    "not-exported": FindingKind(
        (INFO,),
        "A VirtualService for the mesh is exported to some namespaces only, so clients in others do not follow it.",
        "Export it to the namespaces of its clients too, if they should be split in the same way.",
    ),
    "two-virtual-services": FindingKind(
        (WARNING, CRITICAL),
        "Two VirtualServices of the mesh are for the same host, and which one counts is undefined; or one takes all"
        " plain requests of the other at a gateway.",
        "Merge them into one.",
    ),
    "not-at-gateway": FindingKind(
        (WARNING, CRITICAL),
        "A Gateway sends a VirtualService no requests: it does not exist, serves other hosts, or does not see it.",
        "Correct the name of the Gateway, its hosts, or exportTo of the VirtualService.",
    ),
    "merged-at-gateway": FindingKind(
        (INFO,),
        "Another VirtualService is for the same host at the same gateway, and Istio merges their routes.",
        "Read both when you look for the rule that a request meets.",
    ),
    "delegated": FindingKind(
        (INFO,),
        "A VirtualService gets its requests from another one that delegates to it.",
        "Look at the other one for hosts, gateways and the conditions before this one.",
    ),
    "delegate-missing": FindingKind(
        (WARNING,),
        "A VirtualService delegates requests to one that does not exist: later routes take them, or they get 404.",
        "Create the delegate, or remove the route that names it.",
    ),
    "delegate-unread": FindingKind(
        (INFO,),
        "A VirtualService delegates requests to one in a namespace that is not read here.",
        "Start with -A, or with that namespace too.",
    ),
    "no-subset": FindingKind(
        (INFO,),
        "No subset picks the pods of a version, so it cannot get a share.",
        "Add a subset to the DestinationRule, or set a weight for the version here.",
    ),
}
