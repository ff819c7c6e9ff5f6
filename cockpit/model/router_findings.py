"""The catalogue's rows for what routers find: Services, routes, Ingresses and their backends; not of Istio."""

from __future__ import annotations

from cockpit.model.finding_kinds import CRITICAL, INFO, WARNING, FindingId, FindingKind

TRAFFIC_FINDINGS: dict[FindingId, FindingKind] = {
    "no-ready-pods": FindingKind(
        (INFO, WARNING, CRITICAL),
        "Requests lead to pods of which none is ready, so they fail; `info` while a first Deployment starts its pods, "
        "`warning` where the Service sends requests to pods that are not ready.",
        "Send the traffic to a version with ready pods, then look at why the pods are not ready.",
    ),
    "selector-misses": FindingKind(
        (WARNING, CRITICAL),
        "A Service does not select the pods of the workload that it is meant for by its name, its earlier templates or "
        "its labels; `critical` where it selects none at all, so that its requests fail.",
        "Give the selector of the Service the labels of the pod template, or the template the labels back.",
    ),
    "pods-without-port": FindingKind(
        (WARNING, CRITICAL),
        "A Service sends to a port by name that ready pods do not have, so they get none of its requests; `critical` "
        "where no other pod gets them.",
        "Name the containers' port as before, or give the Service's targetPort as a number; roll back if users notice.",
    ),
    "no-such-port": FindingKind(
        (WARNING, CRITICAL),
        "An Ingress names a port that its Service does not have, so its requests fail; `critical` where no Ingress "
        "names another.",
        "Name a port of the Service in the Ingress, or add the port to the Service.",
    ),
    "undeclared-port": FindingKind(
        (INFO,),
        "A Service sends to a port by number that no container behind it declares; one may listen on it all the same.",
        "If requests fail, give the Service the port that the containers listen on as targetPort.",
    ),
    "service-missing": FindingKind(
        (WARNING,),
        "The Service that a StatefulSet names does not exist and none selects its pods: clients have no address.",
        "Create the Service again, or correct serviceName of the StatefulSet.",
    ),
    "outside-name": FindingKind(
        (WARNING, CRITICAL),
        "A Service with a selector has the type ExternalName: it leads to another host, and its pods get nothing.",
        "Give the Service the type ClusterIP again and remove externalName; or delete the selector.",
    ),
    "not-pinned": FindingKind(
        (WARNING,),
        "A Service or subset picks the pods of several versions, so the number of ready pods decides their shares.",
        "Pin the selector to one version, or scale down or disable the version that should get nothing.",
    ),
    "sticky": FindingKind(
        (INFO,),
        "Known clients stay on the pod or version that they were given, whatever the weights.",
        "Expect known clients to move late after a change, or turn session affinity off.",
    ),
    "near-first": FindingKind(
        (INFO,),
        "A Service sends requests to pods near the client or the node first, so a version's share is not its share of "
        "the ready pods, and a probe from one place sees only some of them.",
        "Look at which zones and nodes the pods are on; judge such a split by metrics of all of them.",
    ),
    "rolling": FindingKind(
        (WARNING,),
        "The workload of one version is replacing its own pods, so its pods are of two templates.",
        "Wait until the rolling update is complete before you judge that version.",
    ),
    "no-selector": FindingKind(
        (INFO,),
        "A Service has no selector: somebody else writes its endpoints, and the versions behind it are not known.",
        "Release where the endpoints are written, or give the Service a selector.",
    ),
    "others": FindingKind(
        (WARNING,),
        "A Service or route also sends requests to pods or backends that belong to no version of the rollout.",
        "Change labels, selector or route to leave them out.",
    ),
    "mesh-host-elsewhere": FindingKind(
        (WARNING,),
        "A VirtualService sends mesh clients of this Service somewhere else, so its selector decides only for others.",
        "Release by that VirtualService, or take the host out of its spec.hosts.",
    ),
    "no-weight": FindingKind(
        (CRITICAL,),
        "No backend of a route or rule has a weight above 0, so its requests fail.",
        "Give at least one backend a weight above 0.",
    ),
    "split-of-some-requests": FindingKind(
        (WARNING,),
        "A router object splits only the requests that meet its conditions; what others get is not written there.",
        "Look for the rule that takes all other requests, or remove the conditions.",
    ),
    "rules-differ": FindingKind(
        (WARNING,),
        "The rules or paths of one object split the traffic differently, and only the first split is shown.",
        "Give all of them the same weights, or read the object itself.",
    ),
    "route-missing": FindingKind(
        (WARNING, CRITICAL),
        "The router object that a controller should write does not exist; `critical` if users come no other way.",
        "Create it, or correct its name in the rollout's spec.",
    ),
    "route-elsewhere": FindingKind(
        (WARNING,),
        "The router object of a rollout leads to neither its stable nor its canary Service.",
        "Correct the names of the Services in the router object or in the rollout's spec.",
    ),
    "preview-smaller": FindingKind(
        (INFO,),
        "The newest version of a blue-green Service has fewer ready pods than the one that takes the traffic.",
        "Scale it up before you flip.",
    ),
    "cannot-be-disabled": FindingKind(
        (WARNING,),
        "A version takes traffic by labels that also keep its pods in their ReplicaSet, so it cannot be disabled.",
        "Follow the way out that the finding names.",
    ),
    "lines-share-service": FindingKind(
        (WARNING,),
        "Several applications carry the label that one Service selects, so users of one get answers of another.",
        "Give each application a Service of its own, or take the label off all but one.",
    ),
    "mixed-labels": FindingKind(
        (WARNING,),
        "A version is half enabled: only its template or only some of its pods carry the Service's labels.",
        "Enable or disable the version to finish what was begun.",
    ),
    "enabled-elsewhere": FindingKind(
        (INFO,),
        "A version is disabled for this Service and still takes the traffic of another one.",
        "Look at that Service before you scale the version down.",
    ),
}

GATEWAY_API_FINDINGS: dict[FindingId, FindingKind] = {
    "lane-not-probed": FindingKind(
        (INFO,),
        "The probe cannot send requests that meet this rule, so nothing is observed for it.",
        "Probe a path that only this rule takes, or send such a request by hand.",
    ),
    "route-not-taken": FindingKind(
        (WARNING,),
        "No Gateway has reported a status for the route, so it is probably not in effect.",
        "Check that the Gateway of its parentRefs exists, allows the route and has a running controller.",
    ),
    "pending": FindingKind(
        (INFO,),
        "The Gateway has not processed the newest generation of the route yet.",
        "Wait a moment; if it lasts, look at the logs of the Gateway's controller.",
    ),
    "not-accepted": FindingKind(
        (CRITICAL,),
        "A Gateway refuses the route and sends it no requests.",
        "Fix what the condition Accepted says.",
    ),
    "unresolved-refs": FindingKind(
        (INFO, WARNING),
        "A backend of the route cannot be resolved, so its share of the requests fails.",
        "Fix what the condition ResolvedRefs says: name, port, kind or a missing ReferenceGrant.",
    ),
    "two-routes": FindingKind(
        (INFO, WARNING, CRITICAL),
        "Two routes have the same host and path, and the older one gets all their requests; `warning` at Traefik, "
        "which may choose the younger one.",
        "Merge the two routes, or give them different hosts or paths.",
    ),
    "http-and-grpc": FindingKind(
        (WARNING,),
        "A GRPCRoute has the same host as an HTTPRoute at the same Gateway, which must accept only one of them; Traefik"
        " accepts both, and may give all requests to the GRPCRoute, where plain ones get 500.",
        "Give the GRPCRoute a host or a listener of its own, or name its gRPC services in its matches.",
    ),
    "invalid-backend": FindingKind(
        (INFO, CRITICAL),
        "A route names a backend that does not exist; with a weight above 0 its requests fail.",
        "Create the backend, correct its name or port, or set its weight to 0.",
    ),
    "empty-backend": FindingKind(
        (CRITICAL,),
        "A route sends a share of the requests to a Service without ready pods, so they fail.",
        "Set its weight to 0, then look at why its pods are not ready.",
    ),
    "needs-traefik-setting": FindingKind(
        (WARNING,),
        "A TraefikService names a backend that Traefik accepts only with a setting of its own; without it every request"
        " gets 404.",
        "Check Traefik's settings, or name a Service with ready pods in the same namespace.",
    ),
    "spread-not-read": FindingKind(
        (INFO,),
        "A router sends requests to an object that divides them in a way that the cockpit does not read.",
        "Look at that object for the shares of its versions.",
    ),
    "port-looks-like-weight": FindingKind(
        (WARNING,),
        "The ports of the backends look like weights, and without weights all backends get the same share.",
        "Write the numbers as weight, and the Services' own ports as port.",
    ),
}

INGRESS_FINDINGS: dict[FindingId, FindingKind] = {
    "no-ingress-class": FindingKind(
        (WARNING,),
        "An Ingress names no class and no IngressClass is the default, so perhaps no controller serves it.",
        "Set spec.ingressClassName.",
    ),
    "dialect-guessed": FindingKind(
        (WARNING,),
        "Which ingress controller serves the Ingress is not certain, so what its canary annotations mean is a guess.",
        "Set spec.ingressClassName to a class whose controller is known.",
    ),
    "may-turn-away": FindingKind(
        (INFO,),
        "An annotation of an Ingress has the gateway itself refuse some requests; told only as a possible reason where"
        " answers have its status.",
        "Probe with credentials, from an allowed address or at a lower rate, or correct the annotation.",
    ),
    "main-empty": FindingKind(
        (CRITICAL,),
        "The Service behind the main Ingress does not answer: it is missing, lacks the port or has no ready pods.",
        "Restore that Service or its pods first; with ingress-nginx the canary fails as well.",
    ),
    "canary-older-than-main": FindingKind(
        (CRITICAL,),
        "A canary Ingress names the same Service as its main and is older, so the gateway answers 404.",
        "Give the canary a Service of its own, or delete it.",
    ),
    "canary-hides-main": FindingKind(
        (CRITICAL,),
        "A canary Ingress leads to the Service of a younger main Ingress, so the gateway answers 404 there.",
        "Give the canary a Service of its own, or delete it.",
    ),
    "canary-is-main-elsewhere": FindingKind(
        (WARNING,),
        "A canary's Service is the main one of an older Ingress, so the gateway ignores the canary.",
        "Give the canary a Service of its own.",
    ),
    "canary-not-younger": FindingKind(
        (INFO,),
        "A canary Ingress is not younger than its main, so promote changes the Service's selector instead.",
        "Nothing; recreate the canary if promote should point the main Ingress at the canary's Service instead.",
    ),
    "second-main": FindingKind(
        (WARNING,),
        "Two Ingresses that are no canaries have the same host and path, and gateways choose differently.",
        "Delete one of them, or enable it as a canary.",
    ),
    "leak": FindingKind(
        (WARNING,),
        "The canary's share also reaches other hosts or paths that lead to the same Service and port.",
        "Give those places a Service of their own if they should not be part of the release.",
    ),
    "unattached-canary": FindingKind(
        (WARNING,),
        "A canary Ingress belongs to no main Ingress, so it takes no traffic.",
        "Make host, path, class and namespace equal to those of the main, or delete the canary.",
    ),
    "main-not-shown": FindingKind(
        (WARNING,),
        "A canary Ingress has no main that is shown with it, and may take requests all the same.",
        "Put canary and main into one namespace with the same host and path, or delete the canary.",
    ),
    "ruled-by-another-canary": FindingKind(
        (WARNING,),
        "An older canary Ingress names the same Service, and its weight and rules count for both.",
        "Give each canary a Service of its own, or change the older canary.",
    ),
    "rule-may-be-dropped": FindingKind(
        (WARNING,),
        "A rule of a canary has characters that ingress-nginx drops unless its check of annotations is off.",
        "Use letters, digits, space and -._~:/ only, or look at what the gateway does with such a request.",
    ),
    "unattached-path": FindingKind(
        (WARNING,),
        "A path of a canary Ingress has no main, so the gateway drops it.",
        "Add the path to the main Ingress, or remove it from the canary.",
    ),
    "two-canaries": FindingKind(
        (WARNING,),
        "Two canaries are for the same rule, and only the oldest counts.",
        "Delete the one that should not count.",
    ),
    "dangling-canary": FindingKind(
        (INFO, WARNING),
        "The Service of a canary Ingress does not exist; the main takes its share, or requests fail.",
        "Create the Service, or run finish to delete the canary.",
    ),
    "canary-empty": FindingKind(
        (INFO, WARNING),
        "The Service of a canary Ingress has no ready pods or lacks the port, so the main takes its share.",
        "Look at why the canary's pods are not ready, or correct the port.",
    ),
    "weight-out-of-range": FindingKind(
        (WARNING,),
        "The weight of a canary is below 0 or above the total, and counts as none or all.",
        "Set the weight anew.",
    ),
    "weight-ignored": FindingKind(
        (WARNING,),
        "A canary has a weight beside a rule for single requests, and its gateway ignores the weight.",
        "Put the rule or the weight into an Ingress of its own.",
    ),
    "weight-not-a-number": FindingKind(
        (WARNING,),
        "The weight of a canary is not a whole number and counts as 0.",
        "Set the weight anew.",
    ),
    "weight-total-not-a-number": FindingKind(
        (WARNING,),
        "The weight total of a canary is not a whole number and counts as 100.",
        "Correct or remove the annotation.",
    ),
    "bad-pattern": FindingKind(
        (WARNING,),
        "The header pattern of a canary cannot be read as a regular expression.",
        "Correct the pattern in the annotation.",
    ),
}
