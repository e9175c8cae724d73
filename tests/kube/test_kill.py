"""riggerd is killed (SIGKILL) at each step of a deploy and of an undeploy, and made to do many at once: no object is orphaned, no deployment lost, none there twice."""
import collections
import threading
import time

from control_plane import gpu_node
from rig import LABEL, KubeCase, chute, main, objects_of

STEPS = [("CREATE", "services"), ("CREATE", "configmaps"), ("CREATE", "jobs"), ("DELETE", "jobs"), ("DELETE", "services")]
CODED = chute(1, chutes_version="0.3.31", code="print('hi')", filename="app.py")


class Kill(KubeCase):
    nodes = [gpu_node("gpu-01", gpus=8)]
    offers = [CODED, chute(2)]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api.create("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", cls.plane.hardware.write_hook())

    def kill_at(self, operation, resource):
        """The daemon dies while the API server carries this request out: whether it had an effect, the next one must find out."""
        died = threading.Event()

        def hook(seen_operation, seen_resource):
            if (seen_operation, seen_resource) == (operation, resource) and not died.is_set():
                self.daemon.kill()
                died.set()
        self.plane.hardware.on_write = hook
        return died

    def assert_whole(self, deployments):
        """Exactly these deployments exist, each active, with one of each object; nothing else carries our label."""
        for deployment in deployments:
            self.daemon.await_phase(deployment, seconds=90)
        self.assertEqual(set(deployments), {d["id"] for d in self.daemon.items("deployments")})
        counted = collections.Counter((kind, item["metadata"]["labels"][LABEL]) for kind, item in objects_of(self.api))
        self.assertEqual({(kind, d): 1 for d in deployments for kind in ("Job", "Service", "Pod")}, dict(counted))
        used = [gpu for d in self.daemon.items("deployments") for gpu in d["gpus"]]
        self.assertEqual(len(used), len(set(used)))

    def test_each_write_to_the_cluster(self):
        self.start_daemon()
        for operation, resource in STEPS:
            with self.subTest(operation=operation, resource=resource):
                if operation == "CREATE":
                    died = self.kill_at(operation, resource)
                    deployment = self.daemon.deploy(1, "gpu-01")
                    self.assertTrue(died.wait(30), "the step was reached")
                    self.plane.hardware.on_write = None
                    self.daemon.start()
                    self.assert_whole([deployment])
                    self.daemon.cli("undeploy", "-i", deployment)
                else:
                    deployment = self.deploy(1)
                    died = self.kill_at(operation, resource)
                    self.daemon.cli("undeploy", "-i", deployment)
                    self.assertTrue(died.wait(30), "the step was reached")
                    self.plane.hardware.on_write = None
                    self.daemon.start()
                self.daemon.await_gone(deployment)
                self.assertEqual([], objects_of(self.api))
                self.assertEqual(8, self.free_gpus())
                if resource == "configmaps":
                    continue
                for item in self.api.items("/api/v1/namespaces/chutes/configmaps", labelSelector="chutes/code=true"):
                    self.api.delete("/api/v1/namespaces/chutes/configmaps/" + item["metadata"]["name"])

    def test_moments_between_the_writes(self):
        self.start_daemon()
        for milliseconds in (0, 4, 9, 15, 25, 40, 80, 300):
            with self.subTest(milliseconds=milliseconds):
                for deploying in (True, False):
                    deployment = self.daemon.deploy(2, "gpu-01") if deploying else deployment
                    if not deploying:
                        self.daemon.cli("undeploy", "-i", deployment)
                    moment = time.monotonic() + milliseconds / 1000
                    while time.monotonic() < moment:
                        pass
                    self.daemon.kill()
                    self.daemon.start()
                    if deploying:
                        self.assert_whole([deployment])
                self.daemon.await_gone(deployment)
                self.assertEqual([], objects_of(self.api))


if __name__ == "__main__":
    main()
