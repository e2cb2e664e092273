"""The README.md of a saved model: its metadata, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from huggingface_hub import CardData
from torch import nn

from .cards import datasets, evaluations, examples, training

_DEFAULT_TAGS = ["sentence-transformers"]


@dataclass
class SentenceTransformerModelCardData:
    """What a card states. Set fields, or pass it to a model as `model_card_data`."""

    language: str | list[str] | None = field(default_factory=list)
    license: str | None = None
    model_name: str | None = None
    model_id: str | None = None
    train_datasets: list[dict[str, Any]] = field(default_factory=list)
    eval_datasets: list[dict[str, Any]] = field(default_factory=list)
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
    model_type: ClassVar[str] = "Sentence Transformer"
    title: ClassVar[str] = "SentenceTransformer"

    def __post_init__(self) -> None:
        self.language = [self.language] if isinstance(self.language, str) else self.language or []
        self.add_tags([*_DEFAULT_TAGS, *self.kind_tags])
        self.model: Any = None
        self.eval_results_dict: dict[Any, dict[str, float]] = {}
        self.training_logs: list[dict[str, Any]] = []
        self.losses: list[nn.Module] = []
        self.citations: dict[str, str] = {}
        self.all_hyperparameters: dict[str, Any] = {}
        self.non_default_hyperparameters: dict[str, Any] = {}
        self.best_model_step: int | None = None
        self.widget: list[dict[str, Any]] = []
        self.predict_example: list[Any] | None = None
        self.label_example_list: list[dict[str, str]] = []

    def register_model(self, model: Any) -> None:
        """The model that the card is about; one from the hub is what it is based on."""
        self.model = model
        if self.base_model is None and model.origin is not None:
            self.set_base_model(*model.origin)

    def set_model_id(self, model_id: str) -> None:
        """Where the model can be had."""
        self.model_id = model_id

    def set_base_model(self, model_id: str, revision: str | None = None) -> None:
        """What the model was made from."""
        self.base_model, self.base_model_revision = model_id, revision

    def get_default_model_name(self) -> str:
        """The title of the card where none was given."""
        return f"{self.title} based on {self.base_model}" if self.base_model else self.title

    @property
    def ir_model(self) -> bool:
        """Whether queries and documents are encoded differently, so that the example shows both ways."""
        from .modules.router import Router

        if self.model is None:
            return False
        prompts = [self.model.prompts.get(name) for name in ("query", "document", "passage", "corpus")]
        return any(prompts) or any(isinstance(module, Router) for module in self.model.modules())

    def set_evaluation_metrics(
        self, evaluator: Any, metrics: Mapping[str, float], epoch: int = 0, step: int = 0
    ) -> None:
        """The latest metrics of this evaluator, and where in training they were measured."""
        self.eval_results_dict[evaluator] = dict(metrics)
        name = str(getattr(evaluator, "primary_metric", None))
        if name in metrics:
            self.log_row(epoch, step)[name] = metrics[name]

    def log_row(self, epoch: float, step: int) -> dict[str, Any]:
        """The row of the training log for this step; a new one if the last is another step's."""
        if not self.training_logs or self.training_logs[-1]["Step"] != step:
            self.training_logs.append({"Epoch": epoch, "Step": step})
        return self.training_logs[-1]

    def set_best_model_step(self, step: int) -> None:
        """The step whose weights were kept in the end."""
        self.best_model_step = step

    def set_losses(self, losses: list[nn.Module]) -> None:
        """What the model was trained with: tags, and the papers to cite."""
        self.losses = [inner for outer in losses for inner in training.every_loss(outer)]
        for loss in self.losses:
            name = type(loss).__name__
            self.add_tags(f"loss:{name}")
            if citation := getattr(loss, "citation", None):
                self.citations[name] = citation

    def infer_datasets(self, dataset: Any, dataset_name: str | None = None) -> list[dict[str, Any]]:
        """What can be told of where a dataset is from."""
        return datasets.named(dataset, dataset_name)

    def extract_dataset_metadata(
        self, dataset: Any, dataset_metadata: list[dict[str, Any]], loss: Any, dataset_type: str
    ) -> list[dict[str, Any]]:
        """Names, columns, statistics, samples and losses of one dataset or of a dict of them.

        What `dataset_metadata` states already stays. The sizes of training data become a tag.
        """
        if dataset is None:
            return dataset_metadata
        parts = list(dataset.values()) if isinstance(dataset, Mapping) else [dataset]
        entries = self.infer_datasets(dataset)
        if len(dataset_metadata) == len(entries):
            entries = [found | stated for found, stated in zip(entries, dataset_metadata, strict=True)]
        keys = list(dataset) if isinstance(dataset, Mapping) else [None]
        chosen = [loss.get(key) if isinstance(loss, Mapping) else loss for key in keys]
        described = [self.compute_dataset_metrics(*each) for each in zip(parts, entries, chosen, strict=True)]
        if dataset_type == "train" and (size := sum(entry.get("size", 0) for entry in described)):
            self.add_tags(f"dataset_size:{size}")
        return described

    def compute_dataset_metrics(self, dataset: Any, dataset_info: dict[str, Any], loss: Any) -> dict[str, Any]:
        """The facts on one dataset, with those that are known."""
        facts = datasets.described(dataset, self._lengths) if hasattr(dataset, "column_names") else {}
        return dataset_info | facts | ({"loss": datasets.loss_entry(loss)} if loss is not None else {})

    def _lengths(self, texts: Any) -> tuple[list[int], str]:
        """Tokens where the model has a tokeniser to ask, else characters."""
        from .modules.transformer import Transformer

        head = (
            None if self.model is None else next((m for m in self.model.modules() if isinstance(m, Transformer)), None)
        )
        return (
            ([len(text) for text in texts], "characters") if head is None else (head.prepare(texts).lengths, "tokens")
        )

    def set_widget_examples(self, dataset: Any) -> None:
        """Texts of the training data for the hub's widget, and for the example in the card."""
        rows = examples.text_rows(dataset)
        self.widget = examples.widgets(rows)
        self.predict_example = examples.sentences(rows, 4 if self.ir_model else 3)

    def set_label_examples(self, dataset: Any) -> None:
        """One text of each label."""
        texts = {str(row["label"]): str(row["text"]) for row in reversed(list(dataset))}
        self.label_example_list = [{"Label": label, "Example": texts[label]} for label in sorted(texts)]

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
            "widget": self.widget,
            "datasets": list(dict.fromkeys(entry["id"] for entry in self.train_datasets if entry.get("id"))),
            "pipeline_tag": self.pipeline_tag,
            "library_name": "sentence-transformers",
            "metrics": evaluations.metric_names(self.eval_results_dict),
            "model-index": evaluations.model_index(
                self.model_name or self.get_default_model_name(), self.eval_results_dict
            ),
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
        self.add_tags([tag for _, tag, _ in self._kinds()])

    @property
    def model_type(self) -> str:  # type: ignore[override]
        """Which kind of sparse encoder it is, in words."""
        return " ".join([*(words for _, _, words in self._kinds()), "Sparse Encoder"])

    @property
    def title(self) -> str:  # type: ignore[override]
        """The same, at the head of the card."""
        return self.model_type

    def _kinds(self) -> list[tuple[str, str, str]]:
        names = set() if self.model is None else {type(module).__name__ for module in self.model.modules()}
        return [kind for kind in _SPARSE_KINDS if kind[0] in names]

    def set_widget_examples(self, dataset: Any) -> None:
        """The hub's widget for features takes single texts."""
        super().set_widget_examples(dataset)
        self.widget = [{"text": entry["source_sentence"]} for entry in self.widget]


@dataclass
class CrossEncoderModelCardData(SentenceTransformerModelCardData):
    """What the card of a cross-encoder states."""

    task_name: str | None = None
    usual_task: ClassVar[str] = "text reranking and semantic search"
    kind_tags: ClassVar[tuple[str, ...]] = ("cross-encoder",)
    pipeline_tag: ClassVar[str] = "text-ranking"
    model_type: ClassVar[str] = "Cross Encoder"
    title: ClassVar[str] = "CrossEncoder"

    def register_model(self, model: Any) -> None:
        """The model that the card is about; with several labels it classifies pairs."""
        super().register_model(model)
        self.add_tags("reranker" if model.num_labels == 1 else "text-classification")

    def _lengths(self, texts: Any) -> tuple[list[int], str]:
        """Pairs are tokenised together, so a text on its own has no number of tokens."""
        return [len(text) for text in texts], "characters"

    def set_widget_examples(self, dataset: Any) -> None:
        """The hub has no widget for pairs; the example in the card shows some."""
        self.predict_example = examples.pairs(examples.text_rows(dataset))


# Module, tag and words, in the order in which they are said.
_SPARSE_KINDS = (
    ("Router", "asymmetric", "Asymmetric"),
    ("SparseStaticEmbedding", "inference-free", "Inference-free"),
    ("SpladePooling", "splade", "SPLADE"),
    ("SparseAutoEncoder", "csr", "CSR"),
)


def generate_model_card(model: Any) -> str:
    """The card of a model: the one that it was loaded with, else a new one."""
    if model._model_card_text:
        return str(model._model_card_text)
    from .cards.text import render

    return render(model)


def __getattr__(name: str) -> Any:
    if name not in ("SentenceTransformerModelCardCallback", "ModelCardCallback"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .renames import warn_renamed
    from .training.card import TrainingCardCallback

    if name == "ModelCardCallback":
        warn_renamed("model_card", name, "SentenceTransformerModelCardCallback")
    return TrainingCardCallback
