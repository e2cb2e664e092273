"""A training run from spec to report."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic
from typing import Any

from outrider.encoders import cache_root, open_model

from ..errors import CollectionInvalid, PackageMissing
from ..evaluation import JudgedQueries, read_judged
from .clock import Clock
from .documents import Passage, read_passages
from .examples import Example, Split, split
from .labels import Row, mined, rows_of, scored
from .legs import Scored, open_leg
from .measure import Bench, Preset, drawn
from .place import Place, digest_of
from .report import Comparison, Report
from .sources import Facts, examples_of
from .spec import Evaluation, TrainSpec
from .words import word_rankings

Show = Callable[[int, int], None]
Bars = Callable[[str], AbstractContextManager[Show]]


def plan(spec: TrainSpec, bars: Bars) -> Facts:
    """What a run would do: the data counted, nothing loaded or written. Raises CollectionInvalid."""
    with bars("reading"):
        _, parts, facts = _data(spec)
    return {**facts, **_counts(parts), "loss": spec.loss, **_measuring(spec)}


def train(spec: TrainSpec, bars: Bars) -> Report:
    """Train, measure before and after, and report; a run that was cut off goes on where it was.

    Raises PackageMissing, SettingsInvalid, CollectionInvalid, and what the models raise.
    """
    check_packages()
    place = Place(spec.output)
    with bars("reading"):
        passages, parts, facts = _data(spec)
    place.claim(spec)
    rows = _rows(spec, parts, passages, place, bars)
    training = _trained(spec, rows, place, bars)
    if spec.int8:
        from outrider.encoders import write_graph_folder

        write_graph_folder(place.model, place.int8, "int8")
    comparisons, latency, measured = _measured(spec, parts, place, bars)
    losses = tuple((int(step), float(loss)) for step, loss in training.pop("losses"))
    return Report(
        kind=spec.kind,
        base=spec.base,
        model=str(place.model),
        fingerprint=open_model(place.model).fingerprint,
        data={**facts, **_counts(parts), "rows": len(rows), "loss": spec.loss},
        training=training,
        losses=losses,
        comparisons=comparisons,
        latency_ms=latency,
        measured=measured,
        machine=machine(),
    )


def check_packages() -> None:
    """Raises PackageMissing where training cannot run."""
    try:
        import accelerate  # noqa: F401
        import datasets  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as err:
        raise PackageMissing(f"training needs {err.name}: pip install 'outrider[train]'") from err


def machine() -> str:
    """The CPU and how busy it is: no figure without them."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    name = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown CPU")
    return f"{name}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the end"


def _data(spec: TrainSpec) -> tuple[Mapping[str, Passage], Split, Facts]:
    examples, passages, facts = examples_of(spec)
    evaluated = _judged(spec.evaluation).texts.values() if spec.evaluation else ()
    parts = split(examples, evaluated, spec.training.held_back)
    if not parts.train:
        raise CollectionInvalid(
            f"nothing is left to train on: {parts.leaked} of {len(examples)} queries are evaluated on, "
            f"{len(parts.held_back)} are held back"
        )
    return passages, parts, facts


def _counts(parts: Split) -> Facts:
    return {
        "queries": len(parts.train),
        "queries held back for tuning": len(parts.held_back),
        "queries dropped because they are evaluated on": parts.leaked,
    }


def _judged(evaluation: Evaluation) -> JudgedQueries:
    return read_judged(evaluation.queries, evaluation.judgements)


def _measuring(spec: TrainSpec) -> Facts:
    """What measuring takes where no earlier run has left scores; settings of its own for each side take some more."""
    evaluation = spec.evaluation
    if evaluation is None:
        return {"queries measured": 0}
    judged = _judged(evaluation)
    measured = len(drawn(judged, evaluation.max_queries, spec.training.seed).texts)
    sides = [evaluation.before, evaluation.after or evaluation.before]
    rerankers = sum(spec.kind == "reranker" or side.reranker is not None for side in sides)
    return {
        "queries measured": measured,
        "queries judged": len(judged.texts),
        "pairs scored while measuring, about": measured * evaluation.rerank_window * rerankers,
    }


def _rows(spec: TrainSpec, parts: Split, passages: Mapping[str, Passage], place: Place, bars: Bars) -> Sequence[Row]:
    training = spec.training
    digest = digest_of(parts.train)
    kept = place.kept_rows(digest)
    if kept is not None:
        return kept
    examples: Sequence[Example] = parts.train
    if training.mine and passages and any(len(each.negatives) < training.negatives for each in examples):
        examples = _mined(spec, examples, passages, bars)
    rows = rows_of(examples, training.negatives, training.seed)
    if not rows:
        raise CollectionInvalid(
            f"no query has {training.negatives} documents that do not answer it; lower training.negatives"
        )
    if training.teacher:
        with bars("the teacher scores") as show:
            rows = scored(rows, open_model(training.teacher), show)
    place.keep_rows(rows)
    return rows


def _mined(
    spec: TrainSpec, examples: Sequence[Example], passages: Mapping[str, Passage], bars: Bars
) -> Sequence[Example]:
    from outrider.encoders import DEFAULT_DENSE

    texts = {id: passage.text for id, passage in passages.items()}
    name = DEFAULT_DENSE if spec.kind == "reranker" else spec.base
    with bars(f"looking for negatives with {name}") as show:
        leg = open_leg(open_model(name), texts, show)
    return mined(examples, leg, texts, spec.training.negatives, spec.training.skip_nearest)


def _trained(spec: TrainSpec, rows: Sequence[Row], place: Place, bars: Bars) -> dict[str, Any]:
    """Train unless it is done already; gives the facts of the training."""
    if place.fitted.is_file() and place.model.is_dir():
        facts: dict[str, Any] = json.loads(place.fitted.read_text(encoding="utf-8"))
        return facts
    from .fit import fit, quiet
    from .student import load_student

    quiet()
    with bars("loading") as show:
        model = load_student(spec, place.work, show)
    clock = Clock(place.work / "clock.json")
    with bars("training") as show:
        fitted = fit(model, spec, rows, place.work, clock, show)
    partial = place.work / "model.partial"
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(str(partial))
    place.publish_model(partial)
    facts = {
        "steps": fitted.steps,
        "steps planned": fitted.planned_steps,
        "batch size": spec.training.batch_size,
        "minutes": round(clock.wall_s / 60, 2),
        "CPU minutes": round(clock.cpu_s / 60, 2),
        "parameters trained": fitted.trainable,
        "parameters frozen": fitted.frozen,
        "losses": [list(pair) for pair in fitted.losses],
    }
    place.fitted.write_text(json.dumps(facts), encoding="utf-8")
    place.forget_checkpoints()
    return facts


def _measured(
    spec: TrainSpec, parts: Split, place: Place, bars: Bars
) -> tuple[tuple[Comparison, ...], dict[str, float], Facts]:
    evaluation = spec.evaluation
    if evaluation is None:
        return (), {}, {}
    started_s = monotonic()
    known = _judged(evaluation)
    judged, held = (
        drawn(each, evaluation.max_queries, spec.training.seed) for each in (known, _of_examples(parts.held_back))
    )
    texts = {id: passage.text for id, passage in read_passages(evaluation.documents).items()}
    words = _words(evaluation, [*judged.texts.values(), *held.texts.values()], place, bars)
    keep = cache_root() / "measured" / evaluation.precision
    keep.mkdir(parents=True, exist_ok=True)
    bench = Bench(texts, words, keep, lambda name: open_model(name, precision=evaluation.precision), bars)
    before = {**evaluation.before.model_dump(), spec.kind: spec.base}
    after = {**(evaluation.after or evaluation.before).model_dump(), spec.kind: str(place.model)}
    preset = Preset(evaluation.weights, evaluation.rerank_weight, evaluation.window, evaluation.rerank_window)
    sides = [bench.stages(names, judged, evaluation.window) for names in (before, after)]
    plain = [bench.outcome(stages, judged, preset) for stages in sides]
    comparisons = [Comparison("The same settings before and after", *plain)]
    if held.texts:
        tuning = [bench.stages(names, held, evaluation.window) for names in (before, after)]
        presets = [bench.tuned(stages, held, preset) for stages in tuning]
        own = [bench.outcome(stages, judged, chosen) for stages, chosen in zip(sides, presets, strict=True)]
        comparisons.append(Comparison(f"Each with the settings that suit {len(held.texts)} queries held back", *own))
    latency = bench.latency([before[spec.kind], after[spec.kind]], judged, sides[1], evaluation.rerank_window)
    measured = {
        "queries": len(judged.texts),
        "queries judged": len(known.texts),
        "pairs scored": bench.pairs_scored,
        "minutes": round((monotonic() - started_s) / 60, 2),
    }
    return tuple(comparisons), latency, measured


def _words(evaluation: Evaluation, queries: Sequence[str], place: Place, bars: Bars) -> dict[str, Scored]:
    if evaluation.words is None:
        return {}
    fields = evaluation.documents.text
    with bars("asking by words") as show:
        return word_rankings(evaluation.words, fields, queries, evaluation.window, place.work / "words.jsonl", show)


def _of_examples(examples: Sequence[Example]) -> JudgedQueries:
    """Held-back queries as judged ones, where their documents are known by id."""
    known = {f"held{place}": example for place, example in enumerate(examples) if example.ids}
    return JudgedQueries(
        {id: example.query for id, example in known.items()},
        {id: dict.fromkeys(example.ids, 1.0) for id, example in known.items()},
    )
