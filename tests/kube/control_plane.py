"""A real Kubernetes control plane on loopback ports: etcd, kube-apiserver, kube-controller-manager, kube-scheduler and hollow nodes.

The programs come from the directory that KUBEBUILDER_ASSETS names, or from /var/cache/kube-assets. Every control plane has its own directory,
certificates and ports, so that several stand side by side (one per cluster of the k3s backend). Tests that share one take a namespace each.

Components: "etcd", "apiserver", "controller-manager", "scheduler", and one per node by the node's name.
"""
import json
import os
import pathlib
import secrets
import shutil
import tempfile
import urllib.request

from api import Api, ApiError
from certificates import Authority
from hardware import Hardware
from processes import Component, free_port, until

SHARED_SOCKET = "/tmp/kubelet_remote.sock"  # of every hollow kubelet on the machine: one that begins takes it from the others, who may be beginning too
NEEDED = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubemark")
CONTROLLERS = "garbagecollector,job,namespace,nodelifecycle,podgc,serviceaccount,serviceaccount-token,ttl-after-finished"


def assets():
    """The directory of the programs, or None: then the Kubernetes tests are skipped."""
    directory = pathlib.Path(os.environ.get("KUBEBUILDER_ASSETS") or "/var/cache/kube-assets")
    return directory if all(os.access(directory / name, os.X_OK) for name in NEEDED) else None


SKIPPED = "no Kubernetes control plane: KUBEBUILDER_ASSETS names no directory with " + ", ".join(NEEDED)


def gpu_node(name, model="h100_sxm", gpus=8, hourly_cost=1.85, vram_mb=81559, cpu=128, memory_gb=1024, disk_gb=2000, validator="", address="203.0.113.10"):
    """A GPU server as provisioning leaves it: size, labels (spec 7.2 and 7.5) and what rigger's operator annotates."""
    ids = [f"{name}-gpu-{i}".encode().hex()[-32:].rjust(32, "0") for i in range(gpus)]
    labels = {"chutes/worker": "true", "chutes/external-ip": address, "gpu-short-ref": model, "nvidia.com/gpu.count": str(gpus),
              "nvidia.com/gpu.memory": str(vram_mb), "nvidia.com/gpu.present": "true"}
    if validator:
        labels["chutes/validator"] = validator
    return {"name": name, "labels": labels,
            "annotations": {"rigger.dev/hourly-cost": str(hourly_cost), "rigger.dev/gpus": json.dumps([{"id": i, "model": model, "verified": True} for i in ids])},
            "size": {"cpu": str(cpu), "memory": f"{memory_gb}Gi", "ephemeral-storage": f"{disk_gb}Gi", "nvidia.com/gpu": str(gpus), "pods": "110"}}


class ControlPlane:
    """with ControlPlane(nodes=[gpu_node("gpu-01")]) as plane: plane.api.items("/api/v1/nodes")"""

    def __init__(self, name="test", nodes=(), scheduler=True, controllers=True, audit=False, directory=None):
        self.bin = assets()
        if self.bin is None:
            raise RuntimeError(SKIPPED)
        self.name, self.nodes = name, list(nodes)
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="kube-"))
        self.logs = self.directory / "log"
        self.logs.mkdir(parents=True)
        self.authority = Authority(self.directory / "certs")
        self.admin_token, self.miner_token = secrets.token_hex(16), secrets.token_hex(16)
        self.port, self.etcd_port = free_port(), free_port()
        self.server = f"https://127.0.0.1:{self.port}"
        self.api = Api(self.port, self.authority.certificate, self.admin_token)
        self.audit_log = self.directory / "audit.log" if audit else None
        self.hardware = None
        self.kubeconfig = self.write_kubeconfig("admin", {"token": self.admin_token})
        self._begun_again = 0
        self.components = {}
        self._lay_out(scheduler, controllers)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # --- life ---------------------------------------------------------------------------------------------------------
    def start(self):
        try:
            self.components["etcd"].start()
            self._await_etcd()
            self.start_component("apiserver")
            if self.nodes:
                sizes = {node["name"]: node["size"] for node in self.nodes}
                self.hardware = Hardware(self.authority, self.directory / "pod-logs", sizes)
                self.api.create("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", self.hardware.webhook())
            for name, component in self.components.items():
                if name not in ("etcd", "apiserver"):
                    component.start()
            self.furnish()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        for component in reversed(list(self.components.values())):
            component.kill()
        if self.hardware:
            self.hardware.stop()
        self.api.forget()
        shutil.rmtree(self.directory, ignore_errors=True)

    def furnish(self):
        """Waits for the nodes and dresses them as provisioning would."""
        for node in self.nodes:
            path = "/api/v1/nodes/" + node["name"]
            self._until(lambda: self.api.exists(path), 240, f"node {node['name']} to register")
            self.api.patch(path, {"metadata": {"labels": node["labels"], "annotations": node["annotations"]}})
        for node in self.nodes:
            self.await_ready(node["name"])
        for namespace in ("chutes",):
            if not self.api.exists("/api/v1/namespaces/" + namespace):
                self.make_namespace(namespace)
        runtimes = "/apis/node.k8s.io/v1/runtimeclasses"
        if not self.api.exists(runtimes + "/nvidia"):  # as the GPU operator brings it; "docker" is what the hollow kubelet has
            self.api.create(runtimes, {"metadata": {"name": "nvidia"}, "handler": "docker"})

    def node_ready(self, name):
        node = self.api.get("/api/v1/nodes/" + name)
        sized = node["status"].get("capacity", {}).get("ephemeral-storage", "0") not in ("0",)
        taints = [taint["key"] for taint in node["spec"].get("taints", [])]
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))
        return ready and sized and "node.kubernetes.io/not-ready" not in taints

    def await_ready(self, name, seconds=240):
        self._until(lambda: self.node_ready(name), seconds, f"node {name} to be ready")

    # --- single components --------------------------------------------------------------------------------------------
    def kill(self, name):
        self.components[name].kill()
        self.api.forget()

    def start_component(self, name):
        self.components[name].start()
        if name == "etcd":
            self._await_etcd()
        if name == "apiserver":
            self._until(lambda: self.api.text("GET", "/readyz", timeout=10) == "ok", 240, "the API server to be ready")

    def pause(self, name):
        self.components[name].pause()

    def resume(self, name):
        self.components[name].resume()

    def compact(self):
        """Forgets the history of every object: a watch that resumes from before gets 410 Gone once the API server's own memory is gone, too."""
        revision = self._etcd("/v3/kv/range", {"key": "Lw=="})["header"]["revision"]
        self._etcd("/v3/kv/compaction", {"revision": revision, "physical": True})

    def seal(self, deployment, fate):
        """The pods of a deployment, those there and those to come, get the fate (of fates.py; None: the usual one)."""
        self.hardware.fates[deployment] = fate
        for pod in self.api.items("/api/v1/namespaces/chutes/pods", labelSelector="chutes/deployment-id=" + deployment):
            # Any write of the status passes the webhook, which says the rest.
            self.api.patch(f"/api/v1/namespaces/chutes/pods/{pod['metadata']['name']}/status", {"status": {"message": "sealed"}})

    # --- what tests need again and again ------------------------------------------------------------------------------
    def make_namespace(self, name):
        return self.api.create("/api/v1/namespaces", {"metadata": {"name": name}})

    def service_account(self, name, rules, namespace_rules=None, namespace="chutes"):
        """A token that may do what the rules say: cluster-wide ones, and those of the namespace."""
        self.api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})
        subject = [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]
        base = "/apis/rbac.authorization.k8s.io/v1"
        self.api.create(f"{base}/clusterroles", {"metadata": {"name": name}, "rules": rules})
        self.api.create(f"{base}/clusterrolebindings", {"metadata": {"name": name}, "subjects": subject, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}})
        if namespace_rules:
            self.api.create(f"{base}/namespaces/{namespace}/roles", {"metadata": {"name": name}, "rules": namespace_rules})
            self.api.create(f"{base}/namespaces/{namespace}/rolebindings", {"metadata": {"name": name}, "subjects": subject, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}})
        return self.new_token(name, namespace)

    def new_token(self, account, namespace="chutes"):
        """Valid until the account is deleted."""
        answer = self.api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token", {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": []}})
        return answer["status"]["token"]

    def write_kubeconfig(self, file_name, user, context=None):
        """A kubeconfig with one context; `user` is its user entry, such as {"token": ...} or {"tokenFile": ...}. JSON is YAML."""
        context = context or self.name
        path = self.directory / f"{file_name}.kubeconfig"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": context,
            "clusters": [{"name": self.name, "cluster": {"server": self.server, "certificate-authority": str(self.authority.certificate)}}],
            "users": [{"name": file_name, "user": user}],
            "contexts": [{"name": context, "context": {"cluster": self.name, "user": file_name, "namespace": "chutes"}}]}, indent=1))
        path.chmod(0o600)
        return path

    def describe(self):
        return {"name": self.name, "server": self.server, "port": self.port, "directory": str(self.directory), "kubeconfig": str(self.kubeconfig), "certificateAuthority": str(self.authority.certificate),
                "adminToken": self.admin_token, "nodes": [node["name"] for node in self.nodes], "components": list(self.components), "podLogs": str(self.directory / "pod-logs")}

    # --- command lines ------------------------------------------------------------------------------------------------
    def _add(self, name, program, *arguments):
        # Garbage is collected late: a machine with two cores has better to do.
        self.components[name] = Component(name, [self.bin / program, *arguments], self.logs, {"GOGC": "200", "ETCD_UNSUPPORTED_ARCH": ""})

    def _lay_out(self, scheduler, controllers):
        client, peer = (f"http://127.0.0.1:{port}" for port in (self.etcd_port, free_port()))
        self._add("etcd", "etcd", f"--data-dir={self.directory}/etcd", "--unsafe-no-fsync", f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
                  f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}")
        self._add("apiserver", "kube-apiserver", *self._apiserver_flags(client))
        if controllers:
            self._add("controller-manager", "kube-controller-manager", f"--kubeconfig={self.kubeconfig}", f"--service-account-private-key-file={self.directory}/certs/apiserver.key", f"--root-ca-file={self.authority.certificate}",
                      "--leader-elect=false", "--feature-gates=TTLAfterFinished=true", "--port=0", f"--secure-port={free_port()}", f"--controllers={CONTROLLERS}",
                      "--node-monitor-period=1s", "--node-monitor-grace-period=20s", f"--cert-dir={self.directory}/kcm")
        if scheduler:
            self._add("scheduler", "kube-scheduler", f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", "--port=0", f"--secure-port={free_port()}", f"--cert-dir={self.directory}/scheduler")
        scratch = self.directory / "tmp"  # a kubelet that is killed leaves its root directory behind; here it goes with the rest
        scratch.mkdir()
        for node in self.nodes:
            self._add(node["name"], "kubemark", "--morph=kubelet", f"--name={node['name']}", f"--kubeconfig={self.kubeconfig}", f"--kubelet-port={free_port()}", f"--kubelet-read-only-port={free_port()}")
            self.components[node["name"]].environment["TMPDIR"] = str(scratch)

    def _apiserver_flags(self, etcd):
        certificate, key = self.authority.server("apiserver", ("IP:127.0.0.1", "IP:10.0.0.1", "DNS:localhost", "DNS:kubernetes.default"))
        tokens = self.directory / "certs/tokens.csv"
        tokens.write_text(f'{self.admin_token},admin,admin,"system:masters"\n{self.miner_token},miner,miner,"miners"\n')
        flags = [f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={self.port}", "--insecure-port=0", f"--tls-cert-file={certificate}",
                 f"--tls-private-key-file={key}", f"--client-ca-file={self.authority.certificate}", f"--token-auth-file={tokens}", f"--service-account-key-file={key}",
                 f"--service-account-signing-key-file={key}", "--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/16",
                 "--allow-privileged=true", "--disable-admission-plugins=ServiceAccount", "--feature-gates=TTLAfterFinished=true", "--event-ttl=1h", "--profiling=false"]
        if self.audit_log:
            policy = self.directory / "audit-policy.yaml"
            policy.write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived, ResponseStarted]\nrules: [{level: Metadata}]\n")
            flags += [f"--audit-policy-file={policy}", f"--audit-log-path={self.audit_log}"]
        return flags

    # --- helpers ------------------------------------------------------------------------------------------------------
    def _etcd(self, path, body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.etcd_port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def _await_etcd(self):
        self._until(lambda: self._etcd("/v3/kv/range", {"key": "Lw=="}), 120, "etcd to answer")

    def _until(self, condition, seconds, what):
        """A component that ended, or an answer other than yes, is said at once or in the end."""
        def checked():
            for component in self.components.values():
                if component.process is not None and component.process.poll() not in (None, -9):
                    if SHARED_SOCKET in component.last_lines() and self._begun_again < 20:
                        self._begun_again += 1
                        component.start()
                        continue
                    raise AssertionError(f"{component.name} ended with {component.process.returncode}:\n{component.last_lines()}")
            try:
                return condition()
            except ApiError:
                return None
        return until(checked, seconds, what)
