#!/usr/bin/env python3
"""On every list and every reported seed's mean, scorer-fragmentation allocates at least half a point more than FGD as published, and our FGD
reproduces the published figures within 0.3 points and one standard error of a mean of ten (0.05). Usage: replay_test.py RIGGER_REPLAY PLUGINS DATA"""
import csv
import json
import subprocess
import sys

FGD, OURS = "scorer-baseline@fgd+list", "scorer-fragmentation"
tool, plugins, data = sys.argv[1:]
with open(f"{data}/published.csv", encoding="utf-8") as file:
    PUBLISHED = {row["list"]: float(row["FGD"]) for row in csv.DictReader(file)}
assert len(PUBLISHED) == 5, PUBLISHED
pods = [f"{data}/openb_pod_list_{name}.csv" for name in PUBLISHED]
answer = subprocess.run([tool, "openb", f"{data}/openb_node_list_gpu_node.csv", *pods, "--scorer", FGD, "--scorer", OURS, "--seeds", "42..51", "--published", f"{data}/published.csv@FGD", "--plugins", plugins, "-o", "json"],
                        check=True, capture_output=True, text=True).stdout
lists = json.loads(answer)["lists"]
assert [one["name"] for one in lists] == list(PUBLISHED), "a list is missing"
bad = []
for one in lists:
    mean = {c["label"]: 100 * c["mean"] for c in one["contestants"]}
    published = PUBLISHED[one["name"]]
    assert abs(100 * one["published"]["FGD"] - published) < 1e-9, one["published"]
    print(f"{one['name']:12} FGD published {published:.2f}  FGD {mean[FGD]:.2f}  ours {mean[OURS]:.2f}")
    if abs(mean[FGD] - published) > 0.35: # over the seeds 1..100 at most 0.25 (gpuspec10); over these ten 0.32 there, at most 0.12 on the others
        bad.append(f"{one['name']}: our FGD is {mean[FGD]:.2f}, published is {published:.2f}")
    if mean[OURS] < max(published, mean[FGD]) + 0.5:
        bad.append(f"{one['name']}: scorer-fragmentation is {mean[OURS]:.2f}, less than half a point above FGD")
sys.exit("\n".join(bad) or 0)
