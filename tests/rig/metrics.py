# SPDX-License-Identifier: Apache-2.0
"""What a query with --metrics-port answers."""
import socket
import threading
import time
import urllib.error
import urllib.request

from prometheus_client import parser

PATHS = ("/metrics", "/health", "/ready")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port: int, path: str) -> tuple[int, str]:
    """(status, text), or (0, "") while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Metrics:
    """A page as the official parser reads it."""

    def __init__(self, text: str):
        self.families = {family.name: family for family in parser.text_string_to_metric_families(text)}

    def value(self, name: str, **labels) -> float | None:
        found = [s.value for family in self.families.values() for s in family.samples
                 if s.name == name and labels.items() <= s.labels.items()]
        assert len(found) <= 1, f"{name} {labels}: {found}"
        return found[0] if found else None


class Scraper:
    """Asks for every page as long as it is open, as often as it gets an answer; use as a context manager."""

    def __init__(self, port: int):
        self.port = port
        self.pages: set[tuple[str, int, str]] = set()  # path, status, text
        self._open = True
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def _ask(self) -> None:
        while self._open:
            for path in PATHS:
                status, text = get(self.port, path)
                if status:
                    self.pages.add((path, status, text))
            time.sleep(0.005)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._open = False
        self._thread.join()

    @property
    def text(self) -> str:
        return "\n".join(text for _, _, text in list(self.pages))
