"""Models come, are replaced and go while the sidecar runs, and no request is dropped for it."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest


@pytest.fixture(scope="module")
def http(start_sidecar: Any) -> Iterator[httpx.Client]:
    with start_sidecar() as running, httpx.Client(base_url=running.url, timeout=60) as client:
        yield client


def served(http: httpx.Client) -> list[str]:
    return [model["id"] for model in http.get("/v1/models").json()["data"] if model["state"] == "ready"]


def test_an_unloaded_model_is_unknown_until_it_is_loaded_again(http: httpx.Client) -> None:
    before = served(http)
    assert http.post("/models/unload", json={"model": "splade"}).status_code == 200
    assert http.post("/sparse", json={"inputs": ["a"]}).status_code == 404
    assert http.post("/embed", json={"inputs": ["a"]}).status_code == 200
    assert "splade-tiny" not in served(http)
    assert http.get("/ready").json()["models"]["splade-tiny"] == "unloaded"
    assert http.post("/models/load", json={"model": "splade"}).json()["kind"] == "sparse"
    assert http.post("/sparse", json={"inputs": ["a"]}).status_code == 200
    assert served(http) == before


def test_a_reload_drops_no_request(http: httpx.Client) -> None:
    statuses: list[int] = []
    is_over = threading.Event()

    def ask(number: int) -> None:
        with httpx.Client(base_url=http.base_url, timeout=60) as asking:
            count = 0
            while not is_over.is_set():
                count += 1
                texts = [f"text {number} {count}", "and another"]
                statuses.append(asking.post("/encode_document", json={"texts": texts}).status_code)

    askers = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for asker in askers:
        asker.start()
    for _ in range(3):
        assert http.post("/models/load", json={"model": "minilm"}).status_code == 200
    is_over.set()
    for asker in askers:
        asker.join()
    assert len(statuses) > 4
    assert set(statuses) == {200}


@pytest.mark.parametrize("name", ["nobody", "/etc", "http://example.org/model", "../models", "bge-small-en-v1.5-int8"])
def test_only_what_the_settings_name_can_be_loaded(http: httpx.Client, name: str) -> None:
    reply = http.post("/models/load", json={"model": name})
    assert reply.status_code == 400
    assert "not in the settings" in reply.json()["error"]["message"]


def test_unloading_what_is_not_there_is_404(http: httpx.Client) -> None:
    assert http.post("/models/unload", json={"model": "nobody"}).status_code == 404
