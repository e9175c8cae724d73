"""Pods of others that hold GPUs of our servers: their GPUs are not given out a second time, and their owner hears of it."""
import json

from control_plane import gpu_node
from rig import KubeCase, chute, chute_id, main

PODS = "/api/v1/namespaces/others/pods"


def counted_node(name):
    """A node whose GPUs nobody told by name."""
    node = gpu_node(name, gpus=4)
    del node["annotations"]["rigger.dev/gpus"]
    return node


class Others(KubeCase):
    nodes = [gpu_node("gpu-01", gpus=4), counted_node("gpu-02")]
    offers = [chute(1), chute(2, gpus=3), chute(3, gpus=4)]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane.make_namespace("others")

    def hold(self, name, server, gpus):
        container = {"name": "theirs", "image": "any", "resources": {"limits": {"nvidia.com/gpu": str(gpus)}}}
        self.api.create(PODS, {"metadata": {"name": name}, "spec": {"nodeName": server, "containers": [container]}})
        self.addCleanup(lambda: self.api.exists(f"{PODS}/{name}") and self.let_go(name))

    def let_go(self, name):
        self.api.delete(f"{PODS}/{name}", gracePeriodSeconds=0)

    def await_gpus(self, server, free, others):
        def shown():
            row = next(row for row in self.daemon.items("nodes") if row["nodeName"] == server)
            return (row["gpuFree"], row["gpuOthers"]) == (free, others)
        self.daemon.until(shown, 30, f"{server} to show {free} free GPUs and {others} of others")

    def test_what_they_ask_for_is_taken_off_what_is_free(self):
        self.start_daemon()
        for server in ("gpu-01", "gpu-02"):
            with self.subTest(server=server):
                name = "holds-two-of-" + server
                self.hold(name, server, 2)
                self.await_gpus(server, free=2, others=2)
                refused = self.daemon.deploy(2, server, check=False)
                self.assertEqual(6, refused.returncode, refused.stderr)
                self.assertIn("NotEnoughFreeGpus", refused.stderr)
                self.assertIn("not rigger's", self.daemon.cli("why-not", chute_id(2), "-s", server).stdout)
                self.assertIn(f"2 of 4 on {server}", " ".join(self.daemon.json("status")["warnings"]))
                deployment = self.deploy(1, server)
                self.await_gpus(server, free=1, others=2)
                self.let_go(name)
                self.await_gpus(server, free=3, others=0)
                self.daemon.cli("undeploy", "-i", deployment)
                self.daemon.await_gone(deployment)

    def test_names_told_while_deployments_hold_gpus_by_number_are_not_given_out_until_those_ended(self):
        self.start_daemon()
        older = self.deploy(1, "gpu-02")
        node = "/api/v1/nodes/gpu-02"
        names = [f"{n:032x}" for n in range(0xa0, 0xa4)]
        self.addCleanup(self.api.patch, node, {"metadata": {"annotations": {"rigger.dev/gpus": None}}})
        self.api.patch(node, {"metadata": {"annotations": {"rigger.dev/gpus": json.dumps([{"id": name, "model": "h100_sxm", "verified": True} for name in names])}}})
        ids = lambda: {gpu["id"] for gpu in self.daemon.items("gpus") if gpu["serverName"] == "gpu-02"}  # noqa: E731
        self.daemon.until(lambda: set(names) <= ids(), 30, "the names")
        self.assertEqual(0, self.free_gpus("gpu-02"), "which of the named ones is in use nobody can say")
        refused = self.daemon.deploy(1, "gpu-02", check=False)
        self.assertEqual(6, refused.returncode, refused.stderr)
        self.assertIn("by number", self.daemon.cli("why-not", chute_id(2), "-s", "gpu-02").stdout)
        self.assertIn("by number", " ".join(self.daemon.json("status")["warnings"]))
        self.daemon.kill()
        self.daemon.start()
        self.daemon.await_ready_node("gpu-02")
        self.assertEqual(0, self.free_gpus("gpu-02"))
        self.daemon.cli("undeploy", "-i", older)
        self.daemon.await_gone(older)
        self.daemon.until(lambda: self.free_gpus("gpu-02") == 4 and ids() == set(names), 30, "all to be free by their names")
        self.deploy(1, "gpu-02")

    def test_they_are_known_after_a_restart_and_heeded_by_automatic_placement(self):
        self.hold("holds-all", "gpu-01", 4)
        self.start_daemon(automatic=True)
        self.await_gpus("gpu-01", free=0, others=4)
        self.daemon.until(lambda: [d for d in self.daemon.items("deployments") if d["phase"] == "active"], 60, "something to be placed")
        self.assertEqual({"gpu-02"}, {d["serverName"] for d in self.daemon.items("deployments")})
        self.daemon.kill()
        self.daemon.start()
        self.await_gpus("gpu-01", free=0, others=4)
        self.assertEqual({"gpu-02"}, {d["serverName"] for d in self.daemon.items("deployments")})
        self.let_go("holds-all")
        self.daemon.until(lambda: "gpu-01" in {d["serverName"] for d in self.daemon.items("deployments")}, 60, "the GPUs that were given back to be used")


if __name__ == "__main__":
    main()
