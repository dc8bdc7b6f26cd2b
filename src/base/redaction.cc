// SPDX-License-Identifier: Apache-2.0
#include "base/redaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>
#include <set>
#include <shared_mutex>

namespace sluice {
namespace {

constexpr std::string_view kMask = "***";
constexpr size_t kShortest = 4;

struct LongestFirst {
  bool operator()(const std::string& a, const std::string& b) const {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  }
};

std::shared_mutex mutex;
// Longest first, so that a secret that contains another is masked whole.
std::set<std::string, LongestFirst>& Secrets() {
  static auto* secrets = new std::set<std::string, LongestFirst>();
  return *secrets;
}

std::string Base64(std::string_view data) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < data.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j) bits = bits << 8 | (i + j < data.size() ? static_cast<uint8_t>(data[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) out += i + j <= data.size() ? kAlphabet[bits >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::string UrlEncode(std::string_view data) {
  std::string out;
  for (const unsigned char c : data) {
    out += std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~' ? std::string(1, static_cast<char>(c))
                                                                           : fmt::format("%{:02X}", c);
  }
  return out;
}

void ReplaceAll(std::string* text, const std::string& what) {
  for (size_t at = text->find(what); at != std::string::npos; at = text->find(what, at + kMask.size())) {
    text->replace(at, what.size(), kMask);
  }
}

// Words after which, up to the end of the value, nothing is shown: password="x", sasl.password: x,
// X-Amz-Security-Token=x.
constexpr std::array<std::string_view, 9> kTellingWords = {"password",   "passwd",          "secret",
                                                           "secret.key", "secretaccesskey", "secret_access_key",
                                                           "token",      "session_token",   "clientsecret"};

bool IsTellingWord(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::any_of(kTellingWords.begin(), kTellingWords.end(), [&](std::string_view telling) {
    return lower.size() >= telling.size() && lower.compare(lower.size() - telling.size(), telling.size(), telling) == 0;
  });
}

bool IsWordByte(unsigned char c) {
  return std::isalnum(c) || c == '_' || c == '.' || c == '-';
}

// End of the value that begins at `at`: the closing quote, or the next separator.
size_t EndOfValue(std::string_view text, size_t at) {
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
    const char quote = text[at];
    size_t end = at + 1;
    while (end < text.size() && text[end] != quote) end += text[end] == '\\' ? 2 : 1;
    return std::min(end + 1, text.size());
  }
  while (at < text.size() && !std::isspace(static_cast<unsigned char>(text[at])) && text[at] != ';' &&
         text[at] != ',' && text[at] != '&' && text[at] != ')' && text[at] != '"' && text[at] != '\'') {
    ++at;
  }
  return at;
}

size_t SkipSpaces(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

// Where the value begins that belongs to the telling word before `end`: password=x, password = 'x', "password": "x",
// `password` => 'x' of SQL's arguments, password 'x' of its options. npos: there is none. Beside "=" alone a value must
// be quoted, since "the token: what it is" tells nothing.
size_t BeginOfValue(std::string_view text, std::string_view word, size_t end) {
  size_t at = end;
  if (at < text.size() && (text[at] == '"' || text[at] == '\'' || text[at] == '`')) ++at;
  at = SkipSpaces(text, at);
  const bool assigned = at < text.size() && (text[at] == '=' || text[at] == ':');
  if (assigned && text[at] == '=' && at == end && SkipSpaces(text, at + 1) == at + 1 &&
      (at + 1 >= text.size() || text[at + 1] != '>')) {
    return at + 1;
  }
  if (assigned) ++at;
  if (assigned && at < text.size() && text[at] == '>') ++at;
  at = SkipSpaces(text, at);
  const bool quoted = at < text.size() && (text[at] == '"' || text[at] == '\'');
  const bool only_a_word = word == "token" || word == "secret";  // an unexpected token ')'
  return quoted && (assigned || (at > end && !only_a_word)) ? at : std::string_view::npos;
}

std::string MaskAssignments(std::string_view text) {
  std::string out;
  size_t done = 0;
  for (size_t i = 0; i < text.size();) {
    if (!IsWordByte(static_cast<unsigned char>(text[i]))) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && IsWordByte(static_cast<unsigned char>(text[end]))) ++end;
    const std::string_view word = text.substr(i, end - i);
    i = end;
    if (!IsTellingWord(word)) continue;
    const size_t begin = BeginOfValue(text, word, end);
    if (begin == std::string_view::npos) continue;
    const size_t value_end = EndOfValue(text, begin);
    if (value_end == begin) continue;
    out.append(text.substr(done, begin - done)).append(kMask);
    done = i = value_end;
  }
  out.append(text.substr(done));
  return out;
}

// user:password@ between "://" and the host of a URL.
std::string MaskUserInfo(std::string text) {
  for (size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at)) {
    at += 3;
    const std::string_view rest =
        std::string_view(text).substr(at, text.find_first_of(" \t\n'\"", at) - at);  // up to the URL's end
    const size_t colon = rest.find(':');
    const size_t slash = rest.find('/');
    if (colon == std::string_view::npos || colon > slash) continue;
    // A password may hold '@' and '/' that should have been encoded; only digits behind the colon are a port.
    const bool is_port = rest.substr(0, slash).find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
    const size_t sign = is_port ? std::string_view::npos : rest.rfind('@');
    if (sign != std::string_view::npos && sign > colon) text.replace(at, sign, kMask);
  }
  return text;
}

}  // namespace

void RegisterSecret(std::string_view secret) {
  if (secret.size() < kShortest) return;
  std::unique_lock lock(mutex);
  Secrets().insert(std::string(secret));
  std::string base64 = Base64(secret);
  while (!base64.empty() && base64.back() == '=') base64.pop_back();
  Secrets().insert(base64);
  Secrets().insert(UrlEncode(secret));
}

std::string Redact(std::string_view text) {
  std::string out = MaskUserInfo(MaskAssignments(text));
  std::shared_lock lock(mutex);
  for (const std::string& secret : Secrets()) ReplaceAll(&out, secret);
  return out;
}

}  // namespace sluice
