# SPDX-License-Identifier: Apache-2.0
"""nexmark_events.py BOOTSTRAP PREFIX PARTITIONS EVENTS: makes the topics PREFIX-person, -auction and -bid of Nexmark's events, 1 to 3 to
46, ten thousand a second of event time; the same for the same number. Lines of "milliseconds,field,..": see programs/nexmark.py."""
import random
import sys

from confluent_kafka.admin import NewTopic
from events import send

FIRST_MS, A_SECOND = 1_700_000_000_000, 10_000
STATES = ["AZ", "CA", "ID", "OR", "WA", "WY"]
CITIES = ["Phoenix", "Los Angeles", "Boise", "Portland", "Seattle", "Cheyenne"]
RECENT = 100  # of persons and auctions, who act at a time


def records(prefix: str, partitions: int, events: int):
    drawn, persons, auctions = random.Random(1), 0, 0
    for number in range(events):
        at = FIRST_MS + number * 1000 // A_SECOND
        kind = number % 50
        if kind == 0:
            place = drawn.randrange(len(STATES))
            topic, line = "person", f"{at},{persons},Name {drawn.randrange(1000)},{CITIES[place]},{STATES[place]}"
            persons += 1
        elif kind < 4:
            seller = max(persons - 1 - drawn.randrange(RECENT), 0)
            topic, line = "auction", f"{at},{auctions},{seller},{10 + drawn.randrange(5)},{drawn.randrange(10_000)}"
            auctions += 1
        else:
            wanted = max(auctions - 1 - min(drawn.randrange(RECENT), drawn.randrange(RECENT)), 0)
            topic, line = "bid", f"{at},{wanted},{max(persons - 1 - drawn.randrange(RECENT), 0)},{drawn.randrange(1_000_000)}"
        yield f"{prefix}-{topic}", line, number // 50 % partitions


def main() -> None:
    bootstrap, prefix, *numbers = sys.argv[1:]
    partitions, events = map(int, numbers)
    made = [NewTopic(f"{prefix}-{kind}", partitions, 1) for kind in ("person", "auction", "bid")]
    send(bootstrap, made, records(prefix, partitions, events))


if __name__ == "__main__":
    main()
