"""What must never be, judged by what the daemon answers and by what its files hold: lists of sentences, empty when all is well."""
import contextlib
import json
import pathlib
import shutil
import sqlite3
import tempfile


@contextlib.contextmanager
def database(file):
    """A copy with its write-ahead log: the daemon keeps its own locked. For a quiet daemon or none."""
    with tempfile.TemporaryDirectory(prefix="rgr-audit-") as scratch:
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(f"{file}{suffix}", f"{scratch}/db{suffix}")
        connection = sqlite3.connect(f"{scratch}/db")
        try:
            yield connection
        finally:
            connection.close()


def faults(daemon):
    """By the daemon's own answers. Only for a settled daemon."""
    deployments = {d["id"]: d for d in daemon.items("deployments")}
    found, gpus, pairs = [], {}, {}
    for d in deployments.values():
        for gpu in d["gpus"]:
            if gpu in gpus:
                found.append(f"GPU {gpu} belongs to {gpus[gpu]} and {d['id']}")
            gpus[gpu] = d["id"]
        pair = (d["offerId"], d["serverId"])
        if pair in pairs and d["phase"] != "terminating":
            found.append(f"two copies of one offer on one server: {pairs[pair]} and {d['id']}")
        pairs[pair] = d["id"]
    for gpu in daemon.items("gpus"):
        owner = gpu.get("deploymentId")
        if owner and owner not in deployments:
            found.append(f"GPU {gpu['id']} is held by {owner}, which is not there")
        if owner and gpus.get(gpu["id"]) != owner:
            found.append(f"GPU {gpu['id']} is held by {owner}, which does not list it")
        if not owner and gpu["id"] in gpus:
            found.append(f"GPU {gpu['id']} counts as nobody's, but {gpus[gpu['id']]} lists it")
    pods = {}
    for pod in daemon.items("pods"):
        if pod["deploymentId"]:
            pods.setdefault(pod["deploymentId"], []).append(pod["podName"])
            if pod["deploymentId"] not in deployments:
                found.append(f"pod {pod['podName']} belongs to no deployment")
    for owner, names in pods.items():
        if len(names) > 1:
            found.append(f"{owner} has {len(names)} pods: {names}")
    for d in deployments.values():
        if d["phase"] == "active" and d["id"] not in pods:
            found.append(f"{d['id']} is active without a pod")
    return found


def leftovers(state):
    """By the files in the state directory: cluster objects, launch tokens and instances that belong to no deployment, or to one twice."""
    found = []
    state = pathlib.Path(state)
    with database(state / "rigger.db") as db:
        known = {row[0] for row in db.execute("SELECT deployment_id FROM deployments")}
        claims = {}
        entries = db.execute("SELECT entry_key, content FROM rigger_kv WHERE plugin = 'rig.source-catalog'").fetchall()
        for key, content in entries:
            _, kind, name = key.split("/", 2) if key.count("/") >= 2 else ("", "", key)
            if kind == "claim" and name not in known:
                found.append(f"launch token of {name}, which is not there")
            if kind == "instance":
                claims.setdefault(json.loads(content)["claim"], []).append(name)
    for owner, names in claims.items():
        if owner not in known:
            found.append(f"instance {names[0]} belongs to {owner}, which is not there")
        if len(names) > 1:
            found.append(f"{owner} has {len(names)} instances")
    with database(state / "cluster-local.sqlite") as db:
        owners = {}
        for kind, name, meta in db.execute("SELECT kind, name, meta FROM objects WHERE meta LIKE '%chutes/deployment-id%'"):
            owner = json.loads(meta)["labels"]["chutes/deployment-id"]
            owners.setdefault((owner, kind), []).append(name)
            if owner not in known:
                found.append(f"{kind} {name} belongs to {owner}, which is not there")
    for (owner, kind), names in owners.items():
        if len(names) > 1:
            found.append(f"{owner} has {len(names)} objects {kind}: {names}")
    return found
