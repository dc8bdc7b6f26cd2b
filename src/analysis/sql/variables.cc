// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/variables.h"

#include <fmt/format.h>

#include "analysis/sql/blanks.h"
#include "analysis/sql/statement_parser.h"
#include "base/logging.h"
#include "base/spark_error.h"
#include "conf/conf.h"

namespace sluice::sql {
namespace {

constexpr size_t kLongest = 4 << 20;  // of a text with its values: a value may stand in it any number of times

// Follows strings and comments just far enough to know where a variable stands.
class Substitution {
 public:
  Substitution(std::string_view text, const std::string& file_name, const VariableLookup& lookup)
      : text_(text), file_name_(file_name), lookup_(lookup) {}

  Result<SubstitutedText> Run() {
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (quote_ != '\0') {
        SLUICE_RETURN_IF_ERROR(InString(c));
      } else if ((Starts("--") || Starts("/*")) && BeginsComment(text_, statement_.value_or(position_), position_)) {
        CopyUntil(Starts("--") ? "\n" : "*/");
      } else {
        SLUICE_RETURN_IF_ERROR(OutsideQuotes(c));
      }
    }
    return SubstitutedText{std::move(out_), std::move(values_)};
  }

 private:
  bool Starts(std::string_view mark) const { return text_.substr(position_, mark.size()) == mark; }

  void Copy() {
    if (text_[position_] == '\n') {
      ++line_;
      line_start_ = position_ + 1;
    }
    out_ += text_[position_++];
  }

  Status OutsideQuotes(char c) {
    if (c == ';') {
      statement_.reset();
    } else if (!statement_ && kBlanks.find(c) == std::string_view::npos) {
      statement_ = position_;
    }
    if (Starts("${")) return Replace();
    if (c == '\'' || c == '"' || c == '`') {
      quote_ = c;
      raw_ = position_ > 0 && (text_[position_ - 1] == 'r' || text_[position_ - 1] == 'R');
    }
    Copy();
    return Status::OK();
  }

  void CopyUntil(std::string_view mark) {
    while (position_ < text_.size() && !Starts(mark)) Copy();
    for (size_t i = 0; i < mark.size() && position_ < text_.size(); ++i) Copy();
  }

  Status InString(char c) {
    if (Starts("${")) return Replace();
    if (c == '\\' && quote_ != '`' && !raw_ && position_ + 1 < text_.size()) {
      Copy();
    } else if (c == quote_) {
      quote_ = '\0';
    }
    Copy();
    return Status::OK();
  }

  Status Error(std::string message) const {
    return WithPlace(UserError("PARSE_SYNTAX_ERROR", std::move(message)),
                     TextPlace{file_name_, line_, static_cast<int>(position_ - line_start_) + 1, ""});
  }

  // NAME or NAME:-text
  struct Variable {
    std::string name;
    std::optional<std::string> otherwise;
  };

  Result<Variable> Parse(std::string_view inner) const {
    Variable variable;
    const size_t mark = inner.find(":-");
    variable.name = inner.substr(0, mark);
    if (mark != std::string_view::npos) variable.otherwise = inner.substr(mark + 2);
    if (variable.name.empty() || variable.name.find_first_of("\n\"'`: ${") != std::string::npos) {
      return Error("A variable has the form ${NAME} or ${NAME:-default}.");
    }
    return variable;
  }

  Status Unbound(const std::string& name, bool empty) const {
    const std::string text =
        empty ? fmt::format(
                    "The variable ${{{0}}} is empty: give it a value with --param {0}=.., in the environment or in "
                    "the .env file, or write ${{{0}:-}} if it may be empty.",
                    name)
              : fmt::format(
                    "The variable ${{{0}}} has no value: give it with --param {0}=.., in the environment or in "
                    "the .env file.",
                    name);
    return WithPlace(UserError("UNBOUND_SQL_PARAMETER", text, {{"name", name}}),
                     TextPlace{file_name_, line_, static_cast<int>(position_ - line_start_) + 1, ""});
  }

  Status Replace() {
    const size_t end = text_.find('}', position_);
    if (end == std::string_view::npos) return Error("A variable ${ is not closed.");
    SLUICE_ASSIGN(const Variable variable, Parse(text_.substr(position_ + 2, end - position_ - 2)));
    std::optional<std::string> value = lookup_ ? lookup_(variable.name) : std::nullopt;
    const bool missing = !value || value->empty();
    if (missing && !variable.otherwise) return Unbound(variable.name, value.has_value());
    if (missing) value = variable.otherwise;
    if (IsSecretKey(variable.name) && !value->empty()) RegisterSecret(*value);
    if (out_.size() + value->size() > kLongest) {
      return WithPlace(
          UserError("SLUICE_SQL_FILE.TOO_LONG", fmt::format("With the values of its variables the text has "
                                                            "more than {} bytes.",
                                                            kLongest)),
          TextPlace{file_name_, line_, static_cast<int>(position_ - line_start_) + 1, ""});
    }
    const size_t begin = out_.size();
    SLUICE_RETURN_IF_ERROR(Append(*value, variable.name));
    if (quote_ == '\0') values_.push_back({begin, out_.size()});
    position_ = end + 1;
    return Status::OK();
  }

  Status Append(const std::string& value, const std::string& name) {
    const bool plain = quote_ == '\0';
    for (char c : value) {
      if (raw_ && !plain && (c == quote_ || c == '\n')) {
        return Error(fmt::format("The value of ${{{}}} does not fit into a raw string.", name));
      }
      if (!plain && !raw_ && c == '\n' && quote_ != '`') {
        out_ += "\\n";
      } else {
        if (!plain && !raw_ && quote_ != '`' && (c == quote_ || c == '\\')) out_ += '\\';
        if (quote_ == '`' && c == '`') out_ += '`';
        out_ += c;
      }
    }
    return Status::OK();
  }

  std::string_view text_;
  const std::string& file_name_;
  const VariableLookup& lookup_;
  std::string out_;
  std::vector<SubstitutedText::Value> values_;
  size_t position_ = 0;
  std::optional<size_t> statement_;  // where the one at `position_` begins
  size_t line_start_ = 0;
  int line_ = 1;
  char quote_ = '\0';
  bool raw_ = false;
};

}  // namespace

Result<SubstitutedText> SubstituteVariables(std::string_view text, const std::string& file_name,
                                            const VariableLookup& lookup) {
  return Substitution(text, file_name, lookup).Run();
}

}  // namespace sluice::sql
