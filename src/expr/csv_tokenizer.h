// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/csv_options.h"

namespace sluice {

// Cuts a line into fields as univocity-parsers 2.9, Spark's CSV parser, does: with what it makes of quotes in the wrong
// places too. A line feed inside the text is a character like others. One thread at a time.
class CsvTokenizer {
 public:
  explicit CsvTokenizer(CsvSyntax syntax);

  // False when the text is no record: empty, or a comment. MALFORMED_CSV_RECORD beyond the limits of the syntax, and
  // for an unescaped quote that is to be an error.
  Result<bool> Split(std::string_view line);
  size_t size() const { return fields_.size(); }
  // The field's text, or null where SKIP_VALUE left it out. Lives until the next Split.
  const std::string_view* field(size_t index) const { return skipped_[index] ? nullptr : &fields_[index]; }

 private:
  enum class Stop { kGoOn, kEnd, kError };  // kEnd: the line is at its end

  void SplitPlain(std::string_view line);
  Stop ReadRecord();
  Stop ReadQuoted();
  Stop ReadQuotedTail();
  Stop ReadRestOfQuoted();
  Stop ReadUnescapedQuote();
  Stop ReadValueWithEscapes();
  Stop ReadQuoteOrEscape();
  Stop ReadUnescapedInValue();
  Stop BackToSeparator();
  Stop SkipValue();
  Stop AppendUntilSeparator();
  Stop AppendUntilQuote();
  Stop SkipBlanks();
  Stop MatchSeparator(bool keep, bool* matched);
  bool ReadSimpleQuoted();
  Stop NextChar();
  Stop Fail(std::string what);
  void EndLine();

  bool TooMany(size_t fields) const { return static_cast<int64_t>(fields) > syntax_.most_columns; }
  bool IsSeparator() const { return !long_separator_ && ch_ == separator_; }
  bool IsQuoteOrEscape() const { return is(syntax_.quote) || is(syntax_.escape); }
  bool is(char c) const { return ch_ == static_cast<unsigned char>(c); }
  bool was(char c) const { return prev_ == static_cast<unsigned char>(c); }
  void Append(int c) { buffer_ += static_cast<char>(c); }
  size_t value_size() const { return skipping_ ? 0 : buffer_.size() - value_begin_; }
  void EmptyParsed();
  void ValueParsed();
  void SaveMatched();

  CsvSyntax syntax_;
  bool long_separator_ = false;
  bool until_separator_ = false;  // an unescaped quote makes the value end at the next separator
  int separator_ = ',';
  std::vector<std::string_view> fields_;
  std::vector<bool> skipped_;
  std::string error_;

  // The state of the parser: its place, the current and the previous character, the value being read.
  std::string_view line_;
  size_t at_ = 0;
  int ch_ = 0;
  int prev_ = 0;
  bool unescaped_ = false;
  bool trim_ = false;
  bool skipping_ = false;
  size_t matched_ = 0;  // characters of a long separator
  int depth_ = 0;
  std::string buffer_;  // the values that are not parts of the line, one behind the other
  size_t value_begin_ = 0;
  struct Place {
    bool in_buffer;
    bool skipped;
    size_t begin;
    size_t size;
    const std::string* constant;  // the null or empty value
  };
  std::vector<Place> places_;
};

}  // namespace sluice
