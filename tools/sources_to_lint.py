"""Usage: sources_to_lint.py BUILD. The C++ sources that BUILD compiles, each ended by a zero byte, without those of tests and fuzz targets."""
import json
import pathlib
import re
import sys

for entry in json.loads((pathlib.Path(sys.argv[1]) / "compile_commands.json").read_text()):
    file = entry["file"]
    if file.endswith((".cpp", ".cxx")) and not re.search(r"/(fuzz\w*|\w+_fuzz|\w+_test|tests)(\.dir)?/", file):
        print(file, end="\0")
