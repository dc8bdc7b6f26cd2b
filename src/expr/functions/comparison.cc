// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <functional>

#include "expr/branch.h"
#include "expr/compare_values.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// A comparison is a test of Compare()'s result.
template <typename Test>
Result<ArrayPtr> CompareColumns(const KernelCall& call, Test test);

template <typename T, typename Test>
Result<ArrayPtr> CompareTyped(const KernelCall& call, Test test) {
  ColumnWriter<bool> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  const ColumnReader<T> a(*call.args[0]);
  const ColumnReader<T> b(*call.args[1]);
  auto* bits = reinterpret_cast<uint8_t*>(writer.values());
  const bool nulls = writer.validity().buffer() != nullptr;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (nulls && writer.validity().IsNull(row)) continue;
    arrow::bit_util::SetBitTo(bits, row, test(Compare(a[row], b[row])));
  }
  return writer.Finish(arrow::boolean());
}

template <typename Test>
Result<ArrayPtr> CompareNested(const KernelCall& call, Test test) {
  ColumnWriter<bool> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    SLUICE_RETURN_IF_ERROR(writer.Set(row, test(CompareAt(*call.args[0], row, *call.args[1], row))));
  }
  return writer.Finish(arrow::boolean());
}

template <typename Test>
Result<ArrayPtr> CompareColumns(const KernelCall& call, Test test) {
  switch (call.args[0]->type_id()) {
    case arrow::Type::NA:
      return arrow::MakeArrayOfNull(arrow::boolean(), call.rows, PoolOf(call.context));
    case arrow::Type::BOOL:
      return CompareTyped<bool>(call, test);
    case arrow::Type::INT8:
      return CompareTyped<int8_t>(call, test);
    case arrow::Type::INT16:
      return CompareTyped<int16_t>(call, test);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::INTERVAL_MONTHS:
      return CompareTyped<int32_t>(call, test);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return CompareTyped<int64_t>(call, test);
    case arrow::Type::FLOAT:
      return CompareTyped<float>(call, test);
    case arrow::Type::DOUBLE:
      return CompareTyped<double>(call, test);
    case arrow::Type::DECIMAL128:
      return CompareTyped<arrow::Decimal128>(call, test);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return CompareTyped<std::string_view>(call, test);
    default:
      return CompareNested(call, test);
  }
}

// Without a branch for short texts: they are seldom alike for long.
bool SameText(const ColumnReader<std::string_view>& a, const ColumnReader<std::string_view>& b, int64_t row) {
  uint64_t x[2];
  uint64_t y[2];
  std::memcpy(x, &a.view(row), sizeof(x));
  std::memcpy(y, &b.view(row), sizeof(y));
  const uint64_t begins = x[0] ^ y[0];  // size and first four bytes
  if (begins == 0 && !a.view(row).is_inline()) return a[row] == b[row];
  return (begins | (x[1] ^ y[1])) == 0;
}

// bits: one for each row for which `test` holds, eight rows at a time.
template <typename Test>
void SetWhere(int64_t rows, uint8_t* bits, const Test& test) {
  for (int64_t begin = 0; begin < rows; begin += 8) {
    const int64_t count = std::min<int64_t>(8, rows - begin);
    unsigned byte = 0;
    for (int64_t i = 0; i < count; ++i) byte |= static_cast<unsigned>(test(begin + i)) << i;
    bits[begin / 8] = static_cast<uint8_t>(byte);
  }
}

// A short text stands in its view, zero-padded: the same text is the same 16 bytes.
void SetWhereShort(const ColumnReader<std::string_view>& texts, const BinaryView& wanted, int64_t rows, uint8_t* bits) {
  uint64_t words[2];
  std::memcpy(words, &wanted, sizeof(words));
  SetWhere(rows, bits, [&texts, first = words[0], second = words[1]](int64_t row) {
    uint64_t x[2];
    std::memcpy(x, &texts.view(row), sizeof(x));
    return ((x[0] ^ first) | (x[1] ^ second)) == 0;
  });
}

// Whether texts are equal needs no look at most bytes: views differ in their first word, or are all there is.
Result<ArrayPtr> EqualTexts(const KernelCall& call) {
  ColumnWriter<bool> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  const ColumnReader<std::string_view> a(*call.args[0]);
  const ColumnReader<std::string_view> b(*call.args[1]);
  auto* bits = reinterpret_cast<uint8_t*>(writer.values());
  if (writer.validity().buffer() == nullptr) {
    const bool constant = dynamic_cast<const LiteralExpr*>(call.node.children()[1].get()) != nullptr;
    if (constant && call.rows > 0 && b.view(0).is_inline()) {
      SetWhereShort(a, b.view(0), call.rows, bits);
    } else {
      SetWhere(call.rows, bits, [&](int64_t row) { return SameText(a, b, row); });
    }
    return writer.Finish(arrow::boolean());
  }
  for (int64_t row = 0; row < call.rows; ++row) {
    const bool same = !writer.validity().IsNull(row) && SameText(a, b, row);
    bits[row / 8] |= static_cast<uint8_t>(static_cast<uint8_t>(same) << (row % 8));
  }
  return writer.Finish(arrow::boolean());
}

Result<ArrayPtr> Equal(const KernelCall& call) {
  if (arrow::is_binary_view_like(call.args[0]->type_id())) return EqualTexts(call);
  return CompareColumns(call, [](int order) { return order == 0; });
}
Result<ArrayPtr> Less(const KernelCall& call) {
  return CompareColumns(call, [](int order) { return order < 0; });
}
Result<ArrayPtr> LessEqual(const KernelCall& call) {
  return CompareColumns(call, [](int order) { return order <= 0; });
}
Result<ArrayPtr> Greater(const KernelCall& call) {
  return CompareColumns(call, [](int order) { return order > 0; });
}
Result<ArrayPtr> GreaterEqual(const KernelCall& call) {
  return CompareColumns(call, [](int order) { return order >= 0; });
}

// NULL equals NULL; never NULL itself.
Result<ArrayPtr> NullSafeEqual(const KernelCall& call) {
  ColumnWriter<bool> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_ASSIGN(auto equal, Equal(call));
  const ColumnReader<bool> values(*equal);
  for (int64_t row = 0; row < call.rows; ++row) {
    const bool both_null = call.args[0]->IsNull(row) && call.args[1]->IsNull(row);
    SLUICE_RETURN_IF_ERROR(writer.Set(row, both_null || (equal->IsValid(row) && values[row])));
  }
  return writer.Finish(arrow::boolean());
}

// True when any item is equal; else NULL when anything was NULL.
Result<ArrayPtr> In(const KernelCall& call) {
  ColumnWriter<bool> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (int64_t row = 0; row < call.rows; ++row) {
    bool found = false;
    bool null = call.args[0]->IsNull(row);
    for (size_t i = 1; i < call.args.size() && !found && call.args[0]->IsValid(row); ++i) {
      if (call.args[i]->IsNull(row)) {
        null = true;
      } else {
        found = CompareAt(*call.args[0], row, *call.args[i], row) == 0;
      }
    }
    SLUICE_RETURN_IF_ERROR(found || !null ? writer.Set(row, found) : writer.SetNull(row));
  }
  return writer.Finish(arrow::boolean());
}

// a IN (b, c): an error in c counts only where a is not NULL and b is not its equal. When there is one, each item is
// compared where those before it leave a row open, as in a = b OR a = c.
class InExpr : public FunctionExpr {
 public:
  using FunctionExpr::FunctionExpr;

  Result<ArrayPtr> EvalImpl(Evaluation& evaluation) const override {
    auto found = FunctionExpr::EvalImpl(evaluation);
    return found.ok() ? found : evaluation.Eval(AnyOf(1, children().size()));
  }

  ExprPtr WithChildren(std::vector<ExprPtr> args) const override {
    return std::make_shared<InExpr>(traits(), type(), nullable(), std::move(args));
  }

 private:
  // Of the items [begin, end).
  ExprPtr AnyOf(size_t begin, size_t end) const {
    if (end - begin > 1) {
      const size_t middle = begin + (end - begin) / 2;
      return std::make_shared<BranchExpr>(BranchExpr::Kind::kOr, "or", arrow::boolean(), true,
                                          std::vector<ExprPtr>{AnyOf(begin, middle), AnyOf(middle, end)});
    }
    return std::make_shared<FunctionExpr>(FunctionTraits{.name = "=", .kernel = Equal, .display = DisplayInfix},
                                          arrow::boolean(), true,
                                          std::vector<ExprPtr>{children()[0], children()[begin]});
  }
};

std::string DisplayIn(const FunctionExpr& node) {
  return fmt::format("({} IN ({}))", node.children()[0]->ToString(), JoinArguments(node, 1));
}

Status CheckOrdered(const std::string& name, const arrow::DataType& type) {
  if (type.id() != arrow::Type::MAP) return Status::OK();
  return UserError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                   fmt::format("{} cannot compare values of type MAP.", name));
}

bool IsBooleanAndNumber(const arrow::DataType& a, const arrow::DataType& b) {
  return (a.id() == arrow::Type::BOOL && IsNumericType(b)) || (b.id() == arrow::Type::BOOL && IsNumericType(a));
}

Result<std::vector<ExprPtr>> ForComparison(const std::string& name, std::vector<ExprPtr> args,
                                           const ResolveOptions& options) {
  TypePtr common = ComparisonType(args[0]->type(), args[1]->type(), options.ansi);
  // A BOOLEAN may equal a number without ANSI, but has no place in their order.
  if (name != "=" && name != "<=>" && IsBooleanAndNumber(*args[0]->type(), *args[1]->type())) common = nullptr;
  if (common == nullptr) {
    return UserError("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
                     fmt::format("{} cannot compare \"{}\" and \"{}\".", name, SparkTypeName(*args[0]->type()),
                                 SparkTypeName(*args[1]->type())));
  }
  SLUICE_RETURN_IF_ERROR(CheckOrdered(name, *common));
  for (auto& arg : args) {
    SLUICE_ASSIGN(arg, MakeImplicitCast(arg, common, options.ansi));
  }
  return args;
}

Result<ExprPtr> MakeComparison(const std::string& name, Kernel kernel, std::vector<ExprPtr> args,
                               const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
  SLUICE_ASSIGN(args, ForComparison(name, std::move(args), options));
  const bool nullable = name != "<=>" && (args[0]->nullable() || args[1]->nullable());
  return std::make_shared<FunctionExpr>(FunctionTraits{.name = name,
                                                       .kernel = kernel,
                                                       .display = DisplayInfix,
                                                       .ansi = options.ansi,
                                                       .order = name == "<=>" ? Order::kAll : Order::kUntilNull},
                                        arrow::boolean(), nullable, std::move(args));
}

ScalarFunction Comparison(const char* name, const char* doc, const char* example, Kernel kernel) {
  const std::string shown = std::string(name) == "==" ? "=" : name;
  return {
      name, "a op b", doc, example, "1.0.0", [shown, kernel](std::vector<ExprPtr> args, const ResolveOptions& options) {
        return MakeComparison(shown, kernel, std::move(args), options);
      }};
}

Result<ExprPtr> ResolveNotEqual(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_ASSIGN(auto equal, MakeComparison("=", Equal, std::move(args), options));
  return ResolveFunction("not", {std::move(equal)}, options);
}

Result<ExprPtr> ResolveIn(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("in", args.size(), 2, -1));
  SLUICE_ASSIGN(args, CastToCommonType("in", std::move(args), options.ansi));
  SLUICE_RETURN_IF_ERROR(CheckOrdered("in", *args[0]->type()));
  bool nullable = false;
  for (const auto& arg : args) nullable |= arg->nullable();
  return std::make_shared<InExpr>(
      FunctionTraits{.name = "in", .kernel = In, .display = DisplayIn, .ansi = options.ansi, .order = Order::kAll},
      arrow::boolean(), nullable, std::move(args));
}

}  // namespace

void AddComparisons(FunctionTable* table) {
  table->push_back(Comparison("=", "Whether both are equal.", "1 = 1", Equal));
  table->push_back(Comparison("==", "Whether both are equal.", "1 == 1", Equal));
  table->push_back(Comparison("<=>", "Whether both are equal or both NULL.", "NULL <=> NULL", NullSafeEqual));
  table->push_back(Comparison("<", "Whether a comes before b.", "1 < 2", Less));
  table->push_back(Comparison("<=", "Whether a does not come after b.", "1 <= 2", LessEqual));
  table->push_back(Comparison(">", "Whether a comes after b.", "2 > 1", Greater));
  table->push_back(Comparison(">=", "Whether a does not come before b.", "2 >= 1", GreaterEqual));
  table->push_back({"!=", "a != b", "Whether both differ.", "1 != 2", "1.0.0", ResolveNotEqual});
  table->push_back({"<>", "a <> b", "Whether both differ.", "1 <> 2", "1.0.0", ResolveNotEqual});
  table->push_back(
      {"in", "a IN (b, c, ...)", "Whether a equals one of the others.", "1 IN (1, 2)", "1.0.0", ResolveIn});
}

}  // namespace sluice
