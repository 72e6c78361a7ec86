"""docker-compose.yml with its profiles, judged by the real Compose."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from . import collector, jaeger
from .compose import COMPOSE_FILE, ROOT, ask_compose, compose_config
from .jaeger import COMPOSE_FILES, JaegerProgram

pytestmark = pytest.mark.stack

ENV_FILES = ROOT / "deploy" / "compose"
DEFAULT = {"collector", "jaeger", "volume-owner"}
METRICS = {"prometheus", "alertmanager", "grafana"}
PROFILES = {
    "metrics": DEFAULT | METRICS,
    "tempo": DEFAULT | {"tempo"},
    "store": DEFAULT | {"clickhouse"},
    "everything": DEFAULT | METRICS | {"tempo", "clickhouse"},
}
PORTS = {
    "collector": {4317, 4318, 13133, 8888},
    "jaeger": {16686},
    "volume-owner": set[int](),
    "tempo": {3200},
    "prometheus": {9090},
    "alertmanager": {9093},
    "grafana": {3000},
    "clickhouse": {8123, 9000},
}
WRITES_TO_ITS_ROOT = {"clickhouse"}
"""Its start writes user and password into /etc/clickhouse-server."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what Compose reads, with the password that the `store` profile needs."""
    shutil.copy(COMPOSE_FILE, tmp_path)
    shutil.copytree(ENV_FILES, tmp_path / "deploy" / "compose")
    (tmp_path / "clickhouse.env").write_text("CLICKHOUSE_PASSWORD=of-this-test\n")
    return tmp_path


def services_of(project: Path, profile: str) -> dict[str, dict[str, Any]]:
    """The services that ``--env-file deploy/compose/PROFILE.env`` starts."""
    options = [f"--env-file={project / 'deploy' / 'compose' / f'{profile}.env'}"] if profile else []
    return compose_config(project / "docker-compose.yml", options=options)["services"]


@pytest.mark.parametrize("profile", ["", *PROFILES])
def test_compose_accepts_every_profile_without_a_word(project: Path, profile: str) -> None:
    assert services_of(project, profile).keys() == PROFILES.get(profile, DEFAULT)


def test_every_profile_has_its_file() -> None:
    assert {path.stem for path in ENV_FILES.glob("*.env")} == PROFILES.keys()


def test_compose_refuses_a_broken_copy(project: Path) -> None:
    """Proof that the checks here can fail at all."""
    broken = project / "docker-compose.yml"
    broken.write_text(broken.read_text().replace("restart:", "restarted:"))
    assert ask_compose(f"--file={broken}", "config", "--quiet").returncode != 0


@pytest.mark.parametrize("profile", ["", *PROFILES])
def test_only_what_keeps_a_password_needs_one(project: Path, profile: str) -> None:
    (project / "clickhouse.env").unlink()
    env_file = [f"--env-file={project / 'deploy' / 'compose' / f'{profile}.env'}"] if profile else []
    done = ask_compose(f"--file={project / 'docker-compose.yml'}", *env_file, "config", "--quiet")
    if profile in ("store", "everything"):
        assert done.returncode != 0
        assert "clickhouse.env" in done.stderr
    else:
        assert (done.returncode, done.stderr) == (0, "")


def test_images_are_pinned_and_ports_on_loopback(project: Path) -> None:
    services = services_of(project, "everything")
    for name, service in services.items():
        assert re.search(r":v?[\d.]+@sha256:[0-9a-f]{64}$", service["image"]), name
        assert {port["host_ip"] for port in service.get("ports", [])} <= {"127.0.0.1"}, name
    published = {name: {port["target"] for port in service.get("ports", [])} for name, service in services.items()}
    assert published == PORTS


def test_nobody_has_more_rights_than_needed(project: Path) -> None:
    services = services_of(project, "everything")
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
    assert {name for name, service in services.items() if not service.get("read_only")} == WRITES_TO_ITS_ROOT
    # Collector and Jaeger run as 10001 by their images.
    users = {name: service.get("user") for name, service in services.items()}
    assert users == {
        "collector": None,
        "jaeger": None,
        "volume-owner": "0:0",
        "tempo": "10001:10001",
        "prometheus": "65534:65534",
        "alertmanager": "65534:65534",
        "grafana": "472:0",
        "clickhouse": "101:101",
    }
    assert {name for name, service in services.items() if service.get("cap_add")} == {"volume-owner"}


def test_health_is_looked_at_where_the_image_has_a_client(project: Path) -> None:
    services = services_of(project, "everything")
    without = {name for name, service in services.items() if "healthcheck" not in service}
    assert without == {"collector", "tempo", "volume-owner"}


def test_what_is_mounted_is_there_and_read_only(project: Path) -> None:
    for name, service in services_of(project, "everything").items():
        for volume in service.get("volumes", []):
            if volume["type"] != "bind":
                continue
            assert volume["read_only"], (name, volume)
            source = Path(volume["source"]).relative_to(project)
            if source != Path("deploy/prometheus/secrets"):  # whoever is to be told puts keys there
                assert (ROOT / source).exists(), (name, source)


def test_only_alertmanager_sees_its_keys(project: Path) -> None:
    secrets = project / "deploy" / "prometheus" / "secrets"
    see = {
        name
        for name, service in services_of(project, "everything").items()
        for volume in service.get("volumes", [])
        if volume["type"] == "bind" and secrets.is_relative_to(volume["source"])
    }
    assert see == {"alertmanager"}


def test_every_volume_is_used(project: Path) -> None:
    config = compose_config(
        project / "docker-compose.yml", options=[f"--env-file={project / 'deploy' / 'compose' / 'everything.env'}"]
    )
    used = {
        volume["source"]
        for service in config["services"].values()
        for volume in service.get("volumes", [])
        if volume["type"] == "volume"
    }
    assert used == config["volumes"].keys()


@pytest.mark.parametrize("profile", ["", *PROFILES])
def test_overlays_are_files_beside_each_other(project: Path, profile: str) -> None:
    services = services_of(project, profile)
    for name, folder in (("collector", "collector"), ("jaeger", "jaeger")):
        service = services[name]
        first, *overlays = (option.removeprefix("--config=") for option in service["command"])
        mounted = {volume["target"]: Path(volume["source"]).relative_to(project) for volume in service["volumes"][:2]}
        assert mounted[first] == {"collector": collector.CONFIG, "jaeger": jaeger.CONFIG}[name].relative_to(ROOT)
        assert mounted[service["working_dir"]] == Path("deploy", folder)
        for overlay in overlays:
            assert (ROOT / "deploy" / folder / overlay).is_file(), overlay


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_profile_starts_is_fed(project: Path, profile: str) -> None:
    services = services_of(project, profile)
    overlays = " ".join(services["collector"]["command"])
    for store in ("prometheus", "tempo", "clickhouse"):
        assert (store in services) == (f"--config={store}.yaml" in overlays)
    # Any other destination of traces takes Jaeger's place, unless Jaeger is named, too.
    assert ("jaeger.yaml" in overlays) == bool({"tempo", "clickhouse"} & services.keys())
    assert ("--config=monitor.yaml" in services["jaeger"]["command"]) == ("prometheus" in services)


def test_only_what_a_program_reads_is_set(project: Path) -> None:
    services = services_of(project, "everything")
    read = {"GOMEMLIMIT", "OTEL_TRACES_SAMPLER"}
    for name, files in (
        ("collector", [collector.CONFIG, *(ROOT / "deploy" / "collector").glob("*.yaml")]),
        ("jaeger", [jaeger.CONFIG, *(ROOT / "deploy" / "jaeger").glob("*.yaml")]),
    ):
        named = {variable for file in files for variable in re.findall(r"\$\{env:(\w+)", file.read_text())}
        assert services[name]["environment"].keys() <= named | read
    tempo = (ROOT / "deploy" / "tempo" / "tempo.yaml").read_text()
    assert services["tempo"]["environment"].keys() <= set(re.findall(r"\$\{(\w+)", tempo)) | read


def test_grafana_has_no_account_to_guess(project: Path) -> None:
    environment = services_of(project, "metrics")["grafana"]["environment"]
    assert environment["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert environment["GF_AUTH_BASIC_ENABLED"] == "false"
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] != "Admin"


def test_compose_accepts_the_file_as_the_container_tests_use_it(tmp_path: Path) -> None:
    ports = JaegerProgram(Path("unused"), tmp_path).ports
    service = compose_config(*COMPOSE_FILES, env=ports)["services"]["jaeger"]
    assert {port["target"] for port in service["ports"]} == {16686, 4317, 13133}
