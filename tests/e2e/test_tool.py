"""The real tool: where its output goes, what it is in Chinese, and what the pages say of it."""
import json
import re
import signal
import subprocess
import unittest

from harness import BUILD, LIMIT, PATIENCE, ROOT, Daemon

class Tool(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(lambda daemon: daemon.replace("rigger.yaml", "automatic: true", "automatic: false")).start()
        cls.daemon.until(lambda: cls.daemon.items("chutes"), LIMIT, "the market")
        cls.daemon.until(lambda: cls.daemon.items("nodes"), LIMIT, "the fleet")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    def rigger(self, *arguments, **options):
        return subprocess.Popen([str(BUILD / "bin/rigger"), "--config", str(self.daemon.config), *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)

    # --- output ---

    def test_a_watch_ends_when_its_reader_is_gone_and_not_at_the_next_change(self):
        """`rigger failures --watch | head -1`: nothing changes any more."""
        for command in ("failures", "events"):
            for form in ("json", "table"):
                with self.subTest(command=command, form=form):
                    watch = self.rigger(command, "--watch", "-o", form, stdout=subprocess.PIPE)
                    if form == "json":
                        self.assertIn(b"items", watch.stdout.readline())
                    watch.stdout.close()
                    self.assertIn(watch.wait(60 * PATIENCE), (-signal.SIGPIPE, 141))  # to a shell the same: whether a write or the look-out meets the closed pipe first
                    self.assertNotIn(b"Error", watch.stderr.read())
                    watch.stderr.close()

    def test_a_reader_that_has_seen_enough_is_no_failure_to_speak_of(self):
        for arguments in (("nodes",), ("nodes", "-o", "json"), ("--help",)):
            with self.subTest(arguments=arguments):
                tool = self.rigger(*arguments, stdout=subprocess.PIPE)
                tool.stdout.close()
                self.assertIn(tool.wait(60 * PATIENCE), (-signal.SIGPIPE, 128 + signal.SIGPIPE))
                self.assertEqual(b"", tool.stderr.read())
                tool.stderr.close()

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            for arguments in (("nodes",), ("nodes", "-o", "json"), ("--help",), ("completion", "bash"), ("failures", "--watch", "-o", "json")):
                with self.subTest(arguments=arguments):
                    tool = self.rigger(*arguments, stdout=full)
                    _, said = tool.communicate(timeout=60 * PATIENCE)
                    self.assertEqual((1, True), (tool.returncode, b"could not be written" in said), said)

    def test_closed_descriptors_do_not_become_the_daemons_socket(self):
        for closed in ((1,), (2,), (0, 1, 2), (0,)):
            with self.subTest(closed=closed):
                tool = subprocess.run(["bash", "-c", f"exec \"$@\" {' '.join(f'{n}>&-' for n in closed)}", "-", str(BUILD / "bin/rigger"), "--config", str(self.daemon.config), "nodes"],
                                      capture_output=True, timeout=60 * PATIENCE)
                self.assertEqual(1 if 1 in closed else 0, tool.returncode, tool)
                self.assertEqual(1 not in closed, b"h200" in tool.stdout)
        self.assertEqual([], [name for name in self.daemon.metrics() if "unreadable" in name], "what was printed reached the daemon as a request")

    def test_a_daemon_without_descriptors_keeps_its_files_to_itself(self):
        with Daemon() as other:
            other.process = subprocess.Popen(["bash", "-c", 'exec "$@" 0>&- 1>&- 2>&-', "-", str(BUILD / "bin/riggerd"), "--config", str(other.config)])
            other.until(other.ready, LIMIT, "riggerd to become ready")
            self.assertEqual(0, other.terminate())
            self.assertRegex((other.dir / "state/riggerd.lock").read_text(), r"^\d+$")

    # --- Chinese ---

    def test_every_member_of_a_record_has_a_name_in_chinese(self):
        declared = {c["name"]: c for c in json.loads(self.daemon.get("/v1/commands"))["commands"]}
        server = self.daemon.items("nodes")[0]["nodeName"]
        chute = self.daemon.items("chutes")[0]["offerId"]
        answers = {"status": self.daemon.json("status"), "lock": self.daemon.json("lock", server), "unlock": self.daemon.json("unlock", server),
                   "ban": self.daemon.json("ban", chute), "unban": self.daemon.json("unban", chute), "sync": self.daemon.json("sync")}
        self.assertEqual(set(answers), {name for name, c in declared.items() if c["result"]["kind"] == "record"})
        for name, answer in answers.items():
            named = {column["key"] for column in declared[name]["result"]["columns"] if column["zh"]}
            with self.subTest(command=name):
                self.assertEqual(set(), members(answer) - named)

    # --- documentation ---

    def options(self, *command):
        """Of a command, by its help: a set for each, {"-o", "--output"}."""
        found = re.findall(r"^  (?:(-\w), |    )(--[a-z][a-z-]*)", self.daemon.cli(*command, "--help").stdout, re.MULTILINE)
        return [set(names) - {""} for names in found]

    def test_the_pages_have_every_command_and_option_and_none_that_is_not(self):
        page, readme = (ROOT / "docs/operators/cli.md").read_text(), (ROOT / "README.md").read_text()
        own = ["cluster rbac", "plugins", "replay", "completion", "version", "help"]
        declared = [c["name"] for c in json.loads(self.daemon.get("/v1/commands"))["commands"]]
        plugins = [line.split()[0] for line in self.daemon.cli("plugins").stdout.splitlines() if re.match(r"  [a-z]+  ", line)]
        rows = [re.split(r"(?<!\\)\|", line)[1:3] for line in page.splitlines() if line.startswith("| `")]
        common = set().union(*(found for found in self.options("cluster", "rbac")))
        shown = set()
        for command in declared + own[:1] + ["plugins " + name for name in plugins]:
            with self.subTest(command=command):
                row = " ".join(cell for first, cell in ((row[0], " ".join(row)) for row in rows) if re.search(rf"`{command}[ `]", first))
                self.assertTrue(row, f"cli.md lacks {command}")
                if not command.startswith("plugins "):
                    self.assertIn(f"`rigger {command}", readme, f"README.md lacks rigger {command}")
                for names in self.options(*command.split()):
                    shown |= names
                    if not names & common and names != {"-w", "--watch"} and not any(re.search(rf"(?<![\w-]){name}(?![\w-])", row) for name in names):
                        placed = re.search(rf"`{command} \[?[A-Z]", row)  # stands there by its place
                        self.assertTrue(placed, f"{command}: cli.md lacks {names}")
        for name in own:
            self.assertRegex(page, rf"`{name}[ `]")
        mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page + readme))
        of_the_old_tool = {"--ns", "--depl"}  # --depl_id
        self.assertEqual(set(), mentioned - shown - common - of_the_old_tool - {"--version"}, "cli.md or README.md speaks of options that no command has")
        for text in (page, readme):
            for words in re.findall(r"`rigger ([a-z][a-z-]*(?: [a-z-]+)?)", text):
                known = declared + own + ["plugins " + name for name in plugins]
                self.assertTrue(any(words == name or words.startswith(name + " ") or words.split()[0] == name for name in known), words)


def members(value, inside=""):
    """The keys in a document, at any depth; those of counts by phase are words of their own."""
    if isinstance(value, list):
        return {key for one in value for key in members(one)}
    if not isinstance(value, dict):
        return set()
    if list(value) == ["items"]:
        return members(value["items"])
    return set() if inside == "deployments" else set(value) | {key for name, one in value.items() for key in members(one, name)}


if __name__ == "__main__":
    unittest.main()
