"""A thin port over the official clients: JSON in, JSON out, errors by what one can do about them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlsplit

import elastic_transport
from elastic_transport.client_utils import basic_auth_to_header
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoAnswer
from opensearchpy.exceptions import OpenSearchException, TransportError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from .capabilities import Distribution, parse_nodes_release, parse_release
from .common.bulk import RETRIABLE
from .common.reasons import reason_of
from .common.whole import require_whole
from .dialect import Dialect, dialect_for
from .errors import ClusterError, ClusterUnavailable, RequestRefused
from .request import Request

Body = Mapping[str, Any] | bytes | None
Login = tuple[str, str]

_JSON = "application/json"
_LINES = "application/x-ndjson"
_DEFAULT_PORTS = {"http": 9200, "https": 443}  # as opensearch-py has them


class Reader(Protocol):
    """Something to ask."""

    def read(self, method: str, path: str, body: Body = None) -> Any: ...


class Cluster(Reader, Protocol):
    """A search engine's cluster, to read from and to write to."""

    @property
    def url(self) -> str: ...

    @property
    def dialect(self) -> Dialect: ...

    def write(self, method: str, path: str, body: Body = None) -> Any: ...


class LiveCluster(ABC):
    """A live cluster. Every call raises ClusterUnavailable (after `patience_s` of trying) or RequestRefused."""

    def __init__(self, url: str, *, timeout_s: float = 60, patience_s: float = 30, login: Login | None = None) -> None:
        if urlsplit(url).scheme not in _DEFAULT_PORTS or not urlsplit(url).hostname:
            raise ClusterError(f"{url!r} is no cluster address: write it like http://localhost:9200")
        self._url = url.rstrip("/")
        self._patience_s = patience_s
        self._open(timeout_s, login)

    @property
    def url(self) -> str:
        return self._url

    @cached_property
    def dialect(self) -> Dialect:
        """The words of this engine and version; asked for once."""
        return dialect_for(*read_release(self))

    def read(self, method: str, path: str, body: Body = None) -> Any:
        """The whole answer: one with shards missing is asked for again, and raises PartialAnswer in the end."""
        return self._retrying(self._whole, method, path, body)

    def write(self, method: str, path: str, body: Body = None) -> Any:
        return self._retrying(self._once, method, path, body)

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _open(self, timeout_s: float, login: Login | None) -> None: ...

    @abstractmethod
    def _once(self, method: str, path: str, body: Body) -> Any:
        """One request, not tried again."""

    def _whole(self, method: str, path: str, body: Body) -> Any:
        answer = self._once(method, path, body)
        require_whole(answer, self._where(method, path))
        return answer

    def _retrying(self, ask: Callable[[str, str, Body], Any], method: str, path: str, body: Body) -> Any:
        retrying = Retrying(
            retry=retry_if_exception_type(ClusterUnavailable),
            wait=wait_random_exponential(0.2, max=5),
            stop=stop_after_delay(self._patience_s),
            reraise=True,
        )
        return retrying(ask, method, path, body)

    def _where(self, method: str, path: str) -> str:
        return f"{method} {path} on {_without_password(self._url)}"


class OpenSearchCluster(LiveCluster):
    """A cluster through OpenSearch's own client."""

    def close(self) -> None:
        self._client.close()

    def _open(self, timeout_s: float, login: Login | None) -> None:
        self._client = OpenSearch(hosts=[self._url], timeout=timeout_s, max_retries=0, http_auth=login)

    def _once(self, method: str, path: str, body: Body) -> Any:
        ndjson = {"content-type": _LINES} if isinstance(body, bytes) else {}
        try:
            return self._client.transport.perform_request(method, path, body=body, headers=ndjson)
        except NoAnswer as err:
            raise _no_answer(self._where(method, path), err.info) from err
        except TransportError as err:
            status = err.status_code if isinstance(err.status_code, int) else 0
            raise _refusal(self._where(method, path), status, err.info or err.error) from err
        except OpenSearchException as err:
            raise ClusterError(f"{self._where(method, path)}: {err}") from err


class ElasticsearchCluster(LiveCluster):
    """A cluster through Elasticsearch's own client, of whichever major is installed.

    Its transport is asked for plain JSON: the client itself would ask for its own major's, which an older server
    refuses, and this dialect knows each version's words already.
    """

    def close(self) -> None:
        self._client.close()

    def _open(self, timeout_s: float, login: Login | None) -> None:
        from elasticsearch import Elasticsearch

        self._client = Elasticsearch([_with_port(self._url)])
        self._headers = {"authorization": basic_auth_to_header(login)} if login else {}
        self._timeout_s = timeout_s

    def _once(self, method: str, path: str, body: Body) -> Any:
        headers = {**self._headers, "accept": _JSON}
        if body is not None:
            headers["content-type"] = _LINES if isinstance(body, bytes) else _JSON
        try:
            answer = self._client.transport.perform_request(
                method, path, body=body, headers=headers, request_timeout=self._timeout_s, max_retries=0
            )
        except (elastic_transport.ConnectionError, elastic_transport.ConnectionTimeout) as err:
            raise _no_answer(self._where(method, path), err) from err
        except elastic_transport.TransportError as err:
            raise ClusterError(f"{self._where(method, path)}: {err}") from err
        if not 200 <= answer.meta.status < 300:
            raise _refusal(self._where(method, path), answer.meta.status, answer.body)
        return answer.body


def read_release(cluster: Reader) -> tuple[Distribution, str]:
    """Whose engine it is, and its version; from its nodes where a proxy, or the engine itself, refuses `GET /`."""
    try:
        return parse_release(cluster.read("GET", "/"))
    except RequestRefused:
        return parse_nodes_release(cluster.read("GET", "/_nodes?filter_path=nodes.*.version,nodes.*.build_flavor"))


def connect(
    url: str, *, timeout_s: float = 60, patience_s: float = 30, login: Login | None = None
) -> OpenSearchCluster | ElasticsearchCluster:
    """The cluster at an address, through its own engine's client."""
    first = OpenSearchCluster(url, timeout_s=timeout_s, patience_s=patience_s, login=login)
    if first.dialect.name == "OpenSearch":
        return first
    first.close()
    return ElasticsearchCluster(url, timeout_s=timeout_s, patience_s=patience_s, login=login)


@dataclass(slots=True)
class DryRun:
    """A cluster that is read but never written to: what would be written is kept in `requests`, without secrets."""

    cluster: Cluster
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.cluster.url

    @property
    def dialect(self) -> Dialect:
        return self.cluster.dialect

    def read(self, method: str, path: str, body: Body = None) -> Any:
        return self.cluster.read(method, path, body)

    def write(self, method: str, path: str, body: Body = None) -> Any:
        if isinstance(body, bytes):
            raise ClusterError(f"a dry run writes no documents (asked for {method} {path})")
        self.requests.append(Request(method, path, _without_secrets(body)))
        return _Promised(str((body or {}).get("name", path)))


_SECRETS = ("credential", "secret_parameters", "api_key")


def _without_secrets(body: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A body whose keys and passwords, at any depth, are not shown."""
    if body is None:
        return None
    hidden = {name: "…" if isinstance(value, str) else {"key": "…"} for name, value in body.items() if name in _SECRETS}
    inner = {name: _without_secrets(value) if isinstance(value, Mapping) else value for name, value in body.items()}
    return {**inner, **hidden}


class _Promised(dict[str, Any]):
    """The answer of a request that was not sent: each id in it is named, not known."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, key: str) -> str:
        return f"<{key} of {self._name}>"


def _with_port(url: str) -> str:
    parts = urlsplit(url)
    return url if parts.port else parts._replace(netloc=f"{parts.netloc}:{_DEFAULT_PORTS[parts.scheme]}").geturl()


def _no_answer(where: str, reason: object) -> ClusterUnavailable:
    return ClusterUnavailable(f"{where}: no answer ({reason}); is the cluster running there?")


def _refusal(where: str, status: int, told: Any) -> ClusterError:
    """What an answer other than success means: worth another try, or not."""
    kind = ClusterUnavailable if status in RETRIABLE else RequestRefused
    reason = reason_of(told.get("error", told)) if isinstance(told, Mapping) else str(told)[:500]
    return kind(f"{where} was answered with {status}: {reason}", status)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
