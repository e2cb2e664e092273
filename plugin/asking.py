"""Asking an index in the way it was set up: by the sidecar, or by the cluster's own pipelines."""

from typing import Protocol

from outrider.connectors import (
    Answer,
    Cluster,
    Encoder,
    Filter,
    IndexSpec,
    Mode,
    NativeSearcher,
    Searcher,
    SemanticSearcher,
)


class Asker(Protocol):
    """Something that answers questions."""

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that it can answer in."""

    def search(
        self, query: str, mode: Mode = "reranked", size: int = 10, *, offset: int = 0, filter: Filter | None = None
    ) -> Answer:
        """The `size` best documents after the first `offset`, where `filter` matches."""
        ...


def asker_for(cluster: Cluster, spec: IndexSpec, encoder: Encoder | None) -> Asker:
    """The native way needs no encoder here: the cluster calls the sidecar itself."""
    if spec.way == "native":
        return SemanticSearcher(cluster, spec) if spec.endpoints else NativeSearcher(cluster, spec)
    if encoder is None:
        raise ValueError(f"index '{spec.index}' is asked by the sidecar, which needs an encoder")
    return Searcher(cluster, spec, encoder)
