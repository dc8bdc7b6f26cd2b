# SPDX-License-Identifier: Apache-2.0
"""count_tests.py RESULTS PROGRAM...: adds up the XML results of GoogleTest programs and pytest in a folder, names each
failure and prints 'N passed, N failed, N skipped' as its last line. A program that left no result failed. With CI=true a
skip that tests/expected_skips.txt does not name failed too: a server, a tool or a feature of the processor is missing.
Exit 1 when anything failed or nothing ran."""
import collections
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

EXPECTED_SKIPS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "expected_skips.txt"


def expected_skips(path: pathlib.Path) -> list[re.Pattern]:
    """A regular expression a line, over the whole 'name: reason' of a skip; # begins a comment line."""
    lines = path.read_text().splitlines()
    return [re.compile(line) for line in lines if line and not line.startswith("#")]


class Counter:
    """Counts one run. `strict`: a skip that none of `expected` matches is a failure."""

    def __init__(self, expected: list[re.Pattern], strict: bool):
        self.expected, self.strict = expected, strict
        self.outcomes: collections.Counter = collections.Counter()

    def fail(self, what: str) -> None:
        self.outcomes["failed"] += 1
        print(f"FAILED {what}")

    def skip(self, name: str, reason: str) -> None:
        what = f"{name}: {' '.join(reason.split())}"
        if self.strict and not any(pattern.fullmatch(what) for pattern in self.expected):
            self.fail(f"{what} (a skip that tests/expected_skips.txt does not expect)")
            return
        self.outcomes["skipped"] += 1
        print(f"skipped {what}")

    def count(self, path: pathlib.Path) -> None:
        for case in ElementTree.parse(path).iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            skipped = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                self.fail(name)
            elif skipped is not None or case.get("status") == "notrun" or case.get("result") == "skipped":
                self.skip(name, "" if skipped is None else skipped.get("message") or "")
            else:
                self.outcomes["passed"] += 1

    def count_program(self, folder: pathlib.Path, program: str) -> None:
        result = folder / f"{program}.xml"
        if not result.exists():
            self.fail(f"{program}: it ended before it could write its results")
            return
        try:
            self.count(result)
        except ElementTree.ParseError as error:
            self.fail(f"{program}: its results cannot be read: {error}")


def main() -> int:
    counter = Counter(expected_skips(EXPECTED_SKIPS), os.environ.get("CI") == "true")
    for program in sys.argv[2:]:
        counter.count_program(pathlib.Path(sys.argv[1]), program)
    outcomes = counter.outcomes
    print("{} passed, {} failed, {} skipped".format(*(outcomes[word] for word in ("passed", "failed", "skipped"))))
    return 1 if outcomes["failed"] or not outcomes["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
