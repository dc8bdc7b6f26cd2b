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


def table_function(command, text):
    """Of a Python table function: a function over the Arrow batches of its input, and the type of what it gives: the
    columns that are passed on, then those that it makes."""
    import json

    from pyspark import cloudpickle
    from pyspark.sql.types import StructType

    told = json.loads(text)
    passed = StructType.fromJson(told["input"]).fields[:told["passed"]]
    kind = ArrowTableCalls if told["arrow"] else TableCalls
    calls = kind(cloudpickle.loads(command), told)
    return calls.run, StructType(passed + calls.made.fields)


class TableCalls:
    """The calls of one table function in one task. Its class has an object a partition of its table, or one for all."""

    def __init__(self, handler, told):
        from pyspark.sql.types import StructType

        self.handler, self.told = handler, told
        self.made, self.input = StructType.fromJson(told["made"]), StructType.fromJson(told["input"])
        self.convert = converter(self.made) if told["pickled"] else None
        self.object = self.key = None

    def failure(self, kind, **parameters):
        from pyspark.errors import PySparkRuntimeError

        return PySparkRuntimeError(errorClass=kind, messageParameters=parameters)

    def begin(self):
        """The object that takes the next row."""
        if self.object is None:
            import base64
            import inspect
            import pickle

            arguments = len(inspect.getfullargspec(self.handler).args)
            analyzed, name = self.told["analyzed"], self.told["name"]
            if arguments > (2 if analyzed else 1):
                kind = "IMPLEMENTS_ANALYZE" if analyzed else "NO_ANALYZE"
                raise self.failure(f"UDTF_CONSTRUCTOR_INVALID_{kind}_METHOD", name=name)
            given = [pickle.loads(base64.b64decode(analyzed))] if analyzed and arguments == 2 else []
            self.object, self.skips = self.handler(*given), False
        return self.object

    def results(self, method, args, kwargs):
        """What one call gives, item by item."""
        from collections.abc import Iterable

        from pyspark.sql.udtf import SkipRestOfInputTableException

        name = method.__name__
        try:
            try:
                given = method(*args, **kwargs)
            except SkipRestOfInputTableException:
                raise
            except Exception as error:
                raise self.failure("UDTF_EXEC_ERROR", method_name=name, error=str(error))
            if given is not None and not isinstance(given, Iterable):
                raise self.failure("UDTF_RETURN_NOT_ITERABLE", type=type(given).__name__, func=name)
            if given is not None:
                yield from given
        except SkipRestOfInputTableException:
            self.skips = True

    def row(self, result, name):
        """One result as the values of the columns that the function makes."""
        width = len(self.made.fields)
        if not self.told["pickled"] and not isinstance(result, tuple) and width == 1:
            result = (result,)
        if hasattr(result, "__len__") and len(result) != width:
            raise self.failure("UDTF_RETURN_SCHEMA_MISMATCH", expected=str(width), actual=str(len(result)), func=name)
        if result is not None and not (isinstance(result, (list, dict, tuple)) or hasattr(result, "__dict__")):
            raise self.failure("UDTF_INVALID_OUTPUT_ROW_TYPE", type=type(result).__name__, func=name)
        converted = self.convert(result) if self.convert else result
        return (None,) * width if converted is None else converted

    def rows(self, method, args=(), kwargs={}):
        return [self.row(result, method.__name__) for result in self.results(method, args, kwargs)]

    def end(self):
        """The rows of the object that has seen its last row."""
        ended, self.object = self.object, None
        rows = self.rows(ended.terminate) if hasattr(ended, "terminate") else []
        if hasattr(ended, "cleanup"):
            ended.cleanup()
        return rows

    def arguments(self, row):
        from pyspark.sql.types import Row

        args, kwargs = [], {}
        for argument in self.told["arguments"]:
            value = row[argument["column"]] if "column" in argument else Row(*argument["names"])(
                *[row[column] for column in argument["columns"]])
            if argument["keyword"]:
                kwargs[argument["keyword"]] = value
            else:
                args.append(value)
        return args, kwargs

    def run(self, batches):
        import pyarrow
        from pyspark.sql.conversion import ArrowTableToRowsConversion

        last = None
        for batch in batches:
            made, origins = [], []
            for number, row in enumerate(ArrowTableToRowsConversion.convert(pyarrow.Table.from_batches([batch]), self.input)):
                key = [row[column] for column in self.told["partition"]]
                if self.object is not None and key != self.key:
                    ended = self.end()
                    made += ended
                    origins += [number] * len(ended)
                self.key = key
                begun = self.begin()
                rows = [] if self.skips else self.rows(begun.eval, *self.arguments(row))
                made += rows
                origins += [number] * len(rows)
            last = batch.slice(batch.num_rows - 1) if batch.num_rows else last
            if made:
                yield self.batch(batch, made, origins)
        if self.object is not None:
            rows = self.end()
            if rows:
                yield self.batch(last, rows, [0] * len(rows))

    def batch(self, batch, made, origins):
        """The rows made, behind the columns that are passed on of the rows that they were made of."""
        import pyarrow
        from pyspark.sql.conversion import LocalDataToArrowConversion

        try:
            columns = LocalDataToArrowConversion.convert(made, self.made, False).combine_chunks().columns
        except Exception as error:
            raise self.failure("UDTF_ARROW_DATA_CONVERSION_ERROR", data=str(made), schema=self.made.simpleString(),
                               arrow_schema="") from error
        taken = pyarrow.array(origins, pyarrow.int64())
        passed = [batch.column(i).take(taken) for i in range(self.told["passed"])]
        arrays = passed + [column.chunk(0) if column.num_chunks else pyarrow.array([], column.type) for column in columns]
        return pyarrow.RecordBatch.from_arrays(arrays, names=[str(i) for i in range(len(arrays))])


class ArrowTableCalls(TableCalls):
    """The same of a function that takes columns of Arrow and gives tables."""

    def run(self, batches):
        for batch in batches:
            for keys, begin, end in self.runs(batch):
                if self.object is not None and keys != self.key:
                    yield from self.end()
                self.key = keys
                begun = self.begin()
                if not self.skips:
                    yield from self.tables(begun.eval, *self.arguments(batch.slice(begin, end - begin)))
        if self.object is not None:
            yield from self.end()

    def runs(self, batch):
        """The rows of one partition each: key, first row, row behind the last."""
        keys = list(zip(*[batch.column(i).to_pylist() for i in self.told["partition"]])) or [()] * batch.num_rows
        begin = 0
        for row in range(1, batch.num_rows + 1):
            if row == batch.num_rows or keys[row] != keys[begin]:
                yield keys[begin], begin, row
                begin = row

    def arguments(self, batch):
        import pyarrow

        args, kwargs = [], {}
        for argument in self.told["arguments"]:
            value = batch.column(argument["column"]) if "column" in argument else pyarrow.RecordBatch.from_arrays(
                [batch.column(i) for i in argument["columns"]], names=argument["names"])
            if argument["keyword"]:
                kwargs[argument["keyword"]] = value
            else:
                args.append(value)
        return args, kwargs

    def tables(self, method, args=(), kwargs={}):
        import pyarrow
        from pyspark.sql.pandas.types import to_arrow_schema

        width, wanted = len(self.made.fields), to_arrow_schema(self.made)
        for item in self.results(method, args, kwargs):
            if not isinstance(item, (pyarrow.Table, pyarrow.RecordBatch)):
                raise self.failure("UDTF_ARROW_TYPE_CONVERSION_ERROR")
            if item.num_columns != width:
                raise self.failure("UDTF_RETURN_SCHEMA_MISMATCH", expected=str(width), actual=str(item.num_columns),
                                   func=method.__name__)
            table = item if isinstance(item, pyarrow.Table) else pyarrow.Table.from_batches([item])
            yield from pyarrow.Table.from_arrays(
                [column.cast(field.type) for column, field in zip(table.columns, wanted)], schema=wanted).to_batches()

    def end(self):
        ended, self.object = self.object, None
        if hasattr(ended, "terminate"):
            yield from self.tables(ended.terminate)
        if hasattr(ended, "cleanup"):
            ended.cleanup()


def analyze_table_function(command, text):
    """Of a Python table function without a type: a function that gives one row, what its static method `analyze` says."""
    import json

    from pyspark import cloudpickle
    from pyspark.sql.types import StructType

    told = json.loads(text)
    handler = cloudpickle.loads(command)
    fields = [{"name": name, "type": kind, "nullable": True, "metadata": {}}
              for name, kind in (("text", "string"), ("analyzed", "string"))]
    return (lambda batches: analyzed(handler, told, batches)), StructType.fromJson({"type": "struct", "fields": fields})


def analyzed(handler, told, batches):
    import base64
    import json

    import pyarrow
    from pyspark import cloudpickle
    from pyspark.sql.conversion import ArrowTableToRowsConversion
    from pyspark.sql.types import StructType, _parse_datatype_json_string
    from pyspark.sql.udtf import AnalyzeArgument, AnalyzeResult

    rows = []
    for batch in batches:
        rows += ArrowTableToRowsConversion.convert(
            pyarrow.Table.from_batches([batch]), StructType.fromJson(told["input"]))
    args, kwargs = [], {}
    for number, argument in enumerate(told["arguments"]):
        value = rows[0][number] if argument["constant"] else None
        made = AnalyzeArgument(dataType=_parse_datatype_json_string(json.dumps(argument["type"])), value=value,
                               isTable=argument["table"], isConstantExpression=argument["constant"])
        if argument["keyword"]:
            kwargs[argument["keyword"]] = made
        else:
            args.append(made)
    result = handler.analyze(*args, **kwargs)
    if not isinstance(result, AnalyzeResult) or not isinstance(result.schema, StructType):
        raise ValueError("the static 'analyze' method expects a result of type pyspark.sql.udtf.AnalyzeResult with a "
                         f"'schema' field comprising a StructType, but it returned {type(result)}")
    said = {"schema": json.loads(result.schema.json()), "single": result.withSinglePartition,
            "partition": [column.name for column in result.partitionBy],
            "order": [[column.name, column.ascending, column.overrideNullsFirst] for column in result.orderBy],
            "select": [column.name for column in result.select]}
    texts = [pyarrow.array([json.dumps(said)]), pyarrow.array([base64.b64encode(cloudpickle.dumps(result)).decode()])]
    yield pyarrow.RecordBatch.from_arrays(texts, names=["text", "analyzed"])


def window_aggregate(command, text):
    """Of a Python aggregate over windows: a function over the rows of one partition in their order, which gives them
    with the aggregate of each row's frame behind the columns that are passed on."""
    import json

    from pyspark import cloudpickle
    from pyspark.sql.pandas.types import to_arrow_type
    from pyspark.sql.types import StructField, StructType

    told = json.loads(text)
    function, result_type = cloudpickle.loads(command)
    passed = StructType.fromJson(told["input"]).fields
    wanted = to_arrow_type(result_type)

    def run(table):
        import pyarrow

        columns = [column.combine_chunks() for column in table.columns]
        values = [columns[argument["column"]] for argument in told["arguments"]]
        if told["pandas"]:
            values = [value.to_pandas(date_as_object=True) for value in values]

        def aggregate(begin, end):
            pieces = [value.iloc[begin:end].reset_index(drop=True) if told["pandas"] else value[begin:end]
                      for value in values]
            named = {a["keyword"]: piece for a, piece in zip(told["arguments"], pieces) if a["keyword"]}
            result = function(*[piece for a, piece in zip(told["arguments"], pieces) if not a["keyword"]], **named)
            return result.as_py() if isinstance(result, pyarrow.Scalar) else result

        known, results = {}, []
        for frame in frames(told, columns, table.num_rows):
            if frame not in known:
                known = {frame: aggregate(*frame)}
            results.append(known[frame])
        made = pyarrow.array(results, wanted, from_pandas=True)
        return pyarrow.Table.from_arrays(columns[:told["passed"]] + [made],
                                         names=[str(i) for i in range(told["passed"] + 1)])

    names = [StructField(str(i), field.dataType) for i, field in enumerate(passed)]
    return run, StructType(names + [StructField(str(len(passed)), result_type)])


def frames(told, columns, rows):
    """The first row and the row behind the last of each row's frame."""
    import bisect

    order = [columns[key["column"]].to_pylist() for key in told["order"]]
    keys = list(zip(*order)) if order else [()] * rows
    first, behind = list(range(rows)), list(range(1, rows + 1))
    if not told["rows"]:  # rows of equal keys stand in a frame together
        for row in range(1, rows):
            if keys[row] == keys[row - 1]:
                first[row] = first[row - 1]
        for row in range(rows - 2, -1, -1):
            if keys[row] == keys[row + 1]:
                behind[row] = behind[row + 1]

    def places(bound, of_row, unbounded, search):
        if bound is None:
            return [unbounded] * rows
        if not isinstance(bound, dict):
            return [place + bound for place in of_row]
        in_order = key_order(**told["order"][0])
        sorted_keys = [in_order(key) for key in order[0]]
        return [search(sorted_keys, in_order(key)) for key in columns[bound["column"]].to_pylist()]

    for begin, end in zip(places(told["lower"], first, 0, bisect.bisect_left),
                          places(told["upper"], behind, rows, bisect.bisect_right)):
        begin = min(max(begin, 0), rows)
        yield begin, max(min(max(end, 0), rows), begin)


def key_order(column, ascending, nullsFirst):
    """Makes values comparable as ORDER BY has them: NaN is the greatest number."""
    import functools

    def compare(a, b):
        if a is None or b is None:
            return 0 if a is b else -1 if (a is None) == nullsFirst else 1
        if a != a or b != b:
            sign = (a != a) - (b != b)
        else:
            sign = (a > b) - (a < b)
        return sign if ascending else -sign

    return functools.cmp_to_key(compare)


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
