"""The README.md of a saved model: its metadata, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from huggingface_hub import CardData

_DEFAULT_TAGS = ["sentence-transformers"]


@dataclass
class SentenceTransformerModelCardData:
    """What a card states. Set fields, or pass it to a model as `model_card_data`."""

    language: str | list[str] | None = field(default_factory=list)
    license: str | None = None
    model_name: str | None = None
    model_id: str | None = None
    train_datasets: list[dict[str, str]] = field(default_factory=list)
    eval_datasets: list[dict[str, str]] = field(default_factory=list)
    task_name: str | None = (
        "semantic textual similarity, semantic search, paraphrase mining, text classification, clustering, and more"
    )
    tags: list[str] = field(default_factory=list)
    local_files_only: bool = False
    generate_widget_examples: bool = True
    base_model: str | None = None
    base_model_revision: str | None = None

    usual_task: ClassVar[str] = "semantic search"
    kind_tags: ClassVar[tuple[str, ...]] = ("sentence-similarity", "feature-extraction", "dense")
    pipeline_tag: ClassVar[str] = "sentence-similarity"

    def __post_init__(self) -> None:
        self.language = [self.language] if isinstance(self.language, str) else self.language or []
        self.add_tags([*_DEFAULT_TAGS, *self.kind_tags])
        self.model: Any = None
        self.eval_results_dict: dict[Any, dict[str, float]] = {}
        self.training_logs: list[dict[str, Any]] = []
        self.losses: list[Any] = []
        self.training_arguments: dict[str, Any] = {}
        self.training_data: list[dict[str, Any]] = []
        self.evaluation_data: list[dict[str, Any]] = []
        self.best_model_step: int | None = None

    def register_model(self, model: Any) -> None:
        """The model that the card is about."""
        self.model = model

    def set_model_id(self, model_id: str) -> None:
        """Where the model can be had."""
        self.model_id = model_id

    def set_base_model(self, model_id: str, revision: str | None = None) -> None:
        """What the model was made from."""
        self.base_model, self.base_model_revision = model_id, revision

    def set_evaluation_metrics(
        self, evaluator: Any, metrics: Mapping[str, float], epoch: int = 0, step: int = 0
    ) -> None:
        """The latest metrics of this evaluator, and where in training they were measured."""
        self.eval_results_dict[evaluator] = dict(metrics)
        name = str(getattr(evaluator, "primary_metric", None))
        if name not in metrics:
            return
        if not self.training_logs or self.training_logs[-1]["Step"] != step:
            self.training_logs.append({"Epoch": epoch, "Step": step})
        self.training_logs[-1][name] = metrics[name]

    def set_best_model_step(self, step: int) -> None:
        """The step whose weights were kept in the end."""
        self.best_model_step = step

    def set_losses(self, losses: list[Any]) -> None:
        """What the model was trained with."""
        self.losses = list(losses)

    def set_language(self, language: str | list[str]) -> None:
        """The languages of its texts, as codes."""
        self.language = [language] if isinstance(language, str) else language

    def set_license(self, license: str) -> None:
        """The licence, as the hub's identifier."""
        self.license = license

    def add_tags(self, tags: str | list[str]) -> None:
        """Add tags that are not there yet."""
        given = [tags] if isinstance(tags, str) else tags
        self.tags = [*self.tags, *(tag for tag in given if tag not in self.tags)]

    def to_dict(self) -> dict[str, Any]:
        """The metadata at the head of the card; what is not known is left out."""
        values = {
            "language": self.language,
            "license": self.license,
            "tags": self.tags,
            "base_model": self.base_model,
            "datasets": [entry["id"] for entry in self.train_datasets if "id" in entry],
            "pipeline_tag": self.pipeline_tag,
            "library_name": "sentence-transformers",
        }
        return {name: value for name, value in values.items() if value}

    def to_yaml(self, line_break: str | None = None) -> str:
        """The metadata as YAML."""
        text: str = CardData(**self.to_dict()).to_yaml(line_break=line_break)
        return text.strip()


@dataclass
class SparseEncoderModelCardData(SentenceTransformerModelCardData):
    """What the card of a sparse encoder states."""

    task_name: str | None = None
    usual_task: ClassVar[str] = "semantic search and sparse retrieval"
    kind_tags: ClassVar[tuple[str, ...]] = ("sparse-encoder", "sparse")
    pipeline_tag: ClassVar[str] = "feature-extraction"

    def register_model(self, model: Any) -> None:
        """The model that the card is about; its modules say which kind of sparse encoder it is."""
        super().register_model(model)
        names = {type(module).__name__ for module in model.modules()}
        self.add_tags([tag for module, tag in _SPARSE_KINDS if module in names])


@dataclass
class CrossEncoderModelCardData(SentenceTransformerModelCardData):
    """What the card of a cross-encoder states."""

    task_name: str | None = None
    usual_task: ClassVar[str] = "text reranking and semantic search"
    kind_tags: ClassVar[tuple[str, ...]] = ("cross-encoder",)
    pipeline_tag: ClassVar[str] = "text-ranking"

    def register_model(self, model: Any) -> None:
        """The model that the card is about; with several labels it classifies pairs."""
        super().register_model(model)
        self.add_tags("reranker" if model.num_labels == 1 else "text-classification")


_SPARSE_KINDS = (
    ("SpladePooling", "splade"),
    ("SparseAutoEncoder", "csr"),
    ("SparseStaticEmbedding", "inference-free"),
    ("Router", "asymmetric"),
)


def generate_model_card(model: Any) -> str:
    """The card of a model: the one that it was loaded with, else a new one."""
    if model._model_card_text:
        return str(model._model_card_text)
    from .card_text import render

    return render(model)
