"""Bad input through every door of the real daemon: each is refused in words that help, and nothing has changed. Each table is a list of cases."""
import contextlib
import json
import os
import pwd
import re
import socket
import sqlite3
import subprocess
import unittest

from harness import BUILD, LIMIT, Daemon

RANDOM = bytes(range(128, 256)) * 4
READ, OPERATE = "read-" * 8, "operate-" * 5


def check_config(daemon):
    return subprocess.run([str(BUILD / "bin/riggerd"), "--config", str(daemon.config), "--check-config"], capture_output=True, text=True, errors="replace", timeout=60)


class Files(unittest.TestCase):
    """What is refused before anything starts, by `riggerd --check-config`, with file and line."""

    CONFIG = [  # text of rigger.yaml, what the answer says
        (b"log: [1,2\n", "rigger.yaml:2:1: not valid YAML"),
        (RANDOM, "is not UTF-8 text"),
        (b"a: \0", "is not UTF-8 text"),
        (b"a: " + b"x" * 5_000_000, "larger than 256 KiB"),
        (b"a: " + b"[" * 100_000, "rigger.yaml:1:"),
        (b"a: " + b"{a: " * 10_000, "nested deeper than 16 levels"),
        (b"log: &a {level: info}\nb: *a\n", "anchors"),
        (b"- a\n", "expected keys and values"),
        (b"log: {level: info}\nlog: {level: debug}\n", "second time, first in line 1"),
        (b"no_such_key: 1\n", "no_such_key"),
        (b"log: 5\n", "log: found a single value"),
        (b"log: {level: loud}\n", "log.level: found 'loud'; expected"),
        (b"placement: {cost_floor: .nan}\n", "cost_floor: found '.nan'; expected a number"),
        (b"placement: {cost_floor: -1}\n", "cost_floor: found '-1'; expected a number"),
        (b"control: {reconcile: {deletion_budget: 2}}\n", "deletion_budget: found '2'; expected"),
        (b"http: {tcp: {enabled: true}}\n", "token"),
    ]
    INSTANCE = [  # text of an enabled instance file
        (b"plugin: com.example.nope\n", "com.example.nope: refused: it is not installed"),
        (RANDOM, "90-x.yaml"),
        (b"plugin: rig.scorer-profit\nconfg: {}\n", "90-x.yaml:2: confg is not a known key"),
        (b"plugin: rig.scorer-profit\nname: local\n", "name 'local' is taken by"),
        (b"plugin: rig.scorer-packing\nweight: .nan\n", "90-x.yaml:2: weight must be a number"),
        (b"plugin: rig.scorer-packing\nweight: -1\n", "90-x.yaml:2: weight must lie in 0..1000"),
        (b"plugin: rig.source-catalog\nconfig:\n  csv: /x\n  pollSeconds: soon\n", "90-x.yaml:4: config.pollSeconds: found 'soon'; expected a number from 0.1 to 3600"),
        (b"plugin: rig.source-catalog\nconfig:\n  csv: /x\n  validator:\n    verifySeconds: -1\n", "90-x.yaml:5: config.validator.verifySeconds: found -1; expected a number from 0"),
        (b"plugin: rig.source-catalog\nconfig:\n  csv: /x\n  colour: red\n", "90-x.yaml:4: config.colour: is not known; remove it or correct its spelling; known here: "),
        (b"plugin: rig.scorer-profit\nconfig: {mode: most}\n", "90-x.yaml:2: config.mode: found 'most'; expected usage, multiplier or raw-multiplier"),
        (b"plugin: rig.scorer-profit\nsecrets: {seed: hunter2hunter2}\n", "not the secret itself"),
    ]

    def test_a_bad_configuration_is_refused_with_file_and_remedy(self):
        with Daemon() as daemon:
            for text, says in self.CONFIG:
                with self.subTest(text=text[:60]):
                    daemon.config.write_bytes(text)
                    self.refused(check_config(daemon), says)

    def test_bad_settings_of_a_plugin_are_refused_with_file_line_key_and_what_was_expected(self):
        with Daemon() as daemon:
            self.assertIn("ok, with 8 plugin instances", check_config(daemon).stdout)
            for text, says in self.INSTANCE:
                with self.subTest(text=text[:60]):
                    (daemon.dir / "etc/plugins-enabled/90-x.yaml").write_bytes(text)
                    self.refused(check_config(daemon), says)

    FLEET = b"servers:\n  - {id: a1, name: a1, address: 10.0.0.1, model: a100, count: 8, hourly_cost: 1.2}\n"
    NAMED = [  # an enabled instance, a file that it names, what stands in that, what is said
        (None, "fleet.yaml", None, "etc/fleet.yaml: No such file or directory. Check the path in the instance's config"),
        (None, "fleet.yaml", FLEET.replace(b"1.2", b"-1"), "etc/fleet.yaml:2: server 'a1': 'hourly_cost'"),
        (None, "fleet.yaml", FLEET + b"  - {id: a1}\n", "etc/fleet.yaml:3: "),
        (None, "market/chute_models_head.csv", None, "chute_models_head.csv: cannot open: No such file"),
        (None, "market/chute_models_head.csv", b"", "chute_models_head.csv"),
        ("plugin: rig.source-catalog\nconfig: {market: $FILE}\n", "m.json", b"[1,", "90-x.yaml: {dir}/etc/m.json:1: "),
        ("plugin: rig.source-catalog\nconfig: {market: $FILE, csv: /x}\n", "m.json", b"{}", "config must name exactly one of csv, market or chutes"),
        ("plugin: rig.source-catalog\nconfig: {csv: $CSV, replay: $FILE}\n", "replay.jsonl", b"{}\n{\n", "90-x.yaml: {dir}/etc/replay.jsonl:"),
        ("plugin: rig.cluster-microk8s\nconfig: {kubeconfig: $FILE}\n", "kubeconfig", None, "90-x.yaml: cannot read {dir}/etc/kubeconfig: No such file or directory"),
        ("plugin: rig.cluster-microk8s\nconfig: {kubeconfig: $FILE}\n", "kubeconfig", b"a: [", "{dir}/etc/kubeconfig: "),
        ("plugin: rig.cluster-microk8s\nconfig: {}\n", "kubeconfig", None, "give either kubeconfig (a path) or inCluster: true"),
        ("plugin: rig.cluster-k3s\nconfig: {directory: $FILE}\n", "kubeconfigs", None, "etc/kubeconfigs is not a directory that can be read"),
        ("plugin: rig.cluster-k3s\nconfig: {directory: $FILE, kubeconfig: $FILE}\n", "kubeconfigs", b"", "give one of kubeconfig"),
    ]

    def test_the_files_that_a_plugins_settings_name_are_looked_at_too(self):
        for instance, name, text, says in self.NAMED:
            with self.subTest(name=name, text=text), Daemon() as daemon:
                path = daemon.dir / "etc" / name
                if instance:
                    csv = daemon.dir / "etc/market/chute_models_head.csv"
                    (daemon.dir / "etc/plugins-enabled/90-x.yaml").write_text(instance.replace("$FILE", str(path)).replace("$CSV", str(csv)))
                path.unlink(missing_ok=True) if text is None else path.write_bytes(text)
                self.refused(check_config(daemon), says.replace("{dir}", str(daemon.dir)))
                self.assertEqual([], list((daemon.dir / "state").iterdir()), "a check makes nothing")

    SURROUNDINGS = [  # what is changed in rigger.yaml, and around it; what is said
        ("state_dir: {dir}/state", "state_dir: {dir}/file/state", "rigger.yaml:{line}:1: state_dir: "),
        ("state_dir: {dir}/state", "state_dir: {dir}/file", "{dir}/file is not a directory; remove it, or name another one"),
        ("runtime_dir: {dir}/run", "runtime_dir: {dir}/file", "rigger.yaml:{line}:1: runtime_dir: {dir}/file is not a directory"),
        ("group: \"\"", "group: no-such-group", "rigger.yaml:{line}:5: http.unix_socket.group: cannot give the socket to group 'no-such-group': there is no such group; create it with `groupadd"),
        ("path: \"\"", "path: {dir}/nowhere/s", "http.unix_socket.path: there is no directory {dir}/nowhere for the socket"),
        ("path: \"\"", "path: {dir}/file", "a file that is not a socket is in the way"),
        ("path: \"\"", "path: /" + "x" * 104, "a socket's path has at most 103 bytes"),
        ("url: \"\"", "url: sqlite://{dir}/nowhere/r.db", "store.url: there is no directory {dir}/nowhere for the store"),
        ("url: \"\"", "url: sqlite://{dir}/file", "store.url: store '{dir}/file'"),
        ("url: \"\"", "url: sqlite://{dir}/newer.db", "was written by a newer rigger"),
        ("cache: {dir}/cache/plugins", "cache: {dir}/file", "plugins.cache: {dir}/file is not a directory"),
        ("enabled: {dir}/etc/plugins-enabled", "enabled: {dir}/nowhere", "plugins.enabled: "),
        ("enabled: false", "enabled: true", "http.tcp.address: cannot listen on 192.0.2.1"),
    ]

    def test_what_the_configuration_names_is_looked_at_before_a_start_stumbles_over_it(self):
        with Daemon() as daemon:
            (daemon.dir / "file").write_text("neither a directory nor a database\n")
            with contextlib.closing(sqlite3.connect(daemon.dir / "newer.db")) as newer:
                newer.executescript("CREATE TABLE rigger_migrations (number INTEGER PRIMARY KEY, name TEXT, applied_at TEXT); INSERT INTO rigger_migrations VALUES (999, 'later', '')")
            token = daemon.dir / "token"
            token.write_text(OPERATE)
            token.chmod(0o600)
            daemon.replace("rigger.yaml", "    tokens: []", f"    tokens: [{{name: boss, role: operate, secret: '${{file:{token}}}'}}]")
            daemon.replace("rigger.yaml", "address: 127.0.0.1", "address: 192.0.2.1")
            good, plain = daemon.config.read_text(), {"dir": daemon.dir}
            self.assertEqual("", check_config(daemon).stderr)
            self.assertEqual([], list((daemon.dir / "state").iterdir()), "a check makes nothing")
            self.assertEqual([], list((daemon.dir / "cache").iterdir()), "a check makes nothing")
            for old, new, says in self.SURROUNDINGS:
                old, new = (text.replace("{dir}", str(daemon.dir)) for text in (old, new))
                with self.subTest(new=new):
                    self.assertIn(old, good)
                    daemon.config.write_text(good.replace(old, new, 1))
                    self.refused(check_config(daemon), says.format(**plain, line=good[:good.index(old)].count("\n") + 1))
                    self.assertNotIn(OPERATE, check_config(daemon).stderr)

    @unittest.skipUnless(os.geteuid() == 0, "takes root, who may become somebody else")
    def test_root_looks_with_the_eyes_of_whom_the_state_directory_belongs_to(self):
        nobody = pwd.getpwnam("nobody")
        with Daemon() as daemon:
            for path in (daemon.dir, daemon.dir / "etc", daemon.dir / "plugins"):
                path.chmod(0o755)
            for name in ("state", "run", "cache"):
                os.chown(daemon.dir / name, nobody.pw_uid, nobody.pw_gid)
            answer = check_config(daemon)
            self.assertEqual((0, f"note: checked as user 'nobody', to whom {daemon.dir}/state belongs\n"), (answer.returncode, answer.stderr))
            token = daemon.dir / "token"
            token.write_text(OPERATE)
            token.chmod(0o600)
            daemon.replace("rigger.yaml", "    tokens: []", f"    tokens: [{{name: boss, role: operate, secret: '${{file:{token}}}'}}]")
            (daemon.dir / "state/rigger.db").touch(mode=0o600)
            os.chown(daemon.dir / "run", 0, 0)
            answer = check_config(daemon)
            self.assertEqual(78, answer.returncode, answer.stderr)
            self.assertIn(f"secret file '{token}': Permission denied", answer.stderr)
            token.chmod(0o644)
            os.chown(token, nobody.pw_uid, nobody.pw_gid)
            token.chmod(0o600)
            answer = check_config(daemon)
            self.assertIn(f"runtime_dir: user 'nobody' may not write {daemon.dir}/run: Permission denied; it belongs to 'root'; run: chown nobody {daemon.dir}/run", answer.stderr)
            self.assertIn(f"state_dir: user 'nobody' may not write {daemon.dir}/state/rigger.db", answer.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "takes root, who may become somebody else")
    def test_who_is_not_the_daemon_gets_what_he_can_see(self):
        with Daemon() as daemon:
            for path in (daemon.dir, daemon.dir / "etc", daemon.dir / "plugins"):
                path.chmod(0o755)
            command = [str(BUILD / "bin/riggerd"), "--config", str(daemon.config), "--check-config"]
            answer = subprocess.run(command, capture_output=True, text=True, user="nobody", timeout=60)
            self.assertEqual(0, answer.returncode, answer.stderr)
            self.assertIn(f"warning: what only user 'root', to whom {daemon.dir}/state belongs, may open is not checked", answer.stderr)

    def test_a_wrong_command_line_is_told_apart_from_a_wrong_configuration(self):
        for arguments in (["--nope"], ["--config"], ["-c"], ["--config=/a", "--config=/b"], ["extra"], ["--daemon"], ["--umask=777"], ["--pidfile=/nope"]):
            with self.subTest(arguments=arguments):
                answer = subprocess.run([str(BUILD / "bin/riggerd"), *arguments], capture_output=True, text=True, timeout=60)
                self.assertEqual(64, answer.returncode, answer.stderr)
                self.assertRegex(answer.stderr, "^riggerd: .*; see riggerd --help\\n$")

    def test_a_running_daemon_is_no_problem(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def edit(daemon):
            token = daemon.dir / "token"
            token.write_text(OPERATE)
            token.chmod(0o600)
            for old, new in (("enabled: false", "enabled: true"), ("port: 7447", f"port: {port}"),
                             ("    tokens: []", f"    tokens: [{{name: boss, role: operate, secret: '${{file:{token}}}'}}]")):
                daemon.replace("rigger.yaml", old, new)

        with Daemon(edit) as daemon:
            daemon.start()
            answer = check_config(daemon)
            self.assertEqual((0, ""), (answer.returncode, answer.stderr))
            with Daemon(edit) as second:  # of another state directory: the port is taken
                self.refused(check_config(second), f"http.tcp.port: cannot listen on 127.0.0.1 port {port}: Address already in use")

    def refused(self, result, says):
        self.assertEqual(78, result.returncode, result.stdout + result.stderr)
        self.assertIn(says, result.stderr)
        self.assertNotIn("hunter2", result.stderr)
        self.assertLess(len(result.stderr), 2000)


class Running(unittest.TestCase):
    """A running daemon: what it had, it keeps."""

    @classmethod
    def setUpClass(cls):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            cls.port = probe.getsockname()[1]
        cls.daemon = Daemon(cls.edit).start()
        cls.daemon.until(cls.daemon.all_active, LIMIT, "everything to be active")
        cls.daemon.config.write_text(cls.daemon.config.read_text().replace("automatic: true", "automatic: false"))
        cls.daemon.process.send_signal(1)
        cls.daemon.until(lambda: "configuration and plugins reloaded" in cls.daemon.log.read_text(), LIMIT, "the reload")
        cls.daemon.until(cls.daemon.all_active, LIMIT, "what was placed before that to be active as well")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    @classmethod
    def edit(cls, daemon):
        tokens = ""
        for name, role, secret in (("reader", "read", READ), ("boss", "operate", OPERATE)):
            file = daemon.dir / name
            file.write_text(secret)
            file.chmod(0o600)
            tokens += f"\n      - {{name: {name}, role: {role}, secret: '${{file:{file}}}'}}"
        for old, new in (("enabled: false", "enabled: true"), ("port: 7447", f"port: {cls.port}"), ("    tokens: []", "    tokens:" + tokens)):
            daemon.replace("rigger.yaml", old, new)
        daemon.replace("plugins-available/source-catalog.yaml", "# pollSeconds: 2 ", "pollSeconds: 0.2 #")
        daemon.replace("plugins-available/cluster-local.yaml", "# fleetPollSeconds: 2 ", "fleetPollSeconds: 0.2 #")

    def setUp(self):
        self.before = self.state()

    def tearDown(self):
        self.assertEqual(self.before, self.state(), "something has changed")

    def state(self):
        d = self.daemon
        return ({x["id"]: x["phase"] for x in d.items("deployments")}, {n["nodeName"]: (n["hourlyCost"], n["locked"]) for n in d.items("nodes")},
                {c["offerId"] for c in d.items("chutes", "--all")}, {(f["kind"], f["offerId"]) for f in d.items("failures")})

    # --- commands ---

    def test_commands_with_wrong_names_values_and_options(self):
        chutes = self.daemon.items("chutes", "--all")
        elsewhere = next(c["offerName"] for c in chutes if "4090" not in c["gpuModels"])
        h100 = next(c["offerName"] for c in chutes if "h100_sxm" in c["gpuModels"] and not c["tee"])
        cases = [
            (5, "there is no chute 'nope'; `rigger chutes --all` lists them", "deploy", "-c", "nope", "-s", "h100-01"),
            (5, "there is no server 'nope'; `rigger servers` lists them", "deploy", "-c", h100, "-s", "nope"),
            (5, "there is no deployment 'nope'; `rigger insts` lists them", "undeploy", "-i", "nope"),
            (5, "could be any of these", "deploy", "-c", "a", "-s", "h100-01"),
            (6, "GpuModelMismatch", "deploy", "-c", elsewhere, "-s", "4090-01"),
            (6, "ServerLocked: h100-03 is locked", "deploy", "-c", h100, "-s", "h100-03"),
            (2, "expected a text that is not empty", "undeploy", "-i", ""),
            (2, "--server", "deploy", "-c", h100),
            (2, "found -3; expected a whole number from 1", "scales", "--limit", "-3"),
            (2, "which is not a whole number", "scales", "--limit", "many"),
            (2, "no-such-option", "scales", "--no-such-option"),
            (2, "no output format 'xml'; use table, wide, json, yaml or name", "nodes", "-o", "xml"),
            (2, "write for example 500ms", "nodes", "--timeout", "-1s"),
            (5, "there is no chute 'nope'", "ban", "nope"),
            (5, "there is no server 'nope'", "lock", "nope"),
            (5, "there is no chute 'nope'", "why-not", "nope"),
            (5, "there is no deployment 'nope'", "logs", "nope"),
            (2, "", "no-such-command"),
            (5, "no plugin 'nope' is installed; `rigger plugins list --all` lists what is", "plugins", "enable", "nope", "--yes"),
            (5, "no plugin 'nope' is installed", "plugins", "inspect", "nope"),
            (5, "no plugin 'nope' is installed", "plugins", "verify", "nope"),
            (5, "no plugin 'nope' is enabled", "plugins", "disable", "nope"),
            (5, "there is no plugin instance 'nope'", "plugins", "reset", "nope"),
            (5, "no plugin instance 'nope' is configured", "plugins", "config", "nope"),
            (5, "there is no such directory or library", "plugins", "install", "/no/such/directory"),
            (5, "there is no library or plugin directory", "plugins", "test", "/no/such/file.so"),
            (2, "choose one of placement-scorer", "plugins", "new", "--kind", "nope", "com.example.mine"),
            (2, "", "plugins", "no-such-command"),
            (2, "does not take the word", "scales", *["x" * 100_000] * 10),
        ]
        for code, says, *arguments in cases:
            with self.subTest(arguments=[a[:40] for a in arguments]):
                result = self.daemon.cli(*arguments, check=False)
                self.assertEqual(code, result.returncode, result.stderr)
                self.assertIn(says, result.stderr)
                self.assertTrue(0 < len(result.stderr) < 2000, len(result.stderr))

    # --- HTTP ---

    def ask(self, method, path, body=None, token=None, headers=(), raw=None):
        """Status and reason word. Over TCP with a token, or where `token` is ""; else over the socket."""
        tcp = token is not None
        with socket.socket(socket.AF_INET if tcp else socket.AF_UNIX) as peer:
            peer.settimeout(20)
            peer.connect(("127.0.0.1", self.port) if tcp else str(self.daemon.dir / "run/rigger.sock"))
            lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *headers]
            lines += [f"Authorization: Bearer {token}"] if token else []
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body is not None else []
            try:
                peer.sendall(raw or "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
            except OSError:
                pass  # refused before it was all sent
            answer = b""
            try:
                while more := peer.recv(65536):
                    answer += more
            except ConnectionResetError:
                pass
        head, _, text = answer.partition(b"\r\n\r\n")
        self.assertTrue(head, "no answer")
        status = int(head.split()[1])
        return status, json.loads(text)["error"]["reason"] if status >= 400 else ""

    def test_requests_that_are_malformed_huge_deep_or_binary(self):
        path = "/v1/deployments"
        cases = [
            (400, "MalformedJson", "POST", path, b'{"chute":'),
            (400, "MalformedJson", "POST", path, RANDOM),
            (400, "MalformedJson", "POST", path, b"[]"),
            (400, "JsonTooDeep", "POST", path, b'{"chute":' + b"[" * 5000 + b"]" * 5000 + b"}"),
            (413, "BodyTooLarge", "POST", path, b'{"chute":"' + b"x" * 2_000_000 + b'"}'),
            (400, "DuplicateMember", "POST", path, b'{"chute":"a","chute":"b","server":"c"}'),
            (400, "UnknownOption", "POST", path, b'{"chute":"a","server":"b","colour":1}'),
            (400, "InvalidArguments", "POST", path, b'{"chute":1,"server":"b"}'),
            (400, "InvalidArguments", "POST", path, b'{"chute":"a"}'),
            (404, "UnknownOffer", "POST", path, b'{"chute":"nope","server":"h100-01"}'),
            (404, "UnknownDeployment", "DELETE", path + "/nope", None),
            (400, "UnknownOption", "GET", "/v1/scales?colour=1", None),
            (400, "InvalidArguments", "GET", "/v1/scales?limit=99999999999999999999", None),
            (400, "InvalidArguments", "GET", "/v1/scales?limit=NaN", None),
            (400, "MalformedUri", "GET", "/v1/insts?node=%00", None),
            (400, "MalformedUri", "GET", "/v1/insts?node=%ff%fe", None),
            (414, "UriTooLong", "GET", "/v1/insts?node=" + "x" * 10_000, None),
            (404, "UnknownPath", "GET", "/v1/no-such-thing", None),
            (405, "MethodNotAllowed", "PUT", "/v1/insts", None),
        ]
        for status, reason, method, at, body in cases:
            with self.subTest(at=at[:40], body=(body or b"")[:40]):
                self.assertEqual((status, reason), self.ask(method, at, body))
        for raw, status in ((b"\x16\x03\x01\x02\x00\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
                            (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: x\r\n" * 5_000 + b"\r\n", 431)):
            with self.subTest(raw=raw[:30]):
                self.assertEqual(status, self.ask("", "", raw=raw)[0])

    def test_tokens_and_their_roles(self):
        dry = b'{"dryRun":true}'
        cases = [
            (401, "TokenMissing", "GET", "/v1/insts", None, ""), (401, "TokenUnknown", "GET", "/v1/insts", None, "nope"),
            (401, "TokenUnknown", "GET", "/v1/insts", None, READ[:-1]), (401, "TokenUnknown", "GET", "/metrics", None, READ + "x"),
            (401, "TokenMissing", "GET", "/no-such-path", None, ""), (200, "", "GET", "/healthz", None, ""), (200, "", "GET", "/v1/insts", None, READ),
            (403, "RoleTooLow", "POST", "/v1/recycle", dry, READ), (403, "RoleTooLow", "POST", "/v1/plugins/reload", b"{}", READ),
            (403, "RoleTooLow", "POST", "/v1/commands/recycle", dry, READ), (200, "", "POST", "/v1/recycle", dry, OPERATE),
        ]
        for status, reason, method, path, body, token in cases:
            with self.subTest(method=method, path=path, token=(token or "-")[:8]):
                self.assertEqual((status, reason), self.ask(method, path, body, token))
        log = self.daemon.log.read_text(errors="replace")
        self.assertNotIn(READ, log)
        self.assertNotIn(OPERATE, log)

    def test_one_who_sends_a_byte_now_and_then_is_cut_off(self):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(0.3)
            peer.connect(str(self.daemon.dir / "run/rigger.sock"))
            answer = b""
            for byte in b"GET /v1/insts HTTP/1.1\r\nHost: " + b"x" * 1000:
                with contextlib.suppress(BrokenPipeError):  # it is cut off, and has the answer before it
                    peer.sendall(bytes([byte]))
                with contextlib.suppress(TimeoutError):
                    answer = peer.recv(1000)
                    break
            self.assertIn(b"408", answer)

    # --- files that the plugins watch ---

    def watched(self, file, cases, told):
        """Each text is refused with these words, which `rigger status` shows too; the good one is taken again afterwards."""
        path = self.daemon.dir / "etc" / file
        good = path.read_bytes()
        for text, says in cases:
            with self.subTest(text=text[:50]):
                old = self.complaints()
                path.write_bytes(text)
                try:
                    self.daemon.until(lambda: any(re.search(says, why) for why, when in self.complaints() - old), LIMIT, says)
                    self.assertEqual(self.before, self.state())
                finally:
                    seen = self.daemon.log.read_text(errors="replace").count(told)
                    path.write_bytes(good)
                    self.daemon.until(lambda: self.daemon.log.read_text(errors="replace").count(told) > seen, LIMIT, "the good file to be taken again")

    def complaints(self):
        return {(p["lastError"], p["lastErrorAt"]) for p in self.daemon.json("status")["plugins"]["items"] if p["lastError"]}

    def test_a_bad_fleet_file_changes_nothing(self):
        good = (self.daemon.dir / "etc/fleet.yaml").read_text()

        def with_(old, new):
            assert old in good
            return good.replace(old, new).encode()

        self.watched("fleet.yaml", [
            (RANDOM, "fleet.yaml:1: "),
            (b"", "an empty file is taken for an accident"),
            (b"servers: [", r"fleet.yaml:\d+: "),
            (b"servers: " + b"[" * 50_000, "nested too deeply"),
            (b"servers: []\n#" + b"x" * 5_000_000, "more than 4194304 bytes"),
            (with_("id: srv-h200-01,", "id: srv-h200-tee-01,"), r"id 'srv-h200-tee-01' was used at line \d+ already"),
            (with_("name: h200-01,", "name: h200-tee-01,"), r"name 'h200-tee-01' was used at line \d+ already"),
            (with_("hourly_cost: 2.20", "hourly_cost: 0"), r"fleet.yaml:\d+: server 'h200-01': 'hourly_cost' must be a price in USD per GPU-hour, more than 0"),
            (with_("hourly_cost: 2.20", "hourly_cost: -2.20"), r"fleet.yaml:\d+: server 'h200-01': 'hourly_cost' must be a price"),
            (with_("hourly_cost: 2.20", "hourly_cost: .nan"), r"fleet.yaml:\d+: server 'h200-01': 'hourly_cost' must be a price"),
            (with_("hourly_cost: 2.20", "hourly_cost: .inf"), r"fleet.yaml:\d+: server 'h200-01': 'hourly_cost' must be a price"),
            (with_("model: h200, count: 8, hourly_cost: 2.20", "model: h999, count: 8, hourly_cost: 2.20"), "h999"),
            (with_("count: 8, hourly_cost: 2.20", "count: 0, hourly_cost: 2.20"), "'count'"),
            (with_("hourly_cost: 2.20", "hourly_cots: 2.20"), "hourly_cots"),
        ], "fleet loaded")

    def test_a_bad_market_file_changes_nothing(self):
        good = (self.daemon.dir / "etc/market/chute_models_head.csv").read_bytes()
        lines = good.splitlines(keepends=True)

        def row(**changed):
            fields = dict(zip(lines[0].decode().strip().split(","), lines[1].decode().strip().split(",")))
            return lines[0] + ",".join({**fields, **changed}.values()).encode() + b"\n" + b"".join(lines[2:])

        self.watched("market/chute_models_head.csv", [
            (RANDOM, "csv: is not UTF-8 text"),
            (b"", "csv:1: is empty"),
            (lines[0], "an empty list is taken for a cut one"),
            (good[:3000], "is the line cut"),
            (good + lines[1], r"csv:\d+: chute_id .* stands in line 2 already"),
            (row(current_estimated_price="-1"), r"csv:2: .*price"),
            (row(current_estimated_price="NaN"), r"csv:2: .*price"),
            (row(current_estimated_price="1e999"), r"csv:2: .*price"),
            (row(invocation_count="-5"), r"csv:2: .*invocation_count"),
            (row(chute_id=""), "csv:2: "),
            (lines[0] + b"x" * 20_000_000, "csv:"),
        ], "market read")

    def test_a_server_that_costs_next_to_nothing_is_worth_a_finite_amount_and_is_told_of(self):
        path = self.daemon.dir / "etc/fleet.yaml"
        good = path.read_text()
        path.write_text(good.replace("hourly_cost: 0.28", "hourly_cost: 0.0001"))
        try:
            self.daemon.until(lambda: any(n["nodeName"] == "4090-01" and n["hourlyCost"] == 0.0001 for n in self.daemon.items("nodes")), LIMIT, "the cheap server")
            self.assertIn("count as 0.001 USD per GPU-hour and so as the best places: 4090-01;", self.daemon.cli("status").stdout)
            for verdict in (v for c in self.daemon.items("chutes", "-g", "4090") for v in self.daemon.items("why-not", c["offerId"], "-s", "4090-01")):
                self.assertTrue(verdict["value"] is None or verdict["value"] < 1e12, verdict)
        finally:
            path.write_text(good)
            self.daemon.until(lambda: self.before == self.state(), LIMIT, "the old price")


class Json(unittest.TestCase):
    """A market in the validator's own JSON."""

    def test_a_bad_json_market_changes_nothing(self):
        good = json.dumps({"chutes": [{"chute_id": "a", "name": "org/a", "version": "v", "cords": [{}], "node_selector": {"gpu_count": 1, "supported_gpus": ["h200"]}}],
                           "metrics": [{"chute_id": "a", "compute_multiplier": 2}], "utilization": [{"chute_id": "a", "scalable": True}]})

        def edit(daemon):
            (daemon.dir / "market.json").write_text(good)
            (daemon.dir / "etc/plugins-available/source-catalog.yaml").write_text(
                f"plugin: rig.source-catalog\nname: catalog\nconfig: {{market: {daemon.dir}/market.json, pollSeconds: 0.2}}\n")
            daemon.replace("rigger.yaml", "automatic: true", "automatic: false")

        chute, twice = json.loads(good)["chutes"][0], json.loads(good)
        twice["chutes"].append(chute)
        cases = [(b'{"chutes":', "market.json"), (RANDOM, "market.json"), (b"null", "market.json"), (b'{"chutes":' + b"[" * 100_000, "deep|nested"), (b"{}", "market.json"),
                 (json.dumps(twice).encode(), "a"), (good.replace('"compute_multiplier": 2', '"compute_multiplier": -2').encode(), "compute_multiplier"),
                 (good.replace('"compute_multiplier": 2', '"compute_multiplier": NaN').encode(), "market.json"),
                 (good.replace('"gpu_count": 1', '"gpu_count": -1').encode(), "gpu_count"), (good.replace('"gpu_count": 1', '"gpu_count": 1e9').encode(), "gpu_count")]
        with Daemon(edit) as daemon:
            daemon.start()
            daemon.until(lambda: daemon.items("chutes"), LIMIT, "the market")
            for text, says in cases:
                with self.subTest(text=text[:60]):
                    (daemon.dir / "market.json").write_bytes(text)

                    def refused():
                        offers = next(view for view in daemon.json("status")["views"] if view["name"] == "catalog/offers")
                        errors = [p["lastError"] for p in daemon.json("status")["plugins"]["items"] if p["name"] == "catalog"]
                        return not offers["complete"] and re.search(says, errors[0] or "")

                    daemon.until(refused, LIMIT, says)
                    self.assertEqual(["a"], [c["offerId"] for c in daemon.items("chutes")])
                    (daemon.dir / "market.json").write_text(good)
                    daemon.until(lambda: next(v for v in daemon.json("status")["views"] if v["name"] == "catalog/offers")["complete"], LIMIT, "recovery")


if __name__ == "__main__":
    unittest.main()
