"""Trouble that comes over a running daemon: nothing is lost, an operator sees it, and it passes by itself."""
import resource
import unittest

from harness import Daemon


class FullDisk(unittest.TestCase):
    def test_no_file_can_grow_any_more(self):
        """Every write beyond the first page of a file fails, as on a full disk: in the store, in the embedded cluster, everywhere."""
        with Daemon() as daemon:
            daemon.start()
            daemon.until(lambda: daemon.items("deployments") and all(d["phase"] == "active" for d in daemon.items("deployments")), 240, "everything to be active")
            before = {d["id"]: d["phase"] for d in daemon.items("deployments")}
            victim = min(before)
            limit = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (4096, limit[1]))
            daemon.cli("undeploy", "-i", victim, "--timeout", "3s", check=False)
            daemon.until(lambda: not daemon.json("status")["store"]["ok"], 60, "the trouble in the status")
            self.assertTrue(daemon.json("status")["store"]["error"])
            refused = daemon.cli("undeploy", "-i", max(before), check=False)
            self.assertNotEqual(0, refused.returncode)
            self.assertIn("the store cannot be written", refused.stderr)
            self.assertEqual(before.keys(), {d["id"] for d in daemon.items("deployments")})
            self.assertIsNone(daemon.process.poll())

            resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, limit)
            daemon.until(lambda: daemon.json("status")["store"]["ok"], 60, "the store to be written again")
            daemon.until(lambda: victim not in {d["id"] for d in daemon.items("deployments")}, 120, "what was asked for to be done")
            self.assertLessEqual(before.keys() - {victim}, {d["id"] for d in daemon.items("deployments")})


if __name__ == "__main__":
    unittest.main()
