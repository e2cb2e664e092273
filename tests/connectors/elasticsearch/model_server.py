"""A model server that counts words, keeps every request, and fails on demand: what Elasticsearch really sends."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

TOPICS = ("cat", "dog", "car", "tax")


@dataclass
class ModelServer:
    """`failures` are the statuses of the next answers; `drop` leaves out so many entries of a rerank."""

    url: str = ""
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    refuses: str = ""
    drop: int = 0

    def bodies(self, path: str) -> list[dict[str, Any]]:
        return [body for asked, body in self.requests if asked == path]

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        self.requests.append((path, body))
        if self.failures:
            return self.failures.pop(0), {"error": {"message": "busy", "type": "x"}}
        texts = body.get("input", body.get("inputs", body.get("documents", body.get("texts", []))))
        if self.refuses and any(self.refuses in text for text in texts):
            return 500, {"error": {"message": "unspeakable", "type": "x"}}
        return 200, self._replies(path, texts, body.get("query", ""))

    def _replies(self, path: str, texts: list[str], query: str) -> Any:
        if path == "/v1/embeddings":
            data = [{"object": "embedding", "index": at, "embedding": dense(text)} for at, text in enumerate(texts)]
            return {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        if path == "/sparse/parallel":
            rows = [
                [{"token": word, "weight": float(text.lower().split().count(word))} for word in words(text)]
                for text in texts
            ]
            return {"result": [{"embedding": row} for row in rows]}
        if path in ("/embed", "/query/embed"):
            return [dense(text) for text in texts]
        scores = [
            {"index": at, "relevance_score": float(len(words(query) & words(text)))} for at, text in enumerate(texts)
        ]
        return {"results": scores[: len(scores) - self.drop]}


def dense(text: str) -> list[float]:
    return [text.lower().split().count(topic) + 0.1 for topic in TOPICS]


def words(text: str) -> set[str]:
    return set(text.lower().split())


@contextmanager
def model_server() -> Iterator[ModelServer]:
    served = ModelServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, reply = served.answer(self.path, body)
            data = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield served
        server.shutdown()
        thread.join()
