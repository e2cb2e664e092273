"""How an Elasticsearch node is called, without the shell scripts of its distribution.

Its own launcher starts the server: the server reads its settings from the launcher's pipe, in a form of each version.
"""

from collections.abc import Mapping
from pathlib import Path

from .java import Java
from .run_folder import RunFolder

STARTS_IN_ITS_HOME = True  # its launcher looks for the modules there
# The licence comes last: before it is there, what needs one may be let through.
READY = ("/_cluster/health?wait_for_status=yellow&timeout=5s", "/_license")


def command(java: Java, home: Path, run: RunFolder, heap: str) -> list[str]:
    """The command that starts the launcher; its options for the server lie in a file beside the configuration."""
    options = (f"-Xms{heap}", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
    (run.config / "jvm.options").write_text("".join(f"{option}\n" for option in options), encoding="utf-8")
    small = [str(java.executable), "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    launcher = home / "lib" / "tools" / "server-launcher"
    if launcher.is_dir():
        return [*small, "-cp", str(launcher / "*"), "org.elasticsearch.server.launcher.ServerLauncher"]
    return [
        *small,
        "-Dcli.name=server",
        f"-Dcli.script={home / 'bin' / 'elasticsearch'}",
        "-Dcli.libs=lib/tools/server-cli",
        f"-Des.path.home={home}",
        f"-Des.path.conf={run.config}",
        "-Des.distribution.type=zip",
        "-Des.java.type=ES_JAVA_HOME",
        "-cp",
        f"{home / 'lib' / '*'}:{home / 'lib' / 'cli-launcher' / '*'}",
        "org.elasticsearch.launcher.CliToolLauncher",
    ]


def environment(java: Java, home: Path, run: RunFolder) -> Mapping[str, str]:
    """What the scripts of the distribution would have set."""
    return {
        "ES_HOME": str(home),
        "ES_JAVA_HOME": str(java.home),
        "JAVA": str(java.executable),
        "JAVA_TYPE": "ES_JAVA_HOME",
        "ES_PATH_CONF": str(run.config),
        "ES_TMPDIR": str(run.temporary),
        "ES_DISTRIBUTION_TYPE": "zip",
        "CLI_JAVA_OPTS": "-Xms4m -Xmx64m -XX:+UseSerialGC",
    }
