// SPDX-License-Identifier: Apache-2.0
#include "service/show_string.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/spark_error.h"
#include "exec/memory_reservation.h"
#include "exec/observe.h"
#include "exec/operator.h"
#include "session/session.h"
#include "types/spark_type.h"
#include "types/text_table.h"

namespace sluice::service {
namespace {

int64_t BytesOf(const std::vector<std::string>& cells) {
  int64_t bytes = 0;
  for (const std::string& cell : cells) bytes += static_cast<int64_t>(sizeof(cell) + cell.size());
  return bytes;
}

// Prints when it is asked for its row, so that an interrupt finds what it waits for.
class ShownRows : public Operator {
 public:
  ShownRows(std::unique_ptr<Operator> rows, size_t count, int truncate, std::string zone, MemoryBudget* budget)
      : schema_(arrow::schema({arrow::field("show_string", StringType(), false)})),
        rows_(std::move(rows)),
        count_(count),
        truncate_(truncate),
        zone_(std::move(zone)),
        held_(budget, "A table that is shown") {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  void Cancel() override { rows_->Cancel(); }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (done_) return std::shared_ptr<arrow::RecordBatch>();
    done_ = true;
    SLUICE_ASSIGN(const std::string text, Print());
    arrow::StringViewBuilder builder;
    SLUICE_RETURN_IF_ERROR(builder.Append(text));
    SLUICE_ASSIGN(auto column, builder.Finish());
    return arrow::RecordBatch::Make(schema_, 1, {std::move(column)});
  }

 private:
  Result<std::string> Print() {
    TextTable table;
    table.names = rows_->schema()->field_names();
    int64_t bytes = 0;
    for (;;) {
      SLUICE_ASSIGN(const auto batch, rows_->Next());
      if (batch == nullptr) break;
      const size_t before = table.rows.size();
      SLUICE_RETURN_IF_ERROR(AppendRows(*batch, truncate_, zone_, &table));
      for (size_t row = before; row < table.rows.size(); ++row) bytes += BytesOf(table.rows[row]);
      // The cells, and the text that is made of them and sent.
      SLUICE_RETURN_IF_ERROR(held_.Cover(3 * bytes));
    }
    const bool more = table.rows.size() > count_;
    if (more) table.rows.resize(count_);
    std::string text = FormatTextTable(table, truncate_ > 0);
    if (more) text += fmt::format("only showing top {} {}\n", count_, count_ == 1 ? "row" : "rows");
    return text;
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const std::unique_ptr<Operator> rows_;
  const size_t count_;
  const int truncate_;
  const std::string zone_;
  MemoryReservation held_;
  bool done_ = false;
};

}  // namespace

Result<std::unique_ptr<Operator>> ShowString(Session* session, const spark::connect::ShowString& show,
                                             Measurements* measurements) {
  if (show.vertical()) return NotSupported("show(vertical=True) is not supported.");
  const int count = std::clamp(show.num_rows(), 0, std::numeric_limits<int>::max() - 1);
  // One row more than asked for tells whether there are more.
  spark::connect::Relation limited;
  *limited.mutable_limit()->mutable_input() = show.input();
  limited.mutable_limit()->set_limit(count + 1);
  SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(limited));
  if (IsStreaming(*plan))
    return UserError("SLUICE_STREAMING_NEEDS_START", "A streaming relation cannot be shown; start it.");
  SLUICE_ASSIGN(
      std::unique_ptr<Operator> rows,
      session->Run(measurements == nullptr ? plan
                                           : WithMeasurements(plan, &session->process().budget(), measurements)));
  return std::make_unique<ShownRows>(std::move(rows), static_cast<size_t>(count), show.truncate(),
                                     session->conf().time_zone(), &session->process().budget());
}

}  // namespace sluice::service
