// SPDX-License-Identifier: Apache-2.0
// Answers SQL expressions on real Spark, as fast as it can: no job runs where an expression can be evaluated by itself.
//   java ... ExpressionAnswers QUESTIONS ANSWERS
// A question a line, fields by tabs: ansi (true or false), zone, query with the column v. An answer a line: "ok", type,
// and the value as CAST(v AS STRING) in hexadecimal of its bytes, or "null"; or "error", class.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.*;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.*;
import org.apache.spark.sql.catalyst.optimizer.*;
import org.apache.spark.sql.catalyst.plans.logical.*;
import org.apache.spark.unsafe.types.UTF8String;
import scala.jdk.javaapi.CollectionConverters;

public class ExpressionAnswers {
  // Rows of one row without an optimizer, which costs ten times as much: what it must do is done by its own rules.
  static InternalRow rowOf(LogicalPlan plan) {
    if (plan instanceof OneRowRelation) return InternalRow.empty();
    if (plan instanceof SubqueryAlias) return rowOf(((SubqueryAlias) plan).child());
    if (!(plan instanceof Project)) return null;
    Project project = (Project) plan;
    InternalRow input = rowOf(project.child());
    if (input == null) return null;
    List<Expression> expressions = new ArrayList<>();
    for (Object column : CollectionConverters.asJava((scala.collection.Iterable<?>) project.projectList())) expressions.add((Expression) column);
    MutableProjection projection =
        new InterpretedMutableProjection(CollectionConverters.asScala(expressions).toSeq(), project.child().output());
    projection.initialize(0);
    return projection.apply(input).copy();
  }

  static String valueOf(Dataset<Row> text) {
    LogicalPlan plan = ((org.apache.spark.sql.classic.Dataset<Row>) text).queryExecution().analyzed();
    InternalRow row = null;
    if (plan.collectLeaves().forall(leaf -> leaf instanceof OneRowRelation)) {
      plan = ReplaceExpressions$.MODULE$.apply(plan);
      plan = RewriteWithExpression$.MODULE$.apply(plan);
      plan = ReplaceExpressions$.MODULE$.apply(plan);
      plan = ComputeCurrentTime$.MODULE$.apply(plan);
      plan = SpecialDatetimeValues$.MODULE$.apply(plan);
      row = rowOf(plan);
    }
    byte[] bytes;
    if (row != null) {
      UTF8String value = row.getUTF8String(0);
      bytes = value == null ? null : value.getBytes();
    } else {
      List<Row> rows = text.selectExpr("CAST(v AS BINARY)").collectAsList();
      bytes = rows.isEmpty() ? "(no row)".getBytes() : (byte[]) rows.get(0).get(0);
    }
    return bytes == null ? "null" : HexFormat.of().formatHex(bytes);
  }

  static String classOf(Throwable error) {
    for (Throwable e = error; e != null; e = e.getCause()) {
      if (e instanceof SparkThrowable && ((SparkThrowable) e).getCondition() != null) return ((SparkThrowable) e).getCondition();
    }
    return error.getClass().getName();
  }

  static String answer(SparkSession spark, String[] question) {
    spark.conf().set("spark.sql.ansi.enabled", question[0]);
    spark.conf().set("spark.sql.session.timeZone", question[1]);
    try {
      Dataset<Row> text = spark.sql("SELECT CAST(v AS STRING) AS v FROM (" + question[2] + ")");
      LogicalPlan plan = ((org.apache.spark.sql.classic.Dataset<Row>) text).queryExecution().analyzed();
      String type = plan.children().head().output().head().dataType().simpleString();
      return "ok\t" + type + "\t" + valueOf(text);
    } catch (Throwable error) {
      return "error\t" + classOf(error);
    }
  }

  public static void main(String[] args) throws Exception {
    SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1").config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1").config("spark.sql.maxPlanStringLength", "1000").getOrCreate();
    spark.sparkContext().setLogLevel("OFF");
    try (BufferedReader in = Files.newBufferedReader(Path.of(args[0]));
         PrintWriter out = new PrintWriter(Files.newBufferedWriter(Path.of(args[1])))) {
      int count = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        out.println(answer(spark, line.split("\t", 3)));
        if (++count % 200 == 0) out.flush();
      }
    }
    spark.stop();
  }
}
