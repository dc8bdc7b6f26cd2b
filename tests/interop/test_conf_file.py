# SPDX-License-Identifier: Apache-2.0
"""--conf-file: settings that the process list does not show."""
import pytest

COMMANDS = [("sql", "SELECT 1"), ("run", "none.sql"), ("checkpoint", "show", "none"), ("ddl", "athena", "none", "--table", "a.b"),
            ("demo",)]


def conf_file(sluice, text: str, mode: int = 0o600, name: str = "my.conf") -> str:
    file = sluice.cwd / name
    file.write_text(text)
    file.chmod(mode)
    return name


def test_settings_of_the_file_count_and_the_command_line_wins(sluice):
    name = conf_file(sluice, "# as spark-defaults.conf\nspark.sql.session.timeZone   Asia/Tokyo\nspark.app.name: mine\n")
    query = "SELECT CAST(timestamp_seconds(0) AS STRING) AS t"
    assert sluice.ok("sql", "--format", "csv", "--conf-file", name, query).out == "t\n1970-01-01 09:00:00\n"
    other = conf_file(sluice, "spark.sql.session.timeZone = UTC\n", name="other.conf")
    both = sluice.ok("sql", "--format", "csv", "--conf-file", name, "--conf-file", other, query)
    assert both.out == "t\n1970-01-01 00:00:00\n"
    wins = sluice.ok("sql", "--format", "csv", "--conf-file", name, "--conf", "spark.sql.session.timeZone=Europe/Paris", query)
    assert wins.out == "t\n1970-01-01 01:00:00\n"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_every_command_takes_it_and_names_wrong_lines(sluice, command):
    for text, line in (("a.b 1\n\nspark.hadoop.fs.s3a.secret.key\n", 3), ("spark.sluice.threads=few\n", 1),
                       ("x = \\\n  canary-\\\n  continued\ny=\\u12\n", 4)):
        done = sluice.run(*command, "--conf-file", conf_file(sluice, text))
        assert done.code == 2 and f"my.conf:{line}: " in done.err, (text, done.all)
    assert sluice.run(*command, "--conf-file", "not-there.conf").code == 2


def test_secrets_are_kept_and_a_file_that_others_may_read_is_named(sluice):
    text = "spark.hadoop.fs.s3a.access.key=K\nspark.hadoop.fs.s3a.secret.key=canary-of-a-conf-file\n"
    done = sluice.ok("sql", "--conf-file", conf_file(sluice, text, 0o644), "--log-level", "trace", "SELECT 1")
    assert done.err.count("chmod 600") == 1 and "canary" not in done.all, done.err
    assert sluice.ok("sql", "--conf-file", conf_file(sluice, text), "SELECT 1").err == ""
    assert "process list" in sluice.ok("sql", "--help").out
