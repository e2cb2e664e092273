"""A sidecar that is away, or whose models change, as the gateway sees it."""

import json
import time
from contextlib import suppress

import httpx
import pytest

from outrider.connectors import (
    Deadlines,
    DenseField,
    EncoderLate,
    EncoderUnavailable,
    IndexSpec,
    ModelIdentity,
    Models,
    SparseField,
)
from outrider.plugin.client import SidecarClient
from outrider.plugin.gateway.encoding import Guarded, InTime


def listed(name: str, kind: str, dimension: int | None = None) -> dict[str, object]:
    facts = {"id": name, "name": name, "aliases": [], "state": "ready"}
    return {**facts, "kind": kind, "fingerprint": f"{name}1", "dimension": dimension}


DENSE, SPARSE, RERANK = listed("d", "dense", 3), listed("s", "sparse"), listed("r", "rerank")
MODELS = Models(ModelIdentity("d", "d1"), ModelIdentity("s", "s1"), None, 3)
SPEC = IndexSpec("products", ("title",), MODELS, DenseField(3), SparseField())


class Starting:
    """What a sidecar lists while models are added to it; counts how often it is asked."""

    def __init__(self) -> None:
        self.served: list[dict[str, object]] | None = []
        self.asked = 0

    def answer(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.served is None:
            raise httpx.ConnectError("nobody listens")
        return httpx.Response(200, content=json.dumps({"data": self.served}))

    def connect(self) -> SidecarClient:
        return SidecarClient("http://sidecar", patience_s=0, transport=httpx.MockTransport(self.answer))


def test_models_that_are_loaded_later_are_noticed() -> None:
    starting = Starting()
    guarded = Guarded(starting.connect, pause_s=0.01, trust_s=60)
    for served in ([], [DENSE]):
        starting.served = served
        with pytest.raises(EncoderUnavailable, match="serves none"):
            guarded.check(SPEC)
        time.sleep(0.02)
    starting.served = [DENSE, SPARSE]
    for _ in range(2):  # what was seen a moment ago may be told once more; that makes it look again
        time.sleep(0.02)
        with suppress(EncoderUnavailable):
            guarded.check(SPEC)
    guarded.check(SPEC)


def test_a_reranker_that_comes_last_is_noticed_though_nothing_fails() -> None:
    starting = Starting()
    starting.served = [DENSE, SPARSE]
    guarded = Guarded(starting.connect, pause_s=60, trust_s=0.05)
    guarded.check(SPEC)
    assert guarded.models.rerank is None
    starting.served = [DENSE, SPARSE, RERANK]
    time.sleep(0.1)
    assert guarded.models.rerank == ModelIdentity("r", "r1")


def test_an_index_of_another_model_does_not_keep_others_from_being_encoded() -> None:
    starting = Starting()
    starting.served = [DENSE, SPARSE]
    guarded = Guarded(starting.connect, pause_s=60, trust_s=60)
    other = IndexSpec("old", ("title",), Models(ModelIdentity("d", "d0"), None, None, 3), DenseField(3))
    with pytest.raises(EncoderUnavailable, match="holds dense vectors of d"):
        guarded.check(other)
    guarded.check(SPEC)


def test_nobody_waits_twice_for_a_sidecar_that_is_away() -> None:
    starting = Starting()
    starting.served = None
    guarded = Guarded(starting.connect, pause_s=0.2)
    for _ in range(5):
        with pytest.raises(EncoderUnavailable, match="did not answer"):
            guarded.encode_query("cat")
    asked = starting.asked
    assert asked <= 2
    starting.served = [DENSE, SPARSE]
    time.sleep(0.3)
    guarded.check(SPEC)
    assert starting.asked > asked


class Slow:
    """A sidecar that answers requests for vectors only after their deadline; counts them."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_slow = True

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path in ("/v1/models", "/ready"):
            return httpx.Response(200, content=json.dumps({"data": [DENSE]}))
        self.asked += 1
        assert float(request.headers["outrider-timeout"]) <= 0.9 * DEADLINES.encode_s
        if self.is_slow:
            time.sleep(DEADLINES.encode_s)
            raise httpx.ReadTimeout("nothing came")
        reply = {**DENSE, "model": "d", "errors": [], "embeddings": [[1, 2, 3]], "truncated": []}
        return httpx.Response(200, content=json.dumps({"results": [reply]}))

    def connect(self) -> SidecarClient:
        return SidecarClient("http://sidecar", patience_s=60, transport=httpx.MockTransport(self.answer))


DEADLINES = Deadlines(encode_s=0.3)


def test_a_deadline_ends_it_and_who_is_late_now_and_then_is_asked_again() -> None:
    slow = Slow()
    guarded = Guarded(slow.connect, pause_s=60)
    assert guarded.models.dense
    for _ in range(3):
        started_s = time.monotonic()
        with pytest.raises(EncoderLate, match="did not answer /encode_query by the deadline"):
            InTime(guarded, DEADLINES).encode_query("cat")
        assert time.monotonic() - started_s < 3
    slow.is_slow = False
    assert InTime(guarded, DEADLINES).encode_query("cat").dense == [1, 2, 3]
    slow.is_slow, slow.asked = True, 0
    for _ in range(10):
        with pytest.raises(EncoderUnavailable):
            InTime(guarded, DEADLINES).encode_query("cat")
    assert slow.asked == 5


def test_a_search_that_waited_for_its_turn_until_the_deadline_asks_nobody() -> None:
    slow = Slow()
    waiting = InTime(Guarded(slow.connect, pause_s=60), DEADLINES)
    time.sleep(DEADLINES.encode_s)
    with pytest.raises(EncoderLate, match="no time was left"):
        waiting.encode_query("cat")
    assert slow.asked == 0
