"""Scores of text pairs: vLLM's score, and predict of text-embeddings-inference."""

import time
import uuid
from typing import Any

from pydantic import BaseModel, Field

from ..errors import BadRequest
from ..keys import Scope
from . import openai, tei
from .endpoint import Call, Operation
from .ranking import scores


class ScoreRequest(BaseModel):
    """vLLM's two sides: one against many, or as many against as many."""

    text_1: str | list[str]
    text_2: str | list[str]
    model: str | None = None


class PredictRequest(BaseModel):
    """One text, one pair, or a batch of texts and pairs."""

    inputs: str | list[str] | list[list[str]]
    model: str | None = None
    raw_scores: bool = Field(default=False, description="The model's logits instead of scores between 0 and 1.")


async def score(call: Call[ScoreRequest]) -> Any:
    """One score a pair, in order."""
    request = call.request
    pairs = _pairs(request.text_1, request.text_2)
    encoding = await call.sidecar.score(request.model, pairs, call.deadline_s)
    return {
        "id": f"score-{uuid.uuid4()}",
        "object": "list",
        "created": int(time.time()),
        "model": request.model or encoding.served.name,
        "data": [
            {"index": index, "object": "score", "score": value} for index, value in enumerate(scores(encoding, False))
        ],
        "usage": {"prompt_tokens": encoding.tokens, "total_tokens": encoding.tokens},
    }


async def predict(call: Call[PredictRequest]) -> Any:
    """A list of labels and scores; for a batch, one such list an input."""
    given = call.request.inputs
    batch = given if isinstance(given, list) and given and isinstance(given[0], list) else [given]
    encoding = await call.sidecar.score(call.request.model, [_input(each) for each in batch], call.deadline_s)
    labelled = [[{"score": value, "label": "LABEL_0"}] for value in scores(encoding, call.request.raw_scores)]
    return labelled if batch is given else labelled[0]


def _pairs(first: str | list[str], second: str | list[str]) -> list[tuple[str, str]]:
    left = [first] if isinstance(first, str) else first
    right = [second] if isinstance(second, str) else second
    if len(left) == 1:
        left = left * len(right)
    if not right or len(left) != len(right):
        raise BadRequest(f"text_1 has {len(left)} texts and text_2 {len(right)}; send one against many, or as many")
    return list(zip(left, right, strict=True))


def _input(given: Any) -> str | tuple[str, str]:
    """A text, or the two texts of a pair."""
    parts = (given,) if isinstance(given, str) else tuple(given)
    if len(parts) not in (1, 2):
        raise BadRequest(f"an input of predict is a text or a pair of texts, got {len(parts)} texts")
    return parts[0] if len(parts) == 1 else (parts[0], parts[1])


def _score_route(path: str) -> Operation:
    return Operation(
        path, score, ScoreRequest, openai.errors, "vLLM scores of text pairs", tags=("vllm",), scope=Scope.RANK
    )


OPERATIONS = (
    _score_route("/score"),
    _score_route("/v1/score"),
    Operation("/predict", predict, PredictRequest, tei.errors, "Scores as labels", tags=("tei",), scope=Scope.RANK),
)
