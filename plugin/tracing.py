"""A span around each piece of work of a model. FastAPI makes the request's own span and continues the caller's trace.

Nothing is exported unless `telemetry` is set and OTEL_EXPORTER_OTLP_ENDPOINT names a collector, or the process was
started under a tracer of its own.
"""

from contextlib import AbstractContextManager

from opentelemetry import trace

_TRACER = trace.get_tracer("outrider")


def model_span(model: str, kind: str, priority: str, texts: int) -> AbstractContextManager[trace.Span]:
    """From admission to the answer of one request to one model."""
    attributes: dict[str, str | int] = {
        "outrider.model": model,
        "outrider.kind": kind,
        "outrider.priority": priority,
        "outrider.texts": texts,
    }
    return _TRACER.start_as_current_span(f"outrider {kind}", attributes=attributes)
