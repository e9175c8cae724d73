#!/usr/bin/env python3
"""A recorded market through `rigger replay catalog`: repeatable, honest about the scorers, clear about bad files. Usage: catalog_test.py RIGGER_REPLAY PLUGINS FLEET"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

tool, plugins, fleet = sys.argv[1:]
MODELS = ["h100_sxm", "a100_sxm", "h200", "l40s", "a100"]


def history(hours, chutes=30):
    chance = random.Random(5)

    def metrics(i):
        return {"chute_id": f"c{i:03d}", "compute_multiplier": chance.uniform(0.5, 4), "total_compute_time": chance.lognormvariate(9, 1.5),
                "total_invocations": chance.randint(50, 5000), "rate_limit_count": chance.choice([0, 0, 10, 300]), "instance_count": chance.randint(1, 20)}

    def chute(i, version):
        return {"chute_id": f"c{i:03d}", "name": f"chute-{i}", "version": version, "cords": [{"path": "/"}], "node_selector": {"gpu_count": [1, 1, 2, 4, 8][i % 5]},
                "supported_gpus": [MODELS[i % 5], MODELS[(i + 2) % 5]]}

    lines = [{"at": 0, "chute": chute(i, "v1"), "metrics": metrics(i), "utilization": {"chute_id": f"c{i:03d}", "scalable": True}} for i in range(chutes)]
    at = 0.0
    while (at := at + chance.expovariate(1 / 200)) < hours * 3600:
        i, kind = chance.randrange(chutes), chance.random()
        change = ({"metrics": metrics(i)} if kind < 0.85 else {"remove": f"c{i:03d}"} if kind < 0.9 else {"chute": chute(i, "v2")} if kind < 0.95
                  else {"deleteInstances": {"offer": "*", "count": 2}})
        lines.append({"at": round(at, 1), **change})
    return "".join(json.dumps(line) + "\n" for line in lines)


with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder) / "history.jsonl"

    def replay(text, *words):
        file.write_text(text)
        return subprocess.run([tool, "catalog", str(file), "--fleet", fleet, "--plugins", plugins, *words], capture_output=True, text=True, timeout=120)

    words = ["--scorer", "scorer-profit", "--scorer", "random", "--scorer", "scorer-profit,scorer-packing", "-o", "json"]
    one, again = replay(history(6), *words), replay(history(6), *words)
    assert one.returncode == 0, one.stderr
    assert one.stdout == again.stdout, "the same history gave another result"
    answer = json.loads(one.stdout)
    profit, chance, both = answer["contestants"]
    assert 5.5 < answer["hours"] < 6.1, answer["hours"]
    assert profit["valuePerHour"] > 1.05 * chance["valuePerHour"] > 0
    assert profit["starts"] > 10 and profit["ended"] > 0 and 0 < profit["idle"] < 1
    assert abs(profit["value"] / answer["hours"] - profit["valuePerHour"]) < 1e-6 * profit["value"]

    # What comes later changes nothing of what went before.
    longer = json.loads(replay(history(6) + json.dumps({"at": 7 * 3600, "remove": "c000"}) + "\n", "--scorer", "scorer-profit", "-o", "json").stdout)
    early = [point for point in longer["contestants"][0]["curve"] if point[0] < 5 * 3600]
    known = {point[0]: point for point in profit["curve"]}
    assert any(point[0] in known for point in early)
    assert all(known.get(point[0], point) == point for point in early), "a later event was seen before its time"

    table = replay(history(1), "--scorer", "scorer-profit")
    assert table.returncode == 0 and "VALUE/H" in table.stdout and "IDLE %" in table.stdout, table
    bad = replay(history(1) + '{"at": 3, "remove": "c000"}\n')
    assert bad.returncode != 0 and "history.jsonl" in bad.stderr and "before that of line" in bad.stderr, bad
    missing = subprocess.run([tool, "catalog", str(file), "--fleet", folder + "/none.yaml", "--plugins", plugins], capture_output=True, text=True)
    assert missing.returncode == 2 and "none.yaml" in missing.stderr, missing
