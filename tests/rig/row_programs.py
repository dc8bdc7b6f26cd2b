# SPDX-License-Identifier: Apache-2.0
"""DataFrame programs that decide which rows there are: each takes a session and gives a frame. What real Spark answers to
them stands in tests/golden/rows.json (tools/record_rows.py); one partition, so that random parts are the same."""
from pyspark.sql import Window
from pyspark.sql import functions as F


def reviews(spark):
    rows = [("US", "Toys", 5, 3, 1.5), ("US", "Toys", 4, 0, None), ("UK", "Home", 1, 12, float("nan")),
            ("DE", "Home", 3, None, 2.25), ("US", "Books", 5, 7, 0.5), ("JP", "Books", 5, 1, -1.0),
            (None, None, None, 2, 3.0), ("US", "Toys", 2, 3, 1.5)]
    return spark.createDataFrame(rows, "place STRING, kind STRING, stars INT, votes BIGINT, score DOUBLE")


def nested(spark):
    rows = [(1, ["a", "b", None], {"x": 1, "y": 2}, [("p", 1), ("q", 2)]), (2, [], {}, []), (3, None, None, None)]
    return spark.createDataFrame(rows, "id INT, tags ARRAY<STRING>, attrs MAP<STRING, INT>, "
                                       "items ARRAY<STRUCT<sku: STRING, n: INT>>")


def structs(spark):
    return spark.sql("SELECT * FROM VALUES (1, named_struct('x', 1, 'y', 'a', 'in', named_struct('p', 1.5D, 'q', 2))), "
                     "(2, NULL), (3, named_struct('x', NULL, 'y', 'b', 'in', NULL)) AS t(id, s)")


def by_place():
    return Window.partitionBy("place").orderBy("stars", "votes", "kind")


PROGRAMS = {
    # Generators.
    "explode": lambda s: nested(s).select("id", F.explode("tags")),
    "explode_alias": lambda s: nested(s).select("id", F.explode("attrs").alias("k", "v")),
    "explode_outer": lambda s: nested(s).select("id", F.explode_outer("tags").alias("tag")),
    "posexplode": lambda s: nested(s).select("id", F.posexplode("tags")),
    "posexplode_outer": lambda s: nested(s).select("id", F.posexplode_outer("attrs")),
    "inline": lambda s: nested(s).select("id", F.inline("items")),
    "inline_outer": lambda s: nested(s).select("id", F.inline_outer("items")),
    "stack": lambda s: s.range(2).select("id", F.stack(F.lit(2), F.lit("a"), F.col("id"), F.lit("b"), F.col("id") * 2)),
    "with_column_explode": lambda s: nested(s).withColumn("tag", F.explode("tags")).select("id", "tag"),
    "select_expr_explode": lambda s: nested(s).selectExpr("id", "explode(tags) AS tag"),
    "tvf": lambda s: s.tvf.explode(F.array(F.lit(1), F.lit(2))),
    "lateral_tvf": lambda s: nested(s).lateralJoin(s.tvf.explode(F.col("tags").outer())).select("id", "col"),
    # Windows.
    "row_number": lambda s: reviews(s).withColumn("n", F.row_number().over(by_place())),
    "ranks": lambda s: reviews(s).select("place", "stars", F.rank().over(Window.orderBy("stars")),
                                         F.dense_rank().over(Window.orderBy(F.desc("stars"))),
                                         F.percent_rank().over(Window.orderBy("stars")),
                                         F.cume_dist().over(Window.orderBy("stars"))),
    "ntile": lambda s: s.range(7).select("id", F.ntile(3).over(Window.orderBy("id"))),
    "lag_lead": lambda s: s.range(4).select("id", F.lag("id").over(Window.orderBy("id")).alias("a"),
                                            F.lead("id", 2, -1).over(Window.orderBy("id")).alias("b")),
    "nth_value": lambda s: reviews(s).select("place", F.nth_value("kind", 2, True).over(by_place()).alias("k")),
    "running_sum": lambda s: reviews(s).select("place", "votes", F.sum("votes").over(by_place()).alias("v")),
    "rows_frame": lambda s: s.range(6).select(
        "id", F.sum("id").over(Window.orderBy("id").rowsBetween(-1, 1)).alias("s"),
        F.avg("id").over(Window.orderBy("id").rowsBetween(Window.unboundedPreceding, -1)).alias("a")),
    "range_frame": lambda s: reviews(s).select(
        "stars", F.count("*").over(Window.orderBy("stars").rangeBetween(-1, Window.currentRow)).alias("c")),
    "window_of_all": lambda s: reviews(s).select("place", F.max("votes").over(Window.partitionBy()).alias("m")),
    "long_window": lambda s: s.range(1000).select(
        (F.col("id") % 3).alias("g"), F.sum(F.col("id") / 7).over(Window.partitionBy(F.col("id") % 3).orderBy("id")).alias("s"))
        .orderBy(F.desc("s")).limit(5),
    "window_over_aggregate": lambda s: reviews(s).groupBy("place").agg(F.sum("votes").alias("v")).withColumn(
        "r", F.rank().over(Window.orderBy(F.desc("v")))),
    # Grouping.
    "rollup": lambda s: reviews(s).rollup("place", "kind").agg(F.count("*").alias("n"), F.grouping_id().alias("g")),
    "cube": lambda s: reviews(s).cube("place", "kind").agg(F.sum("votes"), F.grouping("kind")),
    "grouping_sets": lambda s: reviews(s).groupingSets([["place"], ["kind"], []], "place", "kind").agg(F.count("*")),
    "pivot_given": lambda s: reviews(s).groupBy("place").pivot("kind", ["Toys", "Books"]).sum("votes"),
    "pivot_found": lambda s: reviews(s).groupBy("place").pivot("kind").agg(F.sum("votes").alias("v"), F.count(F.lit(1)).alias("n")),
    "pivot_count": lambda s: reviews(s).groupBy("place").pivot("stars", [1, 5]).count(),
    "unpivot": lambda s: reviews(s).unpivot(["place"], ["stars", "votes"], "what", "value"),
    "pivot_several": lambda s: reviews(s).groupBy("place").pivot("kind", ["Toys", "Home"]).agg(
        F.sum("votes"), F.avg("stars").alias("mean"), F.count(F.lit(1))),
    "pivot_several_of_all": lambda s: reviews(s).groupBy().pivot("place").agg(F.max("stars"), F.min("stars").alias("low")),
    "pivot_of_two_keys": lambda s: reviews(s).groupBy("place", "stars").pivot("kind").agg(F.first("votes"), F.last("score")),
    "melt_all": lambda s: s.range(2).withColumn("x", F.col("id") * 2).melt("id", None, "name", "value"),
    "count_distinct": lambda s: reviews(s).agg(F.count_distinct("place", "kind"), F.sum_distinct("stars")),
    # Subqueries.
    "scalar": lambda s: reviews(s).select("stars", reviews(s).select(F.max("stars")).scalar().alias("m")),
    "exists": lambda s: s.range(6).alias("t").where(
        reviews(s).where(F.col("stars") == F.col("t.id").outer()).exists()),
    "not_exists": lambda s: s.range(6).alias("t").where(
        ~reviews(s).where(F.col("stars") == F.col("t.id").outer()).exists()),
    "isin_query": lambda s: s.range(6).where(F.col("id").isin(reviews(s).select("stars"))),
    "correlated_count": lambda s: s.range(4).alias("t").select(
        "id", reviews(s).where(F.col("stars") == F.col("t.id").outer()).select(F.count("*")).scalar().alias("n")),
    "lateral_join": lambda s: s.range(4).alias("t").lateralJoin(
        reviews(s).where(F.col("stars") == F.col("t.id").outer()).select("place")),
    "sql_named": lambda s: s.sql("SELECT id FROM range(5) WHERE id > :least", {"least": 2}),
    "sql_positional": lambda s: s.sql("SELECT ? AS a, ? AS b", [1, "x"]),
    "sql_frame": lambda s: s.sql("SELECT sum(stars) AS s FROM {df} WHERE votes > {least}", df=reviews(s), least=1),
    # Other rows.
    "sample": lambda s: s.range(100).sample(0.1, 42),
    "sample_replaced": lambda s: s.range(50).sample(True, 0.5, 7),
    "random_split": lambda s: s.range(40).randomSplit([1.0, 3.0], 11)[0],
    "sample_by": lambda s: s.range(40).withColumn("k", F.col("id") % 2).sampleBy("k", {0: 0.5}, 3),
    "offset": lambda s: s.range(10).offset(7),
    "drop_duplicates": lambda s: reviews(s).orderBy("votes").dropDuplicates(["place"]).select("place"),
    "fillna_text": lambda s: reviews(s).fillna("?", ["place"]),
    "fillna_map": lambda s: reviews(s).fillna({"stars": 9, "kind": "none"}),
    "dropna": lambda s: reviews(s).dropna(),
    "dropna_thresh": lambda s: reviews(s).dropna(thresh=4),
    "dropna_all": lambda s: reviews(s).dropna("all", subset=["place", "kind"]),
    "replace": lambda s: reviews(s).replace({"US": "USA", "UK": "GB"}),
    "replace_numbers": lambda s: reviews(s).replace([5, 4], [50, 40], ["stars"]),
    "replace_none": lambda s: reviews(s).replace("US", None, ["place"]),
    "describe": lambda s: reviews(s).describe("stars", "votes", "place"),
    "summary": lambda s: reviews(s).summary("count", "min", "max"),
    "crosstab": lambda s: reviews(s).crosstab("place", "kind"),
    "with_columns_renamed": lambda s: reviews(s).withColumnsRenamed({"place": "p", "kind": "k"}).select("p", "k"),
    "to_df": lambda s: s.range(2).toDF("n"),
    "hint": lambda s: reviews(s).hint("broadcast").select("place"),
    "intersect_all": lambda s: reviews(s).select("stars").intersectAll(reviews(s).select("stars").limit(6)),
    "except_all": lambda s: reviews(s).select("stars").exceptAll(s.createDataFrame([(5,), (5,)], "stars INT")),
    "sort_within": lambda s: s.range(5).sortWithinPartitions(F.desc("id")),
    # Fields of structs.
    "with_field": lambda s: structs(s).select("id", F.col("s").withField("z", F.lit(3))),
    "with_field_replaced": lambda s: structs(s).select("id", F.col("s").withField("X", F.col("id") * 2).alias("s")),
    "with_field_inside": lambda s: structs(s).select("id", F.col("s").withField("in.p", F.lit("new"))),
    "with_fields": lambda s: structs(s).select(F.col("s").withField("a", F.lit(1)).withField("b", F.col("id")).alias("s")),
    "with_field_column": lambda s: structs(s).withColumn("s", F.col("s").withField("y", F.upper(F.col("s.y")))),
    "with_field_of_literal": lambda s: s.range(1).select(F.struct(F.lit(1).alias("a")).withField("b", F.lit(None)).alias("s")),
    "drop_field": lambda s: structs(s).select("id", F.col("s").dropFields("x")),
    "drop_fields": lambda s: structs(s).select(F.col("s").dropFields("X", "in").alias("s")),
    "drop_field_inside": lambda s: structs(s).select(F.col("s").dropFields("in.q")),
    "drop_no_field": lambda s: structs(s).select(F.col("s").dropFields("none").alias("s")),
    # Ordered aggregates.
    "listagg_ordered": lambda s: reviews(s).groupBy("place").agg(F.expr("listagg(kind, ',') WITHIN GROUP (ORDER BY stars)")),
    "json_tuple": lambda s: s.createDataFrame([('{"*": 1, "it\'s": [1, 2]}',), (None,), ("x",)], "j STRING").select(
        F.json_tuple("j", "*", "it's").alias("all", "its")),
    "histogram_numeric": lambda s: reviews(s).groupBy("kind").agg(F.histogram_numeric("stars", F.lit(3)).alias("h")),
    "freq_items": lambda s: s.createDataFrame([(1, "a")] * 5 + [(2, "b")], "x INT, y STRING").freqItems(["x", "y"], 0.6),
    "comma_join": lambda s: s.sql("SELECT a.id, b.id AS other FROM range(4) a, range(4) b WHERE a.id = b.id + 1"),
}

# What frames cannot show: values.
VALUES = {
    "tail": lambda s: [row.id for row in s.range(10).tail(3)],
    "corr": lambda s: s.range(10).withColumn("x", F.col("id") * F.col("id")).stat.corr("id", "x"),
    "cov": lambda s: s.range(10).withColumn("x", F.col("id") * F.col("id")).stat.cov("id", "x"),
    "approx_quantile": lambda s: s.range(100).approxQuantile(["id"], [0.0, 0.25, 0.5, 1.0], 0.0),
}

# Programs that Spark refuses: the condition of its error.
ERRORS = {
    "with_field_of_number": lambda s: s.range(1).select(F.col("id").withField("a", F.lit(1))),
    "with_field_of_no_struct": lambda s: structs(s).select(F.col("s").withField("x.a", F.lit(1))),
    "with_field_of_none": lambda s: structs(s).select(F.col("s").withField("none.a", F.lit(1))),
    "drop_all_fields": lambda s: structs(s).select(F.col("s").dropFields("x", "y", "in")),
    "freq_items_unknown": lambda s: s.range(3).freqItems(["none"]),
    "window_in_filter": lambda s: s.range(3).filter(F.row_number().over(Window.orderBy("id")) == 1),
    "rank_without_order": lambda s: s.range(3).select(F.rank().over(Window.partitionBy("id"))),
    "explode_number": lambda s: s.range(3).select(F.explode("id")),
    "explode_nested": lambda s: nested(s).select(F.upper(F.explode("tags"))),
    "unbound_parameter": lambda s: s.sql("SELECT :a"),
    "scalar_of_two_columns": lambda s: s.range(1).select(reviews(s).select("place", "kind").scalar()),
}
