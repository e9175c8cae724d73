"""Fills the embedded cluster's database while no daemon runs: copies of one real Pod of it, labels and all, of deployments that nobody knows."""
import contextlib
import json
import sqlite3
import uuid

VERSION_BLOCK = 10_000  # as the plugin reserves them


def copy_pods(database, count):
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        db.row_factory = sqlite3.Row
        pod = dict(db.execute("""SELECT * FROM objects WHERE kind = 'v1/Pod' AND status LIKE '%"phase":"Running"%' ORDER BY version DESC""").fetchone())
        version, last = db.execute("SELECT max(version), max(id) FROM objects").fetchone()
        meta = json.loads(pod["meta"])
        for dropped in ("ownerReferences", "finalizers"):
            meta.pop(dropped, None)
        own = meta["labels"]["chutes/deployment-id"]
        insert = f"INSERT INTO objects ({', '.join(pod)}) VALUES ({', '.join(':' + column for column in pod)})"
        for number in range(count):
            deployment = str(uuid.uuid5(uuid.NAMESPACE_OID, f"deployment {number}"))
            name, uid = f"chute-{deployment}-copy", str(uuid.uuid5(uuid.NAMESPACE_OID, f"pod {number}"))
            text = json.dumps({**meta, "name": name, "uid": uid}, separators=(",", ":")).replace(own, deployment)
            db.execute(insert, {**pod, "id": last + 1 + number, "name": name, "uid": uid, "version": version + 1 + number, "flags": 0,
                                "labels": pod["labels"].replace(own, deployment), "owners": "", "meta": text})
        blocks = (version + count) // VERSION_BLOCK + 1
        db.execute("UPDATE counters SET value = ? WHERE name = 'versions'", (blocks * VERSION_BLOCK,))
