# SPDX-License-Identifier: Apache-2.0
"""nothing.py   what every program begins and ends with."""
from pyspark.sql import SparkSession

SparkSession.builder.appName("nothing").getOrCreate().stop()
