// SPDX-License-Identifier: Apache-2.0
// Strings: case, trimming, length, pieces, padding.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/case_mapping.h"
#include "expr/characters.h"
#include "expr/gather.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

// A function from text to text that appends to a string.
template <typename Append>
Result<ArrayPtr> Rewrite(const KernelCall& call, Append append) {
  std::string text;
  return MapRows<Text, Text>(call, [&](RowOutput<Text>& out, Text value) {
    text.clear();
    append(value, &text);
    return out.Set(text);
  });
}

Result<ArrayPtr> Upper(const KernelCall& call) {
  return Rewrite(call, AppendUpper);
}
Result<ArrayPtr> Lower(const KernelCall& call) {
  return Rewrite(call, AppendLower);
}

Result<ArrayPtr> InitCap(const KernelCall& call) {
  return Rewrite(call, AppendInitCap);
}

// Cuts characters of `set` from the sides.
Text Trim(Text text, Text set, bool left, bool right) {
  const auto in_set = [set](Text character) { return set.find(character) != Text::npos; };
  while (left && !text.empty()) {
    const Text first = Characters(text, 0, 1);
    if (!in_set(first)) break;
    text.remove_prefix(first.size());
  }
  while (right && !text.empty()) {
    size_t begin = text.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    if (!in_set(text.substr(begin))) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

template <bool kLeft, bool kRight>
Result<ArrayPtr> TrimKernel(const KernelCall& call) {
  if (call.args.size() > 1) {
    return CutRows<Text>(call, [](Text text, Text set) { return Trim(text, set, kLeft, kRight); });
  }
  return CutRows<>(call, [](Text text) {
    while (kLeft && !text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (kRight && !text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
  });
}

template <bool kLeft, bool kRight>
std::string DisplayTrim(const FunctionExpr& node) {
  const auto& args = node.children();
  if (args.size() < 2) return fmt::format("{}({})", node.name(), args[0]->ToString());
  return fmt::format("TRIM({} {} FROM {})",
                     kLeft && kRight ? "BOTH"
                     : kLeft         ? "LEADING"
                                     : "TRAILING",
                     args[1]->ToString(), args[0]->ToString());
}

Result<ArrayPtr> Length(const KernelCall& call) {
  const bool bytes = call.args[0]->type_id() == arrow::Type::BINARY_VIEW;
  return MapRows<int32_t, Text>(call, [bytes](RowOutput<int32_t>& out, Text text) {
    return out.Set(static_cast<int32_t>(bytes ? static_cast<int64_t>(text.size()) : CountCharacters(text)));
  });
}

template <int kBits>
Result<ArrayPtr> ByteLength(const KernelCall& call) {
  return MapRows<int32_t, Text>(
      call, [](RowOutput<int32_t>& out, Text text) { return out.Set(static_cast<int32_t>(text.size() * kBits)); });
}

Result<ArrayPtr> SubstringKernel(const KernelCall& call) {
  if (call.args[0]->type_id() == arrow::Type::BINARY_VIEW) {
    return CutRows<int32_t, int32_t>(call, [](Text bytes, int32_t position, int32_t length) {
      const auto size = static_cast<int64_t>(bytes.size());
      const int64_t begin = position > 0 ? position - 1 : position < 0 ? size + position : 0;
      const int64_t from = std::clamp<int64_t>(begin, 0, size);
      const int64_t to = std::clamp<int64_t>(begin + length, from, size);
      return bytes.substr(static_cast<size_t>(from), static_cast<size_t>(to - from));
    });
  }
  return CutRows<int32_t, int32_t>(call, Substring);
}

Result<ArrayPtr> Left(const KernelCall& call) {
  if (call.args[0]->type_id() == arrow::Type::BINARY_VIEW) {
    return CutRows<int32_t>(
        call, [](Text bytes, int32_t length) { return bytes.substr(0, static_cast<size_t>(std::max(length, 0))); });
  }
  return CutRows<int32_t>(call, [](Text text, int32_t length) { return Substring(text, 1, length); });
}

Result<ArrayPtr> Right(const KernelCall& call) {
  return CutRows<int32_t>(call, [](Text text, int32_t length) {
    return length <= 0 ? text.substr(0, 0) : Substring(text, -length, length);
  });
}

// kLeft: the padding stands in front.
template <bool kLeft>
Result<ArrayPtr> Pad(const KernelCall& call) {
  ValueText text(call.context);
  return MapRows<Text, Text, int32_t, Text>(call, [&](RowOutput<Text>& out, Text value, int32_t length, Text pad) {
    const int64_t missing = length - CountCharacters(value);
    if (missing <= 0 || pad.empty()) return out.Set(Characters(value, 0, length));
    const int64_t pad_length = CountCharacters(pad);
    text.Clear();
    if (!kLeft) SLUICE_RETURN_IF_ERROR(text.Append(value));
    SLUICE_RETURN_IF_ERROR(text.AppendRepeated(pad, missing / pad_length));
    SLUICE_RETURN_IF_ERROR(text.Append(Characters(pad, 0, missing % pad_length)));
    if (kLeft) SLUICE_RETURN_IF_ERROR(text.Append(value));
    return out.Set(text.text());
  });
}

template <bool kLeft>
Result<ArrayPtr> PadBytes(const KernelCall& call) {
  ValueText bytes(call.context);
  return MapRows<Text, Text, int32_t, Text>(call, [&](RowOutput<Text>& out, Text value, int32_t length, Text pad) {
    const int64_t wanted = std::max<int64_t>(length, 0);
    const int64_t missing = wanted - static_cast<int64_t>(value.size());
    if (missing <= 0 || pad.empty()) return out.Set(value.substr(0, static_cast<size_t>(wanted)));
    bytes.Clear();
    if (!kLeft) SLUICE_RETURN_IF_ERROR(bytes.Append(value));
    const auto size = static_cast<int64_t>(pad.size());
    SLUICE_RETURN_IF_ERROR(bytes.AppendRepeated(pad, missing / size));
    SLUICE_RETURN_IF_ERROR(bytes.Append(pad.substr(0, static_cast<size_t>(missing % size))));
    if (kLeft) SLUICE_RETURN_IF_ERROR(bytes.Append(value));
    return out.Set(bytes.text());
  });
}

// A binary without a pad, or with a binary one, stays a binary; zeros are its default.
Result<ExprPtr> ResolvePad(const char* name, Kernel text, Kernel bytes, std::vector<ExprPtr> args,
                           const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 3));
  const bool binary = IsBinaryType(*args[0]->type()) && (args.size() == 2 || IsBinaryType(*args[2]->type()));
  if (args.size() == 2) {
    args.push_back(binary ? std::make_shared<LiteralExpr>(std::make_shared<arrow::BinaryViewScalar>(
                                arrow::Buffer::FromString(std::string(1, '\0')), BinaryType()))
                          : StringLiteral(" "));
  }
  const Arg wanted[] = {binary ? Arg::kBinary : Arg::kString, Arg::kInt, binary ? Arg::kBinary : Arg::kString};
  bool nullable = false;
  for (size_t i = 0; i < args.size(); ++i) {
    SLUICE_ASSIGN(args[i], CoerceArgument(name, i, std::move(args[i]), wanted[i], options.ansi));
    nullable |= args[i]->nullable();
  }
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = name, .kernel = binary ? bytes : text, .ansi = options.ansi},
      binary ? BinaryType() : StringType(), nullable, std::move(args));
}

Result<ArrayPtr> Repeat(const KernelCall& call) {
  ValueText text(call.context);
  return MapRows<Text, Text, int32_t>(call, [&text](RowOutput<Text>& out, Text value, int32_t times) {
    text.Clear();
    SLUICE_RETURN_IF_ERROR(text.AppendRepeated(value, times));
    return out.Set(text.text());
  });
}

Result<ArrayPtr> Space(const KernelCall& call) {
  ValueText text(call.context);
  return MapRows<Text, int32_t>(call, [&text](RowOutput<Text>& out, int32_t times) {
    text.Clear();
    SLUICE_RETURN_IF_ERROR(text.AppendRepeated(" ", times));
    return out.Set(text.text());
  });
}

Result<ArrayPtr> ReverseList(const KernelCall& call) {
  const auto& list = static_cast<const arrow::ListArray&>(*call.args[0]);
  const auto entries = arrow::MakeArray(list.data()->child_data[0]);
  std::vector<int64_t> order(static_cast<size_t>(entries->length()));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  for (int64_t row = 0; row < list.length(); ++row) {
    std::reverse(order.begin() + list.value_offset(row), order.begin() + list.value_offset(row + 1));
  }
  SLUICE_ASSIGN(auto reversed, TakeRows(entries, order, PoolOf(call.context)));
  auto data = list.data()->Copy();
  data->child_data = {reversed->data()};
  return arrow::MakeArray(std::move(data));
}

Result<ArrayPtr> Reverse(const KernelCall& call) {
  if (call.args[0]->type_id() == arrow::Type::LIST) return ReverseList(call);
  return Rewrite(call, [](Text text, std::string* out) {
    out->resize(text.size());
    size_t end = text.size();
    while (!text.empty()) {
      const Text first = Characters(text, 0, 1);
      end -= first.size();
      std::copy(first.begin(), first.end(), out->begin() + static_cast<int64_t>(end));
      text.remove_prefix(first.size());
    }
  });
}

Result<ExprPtr> ResolveReverse(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("reverse", args.size(), 1, 1));
  const Arg wanted = args[0]->type()->id() == arrow::Type::LIST ? Arg::kArray : Arg::kString;
  SLUICE_ASSIGN(args[0], CoerceArgument("reverse", 0, std::move(args[0]), wanted, options.ansi));
  const auto type = args[0]->type();
  const bool nullable = args[0]->nullable();
  return std::make_shared<FunctionExpr>(FunctionTraits{"reverse", Reverse, nullptr, options.ansi}, type, nullable,
                                        std::move(args));
}

Result<TypePtr> FirstType(const std::vector<ExprPtr>& args) {
  return args[0]->type();
}

void AddTrims(FunctionTable* table) {
  const auto add = [table](const char* name, const char* signature, const char* doc, const char* example,
                           const char* since, Kernel kernel, Display display) {
    table->push_back(Function(name, signature, doc, example, since,
                              {.args = {Arg::kString, Arg::kString},
                               .type = StringType(),
                               .kernel = kernel,
                               .required = 1,
                               .display = display}));
  };
  add("trim", "trim(str[, characters])", "Without blanks (or the given characters) at both ends.", "trim('  a ')",
      "1.5.0", TrimKernel<true, true>, DisplayTrim<true, true>);
  add("btrim", "btrim(str[, characters])", "Without blanks (or the given characters) at both ends.",
      "btrim('xax', 'x')", "3.2.0", TrimKernel<true, true>, nullptr);
  add("ltrim", "ltrim(str[, characters])", "Without blanks (or the given characters) at the beginning.", "ltrim('  a')",
      "1.5.0", TrimKernel<true, false>, DisplayTrim<true, false>);
  add("rtrim", "rtrim(str[, characters])", "Without blanks (or the given characters) at the end.", "rtrim('a  ')",
      "1.5.0", TrimKernel<false, true>, DisplayTrim<false, true>);
}

}  // namespace

void AddStrings(FunctionTable* table) {
  const auto text = [table](const char* name, const char* signature, const char* doc, const char* example,
                            const char* since, std::vector<Arg> args, Kernel kernel) {
    table->push_back(Function(name, signature, doc, example, since,
                              {.args = std::move(args), .type = StringType(), .kernel = kernel}));
  };
  const auto count = [table](const char* name, const char* signature, const char* doc, const char* example,
                             const char* since, Kernel kernel) {
    table->push_back(Function(name, signature, doc, example, since,
                              {.args = {Arg::kStringOrBinary}, .type = arrow::int32(), .kernel = kernel}));
  };
  text("upper", "upper(str)", "In upper case.", "upper('SparkSql')", "1.0.1", {Arg::kString}, Upper);
  text("ucase", "ucase(str)", "In upper case.", "ucase('SparkSql')", "1.0.1", {Arg::kString}, Upper);
  text("lower", "lower(str)", "In lower case.", "lower('SparkSql')", "1.0.1", {Arg::kString}, Lower);
  text("lcase", "lcase(str)", "In lower case.", "lcase('SparkSql')", "1.0.1", {Arg::kString}, Lower);
  text("initcap", "initcap(str)", "Each word with a capital letter, the rest in lower case.", "initcap('sPark sql')",
       "1.5.0", {Arg::kString}, InitCap);
  AddTrims(table);
  count("length", "length(str or binary)", "Number of characters, or of bytes of a binary.", "length('Spark')", "1.5.0",
        Length);
  count("len", "len(str or binary)", "Number of characters, or of bytes of a binary.", "len('Spark')", "3.4.0", Length);
  count("char_length", "char_length(str or binary)", "Number of characters, or of bytes of a binary.",
        "char_length('Spark')", "1.5.0", Length);
  count("character_length", "character_length(str or binary)", "Number of characters, or of bytes of a binary.",
        "character_length('Spark')", "1.5.0", Length);
  count("octet_length", "octet_length(str or binary)", "Number of bytes.", "octet_length('Spark')", "2.3.0",
        ByteLength<1>);
  count("bit_length", "bit_length(str or binary)", "Number of bits.", "bit_length('Spark')", "2.3.0", ByteLength<8>);
  for (const char* name : {"substring", "substr"}) {
    table->push_back(Function(name, "substring(str, position[, length])",
                              "Part of a string; the position counts from 1, or from the end.",
                              "substring('Spark SQL', 5, 1)", "1.5.0",
                              {.args = {Arg::kStringOrBinary, Arg::kInt, Arg::kInt},
                               .type_of = FirstType,
                               .kernel = SubstringKernel,
                               .required = 2,
                               .defaults = {IntLiteral(INT32_MAX)}}));
  }
  table->push_back(Function("left", "left(str or binary, length)", "The first characters.", "left('Spark SQL', 3)",
                            "2.3.0",
                            {.args = {Arg::kStringOrBinary, Arg::kInt}, .type_of = FirstType, .kernel = Left}));
  text("right", "right(str, length)", "The last characters.", "right('Spark SQL', 3)", "2.3.0",
       {Arg::kString, Arg::kInt}, Right);
  table->push_back({"lpad", "lpad(str or binary, length[, pad])", "Filled up in front, or cut.",
                    "lpad('hi', 5, '\x3f?')", "1.5.0", [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolvePad("lpad", Pad<true>, PadBytes<true>, std::move(args), options);
                    }});
  table->push_back({"rpad", "rpad(str or binary, length[, pad])", "Filled up behind, or cut.", "rpad('hi', 5, '\x3f?')",
                    "1.5.0", [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolvePad("rpad", Pad<false>, PadBytes<false>, std::move(args), options);
                    }});
  text("repeat", "repeat(str, n)", "The string n times.", "repeat('123', 2)", "1.5.0", {Arg::kString, Arg::kInt},
       Repeat);
  text("space", "space(n)", "n blanks.", "space(2)", "1.5.0", {Arg::kInt}, Space);
  table->push_back(
      {"reverse", "reverse(str or array)", "In the opposite order.", "reverse('Spark SQL')", "1.5.0", ResolveReverse});
}

}  // namespace sluice
