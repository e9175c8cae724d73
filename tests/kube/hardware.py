"""What hollow nodes lack, behind one HTTPS server: a size (their kubelets report one core and no disk, so an admission webhook corrects what they
report) and container logs (the fake runtime keeps none, so the API server is sent here for them; the lines come from files that a test writes)."""
import base64
import http.server
import json
import pathlib
import ssl
import threading
import time
import urllib.parse


class Hardware:
    """Logs: DIRECTORY/NAMESPACE/POD.log; without such a file a pod has said three lines."""

    def __init__(self, authority, directory, node_sizes):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.node_sizes = node_sizes  # name -> capacity
        self.ca_bundle = base64.b64encode(authority.certificate.read_bytes()).decode()
        certificate, key = authority.server("hardware")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        hardware = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                hardware.admit(self)

            def do_GET(self):
                hardware.show_logs(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.stopping = threading.Event()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    def webhook(self):
        return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {"name": "hollow-hardware"},
                "webhooks": [{"name": "hardware.test.local", "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore", "timeoutSeconds": 5,
                              "clientConfig": {"url": f"https://127.0.0.1:{self.port}/admit", "caBundle": self.ca_bundle},
                              "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["nodes", "nodes/status"]}]}]}

    def admit(self, request):
        review = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        wanted = review["request"]
        answer = {"uid": wanted["uid"], "allowed": True}
        size = self.node_sizes.get(wanted["object"]["metadata"]["name"])
        if size:
            status = wanted["object"].get("status", {})
            sizes = {"capacity": {**status.get("capacity", {}), **size}, "allocatable": {**status.get("allocatable", {}), **size}}
            patch = [{"op": "add", "path": "/status", "value": {**status, **sizes, "daemonEndpoints": {"kubeletEndpoint": {"Port": self.port}},
                                                                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}]}}]
            answer.update(patchType="JSONPatch", patch=base64.b64encode(json.dumps(patch).encode()).decode())
        self._send(request, json.dumps({"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": answer}).encode(), "application/json")

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
