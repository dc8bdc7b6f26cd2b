// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/query_parser.h"
#include "analysis/sql/table_function_parser.h"
#include "base/closest_name.h"
#include "connectors/registry.h"

namespace sluice::sql {
namespace {

// Plan ids of tables that are arguments; those of queries in expressions lie below.
constexpr int64_t kFirstTableId = int64_t{1} << 41;

std::optional<int64_t> WholeNumber(const Expression& value) {
  if (!value.has_literal()) return std::nullopt;
  if (value.literal().has_integer()) return value.literal().integer();
  if (value.literal().has_long_()) return value.literal().long_();
  return std::nullopt;
}

bool IsUnitWord(const TokenCursor& cursor) {
  return cursor.IsAnyWord({"MICROSECOND", "MICROSECONDS", "MILLISECOND", "MILLISECONDS", "SECOND", "SECONDS", "MINUTE",
                           "MINUTES", "HOUR", "HOURS", "DAY", "DAYS", "WEEK", "WEEKS", "MONTH", "MONTHS", "YEAR",
                           "YEARS"});
}

// A program may give a source options that nobody knows, as in Spark; the text of a statement may not.
Status CheckReadOption(const std::string& format, const std::string& name) {
  SLUICE_ASSIGN(const Connector* connector, FindConnector(format));
  if (connector->read_options == nullptr || LowerCase(name).starts_with(connector->passed_on)) return Status::OK();
  std::vector<std::string> names;
  for (const OptionRow& row : connector->read_options()) {
    if (EqualsIgnoringCase(row.name, name)) return Status::OK();
    names.emplace_back(row.name);
  }
  names.emplace_back("bootstrapServers");
  return UserError("SLUICE_INVALID_OPTION",
                   fmt::format("read_{} has no argument {}.{}", format, name, DidYouMean(name, names)));
}

// How many columns VALUES has; 0 of another relation.
int InlineTableWidth(const Relation& relation) {
  if (!relation.has_project() || relation.project().expressions_size() != 1) return 0;
  const auto& call = relation.project().expressions(0).unresolved_function();
  if (!call.is_internal() || call.function_name() != kInlineTable) return 0;
  return (call.arguments_size() - 1) / std::max(call.arguments(0).literal().integer(), 1);
}

}  // namespace

Status QueryParser::RefuseRelationWords() {
  const size_t at = cursor_.position();
  if (cursor_.IsWord("FOR") ||
      (cursor_.IsAnyWord({"VERSION", "TIMESTAMP"}) && cursor_.IsWord("AS", 1) && cursor_.IsWord("OF", 2))) {
    return cursor_.Refuse("Time travel", at);
  }
  return Status::OK();
}

Result<Relation> QueryParser::ParseRelation() {
  SLUICE_RETURN_IF_ERROR(cursor_.Enter());
  DepthGuard guard(&cursor_);
  SLUICE_ASSIGN(Relation relation, ParseOneRelation());
  SLUICE_ASSIGN(relation, ParseJoins(std::move(relation)));
  while (cursor_.IsSymbol(",")) {
    const size_t begin = cursor_.position();
    SLUICE_RETURN_IF_ERROR(CountStep(begin));
    cursor_.Next();
    if (cursor_.IsWord("LATERAL") && !cursor_.IsWord("VIEW", 1)) {
      SLUICE_ASSIGN(relation, ParseLateral(std::move(relation), spark::connect::Join::JOIN_TYPE_INNER, begin));
      SLUICE_ASSIGN(relation, ParseJoins(std::move(relation)));
      continue;
    }
    SLUICE_ASSIGN(Relation right, ParseOneRelation());
    Relation both;
    both.mutable_join()->set_join_type(spark::connect::Join::JOIN_TYPE_CROSS);
    *both.mutable_join()->mutable_left() = std::move(relation);
    *both.mutable_join()->mutable_right() = std::move(right);
    cursor_.SetOrigin(&both, begin);
    SLUICE_ASSIGN(relation, ParseJoins(std::move(both)));
  }
  SLUICE_ASSIGN(relation, ParseLateralViews(std::move(relation)));
  return ParseRelationExtensions(std::move(relation));
}

Result<Relation> QueryParser::ParseRelationExtensions(Relation relation) {
  for (;;) {
    if (cursor_.IsWord("PIVOT") && cursor_.IsSymbol("(", 1)) {
      SLUICE_ASSIGN(relation, ParsePivot(std::move(relation)));
    } else if (cursor_.IsWord("UNPIVOT")) {
      SLUICE_ASSIGN(relation, ParseUnpivot(std::move(relation)));
    } else {
      return relation;
    }
  }
}

// LATERAL (query) or LATERAL function(..), behind a comma or JOIN; LATERAL is the current word.
Result<Relation> QueryParser::ParseLateral(Relation left, spark::connect::Join::JoinType type, size_t begin) {
  cursor_.Next();
  Relation joined;
  auto* join = joined.mutable_lateral_join();
  join->set_join_type(type);
  *join->mutable_left() = std::move(left);
  SLUICE_ASSIGN(*join->mutable_right(), ParseOneRelation());
  if (cursor_.AcceptWord("ON")) {
    SLUICE_ASSIGN(*join->mutable_join_condition(), expressions_.Parse());
  }
  cursor_.SetOrigin(&joined, begin);
  return joined;
}

Result<Relation> QueryParser::ParseOneRelation() {
  SLUICE_ASSIGN(Relation relation, ParseRelationPrimary());
  SLUICE_RETURN_IF_ERROR(RefuseRelationWords());
  SLUICE_ASSIGN(relation, ParseWatermark(std::move(relation)));
  if (cursor_.IsWord("TABLESAMPLE")) {
    SLUICE_ASSIGN(relation, ParseTableSample(std::move(relation)));
  }
  SLUICE_ASSIGN(relation, ParseAlias(std::move(relation)));
  SLUICE_ASSIGN(relation, ParseWatermark(std::move(relation)));
  if (cursor_.IsWord("TABLESAMPLE")) {
    SLUICE_ASSIGN(relation, ParseTableSample(std::move(relation)));
  }
  SLUICE_RETURN_IF_ERROR(RefuseRelationWords());
  return ParseRelationExtensions(std::move(relation));
}

// [INNER | CROSS | LEFT [OUTER] | RIGHT [OUTER] | FULL [OUTER] | [LEFT] SEMI | [LEFT] ANTI] JOIN
std::optional<spark::connect::Join::JoinType> QueryParser::AcceptJoin() {
  using spark::connect::Join;
  struct Form {
    std::vector<std::string_view> words;
    Join::JoinType type;
  };
  static const std::vector<Form> kForms = {{{"JOIN"}, Join::JOIN_TYPE_INNER},
                                           {{"INNER", "JOIN"}, Join::JOIN_TYPE_INNER},
                                           {{"CROSS", "JOIN"}, Join::JOIN_TYPE_CROSS},
                                           {{"LEFT", "JOIN"}, Join::JOIN_TYPE_LEFT_OUTER},
                                           {{"LEFT", "OUTER", "JOIN"}, Join::JOIN_TYPE_LEFT_OUTER},
                                           {{"RIGHT", "JOIN"}, Join::JOIN_TYPE_RIGHT_OUTER},
                                           {{"RIGHT", "OUTER", "JOIN"}, Join::JOIN_TYPE_RIGHT_OUTER},
                                           {{"FULL", "JOIN"}, Join::JOIN_TYPE_FULL_OUTER},
                                           {{"FULL", "OUTER", "JOIN"}, Join::JOIN_TYPE_FULL_OUTER},
                                           {{"SEMI", "JOIN"}, Join::JOIN_TYPE_LEFT_SEMI},
                                           {{"LEFT", "SEMI", "JOIN"}, Join::JOIN_TYPE_LEFT_SEMI},
                                           {{"ANTI", "JOIN"}, Join::JOIN_TYPE_LEFT_ANTI},
                                           {{"LEFT", "ANTI", "JOIN"}, Join::JOIN_TYPE_LEFT_ANTI}};
  for (const Form& form : kForms) {
    size_t matched = 0;
    while (matched < form.words.size() && cursor_.IsWord(form.words[matched], matched)) ++matched;
    if (matched < form.words.size()) continue;
    for (size_t i = 0; i < matched; ++i) cursor_.Next();
    return form.type;
  }
  return std::nullopt;
}

// Joins what stands before it, all sides of a comma too: in FROM a, b JOIN c ON .. the condition may name a.
Result<Relation> QueryParser::ParseJoins(Relation relation) {
  for (;;) {
    const size_t begin = cursor_.position();
    const bool natural = cursor_.IsWord("NATURAL") && cursor_.IsAnyWord({"JOIN", "INNER", "LEFT", "RIGHT", "FULL"}, 1);
    if (natural) cursor_.Next();
    const auto type = AcceptJoin();
    if (!type) return relation;
    SLUICE_RETURN_IF_ERROR(CountStep(begin));
    if (cursor_.IsWord("LATERAL")) {
      SLUICE_ASSIGN(relation, ParseLateral(std::move(relation), *type, begin));
      continue;
    }
    Relation joined;
    auto* join = joined.mutable_join();
    join->set_join_type(*type);
    SLUICE_ASSIGN(*join->mutable_right(), ParseOneRelation());
    *join->mutable_left() = std::move(relation);
    if (natural) {
      join->add_using_columns(kNaturalJoin);
    } else if (cursor_.AcceptWord("ON")) {
      SLUICE_ASSIGN(*join->mutable_join_condition(), expressions_.Parse());
    } else if (cursor_.AcceptWord("USING")) {
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
      do {
        SLUICE_ASSIGN(*join->add_using_columns(), cursor_.ExpectName("A column of both sides"));
      } while (cursor_.AcceptSymbol(","));
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    }
    cursor_.SetOrigin(&joined, begin);
    relation = std::move(joined);
  }
}

Result<Relation> QueryParser::ParseRelationPrimary() {
  if (cursor_.AcceptSymbol("(")) {
    if (!cursor_.IsAnyWord({"SELECT", "WITH", "VALUES", "TABLE"}) && !cursor_.IsSymbol("(")) {
      SLUICE_ASSIGN(Relation inner, ParseRelation());
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
      return inner;
    }
    SLUICE_ASSIGN(Relation relation, ParseQuery());
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    return relation;
  }
  if (cursor_.IsWord("VALUES")) return ParseValues();
  if (cursor_.IsWord("STREAM") &&
      (cursor_.IsName(1) || cursor_.IsSymbol("(", 1) || cursor_.Peek(1).kind == TokenKind::kString))
    return ParseStream();
  return ParseTable(false);
}

// STREAM name, STREAM(name), STREAM read_kafka(..)
Result<Relation> QueryParser::ParseStream() {
  cursor_.Next();
  if (!cursor_.AcceptSymbol("(")) return ParseTable(true);
  SLUICE_ASSIGN(Relation relation, ParseTable(true));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  return relation;
}

Result<Relation> QueryParser::ParseTable(bool streaming) {
  const size_t begin = cursor_.position();
  if (cursor_.Peek().kind == TokenKind::kString) return ParsePath(streaming);
  if (IsClauseWord(cursor_)) return cursor_.SyntaxError("A table was expected.");
  SLUICE_ASSIGN(const std::string first, cursor_.ExpectName("A table"));
  if (cursor_.IsSymbol("(")) return ParseTableFunction(first, streaming, begin);
  std::string name = QuoteNameIfNeeded(first);
  bool single = true;
  while (cursor_.AcceptSymbol(".")) {
    SLUICE_ASSIGN(const std::string part, cursor_.ExpectName("A name after '.'"));
    name += "." + QuoteNameIfNeeded(part);
    single = false;
  }
  Relation relation;
  if (single && !streaming) {
    const auto found = std::find_if(named_.rbegin(), named_.rend(),
                                    [&](const auto& query) { return query.first == LowerCase(first); });
    if (found != named_.rend()) {
      relation.mutable_subquery_alias()->set_alias(found->first);
      *relation.mutable_subquery_alias()->mutable_input() = found->second;
      return relation;
    }
  }
  relation.mutable_read()->mutable_named_table()->set_unparsed_identifier(name);
  relation.mutable_read()->set_is_streaming(streaming);
  cursor_.SetOrigin(&relation, begin);
  return relation;
}

Result<Relation> QueryParser::ParseTableFunction(const std::string& name, bool streaming, size_t begin) {
  static const std::vector<std::string_view> kGenerators = {
      "explode", "explode_outer", "posexplode", "posexplode_outer", "inline", "inline_outer", "stack"};
  const auto same = [&](std::string_view generator) { return EqualsIgnoringCase(name, generator); };
  if (!streaming && std::any_of(kGenerators.begin(), kGenerators.end(), same)) return ParseGeneratorCall(name, begin);
  cursor_.Next();
  if (EqualsIgnoringCase(name, "read_kafka")) {
    SLUICE_ASSIGN(Relation relation, ParseReadKafka(streaming));
    cursor_.SetOrigin(&relation, begin);
    return relation;
  }
  if (EqualsIgnoringCase(name, "read_files")) {
    SLUICE_ASSIGN(Relation relation, ParseReadFiles(streaming));
    cursor_.SetOrigin(&relation, begin);
    return relation;
  }
  if (EqualsIgnoringCase(name, "range") && !streaming) return ParseRange(begin);
  if (!streaming) {
    const auto keep_table = [this]() -> Result<int64_t> {
      SLUICE_ASSIGN(Relation table, ParseTable(false));
      const int64_t plan_id = kFirstTableId + static_cast<int64_t>(subqueries_.size());
      table.mutable_common()->set_plan_id(plan_id);
      subqueries_.push_back(std::move(table));
      return plan_id;
    };
    SLUICE_ASSIGN(Relation relation, ParseRegisteredFunction(name, &cursor_, &expressions_,
                                                             {[this] { return ReadSubquery(); }, keep_table}));
    cursor_.SetOrigin(&relation, begin);
    return relation;
  }
  return WithPlace(
      UserError("UNRESOLVABLE_TABLE_VALUED_FUNCTION",
                fmt::format("There is no table function {} here; Sluice has read_files, read_kafka and range.", name),
                {{"name", QuoteName(name)}}),
      cursor_.PlaceOf(begin));
}

Result<Relation> QueryParser::ParseReadKafka(bool streaming) {
  Relation relation;
  relation.mutable_read()->set_is_streaming(streaming);
  auto* source = relation.mutable_read()->mutable_data_source();
  source->set_format("kafka");
  while (!cursor_.AcceptSymbol(")")) {
    if (!source->options().empty()) SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(","));
    if (!cursor_.IsName() || !cursor_.IsSymbol("=>", 1)) {
      return cursor_.SyntaxError("read_kafka takes arguments of the form name => 'value'.");
    }
    std::string name = cursor_.Next().text;
    cursor_.Next();
    const size_t at = cursor_.position();
    SLUICE_ASSIGN(const Expression value, expressions_.Parse());
    const std::optional<std::string> text = OptionText(value);
    if (!text) {
      return WithPlace(
          UserError("NON_FOLDABLE_ARGUMENT", fmt::format("The argument {} of read_kafka must be a constant.", name)),
          cursor_.PlaceOf(at));
    }
    if (EqualsIgnoringCase(name, "bootstrapServers")) name = "kafka.bootstrap.servers";
    SLUICE_RETURN_IF_ERROR(WithPlace(CheckReadOption("kafka", name), cursor_.PlaceOf(at)));
    if (source->options().contains(name)) {
      return WithPlace(UserError("DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE",
                                 fmt::format("The argument {} of read_kafka is given twice.", name)),
                       cursor_.PlaceOf(at));
    }
    (*source->mutable_options())[name] = *text;
  }
  return relation;
}

// range(end) | range(start, end[, step[, partitions]])
Result<Relation> QueryParser::ParseRange(size_t begin) {
  std::vector<int64_t> values;
  while (!cursor_.AcceptSymbol(")")) {
    if (!values.empty()) SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(","));
    const size_t at = cursor_.position();
    SLUICE_ASSIGN(const Expression value, expressions_.Parse());
    const std::optional<int64_t> number = WholeNumber(value);
    if (!number) return cursor_.Refuse("range with anything but whole numbers", at);
    values.push_back(*number);
  }
  if (values.empty() || values.size() > 4) {
    return WithPlace(UserError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "range takes one to four whole numbers."),
                     cursor_.PlaceOf(begin));
  }
  Relation relation;
  auto* range = relation.mutable_range();
  range->set_start(values.size() == 1 ? 0 : values[0]);
  range->set_end(values.size() == 1 ? values[0] : values[1]);
  range->set_step(values.size() > 2 ? values[2] : 1);
  cursor_.SetOrigin(&relation, begin);
  return relation;
}

// relation WATERMARK column DELAY OF INTERVAL 10 SECONDS, or INTERVAL '10 seconds'
Result<Relation> QueryParser::ParseWatermark(Relation relation) {
  if (!cursor_.IsWord("WATERMARK") || !cursor_.IsName(1)) return relation;
  if (!cursor_.IsWord("DELAY", 2) && !cursor_.IsSymbol(".", 2)) return relation;
  const size_t begin = cursor_.position();
  cursor_.Next();
  SLUICE_ASSIGN(const std::string first, cursor_.ExpectName("A column"));
  std::string column = QuoteNameIfNeeded(first);
  while (cursor_.AcceptSymbol(".")) {
    SLUICE_ASSIGN(const std::string part, cursor_.ExpectName("A name after '.'"));
    column += "." + QuoteNameIfNeeded(part);
  }
  for (const char* word : {"DELAY", "OF", "INTERVAL"}) {
    if (!cursor_.AcceptWord(word))
      return cursor_.SyntaxError("A watermark reads WATERMARK ts DELAY OF INTERVAL 10 SECONDS.");
  }
  std::string delay;
  if (cursor_.Peek().kind == TokenKind::kString) {
    delay = cursor_.Next().text;
  }
  // Numbers and units one after the other, or the unit of a text: INTERVAL '10' SECONDS.
  while (cursor_.Peek().kind == TokenKind::kInteger || IsUnitWord(cursor_)) {
    delay += (delay.empty() ? "" : " ") + cursor_.Next().text;
  }
  Relation marked;
  marked.mutable_with_watermark()->set_event_time(column);
  marked.mutable_with_watermark()->set_delay_threshold(LowerCase(delay));
  *marked.mutable_with_watermark()->mutable_input() = std::move(relation);
  cursor_.SetOrigin(&marked, begin);
  return marked;
}

// relation [[AS] name [(columns)]]
Result<Relation> QueryParser::ParseAlias(Relation relation) {
  std::string name;
  if (cursor_.AcceptWord("AS")) {
    SLUICE_ASSIGN(name, cursor_.ExpectName("A name after AS"));
  } else if (IsAliasWord(cursor_)) {
    name = cursor_.Next().text;
  } else {
    return relation;
  }
  if (cursor_.IsSymbol("(")) {
    const size_t begin = cursor_.position();
    cursor_.Next();
    Relation renamed;
    do {
      SLUICE_ASSIGN(*renamed.mutable_to_df()->add_column_names(), cursor_.ExpectName("A column's name"));
    } while (cursor_.AcceptSymbol(","));
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    const int names = renamed.to_df().column_names_size();
    if (const int width = InlineTableWidth(relation); width > 0 && width != names) {
      return WithPlace(UserError("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                                 fmt::format("VALUES has {} columns, but {} names are given.", width, names),
                                 {{"expectedNumCols", std::to_string(names)},
                                  {"actualNumCols", std::to_string(width)},
                                  {"rowIndex", "0"}}),
                       cursor_.PlaceOf(begin));
    }
    *renamed.mutable_to_df()->mutable_input() = std::move(relation);
    relation = std::move(renamed);
  }
  Relation alias;
  alias.mutable_subquery_alias()->set_alias(name);
  *alias.mutable_subquery_alias()->mutable_input() = std::move(relation);
  return alias;
}

}  // namespace sluice::sql
