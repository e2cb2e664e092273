"""The same model on every executor that this machine has, and the sentence that says which one runs."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.encoders import open_model
from outrider.encoders.inference.model import Model
from outrider.encoders.inference.openvino_executor import multiplies_bfloat16

TEXTS = ["a short text", "", "résumé 東京 \U0001f600", "word " * 400, "a text of middling length about boats and water"]


def test_openvino_gives_the_vectors_of_onnx_runtime() -> None:
    expected = open_model("all-MiniLM-L6-v2").encode_document(TEXTS)
    model = open_model("all-MiniLM-L6-v2", backend="openvino")
    assert "OpenVINO, fp32" in model.executor
    np.testing.assert_allclose(model.encode_document(TEXTS), expected, atol=1e-5)


def test_fast_is_bfloat16_where_the_cpu_multiplies_it_and_says_so() -> None:
    expected = open_model("all-MiniLM-L6-v2").encode_document(TEXTS)
    model = open_model("all-MiniLM-L6-v2", precision="fast")
    assert ("bf16: this CPU multiplies it" in model.executor) == multiplies_bfloat16()
    vectors = model.encode_document(TEXTS)
    cosines = (vectors * expected).sum(axis=1)
    assert cosines.mean() >= 0.9999
    assert cosines.min() >= 0.999
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_fast_weighs_terms_and_ranks_as_exact_does() -> None:
    exact, fast = (open_model("splade-tiny", precision=precision) for precision in ("exact", "fast"))
    for one, other in zip(exact.encode_document(TEXTS), fast.encode_document(TEXTS), strict=True):
        mine, theirs = one.to_dict(), other.to_dict()
        lengths = np.linalg.norm(list(mine.values())) * np.linalg.norm(list(theirs.values()))
        assert sum(weight * theirs.get(term, 0) for term, weight in mine.items()) >= 0.999 * lengths


def test_several_threads_may_ask_one_executor() -> None:
    model = open_model("all-MiniLM-L6-v2", backend="openvino")
    texts = [f"text number {number} " * (1 + number % 7) for number in range(40)]
    expected = [model.encode_document([text])[0] for text in texts]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: model.encode_document([text])[0], texts))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("backend", "precision", "said"),
    [
        ("tpu", "exact", "not known"),
        ("auto", "half", "not known"),
        ("openvino", "int8", "backend='auto'"),
        ("onnx", "fast", "no bfloat16"),
    ],
)
def test_what_cannot_be_chosen_says_what_can(backend: str, precision: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        open_model("all-MiniLM-L6-v2", backend=backend, precision=precision)


@pytest.fixture(scope="module")
def exact() -> Model:
    return open_model("all-MiniLM-L6-v2")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=60), min_size=1, max_size=12))
def test_neither_order_nor_company_changes_a_vector(exact: Model, texts: list[str]) -> None:
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    together = exact.encode_document(texts)
    backwards = exact.encode_document(texts[::-1])[::-1]
    np.testing.assert_allclose(backwards, together, atol=2e-6)
    alone = np.concatenate([exact.encode_document([text]) for text in texts])
    np.testing.assert_allclose(alone, together, atol=2e-6)
