"""What holds for any input: order, independence of the batch, any unicode; and code that models bring along."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.encoders import CrossEncoder, SentenceTransformer, SparseEncoder, UntrustedCode
from outrider.encoders.folder import module_class

from .conftest import TEXTS
from .oracle import assert_same

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)
PROPERTY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def dense(dense_folder: str) -> SentenceTransformer:
    return SentenceTransformer(dense_folder, device="cpu")


@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=12), batch_size=st.integers(1, 7))
@PROPERTY
def test_any_texts_in_any_batches_keep_their_order(
    dense: SentenceTransformer, texts: list[str], batch_size: int
) -> None:
    together = dense.encode(texts, batch_size=batch_size)
    assert_same(together, np.stack([dense.encode(text) for text in texts]))
    assert np.isfinite(together).all()


@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=8))
@PROPERTY
def test_sparse_rows_do_not_depend_on_their_batch(splade_folder: str, texts: list[str]) -> None:
    model = _cached(SparseEncoder, splade_folder)
    together = model.encode(texts, convert_to_sparse_tensor=False)
    for row, text in zip(together, texts, strict=True):
        assert_same(row, model.encode(text, convert_to_sparse_tensor=False))


@given(pairs=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=8))
@PROPERTY
def test_pair_scores_do_not_depend_on_their_batch(reranker_folder: str, pairs: list[tuple[str, str]]) -> None:
    model = _cached(CrossEncoder, reranker_folder)
    assert_same(model.predict(pairs), np.array([model.predict(pair) for pair in pairs]))


_models: dict[str, Any] = {}


def _cached(cls: Any, folder: str) -> Any:
    return _models.setdefault(folder, cls(folder, device="cpu"))


OWN_CODE = """
import json
from pathlib import Path
import torch

class Negated(torch.nn.Module):
    def forward(self, features):
        return {**features, "sentence_embedding": -features["sentence_embedding"]}

    @classmethod
    def load(cls, path):
        return cls()
"""


def test_code_in_a_models_folder_runs_only_when_trusted(dense_folder: str, tmp_path: Path) -> None:
    plain = SentenceTransformer(dense_folder, device="cpu")
    plain.save(str(tmp_path))
    (tmp_path / "own_code.py").write_text(OWN_CODE)
    entries = json.loads((tmp_path / "modules.json").read_text())
    entries.append({"idx": 4, "name": "4", "path": "4_Negated", "type": "own_code.Negated"})
    (tmp_path / "modules.json").write_text(json.dumps(entries))
    with pytest.raises(UntrustedCode, match="trust_remote_code=True"):
        module_class("own_code.Negated", tmp_path, trusted=False)
    model = SentenceTransformer(str(tmp_path), device="cpu", trust_remote_code=True)
    assert_same(model.encode(TEXTS), -plain.encode(TEXTS))


def test_an_activation_from_elsewhere_needs_trust(reranker_folder: str, tmp_path: Path) -> None:
    CrossEncoder(reranker_folder).save_pretrained(str(tmp_path))
    config = json.loads((tmp_path / "config.json").read_text())
    config["sentence_transformers"]["activation_fn"] = "collections.OrderedDict"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UntrustedCode, match=r"collections\.OrderedDict"):
        CrossEncoder(str(tmp_path))
    config["sentence_transformers"] = {}
    config["sbert_ce_default_activation_function"] = "torch.nn.modules.activation.Tanh"
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert type(CrossEncoder(str(tmp_path)).activation_fn).__name__ == "Tanh"


def test_importing_the_room_and_its_module_table_loads_nothing_heavy() -> None:
    script = (
        "import sys, outrider.encoders, outrider.encoders.modules, outrider.encoders.models; "
        "print([name for name in ('torch', 'transformers', 'onnxruntime', 'tokenizers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
