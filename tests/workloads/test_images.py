"""Which container is the application."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.model.objects import Container, Pod, Template
from cockpit.model.objects.pods import PodSpec
from cockpit.model.objects.workloads import TemplateMeta
from cockpit.workloads.images import (
    DEFAULT_CONTAINER,
    application_container,
    application_images,
    application_repository,
    is_sidecar,
)
from cockpit.workloads.versions import ownerless_candidates
from tests.objects import Cluster

PROXY, APP, JOBS = Container("istio-proxy", "istio/proxyv2:1.22"), Container("bill", "t:5000/bill:7.1"), Container("j")


def template(*containers: Container, default: str | None = None) -> Template:
    annotations = {DEFAULT_CONTAINER: default} if default else None
    return Template(TemplateMeta(annotations=annotations), PodSpec(list(containers)))


@pytest.mark.parametrize(
    ("containers", "default", "name"),
    [
        ((PROXY, APP), None, "bill"),
        ((APP, PROXY), "istio-proxy", "istio-proxy"),
        ((PROXY, APP, JOBS), "j", "j"),
        ((PROXY, APP, JOBS), None, None),
        ((APP, JOBS), "gone", None),
        ((PROXY,), None, "istio-proxy"),
        ((), None, None),
    ],
)
def test_the_application_is_what_is_named_or_what_is_no_sidecar(
    containers: tuple[Container, ...], default: str | None, name: str | None
) -> None:
    annotations = {DEFAULT_CONTAINER: default} if default else None
    assert application_container(containers, annotations) == name


def test_its_image_comes_first() -> None:
    assert application_images(template(PROXY, APP)) == (APP.image, PROXY.image)
    assert application_images(template(APP, PROXY, default="istio-proxy")) == (PROXY.image, APP.image)
    assert application_repository(template(PROXY, APP)) == "t:5000/bill"
    assert application_repository(template()) is None


@pytest.mark.parametrize("image", ["envoyproxy/envoy:v1", "docker.io/fluent/fluent-bit", "gcr.io/x/cloud-sql-proxy:2"])
def test_a_sidecar_is_known_by_its_image(image: str) -> None:
    assert is_sidecar(image)
    assert not is_sidecar("team/envoy-control:1")


def test_the_image_of_a_pod_of_nobody_is_the_one_of_the_container_that_it_names() -> None:
    containers = [{"name": "shim", "image": "t/shim:1"}, {"name": "web", "image": "t/web:7"}]
    annotations = {DEFAULT_CONTAINER: "web", "other": "ignored"}
    doc = {"metadata": {"name": "p", "annotations": annotations}, "spec": {"containers": containers}}
    (found,) = ownerless_candidates([msgspec.convert(doc, Pod)], set(), Cluster())
    assert found.images == ("t/web:7", "t/shim:1")
    del annotations[DEFAULT_CONTAINER]
    (found,) = ownerless_candidates([msgspec.convert(doc, Pod)], set(), Cluster())
    assert found.images == ("t/shim:1", "t/web:7")
