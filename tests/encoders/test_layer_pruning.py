"""Fewer layers, the same folder format."""

from pathlib import Path

import numpy as np
import pytest

from outrider.encoders import CrossEncoder, SentenceTransformer, open_model, prune_layers
from outrider.encoders.layer_pruning import CannotPrune, evenly_spaced

from .surface.conftest import backbones, reranker_folder  # noqa: F401 -- fixtures


@pytest.mark.parametrize(("layers", "keep", "kept"), [(12, 3, [0, 6, 11]), (6, 6, [0, 1, 2, 3, 4, 5]), (4, 1, [0])])
def test_layers_are_kept_from_both_ends(layers: int, keep: int, kept: list[int]) -> None:
    assert evenly_spaced(layers, keep) == kept


@pytest.mark.parametrize("keep", [0, 13])
def test_more_than_all_or_nothing_is_refused(keep: int) -> None:
    with pytest.raises(CannotPrune, match="keep at least 1 and at most 12"):
        evenly_spaced(12, keep)


@pytest.mark.parametrize("family", ["bert", "distilbert", "modernbert", "mpnet"])
def test_what_is_left_runs_and_saves(family: str, backbones: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    model = SentenceTransformer(backbones[family], device="cpu")
    whole = model.encode(["a red car"])
    assert prune_layers(model, [0]) == [0]
    pruned = model.encode(["a red car"])
    assert not np.allclose(whole, pruned)
    model.save_pretrained(str(tmp_path / "pruned"))
    np.testing.assert_allclose(open_model(tmp_path / "pruned").encode_document(["a red car"]), pruned, atol=1e-5)
    for wrong in ([0, 1], [], [-1]):
        with pytest.raises(CannotPrune, match="of 0 to 0"):
            prune_layers(model, wrong)


def test_a_reranker_is_pruned(reranker_folder: str) -> None:  # noqa: F811
    model = CrossEncoder(reranker_folder, device="cpu")
    assert prune_layers(model, 1) == [0]
    assert model.config.num_hidden_layers == 1
    assert np.isfinite(model.predict([("a", "b")])).all()
