# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of a real S3 server that counts requests and does one thing to the k-th. The client's Host header is
passed on, so its signatures stay valid."""
import http.client
import http.server
import threading
import urllib.parse

BODY_500 = (b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code>'
            b"<Message>injected</Message></Error>")


class S3Proxy:
    """`act(number, method, path)` decides for each request: None (pass), "error" (500, not passed on), "lost" (passed on,
    answered with 500), "reset" (passed on, connection closed), or a callable pair (before, after)."""

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
    def _answer(handler, status: int, headers: list, content: bytes) -> None:
        handler.send_response_only(status)
        bodiless = handler.command == "HEAD"
        for key, value in headers:
            if key.lower() not in ("connection", "transfer-encoding") and (bodiless or key.lower() != "content-length"):
                handler.send_header(key, value)
        if not bodiless:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if not bodiless:
            handler.wfile.write(content)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
