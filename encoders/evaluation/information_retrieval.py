"""Do queries find their relevant documents in a corpus?"""

import heapq
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from .base import SentenceEvaluator, suffixed
from .ranked import Cuts, measure

ScoreFunction = Callable[[Any, Any], Tensor]
Hits = dict[str, list[tuple[float, str]]]


class InformationRetrievalEvaluator(SentenceEvaluator):
    """Accuracy, precision, recall, MRR, NDCG and MAP of a search over all documents.

    `queries` and `corpus` map ids to texts, `relevant_docs` query ids to sets of document ids; queries without any are
    left out.
    """

    def __init__(
        self,
        queries: Mapping[str, str],
        corpus: Mapping[str, str],
        relevant_docs: Mapping[str, set[str]],
        corpus_chunk_size: int = 50000,
        mrr_at_k: Sequence[int] = [10],
        ndcg_at_k: Sequence[int] = [10],
        accuracy_at_k: Sequence[int] = [1, 3, 5, 10],
        precision_recall_at_k: Sequence[int] = [1, 3, 5, 10],
        map_at_k: Sequence[int] = [100],
        show_progress_bar: bool = False,
        batch_size: int = 32,
        name: str = "",
        write_csv: bool = True,
        truncate_dim: int | None = None,
        score_functions: Mapping[str, ScoreFunction] | None = None,
        main_score_function: str | None = None,
        query_prompt: str | None = None,
        query_prompt_name: str | None = None,
        corpus_prompt: str | None = None,
        corpus_prompt_name: str | None = None,
        write_predictions: bool = False,
    ) -> None:
        super().__init__()
        self.queries_ids = [query for query in queries if relevant_docs.get(query)]
        self.queries = [queries[query] for query in self.queries_ids]
        self.corpus_ids, self.corpus = list(corpus), list(corpus.values())
        self.relevant_docs, self.corpus_chunk_size = relevant_docs, corpus_chunk_size
        self.cuts = Cuts(accuracy_at_k, precision_recall_at_k, mrr_at_k, ndcg_at_k, map_at_k)
        self.show_progress_bar, self.batch_size = show_progress_bar, batch_size
        self.name, self.write_csv, self.truncate_dim = name, write_csv, truncate_dim
        self.score_functions, self.main_score_function = score_functions, main_score_function
        self.query_prompt, self.query_prompt_name = query_prompt, query_prompt_name
        self.corpus_prompt, self.corpus_prompt_name = corpus_prompt, corpus_prompt_name
        self.write_predictions = write_predictions
        self.encode_options = {"truncate_dim": truncate_dim, "convert_to_tensor": True}
        self.csv_file = f"Information-Retrieval_evaluation{suffixed(name)}_results.csv"
        self.predictions_file = f"Information-Retrieval_evaluation{suffixed(name)}_predictions.jsonl"

    def __call__(
        self,
        model: Any,
        output_path: str | None = None,
        epoch: int = -1,
        steps: int = -1,
        *args: Any,
        **kwargs: Any,
    ) -> dict[str, float]:
        """Metrics named {score function}_{metric}@{k}, the model's own similarity where none was given."""
        self._start(self.name, epoch, steps)
        hits = self._search(model, *args, **kwargs)
        scores = {name: self._measured(found) for name, found in hits.items()}
        if output_path is not None and self.write_predictions:
            self._write_predictions(Path(output_path), hits)
        self.primary_metric = self._primary(scores)
        metrics = {f"{name}_{key}": value for name, values in scores.items() for key, value in values.items()}
        columns = self.cuts.columns()
        row = {f"{name}-{column}": scores[name][key] for name in scores for column, key in columns.items()}
        return self._finish(model, metrics, row, output_path, epoch, steps)

    def compute_metrices(
        self, model: Any, corpus_model: Any = None, corpus_embeddings: Any = None
    ) -> dict[str, dict[str, float]]:
        """{score function: {metric@k: value}}; the corpus may have a model of its own, or be embedded already."""
        hits = self._search(model, corpus_model, corpus_embeddings)
        return {name: self._measured(found) for name, found in hits.items()}

    def _search(self, model: Any, corpus_model: Any = None, corpus_embeddings: Any = None) -> dict[str, Hits]:
        if not self.queries:
            raise ValueError(f"none of the queries of {self.name or 'this evaluator'} has a relevant document")
        queries = self._embed_side(model, self.queries, "query", self.query_prompt, self.query_prompt_name)
        functions = self.score_functions or {model.similarity_fn_name: model.similarity}
        found: dict[str, Hits] = {name: {query: [] for query in self.queries_ids} for name in functions}
        for start in range(0, len(self.corpus), self.corpus_chunk_size):
            end = start + self.corpus_chunk_size
            if corpus_embeddings is None:
                chunk = self._embed_side(
                    corpus_model or model, self.corpus[start:end], "corpus", self.corpus_prompt, self.corpus_prompt_name
                )
            else:
                chunk = corpus_embeddings[start:end]
            for name, function in functions.items():
                self._keep_best(found[name], function(queries, chunk), start)
        return found

    def _embed_side(self, model: Any, texts: list[str], group: str, prompt: str | None, name: str | None) -> Any:
        return self._embed(
            model,
            texts,
            group,
            side="_query" if group == "query" else "_document",
            prompt=prompt,
            prompt_name=name,
            batch_size=self.batch_size,
            show_progress_bar=self.show_progress_bar,
        )

    def _keep_best(self, found: Hits, scores: Tensor, start: int) -> None:
        depth = self.cuts.deepest()
        top = scores.topk(min(depth, scores.size(1)), dim=1)
        for query, values, places in zip(self.queries_ids, top.values.tolist(), top.indices.tolist(), strict=True):
            hits = ((value, self.corpus_ids[start + place]) for value, place in zip(values, places, strict=True))
            found[query] = heapq.nlargest(depth, [*found[query], *hits], key=lambda hit: hit[0])

    def _measured(self, hits: Hits) -> dict[str, float]:
        rankings = {query: [document for _, document in found] for query, found in hits.items()}
        relevant = {query: set(self.relevant_docs[query]) for query in rankings}
        return measure(rankings, relevant, self.cuts)

    def _primary(self, scores: Mapping[str, Mapping[str, float]]) -> str:
        ndcg = f"ndcg@{max(self.cuts.ndcg)}"
        best = self.main_score_function or max(scores, key=lambda name: scores[name][ndcg])
        return f"{best}_{ndcg}"

    def _write_predictions(self, folder: Path, hits: Mapping[str, Hits]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, found in hits.items():
            path = folder / self.predictions_file.replace(".jsonl", f"_{name}.jsonl")
            with path.open("w", encoding="utf-8") as file:
                for query, text in zip(self.queries_ids, self.queries, strict=True):
                    results = [{"corpus_id": document, "score": score} for score, document in found[query]]
                    file.write(json.dumps({"query_id": query, "query": text, "results": results}) + "\n")
