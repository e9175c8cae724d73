#!/usr/bin/env python3
"""riggerd on a real API server that holds 10,000 pods. One JSON line per figure; nothing where there is no control plane (KUBEBUILDER_ASSETS).

The pods are created through the API; there are no kubelets, controllers or scheduler, so that nobody else asks the API server anything while riggerd's
requests are counted (in its audit log). Latencies are what riggerd adds: the same event is timed beside it by a bare watch client, in a process of its own.
"""
import http.client
import json
import multiprocessing
import pathlib
import socket
import ssl
import statistics
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/kube"), str(ROOT / "tests/e2e")]
from control_plane import SKIPPED, ControlPlane, assets, gpu_node  # noqa: E402
from rig import JOBS, KubeDaemon, chute, chute_id, market  # noqa: E402
import manifest  # noqa: E402

PODS = 10_000
QUIET_SECONDS = 60
EVENTS = 400
DEPLOYS = 24
PROBE = "/api/v1/namespaces/probe/pods"


def emit(name, value, unit):
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit}), flush=True)


def say(text):
    print(f"{time.strftime('%T')} {text}", file=sys.stderr, flush=True)


# --- the cluster -----------------------------------------------------------------------------------------------------
def make_node(api, node):
    """A Node that is Ready and stays so: nobody watches over its heart beat."""
    status = {"capacity": node["size"], "allocatable": node["size"], "addresses": [{"type": "InternalIP", "address": "192.0.2.1"}], "conditions": [{"type": "Ready", "status": "True"}]}
    api.create("/api/v1/nodes", {"metadata": {key: node[key] for key in ("name", "labels", "annotations")}})
    api.patch(f"/api/v1/nodes/{node['name']}/status", {"status": status})
    api.patch(f"/api/v1/nodes/{node['name']}", {"spec": {"taints": None}})


def fill(plane, count):
    """Pods as a chute's Job makes them, of deployments that nobody knows, from several connections at once."""
    template = json.loads((ROOT / "plugins/lib/chutes/tests/golden/job_public.json").read_text())["spec"]["template"]
    own = template["metadata"]["labels"]["chutes/deployment-id"]
    text = json.dumps(template)

    def some(first):
        for number in range(first, count, 4):
            deployment = f"{number:08x}-0000-4000-8000-000000000000"
            pod = json.loads(text.replace(own, deployment))
            pod["spec"]["nodeName"], pod["metadata"]["name"] = f"server-{number % 1000}", f"chute-{deployment}-abcde"
            plane.api.create("/api/v1/namespaces/chutes/pods", pod)
    threads = [threading.Thread(target=some, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- looking at it -----------------------------------------------------------------------------------------------------
class Watcher:
    """The bare client: a process that notes when each value of an event came (CLOCK_MONOTONIC is one for all processes)."""

    def __init__(self, plane, path, value_of):
        self.out, ready = multiprocessing.Queue(), multiprocessing.Event()
        self.process = multiprocessing.Process(target=self._watch, args=(plane.port, str(plane.authority.certificate), plane.admin_token, path, value_of, self.out, ready), daemon=True)
        self.process.start()
        if not ready.wait(30):
            raise RuntimeError("the bare watch did not begin")
        self.seen = {}

    @staticmethod
    def _watch(port, authority, token, path, value_of, out, ready):
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=ssl.create_default_context(cafile=authority))
        headers = {"Authorization": "Bearer " + token}
        connection.request("GET", path, headers=headers)
        version = json.loads(connection.getresponse().read())["metadata"]["resourceVersion"]
        connection.request("GET", f"{path}?watch=true&resourceVersion={version}", headers=headers)
        stream = connection.getresponse()
        ready.set()
        for line in stream:
            now = time.monotonic()
            out.put((value_of(json.loads(line)["object"]), now))

    def when(self, value):
        while value not in self.seen:
            key, at = self.out.get(timeout=30)
            self.seen.setdefault(key, at)
        return self.seen[value]

    def end(self):
        self.process.kill()
        self.process.join()


class Api:
    """riggerd's own, over one kept connection, with as little between as can be."""

    def __init__(self, daemon):
        self.connection = http.client.HTTPConnection("localhost")
        self.connection.sock = socket.socket(socket.AF_UNIX)
        self.connection.sock.connect(str(daemon.dir / "run/rigger.sock"))

    def ask(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"} if body else {})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} -> {answer.status} {text[:300]}")
        return text

    def until(self, path, condition, seconds, pause=0.0):
        """When it was seen."""
        deadline = time.monotonic() + seconds
        while not condition(self.ask("GET", path)):
            if time.monotonic() > deadline:
                raise RuntimeError(f"waited {seconds} s for {path}")
            time.sleep(pause)
        return time.monotonic()


def memory_mib(daemon, key="VmRSS"):
    for line in pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no " + key)


def settled_mib(daemon):
    """Once it has not shrunk for 3 s."""
    least, since = memory_mib(daemon), time.monotonic()
    while time.monotonic() - since < 3:
        time.sleep(0.1)
        if memory_mib(daemon) < least - 0.1:
            least, since = memory_mib(daemon), time.monotonic()
    return memory_mib(daemon)


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


# --- the figures -------------------------------------------------------------------------------------------------------
def ready_with(daemon, pods):
    """Seconds from the start of the process until every view is complete."""
    def whole(text):
        clusters = json.loads(text)["items"]
        return clusters and all(c["freshness"] == "complete" and c["pods"] >= pods for c in clusters)
    begun = time.monotonic()
    daemon.start(ready=False)
    while True:
        try:
            api = Api(daemon)
            return api.until("/v1/clusters", whole, 60, pause=0.02) - begun
        except (OSError, RuntimeError, http.client.HTTPException):
            if time.monotonic() - begun > 90 or daemon.process.poll() is not None:
                raise
            time.sleep(0.01)


def requests_per_second(plane, user):
    def made():
        return sum(1 for line in plane.audit_log.read_text().splitlines() if json.loads(line)["user"]["username"] == user)
    before = made()
    time.sleep(QUIET_SECONDS)
    return (made() - before) / QUIET_SECONDS


def pod_ip(pod):
    return pod.get("status", {}).get("podIP", "")


def event_to_cache(plane, daemon):
    """Milliseconds from the change until the bare watch has it, and until an answer of riggerd shows it; one event at a time."""
    plane.make_namespace("probe")
    plane.api.create(PROBE, {"metadata": {"name": "probe"}, "spec": {"nodeName": "server-0", "containers": [{"name": "main", "image": "any"}]}})
    watcher, api = Watcher(plane, PROBE, pod_ip), Api(daemon)
    api.until("/v1/pods?namespace=probe", lambda text: b'"probe"' in text, 10)
    bare, whole = [], []
    for number in range(EVENTS):
        address = f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"
        wanted = f'"{address}"'.encode()
        begun = time.monotonic()
        plane.api.patch(f"{PROBE}/probe/status", {"status": {"podIP": address, "podIPs": [{"ip": address}]}})
        seen = api.until("/v1/pods?namespace=probe", lambda text, wanted=wanted: wanted in text, 10, pause=0.0005)  # not so often that the looking is what is waited for
        bare.append((watcher.when(address) - begun) * 1000)
        whole.append((seen - begun) * 1000)
        time.sleep(0.15)
    watcher.end()
    return bare, whole


def job_deployment(job):
    return job["metadata"]["labels"].get("chutes/deployment-id") or job["metadata"]["name"]


def deploy_to_job(plane, daemon):
    """Milliseconds from the request to riggerd until the Job is there for a bare watch, less what creating a Job takes a bare client."""
    watcher, api = Watcher(plane, JOBS, job_deployment), Api(daemon)
    bare, whole = [], []
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "any"}]}}
    for number in range(DEPLOYS):
        begun = time.monotonic()
        plane.api.create(JOBS, {"metadata": {"name": f"bare-{number}", "labels": {}}, "spec": {"template": template}})
        bare.append((watcher.when(f"bare-{number}") - begun) * 1000)
        begun = time.monotonic()
        answer = json.loads(api.ask("POST", "/v1/deployments", {"chute": chute_id(number), "server": f"gpu-{number // 8}"}))
        whole.append((watcher.when(answer["deploymentId"]) - begun) * 1000)
        time.sleep(0.1)
    watcher.end()
    return bare, whole


def main():
    if assets() is None:
        say(SKIPPED)
        return
    with ControlPlane(scheduler=False, controllers=False, audit=True) as plane:
        for number in range(DEPLOYS // 8):
            make_node(plane.api, gpu_node(f"gpu-{number}"))
        user, kubeconfig = manifest.account(plane)
        listing = market(*[chute(number) for number in range(DEPLOYS)])
        with KubeDaemon(kubeconfig, listing) as daemon:
            daemon.disable("50-reconciler-*")  # the pods belong to no deployment: nothing is to tidy them up while they are counted
            ready_with(daemon, 0)
            idle = settled_mib(daemon)
            daemon.terminate()
            say(f"idle {idle:.1f} MiB; creating {PODS} pods")
            fill(plane, PODS)
            say("created")
            starts = []
            for _ in range(3):
                starts.append(ready_with(daemon, PODS))
                say(f"ready after {starts[-1]:.2f} s, {memory_mib(daemon):.1f} MiB")
                if len(starts) < 3:
                    daemon.terminate()
            emit("list_and_watch_ready", statistics.median(starts), "s")
            emit("memory_above_idle", settled_mib(daemon) - idle, "MiB")
            emit("steady_requests", requests_per_second(plane, user), "per s")
            bare, whole = event_to_cache(plane, daemon)
            for part in (0.5, 0.9, 0.99):
                say(f"events, p{part * 100:.0f}: bare watch {percentile(bare, part):.2f} ms, riggerd {percentile(whole, part):.2f} ms")
                emit(f"event_to_cache_p{part * 100:.0f}", percentile(whole, part) - percentile(bare, part), "ms")
            bare, whole = deploy_to_job(plane, daemon)
            say(f"bare create {statistics.median(bare):.1f} ms, whole {statistics.median(whole):.1f} ms; {[round(w) for w in whole]}")
            emit("deploy_to_job", statistics.median(whole) - statistics.median(bare), "ms")
            say(f"in the end {settled_mib(daemon) - idle:.1f} MiB above idle")


if __name__ == "__main__":
    main()
