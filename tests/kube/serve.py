#!/usr/bin/env python3
"""Runs control planes for a test that is no Python program: serve.py [--clusters N] [--nodes N] [--kubeconfig FILE]

Writes one line of JSON when all is ready ({"clusters": [...], "kubeconfig": merged file}, or {"skipped": why}), then reads commands, one a line, and answers
each with one line ({"ok": true} or {"error": text}):  kill|start|pause|resume CLUSTER COMPONENT,  compact CLUSTER,  ready CLUSTER NODE,  stop
The end of standard input ends everything, too.
"""
import argparse
import json
import pathlib
import sys

from control_plane import SKIPPED, ControlPlane, assets, gpu_node


def say(document):
    print(json.dumps(document), flush=True)


def merged_kubeconfig(planes, path):
    merged = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    for plane in planes:
        one = json.loads(plane.kubeconfig.read_text())
        user = {"name": plane.name, "user": one["users"][0]["user"]}
        merged["clusters"] += one["clusters"]
        merged["users"].append(user)
        merged["contexts"].append({"name": plane.name, "context": {"cluster": plane.name, "user": plane.name, "namespace": "chutes"}})
    merged["current-context"] = planes[0].name
    path.write_text(json.dumps(merged, indent=1))
    path.chmod(0o600)
    return path


def obey(planes, words):
    by_name = {plane.name: plane for plane in planes}
    verb, plane = words[0], by_name[words[1]]
    if verb == "compact":
        plane.compact()
    elif verb == "ready":
        plane.await_ready(words[2])
    else:
        {"kill": plane.kill, "start": plane.start_component, "pause": plane.pause, "resume": plane.resume}[verb](words[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clusters", type=int, default=1)
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--kubeconfig", type=pathlib.Path)
    options = parser.parse_args()
    if assets() is None:
        say({"skipped": SKIPPED})
        return
    planes = []
    try:
        for number in range(1, options.clusters + 1):
            name = "test" if options.clusters == 1 else f"cluster-{number}"
            nodes = [gpu_node(f"{name}-gpu-{n:02}") for n in range(1, options.nodes + 1)]
            planes.append(ControlPlane(name, nodes).start())
        kubeconfig = merged_kubeconfig(planes, options.kubeconfig or planes[0].directory / "merged.kubeconfig")
        say({"clusters": [plane.describe() for plane in planes], "kubeconfig": str(kubeconfig)})
        for line in sys.stdin:
            words = line.split()
            if not words:
                continue
            if words[0] == "stop":
                break
            try:
                obey(planes, words)
                say({"ok": True})
            except (KeyError, IndexError, AssertionError, OSError) as error:
                say({"error": f"{type(error).__name__}: {error}"})
    finally:
        for plane in planes:
            plane.stop()


main()
