// SPDX-License-Identifier: Apache-2.0
// Functions that call a lambda for the elements of arrays.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "expr/functions/array_sort.h"
#include "expr/functions/higher_order.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Variable = LambdaVariables::Variable;

Result<ArrayPtr> TransformArray(const KernelCall& call, Evaluation& evaluation) {
  SLUICE_ASSIGN(const Entries entries, Entries::Of(call, *call.args[0]));
  SLUICE_ASSIGN(auto values, TakeRows(ListEntries(*call.args[0]), entries.picked, PoolOf(call.context)));
  LambdaBody body(evaluation, LambdaOf(call.node, 1));
  SLUICE_ASSIGN(const auto results, body.Run({std::move(values), entries.Places()}, entries.parents));
  return ListOf(call, entries.validity, entries.offsets, *results);
}

Result<ArrayPtr> FilterArray(const KernelCall& call, Evaluation& evaluation) {
  SLUICE_ASSIGN(const Entries entries, Entries::Of(call, *call.args[0]));
  const ArrayPtr all = ListEntries(*call.args[0]);
  SLUICE_ASSIGN(auto values, TakeRows(all, entries.picked, PoolOf(call.context)));
  LambdaBody body(evaluation, LambdaOf(call.node, 1));
  SLUICE_ASSIGN(const auto holds, body.Run({std::move(values), entries.Places()}, entries.parents));
  const ColumnReader<bool> bits(*holds);
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom({call.args[0]}));
  const auto* offsets = reinterpret_cast<const int32_t*>(entries.offsets->data());
  return PickEntries(call, all, &validity, [&](int64_t row, Rows* rows) {
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      if (holds->IsValid(i) && bits[i]) rows->push_back(entries.picked[static_cast<size_t>(i)]);
    }
    return Status::OK();
  });
}

// exists and forall: a row is settled by the first element for which the lambda gives `decides`. No element behind it
// is looked at, unless all can be without an error.
class Search {
 public:
  Search(const KernelCall& call, Evaluation& evaluation, bool decides)
      : call_(call),
        body_(evaluation, LambdaOf(call.node, 1)),
        decides_(decides),
        entries_(ListEntries(*call.args[0])) {}

  Result<ArrayPtr> Run() {
    found_.assign(static_cast<size_t>(call_.rows), false);
    null_.assign(static_cast<size_t>(call_.rows), false);
    SLUICE_ASSIGN(const Entries entries, Entries::Of(call_, *call_.args[0]));
    if (!Look(entries.picked, entries.parents).ok()) SLUICE_RETURN_IF_ERROR(RunInSteps());
    ColumnWriter<bool> writer(call_.rows, PoolOf(call_.context));
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    for (int64_t row = 0; row < call_.rows; ++row) {
      const auto at = static_cast<size_t>(row);
      const bool null = call_.args[0]->IsNull(row) || (null_[at] && !found_[at]);
      SLUICE_RETURN_IF_ERROR(null ? writer.SetNull(row) : writer.Set(row, found_[at] == decides_));
    }
    return writer.Finish(arrow::boolean());
  }

 private:
  Status Look(const Rows& picked, const RowList& parents) {
    SLUICE_ASSIGN(auto values, TakeRows(entries_, picked, PoolOf(call_.context)));
    SLUICE_ASSIGN(const auto holds, body_.Run({std::move(values)}, parents));
    const ColumnReader<bool> bits(*holds);
    for (size_t i = 0; i < parents.size(); ++i) {
      const auto row = static_cast<size_t>(parents[i]);
      const auto at = static_cast<int64_t>(i);
      if (holds->IsNull(at)) {
        null_[row] = true;
      } else if (bits[at] == decides_) {
        found_[row] = true;
      }
    }
    return Status::OK();
  }

  // The first elements of all rows, then the second ones of those that are still open, and so on.
  Status RunInSteps() {
    found_.assign(found_.size(), false);
    null_.assign(null_.size(), false);
    const int32_t* offsets = ListOffsets(*call_.args[0]);
    for (int32_t step = 0;; ++step) {
      SLUICE_RETURN_IF_ERROR(call_.context.CheckCancelled());
      Rows picked;
      RowList open;
      for (int64_t row = 0; row < call_.rows; ++row) {
        if (call_.args[0]->IsNull(row) || found_[static_cast<size_t>(row)]) continue;
        if (offsets[row] + step >= offsets[row + 1]) continue;
        picked.push_back(offsets[row] + step);
        open.push_back(row);
      }
      if (open.empty()) return Status::OK();
      SLUICE_RETURN_IF_ERROR(Look(picked, open));
    }
  }

  const KernelCall& call_;
  LambdaBody body_;
  bool decides_;
  ArrayPtr entries_;
  std::vector<char> found_;
  std::vector<char> null_;
};

template <bool kDecides>
Result<ArrayPtr> SearchArray(const KernelCall& call, Evaluation& evaluation) {
  return Search(call, evaluation, kDecides).Run();
}

// Elements of both arrays side by side; NULLs beyond the end of the shorter one.
Result<ArrayPtr> ZipWith(const KernelCall& call, Evaluation& evaluation) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom({call.args[0], call.args[1]}));
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer,
                arrow::AllocateBuffer((call.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  auto* out = reinterpret_cast<int32_t*>(buffer->mutable_data());
  out[0] = 0;
  Rows picked[2];
  RowList parents;
  for (int64_t row = 0; row < call.rows; ++row) {
    int64_t sizes[2] = {0, 0};
    for (size_t i = 0; i < 2 && !validity.IsNull(row); ++i) {
      sizes[i] = ListOffsets(*call.args[i])[row + 1] - ListOffsets(*call.args[i])[row];
    }
    for (int64_t k = 0; k < std::max(sizes[0], sizes[1]); ++k) {
      for (size_t i = 0; i < 2; ++i) picked[i].push_back(k < sizes[i] ? ListOffsets(*call.args[i])[row] + k : -1);
      parents.push_back(row);
    }
    out[row + 1] = static_cast<int32_t>(parents.size());
  }
  SLUICE_RETURN_IF_ERROR(CheckElements(PoolOf(call.context), static_cast<int64_t>(parents.size())));
  arrow::ArrayVector sides;
  for (size_t i = 0; i < 2; ++i) {
    SLUICE_ASSIGN(auto side, TakeRows(ListEntries(*call.args[i]), picked[i], PoolOf(call.context)));
    sides.push_back(std::move(side));
  }
  LambdaBody body(evaluation, LambdaOf(call.node, 2));
  SLUICE_ASSIGN(const auto results, body.Run(sides, parents));
  return ListOf(call, validity.buffer(), std::move(buffer), *results);
}

// Folds the arrays of all rows at once: the first elements, then the second ones of the rows that have some, and so on.
class Fold {
 public:
  Fold(const KernelCall& call, Evaluation& evaluation)
      : call_(call), evaluation_(evaluation), entries_(ListEntries(*call.args[0])) {}

  Result<ArrayPtr> Run() {
    for (int64_t row = 0; row < call_.rows; ++row) {
      if (call_.args[0]->IsValid(row)) open_.push_back(row);
    }
    const RowList valid = open_;
    SLUICE_ASSIGN(current_, TakeRows(call_.args[1], open_, PoolOf(call_.context)));
    LambdaBody merge(evaluation_, LambdaOf(call_.node, 2));
    const int32_t* offsets = ListOffsets(*call_.args[0]);
    for (int32_t step = 0; !open_.empty(); ++step) {
      SLUICE_RETURN_IF_ERROR(call_.context.CheckCancelled());
      SLUICE_RETURN_IF_ERROR(Retire(offsets, step));
      if (open_.empty()) break;
      Rows picked;
      for (const int64_t row : open_) picked.push_back(offsets[row] + step);
      SLUICE_ASSIGN(auto elements, TakeRows(entries_, picked, PoolOf(call_.context)));
      SLUICE_ASSIGN(current_, merge.Run({current_, std::move(elements)}, open_));
    }
    return Finish(valid);
  }

 private:
  // Puts the values of rows without an element `step` aside.
  Status Retire(const int32_t* offsets, int32_t step) {
    RowList ended;
    RowList kept;
    RowList rest;
    for (size_t i = 0; i < open_.size(); ++i) {
      const bool more = offsets[open_[i]] + step < offsets[open_[i] + 1];
      (more ? kept : ended).push_back(static_cast<int64_t>(i));
      if (more) rest.push_back(open_[i]);
    }
    if (ended.empty()) return Status::OK();
    SLUICE_ASSIGN(auto piece, TakeRows(current_, ended, PoolOf(call_.context)));
    pieces_.push_back(std::move(piece));
    for (const int64_t i : ended) retired_.push_back(open_[static_cast<size_t>(i)]);
    SLUICE_ASSIGN(current_, TakeRows(current_, kept, PoolOf(call_.context)));
    open_ = std::move(rest);
    return Status::OK();
  }

  // What the last lambda makes of them, at their rows.
  Result<ArrayPtr> Finish(const RowList& valid) {
    if (valid.empty()) return arrow::MakeArrayOfNull(call_.node.type(), call_.rows, PoolOf(call_.context));
    SLUICE_ASSIGN(auto all, arrow::Concatenate(pieces_, PoolOf(call_.context)));
    Rows places(static_cast<size_t>(call_.rows), -1);
    for (size_t i = 0; i < retired_.size(); ++i) places[static_cast<size_t>(retired_[i])] = static_cast<int64_t>(i);
    if (call_.args.size() > 3) {
      LambdaBody finish(evaluation_, LambdaOf(call_.node, 3));
      SLUICE_ASSIGN(all, finish.Run({all}, retired_));
    }
    return TakeRows(all, places, PoolOf(call_.context));
  }

  const KernelCall& call_;
  Evaluation& evaluation_;
  ArrayPtr entries_;
  RowList open_;      // rows that have more elements
  ArrayPtr current_;  // a value for each of them
  arrow::ArrayVector pieces_;
  RowList retired_;
};

Result<ArrayPtr> FoldArray(const KernelCall& call, Evaluation& evaluation) {
  return Fold(call, evaluation).Run();
}

Variable ElementOf(const Expr& list) {
  if (list.type()->id() != arrow::Type::LIST) return {arrow::null(), true};
  const auto& field = list.type()->field(0);
  return {field->type(), field->nullable()};
}

Result<LambdaVariables> ElementAndPlace(const std::vector<ExprPtr>& args, size_t index, const ResolveOptions&) {
  if (index != 1) return LambdaVariables();
  return LambdaVariables{{ElementOf(*args[0]), {arrow::int32(), false}}, 1};
}

Result<LambdaVariables> ElementAlone(const std::vector<ExprPtr>& args, size_t index, const ResolveOptions&) {
  if (index != 1) return LambdaVariables();
  return LambdaVariables{{ElementOf(*args[0])}, 1};
}

Result<LambdaVariables> ElementsOfBoth(const std::vector<ExprPtr>& args, size_t index, const ResolveOptions&) {
  if (index != 2) return LambdaVariables();
  Variable sides[] = {ElementOf(*args[0]), ElementOf(*args[1])};
  return LambdaVariables{{{sides[0].type, true}, {sides[1].type, true}}, 2};
}

Result<LambdaVariables> OfFold(const std::vector<ExprPtr>& args, size_t index, const ResolveOptions&) {
  if (index == 2) return LambdaVariables{{{args[1]->type(), true}, ElementOf(*args[0])}, 2};
  if (index == 3) return LambdaVariables{{{args[1]->type(), true}}, 1};
  return LambdaVariables();
}

Result<LambdaVariables> OfComparison(const std::vector<ExprPtr>& args, size_t index, const ResolveOptions&) {
  if (index != 1) return LambdaVariables();
  const Variable element = ElementOf(*args[0]);
  return LambdaVariables{{element, element}, 2};
}

Status TakeList(const char* name, size_t index, std::vector<ExprPtr>* args, bool ansi) {
  SLUICE_ASSIGN((*args)[index], CoerceArgument(name, index, std::move((*args)[index]), Arg::kArray, ansi));
  return Status::OK();
}

Result<ExprPtr> ResolveTransform(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("transform", args.size(), 2, 2));
  SLUICE_RETURN_IF_ERROR(TakeList("transform", 0, &args, options.ansi));
  args[1] = AsLambda(std::move(args[1]), 1);
  const TypePtr type = ArrayType(args[1]->type(), args[1]->nullable());
  const bool nullable = args[0]->nullable();
  return HigherOrderCall("transform", TransformArray, type, nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveFilter(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("filter", args.size(), 2, 2));
  SLUICE_RETURN_IF_ERROR(TakeList("filter", 0, &args, options.ansi));
  SLUICE_ASSIGN(args[1], BooleanLambda("filter", 1, std::move(args[1]), 1, options.ansi));
  const TypePtr type = args[0]->type();
  const bool nullable = args[0]->nullable();
  return HigherOrderCall("filter", FilterArray, type, nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveSearch(const char* name, HigherOrderKernel kernel, std::vector<ExprPtr> args,
                              const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
  SLUICE_RETURN_IF_ERROR(TakeList(name, 0, &args, options.ansi));
  SLUICE_ASSIGN(args[1], BooleanLambda(name, 1, std::move(args[1]), 1, options.ansi));
  const bool nullable = args[0]->nullable() || args[1]->nullable();
  return HigherOrderCall(name, kernel, arrow::boolean(), nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveZipWith(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("zip_with", args.size(), 3, 3));
  SLUICE_RETURN_IF_ERROR(TakeList("zip_with", 0, &args, options.ansi));
  SLUICE_RETURN_IF_ERROR(TakeList("zip_with", 1, &args, options.ansi));
  args[2] = AsLambda(std::move(args[2]), 2);
  const TypePtr type = ArrayType(args[2]->type(), args[2]->nullable());
  const bool nullable = args[0]->nullable() || args[1]->nullable();
  return HigherOrderCall("zip_with", ZipWith, type, nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveFold(const char* name, std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 3, 4));
  SLUICE_RETURN_IF_ERROR(TakeList(name, 0, &args, options.ansi));
  for (size_t i = 2; i < args.size(); ++i) args[i] = AsLambda(std::move(args[i]), i == 2 ? 2 : 1);
  if (!SameSparkType(*args[2]->type(), *args[1]->type())) {
    return UserError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                     fmt::format("The lambda of {} must give what it begins with, a {}, and not a {}.", name,
                                 SparkTypeName(*args[1]->type()), SparkTypeName(*args[2]->type())),
                     {{"paramIndex", "third"}, {"requiredType", "\"" + SparkTypeName(*args[1]->type()) + "\""}});
  }
  // Equal up to nullability inside: the columns of both are put together.
  SLUICE_ASSIGN(args[2], CastLambda(args[2], args[1]->type(), options.ansi));
  const TypePtr type = args.size() > 3 ? args[3]->type() : args[1]->type();
  if (args.size() < 4) {
    const int depth = static_cast<const LambdaExpr&>(*args[2]).depth();
    auto same = std::make_shared<LambdaVariableExpr>(depth, 0, "id", type, true);
    args.push_back(std::make_shared<LambdaExpr>(depth, 1, std::move(same)));
  }
  const bool nullable = args[0]->nullable() || args[3]->nullable();
  return HigherOrderCall(name, FoldArray, type, nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveSort(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("array_sort", args.size(), 1, 2));
  SLUICE_RETURN_IF_ERROR(TakeList("array_sort", 0, &args, options.ansi));
  const TypePtr type = args[0]->type();
  const bool nullable = args[0]->nullable();
  if (args.size() < 2) {
    return std::make_shared<FunctionExpr>(
        FunctionTraits{
            .name = "array_sort", .kernel = SortAscending, .display = DisplayAscending, .ansi = options.ansi},
        type, nullable, std::move(args));
  }
  args[1] = AsLambda(std::move(args[1]), 2);
  if (args[1]->type()->id() == arrow::Type::NA) {
    SLUICE_ASSIGN(args[1], CastLambda(args[1], arrow::int32(), options.ansi));
  }
  if (args[1]->type()->id() != arrow::Type::INT32) {
    return UserError(
        "DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE",
        fmt::format("The lambda of array_sort must give an INT, and not a {}.", SparkTypeName(*args[1]->type())),
        {{"functionName", "`lambdafunction`"}, {"expectedType", "\"INT\""}});
  }
  return HigherOrderCall("array_sort", SortByLambda, type, nullable, std::move(args), options.ansi);
}

}  // namespace

void AddHigherOrderArrays(FunctionTable* table) {
  table->push_back({"transform", "transform(array, x -> ..), transform(array, (x, i) -> ..)",
                    "What the lambda makes of each element, and of its place from 0.",
                    "transform(array(1, 2, 3), x -> x + 1)", "2.4.0", ResolveTransform, ElementAndPlace});
  table->push_back({"filter", "filter(array, x -> ..), filter(array, (x, i) -> ..)",
                    "The elements for which the lambda holds.", "filter(array(1, 2, 3), x -> x % 2 == 1)", "2.4.0",
                    ResolveFilter, ElementAndPlace});
  table->push_back({"exists", "exists(array, x -> ..)", "Whether the lambda holds for an element.",
                    "exists(array(1, 2, 3), x -> x % 2 == 0)", "2.4.0",
                    [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveSearch("exists", SearchArray<true>, std::move(args), options);
                    },
                    ElementAlone});
  table->push_back({"forall", "forall(array, x -> ..)", "Whether the lambda holds for all elements.",
                    "forall(array(2, 4, 8), x -> x % 2 == 0)", "3.0.0",
                    [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveSearch("forall", SearchArray<false>, std::move(args), options);
                    },
                    ElementAlone});
  for (const char* name : {"aggregate", "reduce"}) {
    table->push_back({name, "aggregate(array, start, (acc, x) -> ..[, acc -> ..])",
                      "What the lambda makes of the start and the elements, one after the other.",
                      "aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x)", "2.4.0",
                      [name](std::vector<ExprPtr> args, const ResolveOptions& options) {
                        return ResolveFold(name, std::move(args), options);
                      },
                      OfFold});
  }
  table->push_back({"zip_with", "zip_with(a, b, (x, y) -> ..)",
                    "What the lambda makes of the elements at each place; the shorter array goes on with NULLs.",
                    "zip_with(array(1, 2, 3), array('a', 'b', 'c'), (x, y) -> (y, x))", "2.4.0", ResolveZipWith,
                    ElementsOfBoth});
  table->push_back({"array_sort", "array_sort(array[, (a, b) -> ..])",
                    "In order, NULLs last; or by a lambda that gives a negative number where a comes first.",
                    "array_sort(array('b', NULL, 'a'))", "2.4.0", ResolveSort, OfComparison});
}

}  // namespace sluice
