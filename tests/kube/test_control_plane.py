"""The fixture keeps its promises, and what the market's source renders is accepted by a real API server of the oldest supported release."""
import json
import os
import pathlib
import re
import subprocess
import unittest

from api import ApiError
from control_plane import SKIPPED, ControlPlane, assets, gpu_node
from rig import main
from processes import until

ROOT = pathlib.Path(os.environ.get("RIGGER_ROOT", pathlib.Path(__file__).resolve().parents[2]))
GOLDEN = ROOT / "plugins/lib/chutes/tests/golden"
PATHS = {"Job": "/apis/batch/v1/namespaces/chutes/jobs", "Service": "/api/v1/namespaces/chutes/services", "ConfigMap": "/api/v1/namespaces/chutes/configmaps"}


def rendered_objects(document):
    """Golden files hold one object, a list of them, or an answer of render()."""
    if isinstance(document, list):
        return [one for part in document for one in rendered_objects(part)]
    if isinstance(document, dict) and "kind" in document:
        return [document]
    return rendered_objects(document.get("objects", [])) if isinstance(document, dict) else []


def differences(wanted, stored, path=""):
    """Where the stored object does not say what was sent; what the server adds is its business."""
    if isinstance(wanted, dict):
        return [line for key, value in wanted.items() for line in (differences(value, stored.get(key), f"{path}.{key}") if isinstance(stored, dict) else [f"{path}: {stored!r}"])]
    if isinstance(wanted, list):
        if not isinstance(stored, list) or len(stored) != len(wanted):
            return [f"{path}: {stored!r} instead of {wanted!r}"]
        return [line for i, value in enumerate(wanted) for line in differences(value, stored[i], f"{path}[{i}]")]
    return [] if wanted == stored else [f"{path}: {stored!r} instead of {wanted!r}"]


@unittest.skipIf(assets() is None, SKIPPED)
class RealControlPlane(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plane = ControlPlane(nodes=[gpu_node("gpu-01")]).start()
        cls.api = cls.plane.api

    @classmethod
    def tearDownClass(cls):
        cls.plane.stop()

    def job(self, name):
        template = {"spec": {"nodeName": "gpu-01", "restartPolicy": "Never", "containers": [{"name": "chute", "image": "any", "resources": {
            "requests": {"cpu": "16", "memory": "64Gi", "ephemeral-storage": "10Gi"}, "limits": {"cpu": "16", "memory": "64Gi", "ephemeral-storage": "10Gi"}}}]}}
        return self.api.create(PATHS["Job"], {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"backoffLimit": 0, "template": template}})

    def running_pod(self, job):
        def found():
            pods = self.api.items("/api/v1/namespaces/chutes/pods", labelSelector="job-name=" + job)
            return pods[0] if pods and pods[0]["status"]["phase"] == "Running" else None
        return until(found, 60, f"the pod of {job} to run")

    def test_rendered_objects_are_accepted_and_stored_as_they_were_sent(self):
        seen = set()
        for file in sorted(GOLDEN.glob("*.json")):
            for wanted in rendered_objects(json.loads(file.read_text())):
                if wanted["kind"] not in PATHS:
                    continue
                with self.subTest(file=file.name, kind=wanted["kind"]):
                    wanted["metadata"]["namespace"] = "chutes"
                    stored = json.loads(self.api.text("POST", PATHS[wanted["kind"]] + "?dryRun=All", wanted))
                    self.assertEqual([], differences(wanted, stored))
                    seen.add(wanted["kind"])
        self.assertIn("Job", seen)

    def test_a_big_pod_bound_to_a_node_runs_and_has_logs(self):
        self.job("big")
        pod = self.running_pod("big")["metadata"]["name"]
        path = f"/api/v1/namespaces/chutes/pods/{pod}/log"
        self.assertEqual(["line 2 of " + pod, "line 3 of " + pod], self.api.text("GET", path + "?tailLines=2").splitlines())
        file = self.plane.directory / "pod-logs/chutes" / f"{pod}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("one\n")
        with self.api.stream(path + "?follow=true") as followed:
            self.assertEqual(b"one\n", followed.readline())
            with open(file, "a") as more:
                more.write("two\n")
            self.assertEqual(b"two\n", followed.readline())

    def test_the_api_server_comes_back_with_what_it_knew(self):
        self.api.create(PATHS["ConfigMap"], {"metadata": {"name": "kept"}})
        self.plane.kill("apiserver")
        with self.assertRaises(OSError):
            self.api.get(PATHS["ConfigMap"])
        self.plane.start_component("apiserver")
        self.assertTrue(self.api.exists(PATHS["ConfigMap"] + "/kept"))

    def test_compaction_makes_an_old_resource_version_gone(self):
        old = self.api.get(PATHS["ConfigMap"])["metadata"]["resourceVersion"]
        for n in range(3):
            self.api.create(PATHS["ConfigMap"], {"metadata": {"name": f"churn-{n}"}})
        self.plane.kill("apiserver")
        self.plane.compact()
        self.plane.start_component("apiserver")
        with self.api.stream(f"{PATHS['ConfigMap']}?watch=true&resourceVersion={old}") as answer:
            gone = answer.status == 410 or json.loads(answer.readline())["object"].get("code") == 410
        self.assertTrue(gone)

    def test_a_deleted_account_ends_its_tokens(self):
        token = self.plane.service_account("short-lived", [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}])
        admin = self.api.token
        try:
            self.api.token = token
            self.assertEqual(1, len(self.api.items("/api/v1/nodes")))
            with self.assertRaises(ApiError) as refused:
                self.api.get(PATHS["Job"])
            self.assertEqual(403, refused.exception.status)
            self.api.token = admin
            self.api.delete("/api/v1/namespaces/chutes/serviceaccounts/short-lived")
            self.api.token = token

            def unauthorised():
                try:
                    self.api.get("/api/v1/nodes")
                except ApiError as error:
                    return error.status == 401
            until(unauthorised, 30, "the token to be refused")
        finally:
            self.api.token = admin

    def test_a_stopped_kubelet_makes_its_node_not_ready_and_back(self):
        self.plane.kill("gpu-01")
        until(lambda: not self.plane.node_ready("gpu-01"), 60, "the node to be not ready")
        self.plane.start_component("gpu-01")
        self.plane.await_ready("gpu-01")

    def test_the_documented_role_grants_what_the_backends_ask_for_and_no_secrets(self):
        manifest = ROOT / "docs/operators/kubernetes-rbac.yaml"
        subprocess.run([str(self.plane.bin / "kubectl"), f"--kubeconfig={self.plane.kubeconfig}", "apply", "-f", str(manifest)], check=True, capture_output=True, timeout=60)
        source = (ROOT / "plugins/lib/kube/src/needs.hpp").read_text()
        needs = re.findall(r'\{"(\w+)", "([\w.]*)", "(\w+)", "(\w*)", (true|false)\}', source)
        self.assertGreater(len(needs), 20)

        def allowed(verb, group, resource, subresource="", namespace=""):
            attributes = {"verb": verb, "group": group, "resource": resource, "subresource": subresource, "namespace": namespace}
            review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {"user": "system:serviceaccount:chutes:rigger", "resourceAttributes": attributes}}
            return self.api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]

        for verb, group, resource, subresource, namespaced in needs:
            with self.subTest(verb=verb, resource=resource, subresource=subresource):
                until(lambda: allowed(verb, group, resource, subresource, "chutes" if namespaced == "true" else ""), 10, "the permission")
        self.assertFalse(allowed("get", "", "secrets", namespace="chutes"))
        self.assertFalse(allowed("delete", "", "pods", namespace="kube-system"))

    def test_nothing_outlives_the_fixture(self):
        with ControlPlane("brief", scheduler=False, controllers=False) as brief:
            ids = [component.process.pid for component in brief.components.values()]
        self.assertFalse([pid for pid in ids if subprocess.run(["kill", "-0", str(pid)], capture_output=True).returncode == 0])
        self.assertFalse(brief.directory.exists())


if __name__ == "__main__":
    if assets() is None:
        print("skipped=all:", SKIPPED)
    main()
