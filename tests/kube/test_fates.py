"""What can become of a workload in a cluster, seen through the daemon: it is told, and what ended is cleaned up; what is not ours is never touched."""
import fates
from control_plane import gpu_node
from rig import CHUTES, JOBS, ApiError, KubeCase, chute, chute_id, main

CODED_ID = "11111111-2222-3333-4444-555555555555"
CODED = {**chute(4, chutes_version="0.3.31", code="print('hi')", filename="app.py"), "chute_id": CODED_ID}
CODE_MAP = "chute-code-460fc376-3588-53df-9ea4-a43df54ad361"


class Fates(KubeCase):
    nodes = [gpu_node("gpu-01", gpus=4)]
    offers = [chute(1), chute(2), chute(3, gpus=4), CODED]

    def await_inst(self, deployment, **wanted):
        def shown():
            row = self.daemon.inst(deployment)
            return row if row and all(row[key] == value for key, value in wanted.items()) else None
        return self.daemon.until(shown, 30, f"insts to show {wanted}")

    def await_end(self, deployment, cause, left=0):
        """It ended for this cause (a pattern), left nothing behind, and its GPUs are free. Answer: what the journal says of its end."""
        self.daemon.await_gone(deployment, 60)
        end, = [e for e in self.daemon.items("events") if e["type"] == "deployment.terminating" and deployment in str(e)]
        self.assertRegex(str(end), cause)
        self.assertEqual([], [o["metadata"]["name"] for o in self.jobs_of(deployment) + self.pods_of(deployment)])
        self.assertFalse(self.api.exists(f"{CHUTES}/services/chute-service-{deployment}"))
        self.assertEqual(4 - left, self.free_gpus())
        return str(end)

    def test_a_pod_that_cannot_pull_its_image_is_shown_with_the_reason_and_kept(self):
        self.start_daemon()
        deployment = self.deploy()
        self.plane.seal(deployment, fates.image_pull)
        row = self.await_inst(deployment, reason="ImagePullBackOff", ready=False)
        self.assertIn("Back-off pulling image", row["message"])
        self.assertIsNotNone(self.daemon.deployment(deployment))
        self.daemon.cli("undeploy", "-i", deployment)
        self.await_end(deployment, "OperatorRequest")

    def test_a_pod_stuck_in_pending_is_shown_and_goes_on_when_it_can(self):
        self.start_daemon(validator={"verifySeconds": 0.2, "activateSeconds": 0.2, "script": [{"when": "claim", "answer": "unavailable", "retryAfterSeconds": 0.5}]})
        deployment = self.deploy(phase=None)
        self.plane.hardware.fates[deployment] = fates.pending
        self.await_inst(deployment, podState="Pending", reason="ContainerCreating")
        self.assertEqual("created", self.daemon.deployment(deployment)["phase"])
        self.plane.seal(deployment, fates.running)
        self.daemon.await_phase(deployment)

    def test_a_missing_runtime_class_is_told_and_mended(self):
        self.start_daemon()
        path = "/apis/node.k8s.io/v1/runtimeclasses"
        runtime = self.api.get(path + "/nvidia")
        self.api.delete(path + "/nvidia")
        restore = lambda: self.api.exists(path + "/nvidia") or self.api.create(path, {"metadata": {"name": "nvidia"}, "handler": runtime["handler"]})  # noqa: E731
        self.addCleanup(restore)
        deployment = self.deploy(phase=None)
        row = self.await_inst(deployment, reason="FailedCreate", ready=False, podState=None)
        self.assertIn('RuntimeClass "nvidia" not found', row["message"])
        told, = [e for e in self.daemon.items("events", deployment) if e["type"] == "deployment.waiting"]
        self.assertIn("RuntimeClass", str(told))
        self.assertIn("RuntimeClass", str(self.daemon.json("status")["stuck"]))
        restore()
        self.daemon.await_phase(deployment)
        self.assertIsNone(self.daemon.inst(deployment)["message"])

    def test_out_of_memory_ends_the_deployment_and_is_remembered(self):
        self.start_daemon()
        deployment = self.deploy()
        self.plane.seal(deployment, fates.oom_killed)
        self.assertIn("OOMKilled", self.await_end(deployment, "JobFailed|PodEnded"))
        self.assertTrue([mark for mark in self.daemon.items("failures") if mark["offerId"] == chute_id(1)])

    def test_an_eviction_ends_the_deployment(self):
        self.start_daemon()
        deployment = self.deploy()
        self.plane.seal(deployment, fates.evicted)
        self.assertIn("Evicted", self.await_end(deployment, "JobFailed|PodEnded"))

    def test_a_job_that_finished_and_was_collected_while_the_daemon_was_away_ends_its_deployment(self):
        self.start_daemon()
        deployment = self.deploy()
        self.deploy(number=2)  # a cluster that lists nothing at all would not be believed
        self.daemon.kill()
        self.api.patch(f"{JOBS}/chute-{deployment}", {"spec": {"ttlSecondsAfterFinished": 0}})
        self.plane.seal(deployment, fates.completed)
        self.until(lambda: not self.jobs_of(deployment), 60, "the Job to be collected by its TTL")
        self.daemon.start()
        self.await_end(deployment, "ObjectsVanished", left=1)

    def test_also_when_it_was_the_only_one(self):
        """The cluster lists no pod at all then. That is believed because all else is there: the node, and the Service that no TTL collects."""
        self.start_daemon()
        deployment = self.deploy()
        self.daemon.kill()
        self.api.patch(f"{JOBS}/chute-{deployment}", {"spec": {"ttlSecondsAfterFinished": 0}})
        self.plane.seal(deployment, fates.completed)
        self.until(lambda: not self.jobs_of(deployment), 60, "the Job to be collected by its TTL")
        self.daemon.start()
        self.await_end(deployment, "ObjectsVanished")

    def test_gpus_are_free_when_the_pod_is_gone_not_when_its_end_is_asked_for(self):
        self.start_daemon()
        deployment = self.deploy()
        pod, = self.pods_of(deployment)
        path = f"{CHUTES}/pods/{pod['metadata']['name']}"
        self.api.patch(path, {"metadata": {"finalizers": ["test.local/hold"]}})
        self.daemon.cli("undeploy", "-i", deployment)
        self.until(lambda: self.api.get(path)["metadata"].get("deletionTimestamp"), 30, "the deletion to be asked for")
        self.assertEqual("terminating", self.daemon.deployment(deployment)["phase"])
        self.assertEqual(3, self.free_gpus())
        refused = self.daemon.deploy(3, "gpu-01", check=False)
        self.assertEqual(6, refused.returncode, refused.stderr)
        self.assertIn("NotEnoughFreeGpus", refused.stderr)
        self.api.patch(path, {"metadata": {"finalizers": None}})
        self.await_end(deployment, "OperatorRequest")

    def test_an_object_of_the_same_name_that_is_not_ours_is_never_touched(self):
        self.start_daemon(validator={"verifySeconds": 0.2, "activateSeconds": 0.2, "script": [{"when": "claim", "answer": "unavailable", "retryAfterSeconds": 2}]})
        code = self.api.create(CHUTES + "/configmaps", {"metadata": {"name": CODE_MAP}, "data": {"theirs": "1"}})
        self.addCleanup(lambda: self.api.delete(f"{CHUTES}/configmaps/{CODE_MAP}"))
        deployment = self.deploy(number=1, phase=None)  # its claim waits: there is time to take its Service's name
        theirs = self.api.create(CHUTES + "/services", {"metadata": {"name": f"chute-service-{deployment}"}, "spec": {"ports": [{"port": 80}]}})
        path = f"{CHUTES}/services/chute-service-{deployment}"
        self.addCleanup(lambda: self.api.delete(path))
        self.daemon.await_gone(deployment, 60)
        coded = self.daemon.json("deploy", "-c", CODED_ID, "-s", "gpu-01")["deploymentId"]
        self.daemon.await_gone(coded, 60)
        ends = [str(e) for e in self.daemon.items("events") if e["type"] == "deployment.terminating"]
        for ended in (deployment, coded):
            self.assertTrue([e for e in ends if ended in e and "ApplyFailed" in e and "belongs to somebody else" in e], ends)
        self.assertEqual(theirs, self.api.get(path))
        self.assertEqual(code, self.api.get(f"{CHUTES}/configmaps/{CODE_MAP}"))
        self.assertEqual(4, self.free_gpus())

    def test_objects_of_others_in_the_same_namespace_stay(self):
        self.start_daemon()
        self.api.create(JOBS, {"metadata": {"name": "theirs", "labels": {"chutes/chute": "true"}}, "spec": {"template": {"spec": {
            "nodeName": "gpu-01", "restartPolicy": "Never", "containers": [{"name": "c", "image": "any"}]}}}})
        self.addCleanup(lambda: self.api.delete(JOBS + "/theirs", propagationPolicy="Background"))
        deployment = self.deploy()
        self.daemon.cli("undeploy", "-i", deployment)
        self.await_end(deployment, "OperatorRequest")
        self.daemon.cli("recycle", "--force")
        self.assertTrue(self.api.exists(JOBS + "/theirs"))

    def test_a_pod_that_was_deleted_by_hand_is_noticed(self):
        self.start_daemon()
        deployment = self.deploy()
        self.api.delete(f"{JOBS}/chute-{deployment}", propagationPolicy="Background", gracePeriodSeconds=0)
        self.daemon.await_gone(deployment, 90)
        with self.assertRaises(ApiError):
            self.api.get(f"{CHUTES}/services/chute-service-{deployment}")


if __name__ == "__main__":
    main()
