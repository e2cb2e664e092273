"""Traces continue the caller's, down to the model."""

import json
import subprocess
import sys

# A tracer that writes down what it is asked for; global to its process, hence a process of its own.
CODE = """
import json, random
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, Tracer, TracerProvider, use_span

seen = []

class Writing(Tracer):
    def start_span(self, name, context=None, kind=None, attributes=None, *args, **kwargs):
        parent = trace.get_current_span(context).get_span_context()
        made = SpanContext(parent.trace_id or 1, random.getrandbits(64), False, TraceFlags(1))
        seen.append({"name": name, "trace": f"{parent.trace_id:032x}", "parent": f"{parent.span_id:016x}",
                     "id": f"{made.span_id:016x}", "attributes": dict(attributes or {})})
        return NonRecordingSpan(made)

    def start_as_current_span(self, name, context=None, kind=None, attributes=None, *args, **kwargs):
        return use_span(self.start_span(name, context, kind, attributes), end_on_exit=True)

class Provider(TracerProvider):
    def get_tracer(self, *args, **kwargs):
        return Writing()

trace.set_tracer_provider(Provider())
from outrider.plugin.app import create_app
from outrider.plugin.settings import read_settings

with TestClient(create_app(read_settings(flags={"models": ["all-MiniLM-L6-v2"]}))) as client:
    while client.get("/ready").status_code != 200:
        pass
    seen.clear()
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    client.post("/embed", json={"inputs": ["a", "b"]}, headers={"traceparent": parent}).raise_for_status()
print(json.dumps(seen))
"""


def test_a_trace_goes_from_the_caller_to_the_model() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    spans = json.loads(done.stdout)
    request = next(span for span in spans if span["parent"] == "b7ad6b7169203331")
    model = next(span for span in spans if span["name"] == "outrider dense")
    assert {span["trace"] for span in (request, model)} == {"0af7651916cd43dd8448eb211c80319c"}
    assert model["parent"] == request["id"]
    assert model["attributes"] == {
        "outrider.model": "all-MiniLM-L6-v2",
        "outrider.kind": "dense",
        "outrider.priority": "bulk",
        "outrider.texts": 2,
    }
