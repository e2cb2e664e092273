"""OpenVINO graphs in int8, calibrated on sample texts."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from outrider.encoders import (
    MissingExtra,
    SentenceTransformer,
    WrongBackend,
    export_static_quantized_openvino_model,
)

from .conftest import CORPUS, TEXTS


@pytest.fixture
def texts_folder(tmp_path: Path) -> str:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "train.jsonl").write_text("\n".join(json.dumps({"sentence": text}) for text in CORPUS * 3))
    return str(folder)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:nncf", "ignore::FutureWarning:nncf")
def test_calibrated_on_own_texts(dense_folder: str, texts_folder: str, tmp_path: Path) -> None:
    model = SentenceTransformer(dense_folder, backend="openvino")
    target = str(tmp_path / "model")
    model.save_pretrained(target)
    options: dict[str, Any] = {"dataset_name": texts_folder, "dataset_split": "train", "column_name": "sentence"}
    export_static_quantized_openvino_model(model, {"num_samples": 12}, target, **options)
    name = "openvino/openvino_model_qint8_quantized.xml"
    assert (tmp_path / "model" / name).is_file()
    quantised = SentenceTransformer(target, backend="openvino", model_kwargs={"file_name": name})
    cosines = np.sum(quantised.encode(TEXTS) * model.encode(TEXTS), axis=1)
    assert cosines.min() > 0.9
    assert not np.array_equal(quantised.encode(TEXTS), model.encode(TEXTS))
    with pytest.raises(ValueError, match="no column 'text'; it has sentence"):
        export_static_quantized_openvino_model(model, None, target, **{**options, "column_name": "text"})
    with pytest.raises(ValueError, match="together"):
        export_static_quantized_openvino_model(model, None, target, dataset_name=texts_folder)


def test_what_is_needed_is_named(dense_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongBackend, match="backend='openvino'"):
        export_static_quantized_openvino_model(SentenceTransformer(dense_folder), None, str(tmp_path))
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(MissingExtra, match="nncf"):
        export_static_quantized_openvino_model(
            SentenceTransformer(dense_folder, backend="openvino"), None, str(tmp_path)
        )
