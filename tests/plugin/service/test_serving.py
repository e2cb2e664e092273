"""The process: starts fast, says no early, stops without losing what it took."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

Post = Callable[..., httpx.Response]

PATIENT = {"Outrider-Timeout": "600"}
RUN = """
from outrider.plugin.server import serve
from outrider.plugin.settings import read_settings
try:
    serve(read_settings(flags={flags}), on_started=lambda url: print(url, flush=True))
except Exception as err:
    print(type(err).__name__, err)
"""


def run_to_its_end(**flags: Any) -> str:
    code = RUN.replace("{flags}", repr(flags))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout


def metric(http: httpx.Client, name: str, *having: str) -> float:
    lines = [line for line in http.get("/metrics").text.splitlines() if line.startswith(name)]
    return sum(float(line.rpartition(" ")[2]) for line in lines if all(part in line for part in having))


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run_to_its_end(port=port)
    assert said.startswith(f"PortTaken cannot listen on 127.0.0.1:{port}: Address already in use; stop what listens")


def test_a_model_that_does_not_load_ends_the_process_with_its_reason() -> None:
    said = run_to_its_end(port=0, models=["/no/such/folder"])
    assert "ModelNotFound" in said
    assert "/no/such/folder" in said


def test_health_answers_before_the_models_are_loaded(start_sidecar: Any) -> None:
    with start_sidecar(wait=False) as starting:
        assert httpx.get(f"{starting.url}/health").status_code == 200
        early = httpx.get(f"{starting.url}/ready")
        assert early.status_code in (200, 503)
        assert early.json()["ready"] is (early.status_code == 200)
        asked = httpx.post(f"{starting.url}/encode_query", json={"texts": ["too early?"]})
        assert asked.status_code in (200, 503)
        if asked.status_code == 503:
            assert asked.headers["retry-after"] == "1"


def test_tls_where_certificate_and_key_are_given(start_sidecar: Any, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=sidecar"
    names = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate))
    subprocess.run([*made.split(), *names], check=True, capture_output=True)
    environment = {"OUTRIDER_TLS__CERTIFICATE": str(certificate), "OUTRIDER_TLS__KEY": str(key)}
    with start_sidecar(wait=False, **environment) as running:
        assert running.url.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=certificate)
        assert httpx.get(f"{running.url}/health", verify=trusting).status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(running.url.replace("https", "http") + "/health")


def test_sigterm_finishes_what_was_taken(start_sidecar: Any) -> None:
    with start_sidecar() as running, httpx.Client(base_url=running.url, timeout=60) as http:
        texts = [f"document {number} " + "word " * 200 for number in range(100)]
        replies: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: replies.append(http.post("/encode_document", json={"texts": texts}, headers=PATIENT))
        )
        asking.start()
        with httpx.Client(base_url=running.url) as watching:
            while metric(watching, "outrider_queue_texts", "bulk") == 0:
                assert asking.is_alive(), "the request was answered before it could be seen waiting"
        running.process.send_signal(signal.SIGTERM)
        asking.join(60)
        assert [reply.status_code for reply in replies] == [200]
        assert all(replies[0].json()["embeddings"])
        assert running.process.wait(30) in (0, -signal.SIGTERM)


def test_a_client_that_hangs_up_costs_no_inference(start_sidecar: Any) -> None:
    with start_sidecar() as running, httpx.Client(base_url=running.url, timeout=60) as http:
        texts = [f"document {number} " + "word " * 200 for number in range(2000)]
        body = json.dumps({"texts": texts}).encode()
        host, port = running.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as leaving:
            head = "POST /encode_document HTTP/1.1\r\nHost: x\r\nOutrider-Timeout: 600\r\n"
            leaving.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            while metric(http, "outrider_batch_texts_count", "bulk") == 0:
                time.sleep(0.01)
        while metric(http, "outrider_queue_texts", "bulk"):
            time.sleep(0.01)
        http.post("/encode_document", json={"texts": ["one", "two"]}).raise_for_status()
        assert metric(http, "outrider_batch_texts_sum", "bulk") < 1000
        assert metric(http, "outrider_http_replies_total", "/encode_document", '"499"') == 1


def test_a_full_queue_is_429_at_once_with_retry_after(start_sidecar: Any) -> None:
    with start_sidecar(OUTRIDER_QUEUE__TEXTS="200") as running, httpx.Client(base_url=running.url, timeout=60) as http:
        texts = [f"document {number} " + "word " * 200 for number in range(200)]
        replies: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: replies.append(http.post("/encode_document", json={"texts": texts}, headers=PATIENT))
        )
        asking.start()
        with httpx.Client(base_url=running.url, timeout=60) as other:
            while metric(other, "outrider_queue_texts", "bulk") == 0:
                assert asking.is_alive()
            for path, body in (("/embed", {"inputs": texts}), ("/v1/embeddings", {"input": texts})):
                refused = other.post(path, json=body)
                assert refused.status_code == 429
                assert int(refused.headers["retry-after"]) >= 1
        asking.join(60)
        assert [reply.status_code for reply in replies] == [200]


def test_a_deadline_that_cannot_be_met_is_504(post: Post) -> None:
    texts = [f"document {number} " + "word " * 200 for number in range(500)]
    reply = post("/embed", {"inputs": texts}, **{"Outrider-Timeout": "0.05"})
    assert reply.status_code == 504
    assert "deadline" in reply.json()["error"]


def test_rank_under_a_deadline_says_what_it_left(post: Post) -> None:
    documents = [f"document {number} " + "word " * 300 for number in range(1000)]
    reply = post("/rank", {"query": "word", "documents": documents, "timeout": 2}).json()
    assert reply["complete"] is False
    left = [each["index"] for each in reply["results"] if each["score"] is None]
    assert left == sorted(left)
    assert len(reply["results"]) == 1000
    assert reply["results"][0]["score"] is not None


@pytest.mark.parametrize(
    ("path", "field"), [("/rerank", "texts"), ("/os/rerank", "documents"), ("/v2/rerank", "documents")]
)
def test_protocols_without_a_word_for_it_say_in_a_header_what_the_deadline_left(
    post: Post, path: str, field: str
) -> None:
    documents = [f"document {number} " + "word " * 300 for number in range(1000)]
    reply = post(path, {"query": "word", field: documents}, **{"Outrider-Timeout": "2"})
    assert reply.status_code == 200
    if path == "/v2/rerank":
        assert reply.json()["complete"] is False
    else:
        assert reply.headers["outrider-complete"] == "false"
        assert sorted(each["index"] for each in reply.json()) == list(range(1000))
    complete = post(path, {"query": "word", field: ["one"]})
    assert "outrider-complete" not in complete.headers


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/info", "/v1/models", "/openapi.json", "/docs"])
def test_operational_routes_answer(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 200
