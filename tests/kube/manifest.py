"""What an operator does first: applies the manifest that rigger prints, and gives the daemon a kubeconfig of that account."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import BUILD  # noqa: E402


def printed(*options):
    return subprocess.run([str(BUILD / "bin/rigger"), "cluster", "rbac", *options], check=True, capture_output=True, text=True, timeout=10).stdout


def apply(plane, text):
    subprocess.run([str(plane.bin / "kubectl"), f"--kubeconfig={plane.kubeconfig}", "apply", "-f", "-"], input=text, check=True, capture_output=True, text=True, timeout=60)


def account(plane):
    """The account's user name, and its kubeconfig."""
    apply(plane, printed())
    return "system:serviceaccount:chutes:rigger", plane.write_kubeconfig("rigger", {"token": plane.new_token("rigger")})
