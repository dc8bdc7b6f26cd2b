// SPDX-License-Identifier: Apache-2.0
// listagg with an order of its own.
#include <arrow/api.h>

#include <algorithm>
#include <numeric>

#include "expr/collected_values.h"
#include "expr/column_io.h"
#include "expr/compare_values.h"
#include "expr/held_bytes.h"
#include "expr/ordered_text.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Args = std::vector<ArrayPtr>;

// Keeps a struct of the text and its keys for each text that is not NULL.
class OrderedTextAccumulator : public Accumulator, public HoldsBytes {
 public:
  OrderedTextAccumulator(const AggregateCall& call, std::string delimiter, std::vector<TextOrder> order)
      : delimiter_(std::move(delimiter)), order_(std::move(order)), type_(call.type), values_(RowType(call)) {}

  void Resize(int64_t groups) override { values_.Resize(groups); }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    arrow::ArrayVector columns = {args[0]};
    columns.insert(columns.end(), args.end() - static_cast<std::ptrdiff_t>(order_.size()), args.end());
    std::vector<std::string> names(columns.size(), "");
    SLUICE_ASSIGN(auto all, arrow::StructArray::Make(columns, names));
    ValidityWriter validity(rows, arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(validity.SetFrom({args[0]}));
    const auto data =
        arrow::ArrayData::Make(all->type(), rows, {validity.buffer()}, all->data()->child_data, validity.null_count());
    return values_.Add(arrow::MakeArray(data), groups, rows);
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    return values_.Merge(static_cast<const OrderedTextAccumulator&>(other).values_, mapping);
  }

  int64_t held_bytes() const override { return values_.bytes(); }

  Result<ArrayPtr> Finish() override {
    SLUICE_ASSIGN(const auto grouped, values_.Group());
    const auto& rows = static_cast<const arrow::StructArray&>(*grouped.values);
    arrow::ArrayVector columns;
    for (int i = 0; i < rows.num_fields(); ++i) columns.push_back(rows.field(i));
    const ColumnReader<std::string_view> texts(*columns[0]);
    ViewWriter writer(values_.groups(), arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    std::string text;
    for (int64_t group = 0; group < values_.groups(); ++group) {
      const int64_t begin = grouped.offsets[static_cast<size_t>(group)];
      std::vector<int64_t> places(static_cast<size_t>(grouped.offsets[static_cast<size_t>(group) + 1] - begin));
      std::iota(places.begin(), places.end(), begin);
      std::stable_sort(places.begin(), places.end(), [&](int64_t a, int64_t b) { return IsBefore(columns, a, b); });
      text.clear();
      for (size_t i = 0; i < places.size(); ++i) {
        if (i > 0) text += delimiter_;
        text += texts[places[i]];
      }
      SLUICE_RETURN_IF_ERROR(places.empty() ? writer.SetNull(group) : writer.Set(group, text));
    }
    return writer.Finish(type_);
  }

 private:
  static std::shared_ptr<arrow::DataType> RowType(const AggregateCall& call) {
    arrow::FieldVector fields = {arrow::field("", call.args[0]->type())};
    for (size_t i = 3; i < call.args.size(); ++i) fields.push_back(arrow::field("", call.args[i]->type()));
    return arrow::struct_(std::move(fields));
  }

  bool IsBefore(const arrow::ArrayVector& columns, int64_t a, int64_t b) const {
    for (size_t i = 0; i < order_.size(); ++i) {
      const arrow::Array& keys = *columns[i + 1];
      if (keys.IsNull(a) != keys.IsNull(b)) return keys.IsNull(a) == order_[i].nulls_first;
      const int order = keys.IsNull(a) ? 0 : CompareAt(keys, a, keys, b);
      if (order != 0) return (order < 0) == order_[i].ascending;
    }
    return false;
  }

  std::string delimiter_;
  std::vector<TextOrder> order_;
  std::shared_ptr<arrow::DataType> type_;
  CollectedValues values_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeOrderedText(const AggregateCall& call, std::string delimiter,
                                             std::vector<TextOrder> order) {
  return std::make_unique<OrderedTextAccumulator>(call, std::move(delimiter), std::move(order));
}

}  // namespace sluice
