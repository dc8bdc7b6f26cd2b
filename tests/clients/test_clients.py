# SPDX-License-Identifier: Apache-2.0
"""Clients of Spark Connect that others wrote: what a program of theirs prints is the same on Sluice and on Spark."""
import os
import pathlib
import shutil
import subprocess

import pytest
from rig import connect
from servers import kafka, process

HERE = pathlib.Path(__file__).parent
IBIS = process.CACHE / "ibis-12.0.0" / "bin" / "python"
DBT = process.CACHE / "dbt-1.11.16" / "bin" / "python"
JARS = process.CACHE / "connect-client-4.2.0"
# The driver comes within PySpark, and not from Maven.
DRIVER = "lib/python3*/site-packages/pyspark/jars/connect-repl/spark-connect-client-jdbc_2.13-4.2.0.jar"
OPENED = ("java.nio", "java.lang", "java.util", "sun.util.calendar")  # Spark's client looks into these packages


def built(command: list, folder: pathlib.Path, **env) -> None:
    done = subprocess.run(command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def go_program(folder: pathlib.Path) -> list:
    built(["go", "build", "-buildvcs=false", "-o", folder / "program", "."], HERE / "go", GOFLAGS="-mod=readonly")
    return [folder / "program"]


def rust_program(folder: pathlib.Path) -> list:
    """Cargo.pins is Cargo.lock without where the crates come from: that is the machine's to say."""
    target = process.CACHE / "rust-client"  # what it is made of takes minutes
    shutil.copytree(HERE / "rust", folder, dirs_exist_ok=True)
    built(["cargo", "generate-lockfile", "--quiet"], folder)
    source = next(line for line in (folder / "Cargo.lock").read_text().splitlines() if line.startswith("source = "))
    (folder / "Cargo.lock").write_text((HERE / "rust/Cargo.pins").read_text().replace("\nchecksum = ", f"\n{source}\nchecksum = "))
    built(["cargo", "build", "--locked", "--quiet", "--target-dir", target], folder)
    return [target / "debug" / "program"]


def java_program(folder: pathlib.Path, sources: pathlib.Path, jars: str) -> list:
    java = pathlib.Path(kafka.java())
    built([java.with_name("javac"), "-nowarn", "-cp", jars, "-d", folder, "Smoke.java"], sources)
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    return [java, *opened, "-cp", f"{folder}:{jars}", "Smoke"]


def jvm_program(folder: pathlib.Path) -> list:
    return java_program(folder, HERE / "jvm", f"{JARS}/*")


def jdbc_program(folder: pathlib.Path) -> list:
    driver = next((process.CACHE / "spark-4.2.0").glob(DRIVER))
    return java_program(folder, HERE / "jdbc", f"{driver}:{JARS}/*")


def ibis_program(folder: pathlib.Path) -> list:
    return [IBIS, "-W", "ignore", HERE / "ibis" / "program.py"]


def dbt_program(folder: pathlib.Path) -> list:
    # dbt may write into the folder of a project.
    return [DBT, "-W", "ignore", shutil.copytree(HERE / "dbt", folder / "dbt") / "program.py"]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    spark = connect.SparkServer(tmp_path_factory.mktemp("spark"), "--conf", "spark.sql.shuffle.partitions=2")
    try:
        with connect.Server(tmp_path_factory.mktemp("sluice")) as sluice:
            yield sluice, spark
    finally:
        spark.close()


@pytest.mark.parametrize("program", [go_program, rust_program, jvm_program, jdbc_program, ibis_program, dbt_program],
                         ids=["go", "rust", "jvm", "jdbc", "ibis", "dbt"])
def test_a_client_gets_what_spark_gives_it(servers, tmp_path, program):
    (tmp_path / "built").mkdir()
    command = program(tmp_path / "built")
    printed = []
    for server in servers:
        tables = tmp_path / type(server).__name__
        tables.mkdir()
        done = subprocess.run([*map(str, command), server.url, tables], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        printed.append(done.stdout)
    assert printed[0] == printed[1] and printed[0].count("\n") > 3
