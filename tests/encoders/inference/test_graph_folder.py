"""A folder with the graph that a model is served as."""

from pathlib import Path

import numpy as np
import pytest

from outrider.encoders import DEFAULT_DENSE, DEFAULT_SPARSE, NotAModel, open_model, resolve, write_graph_folder

TEXTS = ["a heron stands still in shallow water", "sourdough rises slowly"]


def test_a_dense_folder_gives_the_vectors_of_its_precision(tmp_path: Path) -> None:
    exact = open_model(DEFAULT_DENSE).encode_document(TEXTS)
    for precision, least in (("exact", 0.99999), ("int8", 0.97)):
        folder = write_graph_folder(resolve(DEFAULT_DENSE), tmp_path / precision, precision)
        assert not list(folder.rglob("*.safetensors"))
        model = open_model(folder)
        assert model.executor == "ONNX Runtime, the folder's own graph on CPU"
        assert ((model.encode_document(TEXTS) * exact).sum(axis=1) > least).all()


def test_a_sparse_folder_gives_the_same_terms(tmp_path: Path) -> None:
    folder = write_graph_folder(resolve(DEFAULT_SPARSE), tmp_path / "sparse", "exact")
    (expected,), (found,) = (open_model(name).encode_document(TEXTS[:1]) for name in (DEFAULT_SPARSE, folder))
    np.testing.assert_array_equal(found.ids, expected.ids)
    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-5)


def test_a_folder_that_is_a_graph_already_is_refused(tmp_path: Path) -> None:
    write_graph_folder(resolve(DEFAULT_SPARSE), tmp_path / "sparse", "exact")
    with pytest.raises(NotAModel, match="copy the folder as it is"):
        write_graph_folder(tmp_path / "sparse", tmp_path / "again")
