"""Fifty deployments over five nodes at once, by automatic placement, and their end."""
import collections

from control_plane import gpu_node
from rig import LABEL, KubeCase, chute, main, objects_of


class Many(KubeCase):
    nodes = [gpu_node(f"gpu-{n:02}", gpus=10, cpu=64) for n in range(1, 6)]
    offers = [chute(n) for n in range(1, 51)]

    def test_fifty_at_once(self):
        self.start_daemon(automatic=True)
        active = lambda: [d for d in self.daemon.items("deployments") if d["phase"] == "active"]  # noqa: E731
        self.daemon.until(lambda: len(active()) >= 50, 120, "fifty active deployments")
        deployments = active()
        gpus = [gpu for d in deployments for gpu in d["gpus"]]
        self.assertEqual((50, 50), (len(deployments), len(set(gpus))), "each GPU once, none idle")
        self.assertEqual({f"gpu-{n:02}": 10 for n in range(1, 6)}, dict(collections.Counter(d["serverName"] for d in deployments)))
        counted = collections.Counter((kind, item["metadata"]["labels"][LABEL]) for kind, item in objects_of(self.api))
        self.assertEqual({(kind, d["id"]): 1 for d in deployments for kind in ("Job", "Service", "Pod")}, dict(counted))
        ports = [d["port"] for d in deployments]
        self.assertEqual(50, len(set(ports)))

        self.daemon.terminate()
        self.daemon.set("automatic", "false")
        self.daemon.start()
        self.assertEqual(50, len(self.daemon.items("deployments")), "a restart loses none")
        for d in deployments:
            self.daemon.cli("undeploy", "-i", d["id"])
        self.daemon.until(lambda: not self.daemon.items("deployments"), 120, "all to be gone")
        self.assertEqual([], objects_of(self.api))
        self.assertEqual(50, sum(row["gpuFree"] for row in self.daemon.items("nodes")))


if __name__ == "__main__":
    main()
