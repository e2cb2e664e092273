"""What the gateway tells Prometheus, on a port of its own: every path of the main one is the cluster's."""

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class GatewayMetrics:
    """Every series of one gateway, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._seconds = Histogram(
            "outrider_gateway_request_seconds",
            "From arrival to the end of the answer; kind is what the gateway made of the request",
            ("kind",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._documents = Counter(
            "outrider_gateway_documents",
            "Documents written through the gateway: encoded, pending, failed or refused; completed afterwards",
            ("outcome",),
            registry=self.registry,
        )
        self._searches = Counter(
            "outrider_gateway_searches",
            "Searches of indices with a spec: passed, hybrid; fused without a reranker; bm25, refused without encoder",
            ("outcome",),
            registry=self.registry,
        )

    def request(self, kind: str, seconds: float) -> None:
        """A request was answered."""
        self._seconds.labels(kind).observe(seconds)

    def documents(self, outcome: str, count: int) -> None:
        """This became of so many documents."""
        if count:
            self._documents.labels(outcome).inc(count)

    def search(self, outcome: str) -> None:
        """A search was answered in this way."""
        self._searches.labels(outcome).inc()

    def serve(self, host: str, port: int) -> None:
        """Answer Prometheus from a thread of its own."""
        start_http_server(port, host, self.registry)
