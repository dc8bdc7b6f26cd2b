// SPDX-License-Identifier: Apache-2.0
// Operators on bits: & | ^ ~, shifts, single bits.
#include <arrow/api.h>
#include <fmt/format.h>

#include <type_traits>

#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Calls visit(T{}) with the C++ type of a whole number.
template <typename Visit>
Result<ArrayPtr> OfIntegers(const arrow::DataType& type, Visit visit) {
  switch (type.id()) {
    case arrow::Type::INT8:
      return visit(int8_t{});
    case arrow::Type::INT16:
      return visit(int16_t{});
    case arrow::Type::INT32:
      return visit(int32_t{});
    default:
      return visit(int64_t{});
  }
}

template <char kOperator>
Result<ArrayPtr> Combine(const KernelCall& call) {
  return OfIntegers(*call.node.type(), [&call]<typename T>(T) {
    return MapRows<T, T, T>(call, [](RowOutput<T>& out, T a, T b) {
      return out.Set(static_cast<T>(kOperator == '&' ? a & b : kOperator == '|' ? a | b : a ^ b));
    });
  });
}

Result<ArrayPtr> Complement(const KernelCall& call) {
  return OfIntegers(*call.node.type(), [&call]<typename T>(T) {
    return MapRows<T, T>(call, [](RowOutput<T>& out, T a) { return out.Set(static_cast<T>(~a)); });
  });
}

enum class Shift { kLeft, kRight, kRightUnsigned };

// As Java's: only the last 5 bits of the distance count, or the last 6 of a BIGINT's.
template <Shift kShift, typename T>
T Shifted(T value, int32_t distance) {
  using Unsigned = std::make_unsigned_t<T>;
  const int bits = distance & (static_cast<int>(sizeof(T)) * 8 - 1);
  if (kShift == Shift::kRight) return static_cast<T>(value >> bits);
  const auto plain = static_cast<Unsigned>(value);
  return static_cast<T>(kShift == Shift::kLeft ? plain << bits : plain >> bits);
}

template <Shift kShift>
Result<ArrayPtr> ShiftBits(const KernelCall& call) {
  if (call.node.type()->id() == arrow::Type::INT64) {
    return MapRows<int64_t, int64_t, int32_t>(call, [](RowOutput<int64_t>& out, int64_t value, int32_t distance) {
      return out.Set(Shifted<kShift>(value, distance));
    });
  }
  return MapRows<int32_t, int32_t, int32_t>(call, [](RowOutput<int32_t>& out, int32_t value, int32_t distance) {
    return out.Set(Shifted<kShift>(value, distance));
  });
}

Result<ArrayPtr> BitGet(const KernelCall& call) {
  const int bits = call.args[0]->type()->byte_width() * 8;
  return OfIntegers(*call.args[0]->type(), [&]<typename T>(T) {
    return MapRows<int8_t, T, int32_t>(call, [bits](RowOutput<int8_t>& out, T value, int32_t place) {
      if (place < 0 || place >= bits) {
        return UserError("INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE",
                         fmt::format("The bits of the number count from 0 to {}; there is no bit {}.", bits - 1, place),
                         {{"functionName", "`bit_get`"},
                          {"parameter", "`pos`"},
                          {"upper", std::to_string(bits)},
                          {"invalidValue", std::to_string(place)}});
      }
      return out.Set(static_cast<int8_t>(static_cast<int64_t>(value) >> place & 1));
    });
  });
}

// The argument as a whole number; NULL takes the other's type, and texts are BIGINT under ANSI alone.
Result<ExprPtr> WholeNumber(const char* name, size_t index, ExprPtr arg, const TypePtr& of_null, bool ansi) {
  const arrow::DataType& type = *arg->type();
  if (IsIntegralType(type)) return arg;
  if (type.id() == arrow::Type::NA) return MakeImplicitCast(std::move(arg), of_null, ansi);
  return UnexpectedInput(name, index, *arg, "INTEGRAL");
}

Result<ExprPtr> ResolveCombine(const char* name, Kernel kernel, std::vector<ExprPtr> args,
                               const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
  const bool text[2] = {IsStringType(*args[0]->type()), IsStringType(*args[1]->type())};
  for (size_t i = 0; i < 2; ++i) {
    // A text beside a number is a BIGINT.
    if (text[i] && !text[1 - i] && IsIntegralType(*args[1 - i]->type())) {
      SLUICE_ASSIGN(args[i], MakeImplicitCast(std::move(args[i]), arrow::int64(), options.ansi));
    }
  }
  const TypePtr common = CommonTypeWithoutStrings(args[0]->type(), args[1]->type(), options.ansi);
  // Spark brings whole numbers alone to one type.
  const bool equal = args[0]->type()->Equals(args[1]->type());
  if (common == nullptr || (!equal && !IsIntegralType(*common))) {
    return UserError("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
                     fmt::format("{} needs two whole numbers, not {} and {}.", name, SparkTypeName(*args[0]->type()),
                                 SparkTypeName(*args[1]->type())));
  }
  const bool null = common->id() == arrow::Type::NA;
  if (!IsIntegralType(*common) && !null) {
    return UserError("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE",
                     fmt::format("{} needs whole numbers, not {}.", name, SparkTypeName(*common)));
  }
  const TypePtr type = null ? arrow::int32() : common;
  for (auto& arg : args) {
    SLUICE_ASSIGN(arg, MakeImplicitCast(std::move(arg), type, options.ansi));
  }
  const bool nullable = args[0]->nullable() || args[1]->nullable();
  return std::make_shared<FunctionExpr>(FunctionTraits{name, kernel, DisplayInfix, options.ansi}, type, nullable,
                                        std::move(args));
}

Result<ExprPtr> ResolveComplement(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("~", args.size(), 1, 1));
  SLUICE_ASSIGN(args[0], WholeNumber("~", 0, std::move(args[0]), arrow::int32(), options.ansi));
  const TypePtr type = args[0]->type();
  const bool nullable = args[0]->nullable();
  return std::make_shared<FunctionExpr>(
      FunctionTraits{"~", Complement, [](const FunctionExpr& node) { return "~" + node.children()[0]->ToString(); },
                     options.ansi},
      type, nullable, std::move(args));
}

template <Shift kShift>
std::string DisplayShift(const FunctionExpr& node) {
  const char* sign = kShift == Shift::kLeft ? "<<" : kShift == Shift::kRight ? ">>" : ">>>";
  if (node.name() != sign) return fmt::format("{}({})", node.name(), JoinArguments(node));
  return DisplayInfix(node);
}

template <Shift kShift>
ScalarFunction ShiftRow(const char* name, const char* signature, const char* doc, const char* example,
                        const char* since) {
  return {name,
          signature,
          doc,
          example,
          since,
          [name](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
            const bool wide = args[0]->type()->id() == arrow::Type::INT64;
            SLUICE_ASSIGN(args[0],
                          CoerceArgument(name, 0, std::move(args[0]), wide ? Arg::kLong : Arg::kInt, options.ansi));
            SLUICE_ASSIGN(args[1], CoerceArgument(name, 1, std::move(args[1]), Arg::kInt, options.ansi));
            const TypePtr type = args[0]->type();
            const bool nullable = args[0]->nullable() || args[1]->nullable();
            return std::make_shared<FunctionExpr>(
                FunctionTraits{name, ShiftBits<kShift>, DisplayShift<kShift>, options.ansi}, type, nullable,
                std::move(args));
          }};
}

Result<ExprPtr> ResolveBitGet(const char* name, std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
  SLUICE_ASSIGN(args[0], WholeNumber(name, 0, std::move(args[0]), arrow::int64(), options.ansi));
  SLUICE_ASSIGN(args[1], CoerceArgument(name, 1, std::move(args[1]), Arg::kInt, options.ansi));
  const bool nullable = args[0]->nullable() || args[1]->nullable();
  return std::make_shared<FunctionExpr>(FunctionTraits{name, BitGet, nullptr, options.ansi}, arrow::int8(), nullable,
                                        std::move(args));
}

}  // namespace

void AddBits(FunctionTable* table) {
  const auto combine = [table](const char* name, const char* signature, const char* doc, const char* example,
                               Kernel kernel) {
    table->push_back({name, signature, doc, example, "1.4.0",
                      [name, kernel](std::vector<ExprPtr> args, const ResolveOptions& options) {
                        return ResolveCombine(name, kernel, std::move(args), options);
                      }});
  };
  combine("&", "a & b", "The bits that are set in both.", "3 & 5", Combine<'&'>);
  combine("|", "a | b", "The bits that are set in one or both.", "3 | 5", Combine<'|'>);
  combine("^", "a ^ b", "The bits that are set in one alone.", "3 ^ 5", Combine<'^'>);
  table->push_back({"~", "~ a", "The bits that are not set.", "~ 0", "1.4.0", ResolveComplement});
  table->push_back(ShiftRow<Shift::kLeft>("shiftleft", "shiftleft(a, n)", "The bits n places to the left.",
                                          "shiftleft(2, 1)", "1.5.0"));
  table->push_back(ShiftRow<Shift::kRight>("shiftright", "shiftright(a, n)",
                                           "The bits n places to the right; the sign stays.", "shiftright(4, 1)",
                                           "1.5.0"));
  table->push_back(ShiftRow<Shift::kRightUnsigned>("shiftrightunsigned", "shiftrightunsigned(a, n)",
                                                   "The bits n places to the right; zeros come in.",
                                                   "shiftrightunsigned(4, 1)", "1.5.0"));
  table->push_back(ShiftRow<Shift::kLeft>("<<", "a << n", "The bits n places to the left.", "2 << 1", "4.0.0"));
  table->push_back(
      ShiftRow<Shift::kRight>(">>", "a >> n", "The bits n places to the right; the sign stays.", "4 >> 1", "4.0.0"));
  table->push_back(ShiftRow<Shift::kRightUnsigned>(">>>", "a >>> n", "The bits n places to the right; zeros come in.",
                                                   "4 >>> 1", "4.0.0"));
  for (const char* name : {"bit_get", "getbit"}) {
    table->push_back({name, "bit_get(a, place)", "A bit, counted from 0 at the right.", "bit_get(11, 0)", "3.2.0",
                      [name](std::vector<ExprPtr> args, const ResolveOptions& options) {
                        return ResolveBitGet(name, std::move(args), options);
                      }});
  }
}

}  // namespace sluice
