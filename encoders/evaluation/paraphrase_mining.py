"""Are the pairs that say the same found among all pairs?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ..util.retrieval import paraphrase_mining
from .base import SentenceEvaluator, suffixed

Duplicates = dict[str, dict[str, bool]]


class ParaphraseMiningEvaluator(SentenceEvaluator):
    """Average precision of mined pairs, and F1 with its precision, recall and threshold where it is best."""

    def __init__(
        self,
        sentences_map: Mapping[str, str],
        duplicates_list: Iterable[tuple[str, str]] | None = None,
        duplicates_dict: Mapping[str, Mapping[str, bool]] | None = None,
        add_transitive_closure: bool = False,
        query_chunk_size: int = 5000,
        corpus_chunk_size: int = 100000,
        max_pairs: int = 500000,
        top_k: int = 100,
        show_progress_bar: bool = False,
        batch_size: int = 16,
        name: str = "",
        write_csv: bool = True,
        truncate_dim: int | None = None,
    ) -> None:
        super().__init__()
        self.ids, self.sentences = list(sentences_map), list(sentences_map.values())
        given = [*(duplicates_list or ()), *_pairs(duplicates_dict or {})]
        pairs = {frozenset(pair) for pair in given if set(pair) <= set(sentences_map)}
        self.duplicates = _closed(pairs) if add_transitive_closure else {pair for pair in pairs if len(pair) == 2}
        self.total_num_duplicates = len(self.duplicates)
        self.query_chunk_size, self.corpus_chunk_size = query_chunk_size, corpus_chunk_size
        self.max_pairs, self.top_k = max_pairs, top_k
        self.show_progress_bar, self.batch_size, self.name = show_progress_bar, batch_size, name
        self.write_csv, self.truncate_dim = write_csv, truncate_dim
        self.csv_file = f"paraphrase_mining_evaluation{suffixed(name)}_results.csv"
        self.primary_metric = "average_precision"

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """average_precision, f1, precision, recall and threshold."""
        self._start(self.name, epoch, steps)
        found = paraphrase_mining(
            model,
            self.sentences,
            self.show_progress_bar,
            self.batch_size,
            self.query_chunk_size,
            self.corpus_chunk_size,
            self.max_pairs,
            self.top_k,
            truncate_dim=self.truncate_dim,
        )
        metrics = self._measured(found)
        row = {key: metrics[key] for key in ("precision", "recall", "f1", "threshold", "average_precision")}
        return self._finish(model, metrics, row, output_path, epoch, steps)

    def _measured(self, found: list[list[float | int]]) -> dict[str, float]:
        best = dict.fromkeys(("average_precision", "f1", "precision", "recall", "threshold"), 0.0)
        correct, precisions = 0, 0.0
        for index, (score, left, right) in enumerate(found):
            if frozenset((self.ids[int(left)], self.ids[int(right)])) not in self.duplicates:
                continue
            correct += 1
            precision, recall = correct / (index + 1), correct / self.total_num_duplicates
            precisions += precision
            f1 = 2 * precision * recall / (precision + recall)
            if f1 > best["f1"]:
                following = found[min(index + 1, len(found) - 1)][0]
                best |= {"f1": f1, "precision": precision, "recall": recall, "threshold": (score + following) / 2}
        return best | {"average_precision": precisions / self.total_num_duplicates if correct else 0.0}

    @staticmethod
    def add_transitive_closure(graph: Mapping[str, Mapping[str, bool]]) -> Duplicates:
        """{id: {id: True}} where also the duplicates of duplicates are duplicates."""
        pairs = _closed({frozenset(pair) for pair in _pairs(graph)})
        closed: Duplicates = defaultdict(dict)
        for left, right in map(tuple, pairs):
            closed[left][right] = closed[right][left] = True
        return dict(closed)


def _pairs(graph: Mapping[str, Mapping[str, bool]]) -> list[tuple[str, str]]:
    return [(left, right) for left, some in graph.items() for right, is_duplicate in some.items() if is_duplicate]


def _closed(pairs: set[frozenset[str]]) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for pair in pairs:
        merged = set(pair).union(*(groups.get(one, ()) for one in pair))
        groups |= dict.fromkeys(merged, merged)
    distinct = {id(group): group for group in groups.values()}.values()
    return {frozenset((a, b)) for group in distinct for a in group for b in group if a < b}
