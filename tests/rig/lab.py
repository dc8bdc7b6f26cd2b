# SPDX-License-Identifier: Apache-2.0
"""The lab's C++ program (examples/week4_bronze.cc) with its fixed names: topic `reviews`, bucket hwe-fall, checkpoint
/tmp/kafka-checkpoint."""
import contextlib
import pathlib

from rig import program, topics

NAME = "week4_bronze"


def environment(kafka, minio, handle: str) -> dict[str, str]:
    """What stands in .env."""
    minio.make_bucket("hwe-fall")
    return {**minio.env(), "HWE_BOOTSTRAP": kafka.sasl_bootstrap, "HWE_USERNAME": kafka.user,
            "HWE_PASSWORD": kafka.password, "CLASS": "fall", "HANDLE": handle, "KAFKA_CA_FILE": str(kafka.ca_file)}


@contextlib.contextmanager
def reviews_topic(kafka, partitions: int = 2):
    """The topic `reviews`, gone at the end: one test at a time has it."""
    topic = topics.Topic(kafka, partitions, exact=True)
    try:
        yield topic
    finally:
        topic.delete()


def with_checkpoint(checkpoint: pathlib.Path) -> list[str]:
    """Put before a command: it finds `checkpoint` under the fixed name, in a mount namespace of its own."""
    pathlib.Path("/tmp/kafka-checkpoint").mkdir(exist_ok=True)
    checkpoint.mkdir(exist_ok=True)
    return ["unshare", "-m", "sh", "-c", f"mount --bind '{checkpoint}' /tmp/kafka-checkpoint && exec \"$@\"", "sh"]


def start(kafka, folder: pathlib.Path, checkpoint: pathlib.Path) -> program.Running:
    """Runs the program in `folder`, where its .env is, with a checkpoint of its own."""
    source = (program.ROOT / "examples" / f"{NAME}.cc").read_text()
    assert '"reviews"' in source and "/tmp/kafka-checkpoint" in source
    env = {"SSL_CERT_FILE": str(kafka.ca_file)}  # the lab's cluster has a certificate that every system knows
    return program.Running([*with_checkpoint(checkpoint), program.SLUICE.parent / "examples" / NAME], env, folder)
