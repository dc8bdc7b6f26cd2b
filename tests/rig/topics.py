# SPDX-License-Identifier: Apache-2.0
"""Topics with known content: every record that was produced is remembered by (topic, partition, offset)."""
import itertools

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

_numbers = itertools.count(1)


class Topic:
    """One topic of a broker of `servers.kafka`. Delivery is waited for, so `end` is exact."""

    def __init__(self, kafka, partitions: int = 2, name: str = "reviews", config: dict | None = None,
                 exact: bool = False):
        self.kafka = kafka
        self.name = name if exact else f"{name}-{next(_numbers)}"
        self.end = [0] * partitions
        self.records: dict[tuple[int, int], bytes | None] = {}
        self._admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
        self._wait(self._admin.create_topics([NewTopic(self.name, partitions, 1, config=config or {})]))

    @staticmethod
    def _wait(futures: dict) -> None:
        for future in futures.values():
            future.result(30)

    def add_partitions(self, count: int) -> None:
        self.end += [0] * count
        self._wait(self._admin.create_partitions([NewPartitions(self.name, len(self.end))]))

    def delete(self) -> None:
        self._wait(self._admin.delete_topics([self.name]))

    def produce(self, values: list, partition: int | None = None, headers: list | None = None,
                keys: list | None = None) -> None:
        """Sends to one partition, or to all in turn."""
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap, "linger.ms": 20, "acks": "all",
                             "queue.buffering.max.kbytes": 262144, "log_level": 0, "message.max.bytes": 33554432})

        def delivered(error, message, value):
            if error:
                raise RuntimeError(f"produce: {error}")
            self.records[message.partition(), message.offset()] = value
            self.end[message.partition()] = max(self.end[message.partition()], message.offset() + 1)

        for number, value in enumerate(values):
            target = number % len(self.end) if partition is None else partition
            producer.produce(self.name, value, key=keys[number] if keys else None, partition=target, headers=headers,
                             on_delivery=lambda e, m, v=value: delivered(e, m, v))
            producer.poll(0)
        if producer.flush(60):
            raise RuntimeError("produce: not delivered in 60 s")

    def expected(self) -> list[tuple[str, int, int]]:
        """Every record there is, as a table of the pipeline must hold it."""
        return sorted((self.name, partition, offset) for partition, offset in self.records)
