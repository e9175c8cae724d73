"""Commands about clusters: what state they are in, and what their pods say."""
import subprocess
import unittest

from harness import BUILD, LIMIT, Daemon


class Clusters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon().start()
        cls.active = cls.daemon.until(lambda: [i for i in cls.daemon.items("insts") if i["phase"] == "active"], LIMIT, "an active deployment")[0]["deploymentId"]

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    def test_the_embedded_cluster_is_ready_complete_and_fresh(self):
        row, = self.daemon.items("clusters")
        self.assertEqual(("local/local", "ready", "complete"), (row["name"], row["state"], row["freshness"]))
        self.assertTrue(row["version"])
        self.assertLess(row["lagSeconds"], 60)
        for form in ("table", "wide", "yaml"):
            self.assertIn("local/local", self.daemon.cli("clusters", "-o", form).stdout)
        self.assertIn("集群", self.daemon.cli("clusters", "--lang", "zh").stdout)

    def test_the_doctor_finds_the_embedded_cluster_well(self):
        answer = self.daemon.json("cluster", "doctor", "local")
        self.assertTrue(answer["well"])
        self.assertEqual({("local/local", "ok")}, {(item["cluster"], item["state"]) for item in answer["items"]})
        self.assertIn("database", self.daemon.cli("cluster", "doctor", "local/local").stdout)
        self.assertEqual(5, self.daemon.cli("cluster", "doctor", "elsewhere", check=False).returncode)

    def test_logs_come_whole_and_cut_to_a_tail(self):
        whole = self.daemon.until(lambda: self.daemon.cli("logs", self.active).stdout.splitlines(), LIMIT, "a line of output")
        self.assertEqual(1, len(self.daemon.cli("logs", self.active[:13], "--tail", "1").stdout.splitlines()))
        self.assertIn(whole[0], self.daemon.json("logs", self.active)["text"])

    def test_a_followed_log_shows_at_once_what_there_is_and_ends_with_its_reader(self):
        command = [str(BUILD / "bin/rigger"), "--config", str(self.daemon.config), "logs", self.active, "-f"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as follower:
            self.assertTrue(follower.stdout.readline())
            self.assertIsNone(follower.poll(), "it goes on")
            follower.terminate()
        self.assertEqual(0, self.daemon.cli("status").returncode)

    def test_the_events_of_one_deployment_say_what_and_where_it_is(self):
        inst, = [i for i in self.daemon.items("insts") if i["deploymentId"] == self.active]
        told = self.daemon.items("events", self.active[:13], "--limit", "1000")
        self.assertEqual({(inst["offerName"], inst["nodeName"])}, {(event["offerName"], event["serverName"]) for event in told})
        self.assertTrue({"deployment.planned", "instance_activated"} <= {event["type"] for event in told}, told)
        self.assertEqual({"deployment.planned"}, {event["type"] for event in self.daemon.items("events", "--type", "deployment.pl")})
        self.assertEqual([], self.daemon.items("events", "ffffffff"))

    def test_wrong_input_is_refused(self):
        for arguments, code in ((("logs", "ffffffff-0000"), 5), (("logs",), 2), (("logs", self.active, "--tail", "-1"), 2), (("logs", self.active, "--pod", "other"), 5)):
            with self.subTest(arguments=arguments):
                result = self.daemon.cli(*arguments, check=False)
                self.assertEqual(code, result.returncode, result.stderr)
                self.assertNotEqual("", result.stderr.strip())


class Forgotten(unittest.TestCase):
    def test_a_machine_that_is_gone_for_good_is_taken_off_the_record(self):
        def edit(daemon):
            daemon.replace("plugins-available/cluster-local.yaml", "# fleetPollSeconds: 2 ", "fleetPollSeconds: 0.2 #")
            daemon.replace("rigger.yaml", "automatic: true", "automatic: false")

        def status(name):
            return next((n["status"] for n in daemon.items("nodes") if n["nodeName"] == name), None)

        with Daemon(edit).start() as daemon:
            daemon.until(lambda: status("h200-01") == "Ready", LIMIT, "the server")
            refusal = daemon.cli("forget", "h200-01", "--force", check=False)
            self.assertEqual(6, refusal.returncode)
            self.assertIn("kubectl delete node h200-01", refusal.stderr)
            path = daemon.dir / "etc/fleet.yaml"
            lines = path.read_text().splitlines(keepends=True)
            path.write_text("".join(line for line in lines if "name: h200-01," not in line))
            daemon.until(lambda: status("h200-01") == "NotReady", LIMIT, "the machine to be gone")
            self.assertTrue(daemon.json("forget", "h200-01", "--dry-run")["dryRun"])
            self.assertIn("forget", daemon.cli("forget", "h200-01").stdout)
            self.assertIsNone(status("h200-01"))
            self.assertEqual(5, daemon.cli("forget", "h200-01", check=False).returncode)
            self.assertEqual(["server.forgotten"], [event["type"] for event in daemon.items("events", "--type", "server.")])
            path.write_text("".join(lines))
            daemon.until(lambda: status("h200-01") == "Ready", LIMIT, "the machine to be taken in anew")


if __name__ == "__main__":
    unittest.main()
