"""Optimised and quantised graphs beside the model's own."""

import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest

from outrider.encoders import (
    CrossEncoder,
    NotAModel,
    SentenceTransformer,
    WrongBackend,
    export_dynamic_quantized_onnx_model,
    export_optimized_onnx_model,
)
from outrider.encoders.backends import quantise_openvino

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


class RecordingHub:
    """Takes the hub client's calls and remembers them."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def upload_file(self, **options: Any) -> None:
        self.sent.append(options)

    def create_commit(self, repo_id: str, operations: Any, **options: Any) -> None:
        self.sent.append({"repo_id": repo_id, "paths": [one.path_in_repo for one in operations], **options})


@pytest.mark.filterwarnings("ignore::DeprecationWarning:onnxruntime")
def test_graphs_are_pushed_beside_the_models_own(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = RecordingHub()
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: hub)
    model = SentenceTransformer(folder, backend="onnx")
    export_dynamic_quantized_onnx_model(model, "avx512_vnni", "me/mine", push_to_hub=True, create_pr=True)
    export_optimized_onnx_model(model, "O1", "me/mine", push_to_hub=True, file_suffix="small")
    names = [(one["repo_id"], one["path_in_repo"], one["create_pr"]) for one in hub.sent]
    assert names == [
        ("me/mine", "onnx/model_qint8_avx512_vnni.onnx", True),
        ("me/mine", "onnx/model_small.onnx", False),
    ]
    for suffix in ("xml", "bin"):
        (tmp_path / f"openvino_model_int8.{suffix}").touch()
    quantise_openvino._deliver(tmp_path / "openvino_model_int8.xml", "me/mine", push_to_hub=True, create_pr=True)
    assert hub.sent[-1]["paths"] == ["openvino/openvino_model_int8.xml", "openvino/openvino_model_int8.bin"]
    assert hub.sent[-1]["create_pr"] is True


@pytest.mark.parametrize(("backend", "usual"), [("onnx", "model.onnx"), ("openvino", "openvino_model.xml")])
def test_where_none_may_be_made_what_there_is_is_named(
    dense_folder: str, tmp_path: Path, backend: str, usual: str
) -> None:
    shutil.copytree(dense_folder, tmp_path, dirs_exist_ok=True)
    other = tmp_path / backend / f"other{Path(usual).suffix}"
    other.parent.mkdir()
    other.touch()
    with pytest.raises(NotAModel, match=f"no '{usual}' and export is False; it has {backend}/other"):
        SentenceTransformer(str(tmp_path), backend=backend, model_kwargs={"export": False})  # type: ignore[arg-type]
