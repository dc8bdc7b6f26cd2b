# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive their parent, free ports, and temporary folders that are swept."""
import contextlib
import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CACHE = pathlib.Path(
    os.environ.get("SLUICE_CACHE")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "sluice")
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class ServerMissing(Exception):
    """The program of a server is not on this machine: `tools/deps.sh test` fetches it."""


def free_ports(count: int) -> list[int]:
    """Distinct free ports, below the range from which the kernel gives clients theirs: none is lost over a restart."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            s, port = socket.socket(), random.randint(20000, 32000)
            with contextlib.suppress(OSError):
                s.bind(("127.0.0.1", port))
                ports.append(port)
            stack.enter_context(s)
        return ports


def wait_for_port(port: int, process: subprocess.Popen, seconds: float, log: pathlib.Path) -> None:
    deadline = time.monotonic() + seconds
    while True:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{tail(log)}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"no answer on port {port} in {seconds} s:\n{tail(log)}")
        time.sleep(0.05)


def tail(log: pathlib.Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


def spawn(command: list, log: pathlib.Path, env: dict | None = None, detached: bool = False,
          death_signal: int = signal.SIGKILL, **options) -> subprocess.Popen:
    """Starts a process in a session of its own; the kernel kills it when this process dies, unless it is detached."""
    parent = os.getpid()

    def prepare():
        os.setsid()
        if not detached:
            _libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:  # the parent died before the request stood
                os._exit(1)

    with open(log, "ab") as out:
        return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                env=env, preexec_fn=prepare, **options)


def stop(process: subprocess.Popen, seconds: float = 10, sig: int = signal.SIGTERM) -> None:
    if process.poll() is not None:
        return
    process.send_signal(sig)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def temporary_folder(name: str) -> pathlib.Path:
    """A folder named for this process. Folders that processes left which were killed are removed first."""
    base = pathlib.Path(tempfile.gettempdir())
    for old in base.glob("sluice-servers-*"):
        pid = old.name.split("-")[2]
        if pid.isdigit() and not _alive(int(pid)):
            shutil.rmtree(old, ignore_errors=True)
    return pathlib.Path(tempfile.mkdtemp(prefix=f"sluice-servers-{os.getpid()}-{name}-", dir=base))
