#!/usr/bin/env python3
"""Runs the benchmarks and compares them with their targets: bench.py BUILD_DIR [FILTER ...]

bench/targets.json lists what is measured. A line per figure as JSON on standard output, a table on standard error.
Exit 1 when a figure misses its target, 0 otherwise; a benchmark that could not run is a miss.
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def run_google_benchmark(build, binary, pattern):
    command = [str(build / "bin" / binary), f"--benchmark_filter=^{pattern}$", "--benchmark_format=json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[-300:])
    rows = [row for row in json.loads(done.stdout)["benchmarks"] if row.get("run_type") != "aggregate" or row.get("aggregate_name") == "median"]
    if not rows:
        raise RuntimeError(f"{binary} has no benchmark {pattern}")
    return rows[-1]


def run_script(build, script):
    environment = {**os.environ, "RIGGER_BUILD": str(build), "RIGGER_ROOT": str(ROOT)}
    done = subprocess.run([sys.executable, str(ROOT / script)], capture_output=True, text=True, timeout=900, env=environment)
    if done.returncode != 0:
        raise RuntimeError((done.stderr or done.stdout).strip()[-600:])
    return {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}


def figure(build, entry, scripts):
    if "script" in entry:
        if entry["script"] not in scripts:
            scripts[entry["script"]] = run_script(build, entry["script"])
        row = scripts[entry["script"]][entry["figure"]]
        return row["value"], row["unit"]
    row = run_google_benchmark(build, entry["binary"], entry["benchmark"])
    if "counter" in entry:
        value = row[entry["counter"]]
        return value * entry.get("scale", 1), entry["unit"]
    seconds = row["real_time"] * UNITS[row["time_unit"]]
    return seconds / UNITS[entry["unit"]], entry["unit"]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    wanted = sys.argv[2:]
    entries = json.loads((ROOT / "bench/targets.json").read_text())
    entries = [entry for entry in entries if not wanted or any(word in entry["name"] or word == entry.get("group") for word in wanted)]
    if not entries:
        sys.exit(f"no benchmark matches {' '.join(wanted)}; names are in bench/targets.json")
    missed, scripts = 0, {}
    print(f"{'figure':<72} {'measured':>12} {'target':>12}", file=sys.stderr)
    for entry in entries:
        row = {"name": entry["name"], "target": entry.get("target"), "unit": entry["unit"]}
        try:
            row["value"], row["unit"] = figure(build, entry, scripts)
            least = entry.get("better") == "more"
            row["met"] = entry.get("target") is None or (row["value"] >= entry["target"] if least else row["value"] <= entry["target"])
        except (RuntimeError, KeyError, OSError, subprocess.TimeoutExpired) as error:
            row["error"], row["met"] = str(error), False
        missed += not row["met"]
        print(json.dumps(row), flush=True)
        shown = f"{row['value']:.4g} {row['unit']}" if "value" in row else "failed"
        target = "-" if row["target"] is None else f"{'>=' if entry.get('better') == 'more' else '<='} {row['target']:g}"
        print(f"{entry['name']:<72} {shown:>12} {target:>12}{'' if row['met'] else '   MISSED'}", file=sys.stderr)
    sys.exit(1 if missed else 0)


main()
