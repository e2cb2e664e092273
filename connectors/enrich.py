"""Documents and their vectors as what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

from .dialect import Dialect
from .documents import Prepared
from .errors import BadDocument, BadSpec, EncoderUnavailable
from .passages import Cut, Passage, passages_of
from .ports import Context, Encoded, Encoder, EncodingFailed, LateEncoder
from .spec import IndexSpec
from .text import text_hash

Result = TypeVar("Result")

# What Elasticsearch keeps of semantic_text fields beside a document; it comes with the vectors where one asks for them.
ENGINES_OWN = "_inference_fields"


@dataclass(frozen=True, slots=True)
class Enriched:
    """A document as it is stored. `truncated` where a model read only the beginning of a text."""

    document: Prepared
    source: Mapping[str, Any]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """A document that cannot be stored with its vectors, and why."""

    document: Prepared
    reason: str


def enrich(
    dialect: Dialect, spec: IndexSpec, encoder: Encoder, documents: Sequence[Prepared]
) -> list[Enriched | Rejected]:
    """Each document with its vectors and marker, in order; one without text gets the marker alone.

    Raises EncoderUnavailable when asking again later may help; BadSpec or DimensionMismatch where the encoder does not
    fit the index.
    """
    cuts = passages_of(spec, encoder, documents)
    results = iter(_encoded(spec, encoder, [cut for cut in cuts if not isinstance(cut, BadDocument)]))
    outcomes: list[Enriched | Rejected] = []
    for document, cut in zip(documents, cuts, strict=True):
        try:
            if isinstance(cut, BadDocument):
                raise cut
            parts = _parts(spec, cut.passages, islice(results, len(cut.passages)))
            source = enriched(dialect, spec, document, parts)
            outcomes.append(Enriched(document, source, any(encoded.truncated for _, encoded in parts)))
        except BadDocument as err:
            outcomes.append(Rejected(document, str(err)))
    return outcomes


def enriched(
    dialect: Dialect, spec: IndexSpec, document: Prepared, parts: Sequence[tuple[Passage, Encoded]]
) -> dict[str, Any]:
    """The document with vectors and marker; without vectors where it has no text (no `parts`).

    Raises BadDocument where the vectors cannot be stored, DimensionMismatch where they are of another length.
    """
    source = {**document.fields, spec.marker: marker(spec, document)}
    if not parts:
        return source
    try:
        vectors = [dialect.vector_fields(spec, _pruned(spec, encoded)) for _, encoded in parts]
    except ValueError as err:
        raise BadDocument(str(err)) from err
    if spec.chunks is None:
        return {**source, **vectors[0]}
    ranges = [{"start": passage.start, "stop": passage.stop} for passage, _ in parts]
    return {**source, spec.chunks.field: [{**place, **each} for place, each in zip(ranges, vectors, strict=True)]}


def marker(spec: IndexSpec, document: Prepared) -> dict[str, Any]:
    """What is kept beside the vectors: of which text they are, and by which models."""
    if not document.text:
        return {"state": "blank"}
    return {"state": "encoded", "text_hash": text_hash(document.text), "models": spec.fingerprints()}


def pending_marker(spec: IndexSpec) -> dict[str, Any]:
    """Beside a text whose vectors are to come."""
    return {spec.marker: {"state": "pending"}}


def failed_marker(spec: IndexSpec, reason: str) -> dict[str, Any]:
    """Beside a text that cannot have vectors."""
    return {spec.marker: {"state": "failed", "error": reason[:500]}}


def is_unchanged(spec: IndexSpec, document: Prepared, stored: Mapping[str, Any]) -> bool:
    """Whether the stored document is this one, with the vectors of this text by these models."""
    found = stored.get(spec.marker)
    if not isinstance(found, Mapping):
        return False
    wanted = marker(spec, document)
    ours = (*spec.own_fields, ENGINES_OWN)
    fields = {key: value for key, value in stored.items() if key not in ours}
    theirs = {key: value for key, value in document.fields.items() if key not in ours}
    return all(found.get(key) == value for key, value in wanted.items()) and fields == theirs


def check_complete(spec: IndexSpec, encoded: Encoded) -> None:
    """Raises BadSpec where the encoder left out a vector that the index wants."""
    for kind, field, value in (("dense", spec.dense, encoded.dense), ("sparse", spec.sparse, encoded.sparse)):
        if field is not None and value is None:
            raise BadSpec(f"index '{spec.index}' wants {kind} vectors in '{field.name}', the encoder gives none")


def _pruned(spec: IndexSpec, encoded: Encoded) -> Encoded:
    prune = spec.sparse.prune if spec.sparse else None
    return replace(encoded, sparse=prune.kept(encoded.sparse)) if prune and encoded.sparse else encoded


def _encoded(spec: IndexSpec, encoder: Encoder, cuts: Sequence[Cut]) -> Sequence[Encoded | EncodingFailed]:
    """One result for each passage of each document, in order."""
    texts = [passage.text for cut in cuts for passage in cut.passages]
    if not texts:
        return []
    if spec.chunks and spec.chunks.late:
        return _encoded_late(spec, encoder, [context for cut in cuts for context in cut.contexts], texts)
    return _counted(encoder.encode_document(texts), len(texts))


def _encoded_late(
    spec: IndexSpec, encoder: Encoder, contexts: Sequence[Context], texts: Sequence[str]
) -> Sequence[Encoded | EncodingFailed]:
    if not isinstance(encoder, LateEncoder):
        raise BadSpec(f"index '{spec.index}' chunks late, and this encoder gives no vectors of parts of a text")
    rest = iter(texts)
    own = [list(islice(rest, len(context.spans))) for context in contexts]
    found = _counted(encoder.encode_chunks(contexts, own), len(contexts))
    return [
        result
        for context, each in zip(contexts, found, strict=True)
        for result in ([each] * len(context.spans) if isinstance(each, EncodingFailed) else each)
    ]


def _counted(results: Sequence[Result], texts: int) -> Sequence[Result]:
    if len(results) != texts:
        raise EncoderUnavailable(f"the encoder gave {len(results)} results for {texts} texts")
    return results


def _parts(
    spec: IndexSpec, passages: Sequence[Passage], results: "islice[Encoded | EncodingFailed]"
) -> list[tuple[Passage, Encoded]]:
    parts = []
    for passage, result in zip(passages, list(results), strict=True):
        if isinstance(result, EncodingFailed):
            raise BadDocument(f"its text could not be encoded: {result.reason}")
        check_complete(spec, result)
        parts.append((passage, result))
    return parts
