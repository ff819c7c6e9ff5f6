"""The catalogue's rows for what a session observes and reads, for owners and for step plans."""

from __future__ import annotations

from cockpit.model.finding_kinds import CRITICAL, INFO, WARNING, FindingId, FindingKind

OBSERVED_FINDINGS: dict[FindingId, FindingKind] = {
    "split-off": FindingKind(
        (WARNING, CRITICAL),
        "The observed share of a version differs from the written one by more than chance; `warning` while a gateway"
        " may still be slow to follow.",
        "Check that the gateway has applied the change, and for other routes, caches and sticky sessions.",
    ),
    "answers-of-others": FindingKind(
        (WARNING,),
        "A significant part of the answers names no version of the rollout.",
        "Look for what else answers there, or set --version-from to where answers name their version.",
    ),
    "nobody-answers": FindingKind(
        (WARNING, CRITICAL),
        "More than 1% (`probe.max_errors`) of the requests fail"
        " before any version answers; `critical` once that is certain, or once all get a status of 4xx of no version.",
        "Look at the gateway, at the route and its host, and at backends without ready pods.",
    ),
    "offline": FindingKind(
        (WARNING,),
        "No request to any of several addresses finds a connection, and no API server was heard since: this machine may"
        " be offline, or was it when the newest of them failed.",
        "Look at the network of this machine; where only one address is probed, an outage of it stays critical.",
    ),
    "errors": FindingKind(
        (INFO, WARNING, CRITICAL),
        "A version fails more than 1% (`probe.max_errors`) of its requests;"
        " `critical` once that is certain and while it takes traffic; `info` once it takes none.",
        "Send the traffic back to the other version, then look at the logs of the failing one.",
    ),
    "service-fails": FindingKind(
        (CRITICAL,),
        "All versions fail more than 1% (`probe.max_errors`) of their requests alike:"
        " the new version is not the reason.",
        "Look at what all versions depend on: database, other services, the gateway.",
    ),
    "client-errors": FindingKind(
        (WARNING, CRITICAL),
        "A version answers more requests with a status of 4xx than the stable one does in the same minutes;"
        " `critical` once that is certain.",
        "Look for a path, a header or a right that the new version does not know.",
    ),
    "slower": FindingKind(
        (WARNING,),
        "A version takes longer than the stable one in the same minutes: more of its answers exceed 1.5 times the time"
        " that nine in ten of the stable version's stay within.",
        "Look at its resources and at what it calls; send traffic back if users notice.",
    ),
    "no-answers": FindingKind(
        (CRITICAL,),
        "The last requests of the probe all failed.",
        "Check the probe's address, host and path; if they are right, users get no answers either.",
    ),
    "redirected": FindingKind(
        (WARNING,),
        "All answers are redirects, so no version is seen.",
        "Probe the address that they lead to, often https.",
    ),
    "no-version": FindingKind(
        (WARNING,),
        "No answer names a version, so the observed split is not known.",
        "Say where answers name their version (--version-from: header, JSON path, pattern).",
    ),
    "failing-pods": FindingKind(
        (WARNING, CRITICAL),
        "Pods of a version crash or cannot start; `critical` where it takes traffic and has no ready pod.",
        "Look at the logs and events of the pods that the evidence names.",
    ),
    "waiting-pods": FindingKind(
        (INFO, WARNING),
        "Pods of a version wait for something outside them (a node that takes them, a readiness gate), or are not ready"
        " where no version has a ready pod and those of another one fail; `warning` once a wait lasts longer than"
        " 2 minutes, or once a pod is not ready for 3 minutes longer than its own probes allow.",
        "Look at what the evidence says: resources, node selectors and taints, who should set the gate's condition, or"
        " why the readiness probes of these pods fail.",
    ),
    "real-errors": FindingKind(
        (INFO, WARNING, CRITICAL),
        "Metrics in Prometheus say that more than 1% (`probe.max_errors`) of the real requests fail; `critical` once"
        " that is certain and while the version takes traffic; `info` once it takes none.",
        "Send the traffic back to the other version, even where the probe sees no errors: it tries one request, users"
        " send many kinds.",
    ),
}

GUARD_FINDINGS: dict[FindingId, FindingKind] = {
    "guard-armed": FindingKind(
        (INFO,),
        "A person armed a guard for this release, and it takes the way back by itself when its condition holds.",
        "Nothing; disarm it before you work on the release by hand.",
    ),
    "guard-proposes": FindingKind(
        (WARNING,),
        "The condition of a guard that is not armed holds.",
        "Look at the evidence, and send the way back that it proposes if you agree.",
    ),
    "guard-blind": FindingKind(
        (WARNING,),
        "A guard cannot measure what users get, or does not act because the cluster's data is stale.",
        "Check the probe and the connection to the cluster, and watch the release yourself meanwhile.",
    ),
    "guard-failed": FindingKind(
        (CRITICAL,),
        "The condition of an armed guard holds and nothing could be sent; it tries again.",
        "Take the way back by hand; the text says what was in the way.",
    ),
    "guard-acted": FindingKind(
        (WARNING,),
        "A guard has aborted or rolled back the release, once, and ended.",
        "Find out why the new version hurt; retry or release a fix when you are ready.",
    ),
    "guard-disarmed": FindingKind(
        (WARNING,),
        "An act by hand disarmed the guard of this release, which only proposes since then.",
        "Arm it again if it should act by itself.",
    ),
}

READING_FINDINGS: dict[FindingId, FindingKind] = {
    "not-read": FindingKind(
        (CRITICAL,),
        "A cluster cannot be read at the moment, so what is shown of it may be old.",
        "Check the connection, the credentials and the permissions.",
    ),
    "unreadable": FindingKind(
        (WARNING,),
        "A rollout's objects could not be read; what is shown of it is old or missing.",
        "Look at the object as YAML, and report the evidence as a defect.",
    ),
    "being-deleted": FindingKind(
        (WARNING,),
        "The object at the root of a rollout is being deleted and waits for its finalizers or its pods.",
        "Nothing that you send to it lasts; look at the finalizers in the evidence if it does not go away.",
    ),
    "right-lost": FindingKind(
        (WARNING,),
        "The right to read kinds that the rollout is read from was taken away; what is shown of them is old.",
        "Ask for get, list and watch on these kinds again.",
    ),
    "clock-off": FindingKind(
        (INFO,),
        "The clocks of this machine and of the API server differ by a minute or more; what is waited for is counted"
        " by the server's.",
        "Set this machine's clock (NTP).",
    ),
    "part-unread": FindingKind(
        (WARNING,),
        "A neighbouring cluster was not read, so versions that run there may be missing.",
        "Check the connection to that cluster.",
    ),
    "part-stale": FindingKind(
        (WARNING,),
        "Versions run in a neighbouring cluster of which what is shown may be old.",
        "Check the connection to that cluster.",
    ),
    "elsewhere": FindingKind(
        (INFO,),
        "The same rollout is in another cluster too; this is where it stands there.",
        "Open it there to act on it.",
    ),
}

OWNER_FINDINGS: dict[FindingId, FindingKind] = {
    "owned-by-controller": FindingKind(
        (WARNING,),
        "A rollout controller drives this object and overwrites edits by hand.",
        "Act on the rollout of that controller.",
    ),
    "owned-by-git": FindingKind(
        (WARNING,),
        "Argo CD or Flux keeps this object as it is in Git and will revert an edit by hand.",
        "Commit the change, or suspend the sync for as long as the edit must last.",
    ),
    "owned-by-release": FindingKind(
        (INFO,),
        "Helm or a pipeline made this object, and its next run overwrites an edit by hand.",
        "Make the change there too.",
    ),
    "scaled-by": FindingKind(
        (INFO,),
        "An autoscaler sets the number of pods of this workload.",
        "Change the bounds of the autoscaler instead of the count.",
    ),
}

STEP_PLAN_FINDINGS: dict[FindingId, FindingKind] = {
    "off-plan": FindingKind(
        (WARNING,),
        "The written share is not the one of the step plan: somebody set it by hand.",
        "Approve to go on with the next step, or end the plan.",
    ),
    "step-plan-unreadable": FindingKind(
        (WARNING,),
        "The annotation with the step plan cannot be used.",
        "Ask for steps again, or for none to end the plan.",
    ),
    "step-plan-stale": FindingKind(
        (WARNING,),
        "The step plan is about a version that does not exist any more.",
        "Ask for steps again, or end the plan.",
    ),
}
