"""The socket that a process listens on."""

import socket

from .errors import PortTaken

_BACKLOG = 2048  # Uvicorn's own


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises PortTaken with what to do."""
    listening = bind(host, port)
    listening.listen(_BACKLOG)
    return listening


def bind(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    """A bound socket, whose port several processes share if `is_shared`. Raises PortTaken with what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
    except OSError as err:
        bound.close()
        raise PortTaken(
            f"cannot listen on {host}:{port}: {err.strerror}; stop what listens there, or choose another with --port"
        ) from err
    return bound


def url_of(listening: socket.socket, scheme: str = "http") -> str:
    """The URL under which the socket answers on this machine."""
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{scheme}://{shown}:{port}"
