// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/query_parser.h"
#include "base/closest_name.h"
#include "connectors/registry.h"

namespace sluice::sql {
namespace {

// The text of a constant given as an option, or nothing for other expressions.
std::optional<std::string> OptionText(const Expression& value) {
  if (!value.has_literal()) return std::nullopt;
  const auto& literal = value.literal();
  if (literal.has_string()) return literal.string();
  if (literal.has_integer()) return std::to_string(literal.integer());
  if (literal.has_long_()) return std::to_string(literal.long_());
  if (literal.has_boolean()) return literal.boolean() ? "true" : "false";
  return std::nullopt;
}

std::optional<int64_t> WholeNumber(const Expression& value) {
  if (!value.has_literal()) return std::nullopt;
  if (value.literal().has_integer()) return value.literal().integer();
  if (value.literal().has_long_()) return value.literal().long_();
  return std::nullopt;
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

}  // namespace

Status QueryParser::RefuseRelationWords() {
  const size_t at = cursor_.position();
  if (cursor_.IsWord("NATURAL") && cursor_.IsAnyWord({"JOIN", "INNER", "LEFT", "RIGHT", "FULL"}, 1)) {
    return cursor_.Refuse("NATURAL JOIN (name the columns by USING)", at);
  }
  if (cursor_.IsWord("LATERAL")) return cursor_.Refuse("LATERAL", at);
  if (cursor_.IsAnyWord({"TABLESAMPLE", "PIVOT", "UNPIVOT"})) return cursor_.Refuse(cursor_.Peek().text, at);
  if (cursor_.IsWord("FOR") ||
      (cursor_.IsAnyWord({"VERSION", "TIMESTAMP"}) && cursor_.IsWord("AS", 1) && cursor_.IsWord("OF", 2))) {
    return cursor_.Refuse("Time travel", at);
  }
  return Status::OK();
}

Result<Relation> QueryParser::ParseRelation() {
  SLUICE_RETURN_IF_ERROR(cursor_.Enter());
  DepthGuard guard(&cursor_);
  SLUICE_ASSIGN(Relation relation, ParseJoinedRelation());
  while (cursor_.IsSymbol(",")) {
    const size_t begin = cursor_.position();
    SLUICE_RETURN_IF_ERROR(CountStep(begin));
    cursor_.Next();
    SLUICE_ASSIGN(Relation right, ParseJoinedRelation());
    Relation both;
    both.mutable_join()->set_join_type(spark::connect::Join::JOIN_TYPE_CROSS);
    *both.mutable_join()->mutable_left() = std::move(relation);
    *both.mutable_join()->mutable_right() = std::move(right);
    cursor_.SetOrigin(&both, begin);
    relation = std::move(both);
  }
  return relation;
}

Result<Relation> QueryParser::ParseOneRelation() {
  SLUICE_ASSIGN(Relation relation, ParseRelationPrimary());
  SLUICE_RETURN_IF_ERROR(RefuseRelationWords());
  SLUICE_ASSIGN(relation, ParseAlias(std::move(relation)));
  SLUICE_RETURN_IF_ERROR(RefuseRelationWords());
  return relation;
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

Result<Relation> QueryParser::ParseJoinedRelation() {
  SLUICE_ASSIGN(Relation relation, ParseOneRelation());
  for (;;) {
    const size_t begin = cursor_.position();
    const auto type = AcceptJoin();
    if (!type) return relation;
    SLUICE_RETURN_IF_ERROR(CountStep(begin));
    if (cursor_.IsWord("LATERAL")) return cursor_.Refuse("LATERAL", cursor_.position());
    Relation joined;
    auto* join = joined.mutable_join();
    join->set_join_type(*type);
    SLUICE_ASSIGN(*join->mutable_right(), ParseOneRelation());
    *join->mutable_left() = std::move(relation);
    if (cursor_.AcceptWord("ON")) {
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
  if (cursor_.IsWord("VALUES")) return cursor_.Refuse("VALUES", cursor_.position());
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

// FROM 's3a://bucket/table': the same as parquet.`s3a://bucket/table`, and can stand between a shell's double quotes.
Result<Relation> QueryParser::ParsePath(bool streaming) {
  const size_t begin = cursor_.position();
  const std::string path = cursor_.Next().text;
  const std::string lower = LowerCase(path);
  for (const char* ending : {".csv", ".tsv", ".json", ".jsonl", ".txt", ".csv.gz", ".tsv.gz", ".json.gz"}) {
    if (lower.ends_with(ending)) {
      return cursor_.Refuse(fmt::format("Reading '{}' files (a path stands for Parquet)", ending), begin);
    }
  }
  Relation relation;
  relation.mutable_read()->mutable_named_table()->set_unparsed_identifier("parquet." + QuoteName(path));
  relation.mutable_read()->set_is_streaming(streaming);
  cursor_.SetOrigin(&relation, begin);
  return relation;
}

Result<Relation> QueryParser::ParseTableFunction(const std::string& name, bool streaming, size_t begin) {
  cursor_.Next();
  if (EqualsIgnoringCase(name, "read_kafka")) {
    SLUICE_ASSIGN(Relation relation, ParseReadKafka(streaming));
    cursor_.SetOrigin(&relation, begin);
    return relation;
  }
  if (EqualsIgnoringCase(name, "range") && !streaming) return ParseRange(begin);
  return WithPlace(UserError("UNRESOLVABLE_TABLE_VALUED_FUNCTION",
                             fmt::format("There is no table function {} here; Sluice has read_kafka and range.", name),
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
  if (cursor_.AcceptSymbol("(")) {
    Relation renamed;
    do {
      SLUICE_ASSIGN(*renamed.mutable_to_df()->add_column_names(), cursor_.ExpectName("A column's name"));
    } while (cursor_.AcceptSymbol(","));
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    *renamed.mutable_to_df()->mutable_input() = std::move(relation);
    relation = std::move(renamed);
  }
  Relation alias;
  alias.mutable_subquery_alias()->set_alias(name);
  *alias.mutable_subquery_alias()->mutable_input() = std::move(relation);
  return alias;
}

}  // namespace sluice::sql
