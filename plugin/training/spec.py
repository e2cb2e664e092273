"""What a training run is told: one YAML or JSON file, checked before anything is loaded."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import SettingsInvalid

Kind = Literal["dense", "sparse", "reranker"]
Loss = Literal["auto", "ranking", "margin_mse", "binary"]


class Branch(BaseModel):
    """A part of the spec: frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LiveIndex(Branch):
    """An index of a running cluster."""

    url: str = Field(description="The cluster, such as http://localhost:9200.")
    index: str = Field(description="The name of the index.")


class Documents(Branch):
    """Where the documents are: one of `file` and `live`."""

    file: Path | None = Field(default=None, description="JSON lines with `_id` and the text fields; .gz is unpacked.")
    live: LiveIndex | None = Field(default=None, description="An index that is read once.")
    title: str = Field(default="title", description="The field that names a document; unlabelled data asks by it.")
    text: tuple[str, ...] = Field(default=("title", "text"), description="The fields that are encoded, in order.")
    limit: int | None = Field(default=None, ge=1, description="Read no more than this many.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.file is None) == (self.live is None):
            raise ValueError("documents need one of `file` and `live`")
        return self


class Judged(Branch):
    """Queries with judgements: BEIR, TREC or a judgement list over `documents`; or rows that carry their texts."""

    source: Literal["judged"]
    rows: Path | None = Field(
        default=None, description='JSON lines {"query": ..., "pos": [...], "neg": [...]}; a text, or {"title", "text"}.'
    )
    documents: Documents | None = Field(default=None, description="What the judgements are about.")
    queries: Path | None = Field(default=None, description="As `outrider eval` reads them.")
    judgements: Path | None = Field(default=None, description="As `outrider eval` reads them.")
    relevant_from: float = Field(default=1.0, description="The grade from which a document is relevant.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.rows is None) == (self.judgements is None):
            raise ValueError("judged data needs one of `rows` and `judgements`")
        if self.judgements is not None and self.documents is None:
            raise ValueError("`judgements` name documents by id: say where they are with `documents`")
        return self


class Clicks(Branch):
    """A log of searches and clicks over `documents`."""

    source: Literal["clicks"]
    documents: Documents
    log: Path = Field(
        description='JSON lines, a search each: {"query": ..., "results": [ids as shown], "clicks": [ids]}.'
    )
    correction: Literal["estimated", "given", "none"] = Field(
        default="estimated", description="Where the chances that a place is looked at are from."
    )
    propensities: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        default=(), description="With `given`: the chance that a place is looked at, from the first place on."
    )
    minimum_views: int = Field(default=5, ge=1, description="Pairs that were shown less often are left out.")
    relevant_from: float = Field(
        default=0.5, gt=0, le=1, description="Relevant is what has at least this share of the query's best document."
    )
    irrelevant_below: float = Field(default=0.2, ge=0, le=1, description="Irrelevant is what has less than this share.")

    @model_validator(mode="after")
    def _propensities_belong(self) -> Self:
        if (self.correction == "given") != bool(self.propensities):
            raise ValueError("`propensities` belong to correction: given, and to nothing else")
        return self


class Unlabelled(Branch):
    """Documents alone: queries are made of titles, headings and telling words, and a cross-encoder judges."""

    source: Literal["unlabelled"]
    documents: Documents
    per_document: int = Field(default=2, ge=1, le=10, description="The most queries made of one document.")
    limit: int = Field(default=10_000, ge=1, description="The most queries in all.")


class Student(Branch):
    """What becomes of the base model before it is trained."""

    keep_layers: int | None = Field(default=None, ge=1, description="Leave so many evenly spaced layers.")
    static: bool = Field(default=False, description="Static embeddings of the base's tokens; served without a graph.")
    dimension: int | None = Field(default=256, ge=8, description="Numbers of a static vector; null keeps the base's.")


class Training(Branch):
    """How it is trained."""

    loss: Loss = Field(default="auto", description="auto: margin_mse with a teacher, else ranking.")
    teacher: str | None = Field(default=None, description="A cross-encoder whose scores the model learns.")
    negatives: int = Field(default=3, ge=1, le=64, description="Irrelevant documents beside each relevant one.")
    mine: bool = Field(default=True, description="Where data has too few negatives, take the base model's neighbours.")
    skip_nearest: int = Field(default=2, ge=0, description="Neighbours that are too near to be called irrelevant.")
    epochs: float = Field(default=1.0, gt=0, description="Times through the data.")
    batch_size: int = Field(default=16, ge=1, description="Rows of a step.")
    learning_rate: float = Field(default=2e-5, gt=0, lt=1, description="The highest rate, after the warm-up.")
    warmup: float = Field(default=0.1, ge=0, lt=1, description="The share of the steps in which the rate grows.")
    max_tokens: int | None = Field(default=None, ge=8, description="Cut texts here while training; not when serving.")
    freeze_layers: int = Field(default=0, ge=0, description="Leave embeddings and so many first layers as they are.")
    precision: Literal["fp32", "bf16"] = Field(default="fp32", description="bf16 computes in bfloat16; weights stay.")
    threads: int | None = Field(default=None, ge=1, description="Threads of torch; all cores unless set.")
    max_minutes: float | None = Field(default=None, gt=0, description="Stop then, the rate having come down.")
    max_cpu_minutes: float | None = Field(default=None, gt=0, description="The same in CPU time, for a shared machine.")
    checkpoint_minutes: float = Field(default=5.0, gt=0, description="How often it is kept how far the run has come.")
    held_back: float = Field(default=0.0, ge=0, lt=1, description="The share of queries kept out, to tune fusion on.")
    seed: int = Field(default=1, description="The same seed and data give the same order.")


class Pipeline(Branch):
    """The other models of the search that is measured; null leaves a kind out."""

    dense: str | None = None
    sparse: str | None = None
    reranker: str | None = None


class Evaluation(Branch):
    """Judged queries that the model is measured on, before and after, and never trained on."""

    documents: Documents
    queries: Path | None = Field(default=None, description="As `outrider eval` reads them.")
    judgements: Path = Field(description="As `outrider eval` reads them.")
    words: LiveIndex | Path | None = Field(
        default=None, description='BM25: an index to ask, or JSON lines {"query": ..., "results": [[id, score], ...]}.'
    )
    before: Pipeline = Field(default=Pipeline(), description="What stands beside the base model.")
    after: Pipeline | None = Field(
        default=None, description="What stands beside the trained one; as before unless set."
    )
    max_queries: int | None = Field(
        default=200,
        ge=1,
        description="Measure on at most so many queries, drawn by training.seed, and tune on as many; null: on all.",
    )
    window: int = Field(default=100, ge=1, description="How deep each ranking is read.")
    rerank_window: int = Field(default=50, ge=1, description="How many fused results are reranked.")
    rerank_weight: float = Field(default=0.5, ge=0, le=1, description="The cross-encoder's share of the order.")
    weights: tuple[float, float, float] = Field(default=(1.0, 1.0, 1.0), description="Of words, dense and sparse.")
    precision: Literal["exact", "fast", "int8"] = Field(default="exact", description="How models run while measured.")


class TrainSpec(Branch):
    """One training run."""

    kind: Kind = Field(description="What the model does.")
    base: str = Field(description="The model to begin with: a folder, a ready model's name, or a hub id.")
    output: Path = Field(description="The folder for the model, the report and the checkpoints.")
    data: Annotated[Judged | Clicks | Unlabelled, Field(discriminator="source")]
    student: Student = Student()
    training: Training = Training()
    evaluation: Evaluation | None = None
    int8: bool = Field(default=False, description="Also write a folder with an 8-bit graph.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        training = self.training
        if training.loss == "binary" and self.kind != "reranker":
            raise ValueError("the loss `binary` is for a reranker")
        if training.loss == "margin_mse" and training.teacher is None:
            raise ValueError("the loss `margin_mse` learns from a teacher: name one in training.teacher")
        if training.teacher is not None and training.loss not in ("auto", "margin_mse"):
            raise ValueError(f"the loss `{training.loss}` does not read a teacher; leave one of the two out")
        if self.student.static and (self.kind != "dense" or self.student.keep_layers or training.freeze_layers):
            raise ValueError("a static student is dense and has no layers")
        if self.data.source == "unlabelled" and training.teacher is None:
            raise ValueError("unlabelled data is judged by a cross-encoder: name one in training.teacher")
        if training.held_back and self.evaluation is None:
            raise ValueError("training.held_back is for tuning the fusion that `evaluation` measures; there is none")
        return self

    @property
    def loss(self) -> str:
        """The loss in use."""
        if self.training.loss != "auto":
            return self.training.loss
        return "margin_mse" if self.training.teacher else "ranking"


def read_spec(path: Path) -> TrainSpec:
    """The spec in a YAML or JSON file; paths in it are as seen from where the command runs.

    Raises SettingsInvalid, naming each wrong entry.
    """
    import yaml

    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8"
        raise SettingsInvalid(f"the spec {str(path)!r} cannot be read: {reason}") from err
    except yaml.YAMLError as err:
        raise SettingsInvalid(f"the spec {str(path)!r} is not YAML: {' '.join(str(err).split())}") from err
    if not isinstance(content, dict):
        raise SettingsInvalid(f"the spec {str(path)!r} holds {type(content).__name__}, not the entries of a run")
    try:
        return TrainSpec.model_validate(content)
    except ValidationError as err:
        problems = "; ".join(_sentence(problem) for problem in err.errors())
        raise SettingsInvalid(f"the spec {str(path)!r}: {problems}") from err


def _sentence(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    seen = "" if isinstance(problem["input"], dict) or problem["type"] == "missing" else f", got {problem['input']!r}"
    return f"{where}: {message}{seen}" if where else f"{message}{seen}"
