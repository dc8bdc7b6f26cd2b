# SPDX-License-Identifier: Apache-2.0
"""A server that others can reach: TLS, tokens, and the folders that its sessions may use. The client is gRPC's own in Python, so
that PySpark's care is not what is tested."""
import contextlib
import os
import pathlib
import socket
import ssl
import stat
import uuid

import grpc
import pytest
from pyspark.errors import PySparkException
from pyspark.sql.connect.proto import base_pb2, base_pb2_grpc
from rig import connect
from servers.certificates import make_authority, make_server_certificate

TOKEN = "a-token-of-forty-characters-0123456789ab"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server-tls")
    make_authority(folder, "the server's authority")
    make_server_certificate(folder)
    token = folder / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    other = tmp_path_factory.mktemp("other-tls")
    make_authority(other, "another authority")
    return folder, other


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    base = tmp_path_factory.mktemp("roots")
    for name in ("allowed", "closed"):
        (base / name).mkdir()
    return base


@pytest.fixture(scope="module")
def server(certificates, roots, tmp_path_factory):
    folder, _ = certificates
    with connect.Server(tmp_path_factory.mktemp("server"), "--host", "0.0.0.0", "--token-file", folder / "token",
                        "--tls-cert", folder / "server.crt", "--tls-key", folder / "server.key",
                        "--allowed-root", roots / "allowed") as started:
        yield started


def call(server, credentials, *metadata) -> str:
    """Asks for all settings; "ok", or the code of the failure and what it says."""
    target = f"localhost:{server.port}"
    channel = grpc.insecure_channel(target) if credentials is None else grpc.secure_channel(target, credentials)
    request = base_pb2.ConfigRequest(session_id=str(uuid.uuid4()))
    request.operation.get_all.SetInParent()
    with contextlib.closing(channel):
        try:
            base_pb2_grpc.SparkConnectServiceStub(channel).Config(request, timeout=20, metadata=metadata)
        except grpc.RpcError as error:
            return f"{error.code().name}: {error.details()}"
    return "ok"


def trusting(folder: pathlib.Path) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials((folder / "ca.crt").read_bytes())


def test_who_is_let_in(server, certificates):
    folder, other = certificates
    bearer = ("authorization", f"Bearer {TOKEN}")
    assert call(server, trusting(folder), bearer) == "ok"
    assert call(server, trusting(folder), ("x-sluice-token", TOKEN)) == "ok"
    for wrong in ([], [("authorization", "Bearer " + TOKEN[:-1])], [("authorization", f"Bearer {TOKEN}x")],
                  [("authorization", TOKEN)], [("authorization", "Bearer ")], [("x-sluice-token", TOKEN.upper())]):
        answer = call(server, trusting(folder), *wrong)
        assert answer == "UNAUTHENTICATED: No valid token was given.", (wrong, answer)
    # Neither another authority nor plain text gets as far as the token.
    assert call(server, trusting(other), bearer).startswith("UNAVAILABLE"), "another authority"
    assert call(server, None, bearer).startswith("UNAVAILABLE"), "plain text"
    assert call(server, trusting(folder), bearer) == "ok"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_old_versions_of_tls_are_not_spoken(server, certificates, version):
    context = ssl.create_default_context(cafile=certificates[0] / "ca.crt")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["h2"])
    context.minimum_version = context.maximum_version = version
    spoken = None
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                spoken = tls.version()
    old = version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
    assert spoken == (None if old else {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version])


def test_clients_that_say_nothing_do_not_hold_the_others_up(server, certificates):
    silent = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(100)]
    try:
        assert call(server, trusting(certificates[0]), ("authorization", f"Bearer {TOKEN}")) == "ok"
    finally:
        for one in silent:
            one.close()


@pytest.fixture
def pyspark(server, certificates, monkeypatch):
    # PySpark has no way to name an authority; gRPC has.
    monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(certificates[0] / "ca.crt"))
    with connect.session(f"sc://localhost:{server.port}/;use_ssl=true;token={TOKEN}") as spark:
        yield spark


def refused(action) -> bool:
    with pytest.raises(PySparkException) as caught:
        action()
    return caught.value.getCondition() == "SLUICE_PATH_NOT_ALLOWED"


def stream(spark, table, checkpoint):
    query = (spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 3).load()
             .writeStream.format("parquet").option("path", str(table)).option("checkpointLocation", str(checkpoint))
             .trigger(availableNow=True).start())
    query.awaitTermination()


def test_sessions_stay_in_their_folders(pyspark, roots):
    allowed, closed = roots / "allowed", roots / "closed"
    stream(pyspark, allowed / "table", allowed / "checkpoint")
    assert pyspark.read.parquet(str(allowed / "table")).count() == 3
    secret = closed / "secret"
    os.system(f"cp -r '{allowed / 'table'}' '{secret}'")
    (allowed / "link").symlink_to(secret)
    for path in (secret, f"file:{secret}", f"{allowed}/../closed/secret", allowed / "link", "/etc", "relative"):
        assert refused(lambda: pyspark.read.parquet(str(path)).count()), path
        assert refused(lambda: pyspark.sql(f"SELECT * FROM parquet.`{path}`").collect()), path
        assert refused(lambda: stream(pyspark, path, allowed / "checkpoint-2")), path
        assert refused(lambda: stream(pyspark, allowed / "table-2", path)), path
    assert refused(lambda: pyspark.readStream.schema("value BIGINT").parquet(str(secret)).writeStream.format("noop")
                   .option("checkpointLocation", str(allowed / "checkpoint-3")).start().processAllAvailable())
    # By the settings of a session, too.
    pyspark.conf.set("spark.sluice.badRecords.path", str(closed / "bad"))
    assert refused(lambda: stream(pyspark, allowed / "table-3", allowed / "checkpoint-4"))
    pyspark.conf.unset("spark.sluice.badRecords.path")
    pyspark.conf.set("spark.sql.streaming.checkpointLocation", str(closed))
    assert refused(lambda: pyspark.readStream.format("rate").load().writeStream.format("parquet")
                   .option("path", str(allowed / "table-4")).start())
    pyspark.conf.unset("spark.sql.streaming.checkpointLocation")
    kafka = {"subscribe": "t", "kafka.bootstrap.servers": "localhost:1", "kafka.security.protocol": "SSL"}
    for option in ("kafka.ssl.truststore.location", "kafka.ssl.keystore.location"):
        with pytest.raises(PySparkException, match="--allowed-root"):
            pyspark.read.format("kafka").options(**kafka, **{option: "/etc/passwd"}).load().count()
    assert sorted(path.name for path in closed.iterdir()) == ["secret"], "something was written outside"


def test_without_a_folder_the_disk_is_closed(certificates, tmp_path, monkeypatch):
    folder, _ = certificates
    monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(folder / "ca.crt"))
    with connect.Server(tmp_path / "server", "--host", "0.0.0.0", "--token-file", folder / "token", "--tls-cert",
                        folder / "server.crt", "--tls-key", folder / "server.key") as server:
        with connect.session(f"sc://localhost:{server.port}/;use_ssl=true;token={TOKEN}") as spark:
            assert spark.range(3).count() == 3
            assert refused(lambda: spark.read.parquet(str(tmp_path)).count())


def test_the_command_line_is_checked(sluice, tmp_path, certificates):
    folder, _ = certificates
    beyond = ("server", "--host", "0.0.0.0", "--port", "0")
    assert sluice.run("server", "--host", "127.0.0.1.example.org", "--port", "0").code == 2, "a name is not an address"
    for words, why in (((), "give --token-file"), (("--token-file", folder / "token"), "give --token-file"),
                       (("--token-file", folder / "token", "--tls-cert", folder / "server.crt"), "go together")):
        done = sluice.run(*beyond, *words)
        assert done.code == 2 and why in done.err, done.all
    done = sluice.run("server", "--port", "0", "--allowed-root", folder / "token")
    assert done.code == 2 and "is no folder that is there" in done.err, done.all
    readable = tmp_path / "token"
    readable.write_text(TOKEN)
    readable.chmod(stat.S_IRUSR | stat.S_IRGRP)
    done = sluice.run("server", "--port", "0", "--token-file", readable)
    assert done.code == 2 and "may be read or changed by others" in done.err, done.all
