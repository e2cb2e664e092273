"""What is wrong with a request is said in the protocol's own shape: 4xx, never 5xx, and the good texts are not lost."""

import json
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from outrider.plugin.routes import OPERATIONS

Post = Callable[..., httpx.Response]

PATHS = sorted({operation.path for operation in OPERATIONS})
DEEP = b'{"texts":' + b"[" * 100 + b"]" * 100 + b"}"
BODIES: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"{nope",
    "an array": b'["a"]',
    "a number": b"7",
    "invalid UTF-8": b'{"texts":["\xff\xfe"],"inputs":["\xff"],"input":"\xff","query":"\xff","documents":["\xff"]}',
    "NaN": b'{"texts":[NaN],"inputs":[NaN],"input":NaN,"query":NaN,"documents":[NaN],"timeout":NaN}',
    "infinity and an escape": b'{"texts":["\\u0041"],"timeout":Infinity}',
    "wrong types": b'{"texts":{"a":1},"inputs":7,"input":true,"query":["a"],"documents":"a","inputs2":null}',
    "nulls": b'{"texts":null,"inputs":null,"input":null,"query":null,"documents":null,"model":3}',
    "no fields": b"{}",
    "deep": DEEP,
    "very deep": b'{"texts":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "unknown model": b'{"texts":["a"],"inputs":["a"],"input":"a","query":"a","documents":["a"],"text_1":"a",'
    b'"text_2":"a","content":"a","model":"nobody"}',
}
SHAPES: dict[str, Callable[[Any], str]] = {
    "/encode_document": lambda body: body["error"]["message"],
    "/rank": lambda body: body["error"]["message"],
    "/v1/embeddings": lambda body: body["error"]["message"],
    "/embed": lambda body: body["error"],
    "/rerank": lambda body: body["error"],
    "/v1/rerank": lambda body: body["message"],
    "/v2/rerank": lambda body: body["detail"],
    "/sparse": lambda body: body["error"]["message"],
    "/os/asym": lambda body: body["error"]["message"],
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("what", BODIES)
def test_a_bad_body_is_the_callers_fault(post: Post, path: str, what: str) -> None:
    reply = post(path, BODIES[what])
    assert 400 <= reply.status_code < 500
    assert reply.headers["content-type"] == "application/json"
    assert json.loads(reply.content)


@pytest.mark.parametrize("path", SHAPES)
def test_errors_have_the_protocols_shape_and_say_what_is_wrong(post: Post, path: str) -> None:
    assert "not JSON" in SHAPES[path](post(path, b"{nope").json())


def test_one_bad_text_fails_alone(post: Post) -> None:
    body = b'{"texts":["good",null,"\\ud83d half a pair",7,["list"],"also good",""]}'
    reply = post("/encode_document", body).json()
    assert [error["index"] for error in reply["errors"]] == [1, 2, 3, 4]
    assert [embedding is None for embedding in reply["embeddings"]] == [False, True, True, True, True, False, False]
    assert "lone surrogate" in reply["errors"][1]["message"]
    assert reply["errors"][0]["message"] == "texts[1] must be a string, got null"
    alone = post("/encode_document", {"texts": ["also good"]}).json()
    assert reply["embeddings"][5] == pytest.approx(alone["embeddings"][0], abs=1e-5)


def test_a_lone_surrogate_is_named_where_texts_cannot_fail_alone(post: Post) -> None:
    reply = post("/v1/embeddings", b'{"input":["good","\\ud83d"]}')
    assert reply.status_code == 422
    assert "text 1: the text is not valid Unicode" in reply.json()["error"]["message"]


def test_ten_thousand_characters_are_cut_and_reported(post: Post) -> None:
    reply = post("/encode_document", {"texts": ["word " * 20_000, "short"]}).json()
    assert reply["truncated"] == [0]
    assert reply["errors"] == []


def test_no_texts_give_no_embeddings(post: Post) -> None:
    assert post("/encode_document", {"texts": []}).json()["embeddings"] == []


def test_a_model_of_another_kind_is_named(post: Post) -> None:
    reply = post("/v1/embeddings", {"input": "a", "model": "splade"})
    assert reply.status_code == 400
    assert "'splade-tiny' is a sparse model and this route takes dense" in reply.json()["error"]["message"]


def test_an_unknown_model_is_404_and_lists_what_is_served(post: Post) -> None:
    reply = post("/embed", {"inputs": "a", "model": "nobody"})
    assert reply.status_code == 404
    assert "all-MiniLM-L6-v2 (dense)" in reply.json()["error"]


def test_an_unknown_side_lists_the_known_words(post: Post) -> None:
    reply = post("/v1/embeddings", {"input": "a", "input_type": "sideways"})
    assert reply.status_code == 400
    assert "search_query" in reply.json()["error"]["message"]


def test_too_many_texts_are_refused(post: Post) -> None:
    reply = post("/embed", {"inputs": ["a"] * 2049})
    assert reply.status_code == 413
    assert "limits.texts" in reply.json()["error"]


def test_a_text_beyond_the_limit_is_refused_alone(post: Post) -> None:
    reply = post("/encode_document", {"texts": ["a" * 1_000_001, "b"]}).json()
    assert [error["status"] for error in reply["errors"]] == [413]
    assert reply["embeddings"][1] is not None


def test_a_body_beyond_the_limit_is_refused(post: Post) -> None:
    reply = post("/embed", b" " * (32 * 1024 * 1024 + 1))
    assert reply.status_code == 413
    assert "limits.body_bytes" in reply.json()["error"]


def test_a_chunked_body_beyond_the_limit_is_refused(http: httpx.Client) -> None:
    reply = http.post("/embed", content=iter([b" " * (1 << 20)] * 40))
    assert reply.status_code == 413


def test_an_unknown_route_and_a_wrong_method_are_explained(http: httpx.Client) -> None:
    missing, wrong = http.get("/nowhere"), http.get("/embed")
    assert (missing.status_code, wrong.status_code) == (404, 405)
    assert "/docs" in missing.json()["error"]["message"]


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "1e9"])
def test_a_timeout_that_is_no_time_is_refused(post: Post, value: str) -> None:
    reply = post("/encode_query", {"texts": ["a"]}, **{"Outrider-Timeout": value})
    assert reply.status_code == 400
    assert "Outrider-Timeout" in reply.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/embed", "/v1/embeddings", "/v2/embed"])
def test_more_dimensions_than_the_model_has_are_refused(post: Post, path: str) -> None:
    body = {"inputs": "a", "input": "a", "texts": ["a"], "dimensions": 385, "output_dimension": 385}
    if path == "/v2/embed":
        del body["inputs"]
    reply = post(path, body)
    assert reply.status_code == 400
    assert "at most 384" in reply.text


def test_a_body_that_does_not_arrive_is_504(sidecar: Any) -> None:
    host, port = sidecar.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"POST /embed HTTP/1.1\r\nHost: x\r\nOutrider-Timeout: 0.2\r\nContent-Length: 50\r\n\r\n{")
        assert slow.recv(100).startswith(b"HTTP/1.1 504 ")
