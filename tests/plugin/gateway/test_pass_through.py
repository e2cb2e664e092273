"""What goes through the gateway is what would have gone to the cluster, and what comes back too."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opensearchpy import OpenSearch, helpers

READS = [
    ("GET", "/", None),
    ("HEAD", "/through", None),
    ("HEAD", "/absent", None),
    ("GET", "/through/_mapping?pretty", None),
    ("GET", "/through/_doc/1", None),
    ("GET", "/through/_doc/a%2Fb%20c", None),
    ("GET", "/through/_doc/none", None),
    ("GET", "/through/_source/1?_source_includes=n", None),
    ("GET", "/through/_count?q=n:1", None),
    ("GET", "/_cat/indices/through?h=index,docs.count", None),
    ("GET", "/_cat/indices/through?format=yaml&h=index", None),
    ("POST", "/through/_search?typed_keys", {"aggs": {"n": {"terms": {"field": "n"}}}}),
    ("GET", "/through/_search", {"query": {"match": {"title": "café"}}, "highlight": {"fields": {"title": {}}}}),
    ("POST", "/through/_search", {"query": {"no such query": {}}}),
    ("POST", "/through/_search", b"{not json"),
    ("POST", "/_msearch", b'{"index":"through"}\n{"query":{"match_all":{}}}\n{"index":"absent"}\n{}\n'),
    ("POST", "/_mget", {"docs": [{"_index": "through", "_id": "1"}]}),
    ("GET", "/absent/_search", None),
    ("GET", "/through/_search?size=-1", None),
    ("POST", "/_analyze", {"text": "Kraków"}),
    ("DELETE", "/absent", None),
    ("PUT", "/_no_such_thing", {}),
    ("OPTIONS", "/through", None),
]


@pytest.fixture(scope="module", autouse=True)
def index(opensearch: Any) -> Iterator[None]:
    httpx.delete(f"{opensearch.url}/through")
    documents = [{"title": f"document {n}", "n": n % 7} for n in range(200)]
    lines = "".join(f'{{"index":{{"_id":"{n}"}}}}\n{json.dumps(body)}\n' for n, body in enumerate(documents))
    json_lines = {"content-type": "application/x-ndjson"}
    httpx.post(f"{opensearch.url}/through/_bulk?refresh=true", content=lines, headers=json_lines).raise_for_status()
    httpx.put(f"{opensearch.url}/through/_doc/a%2Fb%20c?refresh=true", json={"title": "odd id"}).raise_for_status()
    yield
    httpx.delete(f"{opensearch.url}/through")


def ask(url: str, method: str, path: str, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    if body is not None:
        headers.setdefault("content-type", "application/x-ndjson" if "_msearch" in path else "application/json")
    return httpx.request(method, url + path, content=content, headers=headers)


def told(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """All of an answer but the time that it took."""
    headers = {
        key: value for key, value in answer.headers.items() if key not in ("content-length", "transfer-encoding")
    }
    if "json" not in answer.headers.get("content-type", "") or not answer.content:
        return answer.status_code, headers, answer.content
    body = answer.json()
    for part in (body, *(body.get("responses", ()) if isinstance(body, dict) else ())):
        if isinstance(part, dict):
            part.pop("took", None)
    return answer.status_code, headers, body


@pytest.mark.parametrize(("method", "path", "body"), READS)
def test_the_answer_is_the_clusters(opensearch: Any, gateway: str, method: str, path: str, body: Any) -> None:
    assert told(ask(gateway, method, path, body)) == told(ask(opensearch.url, method, path, body))


def test_compressed_bodies_and_answers_stay_compressed(opensearch: Any, gateway: str) -> None:
    squeezed = gzip.compress(json.dumps({"query": {"match_all": {}}, "size": 100}).encode())
    for url in (opensearch.url, gateway):
        with httpx.stream(
            "POST",
            f"{url}/through/_search",
            content=squeezed,
            headers={"content-type": "application/json", "content-encoding": "gzip", "accept-encoding": "gzip"},
        ) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            body = json.loads(gzip.decompress(b"".join(answer.iter_raw())))
            assert len(body["hits"]["hits"]) == 100


def test_a_body_of_unknown_length_and_a_large_one(gateway: str) -> None:
    def lines() -> Iterator[bytes]:
        for n in range(2000):
            yield b'{"index":{"_index":"through-large","_id":"%d"}}\n{"text":"%s"}\n' % (n, b"word " * 1000)

    json_lines = {"content-type": "application/x-ndjson"}
    try:
        answer = httpx.post(f"{gateway}/_bulk", content=lines(), headers=json_lines, timeout=120)
        assert answer.json()["errors"] is False
        assert len(answer.json()["items"]) == 2000
    finally:
        httpx.delete(f"{gateway}/through-large")


def test_the_official_client_works_unchanged(gateway: str) -> None:
    client = OpenSearch(hosts=[gateway], http_compress=True)
    found = list(helpers.scan(client, index="through", size=50))
    assert len(found) == 201
    pit = client.create_pit(index="through", params={"keep_alive": "1m"})["pit_id"]
    body = {"pit": {"id": pit}, "size": 10, "sort": ["_doc"]}
    assert len(client.search(body=body)["hits"]["hits"]) == 10
    client.delete_pit(body={"pit_id": [pit]})
    client.close()


def test_a_cluster_that_is_away_is_a_502_that_clients_can_read(start_gateway: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with start_gateway(f"http://127.0.0.1:{port}") as gateway:
        answer = httpx.get(f"{gateway.url}/_search")
        assert answer.status_code == 502
        assert f"127.0.0.1:{port} gave no answer" in answer.json()["error"]["reason"]


def test_a_client_that_hangs_up_ends_the_request_to_the_cluster(start_gateway: Any) -> None:
    hung_up = threading.Event()

    def slow_cluster(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(20)
            connection.recv(65536)
            if connection.recv(1) == b"":
                hung_up.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=slow_cluster, args=(listening,), daemon=True).start()
        with start_gateway(f"http://127.0.0.1:{listening.getsockname()[1]}") as gateway:
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"{gateway.url}/_search", timeout=0.5)
            assert hung_up.wait(10)


def test_half_an_answer_is_not_taken_for_a_whole_one(start_gateway: Any) -> None:
    def failing_cluster(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + b"x" * 10)
        time.sleep(0.2)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=failing_cluster, args=(listening,), daemon=True).start()
        with (
            start_gateway(f"http://127.0.0.1:{listening.getsockname()[1]}") as gateway,
            pytest.raises(httpx.RemoteProtocolError),
        ):
            httpx.get(f"{gateway.url}/_search")


def test_a_large_body_and_a_slow_cluster_cost_no_memory(start_gateway: Any) -> None:
    total = 200_000_000
    received: list[int] = []

    def slow_cluster(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            got = 0
            while got < total:
                got += len(connection.recv(1 << 20))
                time.sleep(0.0005)
            received.append(got)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=slow_cluster, args=(listening,), daemon=True).start()
        with start_gateway(f"http://127.0.0.1:{listening.getsockname()[1]}") as gateway:
            before = peak_bytes(gateway.process.pid)
            chunks = (b"x" * 1_000_000 for _ in range(total // 1_000_000))
            answer = httpx.post(f"{gateway.url}/x", content=chunks, timeout=120)
            assert answer.content == b"{}"
            assert received[0] >= total
            assert peak_bytes(gateway.process.pid) - before < 20_000_000


def peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
