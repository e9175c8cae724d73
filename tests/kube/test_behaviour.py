"""The behaviour suite that the embedded cluster passes, on a real API server through cluster-microk8s: what differs is a defect of one of the two."""
import os
import subprocess
import unittest

from control_plane import SKIPPED, ControlPlane, assets, gpu_node
from rig import BUILD, main


@unittest.skipIf(assets() is None, SKIPPED)
class Behaviour(unittest.TestCase):
    def test_the_suite(self):
        with ControlPlane(nodes=[gpu_node(f"gpu-0{n}") for n in (1, 2)]) as plane:
            done = subprocess.run([str(BUILD / "bin/cluster_microk8s_behaviour"), "--gtest_print_time=1"], env={**os.environ, "RIGGER_TEST_KUBECONFIG": str(plane.kubeconfig)},
                                  capture_output=True, text=True, timeout=600)
            self.assertEqual(0, done.returncode, (done.stdout + done.stderr)[-20000:])


if __name__ == "__main__":
    main()
