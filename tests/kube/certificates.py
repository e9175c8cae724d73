"""A certificate authority for one test control plane, by means of the openssl tool. Keys are P-256: making one takes milliseconds."""
import pathlib
import subprocess
import time


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.strip()[-300:]}")


def new_key(path):
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(path))


class Authority:
    """Files in `directory`: ca.crt, ca.key and, per certificate, NAME.crt and NAME.key."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.certificate = self.directory / "ca.crt"
        new_key(self.directory / "ca.key")
        _openssl("req", "-x509", "-new", "-key", str(self.directory / "ca.key"), "-out", str(self.certificate), "-days", "30", "-subj", "/CN=test-ca")

    def server(self, name, hosts=("IP:127.0.0.1", "DNS:localhost")):
        return self._issue(name, f"/CN={name}", f"subjectAltName={','.join(hosts)}\nextendedKeyUsage=serverAuth,clientAuth")

    def client(self, name, group=None, days=30):
        """`days` below 0: it has expired."""
        return self._issue(name, (f"/O={group}" if group else "") + f"/CN={name}", "extendedKeyUsage=clientAuth", days)

    def brief_client(self, name, group, seconds):
        """A client certificate that ends in so many seconds."""
        certificate, key = self.client(name, group)
        database = self.directory / "issued"
        database.touch()
        policy = self.directory / "brief.conf"
        policy.write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={database}\nnew_certs_dir={self.directory}\nunique_subject=no\ndefault_md=sha256\npolicy=p\nrand_serial=yes\n"
                          "[p]\norganizationName=optional\ncommonName=supplied\n")
        moment = lambda after: time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + after))  # noqa: E731
        _openssl("ca", "-batch", "-notext", "-config", str(policy), "-cert", str(self.certificate), "-keyfile", str(self.directory / "ca.key"), "-in", str(self.directory / f"{name}.csr"),
                 "-out", str(certificate), "-extfile", str(self.directory / f"{name}.ext"), "-startdate", moment(-60), "-enddate", moment(seconds))
        return certificate, key

    def _issue(self, name, subject, extensions, days=30):
        key, request, certificate, config = (self.directory / f"{name}.{kind}" for kind in ("key", "csr", "crt", "ext"))
        new_key(key)
        config.write_text(extensions)
        _openssl("req", "-new", "-key", str(key), "-out", str(request), "-subj", subject)
        _openssl("x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self.directory / "ca.key"), "-CAcreateserial", "-days", str(days),
                 "-out", str(certificate), "-extfile", str(config))
        return certificate, key
