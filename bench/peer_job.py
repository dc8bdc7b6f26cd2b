# SPDX-License-Identifier: Apache-2.0
"""peer_job.py duckdb|polars TSV OUT   the same lines from a file into snappy Parquet, 15 string columns and a timestamp.
peer_job.py read FOLDER...          DuckDB reads every column of each folder; prints the seconds, a line each."""
import sys
import time

NAMES = [f"c{i}" for i in range(15)]
engine, source, out = sys.argv[1], sys.argv[2], sys.argv[-1]
if engine == "read":
    import duckdb

    for folder in sys.argv[2:]:
        start = time.monotonic()
        files = f"read_parquet('{folder}/*.parquet')"
        duckdb.sql(f"SELECT bit_xor(hash(COLUMNS(*))) FROM {files}").fetchall()
        print(time.monotonic() - start)
elif engine == "duckdb":
    import duckdb

    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in NAMES)
    duckdb.sql(f"COPY (SELECT *, now() AS review_timestamp FROM read_csv('{source}', delim='\t', header=false, quote='', "
               f"escape='', columns={{{columns}}})) TO '{out}' (FORMAT parquet, COMPRESSION snappy)")
else:
    import datetime

    import polars

    (polars.scan_csv(source, separator="\t", has_header=False, quote_char=None, infer_schema=False, new_columns=NAMES)
     .with_columns(polars.lit(datetime.datetime.now()).alias("review_timestamp")).sink_parquet(out, compression="snappy"))
