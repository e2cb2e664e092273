"""Run the app: one port, one process or several, a graceful end."""

from .listening import listen
from .logs import configure
from .settings import Settings
from .worker import Reread, Started, serve_on
from .workers import supervise


def serve(settings: Settings, on_started: Started | None = None, reread: Reread | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what waits; `on_started` hears the URL once the port answers.

    On SIGHUP, keys and models become those that `reread` gives; with several workers it must be picklable.
    Raises PortTaken, or what the first model that does not load raises.
    """
    configure(settings)
    if settings.workers > 1:
        supervise(settings, on_started, reread)
    else:
        serve_on(listen(settings.host, settings.port), settings, on_started, reread)
