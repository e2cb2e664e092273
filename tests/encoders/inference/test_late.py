"""Chunks pooled from the tokens of the whole text, against Sentence Transformers' own tokens."""

from pathlib import Path

import numpy as np
import pytest
import sentence_transformers

from outrider.encoders import (
    DEFAULT_DENSE,
    DEFAULT_SPARSE,
    ChunkedText,
    EncoderError,
    Model,
    NotAModel,
    TextRefused,
    open_model,
)
from outrider.encoders.sources import resolve

TEXT = "  The heron is a long-legged bird. It stands in shallow water, and catches fish. Trains leave at nine. "
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model(DEFAULT_DENSE)


def spans(text: str, *sentences: str) -> tuple[tuple[int, int], ...]:
    return tuple((text.index(each), text.index(each) + len(each)) for each in sentences)


def test_a_chunk_that_is_the_whole_text_has_its_vector(model: Model) -> None:
    texts = [TEXT, "a short one", "x"]
    chunked = model.encode_chunks([ChunkedText(text, ((0, len(text)),)) for text in texts])
    for (vector,), expected in zip(chunked, model.encode_document(texts), strict=True):
        np.testing.assert_allclose(vector, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_chunks_are_means_of_the_oracles_tokens(backend: str) -> None:
    model = open_model(DEFAULT_DENSE, backend=backend)
    oracle = sentence_transformers.SentenceTransformer(str(resolve(DEFAULT_DENSE)), device="cpu")
    parts = spans(TEXT, "It stands in shallow water, and catches fish.", "heron", "Trains leave at nine. ")
    (vectors,) = model.encode_chunks([ChunkedText(TEXT, parts)])
    tokens = oracle.encode(TEXT, output_value="token_embeddings").numpy()  # type: ignore[union-attr]
    words = oracle.tokenizer(TEXT.strip())
    for place, (vector, (start, stop)) in enumerate(zip(vectors, parts, strict=True)):
        lead = len(TEXT) - len(TEXT.lstrip())
        inside = [
            at
            for at in range(len(tokens))
            if (found := words.token_to_chars(at)) and start - lead <= found.start < stop - lead
        ]
        inside += [len(tokens) - 1] if place == 2 else []  # what ends the text has the token that ends it
        mean = tokens[inside].mean(axis=0)
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), rtol=0, atol=TOLERANCE)


def test_a_part_in_its_text_is_not_the_part_alone(model: Model) -> None:
    (sentence,) = spans(TEXT, "It stands in shallow water, and catches fish.")
    ((inside,),) = model.encode_chunks([ChunkedText(TEXT, (sentence,))])
    (alone,) = model.encode_document([TEXT[slice(*sentence)]])
    (bird,) = model.encode_query(["a heron"])
    assert inside @ bird > alone @ bird + 0.1  # "It" is the heron


def test_texts_in_chunks_and_whole_ones_may_share_a_batch(model: Model) -> None:
    chunked = ChunkedText(TEXT, spans(TEXT, "heron", "fish"))
    both = model.run(model.tokenize([chunked, "a short one", chunked], "document"))  # type: ignore[arg-type]
    assert [np.shape(row) for row in both] == [(2, 384), (384,), (2, 384)]
    np.testing.assert_allclose(both[0], model.encode_chunks([chunked])[0], rtol=0, atol=TOLERANCE)


def test_a_range_that_is_not_read_is_refused(model: Model) -> None:
    long = "word " * 400
    with pytest.raises(TextRefused, match="reads no token between characters 1900 and 1950"):
        model.encode_chunks([ChunkedText(long, ((0, 50), (1900, 1950)))])


def test_models_that_pool_otherwise_say_so(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="only dense ones chunk late"):
        open_model(DEFAULT_SPARSE).encode_chunks([ChunkedText("a", ((0, 1),))])
    made = sentence_transformers.SentenceTransformer(str(resolve(DEFAULT_DENSE)), device="cpu")
    pooling = sentence_transformers.models.Pooling(384, pooling_mode="cls")
    sentence_transformers.SentenceTransformer(modules=[made[0], pooling], device="cpu").save_pretrained(str(tmp_path))
    with pytest.raises(NotAModel, match="pools by cls"):
        open_model(tmp_path).encode_chunks([ChunkedText("a", ((0, 1),))])
