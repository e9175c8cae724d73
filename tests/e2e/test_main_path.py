"""The main job with the real daemon: market in, workloads placed, steered by the operator, and back to nothing."""
import re
import signal
import subprocess
import unittest

from harness import BUILD, LIMIT, ROOT, Daemon


class MainPath(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon().start()
        cls.daemon.until(lambda: [i for i in cls.daemon.items("insts") if i["phase"] == "active"], LIMIT, "an active deployment")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    def test_every_list_command_answers_in_every_format(self):
        for command in ("nodes", "pods", "insts", "chutes", "scales", "status", "events", "failures", "deployments", "servers", "gpus", "plan"):
            for form in ("table", "wide", "json", "yaml"):
                with self.subTest(command=command, form=form):
                    answer = self.daemon.cli(command, "-o", form)
                    self.assertNotEqual("", (answer.stdout + answer.stderr).strip())  # an empty list says so on standard error

    def test_the_sample_fleet_has_at_least_twelve_servers_of_six_models(self):
        nodes = self.daemon.items("nodes")
        self.assertGreaterEqual(len(nodes), 12)
        self.assertGreaterEqual(len({node["gpuModel"] for node in nodes}), 6)
        self.assertTrue(all(node["hourlyCost"] > 0 for node in nodes))

    def test_moves_are_planned_within_their_budget_and_not_made(self):
        before = {i["deploymentId"]: i["serverId"] for i in self.daemon.items("insts") if i["phase"] == "active"}
        plan = self.daemon.json("plan", "--defrag", "50%")
        moves = [action for action in plan["actions"] if action["verb"] == "move"]
        defrag = plan["defrag"]
        self.assertEqual(len(moves), defrag["moves"])
        self.assertLessEqual(len(moves), defrag["budget"])
        self.assertAlmostEqual(sum(move["gainMilli"] for move in moves), defrag["lostMilli"] - defrag["lostMilliThen"], places=3)
        self.assertTrue(all(move["serverId"] != move["toId"] and move["gainMilli"] > 0 for move in moves))
        after = {i["deploymentId"]: i["serverId"] for i in self.daemon.items("insts")}
        self.assertEqual(before, {id: after.get(id) for id in before})
        refused = self.daemon.cli("plan", "--defrag", "lots", check=False)
        self.assertEqual(2, refused.returncode)
        self.assertIn("budget of moves", refused.stderr)

    def test_scales_are_sorted_by_value_and_filters_filter(self):
        pairs = self.daemon.items("scales")
        values = [pair["value"] for pair in pairs]
        self.assertEqual(values, sorted(values, reverse=True))
        if pairs:
            name = pairs[0]["serverName"]
            for filter_text in (name, pairs[0]["serverId"], pairs[0]["serverId"][:13]):
                self.assertEqual({name}, {pair["serverName"] for pair in self.daemon.items("scales", "-s", filter_text)}, filter_text)

    def test_insts_are_found_by_the_id_of_their_server(self):
        node = self.daemon.items("insts")[0]["nodeName"]
        server = next(s for s in self.daemon.items("servers") if s["name"] == node)
        self.assertEqual({node}, {inst["nodeName"] for inst in self.daemon.items("insts", "-d", server["id"][:13])})

    def test_no_gpu_is_used_twice(self):
        owners = {}
        for deployment in self.daemon.items("deployments"):
            for gpu in deployment["gpus"]:
                self.assertNotIn(gpu, owners, f"{gpu} belongs to {owners.get(gpu)} and {deployment['id']}")
                owners[gpu] = deployment["id"]
        self.assertTrue(owners)

    def test_undeploy_by_prefix_frees_the_gpus_when_the_pod_is_gone(self):
        victim = next(i for i in self.daemon.items("insts") if i["phase"] == "active")
        self.daemon.cli("undeploy", "-i", victim["deploymentId"][:13])
        self.daemon.until(lambda: victim["deploymentId"] not in [i["deploymentId"] for i in self.daemon.items("insts")], LIMIT, "the deployment to go")
        self.assertFalse([pod for pod in self.daemon.items("pods") if pod["deploymentId"] == victim["deploymentId"]])

    def test_why_not_names_a_rule_for_every_rejected_server(self):
        offer = self.daemon.items("chutes")[0]["offerName"]
        verdicts = self.daemon.items("why-not", offer)
        self.assertEqual(len(verdicts), len(self.daemon.items("nodes")))
        for verdict in verdicts:
            if verdict["verdict"] == "rejected":
                self.assertTrue(verdict["reasons"] and all(reason["code"] for reason in verdict["reasons"]))

    def test_dry_runs_change_nothing(self):
        before = self.daemon.items("deployments")
        self.daemon.cli("recycle", "--dry-run")
        pairs = self.daemon.items("scales")
        if pairs:
            self.daemon.cli("deploy", "-c", pairs[0]["offerId"], "-s", pairs[0]["serverName"], "--dry-run")
        self.assertEqual({d["id"] for d in before}, {d["id"] for d in self.daemon.items("deployments")} & {d["id"] for d in before})

    def test_bad_names_are_refused_with_a_remedy_and_exit_codes(self):
        for arguments, code in ((("deploy", "-c", "no-such-chute", "-s", "no-such-server"), 5), (("undeploy", "-i", "ffffffff-0000"), 5),
                                (("scales", "--no-such-option"), 2), (("no-such-command",), 2)):
            with self.subTest(arguments=arguments):
                result = self.daemon.cli(*arguments, check=False)
                self.assertEqual(code, result.returncode, result.stderr)
                self.assertNotEqual("", result.stderr.strip())
                self.assertNotIn("frontend-gepetto", result.stderr, "a refusal is no plugin's fault")

    def test_a_command_line_of_one_megabyte_is_refused_and_the_daemon_lives(self):
        result = self.daemon.cli("scales", "-s", "x" * 100_000, check=False)
        self.assertNotIn(result.returncode, (-6, -11))
        self.assertEqual(0, self.daemon.cli("status").returncode)

    def test_every_metric_is_explained_to_operators(self):
        page = (ROOT / "docs/operators/metrics.md").read_text()
        names = {re.sub("_(bucket|sum|count)$", "", series.split("{")[0]) for series in self.daemon.metrics()}
        self.assertIn("rigger_deployments", names)
        self.assertEqual([], sorted(name for name in names if name.startswith("rigger_") and f"`{name}`" not in page))

    def test_no_secret_shows_in_answers_logs_or_the_process_list(self):
        arguments = subprocess.run(["ps", "-o", "args=", "-p", str(self.daemon.process.pid)], capture_output=True, text=True).stdout
        texts = [arguments, self.daemon.log.read_text(errors="replace")]
        texts += [self.daemon.cli(command, "-o", "json").stdout for command in ("deployments", "insts", "events", "pods")]
        for text in texts:
            self.assertNotIn("CHUTES_LAUNCH_JWT", text)


class OneDaemonPerStateDirectory(unittest.TestCase):
    def test_a_second_daemon_refuses_to_start(self):
        with Daemon() as daemon:
            daemon.start()
            second = subprocess.run([str(BUILD / "bin/riggerd"), "--config", str(daemon.config)], capture_output=True, text=True, timeout=20)
            self.assertNotEqual(0, second.returncode)
            self.assertIn("another riggerd", second.stderr)
            self.assertTrue(daemon.ready())

    def test_sigterm_stops_it_within_ten_seconds(self):
        with Daemon() as daemon:
            daemon.start()
            self.assertEqual(0, daemon.terminate(10))

    def test_sighup_with_a_broken_configuration_keeps_the_old_one(self):
        with Daemon() as daemon:
            daemon.start()
            good = daemon.config.read_text()
            daemon.config.write_text(good + "\nno_such_key: 1\n")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.until(lambda: "no_such_key" in daemon.log.read_text(), LIMIT, "the refusal in the log")
            self.assertTrue(daemon.ready())
            checked = subprocess.run([str(BUILD / "bin/riggerd"), "--config", str(daemon.config), "--check-config"], capture_output=True, text=True)
            self.assertEqual(78, checked.returncode)
            self.assertIn("no_such_key", checked.stderr)
            refused = lambda: [w for w in daemon.json("status")["warnings"] if "was not reloaded" in w and "no_such_key" in w]
            daemon.until(refused, LIMIT, "the refusal in the status")
            daemon.config.write_text(good)
            daemon.process.send_signal(signal.SIGHUP)
            daemon.until(lambda: not refused(), LIMIT, "the refusal to be over")


if __name__ == "__main__":
    unittest.main()
