"""What the sidecar tells Prometheus."""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector

from .work import Encoded, Finished, Priority
from .worker_processes import WorkerProcesses

# The library's own variable: with it, series lie in files there, and each worker sees those of all.
MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TEXTS = (1, 2, 4, 8, 16, 32, 64)
_PER_MODEL = ("model", "priority")


class Metrics:
    """Every series of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)

        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(f"outrider_{name}", about, labels, registry=self.registry)

        def histogram(name: str, about: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"outrider_{name}", about, _PER_MODEL, buckets=buckets, registry=self.registry)

        # Summed over the workers that live, where there are several.
        self.queue_texts = Gauge(
            "outrider_queue_texts",
            "Texts that wait or run",
            _PER_MODEL,
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.wait = histogram("queue_wait_seconds", "From arrival to the start of the batch, per text", _SECONDS)
        self.batch_texts = histogram("batch_texts", "Texts of a batch", _TEXTS)
        self.batch_seconds = histogram("batch_seconds", "Time that the model ran on a batch", _SECONDS)
        self.latency = histogram("request_seconds", "From arrival to the answer, per request to a model", _SECONDS)
        self.tokens = counter("tokens", "Tokens encoded", *_PER_MODEL)
        self.padding = counter("padding_tokens", "Tokens computed for nothing but padding", *_PER_MODEL)
        self.truncated = counter("truncated_texts", "Texts cut at the model's limit", *_PER_MODEL)
        self.failed = counter("failed_texts", "Texts without a result", *_PER_MODEL)
        self.refused = counter("refused_requests", "Requests refused or ended early", *_PER_MODEL, "reason")
        self.cache = counter("query_cache_lookups", "Lookups in the query cache", "model", "result")
        self._replies = counter("http_replies", "Replies; status 499 is a client that hung up", "route", "status")
        self._reply_series: dict[tuple[str, int], Counter] = {}

    def of(self, model: str) -> "ModelMetrics":
        """The series of one model."""
        return ModelMetrics(self, model)

    def replied(self, route: str, status: int) -> None:
        """A route answered, with this status."""
        series = self._reply_series.get((route, status))
        if series is None:
            series = self._reply_series[route, status] = self._replies.labels(route, str(status))
        series.inc()

    def exposition(self) -> bytes:
        """All series in Prometheus' text format."""
        return generate_latest(self._all_workers() if MULTIPROCESS_FOLDER in os.environ else self.registry)

    def _all_workers(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(WorkerProcesses(Path(os.environ[MULTIPROCESS_FOLDER])))
        return registry


class ModelMetrics:
    """The series of one model, their labels looked up once."""

    def __init__(self, metrics: Metrics, model: str) -> None:
        self._metrics = metrics
        self._model = model
        self._series = {priority: _Series(metrics, model, priority) for priority in Priority}
        self._cache_hit = metrics.cache.labels(model, "hit")
        self._cache_miss = metrics.cache.labels(model, "miss")

    def depth(self, priority: Priority, texts: int) -> None:
        """So many texts wait or run now."""
        self._series[priority].queue_texts.set(texts)

    def refused(self, priority: Priority, reason: str) -> None:
        """A request was refused, or ended before its texts were done."""
        self._metrics.refused.labels(self._model, priority, reason).inc()

    def answered(self, priority: Priority, seconds: float) -> None:
        """A request was answered."""
        self._series[priority].latency.observe(seconds)

    def looked_up(self, *, is_hit: bool) -> None:
        """A query was looked for in the cache."""
        (self._cache_hit if is_hit else self._cache_miss).inc()

    def batch(self, priority: Priority, finished: Finished) -> None:
        """A batch ran."""
        series = self._series[priority]
        outcomes = [outcome for _, _, outcome in finished.pieces]
        encoded = [outcome for outcome in outcomes if isinstance(outcome, Encoded)]
        tokens = sum(outcome.tokens for outcome in encoded)
        for work, _, _ in finished.pieces:
            series.wait.observe(finished.started_s - work.arrived_s)
        series.batch_texts.observe(len(outcomes))
        series.batch_seconds.observe(finished.seconds)
        series.tokens.inc(tokens)
        series.padding.inc(max(0, finished.padded_tokens - tokens))
        series.truncated.inc(sum(outcome.truncated for outcome in encoded))
        series.failed.inc(len(outcomes) - len(encoded))

    def forget(self) -> None:
        """Take the model's gauges out, when it is unloaded."""
        for priority in Priority:
            self._series[priority].queue_texts.set(0)
            if MULTIPROCESS_FOLDER not in os.environ:
                self._metrics.queue_texts.remove(self._model, priority)


class _Series:
    def __init__(self, metrics: Metrics, model: str, priority: Priority) -> None:
        self.queue_texts = metrics.queue_texts.labels(model, priority)
        self.wait = metrics.wait.labels(model, priority)
        self.batch_texts = metrics.batch_texts.labels(model, priority)
        self.batch_seconds = metrics.batch_seconds.labels(model, priority)
        self.latency = metrics.latency.labels(model, priority)
        self.tokens = metrics.tokens.labels(model, priority)
        self.padding = metrics.padding.labels(model, priority)
        self.truncated = metrics.truncated.labels(model, priority)
        self.failed = metrics.failed.labels(model, priority)
