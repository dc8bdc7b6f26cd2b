// SPDX-License-Identifier: Apache-2.0
// docs/functions.md is the table of functions, printed. SLUICE_WRITE_DOCS=1 writes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "expr/function_registry.h"

namespace sluice {
namespace {

std::string Cell(const std::string& text) {
  std::string cell;
  for (const char c : text) cell += c == '|' ? std::string("\\|") : std::string(1, c);
  return cell;
}

std::string Page() {
  std::ostringstream page;
  page
      << "# Functions\n\n"
         "Functions and operators of SELECT, with Spark's names, types and results; under ANSI (the default) and with\n"
         "`spark.sql.ansi.enabled=false`. This page is printed from the table of functions in "
         "`src/expr/functions/`.\n\n"
         "| name | call | what it gives | example | since Spark |\n|---|---|---|---|---|\n";
  for (const auto& row : ScalarFunctions()) {
    page << "| `" << Cell(row.name) << "` | `" << Cell(row.signature) << "` | " << Cell(row.doc) << " | `"
         << Cell(row.example) << "` | " << row.since << " |\n";
  }
  page << "\n## Aggregates\n\n";
  size_t column = 0;
  for (const std::string& name : AggregateNames()) {
    if (column + name.size() > 110) page << "\n";
    if (column + name.size() > 110) column = 0;
    page << (column == 0 ? "`" : " `") << name << "`,";
    column += name.size() + 4;
  }
  page << "\nwith DISTINCT and FILTER.\n";
  return page.str();
}

TEST(FunctionsPage, IsPrintedFromTheTable) {
  const std::string path = std::string(SLUICE_SOURCE_DIR) + "/docs/functions.md";
  if (std::getenv("SLUICE_WRITE_DOCS") != nullptr) std::ofstream(path) << Page();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), Page()) << "run expr_test with SLUICE_WRITE_DOCS=1";
}

TEST(FunctionTable, NamesAreUniqueAndDescribed) {
  std::set<std::string> names;
  for (const auto& row : ScalarFunctions()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_NE(std::string(row.doc), "");
    EXPECT_TRUE(IsScalarFunction(row.name));
  }
  EXPECT_GT(names.size(), 150u);
  EXPECT_TRUE(HasErrorClass(ResolveFunction("no_such_function", {}, {}).status(), "UNRESOLVED_ROUTINE"));
}

}  // namespace
}  // namespace sluice
