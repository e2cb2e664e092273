"""Keys: hashed at rest, each good for its scopes, never in a reply."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from outrider.plugin.errors import Forbidden, Unauthorized
from outrider.plugin.keys import KeyRing, Scope, digest, new_key
from outrider.plugin.settings import KeySettings

KEYS = {"reader": new_key(), "encoder": new_key(), "ranker": new_key(), "admin": new_key()}
SCOPES: dict[str, list[str]] = {"reader": [], "encoder": ["encode"], "ranker": ["rank"], "admin": ["admin"]}


@pytest.fixture(scope="module")
def guarded(start_sidecar: Any) -> Iterator[str]:
    keys = [{"name": name, "sha256": digest(key), "scopes": SCOPES[name]} for name, key in KEYS.items()]
    with start_sidecar(OUTRIDER_API_KEYS=json.dumps(keys)) as running:
        yield running.url


def status(url: str, path: str, body: Any, key: str | None) -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    reply = (
        httpx.post(url + path, json=body, headers=headers, timeout=60)
        if body
        else httpx.get(url + path, headers=headers)
    )
    assert key is None or key not in reply.text
    return reply.status_code


REQUESTS: dict[str, tuple[str, Any]] = {
    "encoder": ("/embed", {"inputs": "a"}),
    "ranker": ("/v2/rerank", {"query": "a", "documents": ["b"]}),
    "admin": ("/models/load", {"model": "splade"}),
}


@pytest.mark.parametrize("needed", REQUESTS)
@pytest.mark.parametrize("holder", KEYS)
def test_a_key_is_good_for_its_scope_only(guarded: str, needed: str, holder: str) -> None:
    path, body = REQUESTS[needed]
    assert status(guarded, path, body, KEYS[holder]) == (200 if holder == needed else 403)


@pytest.mark.parametrize("key", [None, "wrong"])
def test_without_a_known_key_only_health_is_told(guarded: str, key: str | None) -> None:
    for path, body in REQUESTS.values():
        assert status(guarded, path, body, key) == 401
    for path in ("/metrics", "/info", "/v1/models"):
        assert status(guarded, path, None, key) == 401
        assert status(guarded, path, None, KEYS["reader"]) == 200
    for path in ("/health", "/ready"):
        assert status(guarded, path, None, key) == 200


def test_the_error_has_the_protocols_shape(guarded: str) -> None:
    assert httpx.post(f"{guarded}/v1/embeddings", json={"input": "a"}).json()["error"]["type"] == "authentication_error"
    assert "key" in httpx.post(f"{guarded}/embed", json={"inputs": "a"}).json()["error"]


@pytest.mark.parametrize("header", ["x-api-key", "api-key"])
def test_other_headers_carry_keys_too(guarded: str, header: str) -> None:
    assert httpx.post(f"{guarded}/embed", json={"inputs": "a"}, headers={header: KEYS["encoder"]}).status_code == 200


def test_without_keys_administration_is_for_this_machine_only() -> None:
    KeyRing((), "127.0.0.1").check((), Scope.ADMIN)
    KeyRing((), "0.0.0.0").check((), Scope.ENCODE)
    with pytest.raises(Forbidden):
        KeyRing((), "0.0.0.0").check((), Scope.ADMIN)


def test_a_ring_keeps_no_key() -> None:
    key = new_key()
    ring = KeyRing([KeySettings(name="a", sha256=digest(key))], "0.0.0.0")
    ring.check([(b"authorization", f"Bearer {key}".encode())], Scope.RANK)
    assert key not in repr(vars(ring))
    with pytest.raises(Unauthorized):
        ring.check([(b"authorization", b"Bearer " + digest(key).encode())], Scope.RANK)
