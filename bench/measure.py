# SPDX-License-Identifier: Apache-2.0
"""Runs a program with all its descendants and measures them: wall time, CPU seconds, peak memory, commits as they come."""
import contextlib
import ctypes
import dataclasses
import os
import pathlib
import signal
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclasses.dataclass
class Usage:
    wall_s: float = 0
    cpu_s: float = 0
    peak_mb: float = 0
    first_commit_s: float | None = None
    commits: list[tuple[int, float, float]] = dataclasses.field(default_factory=list)  # (how many, wall, CPU so far)
    code: int = 0
    output: str = ""


def _session(leader: int) -> list[tuple[int, float, float]]:
    """(pid, CPU seconds, resident MB) of each process of a session."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            text = pathlib.Path(f"/proc/{name}/stat").read_text()
        except OSError:
            continue
        fields = text[text.rindex(")") + 2:].split()
        if int(fields[3]) == leader:
            found.append((int(name), (int(fields[11]) + int(fields[12])) / TICK, int(fields[21]) * PAGE / 1e6))
    return found


def session_cpu(leader: int) -> float:
    """CPU seconds of the processes that a session has now."""
    return sum(cpu for _, cpu, _ in _session(leader))


def session_peak(leader: int) -> float:
    """The largest resident MB that each process of a session has had, added up."""
    peaks = 0.0
    for pid, _, _ in _session(leader):
        with contextlib.suppress(OSError, StopIteration):
            lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
            peaks += int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6
    return peaks


def _reap(leader: subprocess.Popen, seen: set[int]) -> tuple[float, float]:
    """Waits for every process of the session; their CPU seconds and largest peak. A process that its own parent waited
    for is in that parent's usage."""
    cpu = peak = 0.0
    todo = [leader.pid]
    while todo:
        pid = todo.pop()
        try:
            _, status, usage = os.wait4(pid, 0)
        except ChildProcessError:  # not ours: its parent waits for it
            continue
        if pid == leader.pid:
            leader.returncode = os.waitstatus_to_exitcode(status)
            todo = sorted((seen | {p for p, _, _ in _session(leader.pid)}) - {leader.pid})
        cpu += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss / 1000)
    return cpu, peak


def run(command: list, commits: pathlib.Path | None = None, env: dict | None = None, log: pathlib.Path | None = None,
        every: float = 0.002, limit: float = 600) -> Usage:
    """Peak memory is the largest sum over the processes of one moment, or a single process' own peak if larger.
    The commit log is looked at every `every` seconds. After `limit` seconds it is killed, which is an error."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphaned grandchildren come to us, with their usage
    result, seen, last_look, committed = Usage(), set(), 0.0, 0
    log = log or pathlib.Path(os.devnull)
    with open(log, "wb") as out:
        start, start_time = time.monotonic(), time.time()
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 env=env, start_new_session=True)
        while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            now = time.monotonic() - start
            if now > limit:
                os.killpg(child.pid, signal.SIGKILL)
            if commits is not None and (commits / str(committed)).exists():
                while (commits / str(committed)).exists():
                    committed += 1
                result.commits.append((committed, now, session_cpu(child.pid)))
            if now - last_look > 0.02:
                processes, last_look = _session(child.pid), now
                seen.update(pid for pid, _, _ in processes)
                result.peak_mb = max(result.peak_mb, sum(mb for _, _, mb in processes))
            time.sleep(every)
        result.cpu_s, peak = _reap(child, seen)
        result.wall_s = time.monotonic() - start
    result.peak_mb = max(result.peak_mb, peak)
    result.code = child.returncode
    if commits is not None and (commits / "0").exists():
        result.first_commit_s = (commits / "0").stat().st_mtime - start_time
    result.output = log.read_text(errors="replace") if log.is_file() else ""
    if result.code:
        raise RuntimeError(f"{command[0]} ended with {result.code}:\n{result.output[-3000:]}")
    return result


def batch_walls(commits: pathlib.Path) -> list[float]:
    """Seconds from each commit to the next, by the times of the commit files."""
    times = [f.stat().st_mtime_ns / 1e9 for f in sorted((f for f in commits.iterdir() if f.name.isdigit()),
                                                         key=lambda f: int(f.name))]
    return [b - a for a, b in zip(times, times[1:])]


def folder_bytes(folder: pathlib.Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*.parquet"))
