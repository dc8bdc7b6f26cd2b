# SPDX-License-Identifier: Apache-2.0
"""What `sluice sql` prints in each format, by readers of these formats; without a server."""
import base64
import csv
import fcntl
import io
import json
import os
import pathlib
import pty
import struct
import subprocess
import termios

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rig import program

ODD = ("SELECT 'a,b' AS `x,y`, 'say \"no\"' AS q, '' AS e, CAST(NULL AS STRING) AS n, 'two\\nlines' AS l, 7 AS i, "
       "double('NaN') AS d, true AS b, 'a|b' AS m")


def test_csv_is_read_back(sluice):
    text = sluice.ok("sql", "--format", "csv", ODD).out
    header, row = csv.reader(io.StringIO(text))
    assert header == ["x,y", "q", "e", "n", "l", "i", "d", "b", "m"]
    assert row == ["a,b", 'say "no"', "", "", "two\nlines", "7", "NaN", "true", "a|b"]
    assert ',"",,' in text, "an empty text is quoted, NULL is nothing"


def test_json_keeps_numbers_and_names_what_json_cannot_hold(sluice):
    row = json.loads(sluice.ok("sql", "--format", "json", ODD).out)
    assert row == {"x,y": "a,b", "q": 'say "no"', "e": "", "n": None, "l": "two\nlines", "i": 7, "d": "NaN", "b": True,
                   "m": "a|b"}


def test_markdown_cells_stay_cells(sluice):
    lines = sluice.ok("sql", "--format", "markdown", "SELECT 'a|b' AS m, 1 AS n").out.splitlines()
    assert lines == ["| m | n |", "| --- | --- |", "| a\\|b | 1 |"]


def test_conf_takes_a_key_and_a_value(sluice):
    for wrong in ("=x", "novalue"):
        done = sluice.run("sql", "--conf", wrong, "SELECT 1")
        assert done.code == 2 and "KEY=VALUE" in done.err, done.all
    assert sluice.ok("sql", "--conf", "spark.sql.ansi.enabled=false", "--format", "csv", "SELECT 1/0 AS x").out == "x\n\n"


NESTED = ("SELECT array(1, NULL) AS a, named_struct('x', 1, 'y', 'ü', 'none', CAST(NULL AS INT)) AS s, map('k', 1.5D) AS m, "
          "X'00ff41' AS b, 'plain' AS t")


def test_json_keeps_structure(sluice):
    row = json.loads(sluice.ok("sql", "--format", "json", NESTED).out)
    assert row == {"a": [1, None], "s": {"x": 1, "y": "ü"}, "m": {"k": 1.5}, "b": "AP9B", "t": "plain"}
    assert base64.b64decode(row["b"]) == b"\x00\xffA"


def test_csv_keeps_structure(sluice):
    (row,) = csv.DictReader(io.StringIO(sluice.ok("sql", "--format", "csv", NESTED).out))
    assert (json.loads(row["a"]), json.loads(row["s"]), json.loads(row["m"])) == ([1, None], {"x": 1, "y": "ü"}, {"k": 1.5})
    assert (row["b"], row["t"]) == ("AP9B", "plain")


def test_structure_is_what_to_json_makes(sluice):
    nested = "named_struct('d', DATE'2024-02-29', 't', TIMESTAMP'2024-02-29 12:00:00.5', 'l', array(X'00'), 'n', 1.50)"
    row = json.loads(sluice.ok("sql", "--format", "json", f"SELECT {nested} AS s, to_json({nested}) AS j").out)
    assert row["s"] == json.loads(row["j"])


def test_numbers_stand_to_the_right_and_types_on_request(sluice):
    query = "SELECT 7 AS n, 'text' AS s, 1.50 AS d"
    assert sluice.ok("sql", query).out.splitlines() == [
        "+---+----+----+", "|  n|s   |   d|", "+---+----+----+", "|  7|text|1.50|", "+---+----+----+"]
    assert "|int|string|decimal(3,2)|" in sluice.ok("sql", "--types", query).out


def test_wide_characters_take_two_columns(sluice):
    assert sluice.ok("sql", "SELECT '漢字' AS a, 'k' AS b, '😀' AS c").out.splitlines() == ["+----+---+---+", "|a   |b  |c  |", "+----+---+---+", "|漢字|k  |😀 |", "+----+---+---+"]


def test_vertical(sluice):
    out = sluice.ok("sql", "--format", "vertical", "SELECT 1 AS a, 'x\\ny' AS long_name").out.splitlines()
    assert out[0].startswith("-RECORD 0---") and out[1:] == [" a         | 1", " long_name | x\\ny"]


@pytest.fixture
def many(tmp_path) -> pathlib.Path:
    """30,000 rows, the widest text in the last one."""
    rows = [f"row {n:05}" for n in range(29_999)] + ["the last one is wider"]
    pq.write_table(pa.table({"n": pa.array(range(30_000), pa.int64()), "text": rows, "more": ["m" * 50] * 30_000}),
                   tmp_path / "many.parquet", row_group_size=5_000)
    return tmp_path / "many.parquet"


def test_a_table_beyond_memory_has_one_width(sluice, many):
    lines = sluice.ok("sql", f"SELECT * FROM '{many}'").out.splitlines()
    assert len(lines) == 30_000 + 4 and {len(line) for line in lines} == {1 + 6 + 22 + 51}
    assert [int(line.split("|")[1]) for line in lines[3:-1]] == list(range(30_000))
    assert lines[-2].split("|")[2] == "the last one is wider"


def test_max_rows_shows_the_first_and_counts_all(sluice, many):
    lines = sluice.ok("sql", "--max-rows", "3", f"SELECT n FROM '{many}'").out.splitlines()
    assert len(lines) == 3 + 4 + 1 and lines[-1] == "3 of 30000 rows; --max-rows 0 shows all."
    lines = sluice.ok("sql", "--max-rows", "3", "--format", "vertical", f"SELECT n FROM '{many}'").out.splitlines()
    assert len(lines) == 2 * 3 + 1 and lines[-1] == "3 of 30000 rows; --max-rows 0 shows all."
    assert len(sluice.ok("sql", "--max-rows", "3", f"SELECT n FROM '{many}' LIMIT 3").out.splitlines()) == 3 + 4
    for wrong in (["--max-rows", "3", "--format", "csv"], ["--max-rows", "-1"], ["--types", "--format", "json"]):
        assert sluice.run("sql", *wrong, "SELECT 1").code == 2


def on_terminal(sluice, columns: int, *words, **env) -> list[str]:
    """What the program prints onto a terminal of that width, which has no colours unless TERM says so."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen([program.SLUICE, *words], stdin=subprocess.DEVNULL, stdout=its, stderr=subprocess.DEVNULL,
                             cwd=sluice.cwd, env=program.clean_environment(env))
    os.close(its)
    printed = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        printed += piece
    os.close(ours)
    assert child.wait(60) == 0
    return printed.decode().replace("\r", "").splitlines()


def test_colours_are_for_terminals_that_have_them(sluice):
    words = ("sql", "SELECT 1 AS n, '\x1b[31mred' AS t")
    painted = on_terminal(sluice, 80, *words, TERM="xterm-256color")
    assert painted[1] == "\x1b[1m|  n|t       |" and painted[2].startswith("\x1b[0m+"), painted
    assert painted[3] == "|  1|\\u001b[31mred|", "what a record holds paints nothing"
    plain = [line.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[2m", "") for line in painted]
    for env in ({"TERM": "dumb"}, {"TERM": ""}, {"TERM": "xterm-256color", "NO_COLOR": "1"}):
        assert on_terminal(sluice, 80, *words, **env) == [line for line in plain if line], env


def test_on_a_terminal_it_fits_and_shows_forty(sluice, many):
    lines = on_terminal(sluice, 40, "sql", f"SELECT * FROM '{many}'")
    assert len(lines) == 40 + 4 + 1 and lines[-1] == "40 of 30000 rows; --max-rows 0 shows all."
    assert {len(line) for line in lines[:-1]} == {40}
    assert lines[3].split("|")[3].endswith("m...") and lines[3].split("|")[2].rstrip() == "row 00000"


def test_columns_without_room_are_counted(sluice):
    many = ", ".join(f"'a long text number {n}' AS column_{n}" for n in range(20))
    lines = on_terminal(sluice, 60, "sql", f"SELECT {many}")
    assert lines[-1] == "6 of 20 columns fit; --format vertical shows all." and max(map(len, lines[:-1])) <= 60
