// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include "expr/regex.h"

#include <fmt/format.h>
#include <pcre2.h>

#include "base/spark_error.h"

namespace sluice {
namespace {

// Enough for honest patterns on megabyte values; a runaway pattern ends with an error instead of hanging the query.
constexpr uint32_t kMatchLimit = 50'000'000;
constexpr size_t kJitStack = 1 << 20;

// What Java writes otherwise than PCRE2: POSIX classes as \p{Alpha}, and \h inside of nothing else.
std::string Translate(std::string_view pattern) {
  struct Row {
    std::string_view java;
    std::string_view pcre;
  };
  static constexpr Row kClasses[] = {{"Lower", "a-z"},
                                     {"Upper", "A-Z"},
                                     {"ASCII", "\\x00-\\x7F"},
                                     {"Alpha", "a-zA-Z"},
                                     {"Digit", "0-9"},
                                     {"Alnum", "a-zA-Z0-9"},
                                     {"Punct", "!-\\/:-@\\[-`{-~"},
                                     {"Graph", "!-~"},
                                     {"Print", " -~"},
                                     {"Blank", " \\t"},
                                     {"Cntrl", "\\x00-\\x1F\\x7F"},
                                     {"XDigit", "0-9a-fA-F"},
                                     {"Space", " \\t\\n\\x0B\\f\\r"},
                                     {"IsAlphabetic", "\\p{L}"},
                                     {"IsDigit", "\\p{Nd}"},
                                     {"IsLetter", "\\p{L}"},
                                     {"IsPunctuation", "\\p{P}"},
                                     {"IsWhite_Space", "\\s"},
                                     {"javaLetter", "\\p{L}"}};
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char kind = pattern[i + 1];
      const size_t close = pattern.find('}', i);
      if ((kind == 'p' || kind == 'P') && i + 2 < pattern.size() && pattern[i + 2] == '{' &&
          close != std::string_view::npos) {
        const std::string_view name = pattern.substr(i + 3, close - i - 3);
        const Row* row = nullptr;
        for (const Row& known : kClasses) {
          if (known.java == name) row = &known;
        }
        if (row != nullptr && (kind == 'p' || !in_class)) {
          if (in_class) {
            out += row->pcre;
          } else {
            out += kind == 'p' ? fmt::format("[{}]", row->pcre) : fmt::format("[^{}]", row->pcre);
          }
          i = close;
          continue;
        }
      }
      out += c;
      out += kind;
      ++i;
      continue;
    }
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    out += c;
  }
  return out;
}

std::string PcreMessage(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

}  // namespace

struct Regex::Code {
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
  pcre2_match_context* context = nullptr;
  pcre2_jit_stack* stack = nullptr;
  ~Code() {
    if (stack != nullptr) pcre2_jit_stack_free(stack);
    if (context != nullptr) pcre2_match_context_free(context);
    if (match != nullptr) pcre2_match_data_free(match);
    if (code != nullptr) pcre2_code_free(code);
  }
};

Regex::Regex() : code_(std::make_unique<Code>()) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::Compile(std::string_view pattern, const std::string& function) {
  Regex regex;
  const std::string text = Translate(pattern);
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
  pcre2_set_newline(context, PCRE2_NEWLINE_ANY);
  regex.code_->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &offset, context);
  pcre2_compile_context_free(context);
  if (regex.code_->code == nullptr) {
    return UserError("INVALID_PARAMETER_VALUE.PATTERN",
                     fmt::format("The pattern '{}' of {} is malformed: {}.", pattern, function, PcreMessage(error)),
                     {{"parameter", "`regexp`"},
                      {"functionName", "`" + function + "`"},
                      {"value", "'" + std::string(pattern) + "'"}});
  }
  pcre2_jit_compile(regex.code_->code, PCRE2_JIT_COMPLETE);
  regex.code_->match = pcre2_match_data_create_from_pattern(regex.code_->code, nullptr);
  regex.code_->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(regex.code_->context, kMatchLimit);
  regex.code_->stack = pcre2_jit_stack_create(32 * 1024, kJitStack, nullptr);
  pcre2_jit_stack_assign(regex.code_->context, nullptr, regex.code_->stack);
  uint32_t groups = 0;
  pcre2_pattern_info(regex.code_->code, PCRE2_INFO_CAPTURECOUNT, &groups);
  regex.groups_.resize(groups + 1);
  return regex;
}

Result<bool> Regex::Find(std::string_view text, size_t begin) {
  // PCRE2 wants a pointer also for an empty text.
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data() == nullptr ? "" : text.data());
  const int found = pcre2_match(code_->code, subject, text.size(), begin, 0, code_->match, code_->context);
  if (found == PCRE2_ERROR_NOMATCH) return false;
  if (found < 0) {
    return UserError(
        "INVALID_PARAMETER_VALUE.PATTERN",
        fmt::format("A regular expression needs too much work on a value of {} bytes: {}. Simplify the pattern.",
                    text.size(), PcreMessage(found)));
  }
  const PCRE2_SIZE* spans = pcre2_get_ovector_pointer(code_->match);
  for (size_t i = 0; i < groups_.size(); ++i) {
    const bool set = static_cast<int>(i) < found && spans[2 * i] != PCRE2_UNSET;
    groups_[i] = set ? Span{spans[2 * i], spans[2 * i + 1], true} : Span{};
  }
  return true;
}

int Regex::GroupNumber(const std::string& name) const {
  const int number = pcre2_substring_number_from_name(code_->code, reinterpret_cast<PCRE2_SPTR>(name.c_str()));
  return number < 0 ? -1 : number;
}

Result<Regex*> RegexCache::Get(std::string_view pattern) {
  if (regex_ == nullptr || pattern_ != pattern) {
    SLUICE_ASSIGN(auto regex, Regex::Compile(pattern, function_));
    regex_ = std::make_unique<Regex>(std::move(regex));
    pattern_ = pattern;
  }
  return regex_.get();
}

}  // namespace sluice
