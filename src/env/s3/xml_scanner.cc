// SPDX-License-Identifier: Apache-2.0
#include "env/s3/xml_scanner.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace sluice::s3 {
namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const uint32_t lead = more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0;
  *out += static_cast<char>(lead | (code >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) *out += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
}

bool AppendEntity(std::string_view entity, std::string* out) {
  if (entity == "amp") return *out += '&', true;
  if (entity == "lt") return *out += '<', true;
  if (entity == "gt") return *out += '>', true;
  if (entity == "quot") return *out += '"', true;
  if (entity == "apos") return *out += '\'', true;
  if (!entity.starts_with('#')) return false;
  entity.remove_prefix(1);
  int base = 10;
  if (entity.starts_with('x') || entity.starts_with('X')) {
    entity.remove_prefix(1);
    base = 16;
  }
  uint32_t code = 0;
  const auto [end, error] = std::from_chars(entity.data(), entity.data() + entity.size(), code, base);
  if (error != std::errc() || end != entity.data() + entity.size() || code > 0x10FFFF) return false;
  AppendUtf8(code, out);
  return true;
}

}  // namespace

bool XmlScanner::SkipPast(std::string_view mark) {
  const size_t at = rest_.find(mark);
  if (at == std::string_view::npos) return false;
  rest_.remove_prefix(at + mark.size());
  return true;
}

bool XmlScanner::DecodeText(std::string_view raw) {
  while (!raw.empty()) {
    const size_t at = raw.find('&');
    text_.append(raw.substr(0, at));
    if (at == std::string_view::npos) return true;
    const size_t end = raw.find(';', at);
    if (end == std::string_view::npos || !AppendEntity(raw.substr(at + 1, end - at - 1), &text_)) return false;
    raw.remove_prefix(end + 1);
  }
  return true;
}

XmlScanner::Token XmlScanner::Next() {
  if (self_closed_) {
    self_closed_ = false;
    text_.clear();
    --depth_;
    return Token::kClose;
  }
  text_.clear();
  while (true) {
    const size_t at = rest_.find('<');
    if (at == std::string_view::npos) return depth_ == 0 ? Token::kEnd : Token::kBroken;
    if (!DecodeText(rest_.substr(0, at))) return Token::kBroken;
    rest_.remove_prefix(at + 1);
    if (rest_.starts_with("![CDATA[")) {
      rest_.remove_prefix(8);
      const size_t end = rest_.find("]]>");
      if (end == std::string_view::npos) return Token::kBroken;
      text_.append(rest_.substr(0, end));
      rest_.remove_prefix(end + 3);
    } else if (rest_.starts_with("!--")) {
      if (!SkipPast("-->")) return Token::kBroken;
    } else if (rest_.starts_with('?') || rest_.starts_with('!')) {
      if (!SkipPast(">")) return Token::kBroken;
    } else {
      return ReadTag();
    }
  }
}

XmlScanner::Token XmlScanner::ReadTag() {
  const bool closing = rest_.starts_with('/');
  if (closing) rest_.remove_prefix(1);
  size_t length = 0;
  while (length < rest_.size() && !IsSpace(rest_[length]) && rest_[length] != '>' && rest_[length] != '/') ++length;
  name_ = rest_.substr(0, length);
  if (const size_t colon = name_.find(':'); colon != std::string_view::npos) name_.remove_prefix(colon + 1);
  rest_.remove_prefix(length);
  char quote = 0;
  char last = 0;
  size_t i = 0;
  for (; i < rest_.size(); ++i) {
    const char c = rest_[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      break;
    }
    last = c;
  }
  if (i == rest_.size() || name_.empty()) return Token::kBroken;
  rest_.remove_prefix(i + 1);
  if (closing) return --depth_ < 0 ? Token::kBroken : Token::kClose;
  ++depth_;
  self_closed_ = last == '/';
  return Token::kOpen;
}

std::string XmlText(std::string_view document, std::string_view element) {
  XmlScanner scanner(document);
  while (true) {
    const XmlScanner::Token token = scanner.Next();
    if (token == XmlScanner::Token::kEnd || token == XmlScanner::Token::kBroken) return "";
    if (token != XmlScanner::Token::kOpen || scanner.name() != element) continue;
    return scanner.Next() == XmlScanner::Token::kClose ? scanner.text() : "";
  }
}

std::string XmlEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' || byte < 0x20 || byte == 0x7F) {
      out += fmt::format("&#{};", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace sluice::s3
