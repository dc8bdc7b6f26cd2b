// SPDX-License-Identifier: Apache-2.0
// url_encode, url_decode, parse_url.
#include <arrow/api.h>
#include <fmt/format.h>

#include <optional>

#include "expr/map_rows.h"
#include "expr/regex.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/spark_type.h"
#include "types/utf8_repair.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// As forms are sent: a blank is +.
Result<ArrayPtr> UrlEncode(const KernelCall& call) {
  ValueText result(call.context);
  return MapRows<Text, Text>(call, [&result](RowOutput<Text>& out, Text text) -> Status {
    result.Clear();
    for (const char& c : text) {
      const bool plain = IsAlphanumeric(c) || Text("-_.*").find(c) != Text::npos;
      SLUICE_RETURN_IF_ERROR(result.Append(plain      ? std::string(1, c)
                                           : c == ' ' ? std::string("+")
                                                      : fmt::format("%{:02X}", static_cast<unsigned char>(c))));
    }
    return out.Set(result.text());
  });
}

std::optional<std::string> Decoded(Text text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (IsUtf8(bytes)) return bytes;
  std::string repaired;
  AppendRepaired(bytes, &repaired);
  return repaired;
}

template <bool kTry>
Result<ArrayPtr> UrlDecode(const KernelCall& call) {
  return MapRows<Text, Text>(call, [](RowOutput<Text>& out, Text text) {
    const auto decoded = Decoded(text);
    if (decoded) return out.Set(*decoded);
    if (kTry) return out.SetNull();
    return UserError("CANNOT_DECODE_URL", fmt::format("'{}' is no encoded text. Use try_url_decode to get NULL.", text),
                     {{"url", std::string(text)}});
  });
}

struct Url {
  std::optional<Text> scheme, authority, path, query, fragment, user, host;
};

// Signs that a URL may have as they are; others beyond ASCII too.
bool IsUrlSign(char c) {
  return IsAlphanumeric(c) || static_cast<unsigned char>(c) >= 0x80 ||
         Text("-_.!~*'();/?:@&=+$,[]%#").find(c) != Text::npos;
}

bool IsHost(Text host) {
  if (host.empty()) return false;
  if (host.front() == '[') return host.back() == ']';
  // Names of letters, digits and hyphens, the last one begins with a letter; or four numbers.
  const Text last = host.substr(host.rfind('.') == Text::npos ? 0 : host.rfind('.') + 1);
  bool numbers = true;
  for (const char c : host) {
    if (!IsAlphanumeric(c) && c != '-' && c != '.') return false;
    numbers = numbers && ((c >= '0' && c <= '9') || c == '.');
  }
  return numbers || last.empty() || !(last[0] >= '0' && last[0] <= '9');
}

void ReadAuthority(Text authority, Url* url) {
  url->authority = authority;
  const size_t at = authority.rfind('@');
  Text host = at == Text::npos ? authority : authority.substr(at + 1);
  const size_t colon = host.front() == '[' ? host.find(':', host.find(']')) : host.find(':');
  if (!IsHost(host.substr(0, colon))) return;
  if (at != Text::npos) url->user = authority.substr(0, at);
  url->host = host.substr(0, colon);
}

// Nothing when it is no URL.
std::optional<Url> ReadUrl(Text text) {
  Url url;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsUrlSign(text[i])) return std::nullopt;
    if (text[i] != '%') continue;
    if (i + 2 >= text.size() || HexDigit(text[i + 1]) < 0 || HexDigit(text[i + 2]) < 0) return std::nullopt;
  }
  if (const size_t hash = text.find('#'); hash != Text::npos) {
    url.fragment = text.substr(hash + 1);
    if (url.fragment->find('#') != Text::npos) return std::nullopt;
    text = text.substr(0, hash);
  }
  const size_t colon = text.find_first_of(":/?");
  if (colon != Text::npos && text[colon] == ':') {
    const Text scheme = text.substr(0, colon);
    const bool letter = !scheme.empty() && IsAlphanumeric(scheme[0]) && !(scheme[0] >= '0' && scheme[0] <= '9');
    if (!letter) return std::nullopt;
    for (const char c : scheme) {
      if (!IsAlphanumeric(c) && Text("+-.").find(c) == Text::npos) return std::nullopt;
    }
    url.scheme = scheme;
    text = text.substr(colon + 1);
    if (text.empty()) return std::nullopt;
    if (text.front() != '/') return url;  // mailto: and the like have no parts
  }
  if (text.starts_with("//")) {
    text = text.substr(2);
    const size_t end = text.find_first_of("/?");
    const Text authority = text.substr(0, end);
    if (!authority.empty()) ReadAuthority(authority, &url);
    if (authority.empty() && text.empty()) return std::nullopt;
    text = end == Text::npos ? Text() : text.substr(end);
  }
  const size_t question = text.find('?');
  if (question != Text::npos) url.query = text.substr(question + 1);
  url.path = text.substr(0, question);
  return url;
}

std::optional<std::string> PartOf(const Url& url, Text part) {
  const auto text = [](const std::optional<Text>& value) {
    return value ? std::optional<std::string>(std::string(*value)) : std::nullopt;
  };
  if (part == "HOST") return text(url.host);
  if (part == "PATH") return text(url.path);
  if (part == "QUERY") return text(url.query);
  if (part == "REF") return text(url.fragment);
  if (part == "PROTOCOL") return text(url.scheme);
  if (part == "AUTHORITY") return text(url.authority);
  if (part == "USERINFO") return text(url.user);
  if (part != "FILE" || !url.path) return std::nullopt;
  return url.query ? fmt::format("{}?{}", *url.path, *url.query) : std::string(*url.path);
}

template <bool kTry>
Result<ArrayPtr> ParseUrl(const KernelCall& call) {
  RegexCache cache("parse_url", call.context);
  const bool keyed = call.args.size() > 2;
  ViewWriter writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  const ColumnReader<Text> urls(*call.args[0]);
  const ColumnReader<Text> parts(*call.args[1]);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    const auto url = ReadUrl(urls[row]);
    if (!url && call.node.ansi() && !kTry) {
      return WithRow(UserError("INVALID_URL", fmt::format("'{}' is no URL. Use try_parse_url to get NULL.", urls[row]),
                               {{"url", std::string(urls[row])}}),
                     row);
    }
    std::optional<std::string> found;
    if (url && (!keyed || parts[row] == "QUERY")) found = PartOf(*url, parts[row]);
    if (found && keyed) {
      SLUICE_ASSIGN(Regex * regex, cache.Get(fmt::format("(&|^){}=([^&]*)", ColumnReader<Text>(*call.args[2])[row])));
      SLUICE_ASSIGN(const bool has, regex->Find(*found));
      const auto span = regex->group(2);
      found = has ? std::optional(found->substr(span.begin, span.end - span.begin)) : std::nullopt;
    }
    SLUICE_RETURN_IF_ERROR(found ? writer.Set(row, *found) : writer.SetNull(row));
  }
  return writer.Finish(call.node.type());
}

}  // namespace

void AddUrls(FunctionTable* table) {
  table->push_back(Function(
      "url_encode", "url_encode(str)", "As forms are sent: signs as %XX, a blank as +.",
      "url_encode('https://spark.apache.org')", "3.4.0",
      {.args = {Arg::kString}, .type = StringType(), .kernel = UrlEncode, .nulls = Nulls::kAlways, .java_text = true}));
  table->push_back(Function("url_decode", "url_decode(str)", "What url_encode was given.",
                            "url_decode('https%3A%2F%2Fspark.apache.org')", "3.4.0",
                            {.args = {Arg::kString},
                             .type = StringType(),
                             .kernel = UrlDecode<false>,
                             .nulls = Nulls::kAlways,
                             .java_text = true}));
  table->push_back(Function("try_url_decode", "try_url_decode(str)", "As url_decode, but NULL for what is malformed.",
                            "try_url_decode('%')", "4.0.0",
                            {.args = {Arg::kString},
                             .type = StringType(),
                             .kernel = UrlDecode<true>,
                             .nulls = Nulls::kAlways,
                             .java_text = true}));
  const auto parse = [table](const char* name, const char* doc, const char* example, const char* since, Kernel kernel) {
    table->push_back(Function(name, "parse_url(url, part[, key])", doc, example, since,
                              {.args = {Arg::kString, Arg::kString, Arg::kString},
                               .type = StringType(),
                               .kernel = kernel,
                               .nulls = Nulls::kAlways,
                               .required = 2,
                               .java_text = true}));
  };
  parse("parse_url", "HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO; of the query the value of a key.",
        "parse_url('http://spark.apache.org/path?query=1', 'HOST')", "2.0.0", ParseUrl<false>);
  parse("try_parse_url", "As parse_url, but NULL for what is no URL.", "try_parse_url('inva lid', 'HOST')", "4.0.0",
        ParseUrl<true>);
}

}  // namespace sluice
