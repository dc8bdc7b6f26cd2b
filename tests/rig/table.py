# SPDX-License-Identifier: Apache-2.0
"""Reads a table's folder without any engine: every part file there is, and those that the sink log names."""
import json
import pathlib
import urllib.parse

import pyarrow as pa
import pyarrow.parquet as pq

ID_COLUMNS = ["topic", "partition", "offset"]


def part_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """What Athena or Hive would read: all files whose path holds no hidden part."""
    return sorted(f for f in folder.rglob("*") if f.is_file()
                  and not any(p.startswith(("_", ".")) for p in f.relative_to(folder).parts))


def logged_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """The files that `_spark_metadata` names, by the readers' rule: the last compact file and all after it."""
    log = folder / "_spark_metadata"
    entries = {int(f.name.split(".")[0]): f for f in log.iterdir() if f.name.split(".")[0].isdigit()}
    compacts = [n for n, f in entries.items() if f.name.endswith(".compact")]
    found: dict[str, None] = {}
    for number in range(max(compacts, default=0), max(entries, default=-1) + 1):
        lines = entries[number].read_text().split("\n")
        assert lines[0] == "v1", f"{entries[number]}: {lines[0]!r}"
        for line in lines[1:]:
            entry = json.loads(line)
            path = urllib.parse.unquote(entry["path"]).removeprefix("file://")
            assert pathlib.Path(path).stat().st_size == entry["size"], f"{path}: size differs from the log's"
            found[path] = None
    return [pathlib.Path(p) for p in found]


def rows(files: list[pathlib.Path], columns: list[str] | None = None) -> pa.Table:
    tables = [pq.ParquetFile(f).read(columns=columns) for f in files]
    return pa.concat_tables(tables) if tables else pa.table({})


def identities(files: list[pathlib.Path]) -> list[tuple]:
    """(topic, partition, offset) of every row, sorted, doubles kept."""
    table = rows(files, ID_COLUMNS)
    return sorted(zip(*(table.column(c).to_pylist() for c in ID_COLUMNS))) if table.num_rows else []


def assert_exactly_once(found: list, expected: list, where: str) -> None:
    if found == expected:
        return
    doubled = sorted({f for f in found if found.count(f) > 1})[:5] if len(found) < 20000 else "?"
    missing, foreign = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    raise AssertionError(f"{where}: {len(found)} rows, expected {len(expected)}; missing {len(missing)} {missing[:5]}, "
                         f"doubled {doubled}, foreign {foreign[:5]}")


def log_numbers(folder: pathlib.Path) -> list[int]:
    """Batch ids of a log folder (compact files count under their number)."""
    if not folder.exists():
        return []
    return sorted(int(f.name.split(".")[0]) for f in folder.iterdir() if f.name.split(".")[0].isdigit())
