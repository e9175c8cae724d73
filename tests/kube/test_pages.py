"""The operators' pages as a stranger walks them: every shell block, in its order, as it stands there, on a control plane that nobody prepared for rigger and with the
configuration exactly as it is installed. Only what a test machine lacks is played: systemd, the user rigger, and a GPU server that one reaches by ssh."""
import os
import re
import subprocess
import unittest

from control_plane import SKIPPED, ControlPlane, assets, gpu_node
from rig import BUILD, CHUTES, PATIENCE, ROOT, Daemon, main

PAGES = ROOT / "docs/operators"
UUIDS = [f"GPU-2d6b7628-42e9-f38d-c18b-b02d7aa9130{n}" for n in range(2)]


def blocks(page):
    return re.findall(r"^```sh\n(.*?)^```", (PAGES / page).read_text(), re.M | re.S)


def bare_node(name):
    """As it joined: the device plugin counted its GPUs, and nobody labelled or annotated it for us."""
    node = gpu_node(name, gpus=2)
    return {**node, "labels": {"nvidia.com/gpu.count": "2", "nvidia.com/gpu.memory": "81559", "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}, "annotations": {}}


class PageDaemon(Daemon):
    def __init__(self, plane):
        super().__init__()
        tools = self.dir / "bin"
        tools.mkdir()
        rigger = f"{BUILD}/bin/rigger --config {self.config}"
        for name, text in {
            "kubectl": f'exec {plane.bin}/kubectl --kubeconfig={plane.kubeconfig} "$@"',
            # The doctor finds fault until the page is at its end, by its exit code, too.
            "rigger": f'case "$1 $2" in "cluster doctor") {rigger} "$@"; [ $? -le 1 ] ;; *) exec {rigger} "$@" ;; esac',
            "install": 'words=(); while [ $# -gt 0 ]; do case "$1" in -o) shift 2 ;; *) words+=("$1"); shift ;; esac; done; exec /usr/bin/install "${words[@]}"',
            "systemctl": f"touch {self.dir}/$1; while [ -e {self.dir}/$1 ]; do sleep 0.05; done",
            "ssh": "printf '%s\\n' " + " ".join(UUIDS),
        }.items():
            (tools / name).write_text(f"#!/bin/bash\n{text}\n")
            (tools / name).chmod(0o755)
        self.tools = tools

    def obey_systemctl(self):
        for verb, done in (("stop", self.terminate), ("start", self.start)):
            if (self.dir / verb).exists():
                done()
                (self.dir / verb).unlink()

    def walk(self, block, **words):
        # A hollow kubelet has one handler, "docker".
        for old, new in {"/etc/rigger": f"{self.dir}/etc", "/var/lib/rigger": f"{self.dir}/state", '"handler":"nvidia"': '"handler":"docker"', **words}.items():
            block = block.replace(old, new)
        with subprocess.Popen(["bash", "-euo", "pipefail", "-c", block], cwd=self.dir, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}"}) as shell:
            def over():
                self.obey_systemctl()
                return shell.poll() is not None
            self.until(over, 120 * PATIENCE, "the block to end:\n" + block)
            said = shell.stdout.read()
            if shell.returncode != 0:
                raise AssertionError(f"exit {shell.returncode} from\n{block}\n{said}")
        return said


@unittest.skipIf(assets() is None, SKIPPED)
class Pages(unittest.TestCase):
    def setUp(self):
        self.plane = ControlPlane("page", nodes=[bare_node("gpu-01")], scheduler=False)
        self.addCleanup(self.plane.stop)
        self.plane.start()
        self.plane.api.delete(CHUTES)
        runtimes = "/apis/node.k8s.io/v1/runtimeclasses"
        self.plane.api.delete(runtimes + "/nvidia")
        self.daemon = PageDaemon(self.plane)
        self.addCleanup(self.daemon.__exit__)
        for page in PAGES.glob("*.yaml"):
            (self.daemon.dir / page.name).write_text(page.read_text())
        self.daemon.start()
        self.daemon.until(lambda: not self.plane.api.exists(CHUTES), 60 * PATIENCE, "the namespace to go")

    def await_active(self, server):
        """The page ends where work runs on the node, placed by the default configuration."""
        return self.daemon.until(lambda: [d for d in self.daemon.items("deployments") if d["phase"] == "active" and d["serverName"] == server], 60 * PATIENCE, "work to run on " + server)

    def assert_well(self):
        self.daemon.until(lambda: self.daemon.cli("cluster", "doctor", check=False).returncode == 0, 30 * PATIENCE, "the doctor to find nothing")
        self.assertEqual([], self.daemon.items("cluster", "doctor", "--problems"))

    def test_one_cluster(self):
        words = {"NODE": "gpu-01", "ADDRESS": "203.0.113.10"}
        page = blocks("microk8s.md")
        told, = [block for block in page if "rigger.dev/gpus" in block]
        for block in page:
            if block is told:
                self.await_active("gpu-01")
                self.assert_well()
            self.daemon.walk(block, **words)
        wanted = {uuid.removeprefix("GPU-").replace("-", "") for uuid in UUIDS}
        self.daemon.until(lambda: wanted <= {gpu["id"] for gpu in self.daemon.items("gpus")}, 60 * PATIENCE, "the GPUs to have their names")

    def test_many_clusters(self):
        shared = [block for block in blocks("microk8s.md") if any(part in block for part in ("rigger cluster rbac", "kind: Config", "get runtimeclass"))]
        self.assertEqual(3, len(shared), "what the page refers to in the other one")
        for block in [block.replace("microk8s", "gpu-01") for block in shared] + blocks("k3s.md"):
            self.daemon.walk(block, NODE="gpu-01")
        self.await_active("gpu-01")
        self.assert_well()


if __name__ == "__main__":
    main()
