// SPDX-License-Identifier: Apache-2.0
// collect_list, collect_set, listagg and mode: aggregates that keep the values of their groups.
#include <arrow/api.h>

#include <algorithm>
#include <numeric>

#include "expr/accumulators.h"
#include "expr/collected_values.h"
#include "expr/column_io.h"
#include "expr/compare_values.h"
#include "expr/gather.h"
#include "expr/held_bytes.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Args = std::vector<ArrayPtr>;

class Collecting : public Accumulator, public HoldsBytes {
 public:
  explicit Collecting(const AggregateCall& call) : type_(call.type), values_(call.args[0]->type()) {}
  void Resize(int64_t groups) override { values_.Resize(groups); }
  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    return values_.Add(args[0], groups, rows);
  }
  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    return values_.Merge(static_cast<const Collecting&>(other).values_, mapping);
  }
  int64_t held_bytes() const override { return values_.bytes(); }

 protected:
  std::shared_ptr<arrow::DataType> type_;
  CollectedValues values_;
};

class ListAccumulator : public Collecting {
 public:
  using Collecting::Collecting;
  Result<ArrayPtr> Finish() override {
    SLUICE_ASSIGN(const auto grouped, values_.Group());
    return ListColumn(grouped, type_);
  }
};

// Thinned out whenever it has doubled, so that repeated values take no memory.
class SetAccumulator : public Collecting {
 public:
  using Collecting::Collecting;
  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    SLUICE_RETURN_IF_ERROR(Collecting::Update(args, groups, rows));
    return ThinOut();
  }
  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    SLUICE_RETURN_IF_ERROR(Collecting::Merge(other, mapping));
    return ThinOut();
  }
  Result<ArrayPtr> Finish() override {
    SLUICE_RETURN_IF_ERROR(values_.KeepFirsts());
    SLUICE_ASSIGN(const auto grouped, values_.Group());
    return ListColumn(grouped, type_);
  }

 private:
  Status ThinOut() {
    constexpr int64_t kSlack = 16384;
    if (values_.size() < 2 * kept_ + kSlack) return Status::OK();
    SLUICE_RETURN_IF_ERROR(values_.KeepFirsts());
    kept_ = values_.size();
    return Status::OK();
  }

  int64_t kept_ = 0;
};

// The texts of a group with a delimiter in between, in the order in which they came; NULL without any.
class TextAccumulator : public Collecting {
 public:
  TextAccumulator(const AggregateCall& call, std::string delimiter)
      : Collecting(call), delimiter_(std::move(delimiter)) {}
  Result<ArrayPtr> Finish() override {
    SLUICE_ASSIGN(const auto grouped, values_.Group());
    const ColumnReader<std::string_view> texts(*grouped.values);
    ViewWriter writer(values_.groups(), arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    std::string text;
    for (int64_t group = 0; group < values_.groups(); ++group) {
      const int64_t begin = grouped.offsets[static_cast<size_t>(group)];
      const int64_t end = grouped.offsets[static_cast<size_t>(group) + 1];
      text.clear();
      for (int64_t i = begin; i < end; ++i) {
        if (i > begin) text += delimiter_;
        text += texts[i];
      }
      SLUICE_RETURN_IF_ERROR(begin == end ? writer.SetNull(group) : writer.Set(group, text));
    }
    return writer.Finish(type_);
  }

 private:
  std::string delimiter_;
};

// The value that occurs most often; of several the least one, or the greatest. Without an order Spark leaves open
// which.
class ModeAccumulator : public Collecting {
 public:
  explicit ModeAccumulator(const AggregateCall& call) : Collecting(call) {
    if (call.args.size() < 3) return;
    const auto& literal = static_cast<const LiteralExpr&>(*call.args[2]);
    greatest_ = static_cast<const arrow::BooleanScalar&>(*literal.value()).value;
  }
  Result<ArrayPtr> Finish() override {
    SLUICE_ASSIGN(const auto grouped, values_.Group());
    const arrow::Array& values = *grouped.values;
    std::vector<int64_t> picked;
    for (size_t group = 0; group + 1 < grouped.offsets.size(); ++group) {
      std::vector<int64_t> order(static_cast<size_t>(grouped.offsets[group + 1] - grouped.offsets[group]));
      std::iota(order.begin(), order.end(), grouped.offsets[group]);
      std::stable_sort(order.begin(), order.end(),
                       [&](int64_t a, int64_t b) { return CompareAt(values, a, values, b) < 0; });
      int64_t best = -1;
      size_t most = 0;
      for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        for (end = begin; end < order.size() && CompareAt(values, order[begin], values, order[end]) == 0;) ++end;
        if (end - begin > most || (greatest_ && end - begin == most)) {
          most = end - begin;
          best = order[begin];
        }
      }
      picked.push_back(best);
    }
    return TakeRows(grouped.values, picked, arrow::default_memory_pool());
  }

 private:
  bool greatest_ = false;
};

}  // namespace

std::unique_ptr<Accumulator> MakeList(const AggregateCall& call) {
  return std::make_unique<ListAccumulator>(call);
}
std::unique_ptr<Accumulator> MakeSet(const AggregateCall& call) {
  return std::make_unique<SetAccumulator>(call);
}
std::unique_ptr<Accumulator> MakeJoinedText(const AggregateCall& call, std::string delimiter) {
  return std::make_unique<TextAccumulator>(call, std::move(delimiter));
}
std::unique_ptr<Accumulator> MakeMode(const AggregateCall& call) {
  return std::make_unique<ModeAccumulator>(call);
}

}  // namespace sluice
