# SPDX-License-Identifier: Apache-2.0
"""count_tests.py RESULTS PROGRAM...: adds up the XML results of GoogleTest programs and pytest in a folder, names each
failure and prints 'N passed, N failed, N skipped' as its last line. A program that left no result failed. Exit 1 when
anything failed or nothing ran."""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count(path: pathlib.Path) -> tuple[int, int, int]:
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            print(f"FAILED {name}")
        elif case.find("skipped") is not None or case.get("status") == "notrun" or case.get("result") == "skipped":
            skipped += 1
            reason = case.find("skipped")
            print(f"skipped {name}: {'' if reason is None else (reason.get('message') or '').strip()}")
        else:
            passed += 1
    return passed, failed, skipped


def main() -> int:
    folder, programs = pathlib.Path(sys.argv[1]), sys.argv[2:]
    totals = [0, 0, 0]
    for program in programs:
        result = folder / f"{program}.xml"
        if not result.exists():
            print(f"FAILED {program}: it ended before it could write its results")
            totals[1] += 1
            continue
        try:
            for i, number in enumerate(count(result)):
                totals[i] += number
        except ElementTree.ParseError as error:
            print(f"FAILED {program}: its results cannot be read: {error}")
            totals[1] += 1
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
