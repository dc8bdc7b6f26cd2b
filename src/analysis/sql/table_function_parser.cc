// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/table_function_parser.h"

#include <fmt/format.h>

#include "base/spark_error.h"

namespace sluice::sql {
namespace {

using spark::connect::Relation;
using spark::connect::SubqueryExpression;

Status WithoutParentheses(const std::string& clause) {
  const std::string message = fmt::format(
      "The table function call includes a table argument with an invalid partitioning/ordering specification: the {} "
      "BY "
      "clause included multiple expressions without parentheses surrounding them; please add parentheses around these "
      "expressions and then retry the query again",
      clause);
  return UserError("_LEGACY_ERROR_TEMP_0064", message, {{"msg", message}});
}

class CallParser {
 public:
  CallParser(TokenCursor* cursor, ExpressionParser* expressions, const TableReaders& readers)
      : cursor_(*cursor), expressions_(*expressions), readers_(readers) {}

  Result<Relation> Parse(const std::string& name) {
    Relation relation;
    auto* function = relation.mutable_unresolved_table_valued_function();
    function->set_function_name(name);
    while (!cursor_.AcceptSymbol(")")) {
      if (function->arguments_size() > 0) SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(","));
      Expression* argument = function->add_arguments();
      if (cursor_.IsName() && cursor_.IsSymbol("=>", 1)) {
        argument->mutable_named_argument_expression()->set_key(cursor_.Next().text);
        cursor_.Next();
        argument = argument->mutable_named_argument_expression()->mutable_value();
      }
      if (cursor_.IsWord("TABLE") && (cursor_.IsSymbol("(", 1) || cursor_.IsName(1))) {
        SLUICE_ASSIGN(*argument, ParseTable());
      } else {
        SLUICE_ASSIGN(*argument, expressions_.Parse());
      }
    }
    return relation;
  }

 private:
  // TABLE name | TABLE(name) | TABLE(query), and how its rows are to come.
  Result<Expression> ParseTable() {
    const size_t begin = cursor_.position();
    cursor_.Next();
    Expression argument;
    auto* subquery = argument.mutable_subquery_expression();
    subquery->set_subquery_type(SubqueryExpression::SUBQUERY_TYPE_TABLE_ARG);
    const bool enclosed = cursor_.AcceptSymbol("(");
    const bool query = enclosed && (cursor_.IsAnyWord({"SELECT", "WITH", "VALUES", "FROM"}) || cursor_.IsSymbol("("));
    SLUICE_ASSIGN(const int64_t plan_id, query ? readers_.query() : readers_.table());
    subquery->set_plan_id(plan_id);
    if (enclosed) SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    SLUICE_RETURN_IF_ERROR(ParsePartitions(subquery->mutable_table_arg_options()));
    cursor_.SetOrigin(&argument, begin);
    return argument;
  }

  // [WITH SINGLE PARTITION | PARTITION BY key | PARTITION BY (key, ..)] [ORDER BY key | ORDER BY (key, ..)]
  Status ParsePartitions(SubqueryExpression::TableArgOptions* options) {
    if (cursor_.IsWord("WITH") && cursor_.IsWord("SINGLE", 1)) {
      cursor_.Next();
      cursor_.Next();
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("PARTITION"));
      options->set_with_single_partition(true);
    } else if (cursor_.IsAnyWord({"PARTITION", "DISTRIBUTE"}) && cursor_.IsWord("BY", 1)) {
      const auto add = [&]() -> Status { return expressions_.Parse().Value(options->add_partition_spec()); };
      SLUICE_RETURN_IF_ERROR(ParseKeys("PARTITION", add));
    } else {
      return Status::OK();
    }
    if (!cursor_.IsAnyWord({"ORDER", "SORT"}) || !cursor_.IsWord("BY", 1)) return Status::OK();
    return ParseKeys("ORDER",
                     [&]() -> Status { return expressions_.ParseSortOrder().Value(options->add_order_spec()); });
  }

  // Several keys stand in parentheses: a comma behind one alone is followed by the next argument.
  Status ParseKeys(const std::string& clause, const std::function<Status()>& add) {
    cursor_.Next();
    cursor_.Next();
    const bool several = cursor_.AcceptSymbol("(");
    do {
      SLUICE_RETURN_IF_ERROR(add());
    } while (several && cursor_.AcceptSymbol(","));
    if (several) return cursor_.ExpectSymbol(")");
    const bool next_is_argument = cursor_.IsWord("TABLE", 1) || (cursor_.IsName(1) && cursor_.IsSymbol("=>", 2));
    return !cursor_.IsSymbol(",") || next_is_argument ? Status::OK() : WithoutParentheses(clause);
  }

  TokenCursor& cursor_;
  ExpressionParser& expressions_;
  const TableReaders& readers_;
};

}  // namespace

Result<Relation> ParseRegisteredFunction(const std::string& name, TokenCursor* cursor, ExpressionParser* expressions,
                                         const TableReaders& readers) {
  return CallParser(cursor, expressions, readers).Parse(name);
}

}  // namespace sluice::sql
