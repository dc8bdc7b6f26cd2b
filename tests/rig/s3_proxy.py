# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of a real S3 server that counts requests and does one thing to the k-th. The client's Host header is
passed on, so its signatures stay valid."""
import http.client
import http.server
import re
import socket
import struct
import threading
import time
import urllib.parse

BODY_500 = (b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code>'
            b"<Message>injected</Message></Error>")


def error_body(code: str, more: str = "") -> bytes:
    return (f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>injected</Message>{more}</Error>'
            ).encode()


class Exchange:
    """One request in the hands of a fault: it is answered by exactly one of answer, error, cut, drip and reset."""

    def __init__(self, proxy, handler, body: bytes):
        self._proxy, self._handler, self.body = proxy, handler, body
        self.method, self.path = handler.command, handler.path

    @property
    def access_key(self) -> str:
        """Whose key signed it."""
        found = re.search("Credential=([^/]+)/", self._handler.headers.get("Authorization", ""))
        return found.group(1) if found else ""

    @property
    def region(self) -> str:
        """For which region it was signed."""
        found = re.search("Credential=[^/]+/[0-9]+/([^/]+)/", self._handler.headers.get("Authorization", ""))
        return found.group(1) if found else ""

    def forward(self) -> tuple:
        """(status, headers, content) of the real server."""
        return self._proxy._forward(self._handler, self.body)

    def forward_as(self, client, query: dict | None = None, keep: tuple = ("if-none-match", "if-match", "range")) -> tuple:
        """The same, signed anew by `client`: with other parameters, without the headers that are not kept."""
        path, _, text = self.path.partition("?")
        parameters = {**dict(urllib.parse.parse_qsl(text, keep_blank_values=True)), **(query or {})}
        headers = {k: v for k, v in self._handler.headers.items() if k.lower() in keep}
        status, content = client.request(self.method, urllib.parse.unquote(path), parameters, self.body, headers=headers)
        return status, [("Content-Type", "application/xml")], content

    def answer(self, status: int, headers: list, content: bytes) -> None:
        self._proxy._answer(self._handler, status, headers, content)

    def error(self, status: int, code: str, headers: tuple = (), more: str = "") -> None:
        self.answer(status, [("Content-Type", "application/xml"), *headers], error_body(code, more))

    def reset(self) -> None:
        """Ends the connection without a word, as a power cut of the peer would."""
        self._handler.close_connection = True
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def cut(self, status: int, headers: list, content: bytes) -> None:
        """Answers with half of the content; then the connection ends."""
        self._proxy._answer(self._handler, status, headers, content, send=content[: len(content) // 2])
        self.reset()

    def drip(self, status: int, headers: list, content: bytes, seconds: float) -> None:
        """Answers byte by byte, spread over some seconds."""
        self._proxy._answer(self._handler, status, headers, content, send=b"")
        for i in range(len(content)):
            time.sleep(seconds / len(content))
            self._handler.wfile.write(content[i:i + 1])

    def stall(self, seconds: float) -> None:
        """Says nothing for so long, then ends the connection."""
        time.sleep(seconds)
        self.reset()


class S3Proxy:
    """`act(number, method, path)` decides for each request: None (pass), "error" (500, not passed on), "lost" (passed on,
    answered with 500), "reset" (passed on, connection closed), a callable pair (before, after), or a callable that
    takes the Exchange and answers it."""

    def __init__(self, endpoint: str, act=None):
        self.target = urllib.parse.urlsplit(endpoint).netloc
        self.act = act or (lambda number, method, path: None)
        self.requests: list[str] = []
        self._lock = threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def __getattr__(self, name):
                if name.startswith("do_"):
                    return lambda: proxy._serve(self)
                raise AttributeError(name)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # a killed client leaves broken pipes
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def reset(self, act=None) -> None:
        with self._lock:
            self.requests, self.act = [], act or (lambda number, method, path: None)

    def _serve(self, handler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self._lock:
            self.requests.append(f"{handler.command} {handler.path}")
            number, act = len(self.requests), self.act
        what = act(number, handler.command, handler.path)
        if callable(what):
            what(Exchange(self, handler, body))
            return
        if isinstance(what, tuple) and what[0]:
            what[0]()
        if what == "error":
            self._answer(handler, 500, [("Content-Type", "application/xml")], BODY_500)
            return
        status, headers, content = self._forward(handler, body)
        if isinstance(what, tuple) and what[1]:
            what[1]()
        if what == "lost":
            status, headers, content = 500, [("Content-Type", "application/xml")], BODY_500
        if what == "reset":
            handler.close_connection = True
            handler.connection.close()
            return
        self._answer(handler, status, headers, content)

    def _forward(self, handler, body: bytes):
        connection = http.client.HTTPConnection(self.target, timeout=30)
        try:
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for key, value in handler.headers.items():
                if key.lower() not in ("connection", "expect"):
                    connection.putheader(key, value)
            connection.endheaders(body or None)
            reply = connection.getresponse()
            return reply.status, reply.getheaders(), reply.read()
        finally:
            connection.close()

    @staticmethod
    def _answer(handler, status: int, headers: list, content: bytes, send: bytes | None = None) -> None:
        """`send`: what goes out of the content whose length is told; all of it by default."""
        handler.send_response_only(status)
        bodiless = handler.command == "HEAD"
        for key, value in headers:
            if key.lower() not in ("connection", "transfer-encoding") and (bodiless or key.lower() != "content-length"):
                handler.send_header(key, value)
        if not bodiless:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if not bodiless:
            handler.wfile.write(content if send is None else send)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
