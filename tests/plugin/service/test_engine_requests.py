"""Bodies exactly as OpenSearch 3.6.0 and Elasticsearch 9.4.3 were seen to send them, and what each must read back.

Recorded from real nodes that called a model server; the engines themselves are tested elsewhere.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Post = Callable[..., httpx.Response]
Reads = Callable[[Any], int]


def floats(rows: list[list[float]]) -> int:
    """OpenSearch and Elasticsearch take rows of numbers, none empty, one an input."""
    assert all(len(row) == 384 and all(isinstance(number, float) for number in row) for row in rows)
    return len(rows)


def weights(rows: list[dict[str, float]]) -> int:
    """neural_sparse takes weights above 0 and up to 64, under names without dots."""
    for row in rows:
        assert row
        assert all(0 < weight <= 64 for weight in row.values())
        assert not any("." in token for token in row)
    return len(rows)


def parallel(rows: list[dict[str, Any]]) -> int:
    return weights([{pair["token"]: pair["weight"] for pair in row["embedding"]} for row in rows])


def scored(name: str, rows: list[dict[str, Any]], allowed: set[str]) -> int:
    """Each index once; a score that is no float fails a cast in OpenSearch."""
    assert sorted(row["index"] for row in rows) == list(range(len(rows)))
    assert all(isinstance(row["index"], int) and isinstance(row[name], float) for row in rows)
    assert all(set(row) <= allowed for row in rows)
    return len(rows)


REQUESTS: list[tuple[str, str, str, int, Reads]] = [
    # OpenSearch 3.6.0
    (
        "connector openai",
        "/v1/embeddings",
        '{ "input": ["a b","c"], "model": "minilm" }',
        2,
        lambda reply: floats([each["embedding"] for each in reply["data"]]),
    ),
    (
        "chunks of two documents",
        "/v1/embeddings",
        '{ "input": ["one two three four five ","six seven","cats chase mice. dogs bark"], "model": "minilm" }',
        3,
        lambda reply: floats([each["embedding"] for each in reply["data"]]),
    ),
    ("sparse_encoding", "/sparse", '{ "inputs": ["cat dog","c. d."], "format": "WORD" }', 2, weights),
    (
        "SEISMIC",
        "/sparse",
        '{ "inputs": ["101 102"], "format": "TOKEN_ID" }',
        1,
        lambda reply: weights([{str(int(token)): weight for token, weight in row.items()} for row in reply]),
    ),
    (
        "rerank",
        "/os/rerank",
        '{ "query": "cat \\"quoted\\"", "documents": ["a cat","nothing",""], "top_n": 3 }',
        3,
        lambda reply: scored("relevance_score", reply, {"index", "relevance_score"}),
    ),
    ("ingest, asymmetric", "/os/asym", '{ "texts": ["dogs bark","cats"], "content_type": "passage" }', 2, floats),
    ("query, asymmetric", "/os/asym", '{ "texts": ["cats"], "content_type": "query" }', 1, floats),
    (
        "query, asymmetric and sparse",
        "/os/asym",
        '{ "texts": ["cats."], "content_type": "query", "model": "splade" }',
        1,
        weights,
    ),
    # Elasticsearch 9.4.3
    (
        "custom, when it is created",
        "/v1/embeddings",
        '{"input": ["how big"], "model": "minilm", "input_type": "search_document"}',
        1,
        lambda reply: floats([each["embedding"] for each in reply["data"]]),
    ),
    (
        "custom dense",
        "/v1/embeddings",
        '{"input": ["A \\"quoted\\" text\\nline","b"], "model": "minilm", "input_type": "search_query"}',
        2,
        lambda reply: floats([each["embedding"] for each in reply["data"]]),
    ),
    ("custom sparse", "/sparse/parallel", '{"input": ["cat sat","dog"]}', 2, lambda reply: parallel(reply["result"])),
    (
        "custom rerank",
        "/v2/rerank",
        '{"query": "say \\"cat\\"", "documents": ["dog","cat here"]}',
        2,
        lambda reply: scored("relevance_score", reply["results"], {"index", "relevance_score"}),
    ),
    ("hugging_face dense", "/embed", '{"inputs":["a","b"]}', 2, floats),
    (
        "hugging_face rerank",
        "/rerank",
        '{"texts":["dog","cat here"],"query":"cat"}',
        2,
        lambda reply: scored("score", reply, {"index", "score"}),
    ),
    (
        "hugging_face rerank with options",
        "/rerank",
        '{"texts":["cat here"],"query":"cat","return_text":true,"top_n":1}',
        1,
        lambda reply: scored("score", reply, {"index", "score", "text"}),
    ),
    ("hugging_face_elser", "/sparse", '{"inputs":["cat sat","dog"]}', 2, weights),
    (
        "openai",
        "/v1/embeddings",
        '{"input":["a"],"model":"minilm","user":"u","dimensions":384}',
        1,
        lambda reply: floats([each["embedding"] for each in reply["data"]]),
    ),
    (
        "text_similarity_reranker",
        "/v2/rerank",
        '{"query": "dog ran", "documents": ["the cat sat","a dog ran","third one"]}',
        3,
        lambda reply: scored("relevance_score", reply["results"], {"index", "relevance_score"}),
    ),
]


@pytest.mark.parametrize(
    ("path", "body", "count", "reads"), [each[1:] for each in REQUESTS], ids=[e[0] for e in REQUESTS]
)
def test_an_engine_reads_one_entry_an_input(post: Post, path: str, body: str, count: int, reads: Reads) -> None:
    reply = post(path, body.encode())
    assert reply.status_code == 200
    assert reply.content.isascii()
    assert reads(json.loads(reply.content)) == count
    # What is longer than 18 characters becomes a BigDecimal in OpenSearch's parser, which its casts do not take.
    assert max(map(len, re.findall(rb"-?\d+\.\d+(?:e-?\d+)?", reply.content)), default=0) <= 18


def test_raw_utf8_and_escaped_text_are_the_same(post: Post) -> None:
    raw = post("/embed", '{"inputs":["Zürich 東京 😀"]}'.encode())
    escaped = post("/embed", b'{"inputs":["Z\\u00fcrich \\u6771\\u4eac \\ud83d\\ude00"]}')
    assert raw.json() == escaped.json()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", b'{ "input": hello, "model": "minilm" }'),
        ("/os/rerank", b'{ "query": "["a"]", "documents": ["b"], "top_n": 1 }'),
        ("/v2/rerank", b'{"query": say cat, "documents": ["dog"]}'),
    ],
)
def test_templates_that_break_json_are_400_and_say_so(post: Post, path: str, body: bytes) -> None:
    reply = post(path, body)
    assert reply.status_code == 400
    assert "not JSON" in reply.text
