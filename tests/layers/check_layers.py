#!/usr/bin/env python3
"""Who may include what. Reads every #include of the tree and fails with file:line for each that crosses a forbidden border.

The table is docs/architecture/0001-the-house.md's. Usage: check_layers.py ROOT
"""
import pathlib
import re
import sys

CORE = {"base", "domain", "host", "engine", "control", "daemon", "cli"}
# layer -> (core layers it may include, third-party prefixes that are forbidden in it)
HEAVY_IO = ["Poco/", "libpq-fe.h", "hiredis/", "sqlite3.h", "boost/dll", "yaml-cpp/", "spdlog/", "sys/socket.h"]
RULES = {
    "base": ({"base"}, HEAVY_IO),
    "domain": ({"base", "domain"}, HEAVY_IO),
    "control": ({"base", "domain", "control"}, ["Poco/", "libpq-fe.h", "hiredis/", "sqlite3.h", "boost/dll", "yaml-cpp/"]),
    "host": ({"base", "domain", "host"}, ["Poco/", "libpq-fe.h", "hiredis/", "sqlite3.h"]),
    "daemon": ({"base", "domain", "host", "engine", "control", "daemon"}, []),
    "cli": ({"base", "domain", "host", "engine", "daemon", "cli"}, []),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
HEAVY_HEADERS = ("nlohmann/json.hpp", "spdlog/spdlog.h", "yaml-cpp/yaml.h")


def includes(path):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def core_layer(target):
    first = target.split("/")[0]
    return first if first in CORE else None


def check_core(root, path, bad):
    parts = path.relative_to(root / "core").parts
    layer = parts[0]
    test = path.name.endswith("_test.cpp") or "tests" in parts or path.name.startswith("fuzz_")
    for number, _, target in includes(path):
        other = core_layer(target)
        where = f"{path.relative_to(root)}:{number}"
        if layer == "engine":
            own = "/".join(parts[:2])
            if other in {"host", "control", "daemon", "cli"} or (other == "engine" and not target.startswith(own + "/")):
                bad.append(f"{where}: engine/{parts[1]} must not include {target}")
        elif layer in RULES:
            allowed, forbidden = RULES[layer]
            if other and other not in allowed and not test:
                bad.append(f"{where}: {layer} must not include {target}")
            if not test and any(target.startswith(prefix) for prefix in forbidden):
                bad.append(f"{where}: {layer} must not include <{target}>")
        if layer not in {"host"} and target.startswith("rigger/abi") and not test:
            bad.append(f"{where}: only core/host sees the C ABI")
        if path.suffix == ".hpp" and target in HEAVY_HEADERS and not test:
            bad.append(f"{where}: <{target}> is too heavy for a header")


def check_sdk(root, path, bad):
    abi = "abi" in path.parts
    for number, kind, target in includes(path):
        where = f"{path.relative_to(root)}:{number}"
        if core_layer(target) and kind == '"' and "/" in target:
            bad.append(f"{where}: the SDK must not include core")
        if abi and kind == "<" and target not in {"stddef.h", "stdint.h"}:
            bad.append(f"{where}: ABI headers include <stddef.h> and <stdint.h> alone")


def own_header(root, own, path, target):
    """A plugin's own folder may be called control/ as well."""
    plugin = root / "plugins" / own
    return any((base / target).exists() for base in [path.parent, plugin, plugin / "src", *plugin.glob("*/src")])


def check_plugin(root, path, bad):
    own = path.relative_to(root / "plugins").parts[0]
    for number, kind, target in includes(path):
        where = f"{path.relative_to(root)}:{number}"
        if kind == '"' and core_layer(target) and (root / "core" / target).exists() and not own_header(root, own, path, target):
            bad.append(f"{where}: plugins must not include core ({target})")
        if target.startswith("../"):
            bad.append(f"{where}: plugins must not reach out of their folder ({target})")
        for folder in (root / "plugins").iterdir():
            if folder.is_dir() and folder.name not in {own, "lib"} and target.startswith(folder.name + "/"):
                bad.append(f"{where}: plugins must not include each other ({target})")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    bad, seen = [], 0
    for folder, check in (("core", check_core), ("sdk/include", check_sdk), ("plugins", check_plugin)):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".hpp", ".cpp", ".h", ".c"}:
                seen += 1
                check(root, path, bad)
    print("\n".join(bad))
    if seen == 0:
        sys.exit("no source file found: is this the project's root?")
    if bad:
        sys.exit(f"{len(bad)} forbidden includes in {seen} files")
    print(f"{seen} files, no forbidden include")


main()
