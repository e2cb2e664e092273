"""The ready 8-bit reranker as a model that can be trained."""

from pathlib import Path

import numpy as np
import pytest

from outrider.encoders import DEFAULT_RERANKER, CrossEncoder, NotAModel, open_model, resolve, trainable_folder


def test_the_ready_reranker_comes_back_in_float(tmp_path: Path) -> None:
    folder = trainable_folder(resolve(DEFAULT_RERANKER), tmp_path / "float")
    model = CrossEncoder(str(folder), device="cpu")
    assert (model.config.num_hidden_layers, model.config.num_attention_heads, model.num_labels) == (12, 12, 1)
    query, passages = "how long do cats live", ["Cats live for about 15 years.", "The engine has four valves.", "Cats."]
    expected = open_model(DEFAULT_RERANKER).rank(query, passages)
    np.testing.assert_allclose(model.predict([(query, text) for text in passages]), expected, atol=0.05)


def test_a_folder_with_weights_is_used_as_it_is(reranker_folder: str, tmp_path: Path) -> None:
    assert trainable_folder(Path(reranker_folder), tmp_path / "float") == Path(reranker_folder)
    assert not (tmp_path / "float").exists()


def test_a_graph_that_is_no_reranker_is_refused(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", values[:1], values[1:])
    onnx.save(helper.make_model(graph), tmp_path / "model.onnx")
    with pytest.raises(NotAModel):
        trainable_folder(tmp_path, tmp_path / "float")
