# SPDX-License-Identifier: Apache-2.0
"""Records what Spark reads from tests/golden/conf/defaults.properties, with PySpark's Python:

  ~/.cache/sluice/spark-4.2.0/bin/python tools/record_properties.py
"""
import json
import pathlib

from pyspark.java_gateway import launch_gateway

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "conf"


def main() -> None:
    gateway = launch_gateway()
    found = gateway.jvm.org.apache.spark.util.Utils.getPropertiesFromFile(str(FOLDER / "defaults.properties"))
    values, entries = {}, found.iterator()
    while entries.hasNext():
        entry = entries.next()
        values[entry._1()] = entry._2()
    text = json.dumps(dict(sorted(values.items())), indent=1, ensure_ascii=False)
    (FOLDER / "defaults.json").write_text(text + "\n")
    gateway.shutdown()


if __name__ == "__main__":
    main()
