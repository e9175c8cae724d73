"""What `cmake --install` puts down is whole: the daemon runs from it as a service does, and tells the service manager so."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import harness
from harness import BUILD, LIMIT, ROOT, Daemon


class Installed(unittest.TestCase):
    def setUp(self):
        self.prefix = pathlib.Path(tempfile.mkdtemp(prefix="rgr-"))
        self.addCleanup(shutil.rmtree, self.prefix)
        subprocess.run(["cmake", "--install", str(BUILD), "--prefix", str(self.prefix)], check=True, stdout=subprocess.DEVNULL)
        (self.prefix / "plugins").symlink_to("lib/rigger/plugins")  # where the harness looks for them in a build directory
        (self.prefix / "etc").symlink_to("share/rigger/etc")
        (self.prefix / "tools").symlink_to(ROOT / "tools")
        harness.BUILD = harness.ROOT = self.prefix
        self.addCleanup(setattr, harness, "BUILD", BUILD)
        self.addCleanup(setattr, harness, "ROOT", ROOT)

    def heard(self, word):
        while True:
            lines = self.manager.recv(4096).decode().split("\n")
            if any(line.startswith(word) for line in lines):
                return True

    def test_the_pages_for_authors_do_what_they_say(self):
        """Against the installed SDK and a daemon: a scorer that is written, installed and enabled changes what `rigger scales` says."""
        for page in ("start-in-15-minutes", "in-c"):
            with self.subTest(page=page), Daemon(lambda d: d.replace("rigger.yaml", "automatic: true", "automatic: false")) as daemon:
                daemon.start()
                daemon.until(lambda: daemon.items("scales"), LIMIT, "offers that fit somewhere")
                command = ["python3", str(ROOT / "tests/sdk/run_page.py"), str(ROOT / f"docs/plugins/{page}.md"), "--work", str(daemon.dir / "work"),
                           "--prefix", str(self.prefix), "--bin", str(self.prefix / "bin"), "--with-daemon"]
                done = subprocess.run(command, capture_output=True, text=True, timeout=1200, env={**os.environ, "RIGGER_CONFIG": str(daemon.config)})
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_it_runs_as_a_service(self):
        self.assertTrue((self.prefix / "lib/systemd/system/riggerd.service").is_file())
        self.assertTrue((self.prefix / "lib/sysusers.d/rigger.conf").is_file())
        with Daemon() as daemon, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as self.manager:
            self.manager.bind(str(daemon.dir / "notify"))
            self.manager.settimeout(60)
            daemon.start(ready=False, env={"NOTIFY_SOCKET": str(daemon.dir / "notify")})
            self.heard("READY=1")
            self.assertEqual({"running"}, {row["state"] for row in daemon.items("plugins", "list")})
            daemon.until(lambda: daemon.items("nodes"), LIMIT, "the sample fleet")

            second = subprocess.run([str(self.prefix / "bin/riggerd"), "--config", str(daemon.config)], capture_output=True, text=True, timeout=60)
            self.assertNotEqual(0, second.returncode, "one state directory, one daemon")
            self.assertIn("state", second.stdout + second.stderr)

            daemon.process.send_signal(signal.SIGHUP)
            self.heard("RELOADING=1")
            self.heard("READY=1")
            self.assertEqual(0, daemon.terminate(10))
            self.heard("STOPPING=1")


if __name__ == "__main__":
    unittest.main()
