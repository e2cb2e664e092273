"""The files for those who run it: what they name exists, and what they promise is written in them."""

import configparser
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from outrider.plugin.settings import read_settings

DOCKER = Path(__file__).resolve().parents[3] / "docker"


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((DOCKER / name).read_text()))


def series(text: str) -> set[str]:
    return set(re.findall(r"\b(?:outrider|process)_[a-z_]+\b", text))


def test_every_series_of_the_dashboard_and_the_alerts_is_exposed(sidecar: Any) -> None:
    httpx.post(f"{sidecar.url}/encode_query", json={"texts": ["a"]})
    exposed = httpx.get(f"{sidecar.url}/metrics").text
    families = {line.split()[2] for line in exposed.splitlines() if line.startswith("# TYPE")}
    names = {name + suffix for name in families for suffix in ("", "_bucket", "_sum", "_count")}
    panels = json.loads((DOCKER / "grafana-dashboard.json").read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    expressions += [rule["expr"] for group in documents("alerts.yaml")[0]["groups"] for rule in group["rules"]]
    asked = series(" ".join(expressions))
    assert len(asked) > 12
    assert asked - names == set()


def test_the_dashboard_shows_every_series_of_ours(sidecar: Any) -> None:
    exposed = httpx.get(f"{sidecar.url}/metrics").text
    families = {line.split()[2] for line in exposed.splitlines() if line.startswith("# TYPE outrider_")}
    shown = (DOCKER / "grafana-dashboard.json").read_text()
    assert {name for name in families if name not in shown and not name.endswith("_created")} == set()


def test_the_image_runs_as_nobody_in_particular_and_checks_its_health() -> None:
    lines = (DOCKER / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    last = lines[max(at for at, line in enumerate(lines) if line.startswith("FROM ")) :]
    instructions = dict(line.split(" ", 1) for line in last if re.match(r"[A-Z]+ ", line))
    assert instructions["USER"].isdigit()
    assert int(instructions["USER"]) > 0
    assert "/ready" in instructions["HEALTHCHECK"]
    assert json.loads(instructions["ENTRYPOINT"]) == ["outrider"]
    assert all(re.search(r":\d", line) for line in lines if line.startswith("FROM "))
    copied = [Path(each) for line in lines if re.match(r"COPY (?!--)", line) for each in line.split()[1:-1]]
    assert [each for each in copied if not (DOCKER.parent / each).exists()] == []
    assert not any(re.search(r"\bsudo\b|apt-get upgrade|\bADD\b|curl .*\|", line) for line in lines)


def test_compose_mounts_what_exists_and_listens_on_this_machine_only() -> None:
    (compose,) = documents("compose.yaml")
    services = compose["services"]
    assert {"opensearch", "dashboards", "outrider", "gateway"} <= set(services)
    assert services["outrider"]["read_only"] is services["gateway"]["read_only"] is True
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DOCKER / source).is_file()
        assert set(service.get("depends_on", ())) <= set(services)
        assert "build" in service or re.search(r":v?\d", service["image"])
    (prometheus,) = documents("prometheus.yaml")
    targets = [each["static_configs"][0]["targets"] for each in prometheus["scrape_configs"]]
    assert targets == [["outrider:8080"], ["gateway:9202"]]


def test_the_gateway_of_compose_starts_and_is_healthy(free_port: Callable[[], int]) -> None:
    service = documents("compose.yaml")[0]["services"]["gateway"]
    command, check = json.dumps(service["command"]), json.dumps(service["healthcheck"]["test"][1:])
    assert service["ports"] == ["127.0.0.1:9201:9201"]
    for port in ("9201", "9202"):
        mine = str(free_port())
        command, check = command.replace(port, mine), check.replace(port, mine)
    started = [sys.executable, "-m", "outrider.plugin.cli", *json.loads(command)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening on ")
        subprocess.run([sys.executable, *json.loads(check)[1:]], check=True)
        process.terminate()


def test_the_cuda_overlay_builds_the_same_image_with_an_extra_that_exists_and_asks_for_a_gpu() -> None:
    (base,), (overlay,) = documents("compose.yaml"), documents("compose.cuda.yaml")
    assert set(overlay) == {"services"}
    assert set(overlay["services"]) == {"outrider"}
    assert set(overlay["services"]["outrider"]) == {"build", "deploy"}
    assert base["services"]["outrider"]["build"]["dockerfile"] == "docker/Dockerfile"
    (argument,) = overlay["services"]["outrider"]["build"]["args"].items()
    build = (DOCKER / "Dockerfile").read_text()
    assert re.search(rf"^ARG {argument[0]}=$", build, re.MULTILINE)
    assert f'".${{{argument[0]}}}"' in build
    extras = tomllib.loads((DOCKER.parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert argument[1].strip("[]") in extras
    (device,) = overlay["services"]["outrider"]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])


def test_grafana_finds_its_data_source_and_its_dashboard_by_itself() -> None:
    services = documents("compose.yaml")[0]["services"]
    mounts = dict(volume.split(":")[:2] for volume in services["grafana"]["volumes"])
    inside = {inner: DOCKER / outer for outer, inner in mounts.items()}
    provisioning = Path("/etc/grafana/provisioning")
    (source,) = yaml.safe_load(inside[f"{provisioning}/datasources/outrider.yaml"].read_text())["datasources"]
    (provider,) = yaml.safe_load(inside[f"{provisioning}/dashboards/outrider.yaml"].read_text())["providers"]
    host, port = source["url"].removeprefix("http://").split(":")
    assert services[host]["ports"] == [f"127.0.0.1:{port}:{port}"]
    dashboard = json.loads(inside[f"{provider['options']['path']}/outrider.json"].read_text())
    (variable,) = dashboard["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", source["type"])


def test_hadolint_has_nothing_to_say_of_the_images() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, *DOCKER.glob("Dockerfile*")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_environment_of_compose_is_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in documents("compose.yaml")[0]["services"]["outrider"]["environment"].items():
        monkeypatch.setenv(name, value)
    assert read_settings().cluster.indices == ("outrider-quickstart",)


def test_kubernetes_waits_for_ready_drains_and_gives_no_rights(sidecar: Any, tmp_path: Path) -> None:
    found = {each["kind"]: each for each in documents("kubernetes.yaml")}
    assert set(found) == {"Deployment", "Secret", "Service", "PodDisruptionBudget"}
    spec = found["Deployment"]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (
        spec["selector"]["matchLabels"]
        == spec["template"]["metadata"]["labels"]
        == found["Service"]["spec"]["selector"]
    )
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    file = tmp_path / "outrider.toml"
    file.write_text(found["Secret"]["stringData"]["outrider.toml"])
    settings = read_settings(file)
    assert settings.port == container["ports"][0]["containerPort"]
    assert pod["terminationGracePeriodSeconds"] > settings.drain_s
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert httpx.get(sidecar.url + container[probe]["httpGet"]["path"]).status_code == 200


def test_the_unit_is_hardened_and_stops_after_the_drain() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string((DOCKER / "outrider.service").read_text())
    service = unit["Service"]
    assert service["DynamicUser"] == service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert int(service["TimeoutStopSec"]) > read_settings().drain_s
    assert "HUP" in service["ExecReload"]
