"""Optimised and quantised graphs beside the model's own."""

from pathlib import Path

import numpy as np
import pytest

from outrider.encoders import (
    CrossEncoder,
    SentenceTransformer,
    WrongBackend,
    export_dynamic_quantized_onnx_model,
    export_optimized_onnx_model,
)

from .conftest import PAIRS, TEXTS
from .oracle import assert_same


@pytest.fixture(scope="module")
def folder(dense_folder: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    target = str(tmp_path_factory.mktemp("graphs"))
    SentenceTransformer(dense_folder, backend="onnx").save_pretrained(target)
    return target


@pytest.mark.parametrize("level", ["O1", "O2", "O3"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning:onnxruntime")
def test_an_optimised_graph_gives_the_same(folder: str, level: str) -> None:
    model = SentenceTransformer(folder, backend="onnx")
    export_optimized_onnx_model(model, level, folder)
    name = f"onnx/model_{level}.onnx"
    optimised = SentenceTransformer(folder, backend="onnx", model_kwargs={"file_name": name})
    assert_same(optimised.encode(TEXTS), model.encode(TEXTS), 1e-5 if level != "O3" else 1e-2)


@pytest.mark.parametrize(
    ("processor", "name"),
    [
        ("arm64", "model_qint8_arm64.onnx"),
        ("avx2", "model_quint8_avx2.onnx"),
        ("avx512", "model_qint8_avx512.onnx"),
        ("avx512_vnni", "model_qint8_avx512_vnni.onnx"),
    ],
)
def test_a_quantised_graph_is_close(folder: str, processor: str, name: str) -> None:
    model = SentenceTransformer(folder, backend="onnx")
    export_dynamic_quantized_onnx_model(model, processor, folder)
    assert (Path(folder) / "onnx" / name).is_file()
    quantised = SentenceTransformer(folder, backend="onnx", model_kwargs={"file_name": name})
    cosines = np.diag(model.similarity(quantised.encode(TEXTS), model.encode(TEXTS)).numpy())
    assert cosines.min() > 0.9


def test_only_onnx_models_are_exported(folder: str, dense_folder: str, reranker_folder: str, tmp_path: Path) -> None:
    with pytest.raises(WrongBackend, match="backend='onnx'"):
        export_optimized_onnx_model(SentenceTransformer(dense_folder, device="cpu"), "O1", folder)
    model = SentenceTransformer(folder, backend="onnx")
    with pytest.raises(ValueError, match="O1, O2, O3, O4"):
        export_optimized_onnx_model(model, "O9", folder)
    with pytest.raises(ValueError, match="arm64"):
        export_dynamic_quantized_onnx_model(model, "abacus", folder)
    cross = CrossEncoder(reranker_folder, backend="onnx")
    cross.save_pretrained(str(tmp_path))
    export_dynamic_quantized_onnx_model(cross, "avx2", str(tmp_path), file_suffix="mine")
    quantised = CrossEncoder(str(tmp_path), backend="onnx", model_kwargs={"file_name": "model_mine"})
    # The tiny model is random and its vocabulary trained anew in each run: 8 bits have cost it 0.11 of a probability.
    np.testing.assert_allclose(quantised.predict(PAIRS), cross.predict(PAIRS), atol=0.2)
