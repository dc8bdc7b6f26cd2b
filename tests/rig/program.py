# SPDX-License-Identifier: Apache-2.0
"""Runs Sluice's programs and keeps all they print: at the end of the session every output is searched for secrets."""
import base64
import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLUICE = pathlib.Path(os.environ.get("SLUICE_PROGRAM", ROOT / "build" / "release" / "sluice"))
outputs: list[tuple[str, str]] = []  # what was run, what it printed: for the search for secrets
secrets: set[str] = set()  # canaries and keys of single tests, searched for besides the servers' own


@dataclasses.dataclass
class Done:
    code: int
    out: str
    err: str
    seconds: float

    @property
    def all(self) -> str:
        return self.out + self.err


def clean_environment(extra: dict[str, str]) -> dict[str, str]:
    """This environment without credentials and colours of its own, so that a test sees only what it gives."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "HWE_", "SLUICE_LOG", "NO_COLOR"))}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "TERM": "dumb", **extra}


class Running:
    """One process with its output in files; use as a context manager, which kills what still runs."""

    def __init__(self, command: list, env: dict, cwd: pathlib.Path):
        self.command = [str(word) for word in command]
        number = len(list(cwd.glob("*.stdout")))
        self._files = [cwd / f"{number}.stdout", cwd / f"{number}.stderr"]
        self.started = time.monotonic()
        with open(self._files[0], "wb") as out, open(self._files[1], "wb") as err:
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd,
                                          env=clean_environment(env))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.kill()

    def printed(self) -> str:
        return "".join(f.read_text(errors="replace") for f in self._files)

    def wait(self, timeout: float = 120) -> Done:
        try:
            code = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {timeout} s: {self.command}\n{self.printed()[-4000:]}")
        out, err = (f.read_text(errors="replace") for f in self._files)
        outputs.append((" ".join(self.command[:3]), out + err))
        return Done(code, out, err, time.monotonic() - self.started)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.child.send_signal(number)

    def kill(self) -> Done:
        self.signal(signal.SIGKILL)
        return self.wait()

    def wait_until(self, condition, seconds: float = 60, what: str = "") -> None:
        """Polls until the condition holds; fails when the process ends before."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.child.poll() is not None and not condition():
                raise AssertionError(f"ended with {self.child.returncode} before {what}:\n{self.printed()[-4000:]}")
            if time.monotonic() > deadline:
                raise AssertionError(f"not in {seconds} s: {what}\n{self.printed()[-4000:]}")
            time.sleep(0.005)


class Sluice:
    """Sluice's program in one working folder with one environment."""

    def __init__(self, cwd: pathlib.Path, env: dict[str, str] | None = None, flags: list[str] | None = None):
        cwd.mkdir(parents=True, exist_ok=True)
        self.cwd, self.env, self.flags = cwd, dict(env or {}), list(flags or [])

    def start(self, *words, env: dict | None = None, program: pathlib.Path = SLUICE) -> Running:
        assert program.exists(), f"{program} is not built: make"
        flags = self.flags if program == SLUICE else []
        return Running([program, *words, *flags], {**self.env, **(env or {})}, self.cwd)

    def run(self, *words, timeout: float = 120, env: dict | None = None, program: pathlib.Path = SLUICE) -> Done:
        with self.start(*words, env=env, program=program) as running:
            return running.wait(timeout)

    def ok(self, *words, **options) -> Done:
        done = self.run(*words, **options)
        assert done.code == 0, f"{words}: exit {done.code}\n{done.out[-3000:]}\n{done.err[-5000:]}"
        return done


def spellings(secret: str) -> set[str]:
    """The forms in which a secret could slip out."""
    forms = {secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret), secret.encode().hex(),
             json.dumps(secret)[1:-1], secret.replace("\\", "\\\\").replace("'", "\\'")}
    for shift in range(3):  # base64 of a text that holds the secret, at each alignment
        text = base64.b64encode(b"x" * shift + secret.encode()).decode()
        forms.add(text[4 if shift else 0:len(text) - 4])
    return forms


def leaks(secrets: list[str]) -> list[str]:
    return [f"{command}: …{text[max(0, text.index(form) - 80):text.index(form)]}[secret]…"
            for command, text in outputs for secret in secrets for form in spellings(secret) if form in text]
