"""riggerd within a pod: its service account is all that it has. The files that a kubelet would mount stand in a mount name space of the daemon's own, which takes root."""
import os
import pathlib
import subprocess
import unittest

import manifest
from control_plane import gpu_node
from rig import BUILD, KubeCase, KubeDaemon, chute, main, market

ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"  # /var/run is /run
IN_A_POD = f'mount -t tmpfs tmpfs /run && mkdir -p {ACCOUNT} && mount --bind "$0" {ACCOUNT} && exec "$@"'


def may_mount():
    return subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/run"], capture_output=True).returncode == 0


class PodDaemon(KubeDaemon):
    """`mounted`: the directory that stands for the mounted service account."""

    def __init__(self, mounted, port, listing):
        self.mounted, self.port = mounted, port
        super().__init__({"inCluster": True}, listing)

    def start(self, ready=True, env=None):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["unshare", "-m", "sh", "-c", IN_A_POD, str(self.mounted), str(BUILD / "bin/riggerd"), "--config", str(self.config)], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env={**os.environ, "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.port)})
        self.until(self.ready, 240, "riggerd to become ready")
        return self


@unittest.skipUnless(may_mount(), "mounting in a name space of one's own is not permitted here")
class InCluster(KubeCase):
    nodes = [gpu_node("gpu-01", gpus=2)]
    offers = [chute(1), chute(2)]

    def test_the_mounted_account_is_used_and_read_again_when_it_was_rotated(self):
        manifest.apply(self.plane, manifest.printed())
        mounted = self.plane.directory / "account"
        mounted.mkdir()
        token = mounted / "token"
        (mounted / "ca.crt").write_bytes(pathlib.Path(self.plane.authority.certificate).read_bytes())
        (mounted / "namespace").write_text("chutes")
        token.write_text(self.plane.new_token("rigger"))
        self.daemon = PodDaemon(mounted, self.plane.port, market(*self.offers))
        self.addCleanup(self.sweep)
        self.addCleanup(self.daemon.__exit__)
        self.daemon.start()
        self.await_inventory()
        self.assertEqual(0, self.daemon.cli("cluster", "doctor", check=False).returncode)
        kept = self.deploy()
        token.write_text("expired")
        self.await_freshness("unknown")
        self.assertIn("nauthorized", str(self.cluster()["lastError"]))
        self.assertEqual("active", self.daemon.deployment(kept)["phase"])
        token.write_text(self.plane.new_token("rigger"))
        self.await_freshness("complete")
        self.deploy(2)


if __name__ == "__main__":
    main()
