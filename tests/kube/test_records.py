"""GPUs that a miner's records tell: rows of the tables `servers` and `gpus`, as his other tools write them, on nodes without an annotation of ours."""
import json
import sqlite3

from control_plane import gpu_node
from rig import JOBS, KubeCase, chute, main

UUIDS = ["2d6b762842e9f38dc18bb02d7aa913dc", "bbbbbbbbccccddddeeeeffffffffffff"]


def plain_node(name):
    node = gpu_node(name, gpus=2)
    node["annotations"] = {}
    return node


class Records(KubeCase):
    nodes = [plain_node("gpu-01")]
    offers = [chute(1, gpus=2)]

    def execute(self, *statements):
        with sqlite3.connect(self.daemon.dir / "state/rigger.db", timeout=10) as records:
            for sql, *values in statements:
                records.execute(sql, values)
        records.close()

    def test_told_gpus_replace_counted_ones_and_workloads_name_them(self):
        self.start_daemon()
        self.assertEqual(["gpu-01:0", "gpu-01:1"], sorted(gpu["id"] for gpu in self.daemon.items("gpus")))
        self.daemon.terminate()
        uid = self.api.get("/api/v1/nodes/gpu-01")["metadata"]["uid"]
        info = json.dumps({"name": "NVIDIA H100 80GB HBM3", "memory": 85520809984})
        self.execute(("UPDATE servers SET hourly_cost = 2.5 WHERE server_id = ?", uid), ("DELETE FROM gpus",),
                     *(("INSERT INTO gpus (gpu_id, validator, server_id, device_info, model_short_ref, verified) VALUES (?, '', ?, ?, 'h100_sxm', 1)", uuid, uid, info) for uuid in UUIDS))
        self.daemon.start()
        self.await_inventory()
        self.assertEqual(UUIDS, sorted(gpu["id"] for gpu in self.daemon.items("gpus")))
        self.assertEqual(2.5, self.daemon.items("nodes")[0]["hourlyCost"])
        deployment = self.deploy()
        job = self.api.get(f"{JOBS}/chute-{deployment}")
        env = {entry["name"]: entry["value"] for entry in job["spec"]["template"]["spec"]["containers"][0]["env"]}
        self.assertEqual("GPU-2d6b7628-42e9-f38d-c18b-b02d7aa913dc,GPU-bbbbbbbb-cccc-dddd-eeee-ffffffffffff", env["NVIDIA_VISIBLE_DEVICES"])
        self.assertEqual(env["NVIDIA_VISIBLE_DEVICES"], env["CHUTES_NVIDIA_DEVICES"])


if __name__ == "__main__":
    main()
