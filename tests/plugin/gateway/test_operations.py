"""Running a gateway: HTTPS on both sides, an account of its own, metrics, a graceful end, its log."""

import base64
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest


class Slow(BaseHTTPRequestHandler):
    """A cluster that answers what it was asked with, after a moment where the path says so."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/slow"):
            time.sleep(2)
        told = json.dumps({"path": self.path, "authorization": self.headers.get("authorization")}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""


@pytest.fixture(scope="module")
def cluster_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_https_to_the_application_and_to_the_cluster(cluster_url: str, start_gateway: Any, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=gateway"
    names = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate))
    subprocess.run([*made.split(), *names], check=True, capture_output=True)
    serving = ("--certificate", str(certificate), "--certificate-key", str(key))
    with (
        start_gateway(cluster_url, *serving) as inner,
        start_gateway(inner.url, "--ca-file", str(certificate)) as outer,
    ):
        assert inner.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=certificate)
        assert httpx.get(f"{inner.url}/a", verify=trusting).json()["path"] == "/a"
        assert httpx.get(f"{outer.url}/b").json()["path"] == "/b"
    with start_gateway(cluster_url, *serving) as inner, start_gateway(inner.url) as distrusting:
        assert httpx.get(f"{distrusting.url}/b").status_code == 502


def test_its_own_account_is_not_lent_to_applications(cluster_url: str, start_gateway: Any) -> None:
    with start_gateway(cluster_url.replace("//", "//outrider:secret@")) as gateway:
        assert httpx.get(f"{gateway.url}/x").json()["authorization"] is None
        told = httpx.get(f"{gateway.url}/x", auth=("app", "word")).json()["authorization"]
        assert told == "Basic " + base64.b64encode(b"app:word").decode()


def test_metrics_have_a_port_of_their_own(cluster_url: str, start_gateway: Any, free_port: Callable[[], int]) -> None:
    port = free_port()
    with start_gateway(cluster_url, "--metrics-port", str(port)) as gateway:
        assert httpx.get(f"{gateway.url}/metrics").json()["path"] == "/metrics"
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert 'outrider_gateway_request_seconds_count{kind="other"} 1.0' in metrics


def test_sigterm_finishes_what_is_under_way(cluster_url: str, start_gateway: Any) -> None:
    answers: list[httpx.Response] = []
    with start_gateway(cluster_url) as gateway:
        asking = threading.Thread(target=lambda: answers.append(httpx.get(f"{gateway.url}/slow", timeout=30)))
        asking.start()
        time.sleep(1)
        gateway.process.terminate()
        asking.join(30)
        assert answers[0].json()["path"] == "/slow"
        gateway.process.wait(30)


def test_the_log_is_json_on_request_and_has_no_secrets(free_port: Callable[[], int]) -> None:
    port = free_port()
    command = [sys.executable, "-m", "outrider.plugin.cli", "gateway", f"http://outrider:secret@127.0.0.1:{port}"]
    command += ["--sidecar", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--log-format", "json"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        answer = httpx.get(f"{url}/products/_mapping?token=hidden", headers={"authorization": "ApiKey hidden"})
        assert answer.status_code == 502
        process.terminate()
        _, log = process.communicate(timeout=30)
    lines = [json.loads(line) for line in log.splitlines()]
    assert any("gave no answer" in line["message"] for line in lines)
    assert "secret" not in log
    assert "hidden" not in log
