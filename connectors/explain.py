"""Which form is used for what on a cluster, and why: what it is, what it has, what its licence allows."""

from dataclasses import dataclass

from .capabilities import Capabilities, version_tuple
from .dialect import dialect_for
from .elasticsearch.dense import FORMS, structure_of
from .elasticsearch.since import has
from .spec import DenseField, IndexSpec, SparseField

_EXAMPLE_DIMENSION = 384


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for one thing, and why."""

    what: str
    chosen: str
    why: str


def explain(capabilities: Capabilities, spec: IndexSpec | None = None) -> list[Choice]:
    """The choices for an index as it is, or for one that would be made now."""
    dialect = dialect_for(capabilities.distribution, capabilities.version)
    dense = spec.dense if spec else dialect.dense_field(capabilities, _EXAMPLE_DIMENSION)
    sparse = spec.sparse if spec else dialect.sparse_field(capabilities)
    licence = f", {capabilities.licence} licence" if capabilities.licence else ""
    choices = [
        Choice("engine", f"{dialect.name} {capabilities.version}", f"as it says of itself{licence}"),
        _encoding(capabilities, spec),
    ]
    choices += [_dense(capabilities, dense)] if dense else []
    choices += [_sparse(capabilities, sparse)] if sparse else []
    if capabilities.distribution == "elasticsearch" and spec is None:
        choices.append(_stored(capabilities))
    return [*choices, _fusion(capabilities, spec), _reranking(spec)]


def _encoding(capabilities: Capabilities, spec: IndexSpec | None) -> Choice:
    if spec:
        return Choice("encoding", spec.way, "the index was set up so")
    if capabilities.is_native:
        why = "the engine has its own hooks and may call us; `outrider register` uses them, `outrider index` does not"
        return Choice("encoding", "native or sidecar", why)
    return Choice("encoding", "sidecar", f"the engine lacks {', '.join(capabilities.missing_for_native)}")


def _dense(capabilities: Capabilities, field: DenseField) -> Choice:
    version = version_tuple(capabilities.version)
    reasons = {
        "binary": "no opensearch-knn: float32 bytes, scored by a script",
        "knn_vector": "opensearch-knn is here: the engine's own vector index",
        "semantic_text": "the engine makes and keeps the vectors of its chunks itself",
    }
    if field.kind == "knn_vector" and (field.structure or field.element != "float"):
        return Choice("dense", f"knn_vector, {field.element}, {field.structure or 'hnsw'}", "as the spec asks")
    if field.kind != "dense_vector":
        return Choice("dense", field.kind, reasons[field.kind])
    structure = structure_of(version, field)
    asked = "as the spec asks" if field.structure else f"the default of ours where {capabilities.version} has it"
    rounded = FORMS[structure].is_rounded
    exact = has(version, "rescore_vector")
    corrected = ", corrected by the vectors themselves (rescore_vector)" if exact else ", not corrected before 8.18"
    return Choice("dense", f"dense_vector, {field.element}, {structure}", asked + (corrected if rounded else ""))


def _sparse(capabilities: Capabilities, field: SparseField) -> Choice:
    version = version_tuple(capabilities.version)
    if field.kind == "semantic_text":
        return Choice("sparse", field.kind, "the engine makes and keeps the term weights of its chunks itself")
    if field.kind == "rank_features":
        why = "rank_feature clauses with linear scores, which every version of both engines has"
        return Choice("sparse", field.kind, why)
    query = "its own query" if has(version, "sparse_vector query") else "term queries, for want of its own before 8.15"
    pruning = "; pruning, on by default, is off" if has(version, "sparse_vector prune option") else ""
    return Choice("sparse", field.kind, f"{capabilities.version} has it, asked by {query}{pruning}")


def _stored(capabilities: Capabilities) -> Choice:
    if has(version_tuple(capabilities.version), "exclude_vectors"):
        return Choice("_source", "without vectors", "the default since 9.2; what is written back asks for them")
    return Choice("_source", "with vectors", "the default before 9.2")


def _fusion(capabilities: Capabilities, spec: IndexSpec | None) -> Choice:
    if spec and spec.pipelines:
        return Choice("fusion", f"{spec.fusion} by the engine", "its search pipeline does it")
    how = spec.fusion if spec else "min_max"
    why = "scores and pages do not depend on the page size"
    if capabilities.distribution == "elasticsearch" and (missing := capabilities.missing_for_retriever_fusion):
        why += f"; for its retrievers rrf and linear the engine lacks {', '.join(missing)}"
    return Choice("fusion", f"{how} by the sidecar", why)


def _reranking(spec: IndexSpec | None) -> Choice:
    if spec and spec.endpoints:
        return Choice("reranking", "by the engine's rerank endpoint", "the index was registered with one")
    if spec and spec.pipelines:
        return Choice("reranking", "by the engine's rerank processor", "its search pipeline does it")
    return Choice("reranking", "by the sidecar", "after the search, over a window that does not depend on the page")
