// SPDX-License-Identifier: Apache-2.0
// base64, hex, bin, character sets.
#include <arrow/api.h>
#include <fmt/format.h>

#include "expr/base64.h"
#include "expr/branch.h"
#include "expr/characters.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

Result<ArrayPtr> Base64(const KernelCall& call) {
  std::string text;
  return MapRows<Text, Text>(call, [&text](RowOutput<Text>& out, Text bytes) {
    // Lines of 76 characters, as MIME has them.
    constexpr size_t kLine = 57;
    text.clear();
    for (size_t at = 0; at < bytes.size(); at += kLine) {
      if (at > 0) text += "\r\n";
      AppendBase64(bytes.substr(at, kLine), &text);
    }
    return out.Set(text);
  });
}

Result<ArrayPtr> Unbase64(const KernelCall& call) {
  return MapRows<Text, Text>(call, [](RowOutput<Text>& out, Text text) {
    const auto bytes = DecodeBase64(text);
    if (bytes) return out.Set(*bytes);
    return UserError("CONVERSION_INVALID_INPUT",
                     fmt::format("'{}' is no BASE64. Use try_to_binary to get NULL.", text));
  });
}

Result<ArrayPtr> HexOfInteger(const KernelCall& call) {
  return MapRows<Text, int64_t>(call, [](RowOutput<Text>& out, int64_t value) {
    return out.Set(fmt::format("{:X}", static_cast<uint64_t>(value)));
  });
}

Result<ArrayPtr> HexOfBytes(const KernelCall& call) {
  std::string text;
  return MapRows<Text, Text>(call, [&text](RowOutput<Text>& out, Text bytes) {
    text.clear();
    for (const char c : bytes) text += fmt::format("{:02X}", static_cast<unsigned char>(c));
    return out.Set(text);
  });
}

Result<ExprPtr> ResolveHex(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("hex", args.size(), 1, 1));
  const bool number = IsNumericType(*args[0]->type());
  SLUICE_ASSIGN(args[0],
                CoerceArgument("hex", 0, std::move(args[0]), number ? Arg::kLong : Arg::kStringOrBinary, options.ansi));
  const bool nullable = args[0]->nullable();
  return std::make_shared<FunctionExpr>(
      FunctionTraits{"hex", number ? HexOfInteger : HexOfBytes, nullptr, options.ansi}, StringType(), nullable,
      std::move(args));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// NULL for what is no hex.
Result<ArrayPtr> Unhex(const KernelCall& call) {
  std::string bytes;
  return MapRows<Text, Text>(call, [&bytes](RowOutput<Text>& out, Text text) {
    bytes.clear();
    size_t i = 0;
    if (text.size() % 2 == 1) {
      const int digit = HexDigit(text[i++]);
      if (digit < 0) return out.SetNull();
      bytes += static_cast<char>(digit);
    }
    for (; i < text.size(); i += 2) {
      const int high = HexDigit(text[i]);
      const int low = HexDigit(text[i + 1]);
      if (high < 0 || low < 0) return out.SetNull();
      bytes += static_cast<char>(high * 16 + low);
    }
    return out.Set(bytes);
  });
}

Result<ArrayPtr> Bin(const KernelCall& call) {
  return MapRows<Text, int64_t>(call, [](RowOutput<Text>& out, int64_t value) {
    return out.Set(fmt::format("{:b}", static_cast<uint64_t>(value)));
  });
}

enum class Charset { kUtf8, kAscii, kLatin1, kUtf16, kUtf16Be, kUtf16Le, kUtf32 };

Result<Charset> FindCharset(Text name, const FunctionExpr& node) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (upper == "UTF-8") return Charset::kUtf8;
  if (upper == "US-ASCII") return Charset::kAscii;
  if (upper == "ISO-8859-1") return Charset::kLatin1;
  if (upper == "UTF-16") return Charset::kUtf16;
  if (upper == "UTF-16BE") return Charset::kUtf16Be;
  if (upper == "UTF-16LE") return Charset::kUtf16Le;
  if (upper == "UTF-32") return Charset::kUtf32;
  return UserError("INVALID_PARAMETER_VALUE.CHARSET",
                   fmt::format("{} does not know the character set '{}'. It knows UTF-8, US-ASCII, ISO-8859-1, UTF-16, "
                               "UTF-16BE, UTF-16LE and UTF-32.",
                               node.name(), name),
                   {{"functionName", "`" + node.name() + "`"}, {"charset", std::string(name)}});
}

Status Unmappable(const FunctionExpr& node, Text charset) {
  return UserError("MALFORMED_CHARACTER_CODING",
                   fmt::format("{} meets a character that '{}' cannot hold.", node.name(), charset),
                   {{"function", "`" + node.name() + "`"}, {"charset", std::string(charset)}});
}

void AppendUnit(uint32_t unit, bool big_endian, std::string* out) {
  const char high = static_cast<char>(unit >> 8);
  const char low = static_cast<char>(unit);
  *out += big_endian ? high : low;
  *out += big_endian ? low : high;
}

bool EncodeTo(Text text, Charset charset, std::string* out) {
  if (charset == Charset::kUtf8) {
    *out = text;
    return true;
  }
  const bool big_endian = charset != Charset::kUtf16Le;
  if (charset == Charset::kUtf16 && !text.empty()) *out += "\xFE\xFF";
  while (!text.empty()) {
    const Text character = Characters(text, 0, 1);
    const uint32_t point = FirstCodePoint(character);
    text.remove_prefix(character.size());
    if (charset == Charset::kAscii || charset == Charset::kLatin1) {
      if (point > (charset == Charset::kAscii ? 0x7Fu : 0xFFu)) return false;
      *out += static_cast<char>(point);
    } else if (charset == Charset::kUtf32) {
      AppendUnit(point >> 16, true, out);
      AppendUnit(point & 0xFFFF, true, out);
    } else if (point < 0x10000) {
      AppendUnit(point, big_endian, out);
    } else {
      AppendUnit(0xD800 + ((point - 0x10000) >> 10), big_endian, out);
      AppendUnit(0xDC00 + ((point - 0x10000) & 0x3FF), big_endian, out);
    }
  }
  return true;
}

// Big-endian, unless a mark says otherwise.
bool DecodeUtf32(Text bytes, std::string* out) {
  bool big_endian = true;
  if (bytes.starts_with(Text("\xFF\xFE\0\0", 4))) big_endian = false;
  if (!big_endian || bytes.starts_with(Text("\0\0\xFE\xFF", 4))) bytes.remove_prefix(4);
  if (bytes.size() % 4 != 0) return false;
  for (size_t i = 0; i < bytes.size(); i += 4) {
    uint32_t point = 0;
    for (size_t k = 0; k < 4; ++k)
      point = point << 8 | static_cast<unsigned char>(bytes[big_endian ? i + k : i + 3 - k]);
    if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    AppendCodePoint(point, out);
  }
  return true;
}

bool DecodeFrom(Text bytes, Charset charset, std::string* out) {
  if (charset == Charset::kUtf32) return DecodeUtf32(bytes, out);
  if (charset == Charset::kUtf8) {
    *out = bytes;
    return IsUtf8(bytes);
  }
  if (charset == Charset::kAscii || charset == Charset::kLatin1) {
    for (const char c : bytes) {
      if (charset == Charset::kAscii && (c & 0x80) != 0) return false;
      AppendCodePoint(static_cast<unsigned char>(c), out);
    }
    return true;
  }
  bool big_endian = charset != Charset::kUtf16Le;
  if (charset == Charset::kUtf16 && bytes.size() >= 2) {
    if (bytes.starts_with("\xFF\xFE")) big_endian = false;
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) bytes.remove_prefix(2);
  }
  if (bytes.size() % 2 != 0) return false;
  uint32_t high = 0;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    const uint32_t unit =
        big_endian ? static_cast<uint32_t>(first << 8 | second) : static_cast<uint32_t>(second << 8 | first);
    const bool low = unit >= 0xDC00 && unit < 0xE000;
    if (low != (high != 0)) return false;  // half a pair
    if (low) {
      AppendCodePoint(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00), out);
      high = 0;
    } else if (unit >= 0xD800 && unit < 0xDC00) {
      high = unit;
    } else {
      AppendCodePoint(unit, out);
    }
  }
  return high == 0;
}

template <bool (*kConvert)(Text, Charset, std::string*)>
Result<ArrayPtr> ConvertCharset(const KernelCall& call) {
  std::string converted;
  return MapRows<Text, Text, Text>(call, [&](RowOutput<Text>& out, Text text, Text name) -> Status {
    SLUICE_ASSIGN(const Charset charset, FindCharset(name, call.node));
    converted.clear();
    if (!kConvert(text, charset, &converted)) return Unmappable(call.node, name);
    return out.Set(converted);
  });
}

// decode(a, b, value, c, value, ...[, else]): CASE over what a equals, where NULL equals NULL.
Result<ExprPtr> ResolveChoice(const std::vector<ExprPtr>& args, const ResolveOptions& options) {
  std::vector<ExprPtr> branches;
  for (size_t i = 1; i + 1 < args.size(); i += 2) {
    SLUICE_ASSIGN(auto equal, ResolveFunction("<=>", {args[0], args[i]}, options));
    branches.push_back(std::move(equal));
    branches.push_back(args[i + 1]);
  }
  branches.push_back(args.size() % 2 == 0 ? args.back()
                                          : std::make_shared<LiteralExpr>(arrow::MakeNullScalar(StringType())));
  std::string shown;
  for (const auto& arg : args) shown += (shown.empty() ? "decode(" : ", ") + arg->ToString();
  SLUICE_ASSIGN(const auto choice, ResolveFunction("when", std::move(branches), options));
  return std::make_shared<BranchExpr>(BranchExpr::Kind::kCase, "when", choice->type(), choice->nullable(),
                                      choice->children(), shown + ")");
}

}  // namespace

void AddEncodings(FunctionTable* table) {
  table->push_back(Function("base64", "base64(str or binary)",
                            "In BASE64, in lines of 76 characters with \\r\\n in between.", "base64('Spark SQL')",
                            "1.5.0", {.args = {Arg::kBinary}, .type = StringType(), .kernel = Base64}));
  table->push_back(Function("unbase64", "unbase64(str)", "The bytes of a BASE64 text.", "unbase64('U3BhcmsgU1FM')",
                            "1.5.0",
                            {.args = {Arg::kString}, .type = BinaryType(), .kernel = Unbase64, .java_text = true}));
  table->push_back({"hex", "hex(number, str or binary)", "In hexadecimal digits.", "hex(17)", "1.5.0", ResolveHex});
  table->push_back(Function("unhex", "unhex(str)", "The bytes of hexadecimal digits; NULL when there are others.",
                            "unhex('537061726B')", "1.5.0",
                            {.args = {Arg::kString}, .type = BinaryType(), .kernel = Unhex, .nulls = Nulls::kAlways}));
  table->push_back(Function("bin", "bin(number)", "In binary digits.", "bin(13)", "1.5.0",
                            {.args = {Arg::kLong}, .type = StringType(), .kernel = Bin}));
  table->push_back(Function("encode", "encode(str, charset)", "The bytes of a string in a character set.",
                            "encode('abc', 'utf-8')", "1.5.0",
                            {.args = {Arg::kString, Arg::kString},
                             .type = BinaryType(),
                             .kernel = ConvertCharset<EncodeTo>,
                             .nulls = Nulls::kAlways,
                             .java_text = true}));
  ScalarFunction decode =
      Function("decode", "decode(binary, charset), decode(a, b, value, ...[, else])",
               "The string of bytes in a character set; with more arguments the value behind the one that a equals.",
               "decode(encode('abc', 'utf-8'), 'utf-8')", "1.5.0",
               {.args = {Arg::kBinary, Arg::kString},
                .type = StringType(),
                .kernel = ConvertCharset<DecodeFrom>,
                .nulls = Nulls::kAlways});
  decode.resolve = [bytes = decode.resolve](std::vector<ExprPtr> args, const ResolveOptions& options) {
    return args.size() < 3 ? bytes(std::move(args), options) : ResolveChoice(args, options);
  };
  table->push_back(std::move(decode));
}

}  // namespace sluice
