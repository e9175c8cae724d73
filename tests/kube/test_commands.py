"""`rigger cluster rbac` and `rigger cluster doctor` as an operator uses them: from the printed manifest to a daemon that may do no more, and what the doctor
says when one thing after the other is wrong."""
import http.client
import json
import socket
import unittest

import manifest
from certificates import Authority
from control_plane import SKIPPED, ControlPlane, assets, gpu_node
from rig import KubeDaemon, main, market

NODE = "/api/v1/nodes/gpu-01"
ROLE = "/apis/rbac.authorization.k8s.io/v1/namespaces/chutes/roles/rigger"


@unittest.skipIf(assets() is None, SKIPPED)
class ClusterCommands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plane = ControlPlane(nodes=[gpu_node("gpu-01")], scheduler=False).start()
        cls.addClassCleanup(cls.plane.stop)
        cls.api = cls.plane.api
        _, cls.kubeconfig = manifest.account(cls.plane)
        cls.good = cls.kubeconfig.read_text()
        cls.daemon = KubeDaemon(cls.kubeconfig, market()).start()
        cls.addClassCleanup(cls.daemon.__exit__)

    def doctor(self, *arguments):
        """{check: item}, and the exit code."""
        done = self.daemon.cli("cluster", "doctor", *arguments, "-o", "json", check=False)
        return {item["check"]: item for item in json.loads(done.stdout)["items"]}, done.returncode

    def await_finding(self, wanted, *states):
        """The doctor's answer once the check is in one of the states; the kubeconfig is looked at every 2 s, and roles take a moment to count."""
        def found():
            checks, code = self.doctor()
            return (checks, code) if wanted in checks and checks[wanted]["state"] in states else None
        return self.daemon.until(found, 30, f"{wanted} to be {' or '.join(states)}")

    def assertFinding(self, found, state, *words):
        self.assertEqual(state, found["state"], found)
        for word in words:
            self.assertIn(word, found["detail"] + " -> " + found["remedy"])
        if state != "ok":
            self.assertNotEqual("", found["remedy"], found)

    def with_kubeconfig(self, change):
        document = json.loads(self.good)
        change(document)
        self.kubeconfig.write_text(json.dumps(document))
        self.addCleanup(self.restored)

    def restored(self):
        self.kubeconfig.write_text(self.good)
        self.await_finding("storage", "ok")

    # --- all is well --------------------------------------------------------------------------------------------------
    def test_with_the_printed_manifest_alone_everything_is_well(self):
        checks, code = self.await_finding("storage", "ok")
        self.assertEqual([], [item for item in checks.values() if item["state"] != "ok"])
        self.assertEqual(0, code)
        for name in ("reachable", "TLS", "credentials", "version", "namespace chutes", "may patch jobs in chutes", "may get pods/log in chutes", "may watch nodes", "runtime class nvidia", "nodes", "GPU labels", "GPUs", "storage"):
            self.assertIn(name, checks)
        self.assertIn("v1.20", checks["version"]["detail"])
        table = self.daemon.cli("cluster", "doctor", "microk8s/microk8s").stdout
        self.assertIn("REMEDY", table)
        self.assertIn("处理办法", self.daemon.cli("cluster", "doctor", "--lang", "zh").stdout)

    def test_over_http(self):
        def ask(method, path, body=None):
            connection = http.client.HTTPConnection("localhost", timeout=30)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(str(self.daemon.dir / "run/rigger.sock"))
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            self.addCleanup(connection.close)
            return answer.status, json.loads(answer.read())
        for status, document in (ask("GET", "/v1/cluster/doctor?cluster=microk8s"), ask("POST", "/v1/commands/cluster%20doctor", "{}")):
            self.assertEqual(200, status)
            self.assertTrue(document["items"])
        self.assertEqual(404, ask("GET", "/v1/cluster/doctor?cluster=other")[0])

    def test_other_names_make_a_role_in_that_namespace_alone(self):
        manifest.apply(self.plane, manifest.printed("--namespace", "work", "--service-account", "packer"))

        def may(verb, resource, namespace):
            review = {"spec": {"user": "system:serviceaccount:work:packer", "resourceAttributes": {"verb": verb, "group": "batch", "resource": resource, "namespace": namespace}}}
            return self.api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", **review})["status"]["allowed"]
        self.daemon.until(lambda: may("create", "jobs", "work"), 10, "the role to count")
        self.assertTrue(may("list", "jobs", ""))
        self.assertFalse(may("create", "jobs", "chutes"))

    # --- one thing is wrong ---------------------------------------------------------------------------------------------
    def test_one_verb_is_missing(self):
        role = self.api.get(ROLE)
        self.addCleanup(lambda: (manifest.apply(self.plane, manifest.printed()), self.await_finding("may patch jobs in chutes", "ok")))
        self.api.patch(ROLE, {"rules": [{**rule, "verbs": [verb for verb in rule["verbs"] if verb != "patch" or "jobs" not in rule["resources"]]} for rule in role["rules"]]})
        checks, code = self.await_finding("may patch jobs in chutes", "failed")
        self.assertFinding(checks["may patch jobs in chutes"], "failed", "not allowed", "rigger cluster rbac | kubectl apply -f -")
        self.assertEqual(["may patch jobs in chutes"], [name for name, item in checks.items() if item["state"] != "ok"])
        self.assertEqual(1, code)

    def test_a_node_without_its_gpu_label(self):
        self.addCleanup(lambda: self.api.patch(NODE, {"metadata": {"labels": {"gpu-short-ref": "h100_sxm"}}}))
        self.api.patch(NODE, {"metadata": {"labels": {"gpu-short-ref": None}}})
        checks, code = self.await_finding("GPU labels", "failed")
        self.assertFinding(checks["GPU labels"], "failed", "0 of 1", "gpu-01", "kubectl label node")
        self.assertEqual(1, code)

    def test_no_runtime_class_for_the_workloads(self):
        path = "/apis/node.k8s.io/v1/runtimeclasses"
        runtime = self.api.get(path + "/nvidia")
        self.api.delete(path + "/nvidia")
        self.addCleanup(lambda: self.api.create(path, {"metadata": {"name": "nvidia"}, "handler": runtime["handler"]}))
        checks, code = self.await_finding("runtime class nvidia", "failed")
        self.assertFinding(checks["runtime class nvidia"], "failed", "does not exist", "GPU operator", "kubectl apply")
        self.assertEqual(1, code)
        shown = self.daemon.cli("cluster", "doctor", "--problems", "-o", "json", check=False)
        self.assertEqual((1, ["runtime class nvidia"]), (shown.returncode, [item["check"] for item in json.loads(shown.stdout)["items"]]))

    def test_no_worker_at_all(self):
        self.addCleanup(lambda: self.api.patch(NODE, {"metadata": {"labels": {"chutes/worker": "true"}}}))
        self.api.patch(NODE, {"metadata": {"labels": {"chutes/worker": None}}})
        self.assertFinding(self.await_finding("nodes", "failed")[0]["nodes"], "failed", "1 nodes", "chutes/worker=true")

    def test_a_certificate_of_another_authority(self):
        other = Authority(self.plane.directory / "other-certs")
        self.with_kubeconfig(lambda document: document["clusters"][0]["cluster"].update({"certificate-authority": str(other.certificate)}))
        checks, code = self.await_finding("TLS", "failed")
        self.assertFinding(checks["TLS"], "failed", "certificate", "certificate-authority")
        self.assertFinding(checks["reachable"], "ok")
        self.assertFinding(checks["credentials"], "unknown")
        self.assertEqual(1, code)

    def test_a_name_that_the_certificate_does_not_hold(self):
        self.with_kubeconfig(lambda document: document["clusters"][0]["cluster"].update({"tls-server-name": "elsewhere.example"}))
        self.assertFinding(self.await_finding("TLS", "failed")[0]["TLS"], "failed", "certificate")

    def test_a_token_that_is_not_known(self):
        self.with_kubeconfig(lambda document: document["users"][0].update({"user": {"token": "stale-secret-token"}}))
        checks, _ = self.await_finding("credentials", "failed")
        self.assertFinding(checks["credentials"], "failed", "renew")
        self.assertFinding(checks["TLS"], "ok")
        self.assertNotIn("stale-secret-token", json.dumps(checks))

    def test_a_kubeconfig_that_cannot_be_read_as_one(self):
        self.with_kubeconfig(lambda document: document.clear())
        checks, code = self.await_finding("kubeconfig", "failed")
        self.assertFinding(checks["kubeconfig"], "failed", str(self.kubeconfig), "still in force")
        self.assertFinding(checks["reachable"], "ok")
        self.assertEqual(1, code)

    def test_an_api_server_that_is_gone(self):
        self.addCleanup(lambda: (self.plane.start_component("apiserver"), self.await_finding("storage", "ok")))
        self.plane.kill("apiserver")
        checks, code = self.doctor()
        self.assertFinding(checks["reachable"], "failed", self.plane.server, "check that the API server runs")
        self.assertFinding(checks["TLS"], "unknown")
        self.assertEqual(1, code)
        self.assertEqual(1, self.daemon.cli("cluster", "doctor", check=False).returncode)

    def test_a_cluster_that_is_not_configured(self):
        refused = self.daemon.cli("cluster", "doctor", "elsewhere", check=False)
        self.assertEqual(5, refused.returncode)
        self.assertIn("rigger clusters", refused.stderr)

    def test_a_daemon_without_its_kubeconfig_says_so(self):
        with KubeDaemon(self.plane.directory / "missing.kubeconfig", market()) as daemon:
            daemon.start()
            done = daemon.cli("cluster", "doctor", "-o", "json", check=False)
            self.assertEqual(1, done.returncode, done.stderr)
            item, = json.loads(done.stdout)["items"]
            self.assertIn("missing.kubeconfig", item["detail"])
            self.assertEqual(("microk8s/microk8s", "kubeconfig", "failed"), (item["cluster"], item["check"], item["state"]))
            row, = daemon.items("clusters")
            self.assertEqual("unreachable", row["state"])
            (self.plane.directory / "missing.kubeconfig").write_text(self.good)
            daemon.until(lambda: daemon.cli("cluster", "doctor", check=False).returncode == 0, 30, "the kubeconfig that came to be used")


if __name__ == "__main__":
    if assets() is None:
        print("skipped=all:", SKIPPED)
    main()
