"""Commands about clusters: what state they are in, and what their pods say."""
import subprocess
import unittest

from harness import BUILD, Daemon


class Clusters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon().start()
        cls.active = cls.daemon.until(lambda: [i for i in cls.daemon.items("insts") if i["phase"] == "active"], 240, "an active deployment")[0]["deploymentId"]

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
        whole = self.daemon.until(lambda: self.daemon.cli("logs", self.active).stdout.splitlines(), 240, "a line of output")
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


if __name__ == "__main__":
    unittest.main()
