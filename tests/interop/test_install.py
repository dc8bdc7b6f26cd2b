# SPDX-License-Identifier: Apache-2.0
"""`cmake --install`, then a small program outside the tree builds by find_package(sluice) and does the job."""
import os
import pathlib
import re
import subprocess

import pyarrow
import pytest
from rig import pages, program, table
from rig.reviews import reviews

CMAKE = """cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES CXX)
find_package(sluice REQUIRED)
add_executable(outside outside.cc)
target_link_libraries(outside PRIVATE sluice::sluice)
"""

SOURCE = """#include <sluice/sluice.h>

#include <cstdlib>
#include <iostream>

int main() {
  using namespace sluice;
  using functions::col;
  using functions::split;
  try {
    SparkSession spark = SparkSession::builder().appName("outside").getOrCreate();
    DataFrame rows = spark.readStream().format("kafka")
        .option("kafka.bootstrap.servers", std::getenv("BOOTSTRAP")).option("subscribe", std::getenv("TOPIC"))
        .option("startingOffsets", "earliest").load();
    DataFrame parts = rows.withColumn("title", split(col("value"), "\\t").getItem(5))
        .withColumn("stars", split(col("value"), "\\t").getItem(7).cast("int"))
        .select({col("title"), col("stars"), col("topic"), col("partition"), col("offset")});
    StreamingQuery query = parts.writeStream().format("parquet").outputMode("append")
        .option("path", std::getenv("TABLE")).option("checkpointLocation", std::getenv("CHECKPOINT"))
        .trigger(Trigger::AvailableNow()).start();
    query.awaitTermination();
    std::cout << "rows " << *spark.read().parquet(std::getenv("TABLE")).groupBy({}).count().collect()[0][0] << "\\n";
    spark.stop();
  } catch (const SparkException& error) {
    std::cerr << error.what() << "\\n";
    return 1;
  }
}
"""


def build(*command, cwd: pathlib.Path) -> None:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


@pytest.fixture
def outside(tmp_path) -> pathlib.Path:
    prefix, source = tmp_path / "prefix", tmp_path / "source"
    source.mkdir()
    (source / "CMakeLists.txt").write_text(CMAKE)
    (source / "outside.cc").write_text(SOURCE)
    build("cmake", "--install", program.SLUICE.parent, "--prefix", prefix, cwd=tmp_path)
    build("cmake", "-S", source, "-B", source / "build", f"-DCMAKE_PREFIX_PATH={prefix}", cwd=tmp_path)
    build("cmake", "--build", source / "build", cwd=tmp_path)
    return source / "build" / "outside"


def test_program_outside_the_tree(sluice, topic, tmp_path, outside):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 300))
    linked = subprocess.run(["ldd", outside], capture_output=True, text=True).stdout
    for library in ("libsluice", "libarrow.so", "libparquet"):
        (line,) = [part for part in linked.splitlines() if library in part]
        assert str(tmp_path / "prefix") in os.path.realpath(line.split("=>")[1].split("(")[0].strip()), line
    env = {"BOOTSTRAP": reviews_topic.kafka.bootstrap, "TOPIC": reviews_topic.name, "TABLE": str(tmp_path / "table"),
           "CHECKPOINT": str(tmp_path / "checkpoint")}
    done = sluice.run(program=outside, env=env)
    assert done.code == 0 and "rows 300" in done.out, done.all
    table.assert_exactly_once(table.identities(table.part_files(tmp_path / "table")), reviews_topic.expected(), "outside")


def readme_block(language: str) -> str:
    readme = (pathlib.Path(__file__).parents[2] / "README.md").read_text()
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", readme, re.M | re.S)
    return block


def test_the_program_of_readme(sluice, topic, tmp_path, outside):
    """README's program and CMakeLists.txt as printed, built outside the tree by the stock compiler."""
    source = tmp_path / "mine"
    source.mkdir()
    (source / "CMakeLists.txt").write_text(readme_block("cmake"))
    (source / "my_bronze.cc").write_text(readme_block("cpp"))
    build("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={tmp_path / 'prefix'}", cwd=source)
    build("cmake", "--build", "build", cwd=source)
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 50))
    done = sluice.run(reviews_topic.kafka.bootstrap, reviews_topic.name, program=source / "build" / "my_bronze")
    assert done.code == 0 and "star_rating|count|" in done.out, done.all


def pieces_of_the_cpp_page() -> str:
    """The page's pieces, one after the other, as one program."""
    pieces = [block.text for block in pages.blocks()
              if (block.page, block.kind) == ("docs/cpp.md", "cpp") and not block.file_name]
    heads = [piece for piece in pieces if piece.startswith("#include")]
    return "".join([*heads, "int main() {\n", *(piece for piece in pieces if piece not in heads), "}\n"])


def test_the_programs_of_the_cpp_page(sluice, topic, tmp_path, outside):
    """Both build as printed. The one of the pieces then prints what the page shows; the whole one runs until a signal."""
    page = [block for block in pages.blocks() if block.page == "docs/cpp.md"]
    (cmake,) = [block.text for block in page if block.kind == "cmake"]
    (whole,) = [block.text for block in page if block.file_name == "bronze.cc"]
    reviews_topic = topic(1)
    reviews_topic.produce(reviews(0, 1000))
    pieces = pieces_of_the_cpp_page().replace("localhost:9092", reviews_topic.kafka.bootstrap)
    pieces = pieces.replace('"subscribe", "reviews"', f'"subscribe", "{reviews_topic.name}"')
    for name, source in (("pieces", pieces), ("whole", whole)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "CMakeLists.txt").write_text(cmake)
        (folder / "bronze.cc").write_text(source)
        build("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={tmp_path / 'prefix'}",
              f"-DCMAKE_CXX_FLAGS=-Wall -Werror -idirafter {pyarrow.get_include()}", cwd=folder)
        build("cmake", "--build", "build", cwd=folder)
    done = sluice.run(program=tmp_path / "pieces" / "build" / "bronze")
    assert done.code == 0, done.all
    printed = "\n".join(pages.masked(done.out))
    for shown in [block for block in page if block.kind == "text"]:
        assert "\n".join(pages.masked(shown.text)) in printed, shown


def test_installed_program(sluice, tmp_path, outside):
    installed = tmp_path / "prefix" / "bin" / "sluice"
    done = sluice.run("sql", "--format", "csv", "SELECT 1 + 1 AS two", program=installed)
    assert (done.code, done.out) == (0, "two\n2\n"), done.all


def test_the_systems_openssl_is_loaded_first(tmp_path, outside):
    """libparquet exports an OpenSSL of its own; loaded before the system's it would take over half of each TLS call."""
    for file in ("bin/sluice", "lib/libsluice.so"):
        dynamic = subprocess.run(["readelf", "-d", tmp_path / "prefix" / file], capture_output=True, text=True).stdout
        needed = [line.split("[")[1].split("]")[0] for line in dynamic.splitlines() if "(NEEDED)" in line]
        places = {name: i for i, n in enumerate(needed) for name in ("libcrypto", "libssl", "libparquet") if n.startswith(name)}
        assert max(places["libcrypto"], places["libssl"]) < places["libparquet"], (file, needed)
