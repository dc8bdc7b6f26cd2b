# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of our own and a server certificate for localhost, made by openssl."""
import pathlib
import subprocess


def _openssl(folder: pathlib.Path, *words: str) -> None:
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr}")


def make_authority(folder: pathlib.Path, name: str) -> None:
    """Writes ca.key and ca.crt."""
    folder.mkdir(parents=True, exist_ok=True)
    _openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-sha256",
             "-days", "3650", "-keyout", "ca.key", "-out", "ca.crt", "-subj", f"/CN={name}",
             "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def make_server_certificate(folder: pathlib.Path) -> None:
    """Writes server.key and server.crt (signed by ca.crt), and server.pem: PKCS#8 key, then the chain (Kafka's form)."""
    _openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-sha256", "-keyout", "server.key", "-out", "server.csr",
             "-subj", "/CN=localhost")
    (folder / "server.ext").write_text(
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n"
        "keyUsage=digitalSignature,keyEncipherment\nbasicConstraints=CA:FALSE\n")
    _openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
             "-days", "3650", "-sha256", "-extfile", "server.ext", "-out", "server.crt")
    _openssl(folder, "pkcs8", "-topk8", "-nocrypt", "-in", "server.key", "-out", "server.pk8")
    (folder / "server.pem").write_text("".join((folder / f).read_text() for f in ("server.pk8", "server.crt", "ca.crt")))
