"""CPU, memory and files of several worker processes as one: Prometheus' client keeps `process_*` for one alone."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

# Of these the least tells something; the others add up.
_LEAST = ("process_start_time_seconds", "process_max_fds")


class WorkerProcesses(Collector):
    """The workers that live, by the files in which their series lie."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """One family a series, of one sample."""
        found: dict[str, list[Metric]] = defaultdict(list)
        for pid in _pids(self._folder):
            for family in _of(pid):
                found[family.name].append(family)
        for name, families in found.items():
            values = [family.samples[0].value for family in families]
            whole = Metric(name, families[0].documentation, families[0].type)
            whole.add_sample(families[0].samples[0].name, {}, min(values) if name in _LEAST else sum(values))
            yield whole


def _pids(folder: Path) -> list[int]:
    return sorted({int(file.stem.rpartition("_")[2]) for file in folder.glob("*.db")})


def _of(pid: int) -> list[Metric]:
    """Nothing where the process has ended."""
    return list(ProcessCollector(pid=lambda: pid, registry=None).collect())
