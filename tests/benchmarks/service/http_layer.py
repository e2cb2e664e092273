"""Replies of 384 floats per second and core from the HTTP layer alone: every query comes from the cache.

    python tests/benchmarks/service/http_layer.py [connections] [seconds]

The figure is replies per second of the server process's own CPU time, so that the load generator does not count.
"""

import platform
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

SERVE = """
from outrider.plugin.server import serve
from outrider.plugin.settings import ModelSettings, read_settings
serve(read_settings(flags={"port": 0, "models": ["all-MiniLM-L6-v2"]}), on_started=lambda url: print(url, flush=True))
"""
ROUTES = {
    "/encode_query": b'{"texts":["what is asked again and again"]}',
    "/query/v1/embeddings": b'{"input":"what is asked again and again"}',
}


def cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def ask(port: int, path: str, body: bytes, end_s: float, counts: list[int]) -> None:
    request = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    replies = 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stream = connection.makefile("rb")
        while time.monotonic() < end_s:
            connection.sendall(request)
            status, length = stream.readline(), 0
            while (line := stream.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            stream.read(length)
            if b" 200 " not in status:
                raise SystemExit(f"the sidecar answered {status.decode()}")
            replies += 1
    counts.append(replies)


def main(connections: int = 8, seconds: float = 5.0) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline().rpartition(":")[2])
        try:
            while True:
                with socket.create_connection(("127.0.0.1", port)) as probe:
                    probe.sendall(b"GET /ready HTTP/1.0\r\n\r\n")
                    if b" 200 " in probe.recv(100):
                        break
                time.sleep(0.1)
            print(f"CPU: {cpu_model()}; {connections} connections, {seconds:g} s each")
            for path, body in ROUTES.items():
                ask(port, path, body, time.monotonic() + 0.5, [])
                counts: list[int] = []
                before_cpu, before = cpu_seconds(server.pid), time.monotonic()
                arguments = (port, path, body, before + seconds, counts)
                threads = [threading.Thread(target=ask, args=arguments) for _ in range(connections)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                used_s, wall_s = cpu_seconds(server.pid) - before_cpu, time.monotonic() - before
                print(f"{path}: {sum(counts) / wall_s:.0f} replies/s, {sum(counts) / used_s:.0f} per second and core")
        finally:
            server.terminate()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
