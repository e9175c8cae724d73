#!/usr/bin/env python3
"""The running daemon: how fast it starts and answers, and what it holds in memory. One JSON line per figure."""
import json
import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/e2e"))
from harness import Daemon  # noqa: E402


def emit(name, value, unit):
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit}), flush=True)


def resident_mib(daemon):
    for line in pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def http_ready(daemon):
    import http.client
    import socket
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(daemon.dir / "run/rigger.sock"))
    connection.request("GET", "/readyz")
    return connection.getresponse().status == 200


def start_to_ready(daemon):
    begun = time.monotonic()
    daemon.start(ready=False)
    while True:
        try:
            if http_ready(daemon):
                return (time.monotonic() - begun) * 1000
        except OSError:
            pass
        if daemon.process.poll() is not None or time.monotonic() - begun > 30:
            raise RuntimeError(daemon.tail())
        time.sleep(0.001)


def round_trip(daemon):
    begun = time.monotonic()
    daemon.cli("nodes", "-o", "json")
    return (time.monotonic() - begun) * 1000


def idle(daemon):
    """No offers to place, the sample fleet: what the daemon holds when it has nothing to do."""
    daemon.replace("rigger.yaml", "automatic: true", "automatic: false")


def main():
    with Daemon(edit=idle) as daemon:
        starts = []
        for _ in range(7):
            starts.append(start_to_ready(daemon))
            daemon.terminate()
        emit("start_to_ready", statistics.median(starts), "ms")
        daemon.start()
        daemon.until(lambda: daemon.items("nodes"), 10, "the fleet")
        emit("cli_round_trip", statistics.median(round_trip(daemon) for _ in range(50)), "ms")
        emit("resident_idle", resident_mib(daemon), "MiB")


if __name__ == "__main__":
    main()
