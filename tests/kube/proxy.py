"""A proxy before an API server that breaks its answers off where a test says so. It speaks TLS by a certificate of the same authority."""
import contextlib
import http.client
import json
import re
import socket
import ssl
import threading

import tls_server

CUT, REFUSED, GONE = "cut", "refused", "gone"
STATUS = {REFUSED: (500, "InternalError", "etcdserver: request timed out"), GONE: (410, "Expired", "too old resource version")}


class Proxy:
    """`trouble`: called with (method, path) before a request goes on; None: it passes. CUT: half of the answer, then the connection closes. REFUSED: 500.
    GONE: 410. `page`: the API server gives no more than so many objects at once, whatever is asked for."""

    def __init__(self, plane, page):
        self.plane, self.page = plane, page
        self.trouble = lambda method, path: None
        self.troubled = 0  # requests that met with trouble
        self.watches, self.lock = set(), threading.Lock()
        self.context = ssl.create_default_context(cafile=str(plane.authority.certificate))
        proxy = self

        class Handler(tls_server.Handler):
            def serve(self):
                proxy.serve(self)
            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve

        self.server = tls_server.start(plane.authority, "proxy", Handler)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.end_watches()

    def end_watches(self):
        with self.lock:
            ended, self.watches = self.watches, set()
        for connection in ended:
            with contextlib.suppress(OSError, AttributeError):  # it may end by itself this moment
                connection.sock.shutdown(socket.SHUT_RDWR)

    def serve(self, request):
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length)
        trouble = self.trouble(request.command, request.path)
        if trouble:
            with self.lock:
                self.troubled += 1
        if trouble in STATUS:
            code, reason, message = STATUS[trouble]
            text = json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message}).encode()
            self.begin(request, code, {"Content-Type": "application/json", "Content-Length": str(len(text))})
            request.wfile.write(text)
            return
        self.pass_on(request, body, trouble == CUT)

    def pass_on(self, request, body, cut):
        upstream = http.client.HTTPSConnection("127.0.0.1", self.plane.port, context=self.context, timeout=None)
        try:
            path = re.sub(r"limit=\d+", f"limit={self.page}", request.path)
            headers = {key: request.headers[key] for key in ("Authorization", "Content-Type", "Accept") if key in request.headers}
            upstream.request(request.command, path, body or None, headers)
            if "watch=1" in path:
                with self.lock:
                    self.watches.add(upstream)
            answer = upstream.getresponse()
            self.begin(request, answer.status, {"Content-Type": answer.headers.get("Content-Type", "application/json"), "Transfer-Encoding": "chunked"})
            if cut:
                whole = answer.read()
                self.chunk(request, whole[:len(whole) // 2])
                request.close_connection = True
                return
            while part := answer.read1(65536):
                self.chunk(request, part)
            request.wfile.write(b"0\r\n\r\n")
        except (OSError, ValueError, http.client.HTTPException):  # either side went away
            request.close_connection = True
        finally:
            with self.lock:
                self.watches.discard(upstream)
            upstream.close()

    @staticmethod
    def begin(request, code, headers):
        request.send_response(code)
        for key, value in headers.items():
            request.send_header(key, value)
        request.end_headers()

    @staticmethod
    def chunk(request, part):
        request.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        request.wfile.flush()
