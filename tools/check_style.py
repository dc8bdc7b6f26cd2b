# SPDX-License-Identifier: Apache-2.0
"""Limits and rules that a compiler does not see. Prints a line a finding; exit 1 when there is one.

  header <= 250 lines, source <= 600 lines, C++ function <= 80 lines, an SPDX line in every source file,
  no package host and no path of one machine in any file, every *_test.cc compiled, every test_*.py collected
"""
import json
import pathlib
import re
import subprocess
import sys

import cpp_functions

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMITS = {".h": 250, ".cc": 600, ".py": 600, ".sh": 600}
FUNCTION_LIMIT = 80
SPDX = "SPDX-License-Identifier: Apache-2.0"
FORBIDDEN = re.compile(
    r"(pypi\.org|pythonhosted\.org|repo1?\.maven|maven\.org|proxy\.golang\.org|registry\.npmjs|crates\.io|"
    r"deb\.debian\.org|security\.debian\.org|(^|[^A-Za-z0-9_.])/(work|farm|root)/)")
DATA = {".parquet", ".svg", ".tsv", ".bin"}


def project_files() -> list[pathlib.Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split("\n")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def file_findings(path: pathlib.Path):
    name = path.relative_to(ROOT)
    text = path.read_text(errors="replace")
    lines = text.splitlines()
    limit = LIMITS.get(path.suffix)
    if limit and len(lines) > limit:
        yield f"{name}: {len(lines)} lines, at most {limit}"
    if (limit or path.name in ("Makefile", "CMakeLists.txt") or path.suffix == ".cmake") and \
            SPDX not in "\n".join(lines[:4]):
        yield f"{name}: no SPDX line"
    if path.suffix not in DATA and path.name != "LICENSE" and path.name != pathlib.Path(__file__).name:
        for number, line in enumerate(lines, 1):
            found = FORBIDDEN.search(line)
            if found:
                yield f"{name}:{number}: '{found.group(0)}' belongs to a machine, not to the project"
    if path.suffix in (".h", ".cc"):
        for function in cpp_functions.functions(text):
            if function.lines > FUNCTION_LIMIT:
                yield f"{name}:{function.line}: function of {function.lines} lines, at most {FUNCTION_LIMIT}"


def uncompiled_tests(files: list[pathlib.Path], build: pathlib.Path):
    commands = build / "compile_commands.json"
    if not commands.exists():
        yield f"{commands}: missing; configure first"
        return
    compiled = {str(pathlib.Path(c["directory"], c["file"]).resolve()) for c in json.loads(commands.read_text())}
    for path in files:
        if path.name.endswith("_test.cc") and str(path.resolve()) not in compiled:
            yield f"{path.relative_to(ROOT)}: on disk, but in no test program"


def uncollected_tests(files: list[pathlib.Path]):
    done = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q", "--all-clients", "tests"], cwd=ROOT,
                          capture_output=True, text=True)
    if done.returncode not in (0, 5):
        yield f"pytest cannot collect the tests:\n{done.stdout}{done.stderr}"
        return
    collected = {line.split("::")[0] for line in done.stdout.splitlines() if "::" in line}
    for path in files:
        name = str(path.relative_to(ROOT))
        if re.fullmatch(r"tests/(.*/)?test_[^/]*\.py", name) and name not in collected:
            yield f"{name}: on disk, but pytest collects nothing from it"


def main() -> int:
    files = project_files()
    found = [finding for path in files for finding in file_findings(path)]
    if "--tests" in sys.argv:
        found += [*uncompiled_tests(files, ROOT / "build" / "debug"), *uncollected_tests(files)]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
