#!/usr/bin/env python3
"""The moves at the end of a replay add up to what they are said to bring. Usage: defrag_test.py RIGGER_REPLAY PLUGINS DATA"""
import json
import subprocess
import sys

tool, plugins, data = sys.argv[1:]


def replay(*words):
    return subprocess.run([tool, "openb", f"{data}/openb_node_list_gpu_node.csv", f"{data}/openb_pod_list_default.csv", "--plugins", plugins, *words], capture_output=True, text=True)


answer = replay("--scorer", "random", "--seeds", "7", "--defrag", "2%", "-o", "json")
assert answer.returncode == 0, answer.stderr
run = json.loads(answer.stdout)["lists"][0]["contestants"][0]["runs"][0]
defrag = run["defrag"]
assert 0 < len(defrag["moves"]) <= defrag["budget"] == int(defrag["running"] * 0.02), "the budget does not hold"
assert all(move["gainMilli"] > 0 and move["from"] != move["to"] for move in defrag["moves"]), "a move without gain or way"
gain = sum(move["gainMilli"] for move in defrag["moves"])
assert abs(gain - defrag["gainMilli"]) < 1e-3
before = json.loads(answer.stdout)["lists"][0]["contestants"][0]["fragmentation"]
assert abs((before - defrag["fragmentation"]) * 6_212_000 - gain) < 1, "the gains are not the difference"
assert defrag["tasksMore"] > 0 and defrag["allocated"] > run["allocated"], "the room that the moves made is of no use"

table = replay("--scorer", "random", "--seeds", "7", "--defrag", "3")
assert "Moves at the end" in table.stdout and table.stdout.count("openb-pod-") == 3, table.stdout
for wrong in ("0", "-3", "2 %", "all"):
    refused = replay("--defrag", wrong)
    assert refused.returncode == 2 and "budget of moves" in refused.stderr, (wrong, refused)
