# SPDX-License-Identifier: Apache-2.0
"""peer_job.py duckdb|polars TSV OUT   the same lines from a file into snappy Parquet, 15 string columns and a timestamp."""
import sys

NAMES = [f"c{i}" for i in range(15)]
engine, source, out = sys.argv[1:]
if engine == "duckdb":
    import duckdb

    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in NAMES)
    duckdb.sql(f"COPY (SELECT *, now() AS review_timestamp FROM read_csv('{source}', delim='\t', header=false, quote='', "
               f"escape='', columns={{{columns}}})) TO '{out}' (FORMAT parquet, COMPRESSION snappy)")
else:
    import datetime

    import polars

    (polars.scan_csv(source, separator="\t", has_header=False, quote_char=None, infer_schema=False, new_columns=NAMES)
     .with_columns(polars.lit(datetime.datetime.now()).alias("review_timestamp")).sink_parquet(out, compression="snappy"))
