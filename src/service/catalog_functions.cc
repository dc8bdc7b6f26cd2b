// SPDX-License-Identifier: Apache-2.0
#include "service/catalog_functions.h"

#include <fmt/format.h>

#include <set>

#include "analysis/name_parts.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "catalog/table_name.h"
#include "expr/aggregate.h"
#include "expr/function_registry.h"
#include "service/name_pattern.h"
#include "service/record_rows.h"
#include "session/session.h"

namespace sluice::service {
namespace {

using Row = std::vector<RecordValue>;
using Text = std::optional<std::string>;

const std::vector<RecordColumn>& FunctionColumns() {
  static const auto* columns =
      new std::vector<RecordColumn>{{"name", RecordKind::kText, false},      {"catalog"},
                                    {"namespace", RecordKind::kTexts},       {"description"},
                                    {"className", RecordKind::kText, false}, {"isTemporary", RecordKind::kBool, false}};
  return *columns;
}

// No class of a JVM stands behind a function; its place has the engine's name.
Row FunctionRow(const std::string& name) {
  const ScalarFunction* scalar = FindScalarFunction(name);
  Text text;
  if (scalar != nullptr) text = fmt::format("{} - {}", scalar->signature, scalar->doc);
  return {Text(name), Text(), std::optional<std::vector<std::string>>(), std::move(text), Text("sluice"), true};
}

bool IsBuiltIn(const std::string& name) {
  return IsScalarFunction(name) || IsAggregateFunction(sql::LowerCase(name));
}

}  // namespace

std::vector<std::string> BuiltInFunctions() {
  std::set<std::string> names;
  for (const ScalarFunction& function : ScalarFunctions()) names.insert(function.name);
  for (const std::string& aggregate : AggregateNames()) names.insert(aggregate);
  return {names.begin(), names.end()};
}

bool FunctionExists(Session* session, const std::vector<std::string>& name) {
  return name.size() == 1 && (IsBuiltIn(name[0]) || session->FindFunction(name[0]) != nullptr);
}

Result<std::unique_ptr<Operator>> ListFunctions(Session* session, const std::optional<std::string>& pattern) {
  std::set<std::string> names;
  for (const std::string& name : BuiltInFunctions()) names.insert(name);
  for (const std::string& name : session->FunctionNames()) names.insert(name);
  std::vector<Row> rows;
  for (const std::string& name : names) {
    if (FitsName(name, pattern)) rows.push_back(FunctionRow(name));
  }
  return RecordRows(FunctionColumns(), rows);
}

Result<std::unique_ptr<Operator>> GetFunction(Session* session, const std::vector<std::string>& name) {
  if (FunctionExists(session, name)) return RecordRows(FunctionColumns(), {FunctionRow(sql::LowerCase(name[0]))});
  return UserError("UNRESOLVED_ROUTINE", fmt::format("There is no function {} here.", QuotedName(name)),
                   {{"routineName", QuotedName(name)},
                    {"searchPath", "[`system`.`builtin`, `system`.`session`, " +
                                       QuotedName({kCatalogName, session->CurrentDatabase()}) + "]"}});
}

}  // namespace sluice::service
