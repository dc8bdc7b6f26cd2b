// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/statement_parser.h"

#include <fmt/format.h>

#include "base/logging.h"
#include "conf/conf.h"

namespace sluice::sql {
namespace {

using spark::connect::WriteStreamOperationStart;

class CreateStreamingTable {
 public:
  CreateStreamingTable(TokenCursor* cursor, const ParseOptions& options) : cursor_(*cursor), options_(options) {}

  Result<spark::connect::Command> Parse() {
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("CREATE"));
    cursor_.AcceptWords({"OR", "REFRESH"});
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("STREAMING"));
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("TABLE"));
    cursor_.AcceptWords({"IF", "NOT", "EXISTS"});
    SLUICE_ASSIGN(std::string name, cursor_.ExpectName("The table's name"));
    while (cursor_.AcceptSymbol(".")) {
      SLUICE_ASSIGN(name, cursor_.ExpectName("A name after '.'"));
    }
    start_.set_query_name(name);
    start_.set_output_mode("append");
    while (!cursor_.IsWord("AS")) SLUICE_RETURN_IF_ERROR(ParseClause());
    if (start_.format().empty()) return cursor_.SyntaxError("USING with a format was expected before AS.");
    cursor_.Next();
    SLUICE_ASSIGN(*start_.mutable_input(), QueryParser(&cursor_, options_).ParseQuery());
    spark::connect::Command command;
    *command.mutable_write_stream_operation_start() = std::move(start_);
    return command;
  }

 private:
  Status ParseClause() {
    if (cursor_.AcceptWord("USING")) {
      SLUICE_ASSIGN(*start_.mutable_format(), cursor_.ExpectName("A format"));
      start_.set_format(LowerCase(start_.format()));
      return Status::OK();
    }
    if (cursor_.AcceptWord("LOCATION")) {
      SLUICE_ASSIGN(const std::string path, cursor_.ExpectString("The location"));
      start_.set_path(path);
      return Status::OK();
    }
    if (cursor_.AcceptWords({"PARTITIONED", "BY"})) return ParsePartitions();
    if (cursor_.AcceptWord("OPTIONS")) return ParseOptionList();
    if (cursor_.AcceptWord("COMMENT")) return cursor_.ExpectString("The comment").status();
    for (const char* clause : {"TBLPROPERTIES", "CLUSTER", "SCHEDULE", "TRIGGER", "CLUSTERED", "WITH"}) {
      if (cursor_.IsWord(clause)) {
        return cursor_.Refuse(fmt::format("{} in CREATE STREAMING TABLE", clause), cursor_.position());
      }
    }
    if (cursor_.IsSymbol("(")) return cursor_.Refuse("A column list in CREATE STREAMING TABLE", cursor_.position());
    return cursor_.SyntaxError("USING, PARTITIONED BY, LOCATION, OPTIONS or AS was expected.");
  }

  Status ParsePartitions() {
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    do {
      SLUICE_ASSIGN(*start_.add_partitioning_column_names(), cursor_.ExpectName("A column"));
    } while (cursor_.AcceptSymbol(","));
    return cursor_.ExpectSymbol(")");
  }

  Status ParseOptionList() {
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    do {
      SLUICE_RETURN_IF_ERROR(ParseOption());
    } while (cursor_.AcceptSymbol(","));
    return cursor_.ExpectSymbol(")");
  }

  Status ParseOption() {
    const size_t begin = cursor_.position();
    SLUICE_ASSIGN(const auto option, ParseOptionPair(&cursor_));
    return SetOption(option.first, option.second, begin);
  }

  Status SetOption(const std::string& key, const std::string& value, size_t begin) {
    if (EqualsIgnoringCase(key, "queryName")) {
      start_.set_query_name(value);
    } else if (EqualsIgnoringCase(key, "outputMode")) {
      start_.set_output_mode(value);
    } else if (EqualsIgnoringCase(key, "trigger")) {
      return SetTrigger(value, begin);
    } else {
      (*start_.mutable_options())[key] = value;
    }
    return Status::OK();
  }

  Status SetTrigger(const std::string& value, size_t begin) {
    const size_t blank = value.find(' ');
    const std::string word = LowerCase(value.substr(0, blank));
    const std::string rest = blank == std::string::npos ? "" : value.substr(blank + 1);
    if (word == "availablenow" && rest.empty()) {
      start_.set_available_now(true);
    } else if (word == "once" && rest.empty()) {
      start_.set_once(true);
    } else if (word == "processingtime" && !rest.empty()) {
      const Result<int64_t> duration = ParseDurationMs(rest);
      if (!duration.ok()) return WithPlace(duration.status(), cursor_.PlaceOf(begin));
      start_.set_processing_time_interval(rest);
    } else if (word == "continuous" || word == "realtime") {
      return cursor_.Refuse(fmt::format("The trigger {}", word), begin);
    } else {
      return WithPlace(
          UserError(
              "INVALID_PARAMETER_VALUE.SLUICE_TRIGGER",
              fmt::format("The trigger '{}' is unknown: use 'availableNow', 'once' or 'processingTime 10 seconds'.",
                          value)),
          cursor_.PlaceOf(begin));
    }
    return Status::OK();
  }

  TokenCursor& cursor_;
  const ParseOptions& options_;
  WriteStreamOperationStart start_;
};

}  // namespace

Result<std::pair<std::string, std::string>> ParseOptionPair(TokenCursor* cursor) {
  std::string key;
  if (cursor->Peek().kind == TokenKind::kString) {
    key = cursor->Next().text;
  } else {
    SLUICE_ASSIGN(key, cursor->ExpectName("An option's name"));
    while (cursor->AcceptSymbol(".")) {
      SLUICE_ASSIGN(const std::string part, cursor->ExpectName("A name after '.'"));
      key += "." + part;
    }
  }
  cursor->AcceptSymbol("=");
  const Token& token = cursor->Peek();
  const bool constant =
      token.kind == TokenKind::kString || IsNumber(token.kind) || cursor->IsAnyWord({"TRUE", "FALSE"});
  if (!constant) return cursor->SyntaxError("the option's value was expected, as a constant.");
  std::string value = cursor->Next().text;
  if (IsSecretKey(key)) RegisterSecret(value);
  return std::make_pair(std::move(key), std::move(value));
}

bool IsCreateTemporaryView(const TokenCursor& cursor) {
  if (!cursor.IsWord("CREATE")) return false;
  size_t ahead = cursor.IsWord("OR", 1) && cursor.IsWord("REPLACE", 2) ? 3 : 1;
  if (cursor.IsWord("GLOBAL", ahead)) ++ahead;
  return cursor.IsAnyWord({"TEMP", "TEMPORARY"}, ahead) && cursor.IsWord("VIEW", ahead + 1);
}

Result<spark::connect::Command> ParseCreateTemporaryView(TokenCursor* cursor, const ParseOptions& options) {
  spark::connect::Command command;
  auto* view = command.mutable_create_dataframe_view();
  cursor->Next();
  view->set_replace(cursor->AcceptWords({"OR", "REPLACE"}));
  view->set_is_global(cursor->AcceptWord("GLOBAL"));
  cursor->Next();
  cursor->Next();
  if (cursor->IsWord("IF")) return cursor->Refuse("IF NOT EXISTS for a temporary view", cursor->position());
  SLUICE_ASSIGN(*view->mutable_name(), cursor->ExpectName("The view's name"));
  if (cursor->IsSymbol(".")) return cursor->SyntaxError("a temporary view has a name of one part.");
  std::vector<std::string> columns;
  if (cursor->AcceptSymbol("(")) {
    do {
      SLUICE_ASSIGN(columns.emplace_back(), cursor->ExpectName("A column's name"));
    } while (cursor->AcceptSymbol(","));
    SLUICE_RETURN_IF_ERROR(cursor->ExpectSymbol(")"));
  }
  if (cursor->AcceptWord("COMMENT")) SLUICE_RETURN_IF_ERROR(cursor->ExpectString("The comment").status());
  if (cursor->IsWord("USING")) return cursor->Refuse("CREATE TEMPORARY VIEW .. USING", cursor->position());
  SLUICE_RETURN_IF_ERROR(cursor->ExpectWord("AS"));
  SLUICE_ASSIGN(Relation query, QueryParser(cursor, options).ParseQuery());
  if (columns.empty()) {
    *view->mutable_input() = std::move(query);
  } else {
    auto* renamed = view->mutable_input()->mutable_to_df();
    *renamed->mutable_input() = std::move(query);
    for (std::string& column : columns) renamed->add_column_names(std::move(column));
  }
  return command;
}

Result<spark::connect::Command> ParseCreateStreamingTable(TokenCursor* cursor, const ParseOptions& options) {
  return CreateStreamingTable(cursor, options).Parse();
}

}  // namespace sluice::sql
