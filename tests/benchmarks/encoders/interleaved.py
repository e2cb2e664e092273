"""Several ways to do the same work, slice by slice in turn, so that a noisy neighbour is felt by all of them."""

import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")


@dataclass(frozen=True)
class Timing:
    """One way; `ratio` is the median over slices of the reference's time by this one's."""

    name: str
    median_s: float
    ratio: float
    slices_s: list[float]


def cpu() -> dict[str, Any]:
    """The CPU and what it can do."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = set(fields.get("flags", "").split())
    cores = sum(line.startswith("processor") for line in lines)
    return {
        "model": fields.get("model name", platform.machine()),
        "cores": cores,
        "features": [feature for feature in FEATURES if feature in flags],
    }


def interleave(
    ways: Mapping[str, Callable[[], object]], slices: int = 7, clock: Callable[[], float] = time.perf_counter
) -> list[Timing]:
    """Time each way once per slice; the first way is the reference. Each has a slice before that does not count."""
    for way in ways.values():
        way()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(slices):
        for name, way in ways.items():
            start = clock()
            way()
            times[name].append(clock() - start)
    reference = next(iter(times.values()))
    return [
        Timing(
            name,
            statistics.median(taken),
            statistics.median(first / own for first, own in zip(reference, taken, strict=True)),
            taken,
        )
        for name, taken in times.items()
    ]


def table(title: str, timings: Sequence[Timing], remarks: Mapping[str, str]) -> str:
    """A Markdown table."""
    rows = [f"| {t.name} | {t.median_s:.3f} | {t.ratio:.2f} | {remarks.get(t.name, '')} |" for t in timings]
    return "\n".join([f"\n### {title}", "| way | median s | ratio | |", "|---|---|---|---|", *rows])


def write_json(path: str, results: Mapping[str, Sequence[Timing]], remarks: Mapping[str, Any]) -> None:
    """All slices, the CPU and the remarks."""
    content = {
        "cpu": cpu(),
        "remarks": remarks,
        "results": {title: [asdict(each) for each in timings] for title, timings in results.items()},
    }
    Path(path).write_text(json.dumps(content, indent=2), encoding="utf-8")
