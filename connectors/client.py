"""A thin port over the official client: JSON in, JSON out, errors by what one can do about them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoAnswer
from opensearchpy.exceptions import OpenSearchException, TransportError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from .errors import ClusterError, ClusterUnavailable, RequestRefused
from .opensearch.bulk import RETRIABLE
from .opensearch.reasons import reason_of

Body = Mapping[str, Any] | bytes | None


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a cluster."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None

    def as_console(self) -> str:
        """The request as OpenSearch's documentation and dev tools write it."""
        body = "" if self.body is None else "\n" + json.dumps(self.body, indent=2, ensure_ascii=False)
        return f"{self.method} {self.path}{body}"

    def as_curl(self, url: str) -> str:
        """The request as a command for the shell."""
        line = f"curl -X{self.method} '{url.rstrip('/')}{self.path}'"
        if self.body is None:
            return line
        body = json.dumps(self.body, ensure_ascii=False).replace("'", "'\\''")
        return f"{line} -H 'Content-Type: application/json' -d '{body}'"


class Cluster(Protocol):
    """A search engine's cluster, to read from and to write to."""

    @property
    def url(self) -> str: ...

    def read(self, method: str, path: str, body: Body = None) -> Any: ...

    def write(self, method: str, path: str, body: Body = None) -> Any: ...


class OpenSearchCluster:
    """A live cluster. Every call raises ClusterUnavailable (after `patience_s` of trying) or RequestRefused."""

    def __init__(self, url: str, *, timeout_s: float = 60, patience_s: float = 30, **options: Any) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ClusterError(f"{url!r} is no cluster address: write it like http://localhost:9200")
        self._url = url.rstrip("/")
        self._patience_s = patience_s
        self._client = OpenSearch(hosts=[self._url], timeout=timeout_s, max_retries=0, **options)

    @property
    def url(self) -> str:
        return self._url

    def read(self, method: str, path: str, body: Body = None) -> Any:
        return self._retrying(method, path, body)

    def write(self, method: str, path: str, body: Body = None) -> Any:
        return self._retrying(method, path, body)

    def close(self) -> None:
        self._client.close()

    def _retrying(self, method: str, path: str, body: Body) -> Any:
        retrying = Retrying(
            retry=retry_if_exception_type(ClusterUnavailable),
            wait=wait_random_exponential(0.2, max=5),
            stop=stop_after_delay(self._patience_s),
            reraise=True,
        )
        return retrying(self._once, method, path, body)

    def _once(self, method: str, path: str, body: Body) -> Any:
        where = f"{method} {path} on {_without_password(self._url)}"
        ndjson = {"content-type": "application/x-ndjson"} if isinstance(body, bytes) else {}
        try:
            return self._client.transport.perform_request(method, path, body=body, headers=ndjson)
        except NoAnswer as err:
            raise ClusterUnavailable(f"{where}: no answer ({err.info}); is the cluster running there?") from err
        except TransportError as err:
            status = err.status_code if isinstance(err.status_code, int) else 0
            kind = ClusterUnavailable if status in RETRIABLE else RequestRefused
            raise kind(f"{where} was answered with {status}: {_reason(err)}", status) from err
        except OpenSearchException as err:
            raise ClusterError(f"{where}: {err}") from err


@dataclass(slots=True)
class DryRun:
    """A cluster that is read but never written to: what would be written is kept in `requests`, without secrets."""

    cluster: Cluster
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.cluster.url

    def read(self, method: str, path: str, body: Body = None) -> Any:
        return self.cluster.read(method, path, body)

    def write(self, method: str, path: str, body: Body = None) -> Any:
        if isinstance(body, bytes):
            raise ClusterError(f"a dry run writes no documents (asked for {method} {path})")
        shown = {**body, "credential": {"key": "…"}} if body and "credential" in body else body
        self.requests.append(Request(method, path, shown))
        return _Promised(str((body or {}).get("name", path)))


class _Promised(dict[str, Any]):
    """The answer of a request that was not sent: each id in it is named, not known."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, key: str) -> str:
        return f"<{key} of {self._name}>"


def _reason(err: TransportError) -> str:
    info = err.info
    if isinstance(info, Mapping):
        return reason_of(info.get("error", info))
    return str(info or err.error)[:500]


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
