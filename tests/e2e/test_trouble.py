"""Trouble that comes over a running daemon: nothing is lost, an operator sees it, and it passes by itself."""
import resource
import shutil
import unittest

from harness import BUILD, LIMIT, Daemon
from world import World, market_of

PAIRS, ANOTHER = ("one@alpha", "three@gamma"), "one@beta"
SPARE = 24  # offers that fit nowhere, so that the market can shrink a lot


class FullDisk(unittest.TestCase):
    def test_no_file_can_grow_any_more(self):
        """Every write beyond the first page of a file fails, as on a full disk: in the store, in the embedded cluster, everywhere."""
        with Daemon() as daemon:
            daemon.start()
            daemon.until(daemon.all_active, LIMIT, "everything to be active")
            before = {d["id"]: d["phase"] for d in daemon.items("deployments")}
            victim = min(before)
            limit = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (4096, limit[1]))
            daemon.cli("undeploy", "-i", victim, "--timeout", "3s", check=False)
            daemon.until(lambda: not daemon.json("status")["store"]["ok"], LIMIT, "the trouble in the status")
            self.assertTrue(daemon.json("status")["store"]["error"])
            refused = daemon.cli("undeploy", "-i", max(before), check=False)
            self.assertNotEqual(0, refused.returncode)
            self.assertIn("the store cannot be written", refused.stderr)
            self.assertEqual(before.keys(), {d["id"] for d in daemon.items("deployments")})
            self.assertIsNone(daemon.process.poll())

            resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, limit)
            daemon.until(lambda: daemon.json("status")["store"]["ok"], LIMIT, "the store to be written again")
            daemon.until(lambda: victim not in {d["id"] for d in daemon.items("deployments")}, LIMIT, "what was asked for to be done")
            self.assertLessEqual(before.keys() - {victim}, {d["id"] for d in daemon.items("deployments")})


class Weathered(World):
    """Deployments of its own choosing, of which nothing may happen to any."""

    def __init__(self):
        super().__init__("trouble")
        self.market.write_text(market_of(spare=SPARE))

    def __enter__(self):
        self.begin()
        self.deployed(*PAIRS)
        self.before = self.standing()
        return self

    def standing(self):
        return {d["id"]: (d["phase"], d["gpus"]) for d in self.items("deployments")}

    def set_clocks(self, wall, boot=0):
        self.levers[0], self.levers[1] = wall, boot

    def view(self, name):
        return next((v for v in self.json("status")["views"] if v["name"] == name), {"complete": False, "error": ""})

    def plugin(self, name):
        return next(p for p in self.json("status")["plugins"]["items"] if p["name"] == name)

    def passes(self):
        """Some whole passes of the reconcilers, on which anything that looked dead would be condemned."""
        def runs():
            return next(loop["runs"] for loop in self.json("status")["loops"] if loop["name"] == "reconcile")

        begun = runs()
        self.until(lambda: runs() >= begun + 5, LIMIT, "passes of the reconcilers")

    def well(self):
        """Everything as before, and orders are carried out: one more deployment, and its end."""
        self.until(lambda: not self.wrong() and self.standing() == self.before, LIMIT, "everything to be as before")
        self.until(lambda: self.json("status")["healthy"], LIMIT, "the status to be well")
        self.deployed(*PAIRS, ANOTHER)
        self.deployed(*PAIRS)


class Clock(unittest.TestCase):
    def test_the_wall_clock_is_set(self):
        year = 365 * 86400
        with Weathered() as world:
            for jumps, wall in enumerate((year, -10 * year, 0), 1):
                world.set_clocks(wall)
                world.until(lambda: world.metrics().get("rigger_clock_jumps_total", 0) >= jumps, LIMIT, "the jump in the metrics")
                self.assertIn("clock", {e["part"] for e in world.json("status")["lastErrors"]})
                world.passes()
                self.assertEqual(world.before, world.standing())
                world.well()

    def test_the_machine_slept_for_a_day(self):
        with Weathered() as world:
            world.set_clocks(86400, 86400)
            world.passes()
            self.assertEqual(world.before, world.standing())
            said = [e["message"] for e in world.json("status")["lastErrors"]]
            self.assertTrue(any("the daemon did not run for 86" in message for message in said), said)
            self.assertFalse(any("the plugin hangs" in message for message in said), said)
            self.assertEqual({"running"}, {p["state"] for p in world.json("status")["plugins"]["items"]}, "no plugin hung for a day")
            world.well()
            self.assertEqual(0, world.metrics().get("rigger_clock_jumps_total", 0))


class Market(unittest.TestCase):
    def test_a_market_that_is_empty_or_cut(self):
        with Weathered() as world:
            good = world.market.read_text()
            for text in ("", good[:len(good) // 2], '{"chutes": [], "metrics": [], "utilization": []}', market_of(["one"])):
                with self.subTest(text=text[:40]):
                    world.market.write_text(text)
                    world.until(lambda: not world.view("catalog/offers")["complete"], LIMIT, "the trouble in the status")
                    self.assertFalse(world.json("status")["healthy"])
                    self.assertTrue(world.plugin("catalog")["lastError"])
                    world.until(lambda: world.metrics()['rigger_view_complete{view="source/catalog/offers"}'] == 0, LIMIT, "the trouble in the metrics")
                    world.passes()
                    self.assertEqual(world.before, world.standing())
                    world.market.write_text(good)
                    world.well()

    def test_a_market_file_that_is_not_there(self):
        with Weathered() as world:
            world.market.rename(world.dir / "elsewhere")
            world.until(lambda: not world.view("catalog/offers")["complete"], LIMIT, "the trouble in the status")
            world.passes()
            self.assertEqual(world.before, world.standing())
            (world.dir / "elsewhere").rename(world.market)
            world.well()


class Cluster(unittest.TestCase):
    def test_a_cluster_that_lists_nothing(self):
        """It comes back from a restart without a single object of ours."""
        with Weathered() as world:
            state = world.dir / "state"
            world.terminate(60)
            away = world.dir / "away"
            away.mkdir()
            for file in state.glob("cluster-local.sqlite*"):
                file.rename(away / file.name)
            world.begin()
            world.until(lambda: "came back empty" in (world.view("local/local/pods")["error"] or ""), LIMIT, "the trouble in the status")
            self.assertFalse(world.json("status")["healthy"])
            world.until(lambda: world.metrics()['rigger_view_complete{view="local/local/pods"}'] == 0, LIMIT, "the trouble in the metrics")
            world.passes()
            self.assertEqual(world.before, world.standing())
            world.terminate(60)
            for file in state.glob("cluster-local.sqlite*"):
                file.unlink()
            for file in away.iterdir():
                file.rename(state / file.name)
            world.begin()
            world.well()

    def test_a_cluster_that_gives_no_answer(self):
        """Its disk takes no write for a while: the plugin hangs and is given up. It stays so until an operator resets it, and nothing follows from that."""
        with Weathered() as world:
            world.levers[2] = 1
            world.acknowledged("deploy", "-c", "org/one", "-s", "beta")
            world.until(lambda: world.plugin("local")["state"] == "quarantined", LIMIT, "the plugin to be given up")
            world.levers[2] = 0
            self.assertEqual("rigger plugins reset local", world.plugin("local")["nextCommand"])
            world.until(lambda: world.metrics()['rigger_plugin_running{instance="local",kind="rig.cluster-backend/1"}'] == 0, LIMIT, "the trouble in the metrics")
            world.passes()
            self.assertLessEqual(world.before.items(), world.standing().items())
            world.cli("plugins", "reset", "local")
            world.until(lambda: not world.wrong(), LIMIT, "order")
            self.assertLessEqual(world.before.items(), world.standing().items())


class Scorer(unittest.TestCase):
    def test_a_scorer_that_hangs_is_given_up_and_placement_goes_on(self):
        with Weathered() as world:
            shutil.copytree(BUILD / "tests/bad/hangs_score", world.plugins / "com.example.bad.hangs-score")
            (world.dir / "etc/plugins-enabled/90-hangs.yaml").write_text("plugin: com.example.bad.hangs-score\n")
            world.process.send_signal(1)
            world.until(lambda: "configuration and plugins reloaded" in world.log.read_text(), LIMIT, "the reload")
            world.cli("scales", check=False)
            world.until(lambda: world.plugin("hangs")["state"] == "quarantined", LIMIT, "the plugin to be given up")
            self.assertGreaterEqual(world.metrics()['rigger_plugin_failures_total{instance="hangs",kind="rig.placement-scorer/1"}'], 1)
            self.assertTrue(world.items("scales"))
            world.well()


if __name__ == "__main__":
    unittest.main()
