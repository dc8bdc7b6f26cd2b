# SPDX-License-Identifier: Apache-2.0
"""run_gtest.py PROGRAM [ARGUMENT...]: runs every test of a GoogleTest program, also when one of them ends the program.

A test that aborts, or that prints nothing for --patience seconds, is one failure; the tests that had not run yet run in
another process. Writes <program>.xml into $SLUICE_TEST_RESULTS when that is set. Prints what failed only. Exit 1 when a
test failed."""
import argparse
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

BEGUN = re.compile(r"^\[ RUN      \] (\S+)", re.MULTILINE)
ENDED = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] (\S+?),? .*\(\d+ ms\)", re.MULTILINE)
MOST_DEATHS = 50  # of one program: beyond that something else is wrong


@dataclasses.dataclass
class Case:
    name: str
    outcome: str  # OK, FAILED or SKIPPED
    text: str = ""


def arguments_from(command_line: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patience", type=float, default=600, help="seconds without a word of output")
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args(command_line)


def names_of_tests(program: pathlib.Path, arguments: list[str]) -> list[str]:
    listed = subprocess.run([program, *arguments, "--gtest_list_tests"], capture_output=True, text=True)
    names, suite = [], ""
    for line in listed.stdout.splitlines():
        word = line.split("#")[0].rstrip()
        if word and not word.startswith(" ") and word.endswith("."):
            suite = word
        elif word.startswith("  "):
            names.append(suite + word.strip())
    return names


def run_once(command: list, output: pathlib.Path, patience: float) -> tuple[int | None, str]:
    """(exit code, or None when it hung; what it printed)."""
    with open(output, "wb") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        size, since = 0, time.monotonic()
        while True:
            try:
                child.wait(0.2)
                break
            except subprocess.TimeoutExpired:
                if output.stat().st_size != size:
                    size, since = output.stat().st_size, time.monotonic()
                elif time.monotonic() - since > patience:
                    child.kill()
                    child.wait()
                    return None, output.read_text(errors="replace")
    return child.returncode, output.read_text(errors="replace")


def cases_of_xml(path: pathlib.Path) -> list[Case]:
    cases = []
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        failures = [child.get("message") or "" for child in case if child.tag in ("failure", "error")]
        skipped = case.find("skipped")
        if failures:
            cases.append(Case(name, "FAILED", "\n".join(failures)))
        elif skipped is not None or case.get("result") == "skipped":
            cases.append(Case(name, "SKIPPED", "" if skipped is None else skipped.get("message") or ""))
        elif case.get("status") != "notrun":
            cases.append(Case(name, "OK"))
    return cases


def cases_of_output(output: str, how: str) -> list[Case]:
    """The tests that ended before the program did, and the one that ended it."""
    cases = []
    begun = list(BEGUN.finditer(output))
    for i, start in enumerate(begun):
        text = output[start.end():begun[i + 1].start() if i + 1 < len(begun) else len(output)]
        ended = ENDED.search(text)
        if ended:
            outcome = ended.group(1)
            cases.append(Case(start.group(1), outcome, "" if outcome == "OK" else text[:ended.start()].strip()))
        else:
            cases.append(Case(start.group(1), "FAILED", f"{how}\n{text.strip()[-8000:]}"))
    return cases


def run_all(options: argparse.Namespace, folder: pathlib.Path) -> list[Case]:
    """Every test once, in as many processes as it takes."""
    done: list[Case] = []
    todo: list[str] | None = None  # everything
    for _ in range(MOST_DEATHS):
        xml, output = folder / "results.xml", folder / "output"
        xml.unlink(missing_ok=True)
        command = [options.program, *options.arguments, f"--gtest_output=xml:{xml}"]
        if todo is not None:
            command.append("--gtest_filter=" + ":".join(todo))
        code, text = run_once(command, output, options.patience)
        if xml.exists() and code is not None:
            cases = cases_of_xml(xml)
            done += cases
            if code != 0 and all(case.outcome != "FAILED" for case in cases):
                done.append(Case(f"{options.program.name}.TheEnd", "FAILED", f"exit code {code}\n{text[-8000:]}"))
            elif code != 0:
                sys.stdout.write(text_of_failures(text))
            return done
        how = f"hung for {options.patience:g} s" if code is None else f"ended the program (exit code {code})"
        cases = cases_of_output(text, how)
        if not cases:
            done.append(Case(f"{options.program.name}.TheBeginning", "FAILED", f"{how}\n{text[-8000:]}"))
            return done
        done += cases
        sys.stdout.writelines(f"{case.name}: {case.text}\n" for case in cases if case.outcome == "FAILED")
        ran = {case.name for case in done}
        todo = [name for name in todo or names_of_tests(options.program, options.arguments) if name not in ran]
        if not todo:
            return done
    done.append(Case(f"{options.program.name}.TheEnd", "FAILED", f"ended the program {MOST_DEATHS} times"))
    return done


def text_of_failures(output: str) -> str:
    begun = list(BEGUN.finditer(output))
    parts = [output[start.start():begun[i + 1].start() if i + 1 < len(begun) else len(output)]
             for i, start in enumerate(begun)]
    return "".join(part for part in parts if re.search(r"^\[  FAILED  \]", part, re.MULTILINE))


def write_xml(path: pathlib.Path, program: str, cases: list[Case]) -> None:
    suite = ElementTree.Element("testsuite", name=program, tests=str(len(cases)))
    for case in cases:
        classname, _, name = case.name.rpartition(".")
        element = ElementTree.SubElement(suite, "testcase", classname=classname, name=name)
        tag = {"FAILED": "failure", "SKIPPED": "skipped"}.get(case.outcome)
        if tag:  # without the control characters that XML has no way to write
            message = re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd]", "?", case.text)
            ElementTree.SubElement(element, tag, message=message)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(path)


def main() -> int:
    options = arguments_from(sys.argv[1:])
    os.environ.pop("GTEST_OUTPUT", None)
    os.environ.pop("GTEST_BRIEF", None)
    with tempfile.TemporaryDirectory(prefix="sluice-gtest-") as folder:
        cases = run_all(options, pathlib.Path(folder))
    results = os.environ.get("SLUICE_TEST_RESULTS")
    if results:
        write_xml(pathlib.Path(results) / f"{options.program.name}.xml", options.program.name, cases)
    failed = [case.name for case in cases if case.outcome == "FAILED"]
    skipped = sum(case.outcome == "SKIPPED" for case in cases)
    print(f"{options.program.name}: {len(cases)} tests, {len(failed)} failed, {skipped} skipped")
    for name in failed:
        print(f"FAILED {name}")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
