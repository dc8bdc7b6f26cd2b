// SPDX-License-Identifier: Apache-2.0
#include "cli/table_output.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "cli/output_file.h"
#include "cli/row_text.h"
#include "cli/waiting_rows.h"
#include "exec/operator.h"
#include "types/spark_type.h"
#include "types/text_table.h"

namespace sluice::cli {
namespace {

constexpr size_t kNarrowest = 8;  // a column is not cut below this

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

// The columns as wide as fits into `width` together with the frame: the widest are cut first, and those that have no
// room at all are left out at the end.
void FitColumns(size_t width, std::vector<TableColumn>* columns) {
  const auto needed = [&](size_t widest) {
    size_t sum = 1;
    for (const TableColumn& column : *columns) sum += std::min(column.width, widest) + 1;
    return sum;
  };
  while (columns->size() > 1 && needed(kNarrowest) > width) columns->pop_back();
  size_t widest = kNarrowest;
  for (const TableColumn& column : *columns) widest = std::max(widest, column.width);
  while (widest > kNarrowest && needed(widest) > width) --widest;
  for (TableColumn& column : *columns) column.width = std::min(column.width, widest);
}

class Table {
 public:
  Table(const arrow::Schema& schema, const RowStyle& style) : style_(style), columns_(schema.fields().size()) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      const auto& field = schema.field(static_cast<int>(i));
      names_.push_back(EscapeForTable(field->name()));
      types_.push_back(SparkSimpleString(*field->type()));
      columns_[i].right = IsNumber(*field->type());
    }
    Widen(names_, &columns_);
    if (style_.types) Widen(types_, &columns_);
  }

  // Takes a row that is to be printed.
  Status Add(std::vector<std::string> cells) {
    for (std::string& cell : cells) cell = EscapeForTable(cell);
    Widen(cells, &columns_);
    return rows_.Add(cells);
  }

  Status Print(std::ostream& out) {
    if (style_.columns > 0) FitColumns(style_.columns, &columns_);
    std::string text;
    AppendRule(columns_, &text);
    out << text;
    PaintLines(out, Paint::kHeader);
    text.clear();
    AppendCells(names_, columns_, &text);
    out << text;
    PaintLines(out, Paint::kPlain);
    text.clear();
    if (style_.types) AppendCells(types_, columns_, &text);
    AppendRule(columns_, &text);
    out << text;
    SLUICE_RETURN_IF_ERROR(rows_.ForEach([&](const std::vector<std::string>& cells) {
      text.clear();
      AppendCells(cells, columns_, &text);
      out << text;
      return static_cast<bool>(out);
    }));
    text.clear();
    AppendRule(columns_, &text);
    out << text << std::flush;
    return Status::OK();
  }

  std::string Hidden() const {
    if (columns_.size() == names_.size()) return "";
    return fmt::format("{} of {} columns fit; --format vertical shows all.\n", columns_.size(), names_.size());
  }

 private:
  const RowStyle style_;
  std::vector<std::string> names_;
  std::vector<std::string> types_;
  std::vector<TableColumn> columns_;
  WaitingRows rows_;
};

}  // namespace

Result<int64_t> PrintTable(Operator* rows, const RowStyle& style, RowText* text, std::ostream& out) {
  Table table(*rows->schema(), style);
  int64_t count = 0;
  bool printed = false;
  for (;;) {
    SLUICE_ASSIGN(const auto batch, rows->Next());
    if (batch == nullptr) break;
    for (int64_t row = 0; row < batch->num_rows() && !printed; ++row) {
      if (style.max_rows > 0 && count + row == style.max_rows) {
        // There are more: what is shown need not wait until they are counted.
        SLUICE_RETURN_IF_ERROR(table.Print(out));
        printed = true;
        break;
      }
      SLUICE_ASSIGN(auto cells, text->ShownRow(*batch, row));
      SLUICE_RETURN_IF_ERROR(table.Add(std::move(cells)));
    }
    count += batch->num_rows();
    if (!out) return count;  // nobody reads on
  }
  if (!printed) SLUICE_RETURN_IF_ERROR(table.Print(out));
  std::string left_out = table.Hidden();
  if (printed) left_out += fmt::format("{} of {} rows; --max-rows 0 shows all.\n", style.max_rows, count);
  if (left_out.empty()) return count;
  PaintLines(out, Paint::kFaint);
  out << left_out;
  PaintLines(out, Paint::kPlain);
  return count;
}

}  // namespace sluice::cli
