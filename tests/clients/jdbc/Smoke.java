// SPDX-License-Identifier: Apache-2.0
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;

/** What a program asks of a Spark Connect server by JDBC: one answer a line. Arguments: address, folder for tables. */
public final class Smoke {
  private final Connection connection;

  private Smoke(Connection connection) {
    this.connection = connection;
  }

  private static void print(String name, ResultSet answer) throws SQLException {
    try (ResultSet rows = answer) {
      printRows(name, rows);
    }
  }

  private static void printRows(String name, ResultSet rows) throws SQLException {
    ResultSetMetaData columns = rows.getMetaData();
    while (rows.next()) {
      StringBuilder line = new StringBuilder(name);
      for (int i = 1; i <= columns.getColumnCount(); ++i) line.append(" ").append(rows.getObject(i));
      System.out.println(line);
    }
  }

  private void answer(String name, String query) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      print(name, statement.executeQuery(query));
    }
  }

  private void types() throws SQLException {
    String query = "SELECT true AS flag, 1Y AS tiny, 2S AS small, 3 AS whole, 4L AS big, 1.5F AS single, 2.5D AS twice, 1.50BD AS exact,"
        + " 'two' AS text, DATE'2020-02-29' AS day, TIMESTAMP'2020-02-29 12:34:56.789' AS moment, X'CAFE' AS bytes, CAST(NULL AS INT) AS none";
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(query)) {
      ResultSetMetaData columns = rows.getMetaData();
      rows.next();
      for (int i = 1; i <= columns.getColumnCount(); ++i) {
        Object value = rows.getObject(i);
        if (value instanceof byte[] bytes) value = java.util.HexFormat.of().formatHex(bytes);
        System.out.println("type " + columns.getColumnLabel(i) + " " + columns.getColumnTypeName(i) + " " + columns.getColumnType(i) + " "
            + columns.getPrecision(i) + " " + columns.getScale(i) + " " + columns.isNullable(i) + " " + value + " " + rows.wasNull());
      }
    }
  }

  private void metadata() throws SQLException {
    DatabaseMetaData about = connection.getMetaData();
    System.out.println("product " + about.getDatabaseProductName() + " " + about.getDriverName());
    print("catalog", about.getCatalogs());
    print("kind", about.getTableTypes());
    System.out.println("place " + connection.getCatalog() + " " + connection.getSchema());
    print("schema", about.getSchemas("spark_catalog", "jdbc%"));
    print("table", about.getTables("spark_catalog", "jdbc_smoke", "num%", null));
    print("column", about.getColumns("spark_catalog", "jdbc_smoke", "numbers", "%"));
  }

  private void run(String folder) throws SQLException {
    types();
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE jdbc_smoke LOCATION '" + folder + "/jdbc'");
      connection.setSchema("jdbc_smoke");
      statement.execute("CREATE TABLE numbers USING parquet AS SELECT id, id % 3 AS k FROM range(10)");
      System.out.println("inserted " + statement.executeUpdate("INSERT INTO numbers VALUES (10, 1), (11, 2)"));
    }
    answer("groups", "SELECT k, count(*), sum(id) FROM numbers GROUP BY k ORDER BY k");
    metadata();
    try {
      answer("refused", "SELECT nowhere FROM numbers");
    } catch (Exception refused) {  // the driver throws Spark's own
      System.out.println("refused " + refused.getClass().getSimpleName() + " " + refused.getMessage().lines().findFirst().orElse(""));
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP DATABASE jdbc_smoke CASCADE");
    }
  }

  public static void main(String[] arguments) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:" + arguments[0])) {
      new Smoke(connection).run(arguments[1]);
    }
  }
}
