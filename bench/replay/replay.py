#!/usr/bin/env python3
"""What a replay costs: one JSON line per figure. RIGGER_BUILD names the build."""
import json
import os
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("RIGGER_BUILD", ROOT / "build"))
DATA = ROOT / "tests/data/openb"
LISTS = ["default", "cpu100", "gpushare40", "gpuspec10", "multigpu20"]


def replay(lists, *options):
    pods = [DATA / f"openb_pod_list_{name}.csv" for name in lists]
    command = [BUILD / "bin/rigger-replay", "openb", DATA / "openb_node_list_gpu_node.csv", *pods, "-o", "json", *options]
    begun = time.monotonic()
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return time.monotonic() - begun, answer


def emit(figure, value, unit):
    print(json.dumps({"name": figure, "value": round(value, 3), "unit": unit}), flush=True)


def main():
    runs = [replay(["default"], "--seeds", "42", "--jobs", "1")[1]["lists"][0]["contestants"][0]["runs"][0]["seconds"] for _ in range(5)]
    emit("one_run", min(runs), "s")
    emit("hundred_runs", replay(LISTS, "--scorer", "scorer-fragmentation", "--scorer", "scorer-baseline@fgd+list", "--seeds", "42..51")[0], "s")


if __name__ == "__main__":
    main()
