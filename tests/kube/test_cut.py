"""Listings that break off half-way, again and again, under the real daemon: what they did not come to is not gone."""
import json

from control_plane import gpu_node
from proxy import CUT, GONE, REFUSED, Proxy
from rig import KubeCase, chute, main, objects_of

KINDS = "/pods?", "/jobs?", "/services?", "/nodes?"


def listing(path):
    return any(kind in path for kind in KINDS) and "limit=" in path


def on_first_page(how):
    return lambda path: how if "continue=" not in path else None


def on_second_page(how):
    return lambda path: how if "continue=" in path else None


class Cut(KubeCase):
    nodes = [gpu_node("gpu-01", gpus=4), gpu_node("gpu-02", gpus=4)]
    offers = [chute(n) for n in range(1, 4)]

    def setUp(self):
        self.proxy = Proxy(self.plane, page=1)
        self.addCleanup(self.proxy.stop)

    def kubeconfig(self):
        path = self.plane.write_kubeconfig("proxied", {"token": self.plane.admin_token})
        document = json.loads(path.read_text())
        document["clusters"][0]["cluster"]["server"] = self.proxy.url
        path.write_text(json.dumps(document))
        return path

    def await_troubled(self, more):
        """So many more listings have failed."""
        wanted = self.proxy.troubled + more
        self.daemon.until(lambda: self.proxy.troubled >= wanted, 60, f"{more} more listings to fail")

    def assert_all_kept(self, deployments, objects):
        row = self.cluster()
        self.assertEqual(("unknown", False), (row["freshness"], row["recovered"]))
        self.assertTrue(row["lastError"] and row["lastErrorAt"], row)
        self.assertEqual({(d, "active") for d in deployments}, {(d["id"], d["phase"]) for d in self.daemon.items("deployments")})
        self.assertEqual(objects, self.names())
        self.assertEqual({"Unknown"}, {i["status"] for i in self.daemon.items("insts")})

    def names(self):
        return sorted((kind, item["metadata"]["uid"]) for kind, item in objects_of(self.api))

    def test_what_a_listing_did_not_come_to_is_kept(self):
        self.start_daemon(self.kubeconfig())
        deployments = [self.deploy(n) for n in (1, 2, 3)]
        objects = self.names()
        self.assertEqual(9, len(objects), "three of each kind, of which a page holds one")
        for what, broken in (("refused between two pages", on_second_page(REFUSED)), ("expired between two pages", on_second_page(GONE)),
                             ("broken off in the second page", on_second_page(CUT)), ("broken off in the first page", on_first_page(CUT))):
            with self.subTest(what):
                self.proxy.trouble = lambda _, path, broken=broken: GONE if "watch=1" in path else broken(path) if listing(path) else None
                self.proxy.end_watches()
                self.await_freshness("unknown")
                self.await_troubled(4)
                for force in ((), ("--force",)):
                    self.daemon.cli("recycle", *force, check=False)
                self.assertEqual(6, self.daemon.deploy(1, "gpu-02", check=False).returncode, "nothing new goes where nothing is known")
                self.assert_all_kept(deployments, objects)
                self.daemon.kill()
                self.daemon.start()
                self.await_troubled(4)
                self.daemon.cli("recycle", "--force", check=False)
                self.assert_all_kept(deployments, objects)
                self.proxy.trouble = lambda *_: None
                self.await_freshness("complete")
                self.daemon.until(lambda: {i["status"] for i in self.daemon.items("insts")} == {"Active"}, 30, "all to be known again")
                self.assertTrue(self.cluster()["recovered"], "the error is shown as past")
                self.assertEqual(objects, self.names())
        self.daemon.cli("undeploy", "-i", deployments[0])
        self.daemon.await_gone(deployments[0])


if __name__ == "__main__":
    main()
