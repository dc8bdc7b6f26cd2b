# SPDX-License-Identifier: Apache-2.0
"""One Apache Kafka broker (KRaft, broker and controller in one JVM) with a PLAINTEXT and a SASL_SSL/SCRAM-SHA-512
listener on free ports."""
import base64
import os
import pathlib
import shutil
import signal
import subprocess
import time

from . import certificates, process

VERSION = "4.4.0"
USER = "reviewer"
PASSWORD = "scram-canary-5f0c1e"  # a canary: no output of Sluice may ever hold it


def java() -> str:
    for home in (os.environ.get("JAVA_HOME"), "/usr/lib/jvm/java-17-openjdk-amd64", "/usr/lib/jvm/java-17-openjdk-arm64"):
        if home and os.access(f"{home}/bin/java", os.X_OK):
            return f"{home}/bin/java"
    found = shutil.which("java")
    if not found:
        raise process.ServerMissing("no Java: tools/deps.sh test")
    return found


class Kafka:
    """Started by the constructor, stopped by close(). `restart()` and `kill()` keep data and ports."""

    def __init__(self, detached: bool = False, folder: pathlib.Path | None = None, **settings):
        libs = process.CACHE / f"kafka-{VERSION}"
        if not (libs / ".done").exists():
            raise process.ServerMissing(f"no Apache Kafka {VERSION}: tools/deps.sh test")
        self.folder = folder or process.temporary_folder("kafka")
        self.detached = detached
        self.port, self.sasl_port, self.controller_port = process.free_ports(3)
        self.ca_file = self.folder / "tls" / "ca.crt"
        self.user, self.password = USER, PASSWORD
        self.log = self.folder / "server.log"
        self.child: subprocess.Popen | None = None
        self._java = [java(), "-cp", f"{libs}/*", "-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true",
                      f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties"]
        certificates.make_authority(self.ca_file.parent, "sluice test CA")
        certificates.make_server_certificate(self.ca_file.parent)
        self._write_settings(settings)
        self._format()
        self.start()

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def sasl_bootstrap(self) -> str:
        return f"127.0.0.1:{self.sasl_port}"

    @property
    def jaas(self) -> str:
        return ("org.apache.kafka.common.security.scram.ScramLoginModule required "
                f'username="{self.user}" password="{self.password}";')

    def spark_options(self, sasl: bool) -> dict[str, str]:
        """The source options a Spark program uses to reach this broker."""
        if not sasl:
            return {"kafka.bootstrap.servers": self.bootstrap}
        return {"kafka.bootstrap.servers": self.sasl_bootstrap, "kafka.security.protocol": "SASL_SSL",
                "kafka.sasl.mechanism": "SCRAM-SHA-512", "kafka.sasl.jaas.config": self.jaas,
                "kafka.ssl.truststore.type": "PEM", "kafka.ssl.truststore.location": str(self.ca_file)}

    def _write_settings(self, extra: dict[str, str]) -> None:
        tls = self.folder / "tls"
        settings = {
            "process.roles": "broker,controller", "node.id": 1,
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self.controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},SASLSSL://127.0.0.1:{self.sasl_port},"
                         f"CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port},SASLSSL://127.0.0.1:{self.sasl_port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASLSSL:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT", "controller.listener.names": "CONTROLLER",
            "log.dirs": self.folder / "data",
            "listener.name.saslssl.ssl.keystore.type": "PEM",
            "listener.name.saslssl.ssl.keystore.location": tls / "server.pem",
            "listener.name.saslssl.ssl.client.auth": "none",
            "listener.name.saslssl.sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.saslssl.scram-sha-512.sasl.jaas.config":
                "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            "num.partitions": 1, "group.initial.rebalance.delay.ms": 0, "auto.create.topics.enable": "false",
            "message.max.bytes": 33554432, "replica.fetch.max.bytes": 33554432, "log.segment.bytes": 268435456,
            "delete.topic.enable": "true", "log.retention.check.interval.ms": 1000,
        }
        for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
            settings[f"{topic}.num.partitions"] = 2
            settings[f"{topic}.replication.factor"] = 1
        settings["transaction.state.log.min.isr"] = settings["share.coordinator.state.topic.min.isr"] = 1
        settings.update(extra)
        (self.folder / "server.properties").write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        (self.folder / "log4j2.properties").write_text(
            "status=warn\nappender.f.type=File\nappender.f.name=F\n"
            f"appender.f.fileName={self.log}\nappender.f.layout.type=PatternLayout\n"
            "appender.f.layout.pattern=[%d] %p %m (%c)%n\nrootLogger.level=INFO\nrootLogger.appenderRef.f.ref=F\n")

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(b"S" + os.urandom(15)).decode().rstrip("=")  # a leading "-" would be an option
        done = subprocess.run(
            self._java + ["-Xmx128m", "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format", "--standalone",
                          "--cluster-id", cluster, "--config", str(self.folder / "server.properties"), "--add-scram",
                          f"SCRAM-SHA-512=[name={self.user},password={self.password}]"],
            capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"Kafka's StorageTool: {done.stdout}{done.stderr}")

    def start(self) -> None:
        self.log.unlink(missing_ok=True)
        output = self.folder / "stdout.log"
        self.child = process.spawn(
            self._java + ["-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "kafka.Kafka",
                          self.folder / "server.properties"], output, detached=self.detached)
        deadline = time.monotonic() + 300  # 4 s when the machine is idle
        while not (self.log.exists() and "Kafka Server started" in self.log.read_text(errors="replace")):
            if self.child.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Kafka did not start:\n{process.tail(output)}\n{process.tail(self.log)}")
            time.sleep(0.1)
        for port in (self.port, self.sasl_port):
            process.wait_for_port(port, self.child, 10, self.log)

    def kill(self) -> None:
        """Ends the broker as a power cut would."""
        process.stop(self.child, sig=signal.SIGKILL)

    def stop(self) -> None:
        process.stop(self.child, seconds=30)

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        if self.child:
            self.kill()  # its data are temporary: nothing to shut down in order
        shutil.rmtree(self.folder, ignore_errors=True)
