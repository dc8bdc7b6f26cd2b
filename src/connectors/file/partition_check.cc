// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/partition_check.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <strings.h>

#include "base/spark_error.h"
#include "connectors/file/partition_path.h"
#include "expr/column_io.h"
#include "expr/function_expr.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

// Linux's NAME_MAX, which local file systems share; and of an S3 key's 1,024 bytes what a part file's name and some
// folders above leave.
constexpr size_t kMostLocal = 255;
constexpr size_t kMostInStore = 768;
constexpr size_t kLongestEscape = 3;  // of a byte: %2F; a malformed byte becomes three as well, U+FFFD

Status WrongValue(const std::string& column, std::string_view text, const std::string& why) {
  return UserError("SLUICE_PARTITION_VALUE",
                   fmt::format("A value of {} bytes of the partition column {} cannot be the name of a folder: {}. "
                               "Change the value in the query, or set such records aside "
                               "(spark.sluice.badRecords.path).",
                               text.size(), column, why),
                   {{"columnName", column}});
}

Status CheckText(const std::string& column, std::string_view text, size_t most) {
  if (text.find('\0') != std::string_view::npos) return WrongValue(column, text, "it has the character NUL");
  const std::string name = EscapePathName(column) + "=";
  if (name.size() + kLongestEscape * text.size() <= most) return Status::OK();
  std::string repaired;
  AppendRepaired(text, &repaired);
  const size_t size = name.size() + EscapePathName(repaired).size();
  if (size <= most) return Status::OK();
  return WrongValue(column, text, fmt::format("it would have {} bytes, and {} are possible", size, most));
}

template <size_t kMost>
Result<std::shared_ptr<arrow::Array>> CheckRows(const KernelCall& call) {
  for (size_t i = 0; i < call.args.size(); ++i) {
    const ColumnReader<std::string_view> texts(*call.args[i]);
    const std::string column = call.node.children()[i]->ToString();
    for (int64_t row = 0; row < call.rows; ++row) {
      if (call.args[i]->IsNull(row)) continue;
      const Status status = CheckText(column, texts[row], kMost);
      if (!status.ok()) return WithRow(status, row);
    }
  }
  return arrow::MakeArrayFromScalar(arrow::BooleanScalar(true), call.rows, PoolOf(call.context));
}

}  // namespace

ExprPtr PartitionCheck(const arrow::Schema& schema, const std::vector<std::string>& columns, const std::string& path) {
  std::vector<ExprPtr> texts;
  for (const std::string& column : columns) {
    for (int i = 0; i < schema.num_fields(); ++i) {
      const auto& field = *schema.field(i);
      if (strcasecmp(field.name().c_str(), column.c_str()) != 0 || !arrow::is_binary_view_like(field.type()->id()))
        continue;
      texts.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
    }
  }
  if (texts.empty()) return nullptr;
  const bool in_store = path.starts_with("s3");
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "partition_check",
                     .kernel = in_store ? CheckRows<kMostInStore> : CheckRows<kMostLocal>,
                     .order = Order::kAll},
      arrow::boolean(), false, std::move(texts));
}

}  // namespace sluice
