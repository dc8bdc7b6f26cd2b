# SPDX-License-Identifier: Apache-2.0
"""TLS 1.2 is the least that is spoken, to S3 and to Kafka, whatever the system's OpenSSL would allow."""
import socket
import ssl
import threading

import pytest
from rig.metrics import free_port
from servers.certificates import make_authority, make_server_certificate

SYSTEM = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = everything
[everything]
MinProtocol = TLSv1
CipherString = DEFAULT:@SECLEVEL=0
"""


class TlsServer:
    """Speaks one range of versions, and keeps what each handshake ended with: the version, or the error."""

    def __init__(self, folder, lowest: ssl.TLSVersion, highest: ssl.TLSVersion):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = lowest, highest
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self.context, self.ended = context, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.settimeout(10)
            try:
                with self.context.wrap_socket(peer, server_side=True) as tls:
                    self.ended.append(tls.version())
            except OSError as error:
                self.ended.append(str(error))

    def close(self):
        self.listener.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    make_authority(folder, "the test's authority")
    make_server_certificate(folder)
    (folder / "openssl.cnf").write_text(SYSTEM)
    return folder


@pytest.fixture
def server(certificates):
    servers = []

    def start(lowest, highest):
        servers.append(TlsServer(certificates, lowest, highest))
        return servers[-1]

    yield start
    for one in servers:
        one.close()


def kafka(sluice, certificates, server, **options):
    more = "".join(f", `kafka.{name.replace('_', '.')}` => '{value}'" for name, value in options.items())
    return sluice.run(
        "sql", "SELECT count(*) FROM read_kafka(bootstrapServers => 'localhost:%d', subscribe => 't', "
        "`kafka.security.protocol` => 'SSL', `kafka.ssl.truststore.type` => 'PEM', "
        "`kafka.ssl.truststore.location` => '%s', `kafka.default.api.timeout.ms` => '3000'%s)"
        % (server.port, certificates / "ca.crt", more), env={"OPENSSL_CONF": str(certificates / "openssl.cnf")})


def s3(sluice, certificates, server):
    return sluice.run("sql", "--conf", "spark.hadoop.fs.s3a.attempts.maximum=1", "SELECT count(*) FROM parquet.`s3a://b/t`",
                      env={"AWS_ENDPOINT_URL": f"https://localhost:{server.port}", "AWS_ACCESS_KEY_ID": "K",
                           "AWS_SECRET_ACCESS_KEY": "canary-secret-tls", "AWS_REGION": "us-east-1",
                           "AWS_CA_BUNDLE": str(certificates / "ca.crt"),
                           "OPENSSL_CONF": str(certificates / "openssl.cnf")})


@pytest.mark.parametrize("client", [kafka, s3])
def test_older_versions_are_not_spoken(sluice, certificates, server, client):
    old = server(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
    done = client(sluice, certificates, old)
    assert done.code == 1 and old.ended, done.all
    assert not {"TLSv1", "TLSv1.1"} & set(old.ended), old.ended
    assert "TLS" in done.err and "canary" not in done.all, done.err
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        new = server(version, version)
        client(sluice, certificates, new)
        assert name in new.ended, (name, new.ended)


def test_enabled_protocols_of_kafka(sluice, certificates, server):
    every = server(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    kafka(sluice, certificates, every, ssl_enabled_protocols="TLSv1.2")
    assert set(every.ended) == {"TLSv1.2"}, every.ended
    every.ended.clear()
    kafka(sluice, certificates, every, ssl_enabled_protocols="TLSv1.3,TLSv1.2")
    assert set(every.ended) == {"TLSv1.3"}, every.ended
    older = server(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)
    kafka(sluice, certificates, older, ssl_enabled_protocols="TLSv1.3")
    assert older.ended and "TLSv1.2" not in older.ended, older.ended
    done = kafka(sluice, certificates, every, ssl_enabled_protocols="TLSv1.2,TLSv1.1")
    assert done.code != 0 and "kafka.ssl.enabled.protocols" in done.err and "TLSv1.1" in done.err, done.err
    done = kafka(sluice, certificates, every, ssl_protocol="TLSv1.1")
    assert done.code != 0 and "kafka.ssl.protocol" in done.err, done.err


def test_one_warning_where_keys_go_over_a_plain_network(sluice):
    """192.0.2.1 is an address that no network has; the warning comes before anything is sent."""
    jaas = ("org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" "
            "password=\"canary-plain-network\";")
    for host, count in (("192.0.2.1", 1), ("127.0.0.1", 0)):
        done = sluice.run("sql", f"SELECT count(*) FROM read_kafka(bootstrapServers => '{host}:{free_port()}', "
                          "subscribe => 't', `kafka.security.protocol` => 'SASL_PLAINTEXT', `kafka.sasl.mechanism` => "
                          f"'PLAIN', `kafka.sasl.jaas.config` => '{jaas}', `kafka.default.api.timeout.ms` => '300')")
        assert done.err.count("SASL_PLAINTEXT") == count and "canary" not in done.all, done.err
        done = sluice.run("sql", "--conf", "spark.hadoop.fs.s3a.attempts.maximum=1",
                          "--conf", "spark.hadoop.fs.s3a.connection.establish.timeout=300",
                          "SELECT count(*) FROM parquet.`s3a://b/t`",
                          env={"AWS_ENDPOINT_URL": f"http://{host}:{free_port()}", "AWS_ACCESS_KEY_ID": "K",
                               "AWS_SECRET_ACCESS_KEY": "canary-plain-network", "AWS_REGION": "us-east-1"})
        assert done.err.count("without TLS") == count and "canary" not in done.all, done.err
