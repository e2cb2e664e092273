"""One step ahead, in order, and no further."""

import threading

import pytest

from outrider.encoders import TextRefused, open_model
from outrider.encoders.inference import model as model_module
from outrider.encoders.inference.ahead import ahead, slices


def test_the_next_is_computed_while_the_last_is_used_and_none_after_it() -> None:
    begun: list[int] = []
    second = threading.Event()

    def compute(item: int) -> int:
        begun.append(item)
        if item == 1:
            second.set()
        return 10 * item

    results = ahead(compute, range(5))
    assert next(results) == 0
    assert second.wait(10)
    assert begun == [0, 1]
    assert list(results) == [10, 20, 30, 40]


def test_what_goes_wrong_comes_where_the_result_would() -> None:
    results = ahead(lambda item: 1 // item, [1, 0, 1])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_slices_cover_everything_once() -> None:
    assert list(slices(0, 3)) == []
    assert [list(range(7))[part] for part in slices(7, 3)] == [[0, 1, 2], [3, 4, 5], [6]]


def test_many_texts_keep_their_order_their_counts_and_their_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model("all-MiniLM-L6-v2", max_tokens=16)
    texts = [f"text {number} " + "word " * (number % 30) for number in range(50)]
    expected = model.encode_document(texts)
    cut = model.truncated_texts
    assert cut == sum(text.truncated for text in model.tokenize(texts))  # type: ignore[union-attr]
    monkeypatch.setattr(model_module, "_SLICE", 7)
    assert abs(model.encode_document(texts) - expected).max() < 2e-6
    assert model.truncated_texts == 2 * cut
    with pytest.raises(TextRefused, match="text 40: the text is not valid Unicode"):
        model.encode_document([*texts[:40], "bad \ud800", *texts[:9]])
