# SPDX-License-Identifier: Apache-2.0
"""Records how much HyperLogLog++ overestimates, as Spark corrects it: src/expr/cardinality_bias_*.cc.

Usage: record_cardinality.py      with the Python of a PySpark 4.2.0, JAVA_HOME set

approx_count_distinct gives Spark's numbers only with Spark's table of raw estimates and their biases, which were measured
once, for the paper on the algorithm. This asks the running Spark for them.
"""
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "src" / "expr"
HELPER = "org.apache.spark.sql.catalyst.util.HyperLogLogPlusPlusHelper$"
FIRST = 4  # precision
SPLIT = 12  # that of the second file
BEGIN = """// SPDX-License-Identifier: Apache-2.0
// Written by tools/record_cardinality.py from what Spark answers.
#include "expr/cardinality_bias.h"

namespace sluice {
namespace {

// clang-format off
"""
END = """// clang-format on

}  // namespace

CardinalityBias CardinalityBiasOf%s(int precision) {
  return kTables[precision - %d];
}

}  // namespace sluice
"""


def array(name: str, values: list) -> str:
    lines, line = [], ""
    for value in values:
        text = repr(value).removesuffix(".0") + ","
        if len(line) + len(text) > 118:
            lines.append(line)
            line = ""
        line += text
    return f"constexpr double {name}[] = {{\n" + "\n".join(lines + [line]) + "\n};\n"


def main() -> None:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    found = spark._jvm.java.lang.Class.forName(HELPER)
    helper = found.getField("MODULE$").get(None)

    def ask(name: str) -> list:
        method = next(method for method in found.getMethods() if method.getName() == name)
        return method.invoke(helper, spark.sparkContext._gateway.new_array(spark._jvm.java.lang.Object, 0))

    thresholds = list(ask("THRESHOLDS"))
    raw = [list(row) for row in ask("RAW_ESTIMATE_DATA")]
    bias = [list(row) for row in ask("BIAS_DATA")]
    for name, low, high in (("Small", FIRST, SPLIT), ("Large", SPLIT, FIRST + len(raw))):
        text = BEGIN
        rows = []
        for precision in range(low, high):
            i = precision - FIRST
            text += array(f"kRaw{precision}", raw[i]) + array(f"kBias{precision}", bias[i])
            rows.append(f"{{{thresholds[i]:g}, {len(raw[i])}, kRaw{precision}, kBias{precision}}}")
        text += f"constexpr CardinalityBias kTables[] = {{\n" + ",\n".join(rows) + "\n};\n"
        (FOLDER / f"cardinality_bias_{name.lower()}.cc").write_text(text + END % (name, low))
    spark.stop()


if __name__ == "__main__":
    main()
