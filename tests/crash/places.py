# SPDX-License-Identifier: Apache-2.0
"""Where the swept pipeline keeps its table and checkpoint: a local folder whose calls are counted by crash_point.cc, or
S3 behind a counting proxy. Both can be put back to a template, under the same path, and run with a fault at call k.
`Seams` counts the calls inside the program instead: those of its file systems and of its Kafka consumer."""
import functools
import pathlib
import shutil
import signal
import subprocess

from rig import program, table
from rig.s3_proxy import S3Proxy

WAYS = ("error", "before", "after", "lost")
POWER = ("power", "power-names")  # cut: all that was not synced is gone; all data, while the names are there
SOURCE = pathlib.Path(__file__).with_name("crash_point.cc")
FAULTY_SLUICE = program.SLUICE.with_name("faulty_sluice")  # faulty_seams.cc


def every_way(calls: list[str]) -> list[tuple[int, str]]:
    return [(at, way) for at in range(1, len(calls) + 1) for way in WAYS]


class LocalPlace:
    name = "local"

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.base, self.saved, self.log, self.kept = (folder / n for n in ("lake", "template", "calls", "kept"))
        self.base.mkdir(parents=True)

    @functools.cached_property
    def library(self) -> pathlib.Path:
        library = self.folder / "crash_point.so"
        subprocess.run(["g++", "-O1", "-std=c++20", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
        return library

    def cases(self, calls: list[str]) -> list[tuple[int, str]]:
        """Where and how a run that made these calls is made to fail. What a call 'lied' about shows only by its name."""
        cuts = [(at, way) for at in range(1, len(calls) + 1) for way in POWER]
        lied = [(at, "lied") for at, call in enumerate(calls, 1) if call.split()[1] in ("link", "rename")]
        return [*every_way(calls), *cuts, (len(calls) + 1, "power"), *lied]

    def save(self) -> None:
        shutil.copytree(self.base, self.saved)

    def restore(self) -> None:
        shutil.rmtree(self.base)
        shutil.copytree(self.saved, self.base)
        shutil.rmtree(self.kept, ignore_errors=True)

    def start(self, sluice, job, at: int = 0, way: str = "", volatile: bool = False, command: tuple = ("run",)):
        """`volatile`: what this run leaves unsynced, a cut in the next one undoes too."""
        self.log.unlink(missing_ok=True)
        keep = {}
        if way in POWER or volatile:
            self.kept.mkdir(exist_ok=True)
            keep = {"CRASH_KEEP": str(self.kept)}
        return sluice.start(*command, job, env={"LD_PRELOAD": str(self.library), "CRASH_DIR": str(self.base), **keep,
                                                "CRASH_AT": str(at), "CRASH_WAY": way, "CRASH_LOG": str(self.log)})

    def calls(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.replace(str(self.base), "") for line in lines]

    def listing(self) -> list[pathlib.Path]:
        return table.part_files(self.base / "table")

    def logged(self) -> list[pathlib.Path]:
        return table.logged_files(self.base / "table")

    def batches(self, log: str) -> list[int]:
        return table.log_numbers(self.base / "checkpoint" / log)

    def local_table(self) -> pathlib.Path:
        """The table as `listing` saw it, for a reader of local files."""
        return self.base / "table"

    def local_checkpoint(self) -> pathlib.Path:
        return self.base / "checkpoint"

    def close(self) -> None:
        pass


class S3Place:
    name = "s3"
    cases = staticmethod(every_way)

    def __init__(self, folder: pathlib.Path, minio):
        self.minio, self.folder = minio, folder
        self.prefix = f"crash-{folder.parent.name}-{folder.name}/"
        self.base = f"s3a://{minio.bucket}/{self.prefix[:-1]}"
        self.proxy = S3Proxy(minio.endpoint)
        self.saved: dict[str, bytes] = {}
        self._requests: list[str] = []

    def save(self) -> None:
        self.saved = {key: self.minio.get(key) for key in self.minio.list(self.prefix)}

    def restore(self) -> None:
        for key in self.minio.list(self.prefix):
            if key not in self.saved:
                self.minio.delete(key)
        for key, content in self.saved.items():
            self.minio.put(key, content)

    def start(self, sluice, job, at: int = 0, way: str = "", command: tuple = ("run",)):
        def act(number, _method, _path):
            if number != at:
                return None
            if way in ("before", "after"):
                return (kill, None) if way == "before" else (None, kill)
            return way

        def kill():
            running.signal(signal.SIGKILL)
            running.child.wait()

        self.proxy.reset(act)
        self._requests = self.proxy.requests
        running = sluice.start(*command, job, env={"AWS_ENDPOINT_URL": self.proxy.endpoint})
        return running

    def calls(self) -> list[str]:
        return [f"{n} {line}" for n, line in enumerate(self._requests, 1)]

    def _download(self) -> pathlib.Path:
        copy = self.folder / "download"
        shutil.rmtree(copy, ignore_errors=True)
        for key in self.minio.list(self.prefix):
            file = copy / key.removeprefix(self.prefix)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.minio.get(key).replace(f"{self.base}/table".encode(), f"file://{copy}/table".encode())
                             if "_spark_metadata" in key else self.minio.get(key))
        self.copy = copy
        return copy

    def listing(self) -> list[pathlib.Path]:
        return table.part_files(self._download() / "table")

    def logged(self) -> list[pathlib.Path]:
        return table.logged_files(self.copy / "table")

    def batches(self, log: str) -> list[int]:
        return table.log_numbers(self.copy / "checkpoint" / log)

    def local_table(self) -> pathlib.Path:
        return self.copy / "table"

    def local_checkpoint(self) -> pathlib.Path:
        return self.copy / "checkpoint"

    def close(self) -> None:
        self.proxy.close()


class Seams:
    """A place as it is, whose pipeline runs in `faulty_sluice`: the k-th call through env/ or the Kafka seam fails."""

    def __init__(self, place):
        self.place, self.name, self.cases = place, f"{place.name} seams", every_way
        self.log = place.folder / "seam-calls"

    def __getattr__(self, name):
        return getattr(self.place, name)

    def start(self, sluice, job, at: int = 0, way: str = "error"):
        self.log.unlink(missing_ok=True)
        return sluice.start("run", job, program=FAULTY_SLUICE,
                            env={"FAULT_AT": str(at), "FAULT_WAY": way, "FAULT_LOG": str(self.log)})

    def calls(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [f"{n} {line.replace(str(self.base), '')}" for n, line in enumerate(lines, 1)]


def a_place(request, folder: pathlib.Path):
    """For a fixture: "local", "s3", and with " seams" behind them."""
    kind, _, seams = request.param.partition(" ")
    place = LocalPlace(folder) if kind == "local" else S3Place(folder, request.getfixturevalue("minio"))
    if seams:
        assert FAULTY_SLUICE.exists(), f"{FAULTY_SLUICE} is not built: tools/build.sh release faulty_sluice"
    yield Seams(place) if seams else place
    place.close()
