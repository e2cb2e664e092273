"""`outrider train` as it is typed: each kind of model and each source of data, killed, resumed, refused."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file

from outrider.encoders import open_model
from outrider.plugin.training import read_spec, train

from .conftest import DOCUMENTS, THINGS, Run, no_bars, texts_of, write_clicks

Build = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _own_cache(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTRIDER_CACHE", str(shop / "cache"))


def test_a_dense_model_learns_the_words_of_the_shop(
    outrider: Run, spec: Build, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak = (shop / "dev.jsonl").read_text().splitlines()[0]
    leaked = {**json.loads(leak), "_id": "leak"}
    leaked["text"] = " ".join(reversed(leaked["text"].upper().split()))
    (tmp_path / "train.jsonl").write_text((shop / "train.jsonl").read_text() + json.dumps(leaked) + "\n")
    (tmp_path / "train.tsv").write_text((shop / "train.tsv").read_text() + "leak\tred-chair\t1\n")
    given = spec(data={"queries": "train.jsonl", "judgements": "train.tsv"}, training={"held_back": 0.2, "epochs": 30})
    looked = json.loads(outrider("train", given, "--dry-run", "--json").stdout)
    assert looked["queries dropped because they are evaluated on"] == 1
    assert not (tmp_path / "run").exists()

    report = json.loads(outrider("train", given, "--json").stdout)
    assert report["data"]["queries dropped because they are evaluated on"] == 1
    assert report["data"]["queries"] + report["data"]["queries held back for tuning"] == 30
    assert report["data"]["queries held back for tuning"] > 0
    same, own = report["evaluation"]
    for mode in ("dense", "fused"):
        assert same["modes"][mode]["ndcg@10"]["after"] > same["modes"][mode]["ndcg@10"]["before"], mode
    assert same["modes"]["bm25"]["ndcg@10"]["gain"] == 0
    assert own["settings"]["after"]["weights"] == [1.0, 2.0, 0.0]  # the trained model is right every time
    assert own["modes"]["fused"]["ndcg@10"]["after"] > same["modes"]["fused"]["ndcg@10"]["after"]
    assert report["losses"][-1][1] < report["losses"][0][1] / 2
    assert open_model(tmp_path / "run" / "model").fingerprint == report["fingerprint"]

    page = (tmp_path / "run" / "report.md").read_text()
    assert "| fused |" in page
    assert "report.svg" in page
    assert (tmp_path / "run" / "report.svg").read_text().count("<svg") == 1
    assert json.loads((tmp_path / "run" / "report.json").read_text()) == report

    weights = tmp_path / "run" / "model" / "model.safetensors"
    before = weights.stat().st_mtime_ns
    monkeypatch.chdir(tmp_path)
    again = train(read_spec(tmp_path / "spec.yaml"), no_bars)
    assert again.fingerprint == report["fingerprint"]
    assert weights.stat().st_mtime_ns == before


def test_a_killed_run_goes_on_to_the_same_weights(spec: Build, shop: Path, tmp_path: Path) -> None:
    given = spec(evaluation=None, training={"epochs": 20})
    often = {**given, "training": {**given["training"], "checkpoint_minutes": 0.002}}
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(often))
    command = [sys.executable, "-m", "outrider.plugin.cli", "train", "spec.yaml"]
    environment = {**os.environ, "OUTRIDER_CACHE": str(shop / "cache")}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        end_s = time.monotonic() + 240
        while not list((tmp_path / "run" / "work").glob("checkpoint-*/trainer_state.json")):
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < end_s
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "run" / "model").exists()
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(given))
    resumed = train(read_spec(tmp_path / "spec.yaml"), no_bars)
    assert not list((tmp_path / "run" / "work").glob("checkpoint-*"))

    (tmp_path / "spec.yaml").write_text(yaml.safe_dump({**given, "output": str(tmp_path / "whole")}))
    whole = train(read_spec(tmp_path / "spec.yaml"), no_bars)
    assert resumed.training["steps"] == whole.training["steps"]
    one, other = (load_file(tmp_path / run / "model" / "model.safetensors") for run in ("run", "whole"))
    for name, value in one.items():
        np.testing.assert_allclose(value, other[name], atol=1e-5, err_msg=name)


def test_a_sparse_model_learns_from_clicks(outrider: Run, spec: Build, shop: Path, tmp_path: Path) -> None:
    write_clicks(tmp_path / "log.jsonl", texts_of(shop / "train.jsonl"))
    data = {"source": "clicks", "log": "log.jsonl", "documents": {"file": str(shop / "documents.jsonl")}}
    given = {**spec("sparse", training={"epochs": 25}), "data": data}
    report = json.loads(outrider("train", given, "--json").stdout)
    assert report["data"]["chance that a place is looked at"].startswith("1.00, 0.")
    sparse = report["evaluation"][0]["modes"]["sparse"]["ndcg@10"]
    assert sparse["after"] > sparse["before"] + 0.1
    row = open_model(tmp_path / "run" / "model").encode_document(["red chair"])[0]
    assert 0 < len(row.to_dict()) < row.vocabulary.__len__()


def test_a_reranker_is_pruned_trained_and_written_in_8_bits(outrider: Run, spec: Build, tmp_path: Path) -> None:
    given = spec("reranker", student={"keep_layers": 2}, training={"epochs": 40, "learning_rate": 1e-3}, int8=True)
    report = json.loads(outrider("train", given, "--json").stdout)
    reranked = report["evaluation"][0]["modes"]["reranked"]["ndcg@10"]
    assert reranked["after"] > reranked["before"]
    exact, int8 = (open_model(tmp_path / "run" / name) for name in ("model", "model-int8"))
    assert (exact.kind, int8.kind, int8.activation) == ("rerank", "rerank", "Identity")
    assert json.loads((tmp_path / "run" / "model" / "config.json").read_text())["num_hidden_layers"] == 2
    passages = [" ".join(fields.values()) for fields in DOCUMENTS.values()]
    scores = exact.rank("crimson chair", passages), int8.rank("crimson chair", passages)
    assert np.corrcoef(*scores)[0, 1] > 0.98
    assert {str(Path(name).name) for name in report["latency_ms"]} == {"reranker", "model"}


def test_measuring_takes_some_of_the_queries_and_scores_each_pair_once(
    outrider: Run, spec: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = spec("reranker", training={"epochs": 1}, evaluation={"max_queries": 4, "rerank_window": 5})
    looked = json.loads(outrider("train", given, "--dry-run", "--json").stdout)
    assert (looked["queries measured"], looked["queries judged"]) == (4, 10)
    assert looked["pairs scored while measuring, about"] == 4 * 5 * 2
    measured = json.loads(outrider("train", given, "--json").stdout)["measured"]
    assert (measured["queries"], measured["queries judged"]) == (4, 10)
    assert 4 * 5 <= measured["pairs scored"] <= 4 * 5 * 2  # another test may have left those of the base model
    page = (tmp_path / "run" / "report.md").read_text()
    assert "4 judged queries that were not trained on, drawn from 10" in page
    monkeypatch.chdir(tmp_path)
    again = train(read_spec(tmp_path / "spec.yaml"), no_bars)
    assert again.measured["pairs scored"] == 0
    everything = train(read_spec(_changed(tmp_path, max_queries=None)), no_bars)
    assert everything.measured["queries"] == 10
    assert 0 < everything.measured["pairs scored"] <= 6 * 5 * 2


def _changed(folder: Path, **evaluation: Any) -> Path:
    """The spec with other settings of the evaluation."""
    given = yaml.safe_load((folder / "spec.yaml").read_text())
    given["evaluation"] |= evaluation
    (folder / "spec.yaml").write_text(yaml.safe_dump(given))
    return folder / "spec.yaml"


@pytest.mark.parametrize("kind", ["dense", "sparse", "reranker"])
def test_a_student_takes_over_the_margins_of_a_cross_encoder(
    kind: str, spec: Build, shop: Path, tmp_path: Path
) -> None:
    # A teacher of random weights: what the student says of a text afterwards can only be from its scores.
    pruned = {"keep_layers": 2} if kind == "reranker" else {}
    training = {"teacher": str(shop / "teacher"), "epochs": 40}
    given = spec(kind, student=pruned, training=training, evaluation=None)
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(given))
    report = train(read_spec(tmp_path / "spec.yaml"), no_bars)
    assert report.data["loss"] == "margin_mse"
    rows = [json.loads(line) for line in (tmp_path / "run" / "work" / "rows.jsonl").read_text().splitlines()]
    wanted = [row["scores"][0] - score for row in rows for score in row["scores"][1:]]
    before, after = (_margins(open_model(folder), rows) for folder in (shop / kind, tmp_path / "run" / "model"))
    assert np.corrcoef(wanted, after)[0, 1] > 0.75
    assert np.corrcoef(wanted, before)[0, 1] < 0.5


def _margins(model: Any, rows: list[dict[str, Any]]) -> list[float]:
    """How much better each row's first text answers than each of the others."""
    found = []
    for row in rows:
        texts = [row["positive"], *row["negatives"]]
        if model.kind == "rerank":
            scores = model.rank(row["query"], texts)
        elif model.kind == "dense":
            scores = model.encode_document(texts) @ model.encode_query([row["query"]])[0]
        else:
            query = model.encode_query([row["query"]])[0].to_dict()
            scores = [
                sum(weight * query.get(term, 0.0) for term, weight in one.to_dict().items())
                for one in model.encode_document(texts)
            ]
        found += [scores[0] - score for score in scores[1:]]
    return found


def test_documents_alone_teach_a_static_model(spec: Build, shop: Path, tmp_path: Path) -> None:
    data = {"source": "unlabelled", "documents": {"file": str(shop / "documents.jsonl")}}
    training = {"teacher": str(shop / "reranker"), "epochs": 2}
    given = spec(student={"static": True, "dimension": 16}, training=training, evaluation=None)
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump({**given, "data": data}))
    report = train(read_spec(tmp_path / "spec.yaml"), no_bars)
    assert report.data["loss"] == "margin_mse"
    rows = [json.loads(line) for line in (tmp_path / "run" / "work" / "rows.jsonl").read_text().splitlines()]
    assert {row["query"] for row in rows} >= {f"red {thing}" for thing in THINGS}
    assert all(len(row["scores"]) == 3 for row in rows)
    code = (
        "import sys; from outrider.encoders import open_model; model = open_model(sys.argv[1]);"
        "print(model.executor, model.dimension, model.encode_query(['red chair']).shape, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "run" / "model")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "static embeddings, fp32 on CPU 16 (1, 16) False"


def test_time_that_is_up_ends_the_training(spec: Build, tmp_path: Path) -> None:
    given = spec("reranker", evaluation=None, training={"epochs": 10_000, "max_cpu_minutes": 0.05, "loss": "binary"})
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(given))
    report = train(read_spec(tmp_path / "spec.yaml"), no_bars)
    assert 0 < report.training["steps"] < report.training["steps planned"]
    assert report.training["CPU minutes"] < 0.5


def test_what_is_missing_is_told(outrider: Run, spec: Build, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec()))
    code = (
        "import sys; sys.modules['datasets'] = None; sys.argv = ['outrider', 'train', 'spec.yaml'];"
        "from outrider.plugin.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "training needs datasets: pip install 'outrider[train]'" in done.stderr
    everything = spec(data={"queries": str(shop / "dev.jsonl"), "judgements": str(shop / "dev.tsv")})
    refused = outrider("train", everything, "--dry-run", check=False)
    assert refused.returncode == 1
    assert "nothing is left to train on: 10 of 10 queries are evaluated on" in refused.stderr
    assert "name the spec of the run" in outrider("train", check=False).stderr
    schema = json.loads(outrider("train", "--schema").stdout)
    assert schema["title"] == "TrainSpec"
