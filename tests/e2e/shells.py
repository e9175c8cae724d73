"""An interactive shell at a pseudo terminal, for tests that press TAB in it."""
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import termios
import time

from harness import PATIENCE

COMMANDS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"], "fish": ["fish", "--no-config", "-i"]}
LOAD = {"bash": "source <(rigger completion bash)", "zsh": "source <(rigger completion zsh)", "fish": "rigger completion fish | source"}
LIMIT = 120  # seconds, for one thing to be seen


def installed(name):
    return shutil.which(name) is not None


class Shell:
    """`with Shell("zsh", home, environment) as shell`: completion for rigger is loaded. HOME is the working directory, too."""

    def __init__(self, name, home, environment):
        self.seen = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execvpe(name, COMMANDS[name], {**os.environ, "HOME": str(home), "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment})
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 300, 0, 0))
        self.count = 0
        self.run(LOAD[name])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def poll(self, condition, what):
        deadline = time.monotonic() + LIMIT * PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited for {what}, saw {self.seen.decode(errors='replace')!r}")
            if select.select([self.terminal], [], [], 0.02)[0]:
                self.seen += os.read(self.terminal, 65536)

    def wait_for(self, text):
        """What was shown until then."""
        self.poll(lambda: text.encode() in self.seen, repr(text))
        shown, self.seen = self.seen.split(text.encode(), 1)
        return shown.decode(errors="replace")

    def run(self, line):
        """Enters a line and waits until the shell has carried it out."""
        self.count += 1
        self.type(f"{line}\n")
        self.type(f"echo done''-{self.count}\n")  # as typed it does not look like its output
        return self.wait_for(f"done-{self.count}")

    def complete(self, typed, completed):
        """Types, presses TAB, waits until COMPLETED() has counted another answer of `rigger __complete`, and enters the line; the arguments that `rigger`
        got (see test_shells.py). What was typed and TAB come at once: zsh takes a TAB that more input follows for text."""
        before = completed()
        self.type(typed + "\t")
        self.poll(lambda: completed() > before, f"TAB behind {typed!r}")
        self.type("\n")
        self.wait_for("ARGUMENTS ")
        return self.wait_for("\r").strip()
