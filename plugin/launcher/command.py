"""How an OpenSearch node is configured and called, without the shell scripts of its distribution."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .java import Java

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
    """What one node writes: configuration, logs and temporary files, apart from the home that many nodes share."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def log(self) -> Path:
        return self.root / "opensearch.log"

    def prepare(self, port: int, data: Path, settings: Mapping[str, Any]) -> None:
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
        (self.config / "opensearch.yml").write_text("".join(lines), encoding="utf-8")
        (self.config / "log4j2.properties").write_text(_LOG4J, encoding="utf-8")


def java_command(java: Java, home: Path, run: RunFolder, heap: str) -> list[str]:
    """The command that starts the server.

    Serial collector and first-tier compiler: ready in half the time and two thirds of the memory of the defaults,
    measured on two cores. The agent is not optional since 3.0.
    """
    return [
        str(java.executable),
        f"-Xms{heap}",
        f"-Xmx{heap}",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xshare:auto",
        f"-Djava.io.tmpdir={run.temporary}",
        f"-Djna.tmpdir={run.temporary}",
        "-Djna.nosys=true",
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF-8",
        "-Dlog4j.shutdownHookEnabled=false",
        "-Dlog4j2.disable.jmx=true",
        "-Djava.locale.providers=SPI,CLDR",
        "--enable-native-access=ALL-UNNAMED",
        "--add-opens=java.base/java.nio=ALL-UNNAMED",
        f"-javaagent:{home / 'agent' / 'opensearch-agent.jar'}",
        f"-Dopensearch.path.home={home}",
        f"-Dopensearch.path.conf={run.config}",
        "-Dopensearch.distribution.type=zip",
        "-Dopensearch.bundled_jdk=false",
        "-cp",
        str(home / "lib" / "*"),
        "org.opensearch.bootstrap.OpenSearch",
    ]
