// SPDX-License-Identifier: Apache-2.0
#include "expr/csv_tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/spark_error.h"

namespace sluice {
namespace {

// Quotes in wrong places call for each other; beyond this the line is malformed.
constexpr int kMostDepth = 1000;

#define SLUICE_CSV(step)                                            \
  do {                                                              \
    if (const Stop stop = (step); stop != Stop::kGoOn) return stop; \
  } while (false)

size_t Utf16Units(std::string_view text) {
  size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0) != 0x80;
    units += byte >= 0xF0;
  }
  return units;
}

}  // namespace

CsvTokenizer::CsvTokenizer(CsvSyntax syntax) : syntax_(std::move(syntax)) {
  long_separator_ = syntax_.separator.size() > 1;
  separator_ = long_separator_ ? -1 : static_cast<unsigned char>(syntax_.separator[0]);
  until_separator_ = syntax_.unescaped_quotes != UnescapedQuotes::kStopAtClosingQuote &&
                     syntax_.unescaped_quotes != UnescapedQuotes::kRaiseError;
}

Result<bool> CsvTokenizer::Split(std::string_view line) {
  fields_.clear();
  skipped_.clear();
  if (line.empty() || (syntax_.comment != '\0' && line[0] == syntax_.comment)) return false;
  const bool plain = !syntax_.trim_left && !syntax_.trim_right && line.find(syntax_.quote) == std::string_view::npos;
  if (plain) {
    SplitPlain(line);
  } else {
    line_ = line;
    at_ = 0;
    prev_ = 0;
    unescaped_ = trim_ = skipping_ = false;
    matched_ = 0;
    depth_ = 0;
    buffer_.clear();
    value_begin_ = 0;
    places_.clear();
    error_.clear();
    Stop stop = NextChar();
    if (stop == Stop::kGoOn) stop = ReadRecord();
    if (stop == Stop::kError) return UserError("MALFORMED_CSV_RECORD", error_, {{"badRecord", std::string(line)}});
    EndLine();
  }
  if (TooMany(fields_.size())) {
    return UserError("MALFORMED_CSV_RECORD",
                     fmt::format("A CSV record has more fields than maxColumns, {}.", syntax_.most_columns));
  }
  if (syntax_.most_characters < 0) return true;
  for (const auto& field : fields_) {
    if (static_cast<int64_t>(field.size()) <= syntax_.most_characters ||
        static_cast<int64_t>(Utf16Units(field)) <= syntax_.most_characters) {
      continue;
    }
    return UserError(
        "MALFORMED_CSV_RECORD",
        fmt::format("A field of a CSV record is longer than maxCharsPerColumn, {}.", syntax_.most_characters));
  }
  return true;
}

// A line without quotes: what stands between separators.
void CsvTokenizer::SplitPlain(std::string_view line) {
  for (;;) {
    const size_t end = long_separator_ ? line.find(syntax_.separator) : line.find(syntax_.separator[0]);
    const std::string_view field = line.substr(0, end);
    fields_.push_back(field.empty() ? std::string_view(syntax_.null_value) : field);
    if (end == std::string_view::npos || TooMany(fields_.size())) break;
    line.remove_prefix(end + syntax_.separator.size());
  }
  skipped_.assign(fields_.size(), false);
}

CsvTokenizer::Stop CsvTokenizer::NextChar() {
  if (at_ >= line_.size()) return Stop::kEnd;
  ch_ = static_cast<unsigned char>(line_[at_++]);
  return Stop::kGoOn;
}

CsvTokenizer::Stop CsvTokenizer::Fail(std::string what) {
  error_ = std::move(what);
  return Stop::kError;
}

void CsvTokenizer::EmptyParsed() {
  places_.push_back({false, false, 0, 0, &syntax_.null_value});
  buffer_.resize(value_begin_);
}

void CsvTokenizer::ValueParsed() {
  size_t size = value_size();
  while (trim_ && size > 0 && static_cast<unsigned char>(buffer_[value_begin_ + size - 1]) <= ' ') --size;
  if (skipping_) {
    places_.push_back({false, true, 0, 0, nullptr});
  } else if (size == 0) {
    places_.push_back({false, false, 0, 0, &syntax_.empty_value});
  } else {
    places_.push_back({true, false, value_begin_, size, nullptr});
  }
  skipping_ = false;
  value_begin_ = buffer_.size();
}

// The text ended inside a value; what was read of it counts.
void CsvTokenizer::EndLine() {
  bool value = false;
  if (is(syntax_.quote) && was(syntax_.quote)) {
    value = true;
  } else {
    if (is(syntax_.quote) && !unescaped_ && !skipping_) Append(ch_);
    value = prev_ != 0 && ch_ != separator_ && !is(syntax_.comment == '\0' ? '#' : syntax_.comment);
    if (matched_ > 0) {
      SaveMatched();
      value = true;
    }
  }
  if (value_size() > 0 || value || skipping_) {
    ValueParsed();
  } else {
    EmptyParsed();
  }
  for (const Place& place : places_) {
    fields_.push_back(place.constant != nullptr ? std::string_view(*place.constant)
                      : place.in_buffer         ? std::string_view(buffer_).substr(place.begin, place.size)
                                                : std::string_view());
    skipped_.push_back(place.skipped);
  }
}

void CsvTokenizer::SaveMatched() {
  if (matched_ < syntax_.separator.size() && !skipping_) buffer_ += syntax_.separator.substr(0, matched_);
  matched_ = 0;
}

// A separator of several characters at the current one. What looked like one and is none becomes part of the value,
// unless `keep`: it stays matched then.
CsvTokenizer::Stop CsvTokenizer::MatchSeparator(bool keep, bool* matched) {
  *matched = false;
  while (ch_ == static_cast<unsigned char>(syntax_.separator[matched_])) {
    if (++matched_ == syntax_.separator.size()) {
      matched_ = 0;
      *matched = true;
      return Stop::kGoOn;
    }
    SLUICE_CSV(NextChar());
  }
  if (!keep && matched_ > 0) SaveMatched();
  return Stop::kGoOn;
}

CsvTokenizer::Stop CsvTokenizer::SkipBlanks() {
  if (!long_separator_) {
    while (ch_ <= ' ' && ch_ != separator_ && !is(syntax_.quote)) SLUICE_CSV(NextChar());
    return Stop::kGoOn;
  }
  while (ch_ <= ' ' && !is(syntax_.quote)) {
    SLUICE_CSV(NextChar());
    if (ch_ != static_cast<unsigned char>(syntax_.separator[matched_])) continue;
    bool matched = false;
    SLUICE_CSV(MatchSeparator(false, &matched));
    if (!matched) continue;
    EmptyParsed();
    SLUICE_CSV(NextChar());
  }
  SaveMatched();
  return Stop::kGoOn;
}

CsvTokenizer::Stop CsvTokenizer::AppendUntilSeparator() {
  if (!long_separator_) {
    // At the end of the text univocity still takes the value's first character for the last one that was read.
    const int first = ch_;
    while (ch_ != separator_) {
      if (!skipping_) Append(ch_);
      const Stop stop = NextChar();
      if (stop == Stop::kGoOn) continue;
      ch_ = first;
      return stop;
    }
    return Stop::kGoOn;
  }
  for (;;) {
    if (ch_ == static_cast<unsigned char>(syntax_.separator[matched_])) {
      if (++matched_ == syntax_.separator.size()) {
        matched_ = 0;
        return Stop::kGoOn;
      }
    } else if (matched_ > 0) {
      SaveMatched();
      continue;
    } else if (!skipping_) {
      Append(ch_);
    }
    SLUICE_CSV(NextChar());
  }
}

CsvTokenizer::Stop CsvTokenizer::AppendUntilQuote() {
  while (!IsQuoteOrEscape() && !is(syntax_.escape_escape)) {
    Append(ch_);
    SLUICE_CSV(NextChar());
  }
  return Stop::kGoOn;
}

// A quoted value without escapes, up to its closing quote and a separator behind it. Else nothing was read.
bool CsvTokenizer::ReadSimpleQuoted() {
  size_t i = at_;
  for (;; ++i) {
    if (i + 1 >= line_.size()) return false;
    const char c = line_[i];
    const char next = line_[i + 1];
    if (c == syntax_.quote) break;
    if (c == syntax_.escape && (next == syntax_.quote || next == syntax_.escape_escape)) return false;
  }
  if (line_[i - 1] == syntax_.escape || static_cast<unsigned char>(line_[i + 1]) != separator_) return false;
  buffer_ += line_.substr(at_, i - at_);
  at_ = i + 1;
  return true;
}

CsvTokenizer::Stop CsvTokenizer::ReadRecord() {
  for (;;) {
    if (ch_ <= ' ' && syntax_.trim_left) SLUICE_CSV(SkipBlanks());
    bool separator = IsSeparator();
    if (long_separator_) SLUICE_CSV(MatchSeparator(false, &separator));
    if (separator) {
      EmptyParsed();
    } else {
      unescaped_ = false;
      prev_ = 0;
      depth_ = 0;
      if (is(syntax_.quote) && value_size() == 0) {
        trim_ = false;
        if (!long_separator_ && ReadSimpleQuoted()) {
          SLUICE_CSV(NextChar());
          ValueParsed();
        } else {
          SLUICE_CSV(ReadQuoted());
          const bool given = unescaped_ && syntax_.unescaped_quotes == UnescapedQuotes::kBackToDelimiter;
          if (!given || value_size() > 0) ValueParsed();
        }
      } else {
        if (!long_separator_) trim_ = syntax_.trim_right;
        const size_t begin = value_begin_;
        SLUICE_CSV(AppendUntilSeparator());
        trim_ = syntax_.trim_right;
        // Blanks alone are no value here.
        const std::string_view value = std::string_view(buffer_).substr(begin);
        const bool blank = trim_ && std::all_of(value.begin(), value.end(),
                                                [](char c) { return static_cast<unsigned char>(c) <= ' '; });
        if (blank && !long_separator_) {
          EmptyParsed();
        } else {
          ValueParsed();
        }
        if (long_separator_) trim_ = false;
      }
    }
    if (TooMany(places_.size())) return Stop::kEnd;
    SLUICE_CSV(NextChar());
  }
}

CsvTokenizer::Stop CsvTokenizer::SkipValue() {
  buffer_.resize(value_begin_);
  skipping_ = true;
  return AppendUntilSeparator();
}

CsvTokenizer::Stop CsvTokenizer::ReadRestOfQuoted() {
  if (syntax_.unescaped_quotes == UnescapedQuotes::kSkipValue) return SkipValue();
  buffer_.insert(value_begin_, 1, syntax_.quote);
  SLUICE_CSV(NextChar());
  trim_ = syntax_.trim_right;
  return AppendUntilSeparator();
}

// From the opening quote, or from behind an unescaped one.
CsvTokenizer::Stop CsvTokenizer::ReadQuoted() {
  if (++depth_ > kMostDepth) return Fail("A CSV record has too many unescaped quotes.");
  if (prev_ != 0 && until_separator_) return ReadRestOfQuoted();
  SLUICE_CSV(NextChar());
  for (;;) {
    const bool after_quote = was(syntax_.quote) && prev_ != 0;
    if (after_quote && (ch_ <= ' ' || IsSeparator())) break;
    if (after_quote && long_separator_) {
      bool matched = false;
      SLUICE_CSV(MatchSeparator(false, &matched));
      if (matched) return Stop::kGoOn;
    }
    if (IsQuoteOrEscape()) {
      SLUICE_CSV(ReadQuoteOrEscape());
      prev_ = ch_;
      SLUICE_CSV(NextChar());
      bool matched = IsSeparator();
      if (unescaped_ && long_separator_) SLUICE_CSV(MatchSeparator(false, &matched));
      if (unescaped_ && matched) return Stop::kGoOn;
      continue;
    }
    if (after_quote) return ReadUnescapedQuote();
    if (was(syntax_.escape) && syntax_.escape != '\0') Append(syntax_.escape);
    SLUICE_CSV(AppendUntilQuote());
    prev_ = ch_;
    SLUICE_CSV(NextChar());
  }
  return ReadQuotedTail();
}

// Behind the closing quote: blanks may follow; anything else makes the quote an unescaped one.
CsvTokenizer::Stop CsvTokenizer::ReadQuotedTail() {
  if (IsSeparator()) return Stop::kGoOn;
  bool matched = false;
  if (long_separator_) SLUICE_CSV(MatchSeparator(true, &matched));
  if (matched) return Stop::kGoOn;
  std::string blanks;
  do {
    blanks += static_cast<char>(ch_);
    SLUICE_CSV(NextChar());
    if (long_separator_) SLUICE_CSV(MatchSeparator(true, &matched));
    if (matched) return Stop::kGoOn;
  } while (ch_ <= ' ' && !IsSeparator());
  if (IsSeparator()) return Stop::kGoOn;
  if (syntax_.unescaped_quotes == UnescapedQuotes::kRaiseError)
    return Fail(
        fmt::format("Unexpected character '{}' behind a quoted field of a CSV record.", static_cast<char>(ch_)));
  Append(syntax_.quote);
  buffer_ += blanks;
  if (until_separator_ || !IsQuoteOrEscape()) Append(ch_);
  prev_ = ch_;
  if (!long_separator_ || !until_separator_ || syntax_.unescaped_quotes == UnescapedQuotes::kSkipValue)
    return ReadQuoted();
  // univocity forgets here that the separator is a long one, and takes all to the end of the line.
  buffer_.insert(value_begin_, 1, syntax_.quote);
  trim_ = syntax_.trim_right;
  while (NextChar() == Stop::kGoOn) Append(ch_);
  return Stop::kEnd;
}

CsvTokenizer::Stop CsvTokenizer::BackToSeparator() {
  for (;;) {
    const std::string_view value = std::string_view(buffer_).substr(value_begin_);
    const size_t end = value.find(syntax_.separator);
    if (end == std::string_view::npos) break;
    // The part up to the separator is a field.
    places_.push_back({true, false, value_begin_, end, nullptr});
    value_begin_ += end + syntax_.separator.size();
  }
  Append(ch_);
  prev_ = 0;
  return ReadQuoted();
}

CsvTokenizer::Stop CsvTokenizer::ReadUnescapedQuote() {
  unescaped_ = true;
  switch (syntax_.unescaped_quotes) {
    case UnescapedQuotes::kBackToDelimiter:
      return BackToSeparator();
    case UnescapedQuotes::kStopAtClosingQuote:
    case UnescapedQuotes::kStopAtDelimiter:
      Append(syntax_.quote);
      Append(ch_);
      prev_ = ch_;
      return ReadQuoted();
    case UnescapedQuotes::kSkipValue:
      return SkipValue();
    case UnescapedQuotes::kRaiseError:
      break;
  }
  return Fail("An unescaped quote stands inside a quoted field of a CSV record.");
}

CsvTokenizer::Stop CsvTokenizer::ReadQuoteOrEscape() {
  const bool escapes = syntax_.escape_escape != '\0';
  if (is(syntax_.escape) && was(syntax_.escape_escape) && escapes) {
    Append(syntax_.escape);
    ch_ = 0;
  } else if (was(syntax_.escape)) {
    if (is(syntax_.quote)) {
      Append(syntax_.quote);
      ch_ = 0;
    } else {
      Append(prev_);
    }
  } else if (is(syntax_.quote) && was(syntax_.quote)) {
    Append(syntax_.quote);
  } else if (was(syntax_.quote)) {
    return ReadUnescapedInValue();
  }
  return Stop::kGoOn;
}

CsvTokenizer::Stop CsvTokenizer::ReadUnescapedInValue() {
  if (syntax_.unescaped_quotes == UnescapedQuotes::kSkipValue) return SkipValue();
  if (syntax_.unescaped_quotes == UnescapedQuotes::kRaiseError)
    return Fail("An unescaped quote stands inside a field of a CSV record.");
  Append(syntax_.quote);
  prev_ = ch_;
  return ReadValueWithEscapes();
}

CsvTokenizer::Stop CsvTokenizer::ReadValueWithEscapes() {
  if (++depth_ > kMostDepth) return Fail("A CSV record has too many unescaped quotes.");
  for (;;) {
    bool separator = IsSeparator();
    if (long_separator_) SLUICE_CSV(MatchSeparator(false, &separator));
    if (separator) return Stop::kGoOn;
    if (IsQuoteOrEscape()) {
      SLUICE_CSV(ReadQuoteOrEscape());
    } else if (was(syntax_.quote)) {
      return ReadUnescapedInValue();
    } else {
      Append(ch_);
    }
    prev_ = ch_;
    SLUICE_CSV(NextChar());
  }
}

#undef SLUICE_CSV

}  // namespace sluice
