// SPDX-License-Identifier: Apache-2.0
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;

/** What a program of the JVM asks of a Spark Connect server: one answer a line. Arguments: address, folder for tables. */
public final class Smoke {
  private final SparkSession spark;

  private Smoke(SparkSession spark) {
    this.spark = spark;
  }

  private void answer(String name, String query) {
    for (Row row : spark.sql(query).collectAsList()) System.out.println(name + " " + row);
  }

  private void run(String folder) throws Exception {
    answer("literals", "SELECT 1 + 1, 'two', CAST(NULL AS INT), array(1, 2), DATE'2020-02-29', 1.50BD");
    Dataset<Row> numbers = spark.range(10).selectExpr("id", "id % 3 AS k");
    numbers.createOrReplaceTempView("numbers");
    answer("groups", "SELECT k, count(*), sum(id) FROM numbers GROUP BY k ORDER BY k");
    System.out.println("count " + numbers.count() + " schema " + numbers.schema().simpleString());
    System.out.println("made " + spark.createDataset(List.of(1, 2, 3), Encoders.INT()).filter("value > 1").collectAsList());
    numbers.write().mode("overwrite").parquet(folder + "/jvm");
    StreamingQuery query = spark.readStream().schema(numbers.schema()).parquet(folder + "/jvm").writeStream().format("parquet")
        .option("checkpointLocation", folder + "/jvm-checkpoint").trigger(Trigger.AvailableNow()).start(folder + "/jvm-stream");
    query.awaitTermination();
    System.out.println("streamed " + spark.read().parquet(folder + "/jvm-stream").count() + " " + (query.exception().isEmpty()));
    try {
      spark.sql("SELECT nowhere FROM numbers").count();
    } catch (Exception refused) {  // Scala's methods declare none
      System.out.println("refused " + refused.getClass().getSimpleName() + " " + refused.getMessage().lines().findFirst().orElse(""));
    }
  }

  public static void main(String[] arguments) throws Exception {
    SparkSession spark = SparkSession.builder().remote(arguments[0]).getOrCreate();
    try {
      new Smoke(spark).run(arguments[1]);
    } finally {
      spark.close();
    }
  }
}
