"""What the cluster itself can do to the daemon: not answer, forget its history, refuse, lose a node. What is unknown meanwhile is kept, and afterwards all is as it should be."""
import datetime
import json
import os
import pathlib
import time

from control_plane import gpu_node
from rig import CHUTES, JOBS, LABEL, KubeCase, chute, main, objects_of

NODES = [gpu_node("gpu-01", gpus=4), gpu_node("gpu-02", gpus=4)]
WATCHED = [("", "nodes"), ("", "pods"), ("", "services"), ("batch", "jobs")]


class Outages(KubeCase):
    nodes = NODES
    offers = [chute(1), chute(2), chute(3)]

    def await_pods(self, *deployments):
        """The cluster is known again, with the pods of exactly these."""
        self.daemon.until(lambda: self.cluster()["freshness"] == "complete" and {pod["deploymentId"] for pod in self.daemon.items("pods")} == set(deployments), 60,
                          f"a whole view with the pods of {deployments}")
        for deployment in deployments:
            self.assertEqual("active", self.daemon.deployment(deployment)["phase"])

    def restart_api_server(self):
        self.plane.start_component("apiserver")
        self.await_freshness("complete")

    def assert_one_of_each(self, deployment):
        self.assertEqual(["Job", "Pod", "Service"], sorted(kind for kind, _ in objects_of(self.api, deployment)))

    # --- the API server ------------------------------------------------------------------------------------------------
    def test_the_api_server_dies_in_the_middle_of_a_deploy(self):
        self.start_daemon()
        self.plane.pause("apiserver")
        deployment = self.deploy(phase=None)
        self.daemon.until(lambda: self.daemon.deployment(deployment)["phase"] == "claimed", 20, "the claim")
        self.plane.kill("apiserver")
        self.await_freshness("unknown")
        self.assertIsNotNone(self.daemon.deployment(deployment))
        self.restart_api_server()
        self.daemon.await_phase(deployment)
        self.assert_one_of_each(deployment)

    def test_the_api_server_dies_in_the_middle_of_a_watch(self):
        self.start_daemon()
        kept, gone = self.deploy(), self.deploy(2)
        self.plane.kill("apiserver")
        self.await_freshness("unknown")
        self.daemon.until(lambda: self.cluster()["state"] == "unreachable", 30, "the cluster to be unreachable")
        self.assertEqual({"active"}, {d["phase"] for d in self.daemon.items("deployments")}, "what is unknown is kept")
        self.assertEqual(6, self.daemon.deploy(3, "gpu-02", check=False).returncode, "nothing new goes where nothing is known")
        self.plane.start_component("apiserver")
        self.api.delete(f"{JOBS}/chute-{gone}", propagationPolicy="Background", gracePeriodSeconds=0)
        self.await_pods(kept)

    def test_the_api_server_dies_in_the_middle_of_an_undeploy(self):
        self.start_daemon()
        deployment = self.deploy()
        self.plane.pause("apiserver")
        self.daemon.cli("undeploy", "-i", deployment)
        self.plane.kill("apiserver")
        self.await_freshness("unknown")
        self.assertEqual("terminating", self.daemon.deployment(deployment)["phase"])
        self.assertEqual(3, self.free_gpus(), "the pod may run still")
        self.restart_api_server()
        self.daemon.await_gone(deployment)
        self.assertEqual([], objects_of(self.api, deployment))
        self.assertEqual(4, self.free_gpus())

    def test_etcd_dies_and_returns(self):
        self.start_daemon()
        kept = self.deploy()
        self.plane.kill("etcd")
        self.addCleanup(self.plane.start_component, "etcd")
        self.await_freshness("unknown")
        row = self.cluster()
        self.assertIn("etcd", str(row["lastError"]), "an API server answers for long without its store")
        self.assertIs(row["recovered"], False)
        self.assertLess(abs(time.time() - datetime.datetime.fromisoformat(row["lastErrorAt"].replace("Z", "+00:00")).timestamp()), 120, "it is there now")
        self.assertEqual("active", self.daemon.deployment(kept)["phase"])
        self.assertEqual(6, self.daemon.deploy(2, "gpu-02", check=False).returncode)
        self.plane.start_component("etcd")
        self.await_pods(kept)
        self.deploy(2, "gpu-02")

    def test_without_a_controller_manager_it_is_told_that_no_pod_is_made(self):
        self.start_daemon()
        self.plane.kill("controller-manager")
        deployment = self.deploy(phase=None)
        self.daemon.until(lambda: "kube-controller-manager" in str(self.daemon.inst(deployment)["message"]), 60, "the lack of a pod to be told")
        self.plane.start_component("controller-manager")
        self.daemon.await_phase(deployment)
        self.assertIsNone(self.daemon.inst(deployment)["message"])

    def test_history_that_was_compacted_away_is_listed_anew(self):
        self.start_daemon()
        kept, gone = self.deploy(), self.deploy(2, "gpu-02")
        os.kill(self.daemon.process.pid, 19)  # SIGSTOP: it misses what happens now
        self.api.delete(f"{JOBS}/chute-{gone}", propagationPolicy="Background", gracePeriodSeconds=0)
        self.until(lambda: not self.pods_of(gone), 60, "the pod to go")
        self.plane.kill("apiserver")
        self.plane.compact()
        self.plane.start_component("apiserver")
        os.kill(self.daemon.process.pid, 18)  # SIGCONT
        self.await_pods(kept)

    # --- nodes ---------------------------------------------------------------------------------------------------------
    def test_a_node_whose_kubelet_stops_takes_nothing_new_and_keeps_what_it_has(self):
        self.start_daemon()
        deployment = self.deploy()
        self.plane.kill("gpu-01")
        status = lambda: next(n["status"] for n in self.daemon.items("nodes") if n["nodeName"] == "gpu-01")  # noqa: E731
        self.daemon.until(lambda: status() == "NotReady", 60, "the node to be shown as not ready")
        refused = self.daemon.deploy(2, "gpu-01", check=False)
        self.assertEqual(6, refused.returncode)
        self.assertIn("ServerNotReady", refused.stderr)
        self.assertEqual("active", self.daemon.deployment(deployment)["phase"])
        self.plane.start_component("gpu-01")
        self.daemon.until(lambda: status() == "Ready", 60, "the node to be back")
        self.assertEqual("active", self.daemon.deployment(deployment)["phase"])
        self.deploy(2, "gpu-01")

    def test_a_missing_namespace_is_told_and_waited_for(self):
        self.start_daemon()
        self.api.delete("/api/v1/namespaces/chutes")
        self.until(lambda: not self.api.exists("/api/v1/namespaces/chutes"), 60, "the namespace to go")
        restore = lambda: self.api.exists("/api/v1/namespaces/chutes") or self.plane.make_namespace("chutes")  # noqa: E731
        self.addCleanup(restore)
        deployment = self.deploy(phase=None)
        self.daemon.until(lambda: "kubectl create namespace chutes" in str(self.daemon.inst(deployment)["message"]), 30, "the remedy to be shown")
        restore()
        self.daemon.await_phase(deployment)

    def test_a_cordoned_node_takes_nothing_new(self):
        self.start_daemon()
        deployment = self.deploy()
        self.api.patch("/api/v1/nodes/gpu-01", {"spec": {"unschedulable": True}})
        self.addCleanup(lambda: self.api.patch("/api/v1/nodes/gpu-01", {"spec": {"unschedulable": None}}))
        status = lambda: next(n["status"] for n in self.daemon.items("nodes") if n["nodeName"] == "gpu-01")  # noqa: E731
        self.daemon.until(lambda: status() == "Cordoned", 30, "the node to be shown as cordoned")
        refused = self.daemon.deploy(2, "gpu-01", check=False)
        self.assertEqual(6, refused.returncode)
        self.assertIn("kubectl uncordon", refused.stderr)
        self.assertEqual("active", self.daemon.deployment(deployment)["phase"])
        self.api.patch("/api/v1/nodes/gpu-01", {"spec": {"unschedulable": None}})
        self.daemon.until(lambda: status() == "Ready", 30, "the node to be ready again")
        self.deploy(2, "gpu-01")

    # --- credentials and permissions -----------------------------------------------------------------------------------
    def account(self, name):
        """A token with exactly what the backends ask for."""
        everything = ["get", "list", "watch", "create", "update", "patch", "delete"]
        token = self.plane.service_account(name, [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
                                                  {"apiGroups": ["", "batch", "apps"], "resources": [r for _, r in WATCHED] + ["configmaps", "deployments", "statefulsets"], "verbs": ["get", "list", "watch"]}],
                                           [{"apiGroups": [""], "resources": ["pods", "services", "configmaps"], "verbs": everything}, {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
                                            {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": everything}])
        self.addCleanup(lambda: [self.api.delete(path) for path in (f"{CHUTES}/serviceaccounts/{name}" if not self.revoked else None, f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{name}",
                                 f"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{name}", f"/apis/rbac.authorization.k8s.io/v1/namespaces/chutes/roles/{name}",
                                 f"/apis/rbac.authorization.k8s.io/v1/namespaces/chutes/rolebindings/{name}") if path])
        self.revoked = False
        return token

    def test_credentials_that_expire_make_the_cluster_unknown_until_new_ones_are_there(self):
        token_file = self.plane.directory / "rotated.token"
        token_file.write_text(self.account("rotating"))
        self.start_daemon(self.plane.write_kubeconfig("rotating", {"tokenFile": str(token_file)}))
        deployment = self.deploy()
        self.api.delete(f"{CHUTES}/serviceaccounts/rotating")
        self.revoked = True
        self.plane.kill("apiserver")  # its cache of good tokens, and the watches that it let in, end with it
        self.plane.start_component("apiserver")
        self.await_freshness("unknown")
        self.daemon.until(lambda: "nauthorized" in str(self.cluster()["lastError"]), 30, "the reason to be shown")
        self.assertEqual("active", self.daemon.deployment(deployment)["phase"])
        token_file.write_text(self.plane.admin_token)
        self.await_freshness("complete")
        self.daemon.cli("undeploy", "-i", deployment)
        self.daemon.await_gone(deployment)

    def certificate(self, name, days=30):
        certificate, key = self.plane.authority.client(name, "system:masters", days)
        return {"client-certificate": str(certificate), "client-key": str(key)}

    def test_a_client_certificate_that_expired_is_told_and_replaced_without_a_restart(self):
        user = self.certificate("operator")
        self.start_daemon(self.plane.write_kubeconfig("operator", user))
        deployment = self.deploy()
        for part, file in self.certificate("operator-of-old", days=-1).items():  # as if it had become that old
            pathlib.Path(user[part]).write_text(pathlib.Path(file).read_text())
        self.await_freshness("unknown")
        self.daemon.until(lambda: "client certificate expired at" in str(self.cluster()["lastError"]), 30, "the reason to be shown")
        doctor = self.daemon.cli("cluster", "doctor", "--problems", "-o", "json", check=False)
        found = {item["check"]: item for item in json.loads(doctor.stdout)["items"]}
        self.assertEqual((1, "failed", "failed"), (doctor.returncode, found["credentials"]["state"], found["client certificate"]["state"]))
        self.assertIn("put a new certificate", found["client certificate"]["remedy"])
        self.assertEqual("active", self.daemon.deployment(deployment)["phase"])
        self.assertEqual(6, self.daemon.deploy(2, "gpu-01", check=False).returncode, "nothing new goes where nothing is known")
        self.daemon.cli("recycle")
        self.assertEqual("active", self.daemon.deployment(deployment)["phase"])
        self.assertTrue(objects_of(self.api, deployment))
        self.plane.write_kubeconfig("operator", self.certificate("operator-renewed"))
        self.await_freshness("complete")
        self.deploy(2, "gpu-01")
        self.daemon.cli("undeploy", "-i", deployment)
        self.daemon.await_gone(deployment)

    def restart_with_a_certificate_that_is_about_to_end(self, user):
        """Every connection of the daemon is open, and its views are whole, while the certificate is good. Longer on a machine that is too slow for that."""
        for seconds in (30, 120, 480):
            self.daemon.terminate()
            files = self.plane.authority.brief_client("brief", "system:masters", seconds)
            ends = time.time() + seconds
            for part, file in zip(("client-certificate", "client-key"), files):
                pathlib.Path(user[part]).write_text(file.read_text())
            self.daemon.start()
            while time.time() < ends:
                if self.cluster()["freshness"] == "complete":
                    return
        self.fail("the daemon never saw the whole cluster")

    def test_a_client_certificate_that_ends_while_its_connections_are_open(self):
        user = self.certificate("ending")
        self.start_daemon(self.plane.write_kubeconfig("ending", user))
        kept, gone = self.deploy(), self.deploy(2)
        self.restart_with_a_certificate_that_is_about_to_end(user)
        requests = self.daemon.json("status")["uptimeSeconds"]
        self.await_freshness("unknown", 180)
        self.daemon.until(lambda: "client certificate expired at" in str(self.cluster()["lastError"]), 30, "the reason to be shown")
        self.assertEqual({"active"}, {d["phase"] for d in self.daemon.items("deployments")})
        self.assertEqual(6, self.daemon.deploy(3, "gpu-02", check=False).returncode, "nothing new goes where nothing is known")
        self.api.delete(f"{JOBS}/chute-{gone}", propagationPolicy="Background", gracePeriodSeconds=0)
        self.until(lambda: not self.pods_of(gone), 60, "the pod to go")
        self.assertTrue(objects_of(self.api, kept))
        for part, file in self.certificate("ending-renewed").items():
            pathlib.Path(user[part]).write_text(pathlib.Path(file).read_text())
        self.await_pods(kept)
        self.daemon.await_gone(gone)
        self.assertTrue(self.cluster()["recovered"])
        self.assertGreater(self.daemon.json("status")["uptimeSeconds"], requests, "it is the same daemon")
        self.deploy(3, "gpu-02")

    def test_one_missing_permission_is_named_and_harms_nothing_else(self):
        role = "/apis/rbac.authorization.k8s.io/v1/namespaces/chutes/roles/limited"
        self.start_daemon(self.plane.write_kubeconfig("limited", {"token": self.account("limited")}))
        rules = self.api.get(role)["rules"]

        def without(verb):
            self.api.patch(role, {"rules": [{**rule, "verbs": [v for v in rule["verbs"] if v != verb or "jobs" not in rule["resources"]]} for rule in rules]})

        kept = self.deploy()
        without("create")
        refused = self.deploy(2, phase=None)
        self.daemon.await_gone(refused)
        self.assertIn("cannot create resource", str([e for e in self.daemon.items("events") if refused in str(e)]))
        self.assertEqual([], objects_of(self.api, refused), "its Service went, too")
        without("delete")
        self.daemon.cli("undeploy", "-i", kept)
        self.daemon.until(lambda: "cannot delete resource" in self.daemon.cli("status", "-o", "json").stdout, 30, "the reason to be shown")
        self.assertEqual(3, self.free_gpus())
        without("nothing")
        self.daemon.await_gone(kept)
        self.assertEqual([], self.api.items(JOBS, labelSelector=LABEL))


if __name__ == "__main__":
    main()
