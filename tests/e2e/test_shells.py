"""TAB in the shells that `rigger completion` writes for, at a pseudo terminal, with the real tool and a running daemon."""
import json
import os
import pathlib
import shutil
import tempfile
import unittest

import shells
from harness import BUILD, LIMIT, Daemon

MARKET = {
    "chutes": [{"chute_id": f"c0ffee00-{number}", "name": name, "version": "v", "cords": [{}], "node_selector": {"gpu_count": 1, "supported_gpus": ["h200"]}}
               for number, name in enumerate(["Org/Model: v1.5 chat", "Org/Other", "Say \"hi\" $HOME", "节点/一号 模型"])]}


def market(daemon):
    (daemon.dir / "market.json").write_text(json.dumps({
        **MARKET, "metrics": [{"chute_id": c["chute_id"], "compute_multiplier": 2} for c in MARKET["chutes"]],
        "utilization": [{"chute_id": c["chute_id"], "scalable": True} for c in MARKET["chutes"]]}))
    (daemon.dir / "etc/plugins-available/source-catalog.yaml").write_text(f"plugin: rig.source-catalog\nname: catalog\nconfig: {{market: {daemon.dir}/market.json}}\n")
    daemon.replace("rigger.yaml", "automatic: true", "automatic: false")


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(market).start()
        cls.daemon.until(lambda: cls.daemon.items("chutes"), LIMIT, "the market")
        cls.daemon.until(lambda: cls.daemon.items("nodes"), LIMIT, "the fleet")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    def press(self, name):
        if not shells.installed(name):
            self.skipTest(f"{name} is not installed")
        home = pathlib.Path(tempfile.mkdtemp(prefix="rgr-"))
        self.addCleanup(shutil.rmtree, home)
        (home / "some file.yaml").touch()
        program = home / "bin/rigger"  # completes as the real one, and else shows what the shell made of the line
        program.parent.mkdir()
        answers = home / "answers"
        answers.touch()
        program.write_text(f"""#!/usr/bin/env python3
import json, subprocess, sys
if "__complete" in sys.argv or sys.argv[1:2] == ["completion"]:
    code = subprocess.call([{str(BUILD / "bin/rigger")!r}] + sys.argv[1:])
    open({str(answers)!r}, "a").write("x")
    sys.exit(code)
print("ARGUMENTS " + json.dumps(sys.argv[1:], ensure_ascii=False))
""")
        program.chmod(0o755)
        colon, other, odd, chinese = (c["name"] for c in MARKET["chutes"])
        cases = [  # what is typed before TAB, what rigger gets
            ("rigger why-n", ["why-not"]),
            ("rigger clust", ["cluster"]),
            ("rigger cluster rb", ["cluster", "rbac"]),
            ("rigger insts --nod", ["insts", "--node"]),
            ("rigger nodes -o ya", ["nodes", "-o", "yaml"]),
            ("rigger nodes --output=ya", ["nodes", "--output=yaml"]),
            ("rigger nodes --lang=z", ["nodes", "--lang=zh"]),
            ("rigger plugins ena", ["plugins", "enable"]),
            ("rigger plugins disable cat", ["plugins", "disable", "catalog"]),
            ("rigger lock h200-t", ["lock", "h200-tee-01"]),
            ("rigger scales --server=h200-t", ["scales", "--server=h200-tee-01"]),
            ("rigger deploy -c Org/Ot", ["deploy", "-c", other]),
            ("rigger deploy -c Org/Mo", ["deploy", "-c", colon]),
            ("rigger deploy -c Org/Model:", ["deploy", "-c", colon]),
            ("rigger deploy -c Org/Model:\\ v", ["deploy", "-c", colon]),
            ("rigger deploy -c \"Org/Model: v", ["deploy", "-c", colon]),
            ("rigger deploy -c 'Org/Mod", ["deploy", "-c", colon]),
            ("rigger deploy --chute=Org/Model:", ["deploy", "--chute=" + colon]),
            ("rigger deploy -c \"Say", ["deploy", "-c", odd]),
            ("rigger deploy -c Say", ["deploy", "-c", odd]),
            ("rigger deploy -c 节", ["deploy", "-c", chinese]),
            ("rigger nodes --config so", ["nodes", "--config", "some file.yaml"]),
            ("rigger nodes --config=so", ["nodes", "--config=some file.yaml"]),
        ]
        path = f"{program.parent}:{os.environ['PATH']}"
        with shells.Shell(name, home, {"PATH": path, "RIGGER_CONFIG": str(self.daemon.config)}) as shell:
            for typed, given in cases:
                with self.subTest(typed=typed):
                    self.assertEqual(given, json.loads(shell.complete(typed, lambda: answers.stat().st_size)))
        with shells.Shell(name, home, {"PATH": path, "RIGGER_CONFIG": "/nope"}) as shell:  # as `./dev demo` tells it
            shell.run(f"alias rigger='{program} --config {self.daemon.config}'")
            self.assertEqual(["--config", str(self.daemon.config), "lock", "h200-tee-01"], json.loads(shell.complete("rigger lock h200-t", lambda: answers.stat().st_size)))

    def test_bash(self):
        self.press("bash")

    def test_zsh(self):
        self.press("zsh")

    def test_fish(self):
        self.press("fish")


if __name__ == "__main__":
    unittest.main()
