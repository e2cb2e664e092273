"""Token vectors of a transformer as a model of their own."""

from pathlib import Path

import numpy as np

from outrider.encoders import SentenceTransformer, distil_static, open_model
from outrider.encoders.static_distillation import inverse_frequencies, projected, token_vectors

from .surface.conftest import backbones  # noqa: F401 -- fixtures


def test_a_token_has_the_vector_that_its_text_has(backbones: dict[str, str]) -> None:  # noqa: F811
    teacher = SentenceTransformer(backbones["bert"], device="cpu")
    rows = token_vectors(teacher, len(teacher.tokenizer), None)
    token = teacher.tokenizer.convert_tokens_to_ids("car")
    np.testing.assert_allclose(rows[token], teacher.encode(["car"])[0], atol=1e-5)
    assert not rows[teacher.tokenizer.pad_token_id].any()


def test_a_text_is_the_mean_of_its_weighted_tokens(backbones: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    teacher = SentenceTransformer(backbones["bert"], device="cpu")
    seen: list[int] = []
    static = distil_static(teacher, dimension=8, on_progress=lambda done, _: seen.append(done))
    assert seen[-1] == len(teacher.tokenizer)
    rows = projected(token_vectors(teacher, len(teacher.tokenizer), None), 8)
    rows *= inverse_frequencies(len(rows), 1e-4)[:, None]
    ids = teacher.tokenizer("a red car", add_special_tokens=False)["input_ids"]
    mean = rows[ids].mean(axis=0)
    static.save_pretrained(str(tmp_path / "static"))
    served = open_model(tmp_path / "static")
    assert served.executor == "static embeddings, fp32 on CPU"
    np.testing.assert_allclose(served.encode_document(["a red car"])[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_main_components_keep_what_varies() -> None:
    random = np.random.default_rng(0)
    rows = np.outer(random.normal(size=50), [3.0, 4.0, 0.0]).astype(np.float32) + 7
    kept = projected(rows, 1)
    np.testing.assert_allclose(np.abs(kept[:, 0]), np.linalg.norm(rows - rows.mean(axis=0), axis=1), rtol=1e-4)


def test_frequent_tokens_weigh_less() -> None:
    weights = inverse_frequencies(1000, 1e-4)
    assert (np.diff(weights) > 0).all()
    assert weights[-1] < 1
