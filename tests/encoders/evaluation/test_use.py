"""How evaluators are used: through a model, from a local NanoBEIR, with old names, and wrongly."""

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from sentence_transformers import InputExample
from sentence_transformers.cross_encoder.evaluation import CrossEncoderNanoBEIREvaluator as TheirCrossNanoBEIR
from sentence_transformers.evaluation import NanoBEIREvaluator as TheirNanoBEIR
from sentence_transformers.sparse_encoder.evaluation import SparseNanoBEIREvaluator as TheirSparseNanoBEIR

from outrider.encoders import evaluation
from outrider.encoders.cross_encoder import evaluation as cross_evaluation
from outrider.encoders.evaluation import (
    BinaryClassificationEvaluator,
    EmbeddingSimilarityEvaluator,
    InformationRetrievalEvaluator,
    MSEEvaluator,
    NanoBEIREvaluator,
    SentenceEvaluator,
    TranslationEvaluator,
    TripletEvaluator,
)
from outrider.encoders.sparse_encoder.evaluation import SparseNanoBEIREvaluator

from ..surface.conftest import CORPUS
from .conftest import Both

PAIRS = list(zip(CORPUS[:3], CORPUS[3:6], strict=True))


@pytest.fixture(scope="module")
def nano_beir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two collections as BEIR folders."""
    root = tmp_path_factory.mktemp("nano-beir")
    for name, size in (("NanoMSMARCO", len(CORPUS)), ("NanoNFCorpus", len(CORPUS) - 1)):
        folder = root / name
        (folder / "qrels").mkdir(parents=True)
        rows: dict[str, list[dict[str, Any]]] = {
            "corpus": [{"_id": f"d{index}", "text": text} for index, text in enumerate(CORPUS[:size])],
            "queries": [
                {"_id": "q1", "text": f"weather {name}"},
                {"_id": "q2", "text": "a car" + size % 2 * " outside"},
            ],
            "bm25": [
                {"query-id": "q1", "corpus-ids": ["d0", "d1", "d3", "d2"]},
                {"query-id": "q2", "corpus-ids": ["d4", "d5", "d3"]},
            ],
        }
        for part, lines in rows.items():
            (folder / f"{part}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
        judged = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t1\nq2\td3\t1\nq2\td0\t0\n"
        (folder / "qrels" / "test.tsv").write_text(judged)
    return str(root)


@pytest.fixture
def their_nano_beir(nano_beir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the reference read the same folder."""

    def read(self: Any, part: str, split: str, required_columns: list[str]) -> Dataset:
        folder = Path(nano_beir) / split
        if part == "qrels":
            pairs = [("q1", "d1"), ("q1", "d2"), ("q2", "d3")]
            return Dataset.from_list([{"query-id": query, "corpus-id": document} for query, document in pairs])
        lines = (folder / f"{part}.jsonl").read_text().splitlines()
        return Dataset.from_list([json.loads(line) for line in lines])

    for reader in (TheirNanoBEIR, TheirCrossNanoBEIR):
        monkeypatch.setattr(reader, "_load_dataset_subset_split", read)


@pytest.mark.usefixtures("their_nano_beir")
@pytest.mark.parametrize(
    ("kind", "classes", "options", "primary"),
    [
        ("dense", (NanoBEIREvaluator, TheirNanoBEIR), {}, "NanoBEIR_mean_cosine_ndcg@10"),
        (
            "dense",
            (NanoBEIREvaluator, TheirNanoBEIR),
            {"query_prompts": {"msmarco": "a: ", "NFCorpus": "b: "}, "truncate_dim": 16},
            "NanoBEIR_mean_16_cosine_ndcg@10",
        ),
        ("sparse", (SparseNanoBEIREvaluator, TheirSparseNanoBEIR), {}, "NanoBEIR_mean_dot_ndcg@10"),
        (
            "sparse",
            (SparseNanoBEIREvaluator, TheirSparseNanoBEIR),
            {"max_active_dims": 40, "aggregate_key": "avg"},
            "NanoBEIR_avg_40_dot_ndcg@10",
        ),
        (
            "reranker",
            (cross_evaluation.CrossEncoderNanoBEIREvaluator, TheirCrossNanoBEIR),
            {"rerank_k": 3},
            "NanoBEIR_R3_mean_ndcg@10",
        ),
    ],
)
def test_nano_beir_from_a_folder(
    kind: str,
    classes: tuple[Any, Any],
    options: dict[str, Any],
    primary: str,
    nano_beir: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    both: Both = request.getfixturevalue(kind)
    names = ["msmarco", "NFCorpus"]
    ours, theirs = classes[0](names, dataset_id=nano_beir, **options), classes[1](names, **options)
    found = [
        evaluator(model, str(tmp_path / who))
        for evaluator, model, who in ((ours, both.ours, "ours"), (theirs, both.theirs, "theirs"))
    ]
    assert list(found[0]) == list(found[1])
    assert found[0] == pytest.approx(found[1], abs=1e-5, rel=1e-5)
    assert ours.primary_metric == theirs.primary_metric == primary
    files = sorted(path.name for path in (tmp_path / "ours").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "theirs").iterdir())
    for name in files:
        headers = [(tmp_path / who / name).read_text().splitlines()[0] for who in ("ours", "theirs")]
        assert headers[0] == headers[1]


def test_nano_beir_from_a_copy_of_the_hubs_repository(dense: Both, nano_beir: str, tmp_path: Path) -> None:
    beir = Path(nano_beir) / "NanoMSMARCO"
    pairs = [("q1", "d1"), ("q1", "d2"), ("q2", "d3")]
    parts = {
        "corpus": [json.loads(line) for line in (beir / "corpus.jsonl").read_text().splitlines()],
        "queries": [json.loads(line) for line in (beir / "queries.jsonl").read_text().splitlines()],
        "qrels": [{"query-id": query, "corpus-id": document} for query, document in pairs],
    }
    for part, rows in parts.items():
        (tmp_path / part).mkdir()
        Dataset.from_list(rows).to_parquet(tmp_path / part / "NanoMSMARCO-00000-of-00001.parquet")
    copied = NanoBEIREvaluator(["msmarco"], dataset_id=str(tmp_path))(dense.ours)
    assert copied == NanoBEIREvaluator(["msmarco"], dataset_id=nano_beir)(dense.ours)


def test_reranking_of_nano_beir(reranker: Both, nano_beir: str, tmp_path: Path) -> None:
    evaluator = cross_evaluation.CrossEncoderNanoBEIREvaluator(["msmarco", "nfcorpus"], nano_beir, 3)
    found = evaluator(reranker.ours, str(tmp_path))
    assert found["NanoBEIR_R3_mean_base_mrr@10"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert found[str(evaluator.primary_metric)] == pytest.approx(
        (found["NanoMSMARCO_R3_ndcg@10"] + found["NanoNFCorpus_R3_ndcg@10"]) / 2
    )
    assert (tmp_path / "NanoBEIR_evaluation_mean_results.csv").read_text().startswith("epoch,steps,MAP,MRR@10,NDCG@10")


def test_what_nano_beir_lacks_is_named(nano_beir: str) -> None:
    with pytest.raises(ValueError, match=r"\['foo'\] are no NanoBEIR datasets; use some of climatefever"):
        NanoBEIREvaluator(["foo"])
    with pytest.raises(ValueError, match="the prompts lack msmarco"):
        NanoBEIREvaluator(["msmarco"], dataset_id=nano_beir, query_prompts={"nq": "q"})


def test_a_model_evaluates_itself_and_its_card_tells(dense: Both, tmp_path: Path) -> None:
    dense.ours.model_card_data.eval_results_dict.clear()  # other tests measure the same model
    evaluator = MSEEvaluator(CORPUS[:2], CORPUS[2:4], teacher_model=dense.ours, name="kd")
    found = dense.ours.evaluate(evaluator, str(tmp_path / "new" / "folder"))
    assert found == {"kd_negative_mse": pytest.approx(found["kd_negative_mse"])}
    assert (tmp_path / "new" / "folder" / "mse_evaluation_kd_results.csv").is_file()
    assert dense.ours.model_card_data.eval_results_dict[evaluator] == found
    dense.ours.save(str(tmp_path / "saved"))
    card = (tmp_path / "saved" / "README.md").read_text()
    assert "## Evaluation" in card
    assert f"| negative_mse | {round(found['kd_negative_mse'], 4)} |" in card.replace("**", "")


def test_rows_are_added_to_a_file_that_is_there(dense: Both, tmp_path: Path) -> None:
    evaluator = TranslationEvaluator(CORPUS[:2], CORPUS[2:4])
    for epoch in (1, 2):
        evaluator(dense.ours, str(tmp_path), epoch=epoch)
    lines = (tmp_path / "translation_evaluation_results.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch", "1", "2"]


def test_wrong_matches_are_shown(dense: Both, capsys: pytest.CaptureFixture[str]) -> None:
    shifted = [*CORPUS[1:3], CORPUS[0]]  # each text is nearest to itself, one place off
    TranslationEvaluator(CORPUS[:3], shifted, print_wrong_matches=True)(dense.ours)
    assert "instead of its own" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "arguments"),
    [
        ("CEBinaryAccuracyEvaluator", "Classification", (PAIRS, [1, 0, 1])),
        ("CEBinaryClassificationEvaluator", "Classification", (PAIRS, [1, 0, 1])),
        ("CEF1Evaluator", "Classification", (PAIRS, [1, 0, 1])),
        ("CESoftmaxAccuracyEvaluator", "Classification", (PAIRS, [1, 0, 1])),
        ("CECorrelationEvaluator", "Correlation", (PAIRS, [0.1, 0.5, 0.3])),
        ("CERerankingEvaluator", "Reranking", ([{"query": "a", "positive": ["b"], "negative": ["c"]}],)),
    ],
)
def test_old_names_warn_and_measure_the_same(reranker: Both, old: str, new: str, arguments: Any) -> None:
    name = f"CrossEncoder{new}Evaluator"
    with pytest.warns(DeprecationWarning, match=name) as caught:
        evaluator = getattr(cross_evaluation, old)(*arguments)
    assert caught[0].filename == __file__
    assert evaluator(reranker.ours) == getattr(cross_evaluation, name)(*arguments)(reranker.ours)


def test_renamed_arguments() -> None:
    with pytest.warns(DeprecationWarning, match="at_k") as caught:
        evaluator = evaluation.RerankingEvaluator([], mrr_at_k=3)
    assert caught[0].filename == __file__
    assert evaluator.at_k == 3
    with pytest.warns(DeprecationWarning, match="main_similarity_function"):
        TripletEvaluator(["a"], ["b"], ["c"], main_distance_function="cosine")


def test_evaluators_from_examples(dense: Both) -> None:
    pairs = [InputExample(texts=list(pair), label=label) for pair, label in zip(PAIRS, (1, 0, 1), strict=True)]
    assert BinaryClassificationEvaluator.from_input_examples(pairs)(dense.ours)["cosine_accuracy"] > 0
    assert EmbeddingSimilarityEvaluator.from_input_examples(pairs, name="x").sentences2 == [b for _, b in PAIRS]
    triplets = [InputExample(texts=CORPUS[:3])]
    assert TripletEvaluator.from_input_examples(triplets).negatives == [CORPUS[2]]


@pytest.mark.parametrize("precision", ["int8", "uint8", "binary", "ubinary"])
def test_similarity_of_quantised_embeddings(dense: Both, precision: str) -> None:
    scores = [0.1, 0.5, 0.9, 0.2]
    evaluator = EmbeddingSimilarityEvaluator(CORPUS[:4], CORPUS[3:], scores, precision=precision, name="q")
    assert evaluator.csv_file == f"similarity_evaluation_q_{precision}_results.csv"
    assert -1 <= evaluator(dense.ours)["q_spearman_cosine"] <= 1


def test_mistakes_are_told() -> None:
    with pytest.raises(ValueError, match="sentences1 has 1, sentences2 has 2"):
        BinaryClassificationEvaluator(["a"], ["b", "c"], [1])
    with pytest.raises(ValueError, match=r"labels must be 0 or 1, but there are also \[2\]"):
        BinaryClassificationEvaluator(["a"], ["b"], [2])
    with pytest.raises(ValueError, match="needs a teacher_model"):
        MSEEvaluator(["a"], ["b"])
    with pytest.raises(ValueError, match="margin must be a number"):
        TripletEvaluator(["a"], ["b"], ["c"], margin={"angular": 1.0})
    with pytest.raises(NotImplementedError, match="must say in __call__"):
        SentenceEvaluator()(None)


def test_queries_without_relevant_documents_are_told(dense: Both) -> None:
    evaluator = InformationRetrievalEvaluator({"q": "a"}, {"d": "b"}, {}, name="empty")
    with pytest.raises(ValueError, match="none of the queries of empty has a relevant document"):
        evaluator(dense.ours)
