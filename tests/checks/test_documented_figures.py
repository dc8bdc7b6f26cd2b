# SPDX-License-Identifier: Apache-2.0
"""Figures in the documents are those that a command gives: counts of cases those that pytest collects, and README's those of
the block that `make bench` writes."""
import re
import subprocess
import sys

from rig.program import ROOT

HEADING = re.compile(r"^## .*?: (\d+) (?:cases|places)\b.*?`(tests/[\w/]+\.py)`", re.MULTILINE)


def test_counts_of_cases_are_those_collected():
    documented = HEADING.findall((ROOT / "docs/faults.md").read_text())
    assert len(documented) == 5
    done = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q", "--all-faults",
                           *(path for _, path in documented)], cwd=ROOT, capture_output=True, text=True, check=True)
    tests = [line for line in done.stdout.splitlines() if "::" in line]
    for count, path in documented:
        found = [test for test in tests if test.startswith(path)]
        if path.endswith("test_secret_canaries.py"):  # a place is a parameter
            found = [test for test in found if "[" in test]
        assert len(found) == int(count), f"docs/faults.md says {count} of {path}"


def bench() -> str:
    text = (ROOT / "docs/performance.md").read_text()
    return text[text.index("<!-- bench: written by make bench -->"):text.index("<!-- bench: end -->")]


def ratio(what: str) -> float:
    """Spark's over Sluice's whole job."""
    line = next(line for line in bench().splitlines() if line.startswith("- Spark's whole job over Sluice's"))
    return float(re.search(rf"{what} ([\d.]+)", line).group(1))


def test_the_first_page_says_what_the_benchmark_wrote():
    readme = (ROOT / "README.md").read_text()
    small = bench()[bench().index("1,000 rows a batch:"):]
    row = next(line for line in small.splitlines() if line.startswith("| Sluice "))
    assert f"a batch of 1,000 rows {row.split('|')[3].strip()} ms" in readme
    assert "a sixteenth of" in readme and 15.5 <= ratio("CPU") < 16.5
    assert "a tenth of its time and memory" in readme and 9.5 <= ratio("wall") < 10.5 and 9.5 <= ratio("memory") < 10.5
