// SPDX-License-Identifier: Apache-2.0
// Arrays with values added, removed, repeated or put together.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "expr/compare_values.h"
#include "expr/functions/lists.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

void AppendAll(const int32_t* offsets, int64_t row, Rows* rows) {
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) rows->push_back(i);
}

// The entries of the first argument, and behind them the rows of another one as values to put in.
Result<ArrayPtr> EntriesAndValues(const KernelCall& call, size_t value) {
  return arrow::Concatenate({ListEntries(*call.args[0]), call.args[value]}, PoolOf(call.context));
}

// kFront: in front, else behind. The value may be NULL.
template <bool kFront>
Result<ArrayPtr> ArrayAdd(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom({call.args[0]}));
  SLUICE_ASSIGN(const auto entries, EntriesAndValues(call, 1));
  const int64_t base = entries->length() - call.rows;
  const int32_t* offsets = ListOffsets(*call.args[0]);
  return PickEntries(call, entries, &validity, [&](int64_t row, Rows* rows) {
    SLUICE_RETURN_IF_ERROR(CheckMore(call, *rows, int64_t{offsets[row + 1]} - offsets[row] + 1));
    if (kFront) rows->push_back(base + row);
    AppendAll(offsets, row, rows);
    if (!kFront) rows->push_back(base + row);
    return Status::OK();
  });
}

// Places outside are reached with NULLs in between.
Result<ArrayPtr> ArrayInsert(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom({call.args[0], call.args[1]}));
  SLUICE_ASSIGN(const auto entries, EntriesAndValues(call, 2));
  const int64_t base = entries->length() - call.rows;
  const int32_t* offsets = ListOffsets(*call.args[0]);
  const ColumnReader<int32_t> places(*call.args[1]);
  return PickEntries(call, entries, &validity, [&](int64_t row, Rows* rows) {
    const int64_t place = places[row];
    if (place == 0) {
      return UserError("INVALID_INDEX_OF_ZERO",
                       "array_insert counts from 1, or from the end with -1; there is no place 0.");
    }
    const int64_t size = offsets[row + 1] - offsets[row];
    SLUICE_RETURN_IF_ERROR(CheckMore(call, *rows, std::max(size + 1, std::abs(place))));
    if (-place > size) {
      rows->push_back(base + row);
      rows->insert(rows->end(), static_cast<size_t>(-place - size - 1), -1);
      AppendAll(offsets, row, rows);
      return Status::OK();
    }
    const int64_t at = place > 0 ? place - 1 : size + 1 + place;
    for (int64_t i = 0; i < std::min(at, size); ++i) rows->push_back(offsets[row] + i);
    rows->insert(rows->end(), static_cast<size_t>(std::max<int64_t>(at - size, 0)), -1);
    rows->push_back(base + row);
    for (int64_t i = at; i < size; ++i) rows->push_back(offsets[row] + i);
    return Status::OK();
  });
}

Result<ArrayPtr> ArrayRemove(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  const auto entries = ListEntries(*call.args[0]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  return PickEntries(call, entries, &validity, [&](int64_t row, Rows* rows) {
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      if (entries->IsNull(i) || CompareAt(*entries, i, *call.args[1], row) != 0) rows->push_back(i);
    }
    return Status::OK();
  });
}

Result<ArrayPtr> ArrayCompact(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  const auto entries = ListEntries(*call.args[0]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  return PickEntries(call, entries, &validity, [&](int64_t row, Rows* rows) {
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      if (entries->IsValid(i)) rows->push_back(i);
    }
    return Status::OK();
  });
}

Result<ArrayPtr> ArrayRepeat(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom({call.args[1]}));
  const ColumnReader<int32_t> times(*call.args[1]);
  return PickEntries(call, call.args[0], &validity, [&](int64_t row, Rows* rows) {
    const int64_t count = std::max(times[row], 0);
    SLUICE_RETURN_IF_ERROR(CheckMore(call, *rows, count));
    rows->insert(rows->end(), static_cast<size_t>(count), row);
    return Status::OK();
  });
}

// NULL where one of the inner arrays is.
Result<ArrayPtr> Flatten(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  const auto inner = ListEntries(*call.args[0]);
  const int32_t* outer_offsets = ListOffsets(*call.args[0]);
  const int32_t* inner_offsets = ListOffsets(*inner);
  for (int64_t row = 0; row < call.rows; ++row) {
    for (int32_t i = outer_offsets[row]; i < outer_offsets[row + 1] && !validity.IsNull(row); ++i) {
      if (inner->IsNull(i)) SLUICE_RETURN_IF_ERROR(validity.SetNull(row));
    }
  }
  return PickEntries(call, ListEntries(*inner), &validity, [&](int64_t row, Rows* rows) {
    const size_t begin = rows->size();
    for (int32_t i = outer_offsets[row]; i < outer_offsets[row + 1]; ++i) AppendAll(inner_offsets, i, rows);
    return CheckListSize(call.context, static_cast<int64_t>(rows->size() - begin));
  });
}

// Structs of the elements at each place; NULLs beyond the end of a shorter array.
Result<ArrayPtr> ArraysZip(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer,
                arrow::AllocateBuffer((call.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  offsets[0] = 0;
  std::vector<Rows> picked(call.args.size());
  int64_t entries = 0;
  for (int64_t row = 0; row < call.rows; ++row) {
    int64_t longest = 0;
    for (size_t i = 0; i < call.args.size() && !validity.IsNull(row); ++i) {
      const int32_t* of = ListOffsets(*call.args[i]);
      longest = std::max<int64_t>(longest, of[row + 1] - of[row]);
    }
    entries += longest;
    const Status fits = CheckListSize(call.context, longest);
    if (!fits.ok()) return WithRow(fits, row);
    SLUICE_RETURN_IF_ERROR(CheckElements(PoolOf(call.context), entries));
    for (size_t i = 0; i < call.args.size(); ++i) {
      const int32_t* of = ListOffsets(*call.args[i]);
      for (int64_t k = 0; k < longest; ++k) picked[i].push_back(k < of[row + 1] - of[row] ? of[row] + k : -1);
    }
    offsets[row + 1] = static_cast<int32_t>(entries);
  }
  arrow::ArrayVector fields;
  for (size_t i = 0; i < call.args.size(); ++i) {
    SLUICE_ASSIGN(auto field, TakeRows(ListEntries(*call.args[i]), picked[i], PoolOf(call.context)));
    fields.push_back(std::move(field));
  }
  const arrow::StructArray structs(call.node.type()->field(0)->type(), entries, std::move(fields));
  return ListOf(call, validity.buffer(), std::move(buffer), structs);
}

// In an order that the task's seed gives, or the one that stands in the call.
Result<ArrayPtr> Shuffle(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom({call.args[0]}));
  uint64_t seed = call.context.task_seed;
  if (const arrow::Scalar* given = LiteralArgument(call.node, 1); given != nullptr) {
    seed = static_cast<uint64_t>(static_cast<const arrow::Int64Scalar&>(*given).value);
  } else if (seed == 0) {
    seed = std::random_device()();
  }
  std::mt19937_64 random(seed);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  return PickEntries(call, ListEntries(*call.args[0]), &validity, [&](int64_t row, Rows* rows) {
    const size_t begin = rows->size();
    AppendAll(offsets, row, rows);
    for (size_t left = rows->size() - begin; left > 1; --left) {
      std::swap((*rows)[begin + left - 1], (*rows)[begin + random() % left]);
    }
    return Status::OK();
  });
}

// An array and a value, which take the type of the elements, or both a wider one. Gives the new element type.
Result<TypePtr> CoerceElement(const char* name, size_t value, std::vector<ExprPtr>* args, bool ansi) {
  SLUICE_ASSIGN((*args)[0], CoerceArgument(name, 0, std::move((*args)[0]), Arg::kArray, ansi));
  const auto& element = (*args)[0]->type()->field(0);
  const TypePtr common = TightestCommonType(element->type(), (*args)[value]->type(), ansi);
  if (common == nullptr) {
    return UserError("DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES",
                     fmt::format("{} cannot take a {} for \"{}\".", name, SparkTypeName(*(*args)[value]->type()),
                                 (*args)[0]->ToString()),
                     {{"functionName", fmt::format("`{}`", name)}});
  }
  SLUICE_ASSIGN((*args)[0], MakeImplicitCast(std::move((*args)[0]), ArrayType(common, element->nullable()), ansi));
  SLUICE_ASSIGN((*args)[value], MakeImplicitCast(std::move((*args)[value]), common, ansi));
  return common;
}

ExprPtr CallOf(const char* name, Kernel kernel, TypePtr type, bool nullable, std::vector<ExprPtr> args, bool ansi,
               Order order = Order::kAll) {
  return std::make_shared<FunctionExpr>(FunctionTraits{.name = name, .kernel = kernel, .ansi = ansi, .order = order},
                                        std::move(type), nullable, std::move(args));
}

Result<ExprPtr> ResolveAdd(const char* name, Kernel kernel, std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
  SLUICE_ASSIGN(const TypePtr element, CoerceElement(name, 1, &args, options.ansi));
  const bool nullable = args[0]->nullable();
  return CallOf(name, kernel, ArrayType(element), nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveInsert(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("array_insert", args.size(), 3, 3));
  const arrow::DataType& place = *args[1]->type();
  if (!IsIntegralType(place) && place.id() != arrow::Type::NA) {
    return UnexpectedInput("array_insert", 1, *args[1], "INT");
  }
  SLUICE_ASSIGN(args[1], MakeImplicitCast(std::move(args[1]), arrow::int32(), options.ansi));
  SLUICE_ASSIGN(const TypePtr element, CoerceElement("array_insert", 2, &args, options.ansi));
  const bool nullable = args[0]->nullable() || args[1]->nullable();
  return CallOf("array_insert", ArrayInsert, ArrayType(element, true), nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveRemove(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("array_remove", args.size(), 2, 2));
  SLUICE_ASSIGN(const TypePtr element, CoerceElement("array_remove", 1, &args, options.ansi));
  const TypePtr type = args[0]->type();
  const bool nullable = args[0]->nullable() || args[1]->nullable();
  return CallOf("array_remove", ArrayRemove, type, nullable, std::move(args), options.ansi, Order::kUntilNull);
}

Result<ExprPtr> ResolveRepeat(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("array_repeat", args.size(), 2, 2));
  SLUICE_ASSIGN(args[1], CoerceArgument("array_repeat", 1, std::move(args[1]), Arg::kInt, options.ansi));
  const TypePtr type = ArrayType(args[0]->type(), args[0]->nullable());
  const bool nullable = args[1]->nullable();
  return CallOf("array_repeat", ArrayRepeat, type, nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveFlatten(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("flatten", args.size(), 1, 1));
  const arrow::DataType& outer = *args[0]->type();
  if (outer.id() != arrow::Type::LIST || outer.field(0)->type()->id() != arrow::Type::LIST) {
    return UnexpectedInput("flatten", 0, *args[0], "ARRAY of ARRAY");
  }
  const TypePtr type = outer.field(0)->type();
  const bool nullable = args[0]->nullable() || outer.field(0)->nullable();
  return CallOf("flatten", Flatten, type, nullable, std::move(args), options.ansi);
}

// A column gives its name to its field, anything else its place from 0.
Result<ExprPtr> ResolveZip(std::vector<ExprPtr> args, const ResolveOptions& options) {
  arrow::FieldVector fields;
  bool nullable = false;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i]->type()->id() != arrow::Type::LIST) return UnexpectedInput("arrays_zip", i, *args[i], "ARRAY");
    const auto* column = dynamic_cast<const ColumnExpr*>(args[i].get());
    const auto* call = dynamic_cast<const FunctionExpr*>(args[i].get());
    std::string name = column != nullptr ? column->name() : std::to_string(i);
    if (call != nullptr && call->name() == "getitem" && LiteralArgument(*call, 1) != nullptr &&
        IsStringType(*call->children()[1]->type())) {
      name = LiteralArgument(*call, 1)->ToString();
    }
    fields.push_back(arrow::field(std::move(name), args[i]->type()->field(0)->type(), true));
    nullable |= args[i]->nullable();
  }
  TypePtr type = ArrayType(arrow::struct_(std::move(fields)), false);
  return CallOf("arrays_zip", ArraysZip, std::move(type), nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveShuffle(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("shuffle", args.size(), 1, 2));
  SLUICE_ASSIGN(args[0], CoerceArgument("shuffle", 0, std::move(args[0]), Arg::kArray, options.ansi));
  if (args.size() > 1) {
    SLUICE_ASSIGN(args[1], CoerceArgument("shuffle", 1, std::move(args[1]), Arg::kLong, options.ansi));
    SLUICE_ASSIGN(auto seed, EvalConstant(args[1], EvalContext()));
    args[1] = std::make_shared<LiteralExpr>(std::move(seed));
  }
  const TypePtr type = args[0]->type();
  const bool nullable = args[0]->nullable();
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "shuffle", .kernel = Shuffle, .ansi = options.ansi, .deterministic = false}, type,
      nullable, std::move(args));
}

Result<TypePtr> WithoutNulls(const std::vector<ExprPtr>& args) {
  return ArrayType(args[0]->type()->field(0)->type(), false);
}

}  // namespace

void AddArrayEdits(FunctionTable* table) {
  table->push_back({"array_append", "array_append(array, value)", "With the value behind.",
                    "array_append(array('b', 'd'), 'e')", "3.4.0",
                    [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveAdd("array_append", ArrayAdd<false>, std::move(args), options);
                    }});
  table->push_back({"array_prepend", "array_prepend(array, value)", "With the value in front.",
                    "array_prepend(array('b', 'd'), 'a')", "3.5.0",
                    [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveAdd("array_prepend", ArrayAdd<true>, std::move(args), options);
                    }});
  table->push_back({"array_insert", "array_insert(array, place, value)",
                    "With the value at a place, counted from 1 or from the end; NULLs fill up to places outside.",
                    "array_insert(array(1, 2, 3), 5, 4)", "3.4.0", ResolveInsert});
  table->push_back({"array_remove", "array_remove(array, value)", "Without such elements.",
                    "array_remove(array(1, 2, 3, 3), 3)", "2.4.0", ResolveRemove});
  table->push_back(Function("array_compact", "array_compact(array)", "Without NULLs.",
                            "array_compact(array(1, 2, NULL))", "3.4.0",
                            {.args = {Arg::kArray}, .type_of = WithoutNulls, .kernel = ArrayCompact}));
  table->push_back({"array_repeat", "array_repeat(value, n)", "The value n times.", "array_repeat('123', 2)", "2.4.0",
                    ResolveRepeat});
  table->push_back({"flatten", "flatten(array of arrays)", "The elements of all of them; NULL where one is NULL.",
                    "flatten(array(array(1, 2), array(3, 4)))", "2.4.0", ResolveFlatten});
  table->push_back({"arrays_zip", "arrays_zip(a, b, ...)",
                    "Structs of the elements at each place; NULLs where an array has ended.",
                    "arrays_zip(array(1, 2), array(2, 3))", "2.4.0", ResolveZip});
  table->push_back({"shuffle", "shuffle(array[, seed])", "In a random order.", "size(shuffle(array(1, 20, 3)))",
                    "2.4.0", ResolveShuffle});
}

}  // namespace sluice
