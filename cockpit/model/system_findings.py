"""The catalogue's rows for what the readers of workloads and of rollout controllers find."""

from __future__ import annotations

from cockpit.model.finding_kinds import CRITICAL, INFO, WARNING, FindingId, FindingKind

PROGRESS_FINDINGS: dict[FindingId, FindingKind] = {
    "stuck": FindingKind(
        (WARNING,),
        "An update makes no progress: its deadline has passed, or it waits for pods that fail.",
        "Look at why the pods are not ready, or roll back.",
    ),
    "not-observed": FindingKind(
        (INFO, WARNING),
        "A controller has something to do and has not done it: a change, an approval, an abort, a pause that is over, "
        "a count of pods; `warning` once that lasts longer than a minute.",
        "Check that the controller runs and what its log says: kube-controller-manager, Argo Rollouts, Kruise Rollouts "
        "or Flagger, and that one is responsible for this namespace and instance.",
    ),
    "replica-failure": FindingKind(
        (WARNING, CRITICAL),
        "The controller cannot create or delete pods; `critical` where none is ready.",
        "Fix what the condition ReplicaFailure says, often a quota or an admission webhook.",
    ),
    "scaled-to-zero": FindingKind(
        (INFO,),
        "A workload or Rollout is scaled to 0 pods, and nobody else answers for it.",
        "Scale it up if it should serve.",
    ),
    "rolled-back": FindingKind(
        (INFO, WARNING),
        "The last release was rolled back; `warning` where the controller did it because checks failed.",
        "Find out why before you release again; a changed template starts the next release.",
    ),
    "on-delete": FindingKind(
        (INFO,),
        "The update strategy is OnDelete: a pod gets the new template only after it is deleted.",
        "Delete the old pods one by one.",
    ),
}

ARGO_FINDINGS: dict[FindingId, FindingKind] = {
    "invalid-spec": FindingKind(
        (WARNING,),
        "The controller refuses the Rollout's spec and does nothing.",
        "Fix what the condition InvalidSpec says.",
    ),
    "invalid-routes": FindingKind(
        (WARNING,),
        "The routes that the Rollout lists do not fit its VirtualService, so the controller refuses the Rollout.",
        "List http routes that the VirtualService has.",
    ),
    "weights-pass-by": FindingKind(
        (WARNING,),
        "A step adds a route of its own to a VirtualService of which the Rollout lists no route: Argo Rollouts then"
        " reports weights that it does not write.",
        "List the VirtualService's own route in trafficRouting.istio.virtualService.routes.",
    ),
    "aborted": FindingKind(
        (WARNING,),
        "The release was aborted and the stable version takes the traffic.",
        "Retry to start the same version again, or roll back to give it up.",
    ),
    "aborted-while-paused": FindingKind(
        (WARNING,),
        "The release was aborted while it was paused by hand, so pods of the aborted version stay.",
        "Resume the Rollout.",
    ),
    "judged": FindingKind(
        (WARNING,),
        "An analysis run or experiment failed or was inconclusive, and the release stopped because of it.",
        "Look at the metrics in the evidence; retry or roll back where it was aborted, and where a run is inconclusive "
        "approve or abort, because the release waits for a person.",
    ),
    "metric-fails": FindingKind(
        (WARNING,),
        "A metric of the analysis that runs now has failed measurements, not yet more than its limit allows.",
        "Look at the metric's values; abort before the limit is reached if they are no accident.",
    ),
    "retry-switches": FindingKind(
        (WARNING,),
        "The aborted version still has its pods, so a retry switches all traffic to it at once.",
        "Wait until its pods are gone, or be ready for the switch.",
    ),
    "held-back": FindingKind(
        (INFO,),
        "The Rollout is paused by hand and has a new template that is not rolled out yet.",
        "Resume the Rollout to roll it out.",
    ),
    "promoting": FindingKind(
        (INFO,),
        "The Rollout is being promoted fully: steps and pauses are skipped.",
        "Watch the errors of the new version; abort if they rise.",
    ),
    "fast-rollback": FindingKind(
        (INFO,),
        "The Rollout goes back within its rollbackWindow: steps and analysis are skipped, an abort is ignored.",
        "Wait until it has gone back.",
    ),
    "overloaded": FindingKind(
        (WARNING,),
        "The canary gets at least twice as much of the traffic as it has of the ready pods.",
        "Lower its weight, or give it more pods (setCanaryScale).",
    ),
    "kept-for-rollback": FindingKind(
        (INFO,),
        "An older version keeps its pods for a while, so going back to it needs no new pods.",
        "Nothing; roll back before the time is over if you need to.",
    ),
    "abandoned-version": FindingKind(
        (INFO,),
        "A version that a newer one replaced in the middle of a release still has pods.",
        "Nothing; the controller scales it down as the release goes on.",
    ),
    "experiment": FindingKind(
        (INFO,),
        "An experiment takes a share of the requests beside the versions of the Rollout.",
        "Count its share when you read the observed split.",
    ),
    "dynamic-stable": FindingKind(
        (INFO, WARNING),
        "The stable version loses pods as the canary gains weight (dynamicStableScale), so a way back is slow.",
        "Expect the way back to take as long as new pods take to get ready.",
    ),
    "no-workload": FindingKind(
        (WARNING,),
        "The workload that the Rollout takes its template from (workloadRef) is not known.",
        "Correct workloadRef, or check that the workload exists and may be read.",
    ),
    "doubled-pods": FindingKind(
        (WARNING,),
        "The Deployment of workloadRef runs pods of its own beside those of the Rollout.",
        "Scale that Deployment to 0.",
    ),
    "router-not-read": FindingKind(
        (INFO,),
        "The router of the Rollout is of a kind that is not read here, so the written split is not known.",
        "Go by the declared and the observed share, or look at the router itself.",
    ),
    "routers-differ": FindingKind(
        (WARNING,),
        "The routers of one Rollout give the canary different shares.",
        "If it lasts, look for whoever edits one of them, and for errors of the controller.",
    ),
    "written-elsewhere": FindingKind(
        (WARNING,),
        "The router has another share than the controller reports to have written.",
        "If it lasts, look for whoever else edits the router object.",
    ),
    "canary-unreached": FindingKind(
        (WARNING,),
        "Without a router the stable Service selects one version only: no step gives the canary a request, and the end "
        "moves them all at once.",
        "Name a router in trafficRouting, or send users through a Service that is not stableService.",
    ),
    "rounded": FindingKind(
        (INFO,),
        "Without a router the numbers of pods split the traffic, and they cannot make the declared share.",
        "Use more pods or a router where the exact share matters.",
    ),
}

KRUISE_FINDINGS: dict[FindingId, FindingKind] = {
    "workload-unread": FindingKind(
        (WARNING,),
        "The Rollout drives a kind of workload that is not read here: its pods are not shown.",
        "Use the tools of that workload for its pods and for a rollback.",
    ),
    "workload-missing": FindingKind(
        (WARNING,),
        "The workload that the Rollout drives does not exist.",
        "Create it, or correct workloadRef.",
    ),
    "stuck-step": FindingKind(
        (WARNING,),
        "The release cannot leave its step: pods fail, its count of pods is never reached, or a blue-green release got "
        "another template.",
        "Roll back, fix the pods, or jump to another step.",
    ),
    "stuck-routing": FindingKind(
        (WARNING,),
        "The controller cannot route traffic and retries without saying so in the status.",
        "Create the missing Service, or look at the controller's logs for the empty field.",
    ),
    "edited-by-hand": FindingKind(
        (WARNING,),
        "The written share is not the one of the step: somebody else wrote it.",
        "Approve or jump to a step to have the controller write it again.",
    ),
    "rule-left": FindingKind(
        (INFO,),
        "The header rule of an earlier step still sends requests to the new version.",
        "Nothing; the rule goes when the release ends.",
    ),
    "terminating": FindingKind(
        (WARNING,),
        "The Rollout is being deleted: its release finishes forward.",
        "If it lasts, check that the Kruise Rollouts controller runs.",
    ),
    "disabled": FindingKind(
        (INFO,),
        "The Rollout is disabled: a new template rolls out at once, without steps.",
        "Enable it before the next release.",
    ),
    "paused-way-back": FindingKind(
        (WARNING,),
        "The Rollout is paused, so the way back that was asked for does not happen.",
        "Resume the Rollout.",
    ),
    "natively-rolled": FindingKind(
        (WARNING,),
        "The workload rolls out a new template without the steps of its Rollout.",
        "Watch the errors; pause or roll back the workload itself if it goes wrong.",
    ),
    "not-watched": FindingKind(
        (INFO,),
        "The controller has not labelled the workload yet, so a new template would roll out without steps.",
        "Wait for the label before you release; if it does not come, check that the controller runs.",
    ),
    "no-steps": FindingKind(
        (WARNING,),
        "The Rollout shows no steps; it may be blue-green, which v1alpha1 does not carry.",
        "Read it by v1beta1, or give it steps.",
    ),
    "several-routings": FindingKind(
        (WARNING,),
        "The Rollout lists several traffic routings, and the controller obeys the first only.",
        "Keep one.",
    ),
    "weights-unused": FindingKind(
        (INFO,),
        "The steps have weights and there is no traffic routing: traffic follows the number of pods.",
        "Add a traffic routing, or read the number of pods as the share.",
    ),
    "unreachable-step": FindingKind(
        (WARNING,),
        "A step has a count of pods after a step with a percentage, which is never reached for a Deployment.",
        "Use counts in every step, or percentages in every step.",
    ),
    "strict-admission": FindingKind(
        (WARNING,),
        "A step with traffic and a high percentage of pods makes Kruise Rollouts refuse every write to the object.",
        "Give that step a count of pods.",
    ),
    "shared-routing": FindingKind(
        (INFO, WARNING),
        "The Rollout names a TrafficRouting: its weight holds for every step, or it is missing or not known.",
        "Look at the TrafficRouting for the split; create it where it is missing.",
    ),
    "routing-ref-unread": FindingKind(
        (WARNING,),
        "The Rollout names its TrafficRouting by a field that controllers up to 0.6 do not read.",
        "Set the annotation rollouts.kruise.io/trafficrouting too.",
    ),
    "autoscaler-detached": FindingKind(
        (WARNING,),
        "The autoscaler is detached from the workload until the blue-green release ends.",
        "Keep enough pods by hand, and do not leave the release open for long.",
    ),
    "autoscaler-left-detached": FindingKind(
        (WARNING,),
        "The autoscaler was left detached from the workload although no release is under way.",
        "Set its spec.scaleTargetRef.name back to the name of the workload.",
    ),
}

FLAGGER_FINDINGS: dict[FindingId, FindingKind] = {
    "failed-checks": FindingKind(
        (WARNING,),
        "Checks of the analysis failed; at the threshold Flagger rolls back.",
        "Look at the metrics and events of the Canary.",
    ),
    "suspended": FindingKind(
        (INFO,),
        "The Canary is suspended: Flagger leaves everything as it is.",
        "Resume it to go on.",
    ),
    "analysis-skipped": FindingKind(
        (WARNING,),
        "The Canary skips its analysis, so every release is promoted without a check.",
        "Set spec.skipAnalysis to false.",
    ),
    "gate": FindingKind(
        (INFO,),
        "A webhook is asked before the release goes on.",
        "Open the gate where the webhook gets its answer from.",
    ),
    "no-target": FindingKind(
        (WARNING,),
        "The Canary names no workload, so it does nothing.",
        "Set spec.targetRef.",
    ),
    "no-primary": FindingKind(
        (CRITICAL,),
        "The primary workload, which should serve, does not exist.",
        "Look at Flagger's logs; restore the primary, or point the Service at the target.",
    ),
}
