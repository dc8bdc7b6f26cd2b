# SPDX-License-Identifier: Apache-2.0
"""Bombs: texts that are deep, wide, long, that repeat themselves or claim what they do not have, for everything that reads
or computes texts. Each is given to the release program with a budget of 64 MiB. It must end within 10 seconds, below the
budget and 80 MB, with rows or with an error by name, and never by a signal. `make bombs` tries 2,000 by seed, `make test`
a sample."""
import dataclasses
import json as json_module
import pathlib
import random
import re
import subprocess
import sys

from rig import program

MOST_BYTES = (64 << 20) + 80_000_000
LEAST_BYTES = 8 << 20  # of any run: less was not measured
MOST_SECONDS = 10
WHOLE = 2000
MEASURED = pathlib.Path(__file__).with_name("measured.py")
ARGUMENT = 120_000  # bytes: the kernel takes no longer one


@dataclasses.dataclass
class Bomb:
    name: str
    words: list[str]  # of the command line
    files: dict[str, str] = dataclasses.field(default_factory=dict)


def sql(name: str, text: str) -> Bomb:
    return Bomb(name, ["sql", text[:ARGUMENT], "--format", "csv"])


def size(rng: random.Random, most: int) -> int:
    """Small and large ones alike."""
    return max(1, int(most ** rng.random()))


def nested(rng, begin: str, inner: str, end: str) -> str:
    depth = size(rng, min(30_000, (ARGUMENT - 100) // (len(begin) + len(end))))
    return begin * depth + inner + end * depth


def deep_sql(rng):
    begin, inner, end = rng.choice([
        ("(", "1", ")"), ("abs(", "1", ")"), ("-", "1", ""), ("- ", "1", ""), ("NOT ", "true", ""), ("array(", "1", ")"), ("struct(", "1", ")"),
        ("CASE WHEN true THEN ", "1", " END"), ("(SELECT ", "1", ")"), ("map(1,", "1", ")"), ("CAST(", "1", " AS STRING)"), ("if(true,", "1", ",2)"),
        ("coalesce(", "1", ",2)"), ("1+(", "1", ")"), ("x[", "1", "]"), ("upper(", "'a'", ")"), ("/*", "1", "*/"), ("concat('a',", "'b'", ")")])
    return sql("deep SQL", "SELECT " + nested(rng, begin, inner, end))


def deep_relations(rng):
    begin, inner, end = rng.choice([("SELECT * FROM (", "SELECT 1 AS a", ")"), ("(", "SELECT 1", ")"), ("SELECT * FROM (SELECT *, 1 AS b FROM ", "VALUES (1)", ")"),
                                    ("SELECT a + a AS a FROM (", "SELECT 1 AS a", ")"), ("SELECT DISTINCT * FROM (", "SELECT 1 AS a", ")")])
    return sql("deep relations", nested(rng, begin, inner, end))


def wide_sql(rng):
    count = size(rng, 15_000)
    text = rng.choice([
        lambda: "SELECT " + ", ".join(f"{i}" for i in range(count)),
        lambda: "SELECT " + "+".join("1" for _ in range(count)),
        lambda: "SELECT " + " AND ".join("true" for _ in range(count)),
        lambda: "SELECT 1 IN (" + ",".join(f"{i}" for i in range(count)) + ")",
        lambda: "SELECT concat(" + ",".join("'a'" for _ in range(count)) + ")",
        lambda: "SELECT CASE " + " ".join(f"WHEN false THEN {i}" for i in range(count // 3 + 1)) + " END",
        lambda: "SELECT array(" + ",".join(f"{i}" for i in range(count)) + ")",
        lambda: "SELECT map(" + ",".join(f"{i},1" for i in range(count // 2 + 1)) + ")",
        lambda: "SELECT * FROM VALUES " + ",".join(f"({i})" for i in range(count)),
        lambda: " UNION ALL ".join("SELECT 1" for _ in range(count // 4 + 1)),
        lambda: "SELECT 1; " * (count // 5 + 1),
        lambda: "SELECT '" + "x" * (count * 8),
        lambda: "SELECT `" + "x" * (count * 8) + "`",
        lambda: "SELECT " + "9" * (count * 8),
        lambda: "SELECT 1e" + "9" * (count * 8),
        lambda: "SELECT 1 " + "-- c\n" * count,
        lambda: "SELECT " + "a." * count + "b",
        lambda: "SELECT 1 ORDER BY " + ",".join("1" for _ in range(count)),
        lambda: "SELECT count(1) FROM VALUES (1) GROUP BY " + ",".join(f"{i}+1" for i in range(count // 2 + 1)),
        lambda: "SELECT " + ", ".join(f"split('a,b', ',')[{i}]" for i in range(min(count, 4000))),
    ])()
    return sql("wide SQL", text)


def large_number(rng) -> int:
    return rng.choice([2 ** 31 - 1, -2 ** 31, 10 ** 9, 50_000_000, 9_000_000, 8_000_000, 1_000_000, 4096, size(rng, 10 ** 9)])


def large_text(rng) -> str:
    """An expression of a text of up to 8 MB."""
    piece = rng.choice(["'a'", "'ab,'", "'[0,'", "'{\"a\":'", "'\\\\t'", "'%s'", "'é'", "'x y '", "'9'", "'['", "'\"'", "'a=1;'"])
    return f"repeat({piece}, {size(rng, 2_500_000)})"


def growing(rng):
    n, text = large_number(rng), large_text(rng)
    inner = rng.choice([
        f"repeat('ab', {n})", f"space({n})", f"lpad('a', {n}, 'xy')", f"rpad('a', {n})", f"format_string('%{abs(n)}d', 1)",
        f"format_string('%.{abs(n)}f', 1.5D)", f"replace({text}, 'a', repeat('b', 1000))", f"regexp_replace({text}, '.', '$0$0$0$0$0$0$0$0')",
        f"concat({text}, {text}, {text})", f"concat_ws({text}, 'a', 'b', 'c', 'd')", f"array_join(split({text}, ''), {text})",
        f"translate({text}, 'a', 'é')", f"hex({text})", f"hex(hex(hex({text})))", f"base64(encode({text}, 'UTF-16'))", f"split({text}, '')",
        f"split({text}, 'a')", f"split({text}, '[a,]')", f"size(split({text}, ','))", f"array_distinct(split({text}, ''))", f"sort_array(split({text}, ','))",
        f"to_json(array({text}, {text}))", f"upper({text})", f"reverse({text})", f"split({text}, ',')[{n}]", f"element_at(split({text}, ','), {abs(n) or 1})",
        f"slice(split({text}, ','), 1, {abs(n)})", f"substring_index({text}, 'a', {n})", f"split_part({text}, 'a', {n or 1})", f"substring({text}, {n}, {n})",
        f"format_number(1e300, {n})", f"round(1.5, {n})", f"round(1.5, length({text}))", f"CAST({text} AS BINARY)", f"decode(encode({text}, 'UTF-16'), 'UTF-16')",
        f"md5({text})", f"levenshtein({text}, {text})", f"CAST(split({text}, ',') AS STRING)", f"instr({text}, {text})", f"locate({text}, {text}, {n})"])
    return sql("growing values", f"SELECT length(CAST({inner} AS STRING))" if rng.random() < 0.7 else f"SELECT {inner} AS v FROM range({size(rng, 50)})")


def doubling(rng):
    step = rng.choice(["concat(a, a)", "a || a", "array(a, a)", "named_struct('x', a, 'y', a)", "concat_ws(a, a, a)", "replace(a, 'x', a)", "to_json(array(a, a))", "hex(a)",
                       "regexp_replace(a, 'x', a)", "map(a, a)", "CAST(array(a, a) AS STRING)"])
    text = "SELECT 'xy' AS a"
    for _ in range(size(rng, 60)):
        text = f"SELECT {step} AS a FROM ({text})"
    return sql("doubling", text)


def casts(rng):
    n = size(rng, 1_000_000)
    text = rng.choice([f"repeat('9', {n})", f"concat('1e', repeat('9', {n}))", "'1e2147483647'", "'1e-2147483648'", f"concat('0.', repeat('0', {n}), '1')",
                       f"concat(repeat(' ', {n}), '1')", "'1e308'", f"repeat('1-', {n})", "'+294248-01-01'", f"concat('2020-01-01 00:00:00.', repeat('9', {n}))"])
    to = rng.choice(["INT", "BIGINT", "DOUBLE", "FLOAT", "DECIMAL(38,10)", "DECIMAL(38,0)", "DATE", "TIMESTAMP", "BOOLEAN", "BINARY"])
    return sql("casts", f"SELECT {rng.choice(['CAST', 'TRY_CAST'])}({text} AS {to})")


def json(rng):
    n = size(rng, 4_000_000)
    text = rng.choice([f"repeat('[', {n})", f"concat(repeat('[', {n}), repeat(']', {n}))", f"repeat('{{\"a\":', {n})", f"concat('[', repeat('0,', {n}), '0]')",
                       f"concat('{{\"a\":1', repeat(',\"a\":1', {n}), '}}')", f"concat('\"', repeat('\\\\u0000', {n}), '\"')", f"concat('\"', repeat('a', {n}))",
                       f"repeat('9', {n})", f"concat('1e', repeat('9', {n}))", f"concat('[', repeat('[],', {n}), '[]]')", f"repeat('{{}}', {n})"])
    schema = rng.choice(["a INT", "a STRING", "ARRAY<INT>", "ARRAY<STRING>", "MAP<STRING,STRING>", "a STRUCT<a:STRUCT<a:INT>>"])
    path = rng.choice(["'$'", "'$.a'", "'$[*]'", "'$[2147483647]'", f"concat('$', repeat('[*]', {size(rng, 100_000)}))", f"concat('$', repeat('.a', {size(rng, 100_000)}))"])
    call = rng.choice([f"from_json({text}, '{schema}')", f"get_json_object({text}, {path})", f"json_array_length({text})", f"json_object_keys({text})",
                       f"from_csv({text}, 'a INT, b STRING')", f"from_csv(repeat(',', {n}), 'a INT, b STRING')"])
    return sql("JSON", f"SELECT length(CAST({call} AS STRING))")


def schemas(rng):
    schema = rng.choice([
        lambda: nested(rng, "array<", "int", ">"), lambda: nested(rng, "struct<a:", "int", ">"), lambda: nested(rng, "map<string,", "int", ">"),
        lambda: ", ".join(f"a{i} INT" for i in range(size(rng, 10_000))), lambda: "a DECIMAL(" + "9" * size(rng, 100_000) + ")",
        lambda: "`" + "a" * size(rng, 100_000) + "` INT", lambda: "<" * size(rng, 100_000), lambda: "a INT COMMENT '" + "x" * size(rng, 100_000) + "'",
        lambda: "a " * size(rng, 50_000)])()
    return sql("schemas", f"SELECT from_json('{{}}', '{schema[:ARGUMENT - 100]}')")


def patterns(rng):
    n = size(rng, 3_000_000)
    pattern = rng.choice(["(a*)*b", "(a|a)*b", "(a|aa)+$", "a*a*a*b", "a*b", "(.*)(.*)(.*)=", "(a+)b\\\\1c", "(?=(a+))a*\\\\1b", "([a-z]+)*=", "(?<=a)b", "(a{1,100}){1,100}b", "x*", "", ".", "(?s).*",
                          "((a{1,999}){1,999}){1,999}", "(?(DEFINE)(?<q>\\\\Kab))(?<=(?&q))", "(?R)", "(?<n>a)\\\\k<n>+", "(" * size(rng, 5000), "(?:" * size(rng, 3000) + ")" * 3000,
                          "[" * size(rng, 5000), "[^" * size(rng, 5000) + "a" + "]" * 5000, "a" * size(rng, 60_000), "|" * size(rng, 60_000), "(a)" * size(rng, 20_000),
                          "a{65535}{65535}", "\\\\p{L}" * size(rng, 5000), "(?i)" * size(rng, 5000), "(?<=a{1,50}b{1,50})c", "[a-z&&" * size(rng, 3000)])
    text = rng.choice([f"repeat('a', {n})", f"repeat('ab', {n})", f"concat(repeat('a', {n}), 'b', repeat('a', {n}))", f"repeat('é', {n})", f"repeat('a=', {n})"])
    call = rng.choice(["rlike(T, P)", "regexp_replace(T, P, 'x')", "regexp_replace(T, P, '$1')", "regexp_extract(T, P, 0)", "size(split(T, P))", "regexp_count(T, P)", "regexp_substr(T, P)"])
    return sql("patterns", "SELECT length(CAST(" + call.replace("T", text, 1).replace("P", f"'{pattern}'") + " AS STRING))")


def likes(rng):
    n, m = size(rng, 4_000_000), size(rng, 200_000)
    pattern = rng.choice([f"repeat('%', {m})", f"repeat('%a', {m})", f"concat('%', repeat('_a', {m}), 'b')", f"repeat('_', {m})", f"concat('%', repeat('a', {m}), 'b')",
                          f"concat('%', repeat('a', {m}), '%b')", f"repeat('\\\\\\\\', {m})"])
    return sql("LIKE", f"SELECT repeat('a', {n}) {rng.choice(['LIKE', 'ILIKE'])} {pattern}")


def datetimes(rng):
    pattern = rng.choice(["y", "M", "d", "S", "X", "[", "]", "'", "''", "E", "#", "z", "V", "n", "yyyy", "[yyyy", "''''"]) * size(rng, 30_000)
    call = rng.choice(["date_format(TIMESTAMP'2020-01-01', P)", "to_timestamp('2020', P)", "to_date('2020', P)", "from_unixtime(0, P)", "unix_timestamp('2020', P)",
                       "from_unixtime(9223372036854775807, P)", "to_timestamp(repeat('2', 1000000), P)"])
    return sql("datetime patterns", "SELECT " + call.replace("P", "'" + pattern[:ARGUMENT // 2].replace("'", "\\'") + "'"))


def env_files(rng):
    text = rng.choice([
        lambda: "A=" + "x" * size(rng, 4_000_000), lambda: "".join(f"A{i}=${{A{i - 1}}}${{A{i - 1}}}\n" for i in range(1, size(rng, 60) + 1)), lambda: "A=${" * size(rng, 200_000),
        lambda: "A='" + "\n" * size(rng, 4_000_000), lambda: "A=\"" + "\\" * size(rng, 4_000_000), lambda: "".join(f"A{i}=b\n" for i in range(size(rng, 200_000))),
        lambda: "=" * size(rng, 4_000_000), lambda: "\0" * size(rng, 4_000_000), lambda: "export " * size(rng, 500_000)])()
    return Bomb(".env", ["sql", "SELECT 1", "--env-file", "bomb.env"], {"bomb.env": text})


def pipelines(rng):
    text = rng.choice([
        lambda: "(" * size(rng, 4_000_000), lambda: "SET a=" + "b" * size(rng, 4_000_000) + ";", lambda: "SET a=b;\n" * size(rng, 200_000), lambda: "--" + "x" * size(rng, 4_000_000),
        lambda: "/*" * size(rng, 2_000_000), lambda: "'" + "\\" * size(rng, 4_000_000), lambda: "CREATE STREAMING TABLE t AS SELECT " + "1+" * size(rng, 1_000_000) + "1 FROM STREAM read_kafka()",
        lambda: "CREATE STREAMING TABLE t AS SELECT " + "(" * size(rng, 1_000_000), lambda: "${" * size(rng, 1_000_000), lambda: "${A}" * size(rng, 1_000_000), lambda: ";" * size(rng, 4_000_000)])()
    return Bomb("pipeline file", ["run", "bomb.sql", "--param", "A=" + "x" * size(rng, 10_000)], {"bomb.sql": text})


def jaas(rng):
    config = rng.choice([
        lambda: "org.apache.kafka.common.security.scram.ScramLoginModule required " + "a=\"b\" " * size(rng, 10_000) + ";", lambda: "x" * size(rng, ARGUMENT // 2), lambda: "\"" * size(rng, ARGUMENT // 2),
        lambda: "a required " * size(rng, 5_000), lambda: ";" * size(rng, ARGUMENT // 2), lambda: "a required b=\"" + "\\\\" * size(rng, 20_000), lambda: "{" * size(rng, ARGUMENT // 2)])()
    return Bomb("JAAS", ["sql", f"SELECT * FROM read_kafka(bootstrapServers => '127.0.0.1:1', subscribe => 't', `kafka.security.protocol` => 'SASL_PLAINTEXT', "
                                f"`kafka.sasl.mechanism` => 'PLAIN', `kafka.sasl.jaas.config` => '{config}', `kafka.default.api.timeout.ms` => '1000')"])


KINDS = [deep_sql, deep_relations, wide_sql, growing, growing, doubling, casts, json, schemas, patterns, patterns, likes, datetimes, env_files, pipelines, jaas]


def bomb_of(seed: int) -> Bomb:
    rng = random.Random(seed)
    return KINDS[seed % len(KINDS)](rng)


def pytest_generate_tests(metafunc):
    config = metafunc.config
    first = config.getoption("--seed") * 10_000
    count = WHOLE if config.getoption("--all-bombs") else 3 * len(KINDS)
    metafunc.parametrize("seed", range(first, first + count))


def test_bomb(seed, tmp_path):
    bomb = bomb_of(seed)
    for name, text in bomb.files.items():
        (tmp_path / name).write_text(text)
    with open(tmp_path / "out", "wb") as out, open(tmp_path / "err", "wb") as err:
        subprocess.run([sys.executable, "-S", str(MEASURED), str(tmp_path / "report"), str(6 * MOST_SECONDS), str(program.SLUICE), *bomb.words, "--memory", "64m"],
                       stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=tmp_path, env=program.clean_environment({}), check=True)
    report = json_module.loads((tmp_path / "report").read_text())
    printed = (tmp_path / "err").read_text(errors="replace")
    shown = f"{bomb.name}: {' '.join(bomb.words)[:300]}\n{printed[-600:]}"
    assert report["code"] >= 0, f"signal {-report['code']}, {report['seconds']:.1f} s: {shown}"
    assert report["code"] == 0 or re.search(r"\[[A-Z][A-Z0-9_.]+\]", printed), f"no error by name: {shown}"
    assert "INTERNAL" not in printed, shown
    assert report["bytes"] >= LEAST_BYTES and report["seconds"] > 0, f"not measured: {report}"
    assert report["bytes"] <= MOST_BYTES, f"{report['bytes'] >> 20} MiB: {shown}"
    assert report["seconds"] <= MOST_SECONDS, f"{report['seconds']:.1f} CPU s: {shown}"
