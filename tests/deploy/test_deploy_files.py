"""What deploys: each file by a linter of its kind, then what no linter knows.

Linters, all from PyPI: hadolint (Dockerfile), check-jsonschema with the schema of the Compose specification,
kubernetes-validate with the schemas of Kubernetes 1.37, yamllint, `sh -n`. Where kubectl is found, kustomize renders.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = [yaml.safe_load(file.read_text()) for file in sorted((DEPLOY / "kubernetes").glob("*.yaml"))]
POD = next(one for one in MANIFESTS if one["kind"] == "StatefulSet")["spec"]["template"]["spec"]
OURS = "inference-cost-warehouse"
PINNED = re.compile(r"[\w./-]+:\d+\.\d+(\.\d+)?(-[\w.-]+)?")
DEFAULT = re.compile(r"\$\{(\w+):-([^}]+)\}")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|URLS")
YAML_RULES = (
    "{extends: default, rules: {document-start: disable, line-length: {max: 130}, truthy: {check-keys: false}}}"
)


def linted(*command: str | Path, text: str | None = None) -> str:
    """What a linter has to say; nothing where it is content."""
    ended = subprocess.run([*map(str, command)], input=text, capture_output=True, text=True, check=False)
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr or "failed"


def test_the_dockerfile_by_hadolint() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert linted(BIN / "hadolint", "-", text=text) == ""
    assert "DL3013" in linted(BIN / "hadolint", "-", text=text.replace("uv==0.13.9", "uv"))


def test_the_compose_file_by_its_specification(tmp_path: Path) -> None:
    command = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec"]
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((DEPLOY / "compose.yaml").read_text().replace("healthcheck:", "healthchecks:", 1))
    assert linted(*command, DEPLOY / "compose.yaml") == ""
    assert "healthchecks" in linted(*command, wrong)


def test_the_manifests_by_the_schemas_of_kubernetes() -> None:
    for manifest in MANIFESTS:
        kubernetes_validate.validate(manifest, "1.37", strict=True)
    wrong = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"port": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.37", strict=True)


def test_kustomize_renders_what_the_manifests_name() -> None:
    if (kubectl := shutil.which("kubectl")) is None:
        pytest.skip("there is no kubectl on this machine; the manifests are held to their schemas all the same")
    ended = subprocess.run([kubectl, "kustomize", str(DEPLOY)], capture_output=True, text=True, check=True)
    kinds = {one["kind"]: one for one in yaml.safe_load_all(ended.stdout)}
    assert {"Namespace", "Service", "StatefulSet", "NetworkPolicy", "ConfigMap"} == set(kinds)
    volumes = kinds["StatefulSet"]["spec"]["template"]["spec"]["volumes"]
    assert kinds["ConfigMap"]["metadata"]["name"] in {one["configMap"]["name"] for one in volumes if "configMap" in one}
    assert kinds["ConfigMap"]["data"]["nginx.conf"] == (DEPLOY / "nginx.conf").read_text()


def test_yaml_and_shell() -> None:
    assert linted(BIN / "yamllint", "--strict", "-d", YAML_RULES, DEPLOY) == ""
    assert linted("sh", "-n", DEPLOY / "entrypoint.sh") == ""


def test_every_image_is_pinned_and_ours_is_this_version() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    bases = re.findall(r"^ARG PYTHON_IMAGE=(\S+)", text, flags=re.MULTILINE)
    services = [_image(service) for service in COMPOSE["services"].values()]
    images = bases + services + [container["image"] for container in _containers()]
    assert len(images) >= 10
    assert [image for image in images if not PINNED.fullmatch(image)] == []
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {image for image in images if image.startswith(OURS)} == {f"{OURS}:{version}"}
    assert {image for image in services if "nginx" in image} == {POD["containers"][-1]["image"]}


def test_every_image_can_be_pinned_by_what_it_is_in_one_place() -> None:
    """For the compose file the environment, which `env.example` names; for Kubernetes kustomize's list."""
    text = (DEPLOY / "Dockerfile").read_text()
    assert set(re.findall(r"^FROM (\S+)", text, flags=re.MULTILINE)) == {"${PYTHON_IMAGE}"}
    build = COMPOSE["services"]["code"]["build"]["args"]["PYTHON_IMAGE"]
    given = [DEFAULT.fullmatch(one) for one in (build, *{one["image"] for one in COMPOSE["services"].values()})]
    variables = {found[1]: found[2] for found in given if found}
    assert len(variables) == len(given) == 4
    assert f"ARG PYTHON_IMAGE={variables['COSTS_PYTHON_IMAGE']}\n" in text
    assert set(re.findall(r"^# (\w+_IMAGE)=$", (DEPLOY / "env.example").read_text(), flags=re.MULTILINE)) == set(
        variables
    )
    listed = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())["images"]
    assert {f"{one['name']}:{one['newTag']}" for one in listed} == {one["image"] for one in _containers()}


def test_nothing_runs_as_root() -> None:
    user = re.findall(r"^USER (\S+)", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert [int(one) > 0 for one in user[-1].split(":")] == [True, True]
    for name, service in COMPOSE["services"].items():
        assert _image(service).startswith(OURS) or service["user"] not in ("root", "0", "0:0"), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert "privileged" not in service, name
        assert not any("docker.sock" in volume for volume in service["volumes"]), name
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["automountServiceAccountToken"] is False
    # A Service by our name would put COSTS_PORT and COSTS_SERVICE_HOST among the settings.
    assert POD["enableServiceLinks"] is False
    for container in _containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, container["name"]


def test_there_is_one_writer() -> None:
    services = COMPOSE["services"]
    assert services["code"]["deploy"]["replicas"] == services["daemon"]["deploy"]["replicas"] == 1
    assert _mounts_of_the_warehouse(services) == {"code": "warehouse:/warehouse", "proxy": "warehouse:/warehouse:ro"}
    stateful_set = next(one for one in MANIFESTS if one["kind"] == "StatefulSet")["spec"]
    assert stateful_set["replicas"] == 1
    assert [one["spec"]["accessModes"] for one in stateful_set["volumeClaimTemplates"]] == [["ReadWriteOncePod"]]
    mounts = {
        (container["name"], mount.get("subPath"), mount.get("readOnly", False))
        for container in _containers()
        for mount in container["volumeMounts"]
        if mount["name"] == "warehouse"
    }
    assert mounts == {
        ("home", None, False),
        ("code", "warehouse", False),
        ("daemon", "warehouse/.dagster", False),
        ("webserver", "warehouse/.dagster", False),
        ("proxy", "warehouse", True),
    }


def test_no_two_processes_of_a_pod_share_a_scratch_folder() -> None:
    """The proxy is the one that strangers talk to; a folder without a bound fills the node."""
    bounds = {one["name"]: one["emptyDir"]["sizeLimit"] for one in POD["volumes"] if "emptyDir" in one}
    mounted = [mount["name"] for one in _containers() for mount in one["volumeMounts"] if mount["mountPath"] == "/tmp"]  # noqa: S108
    assert sorted(mounted) == sorted(bounds)
    assert len(set(mounted)) == len(POD["containers"])


def test_the_instance_is_that_of_one_machine_but_for_its_storage() -> None:
    ours, theirs = (yaml.safe_load(file.read_text()) for file in (DEPLOY / "dagster.yaml", ROOT / "dagster.yaml"))
    differing = {key for key in ours | theirs if ours.get(key) != theirs.get(key)}
    assert differing == {"storage", "run_coordinator", "run_launcher", "concurrency"}
    assert ours["run_coordinator"]["class"] == "QueuedRunCoordinator"
    assert ours["concurrency"]["pools"] == theirs["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}


def test_everything_says_whether_it_is_well() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "test" not in service["healthcheck"]] == []
    assert [one["name"] for one in POD["containers"] if "livenessProbe" not in one] == []
    assert [
        name for name, one in COMPOSE["services"].items() if not one["deploy"]["resources"]["limits"]["memory"]
    ] == []
    assert [one["name"] for one in _containers() if not one["resources"]["limits"]["memory"]] == []


def test_only_the_proxy_can_be_reached() -> None:
    services = COMPOSE["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"proxy"}
    assert services["proxy"]["ports"] == ["${COSTS_LISTEN:-127.0.0.1:8443}:8443"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name for name, one in services.items() if one["networks"] != ["inside"]} == {"code", "proxy"}
    assert {one["name"] for one in _containers() if "ports" in one} == {"proxy"}
    listening = [
        one["args"][one["args"].index("--host") + 1] for one in _containers() if "--host" in one.get("args", [])
    ]
    assert listening == ["127.0.0.1"] * 2


def test_no_secret_stands_in_a_file() -> None:
    values = [pair for service in COMPOSE["services"].values() for pair in service.get("environment", {}).items()]
    secret = {value for name, value in values if SECRET.search(name)}
    assert len(secret) == 1
    assert re.fullmatch(r"\$\{DAGSTER_PG_PASSWORD:\?[^}]+\}", secret.pop())
    assert all(set(one) == {"file"} and one["file"].startswith("secrets/") for one in COMPOSE["secrets"].values())
    variables = [variable for container in _containers() for variable in container.get("env", [])]
    assert {one["name"] for one in variables if "valueFrom" in one} >= {"DAGSTER_PG_PASSWORD", "DAGSTER_PG_USER"}
    assert [one["name"] for one in variables if SECRET.search(one["name"]) and "value" in one] == []
    assert [one["kind"] for one in MANIFESTS if one["kind"] == "Secret"] == []
    for example in DEPLOY.glob("*env*example"):
        given = re.findall(r"^#? ?([A-Z_]+)=(.+)$", example.read_text(), flags=re.MULTILINE)
        assert [name for name, _ in given if SECRET.search(name)] == []
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/.env", "/deploy/costs.env", "/deploy/secrets/"} <= set(ignored)


def test_the_documents_make_the_secrets_that_the_manifests_ask_for() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    made = {
        name: set(re.findall(r"--from-(?:literal|file)=(\w+)=", rest))
        for name, rest in re.findall(r"create secret generic (\S+) (.+)", text)
    }
    asked: dict[str, set[str]] = {one["secret"]["secretName"]: set() for one in POD["volumes"] if "secret" in one}
    for container in _containers():
        asked |= {one["secretRef"]["name"]: set() for one in container.get("envFrom", [])}
        for one in container.get("env", []):
            if reference := one.get("valueFrom", {}).get("secretKeyRef"):
                asked[reference["name"]] = asked.get(reference["name"], set()) | {reference["key"]}
    asked["costs-proxy"] |= set(re.findall(r"/run/secrets/(\w+)", (DEPLOY / "nginx.conf").read_text()))
    assert made == asked
    assert set(made) == {"costs-postgres", "costs-proxy", "costs-settings"}


def test_the_image_copies_by_name_so_that_no_key_beside_the_files_gets_in() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = {
        word.rstrip("/") for line in re.findall(r"^COPY (?!--from)(.+)", text, flags=re.M) for word in line.split()[:-1]
    }
    assert copied & {".", "deploy", "warehouse", ".git"} == set()
    # Builders other than BuildKit look for no other file, and what is not copied need not be sent.
    first, *admitted = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("#", "")]
    assert first == "*"
    assert {line[1:] for line in admitted if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)
    # A clone may be closed to all but its owner.
    assert "chmod -R u=rwX,go=rX /app /venv" in text


def test_the_image_has_what_the_lock_says_and_nothing_for_developers() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert "--require-hashes" in text
    assert "--constraint requirements.lock" in text
    assert re.findall(r"--(?:group|extra) (\S+)", text) == ["deploy", "cluster", "build"]
    lock = (ROOT / "requirements.lock").read_text()
    assert re.search(r"^dagster-postgres==[\d.]+ \\\n    --hash=sha256:", lock, flags=re.MULTILINE)


def _image(service: dict[str, Any]) -> str:
    """The image of a service where the environment names no other."""
    return DEFAULT.sub(r"\2", service["image"])


def _containers() -> Iterator[dict[str, Any]]:
    yield from (*POD["initContainers"], *POD["containers"])


def _mounts_of_the_warehouse(services: dict[str, Any]) -> dict[str, str]:
    mounts = [(name, volume) for name, service in services.items() for volume in service["volumes"]]
    return {name: volume for name, volume in mounts if volume.startswith("warehouse:")}
