# SPDX-License-Identifier: Apache-2.0
"""Parquet files that are small and want much: answered or refused by name, in little time and memory."""
import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rig.program import SLUICE

BUDGET_MB, ROOM_MB, SECONDS = 64, 80, 10
LEAST_MB = 8  # of any run: less was not measured
LONG = "x" * 300_000
ROWS = 123_457  # a number that stands nowhere else in a footer


def varint(number: int) -> bytes:
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def with_rows(path, claimed: int) -> None:
    """Makes the footer of a file of ROWS rows claim others."""
    data = path.read_bytes()
    size = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - size:-8].replace(varint(ROWS), varint(claimed))
    path.write_bytes(data[:-8 - size] + footer + len(footer).to_bytes(4, "little") + b"PAR1")


def write(path, column, **options) -> None:
    pq.write_table(pa.table({"v": column}), path, compression="zstd", **options)


def texts_with_a_common_beginning(path):
    write(path, [f"{LONG}{i:06}" for i in range(300)] * 3, use_dictionary=False, column_encoding={"v": "DELTA_BYTE_ARRAY"})


def lists_of_one_long_text(path):
    write(path, pa.array([[LONG] * 100] * 4))


def one_huge_text(path):
    write(path, pa.array(["x" * 200_000_000]), use_dictionary=False)


def a_dictionary_of_huge_texts(path):
    write(path, pa.array([f"{i}" * 40_000_000 for i in range(3)]), dictionary_pagesize_limit=1 << 30)


def millions_of_nulls(path):
    write(path, pa.nulls(20_000_000, pa.int64()), row_group_size=20_000_000)


def thousands_of_columns(path):
    pq.write_table(pa.table({f"c{i}": ["x"] for i in range(4000)}), path)


def rows_that_are_not_there(path):
    write(path, pa.array(range(ROWS)), row_group_size=ROWS)
    with_rows(path, 2 ** 61)


def negative_rows(path):
    write(path, pa.array(range(ROWS)), row_group_size=ROWS)
    with_rows(path, -5)


def a_footer_that_claims_its_length(path):
    write(path, pa.array([1]))
    data = path.read_bytes()
    path.write_bytes(data[:-8] + (2 ** 31 - 1).to_bytes(4, "little") + b"PAR1")


REFUSED = {one_huge_text, a_dictionary_of_huge_texts, rows_that_are_not_there, negative_rows, a_footer_that_claims_its_length}


# Runs a program from a small process, whose own memory does not count: a child begins with its parent's.
MEASURE = """
import json, os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
text = child.stderr.read().decode(errors="replace")
_, status, usage = os.wait4(child.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime, text]))
"""

MAKERS = [texts_with_a_common_beginning, lists_of_one_long_text, millions_of_nulls, thousands_of_columns,
          *sorted(REFUSED, key=lambda make: make.__name__)]


@pytest.mark.parametrize("make", MAKERS)
def test_small_files_that_want_much(tmp_path, make):
    path = tmp_path / "t.parquet"
    make(path)
    assert path.stat().st_size < 2_000_000
    column = "c0" if make is thousands_of_columns else "v"
    for query in ("SELECT count(*)", "SELECT *", f"SELECT count({column})"):
        sql = f"{query} FROM parquet.`{path}` LIMIT 1"
        command = [sys.executable, "-c", MEASURE, SLUICE, "sql", "--memory", f"{BUDGET_MB}m", sql]
        code, peak_mb, seconds, text = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        print(f"{make.__name__}, {query}: {peak_mb:.0f} MB, {seconds:.1f} s: {text[:200]}")
        assert code == 0 or (code == 1 and str(path) in text), f"exit {code}: {text[-2000:]}"
        assert LEAST_MB <= peak_mb <= BUDGET_MB + ROOM_MB
        assert 0 < seconds < SECONDS
        if make in {rows_that_are_not_there, negative_rows, a_footer_that_claims_its_length}:
            assert "FAILED_READ_FILE" in text
        else:
            assert code == 0 or "SLUICE_MEMORY_BUDGET" in text
