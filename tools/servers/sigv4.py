# SPDX-License-Identifier: Apache-2.0
"""Requests signed by AWS Signature Version 4, with the standard library: all that the tests ask of S3 and STS."""
import datetime
import hashlib
import hmac
import http.client
import ssl
import urllib.parse


class Client:
    """Signs with one key (and session token) against one endpoint."""

    def __init__(self, endpoint: str, region: str, access_key: str, secret_key: str, token: str | None = None,
                 ca_file: str | None = None):
        self.endpoint = urllib.parse.urlsplit(endpoint)
        self.region, self.access_key, self.secret_key, self.token = region, access_key, secret_key, token
        self.ca_file = ca_file

    def _connection(self) -> http.client.HTTPConnection:
        if self.endpoint.scheme == "https":
            return http.client.HTTPSConnection(self.endpoint.netloc, timeout=30,
                                               context=ssl.create_default_context(cafile=self.ca_file))
        return http.client.HTTPConnection(self.endpoint.netloc, timeout=30)

    def request(self, method: str, path: str = "/", query: dict | None = None, body: bytes = b"",
                service: str = "s3", headers: dict | None = None) -> tuple[int, bytes]:
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        path = urllib.parse.quote(path, safe="/-_.~")
        query_text = "&".join(f"{urllib.parse.quote(k, safe='-_.~')}={urllib.parse.quote(str(v), safe='-_.~')}"
                              for k, v in sorted((query or {}).items()))
        digest = hashlib.sha256(body).hexdigest()
        signed = {"host": self.endpoint.netloc, "x-amz-content-sha256": digest, "x-amz-date": now,
                  **{k.lower(): v for k, v in (headers or {}).items()}}
        if self.token:
            signed["x-amz-security-token"] = self.token
        names = ";".join(sorted(signed))
        canonical = "\n".join([method, path, query_text, *(f"{k}:{signed[k]}" for k in sorted(signed)), "", names, digest])
        scope = f"{now[:8]}/{self.region}/{service}/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self.secret_key}".encode()
        for word in scope.split("/"):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        signed["authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, "
                                   f"Signature={signature}")
        connection = self._connection()
        try:
            connection.request(method, path + (f"?{query_text}" if query_text else ""), body, signed)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()
