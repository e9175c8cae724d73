"""An HTTPS server on a loopback port of the kernel's choice, with a certificate of the test's own authority."""
import http.server
import ssl
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Keeps its connections and logs nothing; subclasses answer."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


def start(authority, name, handler):
    """Serves until shutdown() and server_close(); server_address[1] is the port. NAME is the certificate's."""
    certificate, key = authority.server(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a peer that is killed breaks its connections
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
