# SPDX-License-Identifier: Apache-2.0
"""Compares what Sluice reads from a folder of Parquet files with what pyarrow reads.

Usage: parquet_corpus.py DIR [--make]      `make parquet-corpus DIR=..`; --make first fills DIR with files of pyarrow, and
of Spark 3.5.7 and 4.2.0 where tools/deps.sh test has fetched them

Each file is read twice: SELECT *, and for each plain column conditions on values that it has (=, <, >=, IS NULL), which
statistics may answer. Exit 1 when anything differs that is not wanted. Wanted are:
  - a column that Spark has no type for is refused by name, and the others are read: TIME, INTERVAL, VARIANT, decimals of
    more than 38 digits; a file whose names differ only in case, whole
  - INT96 and nanoseconds are read as microseconds, rounded down; DURATION is the BIGINT that it is stored as
  - UUID is text, FLOAT16 is FLOAT, unsigned numbers are the next wider type (64 bits: DECIMAL(20,0))
  - days and timestamps before 1900 of files in the old calendar (footer of Spark) have the names that they had there
  - encrypted files, and files that pyarrow cannot read either"""
import argparse
import base64
import collections
import datetime
import decimal
import json
import math
import os
import pathlib
import random
import struct
import subprocess
import sys
import uuid

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from servers import kafka, process  # noqa: E402  pylint: disable=wrong-import-position

SLUICE = os.environ.get("SLUICE_PROGRAM", str(ROOT / "build/release/sluice"))
REFUSED = {"PARQUET_TYPE_ILLEGAL", "UNSUPPORTED_TIME_TYPE", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "COLUMN_ALREADY_EXISTS"}
EPOCH = datetime.datetime(1970, 1, 1)
OLD = -2208902400 * 10 ** 6  # 1900-01-02
ROWS = 2000  # of a file that are compared one by one


def run(sql: str) -> tuple[list, str]:
    """Rows, or the error."""
    done = subprocess.run([SLUICE, "sql", "--format", "json", "--conf", "spark.sql.session.timeZone=UTC", sql],
                          capture_output=True, text=True, errors="surrogateescape")
    if done.returncode:
        return [], done.stderr.strip() or f"exit {done.returncode}"
    return [json.loads(line) for line in done.stdout.splitlines()], ""


def java_double(value: float, narrow: bool) -> str:
    """As the JVM prints it: the shortest digits that tell the value."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value)
    if narrow:
        text = next(f"{value:.{digits}g}" for digits in range(1, 18)
                    if struct.pack("f", float(f"{value:.{digits}g}")) == struct.pack("f", value))
    sign, digits, exponent = decimal.Decimal(text).as_tuple()
    shown = "".join(map(str, digits)).rstrip("0") or "0"
    point = len(digits) + exponent
    if value == 0:
        return ("-" if math.copysign(1, value) < 0 else "") + "0.0"
    if -3 < point <= 7:
        whole = shown[:point].ljust(point, "0") if point > 0 else "0"
        fraction = shown[point:] if point > 0 else "0" * -point + shown
        body = f"{whole}.{fraction or '0'}"
    else:
        body = f"{shown[0]}.{shown[1:] or '0'}E{point - 1}"
    return ("-" if sign else "") + body


def micros_text(micros: int) -> str:
    try:
        at = EPOCH + datetime.timedelta(microseconds=micros)
    except OverflowError:
        return f"beyond {micros}"
    text = f"{at.year:04d}-{at:%m-%d %H:%M:%S}"
    return text + (f".{at.microsecond:06d}".rstrip("0") if at.microsecond else "")


def expected(value: pa.Scalar, kind: pa.DataType):
    """What `sluice sql --format json` prints for a value: nested ones as to_json makes them, without NULL fields."""
    if not value.is_valid:
        return None
    if isinstance(kind, pa.BaseExtensionType):
        if str(kind).startswith("extension<arrow.uuid"):
            return str(uuid.UUID(bytes=value.value.as_py()))
        return expected(value.value, kind.storage_type)
    if pa.types.is_dictionary(kind):
        return expected(value.cast(kind.value_type), kind.value_type)
    if pa.types.is_timestamp(kind):
        unit = {"s": 10 ** 6, "ms": 1000, "us": 1, "ns": 0}[kind.unit]
        return micros_text(value.value * unit if unit else value.value // 1000)
    if pa.types.is_duration(kind):
        return value.value
    if pa.types.is_uint64(kind):
        return str(value.as_py())
    if pa.types.is_floating(kind):
        return java_double(value.as_py(), not pa.types.is_float64(kind))
    if pa.types.is_decimal(kind):
        return format(value.as_py(), "f")
    if pa.types.is_date(kind):
        day = value.as_py()
        return f"{day.year:04d}-{day:%m-%d}"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return base64.b64encode(value.as_py()).decode()
    if pa.types.is_map(kind):
        return {str(expected(pair["key"], kind.key_type)): expected(pair["value"], kind.item_type) for pair in value.values or []}
    if pa.types.is_struct(kind):
        fields = ((kind.field(i).name, expected(value[i], kind.field(i).type)) for i in range(kind.num_fields))
        return {name: field for name, field in fields if field is not None}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [expected(element, kind.value_type) for element in value.values]
    return value.as_py()


def same(ours, theirs) -> bool:
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, (int, float)) and isinstance(theirs, str):  # a number against a JVM's text
        return math.isclose(float(theirs), ours, rel_tol=0, abs_tol=0) or float(theirs) == ours
    return ours == theirs


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def literal(value: pa.Scalar, kind: pa.DataType) -> str | None:
    """SQL of a value; None: no conditions on such a column."""
    shown = expected(value, kind)
    if pa.types.is_boolean(kind):
        return str(shown).lower()
    if pa.types.is_integer(kind) or pa.types.is_duration(kind):
        return f"CAST('{shown}' AS DECIMAL(20,0))" if pa.types.is_uint64(kind) else f"CAST('{shown}' AS BIGINT)"
    if pa.types.is_floating(kind):
        return f"CAST('{shown}' AS {'DOUBLE' if pa.types.is_float64(kind) else 'FLOAT'})"
    if pa.types.is_decimal(kind) and kind.precision <= 38:
        return f"CAST('{shown}' AS DECIMAL({kind.precision},{kind.scale}))"
    if pa.types.is_date(kind):
        return f"DATE'{shown}'"
    if pa.types.is_timestamp(kind) and not shown.startswith("beyond"):
        return f"CAST('{shown}' AS TIMESTAMP{'' if kind.tz else '_NTZ'})"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return f"CAST(X'{shown.encode().hex()}' AS STRING)" if shown else "''"
    return None


def order_key(value: pa.Scalar, kind: pa.DataType):
    if pa.types.is_timestamp(kind):
        return {"s": 10 ** 6, "ms": 1000, "us": 1}.get(kind.unit, 0) * value.value or value.value // 1000
    plain = value.as_py()
    if pa.types.is_duration(kind):
        return value.value
    if isinstance(plain, float):
        return (math.isnan(plain), 0.0 if math.isnan(plain) else plain)
    return plain.encode() if isinstance(plain, str) else plain


def conditions(column: pa.ChunkedArray, name: str) -> list[tuple[str, int]]:
    """Conditions on a column, and how many rows fulfil them."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    asked = [(f"{quoted(name)} IS NULL", column.null_count)]
    values = [value for value in column if value.is_valid]
    if not values or literal(values[0], kind) is None:
        return asked
    keys = [order_key(value, kind) for value in values]
    for pick in {0, len(values) - 1, keys.index(min(keys)), keys.index(max(keys))}:
        sql, key = literal(values[pick], kind), keys[pick]
        asked += [(f"{quoted(name)} = {sql}", keys.count(key)), (f"{quoted(name)} < {sql}", sum(k < key for k in keys)),
                  (f"{quoted(name)} >= {sql}", sum(k >= key for k in keys))]
    return asked


class Corpus:
    def __init__(self):
        self.counts = collections.Counter()
        self.differences = []

    def differs(self, file, what: str) -> None:
        self.differences.append(f"{file}: {what}")

    def compare(self, path: pathlib.Path) -> None:
        self.counts["files"] += 1
        try:
            with pq.ParquetFile(path, coerce_int96_timestamp_unit="us") as opened:
                table, footer = opened.read(), opened.metadata.metadata or {}
        except Exception as error:  # noqa: BLE001  whatever pyarrow says
            rows, ours = run(f"SELECT * FROM parquet.{quoted(str(path))}")
            self.counts["files that pyarrow cannot read"] += 1
            print(f"pyarrow cannot read {path}: {str(error)[:90]!r}; Sluice: {ours[:90] or f'{len(rows)} rows'}")
            if ours.startswith("exit"):
                self.differs(path, f"ended with {ours}")
            return
        old = b"org.apache.spark.legacyDateTime" in footer or b"org.apache.spark.legacyINT96" in footer
        names = self.readable(path, table)
        if names:
            self.compare_rows(path, table.select(names), old)
            self.compare_conditions(path, table.select(names), old)

    def readable(self, path, table) -> list[str]:
        """The columns that can be read; what is refused must be refused by name."""
        if not table.column_names:
            rows, error = run(f"SELECT count(*) AS n FROM parquet.{quoted(str(path))}")
            if error or rows[0]["n"] != table.num_rows:
                self.differs(path, error or f"{rows} instead of {table.num_rows} rows")
            return []
        names = [name for name in table.column_names if name]  # SQL has no name for the others
        while names:
            _, error = run(f"SELECT {', '.join(map(quoted, names))} FROM parquet.{quoted(str(path))} LIMIT 1")
            if not error:
                return names
            if "[COLUMN_ALREADY_EXISTS]" in error:
                self.counts["files refused: COLUMN_ALREADY_EXISTS"] += 1
                return []
            refused = [name for name in names if f"The column {name} of " in error]
            by_name = any(f"[{condition}]" in error for condition in REFUSED) or "VARIANT" in error
            if not refused or not by_name:
                self.differs(path, error[:300])
                return []
            self.counts["columns refused by name"] += len(refused)
            names = [name for name in names if name not in refused]
        return []

    def compare_rows(self, path, table, old: bool) -> None:
        limited = table.slice(0, ROWS)
        columns = ", ".join(f"{quoted(name)} AS c{i}" for i, name in enumerate(table.column_names))
        rows, error = run(f"SELECT {columns} FROM parquet.{quoted(str(path))} LIMIT {ROWS}")
        if error:
            return self.differs(path, error[:300])
        if len(rows) != limited.num_rows:
            return self.differs(path, f"{len(rows)} rows instead of {limited.num_rows}")
        for i, name in enumerate(limited.column_names):
            self.counts["columns"] += 1
            column = limited.column(i)
            for row, (ours, value) in enumerate(zip((line[f"c{i}"] for line in rows), column)):
                self.counts["values"] += 1
                theirs = expected(value, column.type)
                if same(ours, theirs) or (isinstance(theirs, str) and "beyond" in theirs):
                    continue
                if old and (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
                    self.counts["values of the old calendar"] += 1
                    continue
                self.differs(path, f"column {name}, row {row}: {ours!r} instead of {theirs!r}")
                break

    def compare_conditions(self, path, table, old: bool) -> None:
        asked = []
        for i, name in enumerate(table.column_names):
            kind = table.column(i).type
            if old and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
                continue
            asked += conditions(table.column(i).slice(0, 20000), name) if table.num_rows <= 20000 else []
        for begin in range(0, len(asked), 100):
            part = asked[begin:begin + 100]
            rows, error = run("; ".join(f"SELECT count(*) AS n FROM parquet.{quoted(str(path))} WHERE {sql}" for sql, _ in part))
            if error:
                self.differs(path, error[:300])
                continue
            for (sql, count), row in zip(part, rows):
                self.counts["conditions"] += 1
                if row["n"] != count:
                    self.differs(path, f"WHERE {sql}: {row['n']} rows instead of {count}")


def columns_of_every_type(rows: int) -> pa.Table:
    pick = random.Random(3)

    def made(kind, make):
        return pa.array([None if i % 7 == 3 else make(i) for i in range(rows)], kind)

    texts = ["", "a", "é", "日本", "\U0001f600", "long " * 9]
    columns = {
        "boolean": made(pa.bool_(), lambda i: i % 3 == 0), "int8": made(pa.int8(), lambda i: i % 256 - 128),
        "int16": made(pa.int16(), lambda i: i * 37 % 65536 - 32768), "int32": made(pa.int32(), lambda i: i - 50),
        "int64": made(pa.int64(), lambda i: i * 10 ** 12 - 5), "uint8": made(pa.uint8(), lambda i: i % 256),
        "uint16": made(pa.uint16(), lambda i: i * 41 % 65536), "uint32": made(pa.uint32(), lambda i: 2 ** 32 - 1 - i),
        "uint64": made(pa.uint64(), lambda i: 2 ** 64 - 1 - i), "half": made(pa.float16(), lambda i: i / 4),
        "float": made(pa.float32(), lambda i: pick.choice([i / 3, -0.0, float("nan"), 1e-30])),
        "double": made(pa.float64(), lambda i: pick.choice([i / 7, -0.0, float("inf"), 1e300, float("nan")])),
        "text": made(pa.string(), lambda i: pick.choice(texts) + str(i % 11)), "large": made(pa.large_string(), lambda i: f"t{i}"),
        "view": made(pa.string_view(), lambda i: pick.choice(texts)), "word": made(pa.string(), lambda i: texts[i % 3]).dictionary_encode(),
        "bytes": made(pa.binary(), lambda i: bytes([i % 256, 255])), "fixed": made(pa.binary(3), lambda i: bytes([i % 256, 0, 1])),
        "day": made(pa.date32(), lambda i: datetime.date(1960, 1, 1) + datetime.timedelta(days=i * 3)),
        "micros": made(pa.timestamp("us", "UTC"), lambda i: i * 10 ** 9 - 7), "millis": made(pa.timestamp("ms"), lambda i: i * 10 ** 6 - 7),
        "nanos": made(pa.timestamp("ns"), lambda i: i * 10 ** 9 - 7), "local": made(pa.timestamp("us"), lambda i: -i),
        "for_long": made(pa.duration("ms"), lambda i: i), "clock": made(pa.time64("us"), lambda i: i),
        "price": made(pa.decimal128(9, 2), lambda i: decimal.Decimal(i - 99).scaleb(-2)),
        "wide": made(pa.decimal128(18, 4), lambda i: decimal.Decimal(i - 99).scaleb(-4) * 10 ** 9),
        "wider": made(pa.decimal128(38, 10), lambda i: decimal.Decimal(i - 99) * 10 ** 20),
        "list": made(pa.list_(pa.int32()), lambda i: [None, i][: i % 3]), "fixed_list": made(pa.list_(pa.float32(), 2), lambda i: [i, None]),
        "lists": made(pa.list_(pa.list_(pa.string())), lambda i: [["a", None], [], None][: i % 4]),
        "struct": made(pa.struct({"x": pa.int32(), "y": pa.string()}), lambda i: {"x": i, "y": None}),
        "structs": made(pa.list_(pa.struct({"x": pa.int32(), "l": pa.list_(pa.int8())})), lambda i: [{"x": i, "l": [1, None]}, None][: i % 3]),
        "map": made(pa.map_(pa.string(), pa.float64()), lambda i: [("k", i / 2), ("l", None)][: i % 3]),
        "nothing": pa.nulls(rows), "uuid": pa.array([uuid.UUID(int=i).bytes for i in range(rows)], pa.uuid()),
        "a.b": made(pa.int32(), lambda i: i), "a": made(pa.struct({"b": pa.int32()}), lambda i: {"b": i}), "": made(pa.int8(), lambda i: 1),
        "a`b": made(pa.int8(), lambda i: 2), "required": pa.array(range(rows), pa.int64()),
    }
    table = pa.table(columns)
    return table.cast(table.schema.set(table.num_columns - 1, pa.field("required", pa.int64(), nullable=False)))


def make(folder: pathlib.Path) -> None:
    table = columns_of_every_type(300)
    plain = table.select(["int32", "int64", "float", "double", "text", "bytes", "fixed", "boolean", "micros", "wider", "list", "structs"])
    for codec in ("NONE", "SNAPPY", "GZIP", "BROTLI", "LZ4", "ZSTD"):
        for version in ("1.0", "2.0"):
            pq.write_table(table, folder / f"all_{codec}_{version}.parquet", compression=codec, data_page_version=version,
                           row_group_size=70, data_page_size=300)
    encodings = {"PLAIN": None, "BYTE_STREAM_SPLIT": ["int32", "int64", "float", "double", "fixed", "wider"],
                 "DELTA_BINARY_PACKED": ["int32", "int64", "micros"], "DELTA_LENGTH_BYTE_ARRAY": ["text", "bytes"],
                 "DELTA_BYTE_ARRAY": ["text", "bytes", "fixed", "wider"], "RLE": ["boolean"]}
    for encoding, columns in encodings.items():
        for version in ("1.0", "2.0"):
            pq.write_table(plain.select(columns or plain.column_names), folder / f"{encoding}_{version}.parquet", use_dictionary=False,
                           column_encoding=dict.fromkeys(columns or ["int32", "text"], encoding), data_page_version=version,
                           row_group_size=130, data_page_size=200)
    pq.write_table(table, folder / "dictionary_that_ends.parquet", dictionary_pagesize_limit=60, data_page_size=100)
    pq.write_table(plain, folder / "int96.parquet", use_deprecated_int96_timestamps=True)
    pq.write_table(plain, folder / "old_lists.parquet", use_compliant_nested_type=False, version="1.0")
    pq.write_table(plain, folder / "no_statistics.parquet", write_statistics=False, write_page_index=True, store_schema=False)
    pq.write_table(table.slice(0, 0), folder / "no_rows.parquet")
    pq.write_table(table.select([]), folder / "no_columns.parquet")
    pq.write_table(pa.table({"a": [1], "A": [2]}), folder / "same_name.parquet")


# Run by the Python of a Spark: rows of every type that it has, by every codec, page version and way to write times.
SPARK_WRITES = """
import sys
from pyspark.sql import SparkSession
folder = sys.argv[1]
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
         .config("spark.sql.ansi.enabled", "false").getOrCreate())
spark.sparkContext.setLogLevel("OFF")
null = "CASE WHEN id % 7 = 3 THEN NULL ELSE {} END AS {}"
columns = {"boolean": "id % 3 = 0", "byte": "CAST(id - 128 AS TINYINT)", "short": "CAST(id * 37 AS SMALLINT)", "int": "CAST(id - 50 AS INT)",
           "long": "id * 1000000000000", "float": "CAST(id / 3 AS FLOAT)", "double": "CASE WHEN id % 5 = 0 THEN DOUBLE('NaN') ELSE id / 7 END",
           "text": "concat('t', id % 11)", "bytes": "CAST(concat('b', id) AS BINARY)", "price": "CAST(id / 8 AS DECIMAL(9,2))",
           "wide": "CAST(id / 8 AS DECIMAL(18,4))", "wider": "CAST(id / 8 AS DECIMAL(38,10))", "day": "date_add(DATE'1960-01-01', CAST(id * 30 AS INT))",
           "at": "timestamp_micros(id * 1000000000 - 7)", "local": "CAST(timestamp_micros(id * 1000000000 + 5) AS TIMESTAMP_NTZ)",
           "list": "array(CAST(id AS INT), NULL)", "lists": "array(array('a', NULL), NULL)", "struct": "named_struct('x', id, 'y', CAST(NULL AS STRING))",
           "structs": "array(named_struct('x', id, 'l', array(1, NULL)))", "map": "map('k', id / 2, 'l', NULL)", "`a.b`": "id"}
rows = spark.range(300).repartition(1).sortWithinPartitions("id").selectExpr(*[null.format(value, name) for name, value in columns.items()], "id AS required")
def write(name, **options):
    rows.write.mode("overwrite").options(**options).parquet(folder + "/" + name)
for codec in ("none", "snappy", "gzip", "zstd", "lz4raw"):
    for version in ("v1", "v2"):
        write(f"{codec}_{version}", **{"compression": codec.replace("lz4raw", "lz4_raw"), "parquet.writer.version": version,
                                       "parquet.page.size": "300", "parquet.block.size": "3000"})
for kind in ("INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"):
    for calendar in ("CORRECTED", "LEGACY"):
        spark.conf.set("spark.sql.parquet.outputTimestampType", kind)
        spark.conf.set("spark.sql.parquet.datetimeRebaseModeInWrite", calendar)
        spark.conf.set("spark.sql.parquet.int96RebaseModeInWrite", calendar)
        write(f"{kind}_{calendar}")
spark.conf.set("spark.sql.parquet.writeLegacyFormat", "true")
write("legacy_format")
rows.limit(0).write.mode("overwrite").parquet(folder + "/no_rows")
spark.stop()
"""


def make_by_spark(folder: pathlib.Path) -> None:
    for version in ("3.5.7", "4.2.0"):
        python = process.CACHE / f"spark-{version}/bin/python"
        if not python.exists():
            print(f"no Spark {version} here: tools/deps.sh test fetches it", flush=True)
            continue
        home = pathlib.Path(kafka.java()).resolve().parents[1]
        subprocess.run([str(python), "-c", SPARK_WRITES, str(folder / f"spark-{version}")], check=True, stderr=subprocess.DEVNULL,
                       env={**os.environ, "JAVA_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"})


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--make", action="store_true")
    options = parser.parse_args()
    if options.make:
        options.folder.mkdir(parents=True, exist_ok=True)
        make(options.folder)
        make_by_spark(options.folder)
    files = sorted(path for path in options.folder.rglob("*") if path.is_file() and ".parq" in path.name and path.name[0] not in "._")
    corpus = Corpus()
    for path in files:
        before = len(corpus.differences)
        corpus.compare(path)
        for line in corpus.differences[before:]:
            print(f"differs: {line}", flush=True)
    print(", ".join(f"{count:,} {what}" for what, count in corpus.counts.items()) + f", {len(corpus.differences)} differences")
    return 1 if corpus.differences or not files else 0


if __name__ == "__main__":
    sys.exit(main())
