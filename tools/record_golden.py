#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what real Spark answers to calls of functions, as small JSON files that expr_test reads.

Run it with the Python of a Spark installation (pyspark, classic, local):

  record_golden.py tests/golden/expr/*.txt

One case a line: `function | type value | type value`. Each is called on literals, with ANSI on and off; `agg:sum | array<int>
[1, 2]` is an aggregate over the elements; `interval '1' MONTH` is an interval of the field behind it. Lines
`@zone America/Los_Angeles` set the session's time zone for what follows; `@values` leaves names, types and nullability out
of what follows; `#` begins a comment. strings.txt is recorded into strings.json, beside it.
"""
import argparse
import json
import pathlib
import re
import sys

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

INFIX = {"+", "-", "*", "/", "%", "div", "=", "==", "<=>", "<", "<=", ">", ">=", "!=", "<>", "and", "or", "like", "ilike",
         "rlike", "||"}


def unescape(text):
    """The bytes of a quoted value: backslash escapes n t r 0 \\ ' and xNN."""
    out = bytearray()
    i = 0
    while i < len(text):
        if text[i] != "\\":
            out += text[i].encode()
            i += 1
            continue
        code = text[i + 1]
        if code == "x":
            out.append(int(text[i + 2:i + 4], 16))
            i += 4
            continue
        out += {"n": b"\n", "t": b"\t", "r": b"\r", "0": b"\0"}.get(code, code.encode())
        i += 2
    return bytes(out)


def string_literal(data):
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return f"CAST(X'{data.hex()}' AS STRING)"
    if any(ord(c) < 32 and c not in "\t\n\r" for c in text):
        return f"CAST(X'{data.hex()}' AS STRING)"
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r") + "'"


def json_literal(value, kind):
    """A value of an array, map or struct case, written as JSON, as SQL of the Spark type `kind`."""
    kind = kind.strip()
    if value is None:
        return f"CAST(NULL AS {kind})"
    if kind.startswith("array<"):
        inner = kind[6:-1]
        if not value:
            return f"CAST(array() AS {kind})"
        if inner.startswith("decimal"):  # its literals would have other types
            return f"CAST(array({', '.join('NULL' if v is None else str(v) + 'BD' for v in value)}) AS {kind})"
        return "array(" + ", ".join(json_literal(v, inner) for v in value) + ")"
    if kind.startswith("map<"):
        key, item = kind[4:-1].split(",", 1)
        return "map(" + ", ".join(f"{json_literal(k, key)}, {json_literal(v, item)}" for k, v in value.items()) + ")"
    if kind.startswith("struct<"):
        fields = [f.split(":", 1) for f in kind[7:-1].split(",")]
        return "named_struct(" + ", ".join(f"'{n.strip()}', {json_literal(value[n.strip()], t)}" for n, t in fields) + ")"
    return literal(kind, str(value).lower() if isinstance(value, bool) else str(value))


def literal(kind, text):
    """SQL for a case's argument of the given type."""
    if text == "NULL":
        return "NULL" if kind == "void" else f"CAST(NULL AS {kind})"
    if kind == "string":
        quoted = text[1:-1] if len(text) > 1 and text[0] == "'" == text[-1] else text
        return string_literal(unescape(quoted))
    if kind == "binary":
        quoted = text[1:-1] if len(text) > 1 and text[0] == "'" == text[-1] else text
        return f"X'{unescape(quoted).hex()}'"
    if kind.startswith(("array<", "map<", "struct<")):
        return json_literal(json.loads(text), kind)
    if kind in ("double", "float") and not re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", text):
        return f"CAST('{text}' AS {kind})"
    if kind == "date":
        return f"DATE'{text}'"
    if kind == "interval":
        return f"INTERVAL {text}"
    if kind in ("timestamp", "timestamp_ntz"):
        return f"{kind.upper()}'{text}'"
    suffix = {"tinyint": "Y", "smallint": "S", "int": "", "bigint": "L", "float": "F", "double": "D", "boolean": ""}
    if kind in suffix:
        return text + suffix[kind]
    return text + "BD" if kind.startswith("decimal") else f"CAST('{text}' AS {kind})"


def call(function, args):
    if function.startswith(("cast:", "try_cast:")):
        word, target = function.split(":", 1)
        return f"{word}({args[0]} AS {target})"
    if function.startswith("agg:"):
        return f"(SELECT {function[4:]}(v) FROM (SELECT explode({args[0]}) AS v))"
    if function in ("not", "!"):
        return f"({function} {args[0]})"
    if function == "-" and len(args) == 1:
        return f"(- {args[0]})"
    if function in INFIX and len(args) == 2:
        return f"({args[0]} {function} {args[1]})"
    if function in ("like", "ilike"):
        return f"({args[0]} {function} {args[1]} ESCAPE {args[2]})"
    if function == "in":
        return f"({args[0]} IN ({', '.join(args[1:])}))"
    if function == "getitem":
        return f"{args[0]}[{args[1]}]"
    if function == "when":
        pairs = "".join(f" WHEN {args[i]} THEN {args[i + 1]}" for i in range(0, len(args) - 1, 2))
        return "CASE" + pairs + (f" ELSE {args[-1]}" if len(args) % 2 else "") + " END"
    return f"{function}({', '.join(args)})"


def parse_case(line):
    function, *rest = [part.strip() for part in re.split(r"(?<!\\)\s\|\s|\s\|$", line)]
    args = []
    for part in rest:
        depth = 0
        for i, c in enumerate(part):
            depth += c in "<("
            depth -= c in ">)"
            if c == " " and depth == 0:
                break
        args.append((part[:i], part[i + 1:]))
    return function, args


def error_of(error):
    get = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", None)
    condition = get() if get else None
    state = error.getSqlState() if hasattr(error, "getSqlState") else None
    if not condition:
        found = re.search(r"\[([A-Z][A-Z0-9_.]+)\].*?(?:SQLSTATE: (\w{5}))?", str(error), re.S)
        condition = found.group(1) if found else type(error).__name__
        state = re.search(r"SQLSTATE: (\w{5})", str(error)).group(1) if "SQLSTATE: " in str(error) else None
    return {"error": condition, "sqlstate": state}


def decoded(hexed):
    if hexed is None:
        return {"value": None}
    data = bytes.fromhex(hexed)
    try:
        return {"value": data.decode()}
    except UnicodeDecodeError:
        return {"hex": data.hex()}


def record_one(spark, sql, only_value):
    try:
        text = f"SELECT hex(CAST(CAST(({sql}) AS STRING) AS BINARY)) FROM VALUES (1)"
        if only_value:
            return decoded(spark.sql(text).collect()[0][0])
        # From a list of values, and not from nothing, so that the optimizer computes it and no job runs.
        frame = spark.sql(f"SELECT {sql} FROM VALUES (1)")
        field = frame.schema.fields[0]
        result = {"name": field.name, "type": field.dataType.simpleString(), "nullable": field.nullable}
        result.update(decoded(spark.sql(text).collect()[0][0]))
        return result
    except (PySparkException, Py4JError) as error:  # every failure of Spark's is an answer
        return error_of(error)


def configure(spark, ansi, zone):
    spark.conf.set("spark.sql.ansi.enabled", "true" if ansi else "false")
    spark.conf.set("spark.sql.session.timeZone", zone)


def record_expr(spark, path):
    zone = "UTC"
    only_values = False
    cases = []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("@zone "):
            zone = line.split(None, 1)[1].strip()
            continue
        if line == "@values":
            only_values = True
            continue
        function, args = parse_case(line)
        sql = call(function, [literal(kind, text) for kind, text in args])
        case = {"fn": function, "args": [list(arg) for arg in args]}
        if zone != "UTC":
            case["zone"] = zone
        for ansi in (True, False):
            configure(spark, ansi, zone)
            case["ansi" if ansi else "legacy"] = record_one(spark, sql, only_values)
        if case["legacy"] == case["ansi"]:
            del case["legacy"]
        cases.append(case)
    return cases


def write(path, cases):
    lines = ",\n".join(" " + json.dumps(case, ensure_ascii=False) for case in cases)
    path.write_text(f"[\n{lines}\n]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    from pyspark.sql import SparkSession  # pylint: disable=import-outside-toplevel
    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
             .config("spark.sql.shuffle.partitions", "1").config("spark.sql.session.timeZone", "UTC").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    for path in options.files:
        cases = record_expr(spark, path)
        write(path.with_suffix(".json"), cases)
        print(f"{path.name}: {len(cases)} cases on Spark {spark.version}", file=sys.stderr)
    spark.stop()


if __name__ == "__main__":
    main()
