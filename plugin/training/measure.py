"""A whole search measured in memory: words, vectors, terms, fused, reranked, with the models as they are served."""

import hashlib
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from outrider.connectors import fuse, rerank
from outrider.encoders import Model, metrics

from ..evaluation import JudgedQueries
from .legs import Scored, open_leg

Show = Callable[[int, int], None]
Bars = Callable[[str], AbstractContextManager[Show]]
Open = Callable[[str], Model]

MEASURES = ("ndcg@10", "mrr@10", "recall@100")
_TUNED = "ndcg@10"
_STEPS = (0.0, 0.25, 0.5, 1.0, 2.0)
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_TIMED = 20
# Scores are kept after so many pairs: what an interruption may cost.
_KEPT_EVERY = 1000


@dataclass(frozen=True)
class Preset:
    """How rankings become one."""

    weights: tuple[float, float, float]
    rerank_weight: float
    window: int
    rerank_window: int


@dataclass(frozen=True)
class Stages:
    """One pipeline: each leg's rankings by query id, and the cross-encoder that reorders what is fused of them."""

    legs: Mapping[str, Mapping[str, Scored]]
    judge: Model | None


@dataclass(frozen=True)
class Outcome:
    """The values of each measure by mode and query, under one preset."""

    preset: Preset
    values: Mapping[str, Mapping[str, Mapping[str, float]]]

    def mean(self, mode: str, measure: str) -> float:
        """The mean over the queries."""
        return metrics.mean(self.values[mode][measure])


def drawn(judged: JudgedQueries, limit: int | None, seed: int) -> JudgedQueries:
    """At most `limit` of the queries, the same ones whenever the seed is the same."""
    if limit is None or len(judged.texts) <= limit:
        return judged
    ids = random.Random(seed).sample(sorted(judged.texts), limit)
    return JudgedQueries({id: judged.texts[id] for id in ids}, {id: judged.qrels[id] for id in ids})


class Bench:
    """Documents, word rankings, and what models say of them, kept in a folder by fingerprint for other runs."""

    def __init__(self, documents: Mapping[str, str], words: Mapping[str, Scored], keep: Path, open_: Open, bars: Bars):
        self._documents, self._words, self._keep = documents, words, keep
        self._open, self._bars = open_, bars
        self._models: dict[str, Model] = {}
        self._scores: dict[str, dict[str, float]] = {}
        self.pairs_scored = 0
        """How many pairs cross-encoders have scored here; those that an earlier run left are not among them."""
        self._digest = hashlib.sha256(repr(sorted(documents.items())).encode()).hexdigest()[:12]

    def model(self, name: str) -> Model:
        """The model, opened once."""
        if name not in self._models:
            self._models[name] = self._open(name)
        return self._models[name]

    def stages(self, names: Mapping[str, str | None], judged: JudgedQueries, depth: int) -> Stages:
        """The rankings of a pipeline made of these models, by kind."""
        legs: dict[str, Mapping[str, Scored]] = {}
        if self._words:
            legs["bm25"] = {id: self._words[text][:depth] for id, text in judged.texts.items()}
        for kind in ("dense", "sparse"):
            name = names.get(kind)
            if name is not None:
                legs[kind] = self._leg(kind, name, judged, depth)
        judge = names.get("reranker")
        return Stages(legs, self.model(judge) if judge else None)

    def outcome(self, stages: Stages, judged: JudgedQueries, preset: Preset) -> Outcome:
        """Every mode measured."""
        values = {}
        for mode in modes_of(stages):
            run = self._run(mode, stages, judged, preset)
            values[mode] = metrics.evaluate(run, judged.qrels, MEASURES)
        return Outcome(preset, values)

    def tuned(self, stages: Stages, judged: JudgedQueries, start: Preset) -> Preset:
        """The weights that are best for these queries: first those of the rankings, then the cross-encoder's share."""

        def value(preset: Preset, mode: str) -> float:
            run = self._run(mode, stages, judged, preset)
            return metrics.mean(metrics.evaluate(run, judged.qrels, (_TUNED,))[_TUNED])

        best = start
        if len(stages.legs) > 1:
            grids = [(1.0,) if leg == "bm25" else _STEPS if leg in stages.legs else (0.0,) for leg in _LEGS]
            weights = [(words, dense, sparse) for words, dense, sparse in product(*grids)]
            presets = [replace(start, weights=each) for each in weights if any(each)]
            best = max(presets, key=lambda preset: value(preset, "fused"))
        if stages.judge:
            best = max(
                (replace(best, rerank_weight=share) for share in _SHARES), key=lambda each: value(each, "reranked")
            )
        return best

    def latency(self, names: Sequence[str], judged: JudgedQueries, stages: Stages, window: int) -> dict[str, float]:
        """Median milliseconds of one query by each model, in turns: an encoding, or a window of passages."""
        times: dict[str, list[float]] = {name: [] for name in names}
        for id in list(judged.texts)[:_TIMED]:
            passages = [self._documents[doc] for doc, _ in next(iter(stages.legs.values()))[id][:window]]
            for name in names:
                model = self.model(name)
                started_s = time.perf_counter()
                if model.kind == "rerank":
                    model.rank(judged.texts[id], passages)
                else:
                    model.encode_query([judged.texts[id]])
                times[name].append((time.perf_counter() - started_s) * 1000)
        return {name: statistics.median(each) for name, each in times.items()}

    def _leg(self, kind: str, name: str, judged: JudgedQueries, depth: int) -> dict[str, Scored]:
        model = self.model(name)
        path = self._keep / f"ranking-{model.fingerprint}-{self._digest}-{depth}.json"
        known: dict[str, Scored] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        missing = [text for text in dict.fromkeys(judged.texts.values()) if text not in known]
        if missing:
            with self._bars(f"{kind} vectors of {len(self._documents)} documents") as show:
                leg = open_leg(model, self._documents, show)
            known |= dict(zip(missing, leg.rank(missing, depth), strict=True))
            _write(path, known)
        return {id: [(doc, score) for doc, score in known[text]] for id, text in judged.texts.items()}

    def _run(self, mode: str, stages: Stages, judged: JudgedQueries, preset: Preset) -> dict[str, list[str]]:
        if mode in stages.legs:
            return {id: [doc for doc, _ in ranking] for id, ranking in stages.legs[mode].items()}
        weights = [preset.weights[_LEGS.index(leg)] for leg in stages.legs]
        fused: dict[str, Scored] = {
            id: fuse([legs[id] for legs in stages.legs.values()], weights, "min_max") for id in judged.texts
        }
        if mode == "reranked" and stages.judge:
            windows = {id: ranking[: preset.rerank_window] for id, ranking in fused.items()}
            scores = self._judged(stages.judge, windows, judged)
            for id, window in windows.items():
                order = rerank(window, [scores[id][doc] for doc, _ in window], preset.rerank_weight) if window else []
                fused[id] = [*order, *fused[id][preset.rerank_window :]]
        return {id: [doc for doc, _ in ranking] for id, ranking in fused.items()}

    def _judged(
        self, judge: Model, windows: Mapping[str, Scored], judged: JudgedQueries
    ) -> dict[str, dict[str, float]]:
        """The cross-encoder's score of each document of each window; each pair is scored once, and kept."""
        path = self._keep / f"scores-{judge.fingerprint}-{self._digest}.json"
        if judge.fingerprint not in self._scores:
            self._scores[judge.fingerprint] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        known = self._scores[judge.fingerprint]
        keys = {id: {doc: f"{judged.texts[id]}\t{doc}" for doc, _ in window} for id, window in windows.items()}
        lacking = {id: [doc for doc, key in docs.items() if key not in known] for id, docs in keys.items()}
        lacking = {id: docs for id, docs in lacking.items() if docs}
        if lacking:
            total, done, kept = sum(map(len, lacking.values())), 0, 0
            with self._bars(f"scoring {total} pairs of {len(lacking)} queries with {Path(judge.name).name}") as show:
                for id, docs in lacking.items():
                    scores = judge.rank(judged.texts[id], [self._documents[doc] for doc in docs])
                    known |= {keys[id][doc]: float(score) for doc, score in zip(docs, scores, strict=True)}
                    done += len(docs)
                    show(done, total)
                    if done - kept >= _KEPT_EVERY or done == total:
                        _write(path, known)
                        kept = done
            self.pairs_scored += total
        return {id: {doc: known[key] for doc, key in docs.items()} for id, docs in keys.items()}


_LEGS = ("bm25", "dense", "sparse")


def _write(path: Path, content: object) -> None:
    """All of it or nothing: other runs read it, too."""
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(path)


def modes_of(stages: Stages) -> list[str]:
    """The modes that a pipeline answers in."""
    fused = ["fused"] if len(stages.legs) > 1 else []
    return [*stages.legs, *fused, *(["reranked"] if stages.judge and stages.legs else [])]
