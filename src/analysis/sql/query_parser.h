// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/sql/expression_parser.h"

namespace sluice::sql {

using spark::connect::Relation;

// Columns that a grouped SELECT's Aggregate message puts before the SELECT list, and that a Drop removes again:
// Connect's Aggregate always returns its keys. "__sluice_group_0" and so on.
extern const char kGroupColumnPrefix[];
// SELECT * EXCEPT (a, b): an internal function of the star and the columns.
extern const char kStarExcept[];

// Queries. SELECT becomes Project, or Drop(Sort(Filter(Aggregate))) when grouped, so that HAVING and ORDER BY stand
// right above the Aggregate, where Spark too finds aggregates that the SELECT list does not have.
class QueryParser {
 public:
  QueryParser(TokenCursor* cursor, const ParseOptions& options)
      : cursor_(*cursor), options_(options), expressions_(cursor, options) {}

  // [WITH ..] SELECT .. [ORDER BY ..] [LIMIT ..] [OFFSET ..]
  Result<Relation> ParseQuery();

 private:
  struct Select {
    size_t begin = 0;
    bool distinct = false;
    std::vector<Expression> items;
    std::optional<Relation> from;
    bool grouped = false;  // GROUP BY or HAVING is there
    std::vector<Expression> groups;
    std::optional<Expression> having;
    std::vector<Expression::SortOrder> order;
  };

  // What UNION and its kin stand between: a SELECT whose ORDER BY may follow, or a query in parentheses.
  struct Term {
    std::optional<Select> select;
    Relation relation;  // without a select
  };

  Result<Relation> ParseQueryBody();
  Status ParseWith();
  Result<Term> ParseTerm();
  // What follows a term: a chain of set operations, INTERSECT before the others.
  Result<Relation> ParseSetOperations(Relation first, bool intersect_only);
  Result<Relation> ParseOperand();
  // Set operations and joins make plans deep that are not deep to read: a query may have so many.
  Status CountStep(size_t begin);
  Result<Select> ParseSelect();
  Result<Expression> ParseStarExcept(Expression star);
  Status ParseGroupBy(Select* select);
  // `items`: of the SELECT that ORDER BY ALL means; null behind a set operation.
  Result<std::vector<Expression::SortOrder>> ParseOrderBy(const std::vector<Expression>* items);
  Status CheckOrdinals(const Select& select) const;
  Relation BuildSelect(Select select) const;
  Result<Relation> ParseLimits(Relation input);

  // FROM, in relation_parser.cc.
  Result<Relation> ParseRelation();
  Result<Relation> ParseRelationPrimary();
  Result<Relation> ParseStream();
  Result<Relation> ParseTable(bool streaming);
  Result<Relation> ParsePath(bool streaming);
  Result<Relation> ParseTableFunction(const std::string& name, bool streaming, size_t begin);
  Result<Relation> ParseReadKafka(bool streaming);
  Result<Relation> ParseRange(size_t begin);
  Result<Relation> ParseAlias(Relation relation);
  Status RefuseRelationWords();
  Result<Relation> ParseJoinedRelation();
  Result<Relation> ParseOneRelation();
  // The words of a join, taken when they stand here.
  std::optional<spark::connect::Join::JoinType> AcceptJoin();

  TokenCursor& cursor_;
  const ParseOptions& options_;
  ExpressionParser expressions_;
  std::vector<std::pair<std::string, Relation>> named_;  // WITH, innermost last
  int steps_ = 0;
};

}  // namespace sluice::sql
