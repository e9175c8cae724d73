"""Processes of a test: on free ports, ended with the test whatever happens to it."""
import ctypes
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_taken = set()


def free_port():
    """A port that nothing listens on, below the range from which the system takes its own, so that it is still free when a component is started again."""
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(15000, 29000)
        if port in _taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _taken.add(port)
        return port


def until(condition, seconds, what):
    """Waits for a condition; an exception of the network kind counts as 'not yet'."""
    deadline = time.monotonic() + seconds
    while True:
        problem = None
        try:
            value = condition()
            if value:
                return value
        except OSError as error:
            problem = error
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}" + (f": {problem}" if problem else ""))
        time.sleep(0.05)


def _die_with_parent():
    os.setpgid(0, 0)  # a Ctrl-C is for the test, which then ends its processes in order
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Component:
    """One program of the control plane, which can be killed, paused and started again with the same command line."""

    def __init__(self, name, command, log_directory, environment=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.environment = {**os.environ, **(environment or {})}
        self.log = pathlib.Path(log_directory) / f"{name}.log"
        self.process = None

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def start(self):
        if self.alive():
            return
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment, preexec_fn=_die_with_parent)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def terminate(self, seconds=5):
        if not self.alive():
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def last_lines(self, count=15):
        """Of one that gave up, the line that says why (F0123 ...): the stacks of all its threads follow it."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else ["(no log)"]
        fatal = [line for line in lines if re.match(r"F\d{4} |panic: ", line)]
        return "\n".join(fatal[-1:] + lines[-count:])
