#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records which characters of a path Spark's sink log percent-encodes (Hadoop's `Path.toUri`), for src/env/percent_encoding_test.cc:

    PYTHON tools/record_paths.py tests/golden/paths/escaped.txt

Every character but "/", NUL and lone surrogates is tried, each between two letters."""
import pathlib
import sys
import urllib.parse

from pyspark.sql import SparkSession

AT_ONCE = 4096


def main():
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    path = spark.sparkContext._jvm.org.apache.hadoop.fs.Path
    tried = [c for c in range(1, 0x110000) if c != ord("/") and not 0xD800 <= c <= 0xDFFF]
    ranges = []
    for begin in range(0, len(tried), AT_ONCE):
        part = tried[begin:begin + AT_ONCE]
        uri = path("file:///" + "/".join(f"a{chr(c)}b" for c in part)).toUri().toString()
        for c, written in zip(part, uri.removeprefix("file:///").split("/"), strict=True):
            if written == f"a{chr(c)}b":
                continue
            assert written == f"a{urllib.parse.quote(chr(c), safe='')}b", (c, written)
            if ranges and ranges[-1][1] == c - 1:
                ranges[-1][1] = c
            else:
                ranges.append([c, c])
    head = f"# Spark {spark.version}: first and last code point of each range that becomes %XX, hexadecimal"
    out = pathlib.Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join([head, *(f"{first:04X} {last:04X}" for first, last in ranges)]) + "\n")
    spark.stop()


if __name__ == "__main__":
    main()
