# SPDX-License-Identifier: Apache-2.0
"""What `sluice sql` prints in each format, by readers of these formats; without a server."""
import csv
import io
import json

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
