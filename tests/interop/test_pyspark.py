# SPDX-License-Identifier: Apache-2.0
"""PySpark, unmodified, on `sluice server`: the light client (no JVM) of version 4.2.0."""
import datetime
import decimal
import pathlib
import threading
import time
import uuid

import pytest
from pyspark.errors import (AnalysisException, ArithmeticException, IllegalArgumentException, NumberFormatException,
                            ParseException, PySparkException, SparkNoSuchElementException, StreamingQueryException,
                            UnsupportedOperationException)
from pyspark.errors.exceptions.connect import SparkConnectGrpcException
from pyspark.sql import Row
from pyspark.sql import functions as F
from rig import connect


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with connect.Server(tmp_path_factory.mktemp("server"), "--conf", "spark.sql.session.timeZone=UTC") as started:
        yield started


@pytest.fixture
def pyspark(server):
    with connect.session(server.url) as spark:
        yield spark


def raised(kind, call) -> PySparkException:
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value).__name__ == kind.__name__, f"a {type(caught.value)} is not just any {kind}"
    return caught.value


# Data frames and SQL.


def test_ranges_and_sql(pyspark):
    assert pyspark.version == "4.2.0"
    assert pyspark.sql("SELECT 1 AS a, 'x' AS b").collect() == [Row(a=1, b="x")]
    frame = pyspark.range(10).withColumn("twice", F.col("id") * 2).filter("id > 6")
    assert [tuple(row) for row in frame.collect()] == [(7, 14), (8, 16), (9, 18)]
    assert frame.columns == ["id", "twice"]
    assert frame.dtypes == [("id", "bigint"), ("twice", "bigint")]
    assert (frame.count(), frame.first(), frame.isEmpty()) == (3, Row(id=7, twice=14), False)
    assert frame.filter("id > 100").collect() == []
    assert frame.filter("id > 100").toPandas().shape == (0, 2)


def test_show_and_schema_print_what_spark_prints(pyspark, capsys):
    frame = pyspark.createDataFrame([(1, "a"), (2, None)], "id INT, name STRING")
    frame.show()
    frame.printSchema()
    assert capsys.readouterr().out == (
        "+---+----+\n| id|name|\n+---+----+\n|  1|   a|\n|  2|NULL|\n+---+----+\n\n"
        "root\n |-- id: integer (nullable = true)\n |-- name: string (nullable = true)\n\n")
    frame.explain()
    assert "id" in capsys.readouterr().out


def test_every_type_goes_there_and_back(pyspark):
    row = Row(b=True, i=7, l=2**40, f=1.5, s="grüße", bin=bytearray(b"\x00\xff"), d=datetime.date(2026, 11, 27),
              t=datetime.datetime(2026, 11, 27, 10, 0, 0, 123456), n=decimal.Decimal("12.30"), a=[1, None, 3],
              m={"k": 1}, st=Row(x=1, y="z"), none=None)
    schema = ("b BOOLEAN, i INT, l BIGINT, f DOUBLE, s STRING, bin BINARY, d DATE, t TIMESTAMP, n DECIMAL(10,2), "
              "a ARRAY<INT>, m MAP<STRING, INT>, st STRUCT<x: INT, y: STRING>, none STRING")
    frame = pyspark.createDataFrame([row], schema)
    (back,) = frame.collect()
    for name in row.asDict():
        assert back[name] == row[name], name
    assert frame.schema.simpleString() == pyspark.createDataFrame(frame.toPandas().iloc[0:0], schema).schema.simpleString()


def test_many_rows_come_in_many_batches(pyspark):
    table = pyspark.range(250_000).selectExpr("id", "concat('row ', id) AS text").toPandas()
    assert len(table) == 250_000
    assert table["text"].iloc[-1] == "row 249999"


def test_local_data_beyond_a_megabyte_go_as_artifacts(pyspark):
    rows = [(i, "x" * 100) for i in range(30_000)]
    frame = pyspark.createDataFrame(rows, "id INT, text STRING")
    assert frame.selectExpr("sum(id)", "sum(length(text))").first() == Row(**{"sum(id)": 449985000, "sum(length(text))": 3000000})


def test_views(pyspark):
    pyspark.range(5).createOrReplaceTempView("numbers")
    assert pyspark.sql("SELECT max(id) AS m FROM numbers").first().m == 4
    assert pyspark.table("numbers").count() == 5
    raised(AnalysisException, lambda: pyspark.range(1).createTempView("numbers"))
    assert pyspark.catalog.dropTempView("numbers") is True
    assert pyspark.catalog.dropTempView("numbers") is False
    raised(AnalysisException, lambda: pyspark.table("numbers").collect())


def test_joins_and_set_operations(pyspark):
    left = pyspark.createDataFrame([(1, "a"), (2, "b"), (3, "c")], "id INT, name STRING")
    right = pyspark.createDataFrame([(1, 10), (1, 11), (4, 40)], "id INT, amount INT")
    assert sorted(tuple(row) for row in left.join(right, "id").collect()) == [(1, "a", 10), (1, "a", 11)]
    assert left.join(right, left["id"] == right["id"], "left_anti").orderBy("id").toPandas()["id"].tolist() == [2, 3]
    assert left.select("id").union(right.select("id")).distinct().count() == 4
    assert left.unionByName(left).count() == 6


def test_chains_of_450_calls(pyspark):
    frame = pyspark.range(3)
    for i in range(450):
        frame = frame.filter(F.col("id") >= 0)
    assert frame.count() == 3


def test_settings(pyspark, server):
    pyspark.conf.set("my.key", "v")
    assert pyspark.conf.get("my.key") == "v"
    pyspark.conf.unset("my.key")
    assert pyspark.conf.get("my.key", "none") == "none"
    error = raised(SparkNoSuchElementException, lambda: pyspark.conf.get("my.key"))
    assert (error.getCondition(), error.getSqlState()) == ("SQL_CONF_NOT_FOUND", "42K0I")
    for key in ("spark.sluice.memory", "spark.sluice.metrics.port", "spark.sluice.log.format", "spark.sluice.threads"):
        error = raised(AnalysisException, lambda key=key: pyspark.conf.set(key, "1"))
        assert (error.getCondition(), error.getSqlState()) == ("CANNOT_MODIFY_CONFIG", "46110")
        assert not pyspark.conf.isModifiable(key)
    pyspark.conf.set("spark.hadoop.fs.s3a.secret.key", "canary-of-a-secret")
    listed = pyspark.conf.getAll
    assert listed["spark.hadoop.fs.s3a.secret.key"] == "*********(redacted)"
    with connect.session(server.url, spark__app__name="other") as other:
        assert other.conf.get("spark.app.name") == "other"
        assert other.conf.get("spark.hadoop.fs.s3a.secret.key", "none") == "none"


# Errors.


@pytest.mark.parametrize("sql, kind, condition, state", [
    ("SELEC 1", ParseException, "PARSE_SYNTAX_ERROR", "42601"),
    ("SELECT nope FROM range(1)", AnalysisException, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"),
    ("SELECT * FROM nowhere", AnalysisException, "TABLE_OR_VIEW_NOT_FOUND", "42P01"),
    ("SELECT nofunction(1)", AnalysisException, "UNRESOLVED_ROUTINE", "42883"),
    ("SELECT 1 / 0", ArithmeticException, "DIVIDE_BY_ZERO", "22012"),
    ("SELECT CAST('a' AS INT)", NumberFormatException, "CAST_INVALID_INPUT", "22018"),
])
def test_errors_are_spark_s(pyspark, sql, kind, condition, state):
    error = raised(kind, lambda: pyspark.sql(sql).collect())
    assert (error.getCondition(), error.getSqlState()) == (condition, state)
    assert f"[{condition}]" in str(error)


def test_names_are_checked_when_the_text_is_given(pyspark):
    from pyspark.errors import AnalysisException, ArithmeticException

    for query in ("SELECT nowhere FROM range(3)", "SELECT * FROM nowhere", "SELECT no_such_function(1)"):
        with pytest.raises(AnalysisException):
            pyspark.sql(query)
    frame = pyspark.sql("SELECT 1 / 0 AS n")
    with pytest.raises(ArithmeticException):
        frame.collect()


def test_an_error_has_its_place_in_the_text(pyspark):
    error = raised(AnalysisException, lambda: pyspark.sql("SELECT nope FROM range(1)").collect())
    (context,) = error.getQueryContext()
    assert (context.fragment(), context.startIndex(), context.stopIndex()) == ("nope", 7, 10)
    assert "== SQL (line 1, position 8) ==" in context.summary()


def test_long_errors_fit_into_trailers(pyspark):
    name = "ü" * 20_000
    error = raised(AnalysisException, lambda: pyspark.range(1).select(F.col(f"`{name}`")).collect())
    assert error.getCondition().startswith("UNRESOLVED_COLUMN")
    assert name in str(error), "the whole message is fetched"


def test_what_is_not_there_is_refused_by_name(pyspark, tmp_path):
    refused = {
        "make_interval": lambda: pyspark.sql("SELECT make_interval(1)").collect(),
    }
    for name, call in refused.items():
        error = raised(UnsupportedOperationException, call)
        assert error.getCondition() == "UNSUPPORTED_FEATURE.SLUICE"
        assert name in str(error)


# The wire.


def stub(server):
    import grpc
    from pyspark.sql.connect.proto import base_pb2_grpc

    return base_pb2_grpc.SparkConnectServiceStub(grpc.insecure_channel(f"127.0.0.1:{server.port}"))


def plan_of(sql="SELECT 1 AS a"):
    from pyspark.sql.connect.proto import base_pb2, relations_pb2

    return base_pb2.Plan(root=relations_pb2.Relation(sql=relations_pb2.SQL(query=sql)))


def execute(session=None, operation=None, sql="SELECT 1 AS a", reattachable=True, **more):
    from pyspark.sql.connect.proto import base_pb2

    request = base_pb2.ExecutePlanRequest(session_id=session or str(uuid.uuid4()), plan=plan_of(sql), **more)
    request.operation_id = operation or str(uuid.uuid4())
    request.request_options.add().reattach_options.reattachable = reattachable
    return request


def rpc_error(call) -> str:
    import grpc

    with pytest.raises(grpc.RpcError) as caught:
        call()
    assert caught.value.code() == grpc.StatusCode.INTERNAL
    return caught.value.details()


def test_the_messages_of_a_relation(server):
    request = execute()
    responses = list(stub(server).ExecutePlan(request))
    kinds = [r.WhichOneof("response_type") or ("schema" if r.HasField("schema") else "metrics") for r in responses]
    assert [k for k in kinds if k != "execution_progress"] == ["schema", "arrow_batch", "metrics", "result_complete"]
    assert {(r.session_id, r.operation_id) for r in responses} == {(request.session_id, request.operation_id)}
    assert len({r.response_id for r in responses}) == len(responses)
    assert len({r.server_side_session_id for r in responses}) == 1
    plain = list(stub(server).ExecutePlan(execute(reattachable=False)))
    assert "result_complete" not in [r.WhichOneof("response_type") for r in plain]


def test_reattaching_and_releasing(server):
    from pyspark.sql.connect.proto import base_pb2

    calls, request = stub(server), execute()
    ids = [r.response_id for r in calls.ExecutePlan(request)]
    again = base_pb2.ReattachExecuteRequest(session_id=request.session_id, operation_id=request.operation_id)
    assert [r.response_id for r in calls.ReattachExecute(again)] == ids
    again.last_response_id = ids[1]
    assert [r.response_id for r in calls.ReattachExecute(again)] == ids[2:]
    again.last_response_id = ids[-1]
    assert list(calls.ReattachExecute(again)) == []
    again.last_response_id = "nobody"
    assert "INVALID_CURSOR.POSITION_NOT_FOUND" in rpc_error(lambda: list(calls.ReattachExecute(again)))
    assert [r.response_id for r in calls.ExecutePlan(request)] == ids, "the same id and plan"
    other = execute(request.session_id, request.operation_id, "SELECT 2")
    assert "INVALID_HANDLE.OPERATION_ALREADY_EXISTS" in rpc_error(lambda: list(calls.ExecutePlan(other)))
    release = base_pb2.ReleaseExecuteRequest(session_id=request.session_id, operation_id=request.operation_id)
    release.release_until.response_id = ids[0]
    assert calls.ReleaseExecute(release).operation_id == request.operation_id
    again.last_response_id = ""
    again.ClearField("last_response_id")
    assert "INVALID_CURSOR.POSITION_NOT_AVAILABLE" in rpc_error(lambda: list(calls.ReattachExecute(again)))
    release.release_all.SetInParent()
    calls.ReleaseExecute(release)
    assert not calls.ReleaseExecute(release).HasField("operation_id"), "a second time is no error"
    assert "INVALID_HANDLE.OPERATION_NOT_FOUND" in rpc_error(lambda: list(calls.ReattachExecute(again)))
    assert "INVALID_HANDLE.OPERATION_ABANDONED" in rpc_error(lambda: list(calls.ExecutePlan(request)))
    again.session_id = str(uuid.uuid4())
    assert "INVALID_HANDLE.SESSION_NOT_FOUND" in rpc_error(lambda: list(calls.ReattachExecute(again)))


def test_sessions_end_and_are_known_by_the_servers_id(server):
    from pyspark.sql.connect.proto import base_pb2

    calls, session = stub(server), str(uuid.uuid4())
    config = base_pb2.ConfigRequest(session_id=session)
    config.operation.get_all.SetInParent()
    first = calls.Config(config).server_side_session_id
    assert first and first != session
    config.client_observed_server_side_session_id = str(uuid.uuid4())
    assert "INVALID_HANDLE.SESSION_CHANGED" in rpc_error(lambda: calls.Config(config))
    config.ClearField("client_observed_server_side_session_id")
    config.user_context.user_id = "somebody else"
    assert calls.Config(config).server_side_session_id != first, "a session belongs to a user"
    config.ClearField("user_context")
    release = base_pb2.ReleaseSessionRequest(session_id=session)
    calls.ReleaseSession(release)
    assert "INVALID_HANDLE.SESSION_CLOSED" in rpc_error(lambda: calls.Config(config))
    release.allow_reconnect = True
    calls.ReleaseSession(release)
    assert calls.Config(config).server_side_session_id != first
    config.session_id = "no uuid"
    assert "INVALID_HANDLE.FORMAT" in rpc_error(lambda: calls.Config(config))


def test_status_of_operations(server):
    from pyspark.sql.connect.proto import base_pb2

    calls, request = stub(server), execute()
    list(calls.ExecutePlan(request))
    failed = execute(request.session_id, sql="SELECT 1 / 0")
    rpc_error(lambda: list(calls.ExecutePlan(failed)))
    status = base_pb2.GetStatusRequest(session_id=request.session_id)
    status.operation_status.operation_ids.extend([request.operation_id, failed.operation_id, str(uuid.uuid4())])
    states = [s.state for s in calls.GetStatus(status).operation_statuses]
    kinds = base_pb2.GetStatusResponse.OperationStatus
    assert states == [kinds.OPERATION_STATE_SUCCEEDED, kinds.OPERATION_STATE_FAILED, kinds.OPERATION_STATE_UNKNOWN]
    release = base_pb2.ReleaseExecuteRequest(session_id=request.session_id, operation_id=request.operation_id)
    release.release_all.SetInParent()
    calls.ReleaseExecute(release)
    assert calls.GetStatus(status).operation_statuses[0].state == kinds.OPERATION_STATE_SUCCEEDED


def test_clones_have_settings_and_views(server):
    with connect.session(server.url) as spark:
        spark.conf.set("my.key", "v")
        spark.range(3).createOrReplaceTempView("numbers")
        clone = spark.cloneSession()
        assert clone.conf.get("my.key") == "v"
        assert clone.table("numbers").count() == 3
        clone.conf.set("my.key", "w")
        assert spark.conf.get("my.key") == "v"


def test_garbage_is_refused_and_the_server_goes_on(server):
    import grpc

    channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")
    for name in ("ExecutePlan", "AnalyzePlan", "Config", "AddArtifacts", "NoSuchCall"):
        for body in (b"", b"\xff\xff\xff\xff", b"\x0a" * 1000):
            call = channel.stream_stream(f"/spark.connect.SparkConnectService/{name}", request_serializer=lambda b: b)
            with pytest.raises(grpc.RpcError):
                list(call(iter([body])))
    assert list(stub(server).ExecutePlan(execute()))


def test_artifacts_stay_in_their_place(server):
    from pyspark.sql.connect.proto import base_pb2

    calls, session = stub(server), str(uuid.uuid4())

    def request(name, data=b"bytes", crc=None):
        import zlib

        made = base_pb2.AddArtifactsRequest(session_id=session)
        made.batch.artifacts.add(name=name).data.CopyFrom(
            base_pb2.AddArtifactsRequest.ArtifactChunk(data=data, crc=zlib.crc32(data) if crc is None else crc))
        return made

    for name in ("/etc/passwd", "../x", "cache/../../x", "a//b", ""):
        assert "INVALID_ARTIFACT_PATH" in rpc_error(lambda name=name: calls.AddArtifacts(iter([request(name)])))
    summary = calls.AddArtifacts(iter([request("cache/a"), request("cache/b", crc=1)])).artifacts
    assert [(a.name, a.is_crc_successful) for a in summary] == [("cache/a", True), ("cache/b", False)]
    assert "ARTIFACT_ALREADY_EXISTS" in rpc_error(lambda: calls.AddArtifacts(iter([request("cache/a", b"other")])))
    statuses = calls.ArtifactStatus(base_pb2.ArtifactStatusesRequest(session_id=session, names=["cache/a", "cache/b"])).statuses
    assert {name: status.exists for name, status in statuses.items()} == {"cache/a": True, "cache/b": False}


# Streams.


def rate(spark, **options):
    return spark.readStream.format("rate-micro-batch").options(rowsPerBatch=10, **options).load()


def test_a_stream_into_parquet_and_back(pyspark, tmp_path):
    query = (rate(pyspark).withColumn("at", F.current_timestamp()).writeStream.format("parquet")
             .option("path", str(tmp_path / "table")).option("checkpointLocation", str(tmp_path / "checkpoint"))
             .trigger(availableNow=True).start())
    assert query.awaitTermination(60) is True
    assert not query.isActive
    assert query.lastProgress["numInputRows"] == 10
    assert query.exception() is None
    table = pyspark.read.parquet(str(tmp_path / "table"))
    assert table.count() == 10
    assert len(table.toPandas()) == 10


def test_queries_of_a_session(pyspark):
    started = [rate(pyspark).writeStream.format("memory").queryName(f"q{i}").trigger(processingTime="20 milliseconds").start()
               for i in range(2)]
    assert {q.id for q in pyspark.streams.active} == {q.id for q in started}
    assert pyspark.streams.get(started[0].id).name == "q0"
    assert pyspark.streams.get(str(uuid.uuid4())) is None
    assert started[0].awaitTermination(0.1) is False
    while pyspark.table("q0").count() < 10:
        time.sleep(0.02)
    assert started[0].status["isTriggerActive"] in (True, False)
    started[0].stop()
    assert pyspark.streams.awaitAnyTermination(30) is True
    pyspark.streams.resetTerminated()
    assert [q.id for q in pyspark.streams.active] == [started[1].id]
    started[1].stop()


def test_a_failed_query_raises_from_await(pyspark):
    query = rate(pyspark).selectExpr("1 / (value - value) AS x").writeStream.format("noop").start()
    error = raised(StreamingQueryException, query.awaitTermination)
    assert (error.getCondition(), error.getSqlState()) == ("STREAM_FAILED", "XXKST")
    assert "DIVIDE_BY_ZERO" in str(error)
    assert "DIVIDE_BY_ZERO" in str(query.exception())
    error = raised(StreamingQueryException, pyspark.streams.awaitAnyTermination)
    assert error.getMessageParameters()["runId"] == query.runId
    pyspark.streams.resetTerminated()


def test_a_query_outlives_its_client(server):
    with connect.session(server.url) as spark:
        query = rate(spark).writeStream.format("memory").queryName("left").trigger(processingTime="10 milliseconds").start()
        with connect.session(server.url) as other:
            assert other.streams.active == [], "queries belong to a session"
        waits = threading.Thread(target=lambda: pytest.raises(Exception, query.awaitTermination), daemon=True)
        waits.start()
        time.sleep(0.3)
        spark.client._channel.close()  # the client is gone, as if it had been killed
        key = spark.client._session_id
        from pyspark.sql.connect.session import SparkSession

        again = SparkSession.builder.remote(f"{server.url}/;session_id={key}").create()
        assert again.streams.get(query.id).isActive
        again.streams.get(query.id).stop()
        again.stop()


def test_listeners(pyspark):
    from pyspark.sql.streaming.listener import StreamingQueryListener

    events = []

    class Listener(StreamingQueryListener):
        def onQueryStarted(self, event):
            events.append(("started", event.id, event.name))

        def onQueryProgress(self, event):
            events.append(("progress", event.progress.id, event.progress.batchId))

        def onQueryIdle(self, event):
            pass

        def onQueryTerminated(self, event):
            events.append(("terminated", event.id, event.errorClassOnException))

    listener = Listener()
    pyspark.streams.addListener(listener)
    good = rate(pyspark).writeStream.format("memory").queryName("heard").trigger(availableNow=True).start()
    bad = rate(pyspark).selectExpr("1 / (value - value) AS x").writeStream.format("noop").start()
    for _ in range(200):
        if len([e for e in events if e[0] == "terminated"]) == 2:
            break
        time.sleep(0.05)
    ids = {str(q.id): q for q in (good, bad)}
    seen = [(kind, ids[str(key)], what) for kind, key, what in events]
    # The client tells of the start when it has the query, beside its thread for all other events.
    told = {query: [(kind, what) for kind, q, what in seen if q is query and kind != "started"] for query in (good, bad)}
    assert told[good] == [("progress", 0), ("terminated", None)]
    assert told[bad] == [("terminated", "DIVIDE_BY_ZERO")]
    assert [e for e in seen if e[0] == "started"] == [("started", good, "heard"), ("started", bad, None)]
    pyspark.streams.removeListener(listener)
    count = len(events)
    rate(pyspark).writeStream.format("noop").trigger(availableNow=True).start().awaitTermination(30)
    assert len(events) == count


def test_waiting_clients_take_no_thread_each(server):
    """Listeners, and calls that await the end of a query."""
    import grpc
    from pyspark.sql.connect.proto import ExecutePlanRequest
    from pyspark.sql.connect.proto.base_pb2_grpc import SparkConnectServiceStub

    def threads() -> int:
        status = pathlib.Path(f"/proc/{server.running.child.pid}/status").read_text()
        return int(status.split("Threads:")[1].split()[0])

    channel = grpc.insecure_channel(f"localhost:{server.port}", options=[("grpc.use_local_subchannel_pool", 1)])
    stub, streams, before = SparkConnectServiceStub(channel), [], threads()
    with connect.session(server.url) as spark:
        query = rate(spark).writeStream.format("noop").trigger(processingTime="1 minute").start()
        for number in range(200):
            request = ExecutePlanRequest(session_id=str(uuid.uuid4()), operation_id=str(uuid.uuid4()))
            if number % 2 == 0:
                request.session_id, request.user_context.user_id = spark.client._session_id, spark.client._user_id or ""
                request.plan.command.streaming_query_command.query_id.id = str(query.id)
                request.plan.command.streaming_query_command.query_id.run_id = str(query.runId)
                request.plan.command.streaming_query_command.await_termination.SetInParent()
            else:
                request.plan.command.streaming_query_listener_bus_command.add_listener_bus_listener = True
            streams.append(stub.ExecutePlan(request))
        for stream in streams[1::2]:
            assert next(stream).streaming_query_listener_events_result.listener_bus_listener_added
        for _ in range(300):  # threads that have nothing to do end after a while
            if threads() < before + 20:
                break
            time.sleep(0.1)
        assert threads() < before + 20
        query.stop()
        for stream in streams[::2]:
            assert [r.streaming_query_command_result.await_termination.terminated for r in stream][-1]
    for stream in streams:
        stream.cancel()
    channel.close()


def test_interrupts(pyspark):
    query = rate(pyspark).writeStream.format("memory").queryName("busy").trigger(processingTime="1 minute").start()
    caught = []

    def wait():
        pyspark.addTag("slow")
        try:
            query.awaitTermination()
        except PySparkException as error:
            caught.append(error)

    for interrupt in (lambda: pyspark.interruptTag("slow"), pyspark.interruptAll):
        waiter = threading.Thread(target=wait)
        waiter.start()
        time.sleep(0.5)  # until it waits
        stopped = interrupt()
        waiter.join(30)
        assert stopped and "OPERATION_CANCELED" in str(caught.pop())
    assert pyspark.interruptTag("slow") == []
    for _ in range(200):
        if not query.isActive:
            break
        time.sleep(0.05)
    assert not query.isActive, "interruptAll stops the session's queries too"


def test_a_tag_stops_the_query_that_was_started_under_it(pyspark):
    pyspark.addTag("etl")
    query = rate(pyspark).writeStream.format("memory").queryName("tagged").trigger(processingTime="1 minute").start()
    pyspark.clearTags()
    assert len(pyspark.interruptTag("etl")) == 1
    for _ in range(200):
        if not query.isActive:
            break
        time.sleep(0.05)
    assert not query.isActive


def test_a_term_signal_lets_the_batch_finish(tmp_path):
    with connect.Server(tmp_path / "server") as own:
        from pyspark.sql.connect.session import SparkSession

        spark = SparkSession.builder.remote(own.url).create()
        rate(spark).writeStream.format("parquet").option("path", str(tmp_path / "t")).option(
            "checkpointLocation", str(tmp_path / "c")).trigger(processingTime="10 milliseconds").start()
        while not (tmp_path / "c" / "commits").exists() or len(list((tmp_path / "c" / "commits").glob("[0-9]*"))) < 3:
            time.sleep(0.02)
        assert own.stop().code == 0
        planned, done = ({p.name for p in (tmp_path / "c" / log).glob("[0-9]*")} for log in ("offsets", "commits"))
        assert planned == done


# Who may come in.


def test_tokens(tmp_path):
    token = tmp_path / "token"
    token.write_text("0123456789abcdef0123\n")
    token.chmod(0o600)
    with connect.Server(tmp_path / "server", "--token-file", token) as own:
        with connect.session(f"{own.url}/;token=0123456789abcdef0123") as spark:
            assert spark.range(2).count() == 2
        for url in (own.url, f"{own.url}/;token=0123456789abcdef0124"):
            with pytest.raises(SparkConnectGrpcException, match="UNAUTHENTICATED|No valid token"):
                from pyspark.sql.connect.session import SparkSession

                SparkSession.builder.remote(url).create().range(1).count()


@pytest.mark.parametrize("flags, words", [
    (["--host", "0.0.0.0"], "--token-file, --tls-cert and --tls-key"),
    (["--token-file", "TOKEN"], "chmod 600"),
    (["--tls-cert", "TOKEN"], "go together"),
])
def test_unsafe_servers_do_not_start(sluice, tmp_path, flags, words):
    token = tmp_path / "token"
    token.write_text("0123456789abcdef0123\n")
    token.chmod(0o644)
    done = sluice.run("server", "--port", "0", *[str(token) if f == "TOKEN" else f for f in flags])
    assert done.code == 2 and words in done.err


def test_a_port_that_is_taken_is_an_error(sluice, server):
    done = sluice.run("server", "--port", str(server.port))
    assert done.code == 2 and "SLUICE_SERVER" in done.err
