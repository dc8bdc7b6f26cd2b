# SPDX-License-Identifier: Apache-2.0
"""Bad input, row for row: what real Spark 4.2.0 does with a record, Sluice does; each failure says which record it was."""
import re

import pytest
from rig import table
from rig.pipeline import Pipeline
from rig.spark import SparkFailed

RECORDS = {
    "null value": None,
    "empty value": b"",
    "NUL byte": b"a\x00b\tx\ty",
    "too many tabs": b"a\tb\tc\td\te",
    "trailing tabs": b"a\tb\tc\t\t",
    "only tabs": b"\t\t",
    "CRLF": b"a\tb\tc\r",
    "quotes": b'"a\tb"\t\'c\'',
    "multi-byte": "größe\t€\t😀".encode(),
}
NUMBERS = ["12", " 12 ", "12.5", "99999999999", "", "abc", "1e3", "NaN", "inf", "-Infinity", "0x10", "+7", "1_000",
           "2024-1-1", "2024-13-01", "2024-02-30", "24-1-1", "true", "\u00a012"]
CLASS = re.compile(r"\[([A-Z_]+(?:\.[A-Z_]+)?)\]")


def both(sluice, spark, topic, tmp_path, records: list, select: list[str], settings: dict | None = None,
         partition: int = 0) -> list:
    """Runs one pipeline over the same records on both engines; returns the tables, or the failures' texts."""
    source = topic(1)
    source.produce(records, partition=partition)
    found = []
    for engine in ("spark", "sluice"):
        number = len(list(tmp_path.glob("table-*")))
        pipeline = Pipeline(source, tmp_path / f"table-{number}", tmp_path / f"checkpoint-{number}", select=select,
                            settings=settings)
        pipeline.table.mkdir()
        try:
            if engine == "spark":
                spark.stream(pipeline)
            else:
                done = sluice.run("run", pipeline.write_sql(tmp_path))
                if done.code:
                    assert done.code == 1, done.all
                    found.append(done.err)
                    continue
            rows = table.rows(table.part_files(pipeline.table)).sort_by("offset")
            found.append(rows)
        except SparkFailed as failed:
            found.append(str(failed))
    return found


def as_texts(rows) -> list[list[str]]:
    """Every value as Python writes it: bytes of strings as they are, and NaN equal to NaN."""
    return [[repr(v.cast("binary").as_py() if str(v.type) == "string" else v.as_py()) for v in column]
            for column in rows.columns]


def assert_same(found: list) -> None:
    theirs, ours = found
    assert not isinstance(theirs, str), theirs
    assert not isinstance(ours, str), ours
    assert ours.schema.names == theirs.schema.names
    assert as_texts(ours) == as_texts(theirs)


def test_records_that_are_kept(sluice, spark, topic, tmp_path):
    select = ["get(parts, 0) AS a", "get(parts, 1) AS b", "try_element_at(parts, 3) AS c", "size(parts) AS n"]
    assert_same(both(sluice, spark, topic, tmp_path, list(RECORDS.values()), select))


def test_split_of_bytes_that_are_no_utf8(sluice, spark, topic, tmp_path):
    assert_same(both(sluice, spark, topic, tmp_path, [b"a\xff\xfeb\tx\ty", b"\xe2\x82\t\xed\xa0\x80\t\xc3", "größe\tx\ty".encode()],
                     ["get(parts, 0) AS a", "get(parts, 1) AS b", "get(split(CAST(value AS STRING), '[\t]'), 2) AS c",
                      "CAST(value AS STRING) AS whole"]))


def test_missing_fields_without_ansi(sluice, spark, topic, tmp_path):
    select = ["parts[0] AS a", "parts[1] AS b", "parts[2] AS c", "parts[9] AS d"]
    assert_same(both(sluice, spark, topic, tmp_path, list(RECORDS.values()), select, {"spark.sql.ansi.enabled": "false"}))


@pytest.mark.parametrize("ansi", ["true", "false"])
def test_try_casts(sluice, spark, topic, tmp_path, ansi):
    select = [f"try_cast(parts[0] AS {kind}) AS as_{kind.lower().replace('(', '_').replace(', ', '_').replace(')', '')}"
              for kind in ("INT", "BIGINT", "SMALLINT", "DOUBLE", "FLOAT", "BOOLEAN", "DATE", "TIMESTAMP", "DECIMAL(10, 2)")]
    assert_same(both(sluice, spark, topic, tmp_path, [n.encode() for n in NUMBERS], select, {"spark.sql.ansi.enabled": ansi}))


def test_digits_of_other_scripts(sluice, spark, topic, tmp_path):
    select = ["try_cast(parts[0] AS DECIMAL(10, 2)) AS d", "try_cast(parts[0] AS INT) AS i"]
    assert_same(both(sluice, spark, topic, tmp_path, ["９".encode()], select))


def test_casts_without_ansi(sluice, spark, topic, tmp_path):
    select = [f"CAST(parts[0] AS {kind}) AS as_{kind.lower()}" for kind in ("INT", "BIGINT", "DOUBLE", "DATE")]
    assert_same(both(sluice, spark, topic, tmp_path, [n.encode() for n in NUMBERS], select, {"spark.sql.ansi.enabled": "false"}))


POISON = {
    "too few tabs": (b"a\tb", "parts[2] AS c", "INVALID_ARRAY_INDEX"),
    "short element_at": (b"a\tb", "element_at(parts, 3) AS c", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT"),
    "no number": (b"abc", "CAST(parts[0] AS INT) AS n", "CAST_INVALID_INPUT"),
    "decimal as int": (b"12.5", "CAST(parts[0] AS INT) AS n", "CAST_INVALID_INPUT"),
    "too large": (b"99999999999", "CAST(parts[0] AS INT) AS n", "CAST_INVALID_INPUT"),
    "empty as int": (b"", "CAST(parts[0] AS INT) AS n", "CAST_INVALID_INPUT"),
    "no date": (b"2024-13-01", "CAST(parts[0] AS DATE) AS d", "CAST_INVALID_INPUT"),
}


@pytest.mark.parametrize("name", POISON)
def test_poison_fails_and_names_the_record(sluice, spark, topic, tmp_path, name):
    record, select, condition = POISON[name]
    good = b"1\t2\t3" if "array" in condition.lower() else (b"2024-01-01" if "date" in name else b"7")
    theirs, ours = both(sluice, spark, topic, tmp_path, [good, good, record, good], [select])
    assert isinstance(theirs, str) and condition in CLASS.findall(theirs), theirs
    assert isinstance(ours, str) and condition in CLASS.findall(ours), ours
    assert re.search(r"topic\W+reviews-\d+\W+partition\W+0\W+offset\W+2\b", ours), f"the record is not named: {ours}"
    way_out = {"INVALID_ARRAY_INDEX": "get(", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT": "try_element_at("}.get(condition, "try_cast")
    assert way_out in ours and "spark.sql.ansi.enabled" in ours, f"the ways out are not named: {ours}"
