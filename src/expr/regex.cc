// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include "expr/regex.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/spark_error.h"
#include "expr/characters.h"
#include "expr/java_pattern.h"

namespace sluice {
namespace {

constexpr size_t kJitStack = 1 << 20;
constexpr uint32_t kHeapKiB = 16 << 10;  // without JIT
// Without counting: what one call may cost at worst, in characters looked at, and how long all of a text may take.
// The calls of a short text are not divided.
constexpr double kCallCost = 1 << 30;
constexpr size_t kUndivided = 512;
constexpr double kWindowCost = 250'000;  // beginnings times the size of the text
constexpr int64_t kUncountedNs = 20'000'000;
// With counting: for one text, about a third of a second. More than can be done in kUncountedNs.
constexpr int64_t kMostWork = 160'000'000;
constexpr int64_t kStepWork = 16;  // a step, in characters passed over
constexpr int64_t kStepsUncancelled = 4096;

std::string PcreMessage(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

Status Malformed(std::string_view pattern, const std::string& function, const std::string& why) {
  constexpr size_t kShown = 200;
  const std::string shown(Characters(pattern, 0, kShown));
  return UserError("INVALID_PARAMETER_VALUE.PATTERN",
                   fmt::format("The pattern '{}'{} of {} is malformed: {}.", shown,
                               shown.size() < pattern.size() ? " ..." : "", function, why),
                   {{"parameter", "`regexp`"}, {"functionName", "`" + function + "`"}, {"value", "'" + shown + "'"}});
}

// What counting needs to know.
struct Work {
  const std::string* pattern = nullptr;
  const std::atomic<bool>* cancelled = nullptr;
  int64_t left = 0;
  int64_t steps = 0;
  size_t at = 0;
  bool gave_up = false;  // cancelled
};

// Called before each item of the pattern is tried. What lies between two calls is passed over at once, except the text
// of a back reference, which is compared whole before it is known whether the place moves.
int CountStep(pcre2_callout_block* block, void* data) {
  auto* work = static_cast<Work*>(data);
  const size_t at = block->current_position;
  work->left -= kStepWork + static_cast<int64_t>(at > work->at ? at - work->at : work->at - at);
  work->at = at;
  const std::string_view item = std::string_view(*work->pattern).substr(block->pattern_position);
  if (item.starts_with("\\g{")) {
    const auto group = static_cast<uint32_t>(std::strtoul(item.data() + 3, nullptr, 10));
    const PCRE2_SIZE* span = block->offset_vector + 2 * group;
    if (group < block->capture_top && span[0] != PCRE2_UNSET && span[1] > span[0])
      work->left -= static_cast<int64_t>(span[1] - span[0]);
  }
  if (++work->steps % kStepsUncancelled == 0 && work->cancelled != nullptr && *work->cancelled) work->gave_up = true;
  return work->left < 0 || work->gave_up ? PCRE2_ERROR_CALLOUT : 0;
}

int64_t NowNs() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

PCRE2_SPTR Subject(std::string_view text) {
  // PCRE2 wants a pointer also for an empty text.
  return reinterpret_cast<PCRE2_SPTR>(text.data() == nullptr ? "" : text.data());
}

}  // namespace

struct Regex::Code {
  std::string pattern;  // PCRE2's
  pcre2_code* code = nullptr;
  pcre2_code* counting = nullptr;  // the same with callouts; made when it is needed
  pcre2_match_data* match = nullptr;
  pcre2_match_context* context = nullptr;
  pcre2_jit_stack* stack = nullptr;
  Work work;
  bool windows = true;
  const std::atomic<bool>* cancelled = nullptr;
  Code() = default;
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() {
    if (stack != nullptr) pcre2_jit_stack_free(stack);
    if (context != nullptr) pcre2_match_context_free(context);
    if (match != nullptr) pcre2_match_data_free(match);
    if (counting != nullptr) pcre2_code_free(counting);
    if (code != nullptr) pcre2_code_free(code);
  }

  // The message of what is wrong, or empty.
  std::string Build(uint32_t options, pcre2_code** out) const {
    int error = 0;
    PCRE2_SIZE offset = 0;
    pcre2_compile_context* compiling = pcre2_compile_context_create(nullptr);
    pcre2_set_newline(compiling, PCRE2_NEWLINE_ANY);
    *out = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                         PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | options, &error, &offset,
                         compiling);
    pcre2_compile_context_free(compiling);
    if (*out == nullptr) return PcreMessage(error);
    pcre2_jit_compile(*out, PCRE2_JIT_COMPLETE);
    return {};
  }
};

Regex::Regex() : code_(std::make_unique<Code>()) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::Compile(std::string_view pattern, const std::string& function,
                             const std::atomic<bool>* cancelled) {
  Result<std::string> translated = TranslateJavaPattern(pattern);
  if (!translated.ok()) return Malformed(pattern, function, translated.status().message());
  Regex regex;
  Code& code = *regex.code_;
  code.pattern = *std::move(translated);
  code.cancelled = cancelled;
  // \G is where a search begins, which a window would move.
  code.windows = code.pattern.find("\\G") == std::string::npos;
  const std::string wrong = code.Build(PCRE2_USE_OFFSET_LIMIT, &code.code);
  if (!wrong.empty()) return Malformed(pattern, function, wrong);
  code.match = pcre2_match_data_create_from_pattern(code.code, nullptr);
  code.context = pcre2_match_context_create(nullptr);
  code.stack = pcre2_jit_stack_create(32 * 1024, kJitStack, nullptr);
  if (code.match == nullptr || code.context == nullptr || code.stack == nullptr) throw std::bad_alloc();
  pcre2_set_heap_limit(code.context, kHeapKiB);
  pcre2_jit_stack_assign(code.context, nullptr, code.stack);
  pcre2_set_callout(code.context, CountStep, &code.work);
  uint32_t groups = 0;
  pcre2_pattern_info(code.code, PCRE2_INFO_CAPTURECOUNT, &groups);
  regex.groups_.resize(groups + 1);
  return regex;
}

Result<bool> Regex::Find(std::string_view text, size_t begin) {
  text_ = text;
  first_ = begin;
  matches_ = 0;
  counting_ = false;
  spent_ns_ = 0;
  return Search(begin);
}

size_t Regex::BehindMatch() const {
  const Span& match = groups_[0];
  if (match.end > match.begin) return match.end;
  return match.end + (match.end < text_.size() ? CharacterSize(static_cast<unsigned char>(text_[match.end])) : 1);
}

Result<bool> Regex::FindNext() {
  const size_t begin = BehindMatch();
  return begin <= text_.size() ? Search(begin) : false;
}

Result<bool> Regex::Search(size_t begin) {
  bool found = false;
  if (!counting_) {
    SLUICE_ASSIGN(const Outcome outcome, SearchWindows(begin));
    found = outcome == Outcome::kFound;
    if (outcome == Outcome::kSlow) SLUICE_RETURN_IF_ERROR(StartCounting());
  }
  if (counting_) {
    SLUICE_ASSIGN(found, SearchCounting(begin));
  }
  matches_ += found ? 1 : 0;
  return found;
}

// A window is so small that the worst case of all its beginnings is bearable: each may look at all of the text as often
// as the match limit allows.
Result<Regex::Outcome> Regex::SearchWindows(size_t begin) {
  Code& code = *code_;
  const size_t size = text_.size();
  if (!code.windows && size > kUndivided) return Outcome::kSlow;
  const double length = static_cast<double>(std::max<size_t>(size, 16));
  const size_t window =
      size <= kUndivided ? size + 1 : std::clamp<size_t>(static_cast<size_t>(kWindowCost / length), 16, size);
  const double limit = kCallCost / length / static_cast<double>(window);
  pcre2_set_match_limit(code.context, static_cast<uint32_t>(std::clamp(limit, 16.0, 1e6)));
  int64_t now = NowNs();
  for (size_t from = begin;;) {
    const size_t last = size - from < window ? size : from + window;
    pcre2_set_offset_limit(code.context, last);
    const int count = pcre2_match(code.code, Subject(text_), size, from, 0, code.match, code.context);
    const int64_t then = NowNs();
    spent_ns_ += then - std::exchange(now, then);
    if (count > 0) {
      SLUICE_RETURN_IF_ERROR(TakeGroups(from, count));
      return Outcome::kFound;
    }
    if (count == PCRE2_ERROR_MATCHLIMIT || spent_ns_ > kUncountedNs) return Outcome::kSlow;
    if (count != PCRE2_ERROR_NOMATCH) return TooMuch(PcreMessage(count));
    if (last == size) return Outcome::kNone;
    from = last + 1;
    while (from < size && (static_cast<unsigned char>(text_[from]) & 0xC0) == 0x80) ++from;
  }
}

// Goes over the matches that were found already, so that their steps count too.
Status Regex::StartCounting() {
  Code& code = *code_;
  if (code.counting == nullptr) {
    const std::string wrong = code.Build(PCRE2_AUTO_CALLOUT, &code.counting);
    if (!wrong.empty()) return TooMuch(wrong);
  }
  counting_ = true;
  code.work = Work{&code.pattern, code.cancelled, kMostWork};
  size_t begin = first_;
  for (int64_t i = 0; i < matches_; ++i) {
    SLUICE_RETURN_IF_ERROR(SearchCounting(begin).status());
    begin = BehindMatch();
  }
  return Status::OK();
}

Result<bool> Regex::SearchCounting(size_t begin) {
  Code& code = *code_;
  constexpr uint32_t kMatchLimit = 10'000'000;  // the work ends first
  pcre2_set_match_limit(code.context, kMatchLimit);
  pcre2_set_offset_limit(code.context, PCRE2_UNSET);
  code.work.at = begin;
  code.work.left -= kStepWork;
  const int count = pcre2_match(code.counting, Subject(text_), text_.size(), begin, 0, code.match, code.context);
  if (code.work.gave_up) return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
  if (count == PCRE2_ERROR_NOMATCH) return false;
  if (count == PCRE2_ERROR_CALLOUT || code.work.left < 0) return TooMuch("it would take too long");
  if (count < 0) return TooMuch(PcreMessage(count));
  SLUICE_RETURN_IF_ERROR(TakeGroups(begin, count));
  return true;
}

Status Regex::TakeGroups(size_t begin, int count) {
  const PCRE2_SIZE* spans = pcre2_get_ovector_pointer(code_->match);
  // What callers rely on, whatever the library does.
  const bool sound = spans[0] >= begin && spans[0] <= spans[1] && spans[1] <= text_.size();
  if (!sound) return TooMuch("it matches backwards");
  for (size_t i = 0; i < groups_.size(); ++i) {
    const bool set =
        static_cast<int>(i) < count && spans[2 * i] <= spans[2 * i + 1] && spans[2 * i + 1] <= text_.size();
    groups_[i] = set ? Span{spans[2 * i], spans[2 * i + 1], true} : Span{};
  }
  return Status::OK();
}

Status Regex::TooMuch(const std::string& why) const {
  return UserError("INVALID_PARAMETER_VALUE.PATTERN",
                   fmt::format("A regular expression needs too much work on a value of {} bytes: {}. Simplify the "
                               "pattern.",
                               text_.size(), why));
}

int Regex::GroupNumber(const std::string& name) const {
  const int number = pcre2_substring_number_from_name(code_->code, reinterpret_cast<PCRE2_SPTR>(name.c_str()));
  return number < 0 ? -1 : number;
}

Result<Regex*> RegexCache::Get(std::string_view pattern) {
  if (regex_ == nullptr || pattern_ != pattern) {
    SLUICE_ASSIGN(auto regex, Regex::Compile(pattern, function_, cancelled_));
    regex_ = std::make_unique<Regex>(std::move(regex));
    pattern_ = pattern;
  }
  return regex_.get();
}

}  // namespace sluice
