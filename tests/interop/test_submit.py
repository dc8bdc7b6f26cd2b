# SPDX-License-Identifier: Apache-2.0
"""`sluice submit`: PySpark programs as they are, the lab's bronze job on real servers first."""
import json
import os
import signal
import sys

import pytest
from rig import lab, program, table
from rig.reviews import reviews
from servers import process

EXAMPLE = program.ROOT / "examples" / "week4_bronze.py"
PYTHON = {"PYSPARK_PYTHON": sys.executable}


def write(sluice, text: str, name: str = "program.py"):
    path = sluice.cwd / name
    path.write_text(text)
    return path


def lab_program(sluice, checkpoint, trigger: str) -> str:
    text = EXAMPLE.read_text()
    for old, new in (("/tmp/kafka-checkpoint", str(checkpoint)), ("         .start())", f"         .trigger({trigger}).start())")):
        assert text.count(old) == 1
        text = text.replace(old, new)
    return write(sluice, text)


def test_the_labs_program_on_kafka_and_s3(sluice, kafka, minio):
    with lab.reviews_topic(kafka, partitions=3) as topic:
        topic.produce(reviews(0, 5000))
        settings = {**lab.environment(kafka, minio, "submitted"), **PYTHON, "SSL_CERT_FILE": str(kafka.ca_file)}
        job = lab_program(sluice, sluice.cwd / "checkpoint", "availableNow=True")
        job.write_text(job.read_text() + 'print("batch", query.lastProgress["batchId"], query.isActive)\n')
        done = sluice.ok("submit", job, env=settings)
        assert done.out == "batch 5 False\n"
        look = write(sluice, "from pyspark.sql import SparkSession\n"
                     "spark = SparkSession.builder.getOrCreate()\n"
                     "table = spark.read.parquet('s3a://hwe-fall/submitted/bronze/reviews')\n"
                     "print(table.count(), table.select('review_id').distinct().count(), len(table.columns))\n"
                     "table.groupBy('star_rating').count().orderBy('star_rating').show()\n"
                     "print(sorted(table.toPandas()['star_rating'].unique()))\n", "look.py")
        done = sluice.ok("submit", look, env=settings)
    assert done.out.startswith("5000 5000 16\n+-----------+-----+\n|star_rating|count|\n")
    assert done.out.endswith("['1', '2', '3', '4', '5']\n")
    assert table.log_numbers(sluice.cwd / "checkpoint" / "commits") == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_batch_finish(sluice, number):
    job = write(sluice, "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"
                "query = (spark.readStream.format('rate-micro-batch').option('rowsPerBatch', 1000).load().writeStream\n"
                "         .format('parquet').option('path', 'table').option('checkpointLocation', 'checkpoint')\n"
                "         .trigger(processingTime='10 milliseconds').start())\nquery.awaitTermination()\n")
    commits = sluice.cwd / "checkpoint" / "commits"
    with sluice.start("submit", job, env=PYTHON) as running:
        running.wait_until(lambda: commits.exists() and len(table.log_numbers(commits)) > 3, 60, "the first batches")
        running.signal(number)
        done = running.wait(60)
    assert done.code in (130, 143, 128 + number), done.all
    assert table.log_numbers(commits) == table.log_numbers(sluice.cwd / "checkpoint" / "offsets")


def test_exit_codes_arguments_and_tracebacks(sluice):
    (sluice.cwd / "beside.py").write_text("WORD = 'imported'\n")
    job = write(sluice, "import sys\nimport beside\nprint(beside.WORD, sys.argv[1:], __name__, __file__)\n"
                "sys.exit(int(sys.argv[1]))\n")
    done = sluice.run("submit", job, "7", "--flag", "-x", env=PYTHON)
    assert done.code == 7
    assert done.out == f"imported ['7', '--flag', '-x'] __main__ {job}\n"
    done = sluice.run("submit", write(sluice, "def f():\n    raise ValueError('mine')\n\nf()\n"), env=PYTHON)
    assert done.code == 1
    assert done.err.endswith(f'Traceback (most recent call last):\n  File "{job}", line 4, in <module>\n    f()\n'
                             f'  File "{job}", line 2, in f\n    raise ValueError(\'mine\')\nValueError: mine\n')


def test_lines_for_a_jvm_do_no_harm(sluice):
    job = write(sluice, """
from pyspark.sql import SparkSession
spark = (SparkSession.builder.appName("harmless").master("local[2]").config("spark.jars", "a.jar").config("spark.submit.pyFiles", "")
         .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog").enableHiveSupport().getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
log4j = spark._jvm.org.apache.log4j
log4j.LogManager.getRootLogger().setLevel(log4j.Level.ERROR)
spark.sparkContext._jsc.hadoopConfiguration().set("fs.s3a.path.style.access", "true")
print(spark.conf.get("spark.hadoop.fs.s3a.path.style.access"), spark.conf.get("spark.app.name"), spark.range(3).count())
spark.stop()
print(SparkSession.builder.getOrCreate().range(2).count())
try:
    spark.sparkContext.parallelize([1])
except AttributeError as error:
    print(error)
""")
    done = sluice.ok("submit", job, env={**PYTHON, "MASTER": "local"})
    lines = done.out.splitlines()
    assert lines[:2] == ["true harmless 3", "2"]
    assert lines[2].startswith("[JVM_ATTRIBUTE_NOT_SUPPORTED] sparkContext.parallelize needs a JVM")


CORE = '''
import pyspark
from pyspark.sql import SparkSession, functions as F
spark = SparkSession.builder.master("local").appName("core").getOrCreate()
print(pyspark.__version__, spark.version)
print(spark.sql("SELECT 1 AS a, 'x' AS b").collect(), spark.range(5).withColumn("t", F.col("id") * 2).filter("id > 3").collect())
spark.createDataFrame([(1, "a"), (2, None)], "id INT, name STRING").show()
query = (spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 10).load().writeStream.format("memory").queryName("m")
         .trigger(availableNow=True).start())
print(query.awaitTermination(30), query.lastProgress["numInputRows"], spark.table("m").count())
try:
    spark.sql("SELECT 1 / 0").collect()
except Exception as error:
    print(type(error).__name__, "DIVIDE_BY_ZERO" in str(error))
spark.stop()
'''


@pytest.mark.parametrize("version", ["3.5.7", "4.2.0"])
def test_the_full_pyspark_of_each_version(sluice, version):
    packages = list(process.CACHE.glob(f"spark-{version}/lib/python3*/site-packages"))
    if not packages:
        pytest.skip(f"no PySpark {version}: tools/deps.sh test")
    done = sluice.ok("submit", write(sluice, CORE), env={**PYTHON, "PYTHONPATH": str(packages[0])})
    assert done.out == (f"{version} 4.2.0\n[Row(a=1, b='x')] [Row(id=4, t=8)]\n+---+----+\n| id|name|\n+---+----+\n|  1|   a|\n"
                        "|  2|NULL|\n+---+----+\n\nTrue 10 10\nArithmeticException True\n")


def test_settings_of_the_command_line_reach_the_program(sluice):
    job = write(sluice, "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"
                "print(spark.conf.get('spark.sql.session.timeZone'), spark.conf.get('my.key'))\n")
    done = sluice.ok("submit", "--conf", "spark.sql.session.timeZone=Asia/Tokyo", "--conf", "my.key=v", job, env=PYTHON)
    assert done.out == "Asia/Tokyo v\n"


def test_a_python_without_pyspark_is_told_what_to_install(sluice, tmp_path):
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    done = sluice.run("submit", write(sluice, "print(1)\n"), env={"PYSPARK_PYTHON": str(python)})
    assert done.code == 2
    assert f"{python} has no PySpark. Install one: {python} -m pip install pyspark-client==4.2.0" in done.err
    done = sluice.run("submit", write(sluice, "print(1)\n"), env={"PYSPARK_PYTHON": "no-such-python"})
    assert done.code == 2 and "no-such-python cannot be started" in done.err
    done = sluice.run("submit", "no-such-program.py", env=PYTHON)
    assert done.code == 2 and "no-such-program.py cannot be read" in done.err


def test_another_users_program_cannot_use_the_server_inside(sluice):
    job = write(sluice, "import json, os\nfrom pyspark.sql import SparkSession\n"
                "url = os.environ['SPARK_REMOTE'].split('/;')[0]\n"
                "try:\n    SparkSession.builder.remote(url).create().range(1).count()\n"
                "except Exception as error:\n    print(json.dumps(str(error)))\n")
    env = {**PYTHON, "HOME": os.environ.get("HOME", "/")}
    assert "token" in json.loads(sluice.ok("submit", job, env=env).out)
