"""What one node writes, apart from the home that many nodes share."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LOG4J = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


@dataclass(frozen=True)
class RunFolder:
    """Configuration, logs and temporary files of one node."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def log(self) -> Path:
        return self.root / "node.log"

    def prepare(self, engine: str, port: int, data: Path, settings: Mapping[str, Any]) -> None:
        """Write the configuration of a single node on loopback."""
        for folder in (self.config, self.temporary, data):
            folder.mkdir(parents=True, exist_ok=True)
        stated = {
            "cluster.name": "outrider",
            "node.name": "outrider",
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "http.port": port,
            "transport.port": 0,
            "path.data": str(data),
            "path.logs": str(self.root),
            "cluster.routing.allocation.disk.threshold_enabled": False,
            **settings,
        }
        lines = (f"{key}: {json.dumps(value)}\n" for key, value in stated.items())
        (self.config / f"{engine}.yml").write_text("".join(lines), encoding="utf-8")
        (self.config / "log4j2.properties").write_text(_LOG4J, encoding="utf-8")
