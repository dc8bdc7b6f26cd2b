# SPDX-License-Identifier: Apache-2.0
"""docs/compatibility.md and the list of missing functions are what their tool writes."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]


def test_page_and_list_are_what_the_tool_writes():
    done = subprocess.run([sys.executable, "tools/compatibility.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
