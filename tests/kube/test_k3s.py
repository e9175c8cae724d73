"""Many clusters: contexts that come and go at run time, one of three that cannot be reached, and kubeconfigs that stand in the table `servers`."""
import concurrent.futures
import json
import sqlite3
import unittest

from control_plane import SKIPPED, ControlPlane, assets, gpu_node
from rig import KubeDaemon, QUICK, chute, main, market, objects_of

OFFERS = market(chute(1), chute(2), chute(3))


def node(name):
    """A server as a cluster of its own has it: nobody labelled it for us."""
    machine = gpu_node(name, gpus=2)
    machine["annotations"] = {}
    del machine["labels"]["chutes/worker"]
    return machine


@unittest.skipIf(assets() is None, SKIPPED)
class K3s(unittest.TestCase):
    """Three real control planes; the third has an API server and nothing else."""

    @classmethod
    def setUpClass(cls):
        cls.planes = [ControlPlane(name, nodes, scheduler=False, controllers=bool(nodes)) for name, nodes in (("k3s-1", [node("k3s-1")]), ("k3s-2", [node("k3s-2")]), ("k3s-3", []))]
        starters = concurrent.futures.ThreadPoolExecutor(len(cls.planes))
        cls.addClassCleanup(starters.shutdown)  # not before: a component ends with the thread that started it
        cls.addClassCleanup(lambda: [plane.stop() for plane in cls.planes])
        list(starters.map(ControlPlane.start, cls.planes))

    def start(self, where):
        self.daemon = KubeDaemon(where, OFFERS, backend="k3s", settings=QUICK)
        self.addCleanup(self.daemon.__exit__)
        return self.daemon.start()

    def merged(self, path, planes):
        documents = [json.loads(plane.kubeconfig.read_text()) for plane in planes]
        whole = {"apiVersion": "v1", "kind": "Config"}
        for plane, one in zip(planes, documents):
            one["users"][0]["name"] = one["contexts"][0]["context"]["user"] = plane.name
        for part in ("clusters", "users", "contexts"):
            whole[part] = [entry for one in documents for entry in one[part]]
        path.write_text(json.dumps(whole))
        path.chmod(0o600)
        return path

    def states(self):
        return {row["name"].split("/")[1]: row["state"] for row in self.daemon.items("clusters")}

    def await_states(self, **wanted):
        wanted = {name.replace("_", "-"): state for name, state in wanted.items()}
        self.daemon.until(lambda: self.states() == wanted, 60, f"the clusters to be {wanted}")

    def clear(self, *planes):
        for row in self.daemon.items("deployments"):
            self.daemon.cli("undeploy", "-i", row["id"])
        self.daemon.until(lambda: not self.daemon.items("deployments"), 90, "all to be gone")
        for plane in planes:
            self.assertEqual([], objects_of(plane.api))

    def test_contexts_come_and_go_while_the_daemon_runs(self):
        first, second, _ = self.planes
        file = self.merged(first.directory / "merged.kubeconfig", [first])
        self.start(file)
        self.daemon.await_ready_node("k3s-1")
        self.await_states(k3s_1="ready")
        self.assertEqual([], [item for item in self.daemon.json("cluster", "doctor")["items"] if item["state"] != "ok"], "a node needs no label to be a server")
        one = self.daemon.deploy(1, "k3s-1")
        self.daemon.await_phase(one)
        self.merged(file, [first, second])
        self.daemon.await_ready_node("k3s-2")
        two = self.daemon.deploy(2, "k3s-2")
        self.daemon.await_phase(two)
        self.assertEqual([{one}, {two}], [{item["metadata"]["labels"]["chutes/deployment-id"] for _, item in objects_of(plane.api)} for plane in (first, second)], "each in its own cluster")
        self.merged(file, [first])
        status = lambda: {n["nodeName"]: n["status"] for n in self.daemon.items("nodes")}  # noqa: E731
        self.daemon.until(lambda: status()["k3s-2"] != "Ready", 30, "the server of the cluster that was taken away not to be ready")
        self.assertEqual({one, two}, {d["id"] for d in self.daemon.items("deployments")}, "its deployment is kept")
        self.assertTrue(objects_of(second.api, two), "and its objects are left alone")
        self.merged(file, [first, second])
        self.daemon.await_ready_node("k3s-2")
        self.assertEqual("active", self.daemon.deployment(two)["phase"])
        self.clear(first, second)

    def test_one_of_three_clusters_cannot_be_reached(self):
        first, second, third = self.planes
        self.start(self.merged(first.directory / "three.kubeconfig", self.planes))
        for name in ("k3s-1", "k3s-2"):
            self.daemon.await_ready_node(name)
        self.await_states(k3s_1="ready", k3s_2="ready", k3s_3="ready")
        kept, other = self.daemon.deploy(1, "k3s-2"), self.daemon.deploy(2, "k3s-1")
        for deployment in (kept, other):
            self.daemon.await_phase(deployment)
        second.kill("apiserver")
        self.await_states(k3s_1="ready", k3s_2="unreachable", k3s_3="ready")
        self.daemon.until(lambda: self.daemon.inst(kept)["status"] == "Unknown", 60, "the deployment to be shown as unknown")
        self.daemon.cli("recycle")
        self.assertEqual("active", self.daemon.deployment(kept)["phase"])
        self.assertEqual(6, self.daemon.deploy(3, "k3s-2", check=False).returncode, "nothing new goes there")
        more = self.daemon.deploy(3, "k3s-1")
        self.daemon.await_phase(more)  # the others go on
        self.daemon.cli("undeploy", "-i", more)
        self.daemon.await_gone(more)
        second.start_component("apiserver")
        self.await_states(k3s_1="ready", k3s_2="ready", k3s_3="ready")
        self.daemon.until(lambda: self.daemon.inst(kept)["status"] == "Active", 60, "the deployment to be known again")
        self.clear(first, second)

    def test_kubeconfigs_in_the_table_servers(self):
        first = self.planes[0]
        self.daemon = KubeDaemon({"database": "RIGGER_DB"}, OFFERS, backend="k3s", settings=QUICK)
        self.addCleanup(self.daemon.__exit__)
        database = self.daemon.dir / "state/rigger.db"
        file = self.daemon.dir / "etc/plugins-available/cluster-k3s.yaml"
        file.write_text(file.read_text().replace("RIGGER_DB", str(database)))
        self.daemon.start()
        self.assertNotIn("ready", self.states().values())
        uid = first.api.get("/api/v1/nodes/k3s-1")["metadata"]["uid"]

        def execute(sql, *values):
            with sqlite3.connect(database, timeout=10) as records:
                records.execute(sql, values)
            records.close()
        execute("INSERT INTO servers (server_id, validator, name, labels, gpu_count, hourly_cost, kubeconfig) VALUES (?, '', 'k3s-1', '{}', 2, 1.5, ?)", uid, first.kubeconfig.read_text())
        self.daemon.await_ready_node("k3s-1")
        self.await_states(k3s_1="ready")
        deployment = self.daemon.deploy(1, "k3s-1")
        self.daemon.await_phase(deployment)
        self.assertNotIn(first.admin_token, self.daemon.log.read_text() + "".join(self.daemon.cli(view, "-o", "json").stdout for view in ("servers", "clusters", "status")))
        self.daemon.terminate()
        self.daemon.start()
        self.daemon.await_ready_node("k3s-1")
        self.assertEqual("active", self.daemon.deployment(deployment)["phase"])
        self.clear(first)
        execute("UPDATE servers SET kubeconfig = NULL WHERE name = 'k3s-1'")
        self.daemon.until(lambda: {n["nodeName"]: n["status"] for n in self.daemon.items("nodes")} != {"k3s-1": "Ready"}, 30, "the server not to be ready")


if __name__ == "__main__":
    main()
