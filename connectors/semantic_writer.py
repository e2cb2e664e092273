"""Documents as they are, into an index whose semantic_text fields the engine fills (native way on Elasticsearch)."""

from collections.abc import Sequence

from .batch_writer import BatchWriter, Ready
from .documents import Prepared, source_json
from .enrich import marker
from .report import Outcome


class SemanticWriter(BatchWriter):
    """Sends documents with their marker alone. One that the engine cannot have encoded is refused by it, and told."""

    def _encoded(self, documents: Sequence[Prepared]) -> tuple[list[Ready], list[Outcome]]:
        marked = [(each, {**each.fields, self._spec.marker: marker(self._spec, each)}) for each in documents]
        return [Ready(document, source_json(source)) for document, source in marked], []
