# SPDX-License-Identifier: Apache-2.0
"""Runs pyspark's own worker processes, started by Sluice with this text as `python -c`. Workers find it again as the
module `sluice_worker`: what Sluice asks of them that pyspark has no function for."""
import io
import os
import sys

sys.path.pop(0)  # the current folder: nobody chose it as a place of code
sys.modules["sluice_worker"] = sys.modules["__main__"]


def batched(command, _):
    """Of a function whose results Spark takes from pickles (eval type 100): the function, giving what Spark makes of its
    results, and their type."""
    from pyspark import cloudpickle

    function, result_type = cloudpickle.loads(command)
    convert = converter(result_type)
    return lambda *args, **kwargs: convert(function(*args, **kwargs)), result_type


def converter(data_type):
    """What a pickled result becomes as a value of a type: NULL, mostly, where it is of another one."""
    from pyspark.sql import types

    def whole(bits):
        half, all_values = 1 << bits - 1, 1 << bits

        def convert(value):
            if type(value) is not int or not -2**63 <= value < 2**63:
                return None
            return (value + half) % all_values - half

        return convert

    def decimal(value):
        import decimal

        if not isinstance(value, decimal.Decimal):
            return None
        step = decimal.Decimal(1).scaleb(-data_type.scale)
        with decimal.localcontext(decimal.Context(prec=100)):
            rounded = value.quantize(step, rounding=decimal.ROUND_HALF_UP)
        return rounded if len(rounded.as_tuple().digits) <= data_type.precision else None

    def binary(value):
        return value.encode() if isinstance(value, str) else bytes(value) if isinstance(value, (bytes, bytearray)) else None

    def internal(value):
        if value is not None:
            data_type.toInternal(value)  # says what is wrong with a value of another type
        return value

    def of_kind(kind):
        return lambda value: value if type(value) is kind else None

    simple = {types.BooleanType: of_kind(bool), types.ByteType: whole(8), types.ShortType: whole(16),
              types.IntegerType: whole(32), types.LongType: whole(64), types.FloatType: of_kind(float),
              types.DoubleType: of_kind(float), types.StringType: lambda value: None if value is None else java_text(value),
              types.BinaryType: binary, types.DecimalType: decimal, types.DateType: internal,
              types.TimestampType: internal, types.TimestampNTZType: internal}
    if isinstance(data_type, types.ArrayType):
        element = converter(data_type.elementType)
        return lambda value: [element(v) for v in value] if isinstance(value, (list, tuple)) else None
    if isinstance(data_type, types.MapType):
        key, item = converter(data_type.keyType), converter(data_type.valueType)
        return lambda value: {key(k): item(v) for k, v in value.items()} if isinstance(value, dict) else None
    if isinstance(data_type, types.StructType):
        fields = [(field.name, converter(field.dataType)) for field in data_type.fields]

        def struct(value):
            parts = None if value is None else data_type.toInternal(value)
            return None if parts is None else types.Row(*[name for name, _ in fields])(
                *[convert(data_type.fields[i].dataType.fromInternal(part)) for i, ((_, convert), part) in
                  enumerate(zip(fields, parts))])

        return struct
    return simple.get(type(data_type), lambda value: value)


def java_text(value):
    """A value's text as Java has it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, (list, set)):
        return "[" + ", ".join(map(java_text, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{java_text(k)}={java_text(v)}" for k, v in value.items()) + "}"
    return str(value)


def foreach_writer(command, schema):
    """Of writeStream.foreach: a function over the Arrow batches of a task, and the type of what it gives, which is nothing."""
    import json

    from pyspark import cloudpickle
    from pyspark.sql.conversion import ArrowTableToRowsConversion
    from pyspark.sql.types import StructType

    function = cloudpickle.loads(command)[0]
    row_type = StructType.fromJson(json.loads(schema))

    def rows(batches):
        import pyarrow

        for batch in batches:
            yield from ArrowTableToRowsConversion.convert(pyarrow.Table.from_batches([batch]), row_type)

    def run(batches):
        from pyspark import TaskContext

        for _ in function(TaskContext.get().partitionId(), rows(batches)):
            pass
        return iter(())

    return run, StructType([])


def announce():
    """The versions that both sides have to agree on."""
    try:
        import pyspark

        version = pyspark.__version__
    except ImportError:
        version = "none"
    sys.stdout.write("\nsluice-python %d.%d %s\n" % (*sys.version_info[:2], version))
    sys.stdout.flush()
    return version != "none"


class Direct(io.FileIO):
    """Sends what is written at once, and whole."""

    def write(self, data):
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:
            rest = rest[super().write(rest):]
        return size


class OsOfDaemon:
    """The module os for pyspark's daemon. A worker's answers do not wait in a buffer: the next rows wait for them."""

    def __getattr__(self, name):
        return getattr(os, name)

    @staticmethod
    def fdopen(descriptor, mode="r", buffering=-1):
        return Direct(descriptor, mode) if mode == "wb" else os.fdopen(descriptor, mode, buffering)


def run_daemon():
    sys.argv = ["pyspark.daemon", "pyspark.worker"]
    if announce():
        import pyspark.daemon

        pyspark.daemon.os = OsOfDaemon()
        pyspark.daemon.manager()


def run_foreach_batch():
    """One query's function, called batch by batch over a socket of Sluice's."""
    import socket
    import threading

    def end_with_sluice():
        os.read(0, 1)  # nobody ever writes: it returns when the other end is gone
        os._exit(1)

    threading.Thread(target=end_with_sluice, daemon=True).start()
    from pyspark.sql.connect.streaming.worker import foreach_batch_worker

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(os.environ["SLUICE_WORKER_SOCKET"])
        with connection.makefile("rwb", 65536) as file:
            foreach_batch_worker.main(file, file)


if sys.argv[1:] == ["daemon"]:
    run_daemon()
elif sys.argv[1:] == ["foreach_batch"]:
    run_foreach_batch()
