// SPDX-License-Identifier: Apache-2.0

// What a program in Go asks of a Spark Connect server: one answer a line. The folder of its table is the second argument.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/spark-connect-go/spark/sql"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	ctx := context.Background()
	spark, err := sql.NewSessionBuilder().Remote(os.Args[1]).Build(ctx)
	check(err)
	defer spark.Stop()
	table := os.Args[2] + "/go"

	answer := func(name, query string) {
		frame, err := spark.Sql(ctx, query)
		check(err)
		rows, err := frame.Collect(ctx)
		check(err)
		for _, row := range rows {
			fmt.Println(name, row.Values())
		}
	}

	answer("literals", "SELECT 1 + 1, 'two', CAST(NULL AS INT), array(1, 2)")
	frame, err := spark.Sql(ctx, "SELECT id, id % 3 AS k FROM range(10)")
	check(err)
	count, err := frame.Count(ctx)
	check(err)
	fmt.Println("count", count)
	check(frame.CreateOrReplaceTempView(ctx, "numbers"))
	answer("groups", "SELECT k, count(*), sum(id) FROM numbers GROUP BY k ORDER BY k")
	check(frame.Writer().Mode("overwrite").Format("parquet").Save(ctx, table))
	read, err := spark.Read().Format("parquet").Load(table)
	check(err)
	check(read.CreateOrReplaceTempView(ctx, "written"))
	answer("written", "SELECT count(*), max(id) FROM written")
	schema, err := frame.Schema(ctx)
	check(err)
	for _, field := range schema.Fields {
		fmt.Println("field", field.Name, field.DataType.TypeName(), field.Nullable)
	}
	_, err = spark.Sql(ctx, "SELECT nowhere FROM numbers")
	fmt.Println("refused", err != nil)
}
