"""How an OpenSearch node is called, without the shell scripts of its distribution."""

from collections.abc import Mapping
from pathlib import Path

from .java import Java
from .run_folder import RunFolder

STARTS_IN_ITS_HOME = False
READY = ("/_cluster/health?wait_for_status=yellow&timeout=5s",)


def command(java: Java, home: Path, run: RunFolder, heap: str) -> list[str]:
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


def environment(java: Java, home: Path, run: RunFolder) -> Mapping[str, str]:  # noqa: ARG001
    return {}
