"""Training an adapter: its weights move and no others, and they are all that is saved."""

from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset

from outrider import encoders

from ..surface.test_adapters import PEFT_LAGS
from .conftest import sentences
from .test_dense_trainer import assert_same_weights
from .test_other_trainers import splade

pytestmark = pytest.mark.filterwarnings(PEFT_LAGS)

ROWS = 16
TEXTS, OTHERS = sentences(ROWS, 1), sentences(ROWS, 2)
LOSSES: dict[str, Any] = {
    "SentenceTransformer": encoders.losses.MultipleNegativesRankingLoss,
    "SparseEncoder": splade(encoders.sparse_encoder.losses),
    "CrossEncoder": encoders.cross_encoder.losses.MultipleNegativesRankingLoss,
}


def adapted(kind: str, folder: str) -> Any:
    from peft import LoraConfig

    torch.manual_seed(3)
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    model = getattr(encoders, kind)(folder, device="cpu", config_kwargs=still)
    model.add_adapter(LoraConfig(r=4, target_modules=["query", "value"]))
    return model


def trainer_of(model: Any, kind: str, options: dict[str, Any]) -> Any:
    data = Dataset.from_dict({"anchor": TEXTS, "positive": OTHERS})
    args = getattr(encoders, f"{kind}TrainingArguments")(**options)
    return getattr(encoders, f"{kind}Trainer")(model, args, data, loss=LOSSES[kind](model))


@pytest.mark.parametrize("kind", list(LOSSES))
def test_training_moves_the_adapter_alone(
    kind: str,
    backbones: dict[str, str],
    splade_folder: str,
    reranker_folder: str,
    options: dict[str, Any],
    tmp_path: Path,
) -> None:
    folders = {
        "SentenceTransformer": backbones["bert"],
        "SparseEncoder": splade_folder,
        "CrossEncoder": reranker_folder,
    }
    more = {**options, "max_steps": 4, "learning_rate": 1e-2, "save_strategy": "steps", "save_steps": 2}
    model = adapted(kind, folders[kind])
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    trainer_of(model, kind, more).train()
    moved = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert len(moved) == 8  # two matrices each for query and value, in two layers
    assert all(".lora_" in name for name in moved)

    model.save_pretrained(str(tmp_path / "saved"))
    assert (tmp_path / "saved" / "adapter_model.safetensors").is_file()
    assert not (tmp_path / "saved" / "model.safetensors").exists()
    assert_same_weights(getattr(encoders, kind)(str(tmp_path / "saved"), device="cpu"), model)

    again = adapted(kind, folders[kind])
    checkpoint = Path(more["output_dir"]) / "checkpoint-2"
    assert not (checkpoint / "model.safetensors").exists()
    trainer_of(again, kind, more).train(resume_from_checkpoint=str(checkpoint))
    assert_same_weights(again, model)
