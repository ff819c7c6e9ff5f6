"""Built-in kinds that nothing here acts on: kept, listed and watched, so that whatever a chart renders applies.

Names, scopes and subresources are those of kube-apiserver 1.34.
"""

from __future__ import annotations

from cockpit.demo.schemas.kind import Kind

ALL = ("all",)
EXTENSIONS = ("api-extensions",)


def _kept(
    group: str,
    plural: str,
    kind: str,
    *short: str,
    cluster: bool = False,
    status: bool = False,
    scale: bool = False,
    categories: tuple[str, ...] = (),
    generation: bool = True,
) -> Kind:
    return Kind(
        group,
        "v1",
        plural,
        kind,
        namespaced=not cluster,
        short_names=short,
        has_status=status,
        has_scale=scale,
        categories=categories,
        generation=generation,
    )


LIMITRANGES = _kept("", "limitranges", "LimitRange", "limits", generation=False)
PERSISTENTVOLUMECLAIMS = _kept(
    "", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", status=True, generation=False
)
PERSISTENTVOLUMES = _kept(
    "", "persistentvolumes", "PersistentVolume", "pv", cluster=True, status=True, generation=False
)
PODTEMPLATES = _kept("", "podtemplates", "PodTemplate")
REPLICATIONCONTROLLERS = _kept(
    "", "replicationcontrollers", "ReplicationController", "rc", status=True, scale=True, categories=ALL
)
RESOURCEQUOTAS = _kept("", "resourcequotas", "ResourceQuota", "quota", status=True, generation=False)
CUSTOMRESOURCEDEFINITIONS = _kept(
    "apiextensions.k8s.io",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    "crd",
    "crds",
    cluster=True,
    status=True,
    categories=EXTENSIONS,
)
APISERVICES = _kept(
    "apiregistration.k8s.io",
    "apiservices",
    "APIService",
    cluster=True,
    status=True,
    categories=EXTENSIONS,
    generation=False,
)
CRONJOBS = _kept("batch", "cronjobs", "CronJob", "cj", status=True, categories=ALL)
JOBS = _kept("batch", "jobs", "Job", status=True, categories=ALL)
CERTIFICATESIGNINGREQUESTS = _kept(
    "certificates.k8s.io",
    "certificatesigningrequests",
    "CertificateSigningRequest",
    "csr",
    cluster=True,
    status=True,
    generation=False,
)
NETWORKPOLICIES = _kept("networking.k8s.io", "networkpolicies", "NetworkPolicy", "netpol")
IPADDRESSES = _kept("networking.k8s.io", "ipaddresses", "IPAddress", "ip", cluster=True, generation=False)
SERVICECIDRS = _kept("networking.k8s.io", "servicecidrs", "ServiceCIDR", cluster=True, status=True, generation=False)
RUNTIMECLASSES = _kept("node.k8s.io", "runtimeclasses", "RuntimeClass", cluster=True, generation=False)
PODDISRUPTIONBUDGETS = _kept("policy", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", status=True)
PRIORITYCLASSES = _kept("scheduling.k8s.io", "priorityclasses", "PriorityClass", "pc", cluster=True)
STORAGECLASSES = _kept("storage.k8s.io", "storageclasses", "StorageClass", "sc", cluster=True, generation=False)
_STORAGE = (
    STORAGECLASSES,
    _kept("storage.k8s.io", "csidrivers", "CSIDriver", cluster=True, generation=False),
    _kept("storage.k8s.io", "csinodes", "CSINode", cluster=True, generation=False),
    _kept("storage.k8s.io", "csistoragecapacities", "CSIStorageCapacity", generation=False),
    _kept("storage.k8s.io", "volumeattachments", "VolumeAttachment", cluster=True, status=True, generation=False),
    _kept("storage.k8s.io", "volumeattributesclasses", "VolumeAttributesClass", "vac", cluster=True, generation=False),
)
_ADMISSION = "admissionregistration.k8s.io"
_WEBHOOKS = (
    _kept(
        _ADMISSION,
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        cluster=True,
        categories=EXTENSIONS,
    ),
    _kept(
        _ADMISSION,
        "validatingadmissionpolicies",
        "ValidatingAdmissionPolicy",
        cluster=True,
        status=True,
        categories=EXTENSIONS,
    ),
    _kept(
        _ADMISSION,
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
        cluster=True,
        categories=EXTENSIONS,
    ),
    _kept(
        _ADMISSION,
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        cluster=True,
        categories=EXTENSIONS,
    ),
)
_FLOW = "flowcontrol.apiserver.k8s.io"
_DEVICES = (
    _kept(_FLOW, "flowschemas", "FlowSchema", cluster=True, status=True),
    _kept(_FLOW, "prioritylevelconfigurations", "PriorityLevelConfiguration", cluster=True, status=True),
    _kept("resource.k8s.io", "deviceclasses", "DeviceClass", cluster=True),
    _kept("resource.k8s.io", "resourceclaims", "ResourceClaim", status=True, generation=False),
    _kept("resource.k8s.io", "resourceclaimtemplates", "ResourceClaimTemplate", generation=False),
    _kept("resource.k8s.io", "resourceslices", "ResourceSlice", cluster=True),
)

STORED: tuple[Kind, ...] = (
    LIMITRANGES,
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    PODTEMPLATES,
    REPLICATIONCONTROLLERS,
    RESOURCEQUOTAS,
    APISERVICES,
    JOBS,
    CRONJOBS,
    CERTIFICATESIGNINGREQUESTS,
    IPADDRESSES,
    NETWORKPOLICIES,
    SERVICECIDRS,
    PODDISRUPTIONBUDGETS,
    *_STORAGE,
    *_WEBHOOKS,
    CUSTOMRESOURCEDEFINITIONS,
    PRIORITYCLASSES,
    RUNTIMECLASSES,
    *_DEVICES,
)
