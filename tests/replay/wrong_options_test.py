#!/usr/bin/env python3
"""One wrong input per option of `rigger replay`: refused before anything runs, with what is wrong and what is allowed. Usage: wrong_options_test.py RIGGER_REPLAY PLUGINS DATA FLEET"""
import pathlib
import subprocess
import sys
import tempfile

tool, plugins, data, fleet = sys.argv[1:]
nodes, pods = f"{data}/openb_node_list_gpu_node.csv", f"{data}/openb_pod_list_default.csv"
CHUTE = '{"at":0,"chute":{"chute_id":"c","name":"c","version":"1","cords":[{"path":"/"}],"node_selector":{"gpu_count":1},"supported_gpus":["h100_sxm"]}}\n'
POLICIES = "fgd, best-fit, dot-product or gpu-packing"

with tempfile.TemporaryDirectory() as folder:
    history = pathlib.Path(folder) / "history.jsonl"
    history.write_text(CHUTE)
    none = folder + "/none"
    openb, catalog = ["openb", nodes, pods], ["catalog", str(history), "--fleet", fleet]
    cases = [
        ([], ["say what kind of recording", "openb and catalog"]),
        (["openb", nodes], ["PODS is required"]),
        (["catalog", "--fleet", fleet], ["HISTORY is required"]),
        (["market"], ["'market'", "openb and catalog"]),
        (["openb", none, pods], [none]),
        (["openb", nodes, none], [none]),
        (["openb", pods, pods], [pods, "sn"]),
        (["openb", nodes, nodes], [nodes, "'name'"]),
        ([*openb, "--scorer", "nosuch"], ["--scorer nosuch", "rig.nosuch", "scorer-fragmentation", "random"]),
        ([*openb, "--scorer", "rig.source-catalog"], ["not a scorer"]),
        ([*openb, "--scorer", "scorer-baseline@best"], ["--scorer scorer-baseline@best", "config.policy", "'best'", POLICIES]),
        ([*openb, "--scorer", "scorer-fragmentation@fgd"], ["config.policy", "not known"]),
        ([*openb, "--scorer", "scorer-fragmentation:heavy"], ["a weight is a number from 0 to 1000"]),
        ([*openb, "--scorer", "random,"], ["not a scorer's name", "NAME[@POLICY][:WEIGHT]"]),
        ([*openb, "--seeds", "51..42"], ["--seeds 51..42", "42..51"]),
        ([*openb, "--seeds", "1,,2"], ["--seeds 1,,2"]),
        ([*openb, "--seeds", "18446744073709551616"], ["--seeds 18446744073709551616"]),
        ([*openb, "--load", "0"], ["--load", "0.01"]),
        ([*openb, "--online", "--bound"], ["--online", "--bound"]),
        ([*openb, "--defrag", "2 %"], ["budget of moves"]),
        ([*openb, "--plot", none + "/plot.svg"], ["--plot", "cannot write", "No such file"]),
        ([*openb, "--published", nodes], ["--published", "FILE@COLUMN"]),
        ([*openb, "--published", nodes + "@FGD"], [nodes, "list"]),
        ([*openb, "-j", "-1"], ["--jobs"]),
        ([*openb, "-o", "yaml"], ["--output", "table", "json"]),
        (["catalog", str(history)], ["--fleet"]),
        (["catalog", none, "--fleet", fleet], [none]),
        (["catalog", str(history), "--fleet", none], [none]),
        ([*catalog, "--market", none], [none]),
        ([*catalog, "--judge", "nosuch"], ["--judge nosuch", "scorer-profit"]),
        ([*catalog, "--judge", "scorer-packing"], ["--judge scorer-packing", "no value"]),
        ([*catalog, "--every", "1"], ["--every", "5"]),
        ([*catalog, "--startup", "-1"], ["--startup"]),
        ([*catalog, "--min-value", "much"], ["--min-value", "much"]),
        ([*catalog, "--seed", "-3"], ["--seed"]),
    ]
    bad = []
    for words, phrases in cases:
        places = [] if words in ([], ["market"]) else ["--plugins", plugins]
        done = subprocess.run([tool, *words, *places], capture_output=True, text=True, timeout=60)
        said = done.stderr
        if done.returncode != 2 or done.stdout or any(phrase not in said for phrase in phrases) or "/tmp/rigger-replay" in said:
            bad.append(f"{' '.join(words)}\n  exit {done.returncode}, wanted 2 and {phrases}\n  {done.stdout}{said}")
    sys.exit("\n".join(bad) or 0)
