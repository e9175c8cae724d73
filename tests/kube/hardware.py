"""What hollow nodes lack, behind one HTTPS server: a size (their kubelets report one core and no disk, so an admission webhook corrects what they
report), containers that do anything (init containers never end, so the same webhook writes the fate of a pod into what its kubelet reports of it) and
container logs (the fake runtime keeps none, so the API server is sent here for them; the lines come from files that a test writes)."""
import base64
import json
import pathlib
import threading
import time
import urllib.parse

import fates
import tls_server


class Hardware:
    """Logs: DIRECTORY/NAMESPACE/POD.log; without such a file a pod has said three lines."""

    def __init__(self, authority, directory, node_sizes):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.node_sizes = node_sizes  # name -> capacity
        self.on_write = None  # called with (operation, resource) while the API server carries out a write that write_hook() watches
        self.fates = {}  # deployment id -> a function of fates.py; without an entry a pod with init containers runs
        self.ca_bundle = base64.b64encode(authority.certificate.read_bytes()).decode()
        hardware = self

        class Handler(tls_server.Handler):
            def do_POST(self):
                hardware.admit(self)

            def do_GET(self):
                hardware.show_logs(self)

        self.stopping = threading.Event()
        self.server = tls_server.start(authority, "hardware", Handler)
        self.port = self.server.server_address[1]

    def stop(self):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    def webhook(self):
        return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {"name": "hollow-hardware"},
                "webhooks": [{"name": "hardware.test.local", "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore", "timeoutSeconds": 5,
                              "clientConfig": {"url": f"https://127.0.0.1:{self.port}/admit", "caBundle": self.ca_bundle},
                              "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["nodes", "nodes/status"]},
                                        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["pods/status"]}]}]}

    def write_hook(self):
        """Watches, and never refuses, the creation and the deletion of workload objects."""
        return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "write-hook"},
                "webhooks": [{"name": "writes.test.local", "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore", "timeoutSeconds": 5,
                              "clientConfig": {"url": f"https://127.0.0.1:{self.port}/admit", "caBundle": self.ca_bundle},
                              "rules": [{"apiGroups": ["", "batch"], "apiVersions": ["v1"], "operations": ["CREATE", "DELETE"], "resources": ["services", "configmaps", "jobs"]}]}]}

    def admit(self, request):
        review = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        wanted = review["request"]
        answer = {"uid": wanted["uid"], "allowed": True}
        resource = wanted["resource"]["resource"]
        if resource in ("services", "configmaps", "jobs"):
            if self.on_write:
                self.on_write(wanted["operation"], resource)
            self._answer(request, review, answer)
            return
        status = self.pod_status(wanted["object"]) if resource == "pods" else self.node_status(wanted["object"])
        if status:
            patch = [{"op": "add", "path": "/status", "value": status}]
            answer.update(patchType="JSONPatch", patch=base64.b64encode(json.dumps(patch).encode()).decode())
        self._answer(request, review, answer)

    def _answer(self, request, review, answer):
        self._send(request, json.dumps({"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": answer}).encode(), "application/json")

    def node_status(self, node):
        size = self.node_sizes.get(node["metadata"]["name"])
        if not size:
            return None
        status = node.get("status", {})
        return {**status, "capacity": {**status.get("capacity", {}), **size}, "allocatable": {**status.get("allocatable", {}), **size},
                "daemonEndpoints": {"kubeletEndpoint": {"Port": self.port}}, "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}]}

    def pod_status(self, pod):
        fate = self.fates.get(pod["metadata"].get("labels", {}).get("chutes/deployment-id"))
        if not fate and pod["spec"].get("initContainers"):
            fate = fates.running
        return fate(pod) if fate else None

    @staticmethod
    def _send(request, body, content_type):
        request.send_response(200)
        request.send_header("Content-Type", content_type)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def lines(self, namespace, pod):
        file = self.directory / namespace / f"{pod}.log"
        return file.read_text().splitlines() if file.exists() else [f"line {n} of {pod}" for n in (1, 2, 3)]

    def show_logs(self, request):
        url = urllib.parse.urlsplit(request.path)
        parts = url.path.strip("/").split("/")
        if parts[0] != "containerLogs" or len(parts) != 4:
            request.send_error(404)
            return
        options = dict(urllib.parse.parse_qsl(url.query))
        lines = self.lines(parts[1], parts[2])
        shown = len(lines)
        if options.get("tailLines"):
            lines = lines[max(0, shown - int(options["tailLines"])):]
        text = "".join(line + "\n" for line in lines)
        if options.get("follow") != "true":
            self._send(request, text.encode(), "text/plain")
            return
        request.send_response(200)
        request.send_header("Content-Type", "text/plain")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        try:
            while not self.stopping.is_set():
                if text:
                    request.wfile.write(b"%x\r\n%s\r\n" % (len(text.encode()), text.encode()))
                    request.wfile.flush()
                time.sleep(0.05)
                now = self.lines(parts[1], parts[2])
                text = "".join(line + "\n" for line in now[shown:])
                shown = len(now)
        except OSError:
            pass  # the reader went away
