"""SIGKILL at arbitrary moments: after the last restart nothing is lost, doubled or orphaned.

Environment: RIGGER_KILLS (how many, default 12), RIGGER_SEED (default: fixed).
"""
import os
import random
import time
import unittest

from harness import Daemon


def faults(daemon):
    """What must never be: a list of sentences, empty when all is well. Only for a settled daemon."""
    deployments = {d["id"]: d for d in daemon.items("deployments")}
    found, gpus, pairs = [], {}, {}
    for d in deployments.values():
        for gpu in d["gpus"]:
            if gpu in gpus:
                found.append(f"GPU {gpu} belongs to {gpus[gpu]} and {d['id']}")
            gpus[gpu] = d["id"]
        pair = (d["offerId"], d["serverId"])
        if pair in pairs and d["phase"] != "terminating":
            found.append(f"two copies of one offer on one server: {pairs[pair]} and {d['id']}")
        pairs[pair] = d["id"]
    for gpu in daemon.items("gpus"):
        owner = gpu.get("deploymentId")
        if owner and owner not in deployments:
            found.append(f"GPU {gpu['id']} is held by {owner}, which is not there")
        if owner and gpus.get(gpu["id"]) != owner:
            found.append(f"GPU {gpu['id']} is held by {owner}, which does not list it")
    pods = {}
    for pod in daemon.items("pods"):
        if pod["deploymentId"]:
            pods.setdefault(pod["deploymentId"], []).append(pod["podName"])
            if pod["deploymentId"] not in deployments:
                found.append(f"pod {pod['podName']} belongs to no deployment")
    for owner, names in pods.items():
        if len(names) > 1:
            found.append(f"{owner} has {len(names)} pods: {names}")
    for d in deployments.values():
        if d["phase"] == "active" and d["id"] not in pods:
            found.append(f"{d['id']} is active without a pod")
    return found


class Kill(unittest.TestCase):
    def test_sigkill_at_random_moments_leaves_nothing_behind(self):
        seed = int(os.environ.get("RIGGER_SEED", "20"))
        chance = random.Random(seed)
        with Daemon() as daemon:
            daemon.start()
            for round_number in range(int(os.environ.get("RIGGER_KILLS", "12"))):
                victims = [i for i in daemon.items("insts") if i["phase"] != "terminating"]
                for victim in chance.sample(victims, min(3, len(victims))):
                    daemon.cli("undeploy", "-i", victim["deploymentId"], check=False)
                moment = time.monotonic() + chance.uniform(0, 0.6)
                while time.monotonic() < moment:
                    daemon.cli("plan", check=False)
                daemon.kill()
                daemon.start()

            def settled():
                phases = [d["phase"] for d in daemon.items("deployments")]
                return phases and all(phase == "active" for phase in phases)

            daemon.until(settled, 120, f"everything to be active again (seed {seed})")
            daemon.until(lambda: not faults(daemon), 90, "the cluster and the records to agree")
            self.assertEqual([], faults(daemon))


if __name__ == "__main__":
    unittest.main()
