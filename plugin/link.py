"""Requests to a sidecar over HTTP: what is busy, restarting or unreachable is asked again for a while."""

import math
import random
import time
from typing import Any

import httpx
import orjson
import tenacity

from outrider.connectors import EncoderLate, EncoderUnavailable

from .errors import SidecarRefused

# Statuses after which the same request may well succeed: too busy, restarting, too late.
PASSING = frozenset({429, 502, 503, 504})
_LATE = 504
_SHORTEST_S = 0.005


class TooMuch(Exception):
    """More texts than there was time for; fewer may be in time."""


class Link:
    """The way to one sidecar; safe for several threads."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None,
        patience_s: float,
        timeout_s: float,
        transport: httpx.BaseTransport | None,
    ) -> None:
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers=headers, transport=transport)
        self._patience_s = patience_s
        self._timeout_s = timeout_s

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        deadline_s: float = math.inf,
        *,
        is_divisible: bool = False,
    ) -> Any:
        """The answer as JSON. Raises EncoderUnavailable, EncoderLate or SidecarRefused.

        TooMuch comes where it `is_divisible` and there was no time for all of it.
        """
        started_s = time.monotonic()
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda err: _is_worth_another_try(err, is_divisible)),
            wait=_wait,
            stop=tenacity.stop_after_delay(self._patience_s) | tenacity.stop_before_delay(deadline_s - started_s),
            reraise=True,
        )
        content = None if body is None else orjson.dumps(body)
        try:
            return retrying(self._ask_once, method, path, content, deadline_s)
        except _Passing as err:
            if is_divisible and err.is_late:
                raise TooMuch from err
            kind = lateness(deadline_s) if err.is_late else EncoderUnavailable
            took = "by the deadline" if kind is EncoderLate else f"in {time.monotonic() - started_s:.2g} s"
            raise kind(
                f"the sidecar {self.url} did not answer {path} {took}: {err}; "
                "check that `outrider serve` runs there and has room"
            ) from err

    def _ask_once(self, method: str, path: str, content: bytes | None, deadline_s: float) -> Any:
        left_s = min(self._timeout_s, deadline_s - time.monotonic())
        if left_s < _SHORTEST_S:
            raise _Passing("no time was left to ask", is_late=True)
        # The sidecar gives up a little before we do, so that its answer says why.
        headers = {"Outrider-Timeout": f"{0.9 * left_s:g}"}
        try:
            reply = self._http.request(method, path, content=content, headers=headers, timeout=left_s)
        except httpx.TransportError as err:
            is_late = isinstance(err, httpx.ReadTimeout)
            raise _Passing(f"{type(err).__name__}: {err}", is_late=is_late) from err
        if reply.status_code in PASSING:
            is_late = reply.status_code == _LATE
            raise _Passing(f"{reply.status_code} {_message(reply)}", _retry_after(reply), is_late=is_late)
        if reply.is_error:
            raise SidecarRefused(
                f"the sidecar {self.url} answered {path} with {reply.status_code}: {_message(reply)}", reply.status_code
            )
        return orjson.loads(reply.content)


def lateness(deadline_s: float) -> type[EncoderUnavailable]:
    """Without a deadline, whoever is too slow for a whole timeout is as good as away."""
    return EncoderUnavailable if deadline_s == math.inf else EncoderLate


class _Passing(Exception):
    """Worth another try."""

    def __init__(self, message: str, retry_after_s: float = 0.0, *, is_late: bool = False) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.is_late = is_late


def _is_worth_another_try(err: BaseException, is_divisible: bool) -> bool:
    """What comes too late is not sent again as it is where less can be sent."""
    return isinstance(err, _Passing) and not (is_divisible and err.is_late)


def _wait(state: tenacity.RetryCallState) -> float:
    """What the sidecar asks for, or longer and longer, never all clients at once."""
    err = state.outcome.exception() if state.outcome else None
    stated_s = err.retry_after_s if isinstance(err, _Passing) else 0.0
    growing_s = min(0.1 * 2 ** (state.attempt_number - 1), 5.0)
    wait_s: float = max(stated_s, growing_s) * random.uniform(0.8, 1.2)
    return wait_s


def _retry_after(reply: httpx.Response) -> float:
    stated = reply.headers.get("retry-after", "")
    return float(stated) if stated.isdigit() else 0.0


def _message(reply: httpx.Response) -> str:
    try:
        error = orjson.loads(reply.content)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return reply.text[:200]
