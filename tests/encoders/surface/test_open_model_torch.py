"""Families that no graph is built for are served by torch, and the model says so."""

import numpy as np
import pytest

from outrider.encoders import NotAModel, SentenceTransformer, open_model

TEXTS = ["a short text", "", "a longer text with some more words in it"]


@pytest.mark.parametrize("family", ["t5", "decoder"])
def test_a_family_without_a_graph_runs_on_torch(backbones: dict[str, str], family: str) -> None:
    folder = backbones[family]
    model = open_model(folder)
    assert "torch, fp32 on CPU: no graph is built for" in model.executor
    expected = SentenceTransformer(folder, device="cpu").encode(TEXTS)
    np.testing.assert_allclose(model.encode_document(TEXTS), expected, atol=1e-5)
    with pytest.raises(NotAModel, match="no graph is built"):
        open_model(folder, backend="onnx")


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "splade-tiny"])
def test_torch_gives_what_the_graph_gives(name: str) -> None:
    graph, torch = open_model(name), open_model(name, backend="torch")
    assert torch.executor == "torch packed, fp32 on CPU: asked for"
    for one, other in zip(graph.encode_document(TEXTS), torch.encode_document(TEXTS), strict=True):
        if graph.kind == "dense":
            np.testing.assert_allclose(one, other, atol=1e-5)
        else:
            assert other.to_dict() == pytest.approx(one.to_dict(), abs=1e-4)


def test_a_folder_with_nothing_but_a_graph_has_nothing_for_torch() -> None:
    with pytest.raises(NotAModel, match="no weights for torch"):
        open_model("ms-marco-MiniLM-L-12-v2-int8", backend="torch")
