# SPDX-License-Identifier: Apache-2.0
"""The C++ API has every function of docs/functions.md by its name."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]


def test_header_is_what_the_tool_writes():
    done = subprocess.run([sys.executable, "tools/sql_functions.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
