# SPDX-License-Identifier: Apache-2.0
"""The bronze pipeline as a SQL file for Sluice and as options for Spark, over the same topic, table and checkpoint."""
import pathlib

from .reviews import COLUMNS

SELECT_REVIEWS = [f"parts[{i}] AS {name}" for i, name in enumerate(COLUMNS)]


def quoted(text: str) -> str:
    return "'" + str(text).replace("\\", "\\\\").replace("'", "\\'") + "'"


class Pipeline:
    """One query. `kafka_columns` adds topic, partition and offset, by which a row is known; `others` are topics whose
    records come into the same table, by UNION ALL. `join`: a Parquet table `c`, which the records `r` are joined with from the
    left, and the condition."""

    def __init__(self, topic, table: pathlib.Path | str, checkpoint: pathlib.Path | str, sasl: bool = False,
                 max_offsets: int | None = None, kafka_columns: bool = True, options: dict | None = None,
                 sink_options: dict | None = None, select: list[str] | None = None, settings: dict | None = None,
                 partition_by: list[str] | None = None, others: list | None = None,
                 join: tuple[pathlib.Path, str] | None = None):
        self.topic, self.table, self.checkpoint = topic, table, checkpoint
        rate = {"maxOffsetsPerTrigger": str(max_offsets)} if max_offsets else {}
        self.source, *self.more_sources = [{**one.kafka.spark_options(sasl), "subscribe": one.name, "startingOffsets": "earliest", **(options or {}),
                                            **rate} for one in [topic, *(others or [])]]
        self.sink = dict(sink_options or {})
        self.kafka_columns, self.settings = kafka_columns, dict(settings or {})
        self.partition_by = list(partition_by or [])
        self.join = join
        self.select = select or [*SELECT_REVIEWS, "current_timestamp() AS review_timestamp"]

    @property
    def sources(self) -> list[dict]:
        return [self.source, *self.more_sources]

    @property
    def inner(self) -> list[str]:
        return ["value", "split(CAST(value AS STRING), '\\t') AS parts",
                *(["topic", "partition", "offset"] if self.kafka_columns else [])]

    @property
    def outer(self) -> list[str]:
        return [*self.select, *(["topic", "partition", "offset"] if self.kafka_columns else [])]

    def sql(self, trigger: str = "availableNow") -> str:
        names = {"kafka.bootstrap.servers": "bootstrapServers", "subscribe": "subscribe"}
        inputs = "\n  UNION ALL ".join(
            f"SELECT {', '.join(self.inner)}\n  FROM STREAM read_kafka(\n    " +
            ",\n    ".join(f"{names.get(k, f'`{k}`')} => {quoted(v)}" for k, v in source.items()) + ")"
            for source in self.sources)
        options = {"checkpointLocation": self.checkpoint, "trigger": trigger, **self.sink}
        listed = ", ".join(f"{k} {quoted(v)}" for k, v in options.items())
        settings = "".join(f"SET {k} = {v};\n" for k, v in self.settings.items())
        location = self.table if "://" in str(self.table) else f"file://{self.table}"
        partitioned = f"PARTITIONED BY ({', '.join(self.partition_by)})\n" if self.partition_by else ""
        joined = f" r LEFT JOIN '{self.join[0]}' c ON {self.join[1]}" if self.join else ""
        return (f"{settings}CREATE STREAMING TABLE bronze USING parquet LOCATION {quoted(location)}\n{partitioned}"
                f"OPTIONS ({listed})\nAS SELECT {', '.join(self.outer)}\nFROM ({inputs}){joined}\n")

    def write_sql(self, folder: pathlib.Path, trigger: str = "availableNow") -> pathlib.Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "pipeline.sql"
        path.write_text(self.sql(trigger))
        return path

    def spark_job(self, **more) -> dict:
        """The same query for spark_worker.py's `stream`."""
        location = self.table if "://" in str(self.table) else f"file://{self.table}"
        return {"op": "stream", "sources": self.sources, "inner": self.inner, "outer": self.outer, "path": str(location),
                "sink": {**self.sink, "checkpointLocation": str(self.checkpoint)}, "settings": self.settings,
                "partition_by": self.partition_by, "join": [str(part) for part in self.join or []], **more}
