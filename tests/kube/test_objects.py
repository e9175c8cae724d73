"""Every object that a deployment makes, read back from the API server and compared field by field with what validators and the chutes runtime expect."""
import json
import subprocess
import unittest

from control_plane import SKIPPED, ControlPlane, assets, gpu_node
from rig import CHUTES, JOBS, ROOT, VERSION, KubeDaemon, chute, chute_id, main, market

HOTKEY = "5CatalogueMinerHotkey"
UUIDS = ["2d6b762842e9f38dc18bb02d7aa913dc", "aaaaaaaabbbbccccddddeeeeeeeeeeee"]
DEVICES = ["GPU-2d6b7628-42e9-f38d-c18b-b02d7aa913dc", "GPU-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"]
CODE_MAP = "chute-code-460fc376-3588-53df-9ea4-a43df54ad361"  # of chute 11111111-2222-3333-4444-555555555555 at VERSION
NCCL = {"NCCL_P2P_DISABLE": "1", "NCCL_IB_DISABLE": "1", "NCCL_SHM_DISABLE": "0", "NCCL_NET_GDR_LEVEL": "0", "NCCL_DEBUG": "INFO", "NCCL_SOCKET_IFNAME": "lo", "NCCL_SOCKET_FAMILY": "AF_INET"}
REMOTE = {"CHUTES_EXECUTION_CONTEXT": "REMOTE", "VLLM_DISABLE_TELEMETRY": "1", "HF_HOME": "/cache", "CIVITAI_HOME": "/cache/civitai"}


def nodes():
    told = gpu_node("gpu-01", gpus=2, cpu=34, memory_gb=206, address="203.0.113.7")  # 32 CPUs and 200 GB are for workloads: 4 CPUs, 79 GB for each GPU
    told["annotations"]["rigger.dev/gpus"] = json.dumps([{"id": uuid, "verified": True} for uuid in UUIDS])
    counted = gpu_node("gpu-02", model="", gpus=4, address="203.0.113.8")
    counted["annotations"] = {}
    del counted["labels"]["gpu-short-ref"]
    counted["labels"]["nvidia.com/gpu.product"] = "NVIDIA-H100-80GB-HBM3"
    tee = gpu_node("gpu-03", gpus=1, address="203.0.113.9", validator="5Validator")
    tee["labels"]["chutes/tee"] = "true"
    idle = gpu_node("gpu-04", gpus=1)
    del idle["labels"]["chutes/worker"]
    return [told, counted, tee, idle]


CODED = {**chute(2, chutes_version="0.3.31", code="print('hi')\n", filename="app.py", ref_str="app:chute"), "chute_id": "11111111-2222-3333-4444-555555555555", "name": "org/coded"}
OFFERS = market(chute(1, gpus=2), CODED, chute(3, chutes_version="0.6.1", tee=True), chute(4, gpus=3))


def without(mapping, *keys):
    return {key: value for key, value in mapping.items() if key not in keys}


@unittest.skipIf(assets() is None, SKIPPED)
class Objects(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.plane = ControlPlane(nodes=nodes()).start()
        cls.api = cls.plane.api
        cls.daemon = KubeDaemon(cls.plane.kubeconfig, OFFERS).start()
        for name in ("gpu-01", "gpu-02", "gpu-03"):
            cls.daemon.await_ready_node(name)
        cls.daemon.until(lambda: len(cls.daemon.items("chutes")) == 4, 20, "the market")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()
        cls.plane.stop()

    def run_one(self, chute_name, server):
        """Deploys, waits until it serves, reads Service and Job, and ends it when the test is over."""
        deployment = self.daemon.json("deploy", "-c", chute_name, "-s", server)["deploymentId"]
        self.addCleanup(lambda: (self.daemon.cli("undeploy", "-i", deployment), self.daemon.await_gone(deployment)))
        row = self.daemon.await_phase(deployment)
        return row, self.api.get(f"{CHUTES}/services/chute-service-{deployment}"), self.api.get(f"{JOBS}/chute-{deployment}")

    def assert_service(self, service, row, chute, numbers):
        self.assertEqual({"chutes/deployment-id": row["id"], "chutes/chute": "true", "chutes/chute-id": chute, "chutes/version": VERSION, "app.kubernetes.io/managed-by": "rigger"},
                         service["metadata"]["labels"])
        spec = service["spec"]
        self.assertEqual(("NodePort", "Local", {"chutes/deployment-id": row["id"]}), (spec["type"], spec["externalTrafficPolicy"], spec["selector"]))
        self.assertEqual([{"name": f"chute-{n}", "protocol": "TCP", "port": n, "targetPort": n} for n in numbers], [without(port, "nodePort") for port in spec["ports"]])
        ports = [port["nodePort"] for port in spec["ports"]]
        self.assertTrue(all(30000 <= port <= 32767 for port in ports))
        self.assertEqual(ports[0], row["port"])
        return [str(port) for port in ports]

    def container(self, job):
        return job["spec"]["template"]["spec"]["containers"][0]

    def environment(self, container):
        self.assertEqual(len(container["env"]), len({entry["name"] for entry in container["env"]}), "no name twice")
        return {entry["name"]: entry["value"] for entry in container["env"]}

    def test_a_chute_with_a_launch_token(self):
        row, service, job = self.run_one("org/model-1", "gpu-01")
        primary, logging = self.assert_service(service, row, chute_id(1), (8000, 8001))
        labels = {"chutes/deployment-id": row["id"], "chutes/chute": "true", "chutes/chute-id": chute_id(1), "chutes/version": VERSION, "chutes/config-id": row["configId"],
                  "app.kubernetes.io/managed-by": "rigger"}
        self.assertEqual(labels, without(job["metadata"]["labels"], "controller-uid", "job-name"))
        self.assertEqual((1, 1, 0, 300), tuple(job["spec"][key] for key in ("parallelism", "completions", "backoffLimit", "ttlSecondsAfterFinished")))
        template = job["spec"]["template"]
        self.assertEqual(labels, without(template["metadata"]["labels"], "controller-uid", "job-name"))
        self.assertEqual({"prometheus.io/scrape": "true", "prometheus.io/path": "/_metrics", "prometheus.io/port": "8000"}, template["metadata"]["annotations"])
        pod = template["spec"]
        self.assertEqual(("Never", 180, "gpu-01", "nvidia", {"runAsUser": 1000, "runAsGroup": 1000}),
                         tuple(pod[key] for key in ("restartPolicy", "terminationGracePeriodSeconds", "nodeName", "runtimeClassName", "securityContext")))
        self.assertEqual([{"name": "cache", "hostPath": {"path": "/var/snap/cache/" + chute_id(1), "type": "DirectoryOrCreate"}},
                          {"name": "raw-cache", "hostPath": {"path": "/var/snap/cache", "type": "DirectoryOrCreate"}},
                          {"name": "tmp", "emptyDir": {"sizeLimit": "10Gi"}}, {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}}], pod["volumes"])
        devices = ",".join(sorted(DEVICES))
        init, = pod["initContainers"]
        self.assertEqual(("cache-init", "parachutes/cache-cleaner:latest", "Always", {"runAsUser": 0, "runAsGroup": 0}, [{"name": "raw-cache", "mountPath": "/cache"}]),
                         tuple(init[key] for key in ("name", "image", "imagePullPolicy", "securityContext", "volumeMounts")))
        self.assertEqual({"CLEANUP_EXCLUDE": chute_id(1), "HF_HOME": "/cache", "CIVITAI_HOME": "/cache/civitai", "CACHE_MAX_AGE_DAYS": "7", "CACHE_MAX_SIZE_GB": "500",
                          "NVIDIA_VISIBLE_DEVICES": devices}, self.environment(init))
        self.assertEqual(1, len(pod["containers"]))
        main = self.container(job)
        self.assertEqual(("chute", "5cataloguevalidatorhotkey.localregistry.chutes.ai:30500/org/vllm:0.10", "Always"), tuple(main[key] for key in ("name", "image", "imagePullPolicy")))
        self.assertEqual(["chutes", "run", "model:chute", "--port", "8000", "--miner-ss58", HOTKEY, "--validator-ss58", "5CatalogueValidatorHotkey"], main["command"])
        amounts = {"cpu": "8", "memory": "158Gi", "ephemeral-storage": "10Gi"}
        self.assertEqual({"requests": amounts, "limits": amounts}, main["resources"])
        self.assertEqual([{"name": "cache", "mountPath": "/cache"}, {"name": "tmp", "mountPath": "/tmp"}, {"name": "shm", "mountPath": "/dev/shm"}], main["volumeMounts"])
        self.assertEqual({"capabilities": {"add": ["IPC_LOCK"]}}, main["securityContext"])
        self.assertEqual([{"containerPort": 8000, "protocol": "TCP"}, {"containerPort": 8001, "protocol": "TCP"}], main["ports"])
        probe = main["readinessProbe"]
        self.assertEqual({"initialDelaySeconds": 15, "periodSeconds": 15, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 60}, without(probe, "exec"))
        self.assertEqual(["/bin/sh", "-c"], probe["exec"]["command"][:2])
        self.assertRegex(probe["exec"]["command"][2], r"curl .*http://127\.0\.0\.1:8001/_alive")
        env = self.environment(main)
        self.assertTrue(env.pop("CHUTES_LAUNCH_JWT"))
        self.assertEqual({**NCCL, **REMOTE, "NVIDIA_VISIBLE_DEVICES": devices, "CHUTES_NVIDIA_DEVICES": devices, "CHUTES_PORT_PRIMARY": primary, "CHUTES_PORT_LOGGING": logging,
                          "CHUTES_EXTERNAL_HOST": "203.0.113.7"}, env)

    def test_a_chute_of_an_old_runtime_gets_its_code_as_a_file(self):
        row, service, job = self.run_one("org/coded", "gpu-02")
        self.assert_service(service, row, CODED["chute_id"], (8000, 8001))
        code = self.api.get(f"{CHUTES}/configmaps/{CODE_MAP}")
        self.assertEqual({"chutes/chute-id": CODED["chute_id"], "chutes/version": VERSION, "chutes/code": "true", "app.kubernetes.io/managed-by": "rigger"}, code["metadata"]["labels"])
        self.assertEqual({"app.py": CODED["code"]}, code["data"])
        pod = job["spec"]["template"]["spec"]
        self.assertEqual({"name": CODE_MAP}, {k: v for k, v in pod["volumes"][0]["configMap"].items() if k == "name"})
        self.assertEqual("code", pod["volumes"][0]["name"])
        self.assertEqual({"name": "code", "mountPath": "/app/app.py", "subPath": "app.py"}, self.container(job)["volumeMounts"][0])

    def test_a_tee_chute_has_a_port_for_attestation_and_its_servers_validator(self):
        row, service, job = self.run_one("org/model-3", "gpu-03")
        ports = self.assert_service(service, row, chute_id(3), (8000, 8001, 8002))
        main = self.container(job)
        env = self.environment(main)
        self.assertEqual(ports, [env["CHUTES_PORT_PRIMARY"], env["CHUTES_PORT_LOGGING"], env["CHUTES_PORT_ATTESTATION"]])
        self.assertEqual(("1", "1"), (env["HF_HUB_DISABLE_XET"], env["HF_HUB_ENABLE_HF_TRANSFER"]))
        self.assertEqual([8000, 8001, 8002], [port["containerPort"] for port in main["ports"]])
        self.assertEqual("5Validator", main["command"][-1])
        self.assertNotIn("code", [volume["name"] for volume in job["spec"]["template"]["spec"]["volumes"]])

    def test_a_node_that_only_counts_its_gpus_serves_with_the_drivers_indices(self):
        row, _, job = self.run_one("org/model-4", "gpu-02")
        self.assertEqual(3, len(row["gpus"]))
        self.assertEqual("0,1,2", self.environment(self.container(job))["NVIDIA_VISIBLE_DEVICES"])
        gpus = [gpu for gpu in self.daemon.items("gpus") if gpu["serverName"] == "gpu-02"]
        self.assertEqual(4, len(gpus))
        self.assertEqual({"h100_sxm"}, {gpu["model"] for gpu in gpus}, "the model follows from the product's name")

    def test_the_documented_network_policies_are_accepted_and_cover_each_pod_once(self):
        manifest = ROOT / "docs/operators/kubernetes-network-policies.yaml"
        subprocess.run([str(self.plane.bin / "kubectl"), f"--kubeconfig={self.plane.kubeconfig}", "apply", "-f", str(manifest)], check=True, capture_output=True, timeout=60)
        policies = {item["metadata"]["name"]: item["spec"] for item in self.api.items("/apis/networking.k8s.io/v1/namespaces/chutes/networkpolicies")}
        chutes, jobs = policies["chutes-network-policy"], policies["chutes-job-network-policy"]
        self.assertEqual([8000, 8001, 8002], [port["port"] for port in chutes["ingress"][0]["ports"]])
        self.assertEqual(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"], chutes["egress"][1]["to"][0]["ipBlock"]["except"])
        self.assertEqual([{"key": "chutes/job", "operator": "NotIn", "values": ["true"]}], chutes["podSelector"]["matchExpressions"])
        self.assertEqual({"chutes/chute": "true", "chutes/job": "true"}, jobs["podSelector"]["matchLabels"])

    def test_what_nodes_say_is_shown(self):
        self.daemon.await_ready_node("gpu-01")
        rows = {row["nodeName"]: row for row in self.daemon.items("nodes")}
        self.assertEqual({"gpu-01", "gpu-02", "gpu-03"}, set(rows), "a node without the label is no server")
        self.assertEqual(("203.0.113.7", "Ready", 2000.0, 2, 1.85), tuple(rows["gpu-01"][key] for key in ("ipAddress", "status", "diskTotalGb", "gpuCount", "hourlyCost")))
        self.assertIn("chutes/worker=true", self.daemon.cli("status", "-o", "json").stdout, "but its owner hears of it")


if __name__ == "__main__":
    main()
