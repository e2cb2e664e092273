"""One batch of documents, each stored as its chunks: a document a chunk, which a search collapses again.

The first chunk is written last, when the others are there and those of a longer text before are gone: by the hash in it
the next run knows that the document is whole. Cut off in between, the same command writes it again.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .batch_writer import BatchWriter, Ready, failure, pauses, sorted_out
from .common.bulk import parse_bulk
from .documents import MAX_ID_BYTES, Prepared, source_json
from .enrich import Parts, encode_parts, is_unchanged, marker, stored_vectors
from .errors import BadDocument, BadSpec, ClusterUnavailable
from .passages import Passage
from .report import Outcome
from .request import index_path

_MISSING = 404
_LONGEST_SUFFIX = len("#9999")


class ChunkWriter(BatchWriter):
    """Writes batches, also several at a time from several threads; keeps nothing between them."""

    def write(self, batch: Sequence[Prepared]) -> list[Outcome]:
        """Store the documents of a batch (all ids different); outcomes in any order."""
        stored = self._stored(batch)
        unchanged = [d for d in batch if self._skip_unchanged and is_unchanged(self._spec, d, stored.get(d.id, {}))]
        skipped = {document.id for document in unchanged}
        rest = {document.position: document for document in batch if document.id not in skipped}
        chunks, outcomes = self._encoded(list(rest.values()))
        outcomes += [Outcome(document.position, document.id, "skipped") for document in unchanged]
        later = list(self._store([each for each in chunks if _number(each) > 0]))
        broken = {each.position: each for each in later if each.status == "failed"}
        undeleted = self._delete(self._stale(chunks, rest, stored))
        broken |= {place: failure(rest[place], reason) for place, reason in undeleted.items()}
        whole = [each for each in chunks if _number(each) == 0 and each.document.position not in broken]
        ended = [*broken.values(), *self._store(whole)]
        return [*outcomes, *(replace(each, id=rest[each.position].id) for each in ended)]

    def _stored(self, batch: Sequence[Prepared]) -> dict[str, Mapping[str, Any]]:
        """The first chunk of each of these documents, without the vectors."""
        path = index_path(self._spec.index, self._dialect.mget_path(self._spec.vector_fields))
        ids = {chunk_id(document.id, 0): document.id for document in batch}
        answer = self._cluster.read("POST", path, {"ids": list(ids)})
        return {ids[doc["_id"]]: doc["_source"] for doc in answer["docs"] if doc.get("found")}

    def _encoded(self, documents: Sequence[Prepared]) -> tuple[list[Ready], list[Outcome]]:
        """Every chunk of the documents, the document's own fields with it in case that it fails."""
        return sorted_out(self._patiently(encode_parts, self._spec, self._encoder, documents), self._chunks)

    def _chunks(self, parts: Parts) -> list[Ready]:
        document, spec = parts.document, self._spec
        if len(document.id.encode()) + _LONGEST_SUFFIX > MAX_ID_BYTES:
            raise BadDocument(f"its id is {len(document.id.encode())} bytes long, which leaves no room for its chunks'")
        vectors: list[dict[str, Any]] = stored_vectors(self._dialect, spec, parts) or [{}]
        passages = [passage for passage, _ in parts.parts] or [Passage(0, 0, "", "")]
        if spec.chunks is None:
            raise BadSpec(f"index '{spec.index}' keeps no chunks")
        body_field = next(name for name in spec.text_fields if name != spec.chunks.title)
        return [
            Ready(
                replace(document, id=chunk_id(document.id, number)),
                source_json(
                    {
                        **document.fields,
                        **({body_field: each.body} if body_field in document.fields else {}),
                        spec.marker: marker(spec, document),
                        spec.chunks.field: {
                            "parent": document.id,
                            "number": number,
                            "of": len(vectors),
                            "start": each.start,
                            "stop": each.stop,
                        },
                        **vector,
                    }
                ),
                parts.is_truncated,
            )
            for number, (vector, each) in enumerate(zip(vectors, passages, strict=True))
        ]

    def _stale(
        self, chunks: Sequence[Ready], documents: Mapping[int, Prepared], stored: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, int]:
        """The ids of chunks that documents had and have no more, with the documents' positions."""
        if self._spec.chunks is None:
            return {}
        field = self._spec.chunks.field
        counts: dict[int, int] = {}
        for each in chunks:
            counts[each.document.position] = counts.get(each.document.position, 0) + 1
        before = {place: stored.get(documents[place].id, {}).get(field, {}).get("of", 0) for place in counts}
        return {
            chunk_id(documents[place].id, number): place
            for place, count in counts.items()
            for number in range(count, before[place])
        }

    def _delete(self, stale: Mapping[str, int]) -> dict[int, str]:
        """Delete chunks; the documents some of whose chunks the cluster refuses to delete, by position, and why.

        Raises ClusterUnavailable where it has no room for it in `patience_s` of trying.
        """
        refused: dict[int, str] = {}
        deadline_s = time.monotonic() + self._patience_s
        ids = list(stale)
        for pause_s in pauses():
            if not ids:
                break
            lines = b"".join(json.dumps({"delete": {"_id": id}}).encode() + b"\n" for id in ids)
            answer = self._cluster.write("POST", index_path(self._spec.index, "/_bulk"), lines)
            failures = [(id, error) for id, error in zip(ids, parse_bulk(answer), strict=True) if error is not None]
            refused |= {
                stale[id]: f"the cluster keeps a chunk of its longer text, refused with {error.status}: {error.reason}"
                for id, error in failures
                if not error.is_retriable and error.status != _MISSING
            }
            ids = [id for id, error in failures if error.is_retriable]
            if ids and time.monotonic() + pause_s > deadline_s:
                raise ClusterUnavailable(
                    f"{self._cluster.url} would not delete {len(ids)} chunks of texts that have become shorter in "
                    f"{self._patience_s:g} s; run the same command again later"
                )
            time.sleep(pause_s if ids else 0)
        return refused


def chunk_id(document: str, number: int) -> str:
    """The id of a document's chunk, from 0."""
    return f"{document}#{number}"


def _number(chunk: Ready) -> int:
    return int(chunk.document.id.rpartition("#")[2])
