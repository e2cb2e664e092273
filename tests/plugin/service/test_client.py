"""Connectors' Encoder over HTTP and in process: the same answers, patience, and an honest end to it."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from outrider.connectors import Context, Encoded, EncoderUnavailable, EncodingFailed
from outrider.encoders import DEFAULT_DENSE, DEFAULT_RERANKER, DEFAULT_SPARSE, open_model
from outrider.plugin.client import SidecarClient
from outrider.plugin.errors import SidecarRefused
from outrider.plugin.local_encoder import LocalEncoder

TEXTS = ["A heron stands in the reeds.", "half a pair \ud83d", "", "The train leaves at nine. " * 100]


@pytest.fixture(scope="module")
def client(sidecar: Any) -> Iterator[SidecarClient]:
    with SidecarClient(sidecar.url, texts_per_request=3) as made:
        yield made


@pytest.fixture(scope="module")
def local() -> LocalEncoder:
    return LocalEncoder()


def test_models_are_named_with_their_fingerprints(client: SidecarClient, local: LocalEncoder) -> None:
    assert client.models == local.models
    assert client.models.dimension == 384
    assert client.models.dense is not None
    assert client.models.dense.fingerprint == open_model(DEFAULT_DENSE).fingerprint


def test_documents_come_back_in_order_with_both_vectors_and_bad_ones_alone(
    client: SidecarClient, local: LocalEncoder
) -> None:
    over_http, in_process = client.encode_document(TEXTS), local.encode_document(TEXTS)
    for remote, near in zip(over_http, in_process, strict=True):
        assert type(remote) is type(near)
        if isinstance(remote, Encoded) and isinstance(near, Encoded):
            assert remote.dense == pytest.approx(near.dense, abs=1e-5)
            assert remote.sparse == pytest.approx(near.sparse, abs=1e-5)
    assert isinstance(over_http[1], EncodingFailed)
    assert "lone surrogate" in over_http[1].reason


def test_texts_cut_by_a_model_say_so(client: SidecarClient, local: LocalEncoder) -> None:
    for encoder in (client, local):
        assert [getattr(each, "truncated", None) for each in encoder.encode_document(TEXTS)] == [
            False,
            None,
            False,
            True,
        ]


def test_tokens_are_measured_alike_of_texts_of_any_length(client: SidecarClient, local: LocalEncoder) -> None:
    texts = [TEXTS[0], "", TEXTS[3], "word " * 50_000]
    over_http, in_process = client.token_spans(texts), local.token_spans(texts)
    assert over_http == in_process
    assert [len(spans) for spans in over_http.spans] == [8, 0, 600, 50_000]
    assert over_http.spans[0][1] == (2, 7)
    assert over_http.room == open_model(DEFAULT_DENSE).max_tokens - 2


def test_chunks_are_encoded_late_alike(client: SidecarClient, local: LocalEncoder) -> None:
    whole = "A heron stands in the reeds. It catches fish."
    contexts = [
        Context(whole, ((0, 28), (29, len(whole)))),
        Context("\ud83d", ((0, 1),)),
        Context("word " * 400, ((0, 20), (1990, 1995))),
        Context("x", ((0, 1),)),
    ]
    texts = [[whole[:28], whole[29:]], ["\ud83d"], ["a", "b"], ["x"]]
    over_http, in_process = client.encode_chunks(contexts, texts), local.encode_chunks(contexts, texts)
    for remote, near in zip(over_http, in_process, strict=True):
        assert type(remote) is type(near)
        if isinstance(remote, EncodingFailed) or isinstance(near, EncodingFailed):
            continue
        assert [each.sparse for each in remote] == [pytest.approx(each.sparse, abs=1e-5) for each in near]
        assert [each.dense for each in remote] == [pytest.approx(each.dense, abs=1e-5) for each in near]
    assert [isinstance(each, EncodingFailed) for each in over_http] == [False, True, True, False]
    assert "reads no token between characters 1990 and 1995" in over_http[2].reason  # type: ignore[union-attr]
    (alone,) = local.encode_document(["x"])
    assert isinstance(alone, Encoded)
    assert over_http[3][0].dense == pytest.approx(alone.dense, abs=1e-5)  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"texts": [{"text": "abc", "spans": [[1, 4]]}]},
            "texts[0] has 3 characters, and the range 1 to 4 is none of it",
        ),
        ({"texts": [{"text": "abc", "spans": [[2, 2]]}]}, "the range 2 to 2 is none of it"),
        ({"texts": [{"text": "abc", "spans": []}]}, "spans"),
        ({"texts": [], "model": DEFAULT_SPARSE}, "is a sparse model"),
    ],
)
def test_ranges_that_are_none_are_refused(sidecar: Any, body: Any, said: str) -> None:
    answer = httpx.post(f"{sidecar.url}/encode_chunks", json=body)
    assert answer.status_code in (400, 404, 422)
    assert said in answer.text


def test_what_a_slow_sidecar_has_no_time_for_at_once_is_sent_in_smaller_parts(
    sidecar: Any, client: SidecarClient
) -> None:
    texts = [f"{number} herons stand in the reeds and wait for the night train. " * 8 for number in range(600)]
    one_by_one = client.encode_document(texts[:20])
    started_s = time.monotonic()
    client.encode_document(texts[20:60])
    short_s = 1.5 * (time.monotonic() - started_s)
    sizes: list[int] = []

    class Watched(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST":
                sizes.append(len(json.loads(request.content)["texts"]))
            return super().handle_request(request)

    with SidecarClient(
        sidecar.url, patience_s=60, timeout_s=short_s, texts_per_request=600, transport=Watched()
    ) as pressed:
        results = pressed.encode_document(texts)
    assert sizes[0] == 600
    assert sizes[1] == 300
    assert len(results) == 600
    for got, wanted in zip(results, one_by_one, strict=False):
        assert isinstance(got, Encoded)
        assert isinstance(wanted, Encoded)
        assert got.dense == pytest.approx(wanted.dense, abs=1e-5)


def test_models_are_chosen_by_name_or_left_out(sidecar: Any) -> None:
    with SidecarClient(sidecar.url, only={"dense": DEFAULT_DENSE, "sparse": None}) as chosen:
        assert chosen.models.sparse is None
        assert chosen.models.dense is not None
        (encoded,) = chosen.encode_document(["a heron"])
        assert isinstance(encoded, Encoded)
        assert encoded.sparse is None
    with (
        SidecarClient(sidecar.url, only={"dense": "another"}) as missing,
        pytest.raises(SidecarRefused, match="serves no dense model 'another'"),
    ):
        _ = missing.models


def test_a_sidecar_that_still_loads_lists_every_model_and_is_waited_for(start_sidecar: Any) -> None:
    with start_sidecar(wait=False) as starting:
        listed = httpx.get(f"{starting.url}/v1/models").json()["data"]
        assert [model["id"] for model in listed] == [DEFAULT_DENSE, DEFAULT_SPARSE, DEFAULT_RERANKER]
        assert listed[-1]["state"] == "loading", "the machine is too fast for this test"
        assert listed[-1]["fingerprint"] is None
        with SidecarClient(starting.url, patience_s=0) as hasty, pytest.raises(EncoderUnavailable, match="loading"):
            _ = hasty.models
        with SidecarClient(starting.url) as early:
            assert all(getattr(early.models, kind) for kind in ("dense", "sparse", "rerank"))
        assert {model["state"] for model in httpx.get(f"{starting.url}/v1/models").json()["data"]} == {"ready"}


def test_the_named_reranker_is_the_one_that_is_asked() -> None:
    transport, seen = answering(httpx.Response(200, json=RANKED))
    with SidecarClient("http://sidecar", only={"rerank": "second"}, transport=transport) as client:
        client.rank("q", ["d"])
    assert b'"model":"second"' in seen[0].content


def test_queries_and_ranks_agree_in_process_and_over_http(client: SidecarClient, local: LocalEncoder) -> None:
    sparse = open_model(DEFAULT_SPARSE).encode_query(["birds"])[0].to_dict()
    assert client.encode_query("birds").sparse == pytest.approx(sparse, abs=1e-5)
    assert local.encode_query("birds").dense == pytest.approx(client.encode_query("birds").dense, abs=1e-5)
    scores = client.rank("birds near water", [TEXTS[3], TEXTS[0]])
    assert scores[1] > scores[0]
    assert scores == pytest.approx(local.rank("birds near water", [TEXTS[3], TEXTS[0]]), abs=0.05)
    assert client.rank("birds", []) == []


def test_a_query_that_is_no_text_is_refused(client: SidecarClient) -> None:
    with pytest.raises(SidecarRefused, match="lone surrogate"):
        client.encode_query("\ud83d")


def test_an_unreachable_sidecar_is_named_after_the_patience_is_over() -> None:
    with (
        SidecarClient("http://127.0.0.1:9", patience_s=0.3) as nobody,
        pytest.raises(EncoderUnavailable, match=r"http://127\.0\.0\.1:9 did not answer .* `outrider serve`"),
    ):
        nobody.encode_query("a")


def answering(*replies: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A transport that gives these replies in turn, and the requests that it saw."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        reply = replies[min(len(seen), len(replies)) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply

    return httpx.MockTransport(answer), seen


RANKED = {"complete": True, "results": [{"index": 0, "score": 0.5}]}


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(429, json={"error": {"message": "full"}}),
        httpx.Response(503, json={"error": {"message": "loading"}}),
        httpx.Response(504, json={"error": {"message": "late"}}),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
    ],
)
def test_passing_trouble_is_asked_again(trouble: httpx.Response | Exception) -> None:
    transport, seen = answering(trouble, trouble, httpx.Response(200, json=RANKED))
    with SidecarClient("http://sidecar", transport=transport) as client:
        assert client.rank("q", ["d"]) == [0.5]
    assert len(seen) == 3


def test_a_refusal_is_not_asked_again() -> None:
    transport, seen = answering(httpx.Response(400, json={"error": {"message": "query must be a string"}}))
    with (
        SidecarClient("http://sidecar", transport=transport) as client,
        pytest.raises(SidecarRefused, match="400: query must be a string"),
    ):
        client.rank("q", ["d"])
    assert len(seen) == 1


def test_scores_that_the_deadline_left_out_are_not_made_up() -> None:
    partial = {"complete": False, "results": [{"index": 0, "score": None}]}
    transport, _ = answering(httpx.Response(200, json=partial))
    with SidecarClient("http://sidecar", transport=transport) as client, pytest.raises(EncoderUnavailable):
        client.rank("q", ["d"])


def test_a_model_that_changes_under_way_is_noticed() -> None:
    model = {"id": "m", "name": "m", "state": "ready", "kind": "dense", "fingerprint": "old", "dimension": 2}
    served = {"data": [model]}
    encoded = {"model": "m", "kind": "dense", "fingerprint": "new", "embeddings": [[0.5, 0.5]], "errors": []}
    transport, _ = answering(
        *(httpx.Response(200, json=body) for body in ({"ready": True}, served, {"results": [encoded]}))
    )
    with (
        SidecarClient("http://sidecar", transport=transport) as client,
        pytest.raises(SidecarRefused, match=r"now encodes with m new, it was m \(old\)"),
    ):
        client.encode_document(["a"])


def test_the_key_is_sent() -> None:
    transport, seen = answering(httpx.Response(200, json=RANKED))
    with SidecarClient("http://sidecar", api_key="secret", transport=transport) as client:
        client.rank("q", ["d"])
    assert seen[0].headers["authorization"] == "Bearer secret"
