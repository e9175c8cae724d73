#!/usr/bin/env python3
"""The frozen layout stops what it must stop, and lets an append pass. Usage: abi_gate_test.py SDK_FOLDER CC"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

FROZEN, DRAFT = "frozen_1_0.c", "draft/kinds.c"
HOST, BASE, PLUGIN, SCORER = "rigger/abi/host.h", "rigger/abi/base.h", "rigger/abi/plugin.h", "rigger/abi/kind/placement_scorer.h"

# (what is done, header, old text, new text, frozen file, what the compiler must name; None: it must compile)
CASES = [
    ("nothing changes", BASE, "", "", FROZEN, None),
    ("a member is appended to a table", HOST, "} rig_log;", "    void (*flush)(const rig_host *);\n} rig_log;", FROZEN, None),
    ("a member is appended to the descriptor", PLUGIN, "} rig_plugin;", "    const char *site;\n} rig_plugin;", FROZEN, None),
    ("a code is appended", BASE, "#define RIG_E_INTERNAL 10", "#define RIG_E_INTERNAL 10\n#define RIG_E_NEW 11\n", FROZEN, None),
    ("a member is inserted", HOST, "    int32_t (*enabled)", "    void (*flush)(const rig_host *);\n    int32_t (*enabled)", FROZEN, "rig_log.enabled moved"),
    ("a member is removed", HOST, "    void (*set)(const rig_host *, uint64_t handle, double value);\n", "", FROZEN, "set"),
    ("two members change places", PLUGIN, "const char *id;           ", "const char *kind;           ", FROZEN, "kind"),
    ("a member is widened", BASE, "uint32_t retry_after_ms;", "uint64_t retry_after_ms;", FROZEN, "rig_error.retry_after_ms"),
    ("a text is shortened", BASE, "char message[448];", "char message[256];", FROZEN, "rig_error.message has another size"),
    ("a fixed structure grows", BASE, "typedef struct rig_str   { const char *ptr; size_t len; } rig_str;", "typedef struct rig_str   { const char *ptr; size_t len, cap; } rig_str;", FROZEN, "rig_str is fixed"),
    ("a parameter is swapped", HOST, "(const rig_host *, uint64_t handle, double value);                 /* [any] wait-free */", "(const rig_host *, double value, uint64_t handle);", FROZEN, "rig_metrics.add has another signature"),
    ("a parameter is dropped", HOST, "(const rig_host *, rig_str topic, rig_doc, rig_error *);   /* [any] */", "(const rig_host *, rig_str topic, rig_doc);", FROZEN, "rig_events.publish has another signature"),
    ("a code is renumbered", BASE, "#define RIG_E_CONFLICT 3 ", "#define RIG_E_CONFLICT 4 ", FROZEN, "RIG_E_CONFLICT has another value"),
    ("a flag is renumbered", PLUGIN, "#define RIG_COMPONENT_SINGLETON  0x2u", "#define RIG_COMPONENT_SINGLETON  0x8u", FROZEN, "RIG_COMPONENT_SINGLETON has another value"),
    ("a service id is raised in place", HOST, '"rig.log/1"', '"rig.log/2"', FROZEN, "RIG_SERVICE_LOG has another value"),
    ("a draft's member is inserted", SCORER, "    double score_min, score_max;", "    uint64_t odd;\n    double score_min, score_max;", DRAFT, "rig_placement_scorer.score_min moved"),
]


def compiles(sdk, include, frozen, compiler):
    done = subprocess.run([compiler, "-std=c11", f"-I{include}", "-fsyntax-only", sdk / "abi" / frozen], capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def main():
    sdk, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
    failures = []
    for what, header, old, new, frozen, named in CASES:
        with tempfile.TemporaryDirectory() as folder:
            include = pathlib.Path(folder) / "include"
            shutil.copytree(sdk / "include", include)
            text = (include / header).read_text()
            if old not in text:
                failures.append(f"{what}: the text to change is not in {header} any more")
                continue
            (include / header).write_text(text.replace(old, new, 1))
            good, said = compiles(sdk, include, frozen, compiler)
            if named is None and not good:
                failures.append(f"{what}: must compile, but\n{said}")
            if named is not None and good:
                failures.append(f"{what}: must not compile")
            if named is not None and not good and named not in said:
                failures.append(f"{what}: the message does not name '{named}':\n{said}")
    for failure in failures:
        print("FAIL", failure)
    print(f"{len(CASES) - len(failures)} of {len(CASES)} cases hold")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
