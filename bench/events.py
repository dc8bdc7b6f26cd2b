# SPDX-License-Identifier: Apache-2.0
"""events.py BOOTSTRAP TOPIC PARTITIONS RECORDS KEYS [more]: makes a topic of "milliseconds,key" records, a thousand a second of event
time, whose keys come in turn; with `more` the topic is there. In a process of its own, so that what a benchmark measures has no
client library beside it."""
import sys

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

FIRST_MS = 1_700_000_000_000


def send(bootstrap: str, made: list[NewTopic], records) -> None:
    """Makes topics, then delivers records: topic, value, partition."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for new in admin.create_topics(made).values() if made else []:
        new.result(30)
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "acks": "all", "queue.buffering.max.messages": 2_000_000})
    for number, (topic, value, partition) in enumerate(records):
        producer.produce(topic, value, partition=partition)
        if number % 1000 == 0:
            producer.poll(0)
    if producer.flush(120):
        raise RuntimeError(f"{topic}: not delivered in two minutes")


def main() -> None:
    bootstrap, topic, *numbers = sys.argv[1:6]
    partitions, records, keys = map(int, numbers)
    made = [] if sys.argv[6:] == ["more"] else [NewTopic(topic, partitions, 1)]
    send(bootstrap, made, ((topic, f"{FIRST_MS + n},k{n % keys:07}", n % partitions) for n in range(records)))


if __name__ == "__main__":
    main()
