#!/usr/bin/env python3
"""Runs the shell blocks of a documentation page, in their order, in one shell.

  ```sh            runs always
  ```sh daemon     runs with --with-daemon: needs a running riggerd, which `rigger` reaches

Usage: run_page.py PAGE --work DIR --prefix SDK_PREFIX [--bin DIR]... [--with-daemon]
--bin puts a folder in front of PATH (where `rigger` lies). Without a `rigger` there, its commands that need no daemon are played by the
SDK's own tools. Exit status: that of the first block that fails, which is printed.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

STAND_IN = """#!/bin/sh
case "$1 $2" in
"plugins new") shift 2; exec rigger-new-plugin "$@" ;;
"plugins test") shift 2; exec rigger-plugin-check "$@" ;;
esac
echo "rigger: this stand-in knows only 'plugins new' and 'plugins test'" >&2
exit 2
"""


def blocks(page, with_daemon):
    for info, body in re.findall(r"^```sh([^\n]*)\n(.*?)^```", page.read_text(), re.M | re.S):
        if info.strip() == "" or (with_daemon and info.strip() == "daemon"):
            yield body


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--bin", action="append", default=[])
    parser.add_argument("--with-daemon", action="store_true")
    options = parser.parse_args()

    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    path = [*options.bin, f"{options.prefix}/bin", os.environ["PATH"]]
    if not any((pathlib.Path(d) / "rigger").exists() for d in options.bin):
        stand_in = options.work / "bin" / "rigger"
        stand_in.parent.mkdir()
        stand_in.write_text(STAND_IN)
        stand_in.chmod(0o755)
        path.insert(0, str(stand_in.parent))
    environment = dict(os.environ, PATH=":".join(path), CMAKE_PREFIX_PATH=options.prefix, PKG_CONFIG_PATH=f"{options.prefix}/lib/pkgconfig")
    if shutil.which("ccache"):
        environment.update(CMAKE_CXX_COMPILER_LAUNCHER="ccache")

    script, count = "set -eu\n", 0
    for body in blocks(options.page, options.with_daemon):
        count += 1
        script += f"echo '--- block {count}' >&2\n{body}"
    if count == 0:
        sys.exit(f"{options.page} has no shell blocks to run")
    done = subprocess.run(["sh", "-c", script], cwd=options.work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        print(done.stdout)
        print(f"{options.page}: the last block that began above failed with exit status {done.returncode}")
    else:
        print(f"{options.page}: {count} blocks ran")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
