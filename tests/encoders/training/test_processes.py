"""Training in processes: several at once, one that is killed, one whose disk is full."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from outrider.encoders import SentenceTransformer

from .test_dense_trainer import assert_same_weights

TRAIN = """
import json, resource, sys, torch
from datasets import Dataset
from outrider.encoders import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from outrider.encoders.losses import CosineSimilarityLoss

torch.set_num_threads(1)
told = json.loads(sys.argv[1])
if limit := told.pop("limit_bytes", None):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
folder, result, resume = told.pop("folder"), told.pop("result", None), told.pop("resume", None)
still = {} if told.pop("dropout", False) else {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
model = SentenceTransformer(folder, device="cpu", config_kwargs=still)
words = "query document weather lovely road dry stadium car engines rank".split()
texts = [" ".join(words[(row + step) % 10] for step in range(1 + row % 7)) for row in range(64)]
data = Dataset.from_dict({"a": texts, "b": texts[::-1], "score": [row % 5 / 4 for row in range(64)]})
args = SentenceTransformerTrainingArguments(
    per_device_train_batch_size=4, learning_rate=1e-2, report_to="none", use_cpu=True, disable_tqdm=True, **told
)
trainer = SentenceTransformerTrainer(model, args, data, loss=CosineSimilarityLoss(model))
trainer.train(resume_from_checkpoint=resume)
if result and trainer.is_world_process_zero():
    model.save_pretrained(result)
"""


def command(told: dict[str, Any], *launcher: str) -> list[str]:
    told = dict(told)
    script = told.pop("script", None)
    return [sys.executable, *launcher, *([script] if script else ["-c", TRAIN]), json.dumps(told)]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def run(told: dict[str, Any], *launcher: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(told, *launcher), env=environment(), capture_output=True, text=True, timeout=300, check=False
    )


def test_two_processes_train_like_one_with_twice_the_batch(backbones: dict[str, str], tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(TRAIN)
    usual = {"folder": backbones["bert"], "save_strategy": "no", "max_steps": 10, "optim": "sgd"}
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    both = {**usual, "script": str(script), "output_dir": str(tmp_path / "two"), "result": str(tmp_path / "by two")}
    done = run(both | {"ddp_backend": "gloo"}, *launcher)
    assert done.returncode == 0, done.stderr[-3000:]
    one = {**usual, "output_dir": str(tmp_path / "one"), "result": str(tmp_path / "by one")}
    done = run(one | {"gradient_accumulation_steps": 2})
    assert done.returncode == 0, done.stderr[-3000:]
    by_two, by_one = (SentenceTransformer(str(tmp_path / name), device="cpu") for name in ("by two", "by one"))
    assert_same_weights(by_two, by_one)
    start = SentenceTransformer(backbones["bert"], device="cpu")
    pairs = zip(by_two.parameters(), start.parameters(), strict=True)
    assert any((new - old).abs().max() > 1e-3 for new, old in pairs)


def test_a_killed_run_resumes_to_the_same_weights(backbones: dict[str, str], tmp_path: Path) -> None:
    usual = {"folder": backbones["bert"], "save_strategy": "steps", "save_steps": 5, "max_steps": 300, "dropout": True}
    usual["save_total_limit"] = 3
    killed = {**usual, "output_dir": str(tmp_path / "killed")}
    with subprocess.Popen(
        command(killed), env=environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        end_s = time.monotonic() + 200
        while not list((tmp_path / "killed").glob("checkpoint-2*")):
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < end_s
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    for name, told in (
        ("again", {**killed, "resume": True}),
        ("whole", {**usual, "output_dir": str(tmp_path / "whole-run"), "save_strategy": "no"}),
    ):
        done = run({**told, "result": str(tmp_path / name)})
        assert done.returncode == 0, done.stderr[-3000:]
    again, whole = (SentenceTransformer(str(tmp_path / name), device="cpu") for name in ("again", "whole"))
    assert_same_weights(again, whole)


@pytest.mark.parametrize("limit_bytes", [2_000, 60_000, 150_000], ids=["config", "weights", "optimizer"])
def test_a_disk_that_fills_ends_in_one_sentence(limit_bytes: int, backbones: dict[str, str], tmp_path: Path) -> None:
    told = {"folder": backbones["bert"], "output_dir": str(tmp_path / "run"), "save_strategy": "steps", "save_steps": 2}
    done = run({**told, "max_steps": 4, "limit_bytes": limit_bytes})
    last = done.stderr.strip().splitlines()[-1]
    assert "TrainingError: the disk is full: the model could not be saved to" in last, done.stderr[-2000:]
    assert "resume from the last whole checkpoint" in last
