# SPDX-License-Identifier: Apache-2.0
"""What SQL text means depends on the session (zone, ANSI, kinds of quotes): each door hands its settings over."""
import csv
import io

import pyarrow.parquet as pq
from rig.pipeline import Pipeline
from rig.reviews import reviews

ZONE = "spark.sql.session.timeZone"
LITERAL = "SELECT unix_seconds(TIMESTAMP'2019-07-01 00:00:00') AS v"
LOS_ANGELES, BERLIN = "1561964400", "1561932000"  # what real Spark answers there


def answers(sluice, *arguments, **options) -> list[str]:
    done = sluice.ok("sql", "--format", "csv", *arguments, **options)
    return [row["v"] for row in csv.DictReader(io.StringIO(done.out)) if row["v"] != "v"]


def test_the_zone_of_timestamp_literals_on_the_command_line(sluice):
    assert answers(sluice, LITERAL, env={"TZ": "America/Los_Angeles"}) == [LOS_ANGELES]
    assert answers(sluice, "--conf", f"{ZONE}=America/Los_Angeles", LITERAL) == [LOS_ANGELES]
    assert answers(sluice, f"SET {ZONE} = Europe/Berlin; {LITERAL}", env={"TZ": "America/Los_Angeles"}) == [BERLIN]
    assert answers(sluice, f"{LITERAL}; SET TIME ZONE 'Europe/Berlin'; {LITERAL}", env={"TZ": "America/Los_Angeles"}) == [LOS_ANGELES, BERLIN]


def test_the_zone_of_timestamp_literals_in_a_pipeline(sluice, topic, tmp_path):
    """A filter drops records for ever: it must mean what it means in Spark, whichever door gave the zone."""
    source = topic(partitions=1)
    source.produce(reviews(0, 10))
    for number, (settings, env, wanted) in enumerate([({ZONE: "America/Los_Angeles"}, {}, LOS_ANGELES), ({}, {"TZ": "Europe/Berlin"}, BERLIN)]):
        table = tmp_path / f"table-{number}"
        pipeline = Pipeline(source, table, tmp_path / f"checkpoint-{number}", settings=settings,
                            select=["unix_seconds(TIMESTAMP'2019-07-01 00:00:00') AS v"])
        sluice.ok("run", pipeline.write_sql(tmp_path / f"sql-{number}"), env=env)
        values = {str(v) for v in pq.read_table(table).column("v").to_pylist()}
        assert values == {wanted}


def test_other_settings_of_the_parser_on_the_command_line(sluice):
    quoted = 'SELECT "v" FROM (SELECT 7 AS v)'
    assert answers(sluice, quoted.replace('"v"', '"x" AS v')) == ["x"], "a string by default"
    double = "spark.sql.ansi.doubleQuotedIdentifiers"
    assert answers(sluice, "--conf", f"{double}=true", quoted) == ["7"]
    assert answers(sluice, f"SET {double} = true; {quoted}") == ["7"]
    escaped = r"SELECT length('a\tb') AS v"
    assert answers(sluice, escaped) == ["3"]
    assert answers(sluice, "--conf", "spark.sql.parser.escapedStringLiterals=true", escaped) == ["4"]
    assert answers(sluice, "SET spark.sql.ansi.enabled = false; SELECT coalesce(CAST('x' AS INT), -1) AS v") == ["-1"]


def test_settings_that_would_change_the_meaning_are_refused_by_name(sluice):
    for key, value in [("spark.sql.timestampType", "TIMESTAMP_NTZ"), ("spark.sql.legacy.timeParserPolicy", "LEGACY"),
                       ("spark.sql.ansi.enforceReservedKeywords", "true"), (ZONE, "Mars/Olympus")]:
        for arguments in (["--conf", f"{key}={value}", "SELECT 1"], [f"SET {key} = {value}; SELECT 1"]):
            done = sluice.run("sql", *arguments)
            assert done.code != 0 and key in done.err, done.all
