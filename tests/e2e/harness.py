"""A real riggerd in a directory of its own, driven through the real CLI. Used by the end-to-end tests and by the benchmarks.

Environment: RIGGER_BUILD (build directory), RIGGER_ROOT (source directory), RIGGER_PATIENCE (what every deadline is multiplied by: a sanitizer is slow).
Waiting is always for a condition with a deadline, never for a span.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(os.environ.get("RIGGER_ROOT", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("RIGGER_BUILD", ROOT / "build"))
PATIENCE = float(os.environ.get("RIGGER_PATIENCE", 1))
LIMIT = 240  # seconds, for whatever is certain to come: generous, for a machine that is busy
SANITIZER = re.compile(r"^(==\d+==ERROR: |WARNING: ThreadSanitizer: |\S+:\d+:\d+: runtime error: )", re.MULTILINE)


class CliError(AssertionError):
    def __init__(self, arguments, result):
        super().__init__(f"rigger {' '.join(arguments)} -> exit {result.returncode}\n{result.stdout}\n{result.stderr}")
        self.code = result.returncode
        self.stderr = result.stderr


class Daemon:
    """with Daemon() as d: d.start(); d.json("nodes")"""

    def __init__(self, edit=None):
        # Short and private: a unix socket's path has at most 103 bytes, and plugin directories must not be writable by others.
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="rgr-"))
        self.process = None
        self.log = self.dir / "riggerd.log"
        for name in ("state", "run", "cache"):
            (self.dir / name).mkdir(mode=0o700)
        shutil.copytree(ROOT / "etc", self.dir / "etc", symlinks=True)
        subprocess.run(["chmod", "-R", "u+w,go-w", str(self.dir / "etc")], check=True)
        self.plugins = self.dir / "plugins"
        shutil.copytree(BUILD / "plugins", self.plugins)
        subprocess.run(["chmod", "-R", "go-w", str(self.plugins)], check=True)
        subprocess.run(
            ["python3", str(ROOT / "tools/point_config.py"), str(self.dir / "etc"), f"/etc/rigger={self.dir}/etc",
             f"/var/lib/rigger={self.dir}/state", f"/run/rigger={self.dir}/run", f"/var/cache/rigger={self.dir}/cache",
             f"/usr/lib/rigger/plugins={self.plugins}"], check=True)
        self.config = self.dir / "etc/rigger.yaml"
        if edit:
            edit(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        shutil.rmtree(self.dir, ignore_errors=True)
        if found := SANITIZER.search(log): # whatever became of the test: a daemon that was killed and restarted may have hidden it
            raise AssertionError(f"a sanitizer has a complaint:\n{log[found.start():][:8000]}")

    def replace(self, file, old, new):
        path = self.dir / "etc" / file
        text = path.read_text()
        assert old in text, f"{file} does not contain {old!r}"
        path.write_text(text.replace(old, new))

    def disable(self, pattern):
        """Plugin instances by the names of their files in plugins-enabled, without a daemon."""
        for link in (self.dir / "etc/plugins-enabled").glob(pattern):
            link.unlink()

    def start(self, ready=True, env=None):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(BUILD / "bin/riggerd"), "--config", str(self.config)], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        if ready:
            self.until(self.ready, LIMIT, "riggerd to become ready")
        return self

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"riggerd ended with {self.process.returncode}:\n{self.tail()}")
        return self.cli("status", check=False).returncode == 0

    def tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def terminate(self, timeout=10):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout * PATIENCE)

    def cli(self, *arguments, check=True, timeout=60, env=None):
        result = subprocess.run([str(BUILD / "bin/rigger"), "--config", str(self.config), *arguments], capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=timeout * PATIENCE, env={**os.environ, **(env or {})})
        if check and result.returncode != 0:
            raise CliError(arguments, result)
        return result

    def json(self, *arguments):
        return json.loads(self.cli(*arguments, "-o", "json").stdout)

    def items(self, *arguments):
        return self.json(*arguments)["items"]

    def get(self, path):
        """The answer's body, over the unix socket."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(LIMIT * PATIENCE)
            peer.connect(str(self.dir / "run/rigger.sock"))
            peer.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = http.client.HTTPResponse(peer)
            answer.begin()
            return answer.read().decode()

    def metrics(self):
        """What /metrics says: {'name{label="value"}': number}."""
        lines = self.get("/metrics").splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")}

    def all_active(self):
        """The deployments once there are some and each is active; until then an empty list. One look: what is asked twice has changed meanwhile."""
        deployments = self.items("deployments")
        return deployments if all(d["phase"] == "active" for d in deployments) else []

    def until(self, condition, seconds, what):
        seconds *= PATIENCE
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = condition()
                if value:
                    return value
            except CliError:
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s for {what}\n{self.tail()}")
            time.sleep(0.02)
