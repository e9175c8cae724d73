#!/usr/bin/env python3
"""Every test has a target of its name, which builds what the test needs: `./dev sanitize address conformance_scorer-profit` builds that and no more.

Usage: check_targets.py BUILD
"""
import json
import subprocess
import sys


def lines(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(build):
    tests = {test["name"] for test in json.loads(lines("ctest", "--test-dir", build, "--show-only=json-v1"))["tests"]}
    targets = {line.split(":")[0] for line in lines("ninja", "-C", build, "-t", "targets", "all").splitlines()}
    if not tests:
        sys.exit("no test was found: this check sees nothing")
    if missing := sorted(tests - targets):
        sys.exit("these tests have no target of their name; give them one with add_custom_target(NAME DEPENDS what they need): " + ", ".join(missing))


if __name__ == "__main__":
    main(sys.argv[1])
