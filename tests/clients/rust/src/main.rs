// SPDX-License-Identifier: Apache-2.0
//! What the Rust client asks of a Spark Connect server: one answer a line. Argument: the address.
use spark_connect::functions::{count, sum};
use spark_connect::row::{Row, Value};
use spark_connect::{DataType, Result, SparkSession, col, lit};

const TYPES: &str = "SELECT true AS bo, 1Y AS ti, 2S AS sh, 3 AS i, 4L AS l, 1.5F AS f, 2.5D AS d, 1.50BD AS de, 'x' AS s,
  X'01ff' AS bi, DATE'2024-02-29' AS da, TIMESTAMP'2024-02-29 12:00:00.000001Z' AS ts, array(1, NULL) AS a, map('k', 2) AS m,
  named_struct('x', 1, 'y', 'z') AS st, CAST(NULL AS INT) AS n";

fn show(name: &str, rows: Vec<Row>) {
    for row in rows {
        println!("{name} {:?} {:?}", row.fields(), row.values());
    }
}

fn main() -> Result<()> {
    let address = std::env::args().nth(1).expect("an address");
    let spark = SparkSession::builder().remote(&address).get_or_create()?;
    println!("version {}", spark.version()?);
    let types = spark.sql(TYPES)?;
    println!("schema {:?}", types.schema()?);
    show("types", types.collect()?);

    let numbers = spark.range(10)?.with_column("k", col("id") % lit(3));
    let groups = numbers
        .group_by(vec![col("k")])
        .agg(vec![
            count(col("id")).alias("n").expression().clone(),
            sum(col("id")).alias("s").expression().clone(),
        ])
        .order_by(vec![col("k").expression().clone()]);
    show("groups", groups.collect()?);

    let made = spark.create_dataframe(
        vec![
            Row::new(vec!["a".into(), "b".into()], vec![Value::Long(1), Value::String("one".into())]),
            Row::new(vec!["a".into(), "b".into()], vec![Value::Long(2), Value::Null]),
        ],
        DataType::from_ddl("a BIGINT, b STRING")?,
    )?;
    show("made", made.filter(col("a").gt(lit(1))).collect()?);

    numbers.create_or_replace_temp_view("numbers")?;
    println!("view {}", spark.table("numbers")?.count()?);
    println!("columns {:?}", spark.sql("SELECT max(id) AS m FROM numbers")?.columns()?);
    for query in ["SELECT nobody FROM numbers", "SELECT 1 / 0", "SELEC 1", "SELECT * FROM nope"] {
        let error = spark.sql(query)?.collect().expect_err(query);
        println!("error {:?} {:?}", error.get_condition(), error.get_sql_state());
    }
    spark.stop()
}
