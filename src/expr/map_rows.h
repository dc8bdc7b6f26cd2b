// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "expr/column_io.h"
#include "expr/function_expr.h"

namespace sluice {

// How many rows of a kernel may pass before it looks whether the query was cancelled; a power of two.
inline constexpr int64_t kRowsUncancelled = 64;

// Where a row function puts its result.
template <typename T>
class RowOutput {
 public:
  explicit RowOutput(WriterOf<T>* writer) : writer_(writer) {}
  Status Set(T value) { return writer_->Set(row_, value); }
  Status SetNull() { return writer_->SetNull(row_); }
  // STRING only: a part of an argument whose buffers are shared.
  void SetView(const BinaryView& view) { writer_->SetView(row_, view); }
  int64_t row() const { return row_; }
  void MoveTo(int64_t row) { row_ = row; }

 private:
  WriterOf<T>* writer_;
  int64_t row_ = 0;
};

template <typename Out, typename Function, typename... In, size_t... I>
Result<std::shared_ptr<arrow::Array>> MapRowsOver(const KernelCall& call, Function& function, std::tuple<In...>*,
                                                  std::index_sequence<I...>) {
  WriterOf<Out> writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({call.args[I]...}));
  if (writer.validity().null_count() < call.rows || call.rows == 0) {
    [[maybe_unused]] const std::tuple<ColumnReader<In>...> readers(ColumnReader<In>(*call.args[I])...);
    RowOutput<Out> output(&writer);
    for (int64_t row = 0; row < call.rows; ++row) {
      if (writer.validity().IsNull(row)) continue;
      if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
      output.MoveTo(row);
      const Status status = function(output, std::get<I>(readers)[row]...);
      if (!status.ok()) return WithRow(status, row);
    }
  }
  return writer.Finish(call.node.type());
}

// Calls function(RowOutput<Out>&, In...) -> Status for each row at which all arguments are valid; NULL at the others.
template <typename Out, typename... In, typename Function>
Result<std::shared_ptr<arrow::Array>> MapRows(const KernelCall& call, Function&& function) {
  return MapRowsOver<Out>(call, function, static_cast<std::tuple<In...>*>(nullptr), std::index_sequence_for<In...>());
}

// For functions that cut a piece out of their first argument: function(std::string_view, In...) -> std::string_view
// inside the first one. Copies nothing.
template <typename... In, typename Function>
Result<std::shared_ptr<arrow::Array>> CutRows(const KernelCall& call, Function&& function);

template <typename Function, typename... In, size_t... I>
Result<std::shared_ptr<arrow::Array>> CutRowsOver(const KernelCall& call, Function& function, std::tuple<In...>*,
                                                  std::index_sequence<I...>) {
  ViewWriter writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({call.args[0], call.args[I + 1]...}));
  if (call.args[0]->type_id() != arrow::Type::NA) writer.Share(*call.args[0]);
  if (writer.validity().null_count() < call.rows || call.rows == 0) {
    const ColumnReader<std::string_view> text(*call.args[0]);
    [[maybe_unused]] const std::tuple<ColumnReader<In>...> readers(ColumnReader<In>(*call.args[I + 1])...);
    for (int64_t row = 0; row < call.rows; ++row) {
      if (writer.validity().IsNull(row)) continue;
      const std::string_view whole = text[row];
      const std::string_view part = function(whole, std::get<I>(readers)[row]...);
      const auto offset = static_cast<int32_t>(part.empty() ? 0 : part.data() - whole.data());
      writer.SetView(row, SubView(text.view(row), whole.data(), offset, static_cast<int32_t>(part.size())));
    }
  }
  return writer.Finish(call.node.type());
}

template <typename... In, typename Function>
Result<std::shared_ptr<arrow::Array>> CutRows(const KernelCall& call, Function&& function) {
  return CutRowsOver(call, function, static_cast<std::tuple<In...>*>(nullptr), std::index_sequence_for<In...>());
}

}  // namespace sluice
