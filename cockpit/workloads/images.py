"""Which container of a pod is the application, and its image: what people mean by "the image" of a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.model.objects import Container, Template

# kubectl uses it too if no container is named (kubernetes.io, well-known labels, annotations and taints).
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
# Container names and image names of sidecars. They never name a version of the application.
_SIDECARS = frozenset(
    {
        "aws-xray-daemon",
        "cloud-sql-proxy",
        "cloudsql-proxy",
        "consul-dataplane",
        "dapr",
        "daprd",
        "datadog-agent",
        "envoy",
        "envoy-sidecar",
        "filebeat",
        "fluent-bit",
        "fluentd",
        "gce-proxy",
        "istio-proxy",
        "jaeger-agent",
        "kuma-dp",
        "kuma-sidecar",
        "linkerd-proxy",
        "metricbeat",
        "oauth2-proxy",
        "opentelemetry-collector",
        "opentelemetry-collector-contrib",
        "otc-container",
        "proxyv2",
        "promtail",
        "vault",
        "vault-agent",
        "vector",
    }
)
_DIGEST = 12


def image_tag(image: str) -> str | None:
    """The tag, else the start of the digest; None if the image has neither."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag or digest.rpartition(":")[2][:_DIGEST] or None


def image_repository(image: str) -> str:
    """The image without tag and digest."""
    name = image.partition("@")[0]
    place, slash, last = name.rpartition("/")
    return f"{place}{slash}{last.partition(':')[0]}"


def is_sidecar(image: str, name: str = "") -> bool:
    """Whether a container is a known proxy, log shipper or agent, by its image name or its own name."""
    return name in _SIDECARS or image_repository(image).rpartition("/")[2] in _SIDECARS


def application_first(
    containers: Sequence[Container], annotations: Mapping[str, str] | None = None
) -> tuple[Container, ...]:
    """The containers, sorted: the one that the annotation names first, known sidecars last."""
    default = (annotations or {}).get(DEFAULT_CONTAINER)
    return tuple(sorted(containers, key=lambda c: (c.name != default, is_sidecar(c.image, c.name))))


def application_images(template: Template) -> tuple[str, ...]:
    """The images of a pod template, the application's first."""
    found = application_first(template.spec.containers, template.metadata.annotations)
    return tuple(container.image for container in found if container.image)


def application_repository(template: Template) -> str | None:
    """The application image without tag and digest; None for a template without images."""
    return next((image_repository(image) for image in application_images(template)), None)


def application_container(containers: Sequence[Container], annotations: Mapping[str, str] | None = None) -> str | None:
    """The name of the application container; None if several qualify."""
    found = application_first(containers, annotations)
    if not found:
        return None
    named = found[0].name == (annotations or {}).get(DEFAULT_CONTAINER)
    others = [c for c in found[1:] if not is_sidecar(c.image, c.name)]
    return found[0].name if named or not others else None
