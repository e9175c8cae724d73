"""Plugins of others in the real daemon: switched on component by component, and held to the time that a stop has."""
import shutil
import subprocess
import unittest

from harness import BUILD, LIMIT, PATIENCE, Daemon


class Tool(unittest.TestCase):
    def test_each_component_of_a_plugin_is_an_instance_of_its_own(self):
        def edit(daemon):
            shutil.copytree(BUILD / "tests/host/plugins/com.example.all", daemon.plugins / "com.example.all")
            daemon.replace("rigger.yaml", "automatic: true", "automatic: false")
        with Daemon(edit) as daemon:
            daemon.start()
            for name in ("reconciler", "frontend"):
                daemon.cli("plugins", "enable", "com.example.all", "--as", f"all-{name}", "--component", f"com.example.all.{name}", "--yes")
            kinds = {row["name"]: row["kind"] for row in daemon.items("plugins", "list") if row["id"] == "com.example.all"}
            self.assertEqual({"all-reconciler": "rig.reconciler/1", "all-frontend": "rig.command-frontend/1"}, kinds)
            wrong = daemon.cli("plugins", "enable", "com.example.all", "--as", "x", "--component", "com.example.none", "--yes", check=False)
            self.assertEqual(5, wrong.returncode)
            self.assertIn("com.example.all.reconciler", wrong.stderr)
            other = daemon.cli("plugins", "enable", "com.example.all", "--as", "all-frontend", "--component", "com.example.all.reconciler", "--yes",
                               check=False)
            self.assertIn("is of component com.example.all.frontend", other.stderr)
            self.assertFalse((daemon.dir / "etc/plugins-available/x.yaml").exists())

    def test_what_follows_the_dashes_chooses_tests(self):
        library = BUILD / "tests/bad/none/com.example.bad.none.so"
        for words in (["scorer.range"], ["--only", "scorer.range"]):
            done = subprocess.run([str(BUILD / "bin/rigger"), "plugins", "test", str(library), "--", *words], capture_output=True, text=True, timeout=240)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            self.assertIn("1 passed", done.stdout)


class Stop(unittest.TestCase):
    """A stop has 10 s, whatever plugins do."""

    def hanging(self, fault):
        name = fault.replace("_", "-")

        def edit(daemon):
            shutil.copytree(BUILD / "tests/bad" / fault, daemon.plugins / f"com.example.bad.{name}")
            (daemon.dir / "etc/plugins-enabled/90-hangs.yaml").write_text(f"plugin: com.example.bad.{name}\n")
        return Daemon(edit)

    def test_a_plugin_that_hangs_in_stop(self):
        with self.hanging("hangs_stop") as daemon:
            daemon.start()
            self.assertEqual(0, daemon.terminate(10))
            self.assertIn("com.example.bad.hangs-stop 1.0.0 (instance 'hangs') did not return from stop()", daemon.log.read_text())
            daemon.start()
            self.assertEqual(["running"], [row["state"] for row in daemon.items("plugins", "list") if row["name"] == "hangs"])

    def test_a_plugin_that_hangs_in_start(self):
        with self.hanging("hangs_start") as daemon:
            daemon.start(ready=False)
            daemon.until(lambda: "runs as 'frontend-gepetto'" in daemon.log.read_text(), 240, "the plugin before it")
            daemon.terminate(10)
            daemon.start()  # it is given up after its hard limit, and everything else runs
            self.assertEqual(["quarantined"], [row["state"] for row in daemon.items("plugins", "list") if row["name"] == "hangs"])


class EndWithoutAWord(unittest.TestCase):
    def test_who_was_being_called_is_named_at_the_next_start(self):
        def edit(daemon):
            shutil.copytree(BUILD / "tests/bad/kills", daemon.plugins / "com.example.bad.kills")
            (daemon.dir / "etc/plugins-enabled/90-kills.yaml").write_text("plugin: com.example.bad.kills\n")
        with Daemon(edit) as daemon:
            daemon.start(ready=False)
            self.assertEqual(-9, daemon.process.wait(LIMIT * PATIENCE))  # in its first score()
            daemon.start(ready=False)
            daemon.until(lambda: "In progress were these calls" in daemon.log.read_text(), LIMIT, "the log to name what was in progress")
            self.assertRegex(daemon.log.read_text(), r"In progress were these calls: .*com\.example\.bad\.kills 1\.0\.0 \(instance 'kills'\) in score")
            daemon.process.wait(LIMIT * PATIENCE)
            daemon.disable("90-kills.yaml")
            daemon.start()
            self.assertEqual(0, daemon.terminate())


if __name__ == "__main__":
    unittest.main()
