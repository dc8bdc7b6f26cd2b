// SPDX-License-Identifier: Apache-2.0
// Arrays as sets: union, intersection, difference, overlap. Equal values, NULLs and NaNs too, count once.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/compare_values.h"
#include "expr/functions/lists.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// The entries of two list columns put one after the other, and the rows' shares in them.
class Sides {
 public:
  static Result<Sides> Of(const KernelCall& call) {
    Sides sides;
    sides.first_ = ListOffsets(*call.args[0]);
    sides.second_ = ListOffsets(*call.args[1]);
    const auto first = ListEntries(*call.args[0]);
    sides.base_ = first->length();
    SLUICE_ASSIGN(sides.entries_, arrow::Concatenate({first, ListEntries(*call.args[1])}, PoolOf(call.context)));
    return sides;
  }
  const ArrayPtr& entries() const { return entries_; }
  // Orders values; NULL is the least.
  int Compare(int64_t a, int64_t b) const { return CompareAt(*entries_, a, *entries_, b); }
  void AppendFirst(int64_t row, Rows* rows) const { Append(first_[row], first_[row + 1], rows); }
  void AppendSecond(int64_t row, Rows* rows) const { Append(base_ + second_[row], base_ + second_[row + 1], rows); }
  // The second array of a row in order, to be searched.
  Rows SortedSecond(int64_t row) const {
    Rows rows;
    AppendSecond(row, &rows);
    std::sort(rows.begin(), rows.end(), [this](int64_t a, int64_t b) { return Compare(a, b) < 0; });
    return rows;
  }
  bool Contains(const Rows& sorted, int64_t value) const {
    return std::binary_search(sorted.begin(), sorted.end(), value,
                              [this](int64_t a, int64_t b) { return Compare(a, b) < 0; });
  }
  // Of equal values from `begin` on the first one stays, and all stand in their old order.
  void KeepFirsts(size_t begin, Rows* rows) const {
    const auto from = rows->begin() + static_cast<std::ptrdiff_t>(begin);
    std::stable_sort(from, rows->end(), [this](int64_t a, int64_t b) { return Compare(a, b) < 0; });
    rows->erase(std::unique(from, rows->end(), [this](int64_t a, int64_t b) { return Compare(a, b) == 0; }),
                rows->end());
    std::sort(rows->begin() + static_cast<std::ptrdiff_t>(begin), rows->end());
  }

 private:
  static void Append(int64_t begin, int64_t end, Rows* rows) {
    for (int64_t i = begin; i < end; ++i) rows->push_back(i);
  }

  const int32_t* first_ = nullptr;
  const int32_t* second_ = nullptr;
  int64_t base_ = 0;
  ArrayPtr entries_;
};

Result<ArrayPtr> ArrayUnion(const KernelCall& call) {
  SLUICE_ASSIGN(const Sides sides, Sides::Of(call));
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  return PickEntries(call, sides.entries(), &validity, [&](int64_t row, Rows* rows) {
    const size_t begin = rows->size();
    sides.AppendFirst(row, rows);
    sides.AppendSecond(row, rows);
    sides.KeepFirsts(begin, rows);
    return CheckListSize(call.context, static_cast<int64_t>(rows->size() - begin));
  });
}

// kIn: intersection, else difference.
template <bool kIn>
Result<ArrayPtr> ArrayFilterBy(const KernelCall& call) {
  SLUICE_ASSIGN(const Sides sides, Sides::Of(call));
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  return PickEntries(call, sides.entries(), &validity, [&](int64_t row, Rows* rows) {
    const Rows sorted = sides.SortedSecond(row);
    const size_t begin = rows->size();
    sides.AppendFirst(row, rows);
    rows->erase(std::remove_if(rows->begin() + static_cast<std::ptrdiff_t>(begin), rows->end(),
                               [&](int64_t value) { return sides.Contains(sorted, value) != kIn; }),
                rows->end());
    sides.KeepFirsts(begin, rows);
    return Status::OK();
  });
}

// NULL where there is no common value and a NULL may be one.
Result<ArrayPtr> ArraysOverlap(const KernelCall& call) {
  SLUICE_ASSIGN(const Sides sides, Sides::Of(call));
  ColumnWriter<bool> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  const arrow::Array& entries = *sides.entries();
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
    const Rows sorted = sides.SortedSecond(row);
    Rows first;
    sides.AppendFirst(row, &first);
    const auto is_null = [&](int64_t value) { return entries.IsNull(value); };
    const bool common = std::any_of(first.begin(), first.end(),
                                    [&](int64_t value) { return !is_null(value) && sides.Contains(sorted, value); });
    const bool null = !first.empty() && !sorted.empty() &&
                      (is_null(sorted.front()) || std::any_of(first.begin(), first.end(), is_null));
    SLUICE_RETURN_IF_ERROR(common || !null ? writer.Set(row, common) : writer.SetNull(row));
  }
  return writer.Finish(arrow::boolean());
}

enum class Nullability { kEither, kBoth, kFirst };

// Two arrays of one type; `type`: of the value, null for an array.
ScalarFunction OfTwoArrays(const char* name, const char* signature, const char* doc, const char* example,
                           const char* since, TypePtr type, Nullability contains, Kernel kernel) {
  return {name,
          signature,
          doc,
          example,
          since,
          [=](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
            const auto is_list = [](const ExprPtr& arg) { return arg->type()->id() == arrow::Type::LIST; };
            const TypePtr common = is_list(args[0]) && is_list(args[1])
                                       ? TightestCommonType(args[0]->type()->field(0)->type(),
                                                            args[1]->type()->field(0)->type(), options.ansi)
                                       : nullptr;
            if (common == nullptr) {
              return UserError("DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES",
                               fmt::format("{} needs two arrays of one type, not {} and {}.", name,
                                           SparkTypeName(*args[0]->type()), SparkTypeName(*args[1]->type())),
                               {{"functionName", fmt::format("`{}`", name)}});
            }
            bool nulls[2];
            for (size_t i = 0; i < 2; ++i) {
              nulls[i] = args[i]->type()->field(0)->nullable();
              SLUICE_ASSIGN(args[i], MakeImplicitCast(std::move(args[i]), ArrayType(common, nulls[i]), options.ansi));
            }
            const bool element = contains == Nullability::kEither ? nulls[0] || nulls[1]
                                 : contains == Nullability::kBoth ? nulls[0] && nulls[1]
                                                                  : nulls[0];
            const bool nullable =
                args[0]->nullable() || args[1]->nullable() || (type != nullptr && (nulls[0] || nulls[1]));
            return std::make_shared<FunctionExpr>(FunctionTraits{name, kernel, nullptr, options.ansi},
                                                  type != nullptr ? type : ArrayType(common, element), nullable,
                                                  std::move(args));
          }};
}

}  // namespace

void AddArraySets(FunctionTable* table) {
  table->push_back(OfTwoArrays("array_union", "array_union(a, b)", "The values of both, each once.",
                               "array_union(array(1, 2, 3), array(1, 3, 5))", "2.4.0", nullptr, Nullability::kEither,
                               ArrayUnion));
  table->push_back(OfTwoArrays("array_intersect", "array_intersect(a, b)", "The values that are in both, each once.",
                               "array_intersect(array(1, 2, 3), array(1, 3, 5))", "2.4.0", nullptr, Nullability::kBoth,
                               ArrayFilterBy<true>));
  table->push_back(OfTwoArrays("array_except", "array_except(a, b)", "The values of a that are not in b, each once.",
                               "array_except(array(1, 2, 3), array(1, 3, 5))", "2.4.0", nullptr, Nullability::kFirst,
                               ArrayFilterBy<false>));
  table->push_back(OfTwoArrays("arrays_overlap", "arrays_overlap(a, b)",
                               "Whether both have a value in common; NULL when only a NULL may be one.",
                               "arrays_overlap(array(1, 2, 3), array(3, 4, 5))", "2.4.0", arrow::boolean(),
                               Nullability::kEither, ArraysOverlap));
}

}  // namespace sluice
