# SPDX-License-Identifier: Apache-2.0
"""One MinIO server on a free port, with a bucket and a temporary key triple by STS AssumeRole."""
import os
import pathlib
import shutil
import subprocess
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree

from . import certificates, process, sigv4

BUILD = "7aac2a2c5b7c"
REGION = "us-east-1"
ROOT_USER = "sluiceroot"
ROOT_PASSWORD = "root-canary-91b2d7"


class Minio:
    """Started by the constructor, stopped by close(). `env()` is what a program needs to reach it with the triple."""

    def __init__(self, tls: bool = False, bucket: str = "hwe-test", detached: bool = False,
                 folder: pathlib.Path | None = None):
        self.program = process.CACHE / f"minio-{BUILD}" / "minio"
        if not self.program.exists():
            raise process.ServerMissing("no MinIO: tools/deps.sh test")
        self.folder = folder or process.temporary_folder("s3")
        self.detached, self.bucket = detached, bucket
        (self.port,) = process.free_ports(1)
        self.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.ca_file: pathlib.Path | None = None
        if tls:
            certs = self.folder / "certs"
            certificates.make_authority(certs, "sluice S3 test CA")
            certificates.make_server_certificate(certs)
            shutil.copy(certs / "server.key", certs / "private.key")
            shutil.copy(certs / "server.crt", certs / "public.crt")
            self.ca_file = certs / "ca.crt"
        self.child: subprocess.Popen | None = None
        self.start()
        self.access_key, self.secret_key, self.token = self.assume_role()

    def _client(self, access: str, secret: str, token: str | None = None) -> sigv4.Client:
        return sigv4.Client(self.endpoint, REGION, access, secret, token, self.ca_file and str(self.ca_file))

    def start(self) -> None:
        log = self.folder / "server.log"
        env = {**os.environ, "HOME": str(self.folder), "MINIO_ROOT_USER": ROOT_USER, "MINIO_ROOT_PASSWORD": ROOT_PASSWORD,
               "MINIO_REGION": REGION, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off", "MINIO_CALLHOME_ENABLE": "off"}
        self.child = process.spawn(
            [self.program, "server", "--quiet", "--address", f"127.0.0.1:{self.port}", "--certs-dir",
             self.folder / "certs", self.folder / "data"], log, env, self.detached)
        process.wait_for_port(self.port, self.child, 30, log)
        self.root = self._client(ROOT_USER, ROOT_PASSWORD)
        deadline = time.monotonic() + 60
        # It says it is ready before its users are there; a bucket can be made only when all is.
        while self.root.request("PUT", f"/{self.bucket}")[0] not in (200, 409) or not self._users_are_there():
            if time.monotonic() > deadline:
                raise RuntimeError(f"MinIO did not become ready:\n{process.tail(log)}")
            time.sleep(0.1)

    def _users_are_there(self) -> bool:
        try:
            self.assume_role()
        except RuntimeError:
            return False
        return True

    def assume_role(self, seconds: int = 12 * 3600) -> tuple[str, str, str]:
        """A new access key, secret key and session token."""
        body = urllib.parse.urlencode({"Action": "AssumeRole", "Version": "2011-06-15", "DurationSeconds": seconds})
        status, reply = self.root.request("POST", "/", body=body.encode(), service="sts",
                                          headers={"content-type": "application/x-www-form-urlencoded"})
        values = {e.tag.rpartition("}")[2]: e.text for e in ElementTree.fromstring(reply).iter()}
        if status != 200:
            raise RuntimeError(f"AssumeRole: {status} {reply!r}")
        return values["AccessKeyId"], values["SecretAccessKey"], values["SessionToken"]

    def env(self) -> dict[str, str]:
        values = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": self.access_key,
                  "AWS_SECRET_ACCESS_KEY": self.secret_key, "AWS_SESSION_TOKEN": self.token}
        if self.ca_file:
            values["AWS_CA_BUNDLE"] = str(self.ca_file)
        return values

    def make_bucket(self, bucket: str) -> None:
        status, reply = self.root.request("PUT", f"/{bucket}")
        if status not in (200, 409):
            raise RuntimeError(f"cannot make bucket {bucket}: {status} {reply!r}")

    def list(self, prefix: str = "", bucket: str | None = None) -> dict[str, int]:
        """Every key below a prefix, with its size."""
        keys, token = {}, None
        while True:
            query = {"list-type": 2, "prefix": prefix, **({"continuation-token": token} if token else {})}
            status, reply = self.root.request("GET", f"/{bucket or self.bucket}", query)
            if status != 200:
                raise RuntimeError(f"list: {status} {reply!r}")
            tree = ElementTree.fromstring(reply)
            space = tree.tag.partition("}")[0] + "}" if "}" in tree.tag else ""
            for entry in tree.iter(f"{space}Contents"):
                keys[entry.findtext(f"{space}Key")] = int(entry.findtext(f"{space}Size"))
            token = tree.findtext(f"{space}NextContinuationToken")
            if not token:
                return keys

    def get(self, key: str, bucket: str | None = None) -> bytes:
        status, reply = self.root.request("GET", f"/{bucket or self.bucket}/{key}")
        if status != 200:
            raise KeyError(f"{key}: {status}")
        return reply

    def put(self, key: str, body: bytes, bucket: str | None = None) -> None:
        status, reply = self.root.request("PUT", f"/{bucket or self.bucket}/{key}", body=body)
        if status != 200:
            raise RuntimeError(f"put {key}: {status} {reply!r}")

    def delete(self, key: str, bucket: str | None = None) -> None:
        self.root.request("DELETE", f"/{bucket or self.bucket}/{key}")

    def close(self) -> None:
        if self.child:
            process.stop(self.child, 3)
        shutil.rmtree(self.folder, ignore_errors=True)
