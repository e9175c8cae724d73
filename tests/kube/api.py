"""The API server as a test speaks to it: JSON over TLS with a bearer token, one connection per thread."""
import contextlib
import http.client
import json
import ssl
import threading
import urllib.parse


class ApiError(AssertionError):
    def __init__(self, method, path, status, body):
        super().__init__(f"{method} {path} -> {status}: {body[:600]}")
        self.status = status


class Api:
    def __init__(self, port, authority, token):
        self.port, self.token = port, token
        self.context = ssl.create_default_context(cafile=str(authority))
        self.local = threading.local()

    def _connection(self, timeout):
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=timeout)
        return connection

    def forget(self):
        connection = getattr(self.local, "connection", None)
        if connection is not None:
            connection.close()
        self.local.connection = None

    def text(self, method, path, body=None, content_type="application/json", timeout=30):
        """The answer's text. OSError when the server is not there; ApiError when it refuses."""
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": content_type}
        data = None if body is None else json.dumps(body).encode()
        try:
            connection = self._connection(timeout)
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except http.client.HTTPException as error:
            self.forget()
            raise OSError(str(error)) from error
        except OSError:
            self.forget()
            raise
        if answer.status >= 400:
            raise ApiError(method, path, answer.status, text)
        return text

    def get(self, path):
        return json.loads(self.text("GET", path))

    def create(self, path, body):
        return json.loads(self.text("POST", path, body))

    def replace(self, path, body):
        return json.loads(self.text("PUT", path, body))

    def patch(self, path, body, kind="merge"):
        return json.loads(self.text("PATCH", path, body, f"application/{kind}-patch+json"))

    def delete(self, path, **options):
        return json.loads(self.text("DELETE", path, {"kind": "DeleteOptions", "apiVersion": "v1", **options} if options else None))

    def items(self, path, **query):
        return self.get(path + ("?" + urllib.parse.urlencode(query) if query else ""))["items"]

    def exists(self, path):
        try:
            self.get(path)
            return True
        except ApiError as error:
            if error.status == 404:
                return False
            raise

    @contextlib.contextmanager
    def stream(self, path):
        """An answer that does not end, on a connection of its own."""
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=60)) as connection:
            connection.request("GET", path, headers={"Authorization": "Bearer " + self.token})
            with connection.getresponse() as answer:
                yield answer
