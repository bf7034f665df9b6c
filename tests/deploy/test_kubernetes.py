import shutil
import subprocess
from typing import Any

import kubernetes_validate
import pytest

from tests.deploy.dockerfile import last, stages
from tests.deploy.repository import (
    PINNED,
    ROOT,
    assert_is_a_command,
    documents,
    served_paths,
    unknown_settings,
    variables,
)

HOME = ROOT / "deploy" / "kubernetes"
(KUSTOMIZATION,) = documents(HOME / "kustomization.yaml")
RESOURCES = [resource for name in KUSTOMIZATION["resources"] for resource in documents(HOME / name)]
VERSIONS = {
    "Namespace": "v1",
    "Service": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "Job": "batch/v1",
    "PodDisruptionBudget": "policy/v1",
}
SECRET_KEYS = variables(HOME / "secret.env.example")


def of_kind(*kinds: str) -> list[Any]:
    return [resource for resource in RESOURCES if resource["kind"] in kinds]


def named(resource: dict[str, Any]) -> str:
    return f"{resource['kind']}-{resource['metadata']['name']}"


WORKLOADS = of_kind("Deployment", "StatefulSet", "Job")
SERVING = of_kind("Deployment", "StatefulSet")
TEMPLATES = [workload["spec"]["template"] for workload in WORKLOADS]


def container_of(workload: dict[str, Any]) -> dict[str, Any]:
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    return dict(container)


def selected(labels: dict[str, str]) -> list[dict[str, Any]]:
    """The pod templates with these labels."""
    return [template for template in TEMPLATES if labels.items() <= template["metadata"]["labels"].items()]


def test_every_file_is_part_of_it() -> None:
    files = {path.name for path in HOME.glob("*.yaml")} - {"kustomization.yaml"}
    assert sorted(KUSTOMIZATION["resources"]) == sorted(files)


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_resources_are_of_a_known_kind_and_version(resource: dict[str, Any]) -> None:
    assert resource["apiVersion"] == VERSIONS[resource["kind"]]


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
def test_resources_are_of_kubernetes_own_form(resource: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(resource, version, strict=True)


@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
def test_a_resource_of_another_form_is_found(version: str) -> None:
    (budget, _) = of_kind("PodDisruptionBudget")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**budget, "spec": {**budget["spec"], "maxUnavailabl": 1}}, version, strict=True)


@pytest.mark.parametrize("workload", SERVING, ids=named)
def test_metrics_are_scraped_where_they_are_served(workload: dict[str, Any]) -> None:
    told = workload["spec"]["template"]["metadata"]["annotations"]
    assert told["prometheus.io/scrape"] == "true"
    assert told["prometheus.io/path"] in served_paths()
    assert int(told["prometheus.io/port"]) in {port["containerPort"] for port in container_of(workload)["ports"]}


def test_all_is_in_one_namespace_of_the_strict_kind() -> None:
    (namespace,) = of_kind("Namespace")
    assert namespace["metadata"]["name"] == KUSTOMIZATION["namespace"]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("workload", SERVING, ids=named)
def test_a_workload_selects_its_own_pods_alone(workload: dict[str, Any]) -> None:
    template = workload["spec"]["template"]
    assert selected(workload["spec"]["selector"]["matchLabels"]) == [template]
    for constraint in template["spec"]["topologySpreadConstraints"]:
        assert selected(constraint["labelSelector"]["matchLabels"]) == [template]


@pytest.mark.parametrize("service", of_kind("Service"), ids=named)
def test_a_service_leads_to_a_port_of_one_workload(service: dict[str, Any]) -> None:
    (template,) = selected(service["spec"]["selector"])
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


@pytest.mark.parametrize("workload", SERVING, ids=named)
def test_a_workload_may_lose_one_pod_at_a_time(workload: dict[str, Any]) -> None:
    budgets = [
        budget["spec"]["maxUnavailable"]
        for budget in of_kind("PodDisruptionBudget")
        if selected(budget["spec"]["selector"]["matchLabels"]) == [workload["spec"]["template"]]
    ]
    assert budgets == [1]
    assert workload["spec"]["replicas"] > 1


def test_workers_keep_their_names() -> None:
    (worker,) = of_kind("StatefulSet")
    headless = [service["metadata"]["name"] for service in of_kind("Service") if "clusterIP" in service["spec"]]
    assert [worker["spec"]["serviceName"]] == headless
    replica = {entry["name"]: entry for entry in container_of(worker)["env"]}["MODPLANE_REPLICA"]
    assert replica["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"


@pytest.mark.parametrize("workload", SERVING, ids=named)
@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_health_is_asked_where_it_is_answered(workload: dict[str, Any], probe: str) -> None:
    container = container_of(workload)
    asked = container[probe]["httpGet"]
    assert asked["path"] in served_paths()
    assert asked["port"] in {port["name"] for port in container["ports"]}
    assert asked["path"].endswith("ready") is (probe == "readinessProbe")


@pytest.mark.parametrize("workload", WORKLOADS, ids=named)
def test_every_reference_leads_somewhere(workload: dict[str, Any]) -> None:
    container = container_of(workload)
    secrets = [entry["valueFrom"]["secretKeyRef"] for entry in container["env"] if "secretKeyRef" in entry["valueFrom"]]
    maps = {generated["name"] for generated in KUSTOMIZATION["configMapGenerator"]}
    assert {secret["name"] for secret in secrets} == {"modplane"}
    assert {secret["key"] for secret in secrets} <= SECRET_KEYS.keys()
    assert {source["configMapRef"]["name"] for source in container["envFrom"]} <= maps
    volumes = {volume["name"] for volume in workload["spec"]["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes


def test_no_secret_stands_in_the_files() -> None:
    assert set(SECRET_KEYS.values()) == {""}
    assert of_kind("Secret") == []
    assert not SECRET_KEYS.keys() & variables(HOME / "settings.env").keys()
    assert not [entry for workload in WORKLOADS for entry in container_of(workload)["env"] if "value" in entry]


@pytest.mark.parametrize("workload", WORKLOADS, ids=named)
def test_the_service_understands_what_it_is_told(workload: dict[str, Any]) -> None:
    container = container_of(workload)
    told = {entry["name"] for entry in container["env"]} | variables(HOME / "settings.env").keys()
    assert unknown_settings(told) == set()
    assert_is_a_command(container["args"])


def test_one_workload_takes_requests_and_one_does_the_work() -> None:
    assert {workload["kind"]: container_of(workload)["args"][-1] for workload in SERVING} == {
        "Deployment": "api",
        "StatefulSet": "worker",
    }


@pytest.mark.parametrize("workload", WORKLOADS, ids=named)
def test_images_are_of_a_named_version(workload: dict[str, Any]) -> None:
    tags = {image["name"]: image["newTag"] for image in KUSTOMIZATION["images"]}
    image = container_of(workload)["image"]
    assert PINNED.match(f"{image}:{tags[image]}")


@pytest.mark.parametrize("workload", WORKLOADS, ids=named)
def test_a_pod_can_do_nothing_but_serve(workload: dict[str, Any]) -> None:
    pod, container = workload["spec"]["template"]["spec"], container_of(workload)
    user = int(last(stages(ROOT / "Dockerfile")[-1], "USER").partition(":")[0])
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]


def test_kustomize_builds_it() -> None:
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    built = subprocess.run(["kubectl", "kustomize", str(HOME)], capture_output=True, text=True, timeout=60, check=False)
    assert built.returncode == 0, built.stderr
    assert "image: modplane\n" not in built.stdout
