// SPDX-License-Identifier: Apache-2.0
// LATERAL VIEW, PIVOT, UNPIVOT and TABLESAMPLE.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/query_parser.h"

namespace sluice::sql {
namespace {

using spark::connect::Aggregate;
using spark::connect::Join;

// value FOR .. IN (..): what stands behind AS, or nothing.
Result<std::string> AliasOf(TokenCursor* cursor) {
  if (cursor->AcceptWord("AS")) return cursor->ExpectName("A name after AS");
  if (IsAliasWord(*cursor)) return cursor->Next().text;
  return std::string();
}

}  // namespace

Result<std::vector<std::string>> QueryParser::ParseNames() {
  std::vector<std::string> names;
  do {
    SLUICE_ASSIGN(std::string name, cursor_.ExpectName("A column's name"));
    names.push_back(std::move(name));
  } while (cursor_.AcceptSymbol(","));
  return names;
}

// name(arguments), the parenthesis next.
Result<Relation> QueryParser::ParseGeneratorCall(const std::string& name, size_t begin) {
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
  Relation relation;
  auto* function = relation.mutable_unresolved_table_valued_function();
  function->set_function_name(name);
  if (!cursor_.IsSymbol(")")) {
    SLUICE_ASSIGN(std::vector<Expression> arguments, expressions_.ParseList());
    for (Expression& argument : arguments) *function->add_arguments() = std::move(argument);
  }
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  cursor_.SetOrigin(&relation, begin);
  return relation;
}

// LATERAL VIEW [OUTER] generator(..) [name] [AS column, ..], any number of them: lateral joins with table functions.
Result<Relation> QueryParser::ParseLateralViews(Relation relation) {
  while (cursor_.IsWord("LATERAL") && cursor_.IsWord("VIEW", 1)) {
    const size_t begin = cursor_.position();
    SLUICE_RETURN_IF_ERROR(CountStep(begin));
    cursor_.Next();
    cursor_.Next();
    const bool outer = cursor_.IsWord("OUTER") && !cursor_.IsSymbol("(", 1);
    if (outer) cursor_.Next();
    const size_t call_begin = cursor_.position();
    SLUICE_ASSIGN(const std::string name, cursor_.ExpectName("A generator"));
    SLUICE_ASSIGN(Relation view, ParseGeneratorCall(name, call_begin));
    std::string alias;
    if (!cursor_.IsWord("AS") && IsAliasWord(cursor_)) alias = cursor_.Next().text;
    const bool as = cursor_.AcceptWord("AS");
    if (as || (!alias.empty() && IsAliasWord(cursor_))) {
      SLUICE_ASSIGN(std::vector<std::string> names, ParseNames());
      Relation renamed;
      for (std::string& column : names) renamed.mutable_to_df()->add_column_names(std::move(column));
      WrapRelation(&view, &renamed, renamed.mutable_to_df()->mutable_input());
    }
    if (!alias.empty()) {
      Relation named;
      named.mutable_subquery_alias()->set_alias(alias);
      WrapRelation(&view, &named, named.mutable_subquery_alias()->mutable_input());
    }
    Relation joined;
    auto* join = joined.mutable_lateral_join();
    join->set_join_type(outer ? Join::JOIN_TYPE_LEFT_OUTER : Join::JOIN_TYPE_INNER);
    *join->mutable_left() = std::move(relation);
    *join->mutable_right() = std::move(view);
    cursor_.SetOrigin(&joined, begin);
    relation = std::move(joined);
  }
  return relation;
}

// PIVOT (aggregate [AS name], .. FOR column IN (value [AS name], ..))
Result<Relation> QueryParser::ParsePivot(Relation relation) {
  const size_t begin = cursor_.position();
  cursor_.Next();
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
  Relation made;
  Aggregate* aggregate = made.mutable_aggregate();
  aggregate->set_group_type(Aggregate::GROUP_TYPE_PIVOT);
  std::vector<Expression> used;
  do {
    SLUICE_ASSIGN(Expression call, expressions_.Parse());
    const bool as = cursor_.AcceptWord("AS");
    if (as || (IsAliasWord(cursor_) && !cursor_.IsWord("FOR"))) {
      Expression alias;
      SLUICE_ASSIGN(*alias.mutable_alias()->add_name(), cursor_.ExpectName("A name after AS"));
      *alias.mutable_alias()->mutable_expr() = std::move(call);
      call = std::move(alias);
    }
    used.push_back(call);
    *aggregate->add_aggregate_expressions() = std::move(call);
  } while (cursor_.AcceptSymbol(","));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("FOR"));
  const size_t column_at = cursor_.position();
  if (cursor_.IsSymbol("(")) return cursor_.Refuse("PIVOT over several columns", column_at);
  SLUICE_ASSIGN(const std::string column, cursor_.ExpectName("A column"));
  Expression pivot = AttributeOf(QuoteNameIfNeeded(column));
  cursor_.SetOrigin(&pivot, column_at);
  used.push_back(pivot);
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("IN"));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
  std::vector<Expression> names = {pivot};
  do {
    const size_t at = cursor_.position();
    SLUICE_ASSIGN(const Expression value, expressions_.Parse());
    if (!value.has_literal()) {
      if (!value.has_unresolved_attribute()) return cursor_.Refuse("A value of PIVOT that is no literal", at);
      return WithPlace(UserError("NON_LITERAL_PIVOT_VALUES", "The values of PIVOT must be literals.",
                                 {{"expression", "\"" + cursor_.TextSince(at) + "\""}}),
                       cursor_.PlaceOf(at));
    }
    *aggregate->mutable_pivot()->add_values() = value.literal();
    SLUICE_ASSIGN(const std::string alias, AliasOf(&cursor_));
    names.push_back(StringLiteral(alias));
  } while (cursor_.AcceptSymbol(","));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  *aggregate->mutable_pivot()->mutable_col() = InternalCall("pivot_names", std::move(names));
  *aggregate->add_grouping_expressions() = InternalCall(kOtherColumns, std::move(used));
  *aggregate->mutable_input() = std::move(relation);
  cursor_.SetOrigin(&made, begin);
  return ParseAlias(std::move(made));
}

// UNPIVOT [INCLUDE|EXCLUDE NULLS] (value FOR name IN (column [AS text], ..))
Result<Relation> QueryParser::ParseUnpivot(Relation relation) {
  const size_t begin = cursor_.position();
  cursor_.Next();
  const bool include = cursor_.AcceptWords({"INCLUDE", "NULLS"});
  if (!include) cursor_.AcceptWords({"EXCLUDE", "NULLS"});
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
  if (cursor_.IsSymbol("(")) return cursor_.Refuse("UNPIVOT into several columns", begin);
  Relation made;
  auto* unpivot = made.mutable_unpivot();
  SLUICE_ASSIGN(*unpivot->mutable_value_column_name(), cursor_.ExpectName("The column of the values"));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("FOR"));
  SLUICE_ASSIGN(*unpivot->mutable_variable_column_name(), cursor_.ExpectName("The column of the names"));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("IN"));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
  Expression star;
  star.mutable_unresolved_star();
  std::vector<Expression> others = {std::move(star)};
  do {
    SLUICE_ASSIGN(const Expression column, expressions_.Parse());
    others.push_back(column);
    SLUICE_ASSIGN(const std::string alias, AliasOf(&cursor_));
    Expression* value = unpivot->mutable_values()->add_values();
    if (alias.empty()) {
      *value = column;
    } else {
      *value->mutable_alias()->mutable_expr() = column;
      value->mutable_alias()->add_name(alias);
    }
  } while (cursor_.AcceptSymbol(","));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  *unpivot->add_ids() = InternalCall(kStarExcept, std::move(others));
  *unpivot->mutable_input() = std::move(relation);
  const std::string value_name = unpivot->value_column_name();
  cursor_.SetOrigin(&made, begin);
  if (!include) {
    Relation filter;
    auto* call = filter.mutable_filter()->mutable_condition()->mutable_unresolved_function();
    call->set_function_name("isnotnull");
    *call->add_arguments() = AttributeOf(QuoteNameIfNeeded(value_name));
    WrapRelation(&made, &filter, filter.mutable_filter()->mutable_input());
  }
  return ParseAlias(std::move(made));
}

// TABLESAMPLE (n PERCENT | n ROWS | BUCKET n OUT OF m) [REPEATABLE (seed)]
Result<Relation> QueryParser::ParseTableSample(Relation relation) {
  const size_t begin = cursor_.position();
  cursor_.Next();
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
  Relation made;
  const auto number = [](const Expression& value) -> std::optional<double> {
    if (!value.has_literal()) return std::nullopt;
    const auto& literal = value.literal();
    if (literal.has_integer()) return literal.integer();
    if (literal.has_long_()) return static_cast<double>(literal.long_());
    if (literal.has_double_()) return literal.double_();
    if (literal.has_decimal()) return std::stod(literal.decimal().value());
    return std::nullopt;
  };
  double fraction = 0;
  if (cursor_.AcceptWord("BUCKET")) {
    SLUICE_ASSIGN(const Expression bucket, expressions_.Parse());
    if (!cursor_.AcceptWords({"OUT", "OF"})) return cursor_.SyntaxError("OUT OF was expected.");
    SLUICE_ASSIGN(const Expression of, expressions_.Parse());
    const auto one = number(bucket);
    const auto all = number(of);
    if (!one || !all || *all <= 0) return cursor_.SyntaxError("BUCKET takes two whole numbers.");
    fraction = *one / *all;
  } else {
    SLUICE_ASSIGN(const Expression value, expressions_.Parse());
    const auto found = number(value);
    if (!found) return cursor_.Refuse("TABLESAMPLE with anything but a number", begin);
    if (cursor_.AcceptWord("ROWS")) {
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
      made.mutable_limit()->set_limit(static_cast<int32_t>(*found));
      *made.mutable_limit()->mutable_input() = std::move(relation);
      return made;
    }
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("PERCENT"));
    fraction = *found / 100;
  }
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  auto* sample = made.mutable_sample();
  sample->set_upper_bound(fraction);
  if (cursor_.AcceptWord("REPEATABLE")) {
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    SLUICE_ASSIGN(const Expression seed, expressions_.Parse());
    if (!seed.has_literal() || !seed.literal().has_integer()) {
      return cursor_.SyntaxError("REPEATABLE takes a whole number.");
    }
    sample->set_seed(seed.literal().integer());
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  }
  *sample->mutable_input() = std::move(relation);
  cursor_.SetOrigin(&made, begin);
  return made;
}

}  // namespace sluice::sql
