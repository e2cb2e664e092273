"""Three real models behind real HTTP: what comes back is what the models give."""

import base64
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from outrider.encoders import DEFAULT_DENSE, DEFAULT_RERANKER, DEFAULT_SPARSE, Model, open_model

Post = Callable[..., httpx.Response]

TEXTS = ["A heron stands in the reeds.", "The train leaves at nine.", "café naïve 😀", "x " * 2000]
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def dense() -> Model:
    return open_model(DEFAULT_DENSE)


@pytest.fixture(scope="module")
def sparse() -> Model:
    return open_model(DEFAULT_SPARSE)


@pytest.fixture(scope="module")
def reranker() -> Model:
    return open_model(DEFAULT_RERANKER)


def same(got: Any, wanted: Any) -> None:
    np.testing.assert_allclose(np.asarray(got, dtype=np.float32), np.asarray(wanted), rtol=0, atol=TOLERANCE)


def without_dots(weights: dict[str, float]) -> dict[str, float]:
    return {token.replace("%", "%25").replace(".", "%2E"): weight for token, weight in weights.items()}


def same_weights(got: dict[str, float], wanted: dict[str, float]) -> None:
    assert set(got) == set(wanted)
    same([got[token] for token in wanted], list(wanted.values()))


@pytest.mark.parametrize("side", ["query", "document"])
def test_native_dense_vectors_are_the_models(post: Post, dense: Model, side: str) -> None:
    reply = post(f"/encode_{side}", {"texts": TEXTS}).json()
    same(reply["embeddings"], getattr(dense, f"encode_{side}")(TEXTS))
    assert (reply["model"], reply["kind"], reply["errors"]) == (DEFAULT_DENSE, "dense", [])
    assert reply["fingerprint"] == dense.fingerprint
    assert reply["truncated"] == [3]


def test_native_term_weights_are_the_models(post: Post, sparse: Model) -> None:
    reply = post("/encode_document", {"texts": TEXTS, "model": "splade"}).json()
    for got, wanted in zip(reply["embeddings"], sparse.encode_document(TEXTS), strict=True):
        same_weights(got, wanted.to_dict())
    assert reply["kind"] == "sparse"


def test_two_models_in_one_request(post: Post, dense: Model, sparse: Model) -> None:
    reply = post("/encode_query", {"texts": ["heron"], "models": ["minilm", "splade"]}).json()
    first, second = reply["results"]
    same(first["embeddings"], dense.encode_query(["heron"]))
    same_weights(second["embeddings"][0], sparse.encode_query(["heron"])[0].to_dict())


def test_rank_orders_by_the_models_scores(post: Post, reranker: Model) -> None:
    reply = post("/rank", {"query": "birds near water", "documents": TEXTS[:3], "top_k": 2}).json()
    scores = reranker.rank("birds near water", TEXTS[:3])
    assert [each["index"] for each in reply["results"]] == list(np.argsort(-scores)[:2])
    # The int8 graph quantises activations by the batch, so a score depends a little on its neighbours.
    for each in reply["results"]:
        assert each["score"] == pytest.approx(float(scores[each["index"]]), abs=0.05)
    assert reply["complete"] is True


def test_openai_floats_and_base64_are_the_same_vectors(post: Post, dense: Model) -> None:
    wanted = dense.encode_document(TEXTS)
    floats = post("/v1/embeddings", {"input": TEXTS, "model": "minilm"}).json()
    packed = post("/v1/embeddings", {"input": TEXTS, "model": "minilm", "encoding_format": "base64"}).json()
    same([each["embedding"] for each in floats["data"]], wanted)
    same([np.frombuffer(base64.b64decode(each["embedding"]), "<f4") for each in packed["data"]], wanted)
    assert [each["index"] for each in floats["data"]] == [0, 1, 2, 3]
    assert floats["usage"]["prompt_tokens"] > 256


def test_fewer_dimensions_have_length_one(post: Post) -> None:
    reply = post("/v1/embeddings", {"input": "heron", "model": "minilm", "dimensions": 64}).json()
    vector = np.asarray(reply["data"][0]["embedding"])
    assert vector.shape == (64,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_hugging_face_gets_a_root_array(post: Post, dense: Model, sparse: Model) -> None:
    same(post("/embed", {"inputs": "heron"}).json(), dense.encode_document(["heron"]))
    (weights,) = post("/embed_sparse", {"inputs": ["heron"]}).json()
    wanted = sparse.encode_document(["heron"])[0].to_id_dict()
    assert {each["index"] for each in weights} == set(wanted)
    ranked = post("/rerank", {"query": "birds", "texts": TEXTS[:2]}).json()
    assert [set(each) for each in ranked] == [{"index", "score"}] * 2
    with_text = post("/rerank", {"query": "birds", "texts": TEXTS[:2], "return_text": True}).json()
    assert with_text[0]["text"] == TEXTS[with_text[0]["index"]]


def test_opensearch_sparse_in_words_and_ids(post: Post, sparse: Model) -> None:
    wanted = sparse.encode_document(["a heron", "a train"])
    words = post("/sparse", {"inputs": ["a heron", "a train"], "format": "WORD"}).json()
    ids = post("/sparse", {"inputs": ["a heron", "a train"], "format": "TOKEN_ID"}).json()
    for row, by_word, by_id in zip(wanted, words, ids, strict=True):
        same_weights(by_word, without_dots(row.to_dict()))
        assert set(by_id) == {str(token) for token in row.to_id_dict()}


def test_elasticsearch_finds_tokens_and_weights_in_parallel(post: Post, sparse: Model) -> None:
    reply = post("/sparse/parallel", {"input": ["a heron", "a train"]}).json()
    wanted = sparse.encode_document(["a heron", "a train"])
    for row, each in zip(wanted, reply["result"], strict=True):
        same_weights({pair["token"]: pair["weight"] for pair in each["embedding"]}, without_dots(row.to_dict()))


@pytest.mark.parametrize("model", ["minilm", "splade"])
def test_opensearch_asymmetric_models_get_one_entry_a_text(post: Post, model: str) -> None:
    for content_type in ("query", "passage"):
        body = {"texts": ["a heron", "a train"], "content_type": content_type, "model": model}
        reply = post("/os/asym", body).json()
        assert len(reply) == 2
        assert all(reply)


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank", "/rerank"])
def test_cohere_and_jina_get_an_object_best_first(post: Post, path: str) -> None:
    documents = ["The train leaves at nine.", {"text": "A heron stands in the reeds."}]
    reply = post(path, {"query": "birds near water", "documents": documents, "return_documents": True}).json()
    assert [each["index"] for each in reply["results"]] == [1, 0]
    assert reply["results"][0]["document"]["text"] == "A heron stands in the reeds."
    assert len(post(path, {"query": "q", "documents": documents, "top_n": 1}).json()["results"]) == 1


def test_opensearch_rerank_returns_every_document_with_a_float(post: Post) -> None:
    reply = post("/os/rerank", {"query": "birds", "documents": TEXTS[:3], "top_n": 1})
    assert sorted(each["index"] for each in reply.json()) == [0, 1, 2]
    assert all(isinstance(each["relevance_score"], float) for each in reply.json())
    # OpenSearch's parser makes a BigDecimal of a longer number, and cannot cast it.
    assert max(len(score) for score in re.findall(rb'"relevance_score":([^}]+)', reply.content)) <= 18


def test_query_side_routes_and_aliases_equal_the_native_query(post: Post) -> None:
    native = post("/encode_query", {"texts": ["heron"]}).json()["embeddings"]
    for path, body in (
        ("/query/embed", {"inputs": ["heron"]}),
        ("/embed", {"inputs": ["heron"], "model": "minilm:query"}),
        ("/embed", {"inputs": ["heron"], "prompt_name": "query"}),
        ("/os/asym", {"texts": ["heron"], "content_type": "query"}),
    ):
        same(post(path, body).json(), native)
    same(post("/query/v1/embeddings", {"input": "heron"}).json()["data"][0]["embedding"], native[0])


def test_replies_are_ascii(post: Post) -> None:
    for path, body in (
        ("/sparse", {"inputs": ["café naïve straße 東京"]}),
        ("/rerank", {"query": "東京", "texts": ["東京 😀"], "return_text": True}),
        ("/v1/embeddings", {"input": "東京", "model": "nicht-da-ß"}),
    ):
        assert post(path, body).content.isascii()
    echoed = post("/rerank", {"query": "東京", "texts": ["東京 😀"], "return_text": True}).json()
    assert echoed[0]["text"] == "東京 😀"


def test_a_repeated_query_is_served_from_the_cache(post: Post, http: httpx.Client) -> None:
    def hits() -> float:
        lines = http.get("/metrics").text.splitlines()
        return sum(
            float(line.rpartition(" ")[2]) for line in lines if "query_cache_lookups_total" in line and "hit" in line
        )

    first = post("/encode_query", {"texts": ["a question asked twice"]}).json()
    before = hits()
    assert post("/encode_query", {"texts": ["a question asked twice"]}).json() == first
    assert hits() == before + 1


def test_no_torch_in_a_process_that_served_all_three_kinds() -> None:
    code = """
import sys
from fastapi.testclient import TestClient
from outrider.plugin.app import create_app
from outrider.plugin.settings import read_settings
with TestClient(create_app(read_settings())) as client:
    while client.get("/ready").status_code != 200:
        pass
    assert client.post("/encode_query", json={"texts": ["a"]}).status_code == 200
    assert client.post("/sparse", json={"inputs": ["a"]}).status_code == 200
    assert client.post("/rank", json={"query": "a", "documents": ["b"]}).status_code == 200
print([name for name in ("torch", "transformers", "sentence_transformers") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_cohere_embeds_by_type(post: Post, dense: Model) -> None:
    wanted = dense.encode_query(TEXTS[:2])
    body = {"texts": TEXTS[:2], "input_type": "search_query", "model": "minilm"}
    v1 = post("/v1/embed", body).json()
    same(v1["embeddings"], wanted)
    types = ["float", "int8", "uint8", "binary", "ubinary", "base64"]
    v2 = post("/v2/embed", {**body, "embedding_types": types}).json()["embeddings"]
    same(v2["float"], wanted)
    same([np.frombuffer(base64.b64decode(each), "<f4") for each in v2["base64"]], wanted)
    np.testing.assert_allclose(np.asarray(v2["int8"]) / 127, wanted, atol=0.5 / 127 + TOLERANCE)
    np.testing.assert_array_equal(np.asarray(v2["uint8"]) - 128, v2["int8"])
    np.testing.assert_array_equal(np.unpackbits(np.asarray(v2["ubinary"], dtype=np.uint8), axis=1), wanted > 0)
    np.testing.assert_array_equal(np.asarray(v2["binary"]) + 128, v2["ubinary"])


def test_pairs_are_scored_in_order(post: Post, reranker: Model) -> None:
    wanted = reranker.rank("birds near water", TEXTS[:2])
    scored = post("/v1/score", {"text_1": "birds near water", "text_2": TEXTS[:2]}).json()["data"]
    assert [each["score"] for each in scored] == pytest.approx(wanted.tolist(), abs=0.05)
    predicted = post("/predict", {"inputs": [["birds near water", text] for text in TEXTS[:2]]}).json()
    assert [each[0]["score"] for each in predicted] == pytest.approx(wanted.tolist(), abs=0.05)


def test_raw_scores_are_logits(post: Post) -> None:
    body = {"query": "birds near water", "texts": TEXTS[:2]}
    scores = {each["index"]: each["score"] for each in post("/rerank", body).json()}
    logits = {each["index"]: each["score"] for each in post("/rerank", {**body, "raw_scores": True}).json()}
    for index, score in scores.items():
        assert 1 / (1 + np.exp(-logits[index])) == pytest.approx(score, abs=1e-6)
    assert max(logits.values()) < 0


def test_tokens_and_their_places_as_text_embeddings_inference_gives_them(post: Post) -> None:
    text = "birds near T\u014dky\u014d"
    first, second = post("/tokenize", {"inputs": [text, ""]}).json()
    assert [(each["text"], each["special"]) for each in first[:2]] == [("[CLS]", True), ("birds", False)]
    assert [text[each["start"] : each["stop"]] for each in first[1:-1]] == ["birds", "near", "T\u014dky\u014d"]
    assert [each["id"] for each in second] == [101, 102]
    (bare,) = post("/tokenize", {"inputs": text, "add_special_tokens": False, "model": "splade"}).json()
    assert [each["id"] for each in bare] == [each["id"] for each in first[1:-1]]


def test_jina_embeds_by_type(post: Post, dense: Model) -> None:
    wanted = dense.encode_query(TEXTS[:2])
    body = {"input": TEXTS[:2], "task": "retrieval.query", "model": "minilm"}
    replies = {
        kind: [each["embedding"] for each in post("/v1/embeddings", {**body, "embedding_type": kind}).json()["data"]]
        for kind in ("float", "base64", "binary", "ubinary")
    }
    same(replies["float"], wanted)
    same([np.frombuffer(base64.b64decode(each), "<f4") for each in replies["base64"]], wanted)
    np.testing.assert_array_equal(np.unpackbits(np.asarray(replies["ubinary"], dtype=np.uint8), axis=1), wanted > 0)
    np.testing.assert_array_equal(np.asarray(replies["binary"]) + 128, replies["ubinary"])


def test_jinas_objects_are_texts(post: Post) -> None:
    objects, strings = (post("/v1/embeddings", {"input": given}).json() for given in ([{"text": "a"}], ["a"]))
    assert objects["data"][0]["embedding"] == pytest.approx(strings["data"][0]["embedding"], abs=1e-6)


@pytest.mark.parametrize(
    ("path", "body", "cut"),
    [
        ("/v1/embeddings", {"input": TEXTS}, "1"),
        ("/v1/embeddings", {"input": TEXTS[:3]}, None),
        ("/encode_document", {"texts": TEXTS, "models": ["minilm", "splade"]}, "2"),
        ("/rank", {"query": "q", "documents": [TEXTS[3], TEXTS[0], TEXTS[3]]}, "2"),
        ("/v1/rerank", {"query": "q", "documents": [TEXTS[3], TEXTS[0]]}, "1"),
    ],
)
def test_every_route_says_how_many_texts_were_cut(
    post: Post, http: httpx.Client, path: str, body: dict[str, Any], cut: str | None
) -> None:
    before = _truncated(http)
    assert post(path, body).headers.get("outrider-truncated") == cut
    assert _truncated(http) - before == int(cut or 0)


def _truncated(http: httpx.Client) -> float:
    lines = http.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("outrider_truncated_texts_total{"))
