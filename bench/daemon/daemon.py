#!/usr/bin/env python3
"""The running daemon: how fast it starts and answers, and what it holds in memory. One JSON line per figure."""
import http.client
import json
import os
import pathlib
import random
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import Daemon  # noqa: E402
from preload import copy_pods  # noqa: E402

PODS = 10_000
MODELS = ["4090", "5090", "a6000", "l40s", "a100_sxm", "h100_sxm"]


def emit(name, value, unit):
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit}), flush=True)


def resident_mib(daemon):
    for line in pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def get(daemon, path):
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(daemon.dir / "run/rigger.sock"))
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def http_ready(daemon):
    return get(daemon, "/readyz")[0] == 200


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


def automatic_off(daemon):
    daemon.replace("rigger.yaml", "automatic: true", "automatic: false")


def with_ten_thousand_pods():
    with Daemon() as daemon:
        daemon.disable("50-reconciler-*")  # the copied pods belong to no deployment: nothing is to tidy them up while they are counted
        daemon.start()
        daemon.until(lambda: [pod for pod in daemon.items("pods") if pod["status"] == "Running"], 60, "a running pod")
        daemon.terminate()
        automatic_off(daemon)
        copy_pods(daemon.dir / "state/cluster-local.sqlite", PODS)
        daemon.start()
        daemon.until(lambda: len(daemon.items("pods")) >= PODS, 60, "the pods")
        time.sleep(2)  # what the start needed for a moment is given back
        emit("resident_with_10000_pods", resident_mib(daemon), "MiB")


def issue_market(daemon):
    """500 chutes x 100 servers with 4 GPUs each of 6 models, one or two models per chute, a quarter of them too large for any server: about 10,000 pairs."""
    rng = random.Random(1)
    automatic_off(daemon)
    chutes = [{"chute_id": f"{number:08x}-0000-4000-8000-000000000000", "name": f"org/model-{number}", "cords": [{"path": "/v1"}],
               "node_selector": {"gpu_count": rng.choice([1, 2, 4, 8]), "supported_gpus": rng.sample(MODELS, rng.randint(1, 2))}} for number in range(500)]
    lists = {
        "chutes": chutes,
        "metrics": [{"chute_id": chute["chute_id"], "compute_multiplier": rng.uniform(1, 16), "total_compute_time": rng.uniform(0, 1e5),
                     "total_invocations": rng.randrange(1, 1000), "rate_limit_count": rng.randrange(20), "instance_count": rng.randrange(12)} for chute in chutes],
        "utilization": [{"chute_id": chute["chute_id"], "scalable": True, "update_in_progress": False} for chute in chutes],
    }
    path = daemon.dir / "market.json"
    path.write_text(json.dumps(lists))
    daemon.replace("plugins-available/source-catalog.yaml", f"csv: {daemon.dir}/etc/market/chute_models_head.csv", f"market: {path}")
    fleet = [{"id": f"srv-{number}", "name": f"node-{number}", "address": "198.51.100.1", "model": MODELS[number % len(MODELS)], "count": 4,
              "hourly_cost": round(rng.uniform(0.2, 4), 4)} for number in range(100)]
    (daemon.dir / "etc/fleet.yaml").write_text(json.dumps({"servers": fleet}))


def scales():
    """As an operator's tool sees it: the whole answer over the socket, ranked, written as JSON and read."""
    with Daemon(edit=issue_market) as daemon:
        daemon.start()
        daemon.until(lambda: len(daemon.items("gpus")) == 400 and len(daemon.items("chutes")) == 500, 20, "the market and the fleet")
        times = []
        for _ in range(30):
            begun = time.monotonic()
            status, _ = get(daemon, "/v1/scales")
            times.append((time.monotonic() - begun) * 1000)
            assert status == 200
        emit("scales_over_http", statistics.median(times), "ms")
        emit("scales_pairs", len(json.loads(get(daemon, "/v1/scales")[1])["items"]), "pairs")


def main():
    with Daemon(edit=automatic_off) as daemon:
        starts = []
        for _ in range(7):
            starts.append(start_to_ready(daemon))
            daemon.terminate()
        emit("start_to_ready", statistics.median(starts), "ms")
        daemon.start()
        daemon.until(lambda: daemon.items("nodes"), 10, "the fleet")
        emit("cli_round_trip", statistics.median(round_trip(daemon) for _ in range(50)), "ms")
        emit("resident_idle", resident_mib(daemon), "MiB")
    with_ten_thousand_pods()
    scales()


if __name__ == "__main__":
    main()
