"""Sixteen halves on the eight GPUs of one server, through the real daemon, its database and the embedded cluster: two per card, also after a kill."""
import collections
import json
import signal
import unittest

import audit
from harness import Daemon

FLEET = "servers:\n  - { id: srv-01, name: h100-01, address: 198.51.100.20, model: h100_sxm, count: 8, hourly_cost: 1.85 }\n"
HALVES = 16


def market(shares):
    """One chute per (id, milli)."""
    return json.dumps({
        "chutes": [{"chute_id": id, "name": id, "version": "v1", "image": "sim/vllm:1", "chutes_version": "0.3.61", "cords": [{}], "code": "pass",
                    "supported_gpus": ["h100_sxm"], "node_selector": {"gpu_count": 1, "gpu_milli": milli}} for id, milli in shares],
        "metrics": [{"chute_id": id, "compute_multiplier": 1, "total_compute_time": 1e6, "total_invocations": 100} for id, _ in shares],
        "utilization": [{"chute_id": id, "scalable": True} for id, _ in shares]})


def halves_only(daemon):
    (daemon.dir / "etc/fleet.yaml").write_text(FLEET)
    file = daemon.dir / "etc/market/shares.json"
    file.write_text(market([(f"half-{i:02d}", 500) for i in range(HALVES)]))
    daemon.replace("plugins-available/source-catalog.yaml", f"csv: {daemon.dir}/etc/market/chute_models_head.csv", f"market: {file}")
    daemon.replace("plugins-available/source-catalog.yaml", "verifySeconds: 5", "verifySeconds: 1")
    daemon.replace("plugins-available/source-catalog.yaml", "activateSeconds: 3", "activateSeconds: 1")


class Shares(unittest.TestCase):
    def active(self, daemon):
        return [d for d in daemon.items("deployments") if d["phase"] == "active"]

    def all_halves_run(self, daemon):
        daemon.until(lambda: len(self.active(daemon)) == HALVES, 120, "sixteen active halves")
        cards = collections.defaultdict(list)
        for deployment in self.active(daemon):
            self.assertEqual(1, len(deployment["gpus"]))
            cards[deployment["gpus"][0]].append(deployment["offerName"])
        self.assertEqual([2] * 8, [len(names) for names in cards.values()])
        return {card: sorted(names) for card, names in cards.items()}

    def test_sixteen_halves_lie_two_per_card_also_after_a_kill(self):
        with Daemon(edit=halves_only) as daemon:
            daemon.start()
            before = self.all_halves_run(daemon)
            self.assertEqual(HALVES, len([pod for pod in daemon.items("pods") if pod["deploymentId"]]))

            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait()
            with audit.database(daemon.dir / "state/rigger.db") as store:
                self.assertEqual([(HALVES, 500, 500)], store.execute("select count(*), min(gpu_milli), max(gpu_milli) from rigger_deployments").fetchall())
                owned = store.execute("select count(*), count(distinct deployment_id) from gpus where deployment_id is not null").fetchall()
                self.assertEqual([(8, 8)], owned)
            daemon.start()
            self.assertEqual(before, self.all_halves_run(daemon))

            # Every card is full: not even a tenth more.
            (daemon.dir / "etc/market/shares.json").write_text(market([(f"half-{i:02d}", 500) for i in range(HALVES)] + [("tenth", 100)]))
            daemon.until(lambda: "tenth" in [chute["offerName"] for chute in daemon.items("chutes")], 30, "the new chute")
            reasons = [reason["code"] for verdict in daemon.items("why-not", "tenth") for reason in verdict["reasons"]]
            self.assertIn("NotEnoughFreeGpus", reasons)
            self.assertEqual(before, self.all_halves_run(daemon))


if __name__ == "__main__":
    unittest.main()
