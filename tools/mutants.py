# SPDX-License-Identifier: Apache-2.0
"""Small changes of meaning that a test must notice. `make mutants` builds all of them at once, behind a switch, runs for
each the test that it names, and prints how many were noticed.

  mutants.py check            every change still has its place: the text is found exactly once (part of `make test`)
  mutants.py run [ID...]      builds, runs the tests without a change, then each change (or those named) with its test

tests/mutants/<layer>.toml holds them, an entry each:

  [[mutant]]
  id = "conf-range"
  file = "src/conf/conf.cc"
  text = "number >= setting.at_least"     # an expression, or with kind = "statement" whole statements
  to = "number > setting.at_least"
  test = "conf_test Conf.*"               # a test program and its filter, or "pytest" and a node
  within = "..."                          # optional: a text that is found once and holds `text` once
  lives = "why no test can notice it"     # optional: it is not noticed, and that is known

The copy of the project that is changed and built is build/mutants/src. Unit tests are built there as `make test` builds them,
so that what is not changed comes from the compiler's cache; with IDs, only those changes are put in."""
import argparse
import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
LISTS = ROOT / "tests" / "mutants"
COPY = ROOT / "build" / "mutants" / "src"
PATIENCE = 90  # seconds; a test that hangs has noticed
SANITIZERS = {"ASAN_OPTIONS": "detect_container_overflow=0:detect_leaks=0"}  # Arrow is not built with ASan
SWITCH = """#ifndef SLUICE_MUTANTS
#define SLUICE_MUTANTS
#include <chrono>
#include <cstdlib>
namespace sluice {
inline bool IsMutant(int number) {
  static const int chosen = std::getenv("SLUICE_MUTANT") == nullptr ? 0 : std::atoi(std::getenv("SLUICE_MUTANT"));
  return chosen == number;
}
}  // namespace sluice
#endif
"""


@dataclasses.dataclass(frozen=True)
class Mutant:
    number: int
    id: str
    file: str
    text: str
    to: str
    test: str
    kind: str = "expression"
    within: str = ""
    lives: str = ""

    @property
    def layer(self) -> str:
        return self.id.split("-")[0]

    def place(self, source: str) -> tuple[int, int]:
        """Where `text` stands; ValueError when that is not one place."""
        begin, end = 0, len(source)
        if self.within:
            if source.count(self.within) != 1:
                raise ValueError(f"{self.file}: `within` is found {source.count(self.within)} times")
            begin = source.index(self.within)
            end = begin + len(self.within)
        found = source.count(self.text, begin, end)
        if found != 1:
            raise ValueError(f"{self.file}: the text is found {found} times: {self.text}")
        at = source.index(self.text, begin, end)
        return at, at + len(self.text)

    @property
    def guarded(self) -> str:
        if self.kind == "statement":
            return f"{{ if (::sluice::IsMutant({self.number})) {{ {self.to} }} else {{ {self.text} }} }}"  # may stand after an if
        return f"(::sluice::IsMutant({self.number}) ? ({self.to}) : ({self.text}))"


def load() -> list[Mutant]:
    mutants: list[Mutant] = []
    for path in sorted(LISTS.glob("*.toml")):
        for entry in tomllib.loads(path.read_text())["mutant"]:
            mutants.append(Mutant(number=len(mutants) + 1, **entry))
    return mutants


def is_expression(text: str) -> bool:
    """Not for certain: what is told here are the mistakes that were made."""
    text, depth = text.strip(), 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            return False
    return text[:1] != "{" and text[-1:] not in ";{" and not re.match(r"k[A-Z]\w* = ", text)


def check(mutants: list[Mutant]) -> list[str]:
    wrong = []
    ids = [mutant.id for mutant in mutants]
    wrong += [f"{name}: two mutants have this id" for name in sorted(set(ids)) if ids.count(name) > 1]
    for mutant in mutants:
        if mutant.kind not in ("expression", "statement"):
            wrong.append(f"{mutant.id}: kind {mutant.kind}")
        if mutant.kind == "expression" and not is_expression(mutant.text):
            wrong.append(f"{mutant.id}: the text is no expression: {mutant.text}")
        try:
            mutant.place((ROOT / mutant.file).read_text())
        except (OSError, ValueError) as error:
            wrong.append(f"{mutant.id}: {error}")
    if not wrong:
        changed_sources(mutants)  # ends the run where two change the same text
    return wrong


def changed_sources(mutants: list[Mutant]) -> dict[str, str]:
    """The files with every change in them, behind the switch."""
    sources = {}
    for name in sorted({mutant.file for mutant in mutants}):
        text = (ROOT / name).read_text()
        places = sorted(((*mutant.place(text), mutant) for mutant in mutants if mutant.file == name),
                        key=lambda place: place[0], reverse=True)
        for (begin, _, later), (_, end, earlier) in zip(places, places[1:]):
            if end > begin:
                raise SystemExit(f"mutants: {earlier.id} and {later.id} change the same text")
        for begin, end, mutant in places:
            text = text[:begin] + mutant.guarded + text[end:]
        sources[name] = SWITCH + text
    return sources


def copy_project(mutants: list[Mutant]) -> None:
    """Only what differs is written, so that only that is compiled again."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True,
                            text=True).stdout.split("\n")
    names = {name for name in listed if name and (ROOT / name).is_file()}
    changed = changed_sources(mutants)
    for name in sorted(names):
        target = COPY / name
        content = changed[name].encode() if name in changed else (ROOT / name).read_bytes()
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        shutil.copymode(ROOT / name, target)
    for path in COPY.rglob("*"):
        name = path.relative_to(COPY)
        if path.is_file() and name.parts[0] not in ("build", ".venv") and str(name) not in names:
            path.unlink()
    link = COPY / ".venv"
    if not link.is_symlink():
        link.symlink_to(ROOT / ".venv")


def build(mutants: list[Mutant]) -> None:
    targets = {mutant.test.split()[0] for mutant in mutants}
    all_faults = ["-k", "0"]  # every change that does not compile is told, not the first alone
    if "pytest" in targets:
        subprocess.run([COPY / "tools" / "build.sh", "release", *all_faults, "sluice", "faulty_sluice"], check=True)
    if targets - {"pytest"}:
        subprocess.run([COPY / "tools" / "build.sh", "debug", *all_faults, *sorted(targets - {"pytest"})], check=True)


def run_test(test: str, number: int) -> tuple[bool, str]:
    """(passed, the end of what it printed)."""
    program, _, rest = test.partition(" ")
    command = ([COPY / ".venv/bin/python", "-m", "pytest", "-q", "-x", rest] if program == "pytest" else
               [COPY / "build" / "debug" / program, "--gtest_brief=1", f"--gtest_filter={rest or '*'}"])
    with subprocess.Popen(command, cwd=COPY, env={**os.environ, **SANITIZERS, "SLUICE_MUTANT": str(number)}, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as child:
        try:
            output, _ = child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return False, f"it did not end in {PATIENCE} s"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # what a test that failed has left
    nothing_ran = program != "pytest" and "] 0 tests from 0 test suites ran" in output
    return child.returncode == 0 and not nothing_ran, "no test has that name" if nothing_ran else output[-1500:]


def without_a_change(mutants: list[Mutant]) -> bool:
    whole = True
    for test in sorted({mutant.test for mutant in mutants}):
        passed, output = run_test(test, 0)
        if not passed:
            print(f"mutants: {test} fails without a change:\n{output}", flush=True)
            whole = False
    return whole


def run(mutants: list[Mutant]) -> int:
    begun = time.monotonic()
    copy_project(mutants)
    build(mutants)
    built = time.monotonic()
    if not without_a_change(mutants):
        return 1
    noticed: dict[str, list[bool]] = {}
    wrong = 0
    for mutant in mutants:
        passed, _ = run_test(mutant.test, mutant.number)
        noticed.setdefault(mutant.layer, []).append(not passed)
        what = f"{mutant.id}: {mutant.file}: {' '.join(mutant.text.split())} -> {' '.join(mutant.to.split()) or 'nothing'}"
        if passed:
            print(f"lived    {what} ({mutant.lives or f'{mutant.test} should notice it'})", flush=True)
        elif mutant.lives:
            print(f"noticed, though it is listed as one that lives: {what}", flush=True)
        wrong += passed != bool(mutant.lives)
    for layer, results in noticed.items():
        print(f"mutants: {layer}: {sum(results)} of {len(results)} noticed")
    total = [result for results in noticed.values() for result in results]
    print(f"mutants: {sum(total)} of {len(total)} noticed ({built - begun:.0f} s to build, "
          f"{time.monotonic() - built:.0f} s to run)")
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["check", "run"])
    parser.add_argument("ids", nargs="*")
    options = parser.parse_args()
    mutants = load()
    wrong = check(mutants)
    wrong += [f"{name}: there is no such mutant" for name in options.ids if name not in {m.id for m in mutants}]
    for line in wrong:
        print(f"mutants: {line}")
    if wrong or options.what == "check":
        return 1 if wrong else 0
    return run([mutant for mutant in mutants if not options.ids or mutant.id in options.ids])


if __name__ == "__main__":
    sys.exit(main())
