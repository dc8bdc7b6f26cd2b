# SPDX-License-Identifier: Apache-2.0
"""PySpark programs that decide which rows there are, on `sluice server`: generators, windows, grouping sets, pivots,
subqueries, samples and statistics. The answers are those of real Spark (tools/record_rows.py)."""
import json
import pathlib

import pytest
from rig import connect, row_answers, row_programs

RECORDED = json.loads((pathlib.Path(__file__).resolve().parent.parent / "golden" / "rows.json").read_text())


@pytest.fixture(scope="module")
def pyspark(tmp_path_factory):
    with connect.Server(tmp_path_factory.mktemp("server"), "--conf", "spark.sql.session.timeZone=UTC") as started:
        with connect.session(started.url) as spark:
            yield spark


@pytest.mark.parametrize("name", row_programs.PROGRAMS)
def test_rows_are_those_of_spark(pyspark, name):
    assert row_answers.of_frame(row_programs.PROGRAMS[name](pyspark)) == RECORDED["frames"][name]


@pytest.mark.parametrize("name", row_programs.VALUES)
def test_values_are_those_of_spark(pyspark, name):
    expected = RECORDED["values"][name]
    assert row_programs.VALUES[name](pyspark) == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize("name", row_programs.ERRORS)
def test_errors_are_those_of_spark(pyspark, name):
    assert row_answers.condition_of(lambda: row_programs.ERRORS[name](pyspark).collect()) == RECORDED["errors"][name]
