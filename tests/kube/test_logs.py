"""`rigger logs` on a real API server: the tail, what is added while one looks, and how a look ends."""
import subprocess

from control_plane import gpu_node
from rig import BUILD, KubeCase, chute, main


class Logs(KubeCase):
    nodes = [gpu_node("gpu-01", gpus=2)]
    offers = [chute(1)]

    def setUp(self):
        self.start_daemon()
        self.deployment = self.deploy()
        pod, = self.pods_of(self.deployment)
        self.file = self.plane.directory / "pod-logs/chutes" / f"{pod['metadata']['name']}.log"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text("".join(f"line {n}\n" for n in range(1, 6)))
        self.instance = self.daemon.inst(self.deployment)["instanceId"]

    def follow(self, *arguments):
        """A follower that has shown the last line that there is."""
        follower = subprocess.Popen([str(BUILD / "bin/rigger"), "--config", str(self.daemon.config), "logs", self.instance, "-f", "--tail", "1", *arguments],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (follower.kill(), follower.communicate()))
        self.assertEqual("line 5\n", follower.stdout.readline())
        return follower

    def test_the_whole_and_its_tail(self):
        self.assertEqual([f"line {n}" for n in range(1, 6)], self.daemon.cli("logs", self.instance).stdout.splitlines())
        self.assertEqual(["line 4", "line 5"], self.daemon.cli("logs", self.instance, "--tail", "2").stdout.splitlines())
        self.assertEqual(["line 5"], self.daemon.cli("logs", self.deployment[:13], "--tail", "1").stdout.splitlines())

    def test_what_is_added_is_shown_at_once(self):
        follower = self.follow()
        for text in ("line 6\n", "line 7\n"):
            with open(self.file, "a") as more:
                more.write(text)
            self.assertEqual(text, follower.stdout.readline())
        self.assertIsNone(follower.poll(), "it goes on")

    def test_a_look_that_breaks_off_is_a_failure_and_harms_nothing(self):
        follower = self.follow()
        self.plane.kill("apiserver")
        self.addCleanup(self.plane.start_component, "apiserver")
        _, said = follower.communicate(timeout=120)
        self.assertNotEqual(0, follower.returncode)
        self.assertNotEqual("", said.strip())
        self.plane.start_component("apiserver")
        self.await_freshness("complete")
        self.assertEqual("active", self.daemon.deployment(self.deployment)["phase"])
        self.assertEqual(["line 5"], self.daemon.cli("logs", self.instance, "--tail", "1").stdout.splitlines())


if __name__ == "__main__":
    main()
