// SPDX-License-Identifier: Apache-2.0
// Strings changed in part: overlay, mask, quote; UTF-8 checked and repaired.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/case_mapping.h"
#include "expr/characters.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/spark_type.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

// Puts a text in the place of `length` characters from a position on, of as many as it has itself when negative.
Result<ArrayPtr> Overlay(const KernelCall& call) {
  ValueText result(call.context);
  const bool bytes = call.node.type()->id() == arrow::Type::BINARY_VIEW;
  const auto size = [bytes](Text text) { return bytes ? static_cast<int64_t>(text.size()) : CountCharacters(text); };
  const auto part = [bytes](Text text, int64_t begin, int64_t end) {
    if (!bytes) return Characters(text, begin, end);
    const auto most = static_cast<int64_t>(text.size());
    const int64_t from = std::clamp<int64_t>(begin, 0, most);
    return text.substr(static_cast<size_t>(from), static_cast<size_t>(std::clamp<int64_t>(end, from, most) - from));
  };
  return MapRows<Text, Text, Text, int32_t, int32_t>(
      call, [&](RowOutput<Text>& out, Text text, Text piece, int32_t position, int32_t length) -> Status {
        const int64_t taken = length >= 0 ? int64_t{length} : size(piece);
        result.Clear();
        SLUICE_RETURN_IF_ERROR(result.Append(part(text, 0, int64_t{position} - 1)));
        SLUICE_RETURN_IF_ERROR(result.Append(piece));
        // Places in front of the text count from its end there, as those of substring do.
        const int64_t rest = int64_t{position} + taken;
        const int64_t begin = rest > 0 ? rest - 1 : rest < 0 ? std::max<int64_t>(size(text) + rest, 0) : 0;
        SLUICE_RETURN_IF_ERROR(result.Append(part(text, begin, size(text))));
        return out.Set(result.text());
      });
}

Result<ExprPtr> ResolveOverlay(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("overlay", args.size(), 3, 4));
  if (args.size() < 4) args.push_back(IntLiteral(-1));
  const bool binary = IsBinaryType(*args[0]->type()) && IsBinaryType(*args[1]->type());
  if (!binary && (IsBinaryType(*args[0]->type()) || IsBinaryType(*args[1]->type()))) {
    return UserError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", "overlay needs two strings or two binaries.",
                     {{"functionName", "`overlay`"}});
  }
  const Arg wanted[] = {binary ? Arg::kBinary : Arg::kString, binary ? Arg::kBinary : Arg::kString, Arg::kInt,
                        Arg::kInt};
  bool nullable = false;
  for (size_t i = 0; i < args.size(); ++i) {
    SLUICE_ASSIGN(args[i], CoerceArgument("overlay", i, std::move(args[i]), wanted[i], options.ansi));
    nullable |= args[i]->nullable();
  }
  return std::make_shared<FunctionExpr>(FunctionTraits{.name = "overlay", .kernel = Overlay, .ansi = options.ansi},
                                        binary ? BinaryType() : StringType(), nullable, std::move(args));
}

enum class Letter { kUpper, kLower, kDigit, kOther };

Letter KindOf(Text character) {
  if (character.size() == 1) {
    const char c = character[0];
    return c >= 'A' && c <= 'Z'   ? Letter::kUpper
           : c >= 'a' && c <= 'z' ? Letter::kLower
           : c >= '0' && c <= '9' ? Letter::kDigit
                                  : Letter::kOther;
  }
  std::string changed;
  AppendLower(character, &changed);
  if (changed != character) return Letter::kUpper;
  changed.clear();
  AppendUpper(character, &changed);
  return changed != character ? Letter::kLower : Letter::kOther;
}

// Each character replaced by the one for its kind; a NULL there keeps it.
Result<ArrayPtr> Mask(const KernelCall& call) {
  ViewWriter writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({call.args[0]}));
  const ColumnReader<Text> texts(*call.args[0]);
  std::vector<ColumnReader<Text>> masks;
  for (size_t i = 1; i < call.args.size(); ++i) masks.emplace_back(*call.args[i]);
  ValueText result(call.context);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    result.Clear();
    for (Text text = texts[row]; !text.empty();) {
      const Text character = Characters(text, 0, 1);
      text.remove_prefix(character.size());
      const auto kind = static_cast<size_t>(KindOf(character));
      const bool kept = call.args[kind + 1]->IsNull(row);
      const Status status = result.Append(kept ? character : masks[kind][row]);
      if (!status.ok()) return WithRow(status, row);
    }
    SLUICE_RETURN_IF_ERROR(writer.Set(row, result.text()));
  }
  return writer.Finish(call.node.type());
}

Result<ExprPtr> ResolveMask(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("mask", args.size(), 1, 5));
  static constexpr const char* kDefaults[] = {"X", "x", "n"};
  while (args.size() < 4) args.push_back(StringLiteral(kDefaults[args.size() - 1]));
  if (args.size() < 5) args.push_back(std::make_shared<LiteralExpr>(arrow::MakeNullScalar(StringType())));
  for (size_t i = 0; i < args.size(); ++i) {
    SLUICE_ASSIGN(args[i], CoerceArgument("mask", i, std::move(args[i]), Arg::kString, options.ansi));
    const arrow::Scalar* given = nullptr;
    const auto* literal = i > 0 ? dynamic_cast<const LiteralExpr*>(args[i].get()) : nullptr;
    if (literal != nullptr && literal->value()->is_valid) given = literal->value().get();
    if (i > 0 && literal == nullptr) {
      return UserError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "The characters of mask must be constants.",
                       {{"inputName", "`mask`"}, {"inputType", "\"STRING\""}, {"inputExpr", args[i]->ToString()}});
    }
    if (given != nullptr && CountCharacters(static_cast<const arrow::BaseBinaryScalar&>(*given).view()) != 1) {
      return UserError("DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE", "What mask puts in must be one character.",
                       {{"exprName", args[i]->ToString()}});
    }
  }
  const bool nullable = true;  // Spark says so
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "mask", .kernel = Mask, .ansi = options.ansi, .java_text = true, .order = Order::kAll},
      StringType(), nullable, std::move(args));
}

// In quotes, with a backslash in front of those inside.
Result<ArrayPtr> Quote(const KernelCall& call) {
  ValueText result(call.context);
  return MapRows<Text, Text>(call, [&result](RowOutput<Text>& out, Text text) -> Status {
    result.Clear();
    SLUICE_RETURN_IF_ERROR(result.Append("'"));
    for (const char& c : text) {
      if (c == '\'') SLUICE_RETURN_IF_ERROR(result.Append("\\"));
      SLUICE_RETURN_IF_ERROR(result.Append(Text(&c, 1)));
    }
    SLUICE_RETURN_IF_ERROR(result.Append("'"));
    return out.Set(result.text());
  });
}

Result<ArrayPtr> IsValidUtf8(const KernelCall& call) {
  return MapRows<bool, Text>(call, [](RowOutput<bool>& out, Text text) { return out.Set(IsUtf8(text)); });
}

Result<ArrayPtr> MakeValidUtf8(const KernelCall& call) {
  std::string repaired;
  return MapRows<Text, Text>(call, [&repaired](RowOutput<Text>& out, Text text) {
    if (IsUtf8(text)) return out.Set(text);
    repaired.clear();
    AppendRepaired(text, &repaired);
    return out.Set(repaired);
  });
}

template <bool kTry>
Result<ArrayPtr> ValidateUtf8(const KernelCall& call) {
  return MapRows<Text, Text>(call, [](RowOutput<Text>& out, Text text) {
    if (IsUtf8(text)) return out.Set(text);
    if (kTry) return out.SetNull();
    std::string bytes;
    for (const char c : text.substr(0, 64)) bytes += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    return UserError("INVALID_UTF8_STRING", fmt::format("The string is no UTF-8: {}", bytes), {{"str", bytes}});
  });
}

}  // namespace

void AddTextEdits(FunctionTable* table) {
  table->push_back({"overlay", "overlay(str, piece, position[, length])",
                    "With the piece in the place of so many characters, or of as many as it has.",
                    "overlay('Spark SQL', '_', 6)", "3.0.0", ResolveOverlay});
  table->push_back({"mask", "mask(str[, upper[, lower[, digit[, other]]]])",
                    "Letters and digits replaced by X, x and n or what is given; NULL keeps them.",
                    "mask('AbCD123-@$#')", "3.4.0", ResolveMask});
  table->push_back(Function("quote", "quote(str)", "In single quotes, those inside with a backslash.",
                            "quote('Don\\'t')", "4.1.0",
                            {.args = {Arg::kString}, .type = StringType(), .kernel = Quote, .nulls = Nulls::kAlways}));
  table->push_back(
      Function("is_valid_utf8", "is_valid_utf8(str)", "Whether the bytes are UTF-8.", "is_valid_utf8('Spark')", "4.0.0",
               {.args = {Arg::kString}, .type = arrow::boolean(), .kernel = IsValidUtf8, .nulls = Nulls::kAlways}));
  table->push_back(Function(
      "make_valid_utf8", "make_valid_utf8(str)", "With U+FFFD for what is no UTF-8.", "make_valid_utf8('Spark')",
      "4.0.0", {.args = {Arg::kString}, .type = StringType(), .kernel = MakeValidUtf8, .nulls = Nulls::kAlways}));
  table->push_back(Function(
      "validate_utf8", "validate_utf8(str)", "The string; an error when it is no UTF-8.", "validate_utf8('Spark')",
      "4.0.0", {.args = {Arg::kString}, .type = StringType(), .kernel = ValidateUtf8<false>, .nulls = Nulls::kAlways}));
  table->push_back(
      Function("try_validate_utf8", "try_validate_utf8(str)", "The string; NULL when it is no UTF-8.",
               "try_validate_utf8('Spark')", "4.0.0",
               {.args = {Arg::kString}, .type = StringType(), .kernel = ValidateUtf8<true>, .nulls = Nulls::kAlways}));
}

}  // namespace sluice
