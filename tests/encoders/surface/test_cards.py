"""The card of a model, untrained and trained, beside that of the reference for the same model and run."""

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sentence_transformers as reference
from datasets import Dataset, DatasetDict
from huggingface_hub import ModelCard

import outrider.encoders
from outrider.encoders import SentenceTransformer, SentenceTransformerModelCardData, model_card
from outrider.encoders.cards import datasets, tables
from outrider.encoders.evaluation import SentenceEvaluator

ANCHORS = ["what is a heron", "sun outside", "drive a car", "rank documents"]
POSITIVES = ["a bird in the reeds", "so sunny outside", "he drove to the stadium", "search engines rank documents"]
PAIRS = Dataset.from_dict({"anchor": ANCHORS * 2, "positive": POSITIVES * 2})
SCORED = Dataset.from_dict({"anchor": ANCHORS * 2, "positive": POSITIVES * 2, "score": [0.1, 0.9] * 4})
# Ours names the paper of the method also where nothing was trained, and has an argument that only 6.x has.
ONLY_OURS = {"#### Sentence Transformers", "warmup_ratio"}


def _headings(text: str) -> list[str]:
    plain = re.sub(r"<!--.*?-->|```.*?```", "", text, flags=re.DOTALL)
    return re.findall(r"^#{2,4} .*$", plain, flags=re.MULTILINE)


def _settings(text: str) -> set[str]:
    return set(re.findall(r"^- `(\w+)`", text, flags=re.MULTILINE))


def _dense(library: Any, folder: str) -> tuple[Any, Any, Any, Any]:
    model = library.SentenceTransformer(folder, device="cpu")
    loss = {"pairs": library.losses.MultipleNegativesRankingLoss(model), "scored": library.losses.CoSENTLoss(model)}
    measure = library.evaluation.EmbeddingSimilarityEvaluator(ANCHORS, POSITIVES, [0.1, 0.2, 0.3, 0.4], name="dev")
    other = library.evaluation.TripletEvaluator(ANCHORS, POSITIVES, POSITIVES[::-1], name="a")
    return model, DatasetDict(pairs=PAIRS, scored=SCORED), loss, [measure, other]


def _sparse(library: Any, folder: str) -> tuple[Any, Any, Any, Any]:
    model = library.SparseEncoder(folder, device="cpu")
    parts = library.sparse_encoder.losses
    loss = parts.SpladeLoss(model, parts.SparseMultipleNegativesRankingLoss(model), 1e-3, 1e-3)
    queries, corpus = ({str(key): text for key, text in enumerate(texts)} for texts in (ANCHORS, POSITIVES))
    measure = import_module(f"{library.__name__}.sparse_encoder.evaluation").SparseInformationRetrievalEvaluator(
        queries, corpus, {key: {key} for key in queries}, name="ir"
    )
    return model, PAIRS, loss, measure


def _cross(library: Any, folder: str) -> tuple[Any, Any, Any, Any]:
    model = library.CrossEncoder(folder, device="cpu")
    measure = import_module(f"{library.__name__}.cross_encoder.evaluation").CrossEncoderCorrelationEvaluator(
        list(zip(ANCHORS, POSITIVES, strict=True)), [0.1, 0.2, 0.3, 0.4], name="dev"
    )
    return model, SCORED, library.cross_encoder.losses.BinaryCrossEntropyLoss(model), measure


KINDS = {
    "dense": ("SentenceTransformer", _dense, "dense_folder"),
    "sparse": ("SparseEncoder", _sparse, "splade_folder"),
    "cross": ("CrossEncoder", _cross, "reranker_folder"),
}


def _trained(library: Any, kind: str, folder: str, target: Path) -> str:
    name, build, _ = KINDS[kind]
    model, data, loss, evaluator = build(library, folder)
    model.model_card_data.model_id = "me/mine"
    arguments = getattr(library, f"{name}TrainingArguments")(
        output_dir=str(target / "run"),
        max_steps=2,
        per_device_train_batch_size=4,
        logging_steps=1,
        eval_strategy="steps",
        eval_steps=2,
        learning_rate=1e-3,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        seed=12,
    )
    trainer = getattr(library, f"{name}Trainer")(
        model=model, args=arguments, train_dataset=data, eval_dataset=data, loss=loss, evaluator=evaluator
    )
    trainer.train()
    model.save_pretrained(str(target))
    return (target / "README.md").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_a_trained_models_card_has_the_sections_and_metadata_of_the_reference(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = request.getfixturevalue(KINDS[kind][2])
    ours = _trained(outrider.encoders, kind, folder, tmp_path / "ours")
    theirs = _trained(reference, kind, folder, tmp_path / "theirs")
    assert _headings(ours) == _headings(theirs)
    assert _settings(ours) ^ _settings(theirs) <= ONLY_OURS
    left, right = (ModelCard(text).data.to_dict() for text in (ours, theirs))
    assert list(left) == list(right)
    for key in set(right) - {"model-index", "widget", "tags"}:
        assert left[key] == right[key], key
    assert set(left["tags"]) == set(right["tags"])
    _assert_same_index(left["model-index"], right["model-index"])
    assert [set(entry) for entry in left.get("widget", [])[:1]] == [set(e) for e in right.get("widget", [])[:1]]
    assert _log_header(ours) == _log_header(theirs)
    for fact in ("training samples", "min: ", "<code>what is a heron</code>"):
        assert fact in ours, fact
    assert "| 1 |" in ours or "| 2 |" in ours


def _assert_same_index(ours: Any, theirs: Any) -> None:
    """Everything but the values: the runs do not see the same random numbers."""
    for left, right in zip(ours[0]["results"], theirs[0]["results"], strict=True):
        assert (left["task"], left["dataset"]) == (right["task"], right["dataset"])
        assert [(m["type"], m["name"]) for m in left["metrics"]] == [(m["type"], m["name"]) for m in right["metrics"]]
    assert ours[0]["name"] == theirs[0]["name"]


def _log_header(text: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith("| Epoch"))
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_an_untrained_models_card_has_the_sections_of_the_reference(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    texts = []
    for library in (outrider.encoders, reference):
        model = getattr(library, KINDS[kind][0])(request.getfixturevalue(KINDS[kind][2]), device="cpu")
        model.save_pretrained(str(tmp_path / library.__name__))
        texts.append((tmp_path / library.__name__ / "README.md").read_text(encoding="utf-8"))
    ours, theirs = map(_headings, texts)
    assert [heading for heading in ours if heading not in ONLY_OURS] == theirs
    left, right = (ModelCard(text).data.to_dict() for text in texts)
    assert list(left) == list(right)


def test_the_example_of_a_card_prints_what_it_says(dense_folder: str, tmp_path: Path) -> None:
    model = SentenceTransformer(dense_folder, device="cpu")
    model.model_card_data.set_model_id(dense_folder)
    model.save_pretrained(str(tmp_path))
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    script = re.search(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert script is not None
    assert "encode_query" in script[1]
    printed: list[str] = []
    exec(script[1], {"print": lambda *values: printed.append(" ".join(map(str, values)))})
    assert printed[0] == "(1, 24) (3, 24)"
    assert f"# {printed[1]}" in text


def _characters(texts: Any) -> tuple[list[int], str]:
    return [len(text) for text in texts], "characters"


def _spread(lowest: Any, mean: Any, highest: Any, unit: str = "") -> dict[str, str]:
    return {"min": f"{lowest}{unit}", "mean": f"{mean}{unit}", "max": f"{highest}{unit}"}


@pytest.mark.parametrize(
    ("values", "dtype", "facts"),
    [
        (["ab", "abcd"], "string", _spread(2, 3.0, 4, " characters")),
        ([0, 1, 0, 0], "int", {"0": "~75.00%", "1": "~25.00%"}),
        ([0.5, 1.25], "float", _spread(0.5, 0.88, 1.25)),
        ([["a"], ["b", "c"]], "list", _spread(1, 1.5, 2, " elements")),
        ([[0.1] * 4] * 2, "list", {"size": "4 elements"}),
        ([None, None], "NoneType", {}),
        ([{"query": "a"}], "dict", {}),
    ],
)
def test_what_a_card_says_of_a_column(values: list[Any], dtype: str, facts: dict[str, str]) -> None:
    assert datasets.measured(values, _characters) == {"dtype": dtype, "data": facts}


def test_a_stream_shows_its_columns_and_an_odd_text_stays_in_its_cell() -> None:
    stream = Dataset.from_dict({"text": ["a"]}).to_iterable_dataset()
    assert datasets.described(stream, _characters) == {"columns": ["<code>text</code>"]}
    assert tables.code("a | b\n<script>" + "x" * 2000) == f"<code>a \\| b<br>&lt;script&gt;{'x' * 986}...</code>"


class OwnMeasure(SentenceEvaluator):
    """An evaluator with a name of its own kind."""

    def __init__(self) -> None:
        super().__init__()
        self.primary_metric = "wonder"

    def __call__(self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1) -> Any:  # noqa: ARG002
        metrics = {"wonder": 0.5}
        self.store_metrics_in_model_card_data(model, metrics)
        return metrics


def test_an_evaluator_of_ones_own_is_shown(dense_folder: str) -> None:
    model = SentenceTransformer(dense_folder, device="cpu")
    model.evaluate(OwnMeasure())
    text = model_card.generate_model_card(model)
    assert "#### Own Measure" in text
    assert "| **wonder** | **0.5** |" in text


def test_a_model_of_the_hub_is_what_a_card_is_based_on(dense_folder: str, tmp_path: Path) -> None:
    snapshot = tmp_path / "models--org--name" / "snapshots" / ("f" * 40)
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(dense_folder, target_is_directory=True)
    data = SentenceTransformer(str(snapshot), device="cpu").model_card_data
    assert (data.base_model, data.base_model_revision) == ("org/name", "f" * 40)
    assert data.get_default_model_name() == "SentenceTransformer based on org/name"
    assert "base_model: org/name" in data.to_yaml()


def test_where_a_dataset_is_from_is_found_in_its_downloads() -> None:
    data = Dataset.from_dict({"text": ["a"]})
    assert model_card.SentenceTransformerModelCardData().infer_datasets(data, "mine") == [{"name": "mine"}]
    data.info.download_checksums = {f"hf://datasets/org/all-nli@{'a' * 40}/pair/train.parquet": {}}
    assert datasets.named(data) == [{"name": "all-nli", "id": "org/all-nli", "revision": "a" * 40}]


def test_labels_have_their_examples() -> None:
    data = SentenceTransformerModelCardData()
    data.set_label_examples(Dataset.from_dict({"text": ["good", "bad", "fine"], "label": [1, 0, 1]}))
    assert data.label_example_list == [{"Label": "0", "Example": "bad"}, {"Label": "1", "Example": "good"}]


METHODS = """
set_losses set_best_model_step set_widget_examples set_evaluation_metrics set_label_examples infer_datasets
compute_dataset_metrics extract_dataset_metadata register_model set_model_id set_base_model set_language set_license
add_tags to_dict to_yaml get_default_model_name
"""


@pytest.mark.parametrize("kind", KINDS)
def test_card_data_has_the_methods_and_parameters_of_the_reference(kind: str) -> None:
    ours, theirs = (getattr(room, f"{KINDS[kind][0]}ModelCardData") for room in (outrider.encoders, reference))
    for name in METHODS.split():
        assert list(inspect.signature(getattr(ours, name)).parameters) == list(
            inspect.signature(getattr(theirs, name)).parameters
        ), name
    wanted = list(inspect.signature(theirs).parameters)
    assert list(inspect.signature(ours).parameters)[: len(wanted)] == wanted
