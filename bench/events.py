# SPDX-License-Identifier: Apache-2.0
"""events.py BOOTSTRAP TOPIC PARTITIONS RECORDS KEYS: makes a topic of "milliseconds,key" records, a thousand a second of event
time, whose keys come in turn. In a process of its own, so that what a benchmark measures has no client library beside it."""
import sys

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

FIRST_MS = 1_700_000_000_000


def main() -> None:
    bootstrap, topic, *numbers = sys.argv[1:]
    partitions, records, keys = map(int, numbers)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for made in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
        made.result(30)
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "acks": "all", "queue.buffering.max.messages": 2_000_000})
    for number in range(records):
        producer.produce(topic, f"{FIRST_MS + number},k{number % keys:07}", partition=number % partitions)
        if number % 1000 == 0:
            producer.poll(0)
    if producer.flush(120):
        raise RuntimeError(f"{topic}: not delivered in two minutes")


if __name__ == "__main__":
    main()
