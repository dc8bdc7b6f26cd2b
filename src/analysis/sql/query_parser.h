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
// VALUES: an internal generator of the number of rows and their values, one row after the other.
extern const char kInlineTable[];
// The one column that NATURAL JOIN is "joined using".
extern const char kNaturalJoin[];
// PIVOT groups by all columns that it does not name: an internal call in place of the grouping expressions.
extern const char kOtherColumns[];

// Queries. SELECT becomes Project, or Drop(Sort(Filter(Aggregate))) when grouped, so that HAVING and ORDER BY stand
// right above the Aggregate, where Spark too finds aggregates that the SELECT list does not have.
class QueryParser {
 public:
  QueryParser(TokenCursor* cursor, const ParseOptions& options);
  QueryParser(const QueryParser&) = delete;
  QueryParser& operator=(const QueryParser&) = delete;

  // [WITH ..] SELECT .. [ORDER BY ..] [LIMIT ..] [OFFSET ..]. Queries that stand in expressions come beside the
  // outermost one (WithRelations), which names them by plan ids.
  Result<Relation> ParseQuery();

 private:
  struct Select {
    size_t begin = 0;
    bool distinct = false;
    std::vector<Expression> items;
    std::optional<Relation> from;
    bool grouped = false;  // GROUP BY or HAVING is there
    std::vector<Expression> groups;
    std::optional<std::vector<std::vector<Expression>>> grouping_sets;
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
  // GROUP BY, in grouping_parser.cc.
  Status ParseGroupBy(Select* select);
  Result<std::vector<std::vector<Expression>>> ParseGroupingItem(bool* plain);
  Result<std::vector<Expression>> ParseGroupingSet();
  Status ParseWindows();
  // VALUES ..; the names of columns, if any, follow as of any relation.
  Result<Relation> ParseValues();
  Result<int64_t> ReadSubquery();
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
  // In read_files_parser.cc.
  Result<Relation> ParsePath(bool streaming);
  Result<Relation> ParseReadFiles(bool streaming);
  Status ParseReadFilesArgument(spark::connect::Read::DataSource* source);
  Result<Relation> ParseTableFunction(const std::string& name, bool streaming, size_t begin);
  Result<Relation> ParseReadKafka(bool streaming);
  Result<Relation> ParseRange(size_t begin);
  Result<Relation> ParseAlias(Relation relation);
  // [WATERMARK column DELAY OF INTERVAL ..]
  Result<Relation> ParseWatermark(Relation relation);
  Status RefuseRelationWords();
  Result<Relation> ParseJoins(Relation relation);
  Result<Relation> ParseOneRelation();
  Result<Relation> ParseRelationExtensions(Relation relation);
  // Joins `left` with one that may name its columns.
  Result<Relation> ParseLateral(Relation left, spark::connect::Join::JoinType type, size_t begin);

  // What changes a relation's rows, in row_clauses.cc.
  Result<Relation> ParseLateralViews(Relation relation);
  Result<Relation> ParseGeneratorCall(const std::string& name, size_t begin);
  Result<Relation> ParsePivot(Relation relation);
  Result<Relation> ParseUnpivot(Relation relation);
  Result<Relation> ParseTableSample(Relation relation);
  Result<std::vector<std::string>> ParseNames();
  // The words of a join, taken when they stand here.
  std::optional<spark::connect::Join::JoinType> AcceptJoin();

  TokenCursor& cursor_;
  const ParseOptions& options_;
  ExpressionParser expressions_;
  std::vector<std::pair<std::string, Relation>> named_;  // WITH, innermost last
  std::vector<Relation> subqueries_;                     // of expressions, with their plan ids
  int query_depth_ = 0;
  int steps_ = 0;
};

// The text of a constant given as an option, or nothing for other expressions.
std::optional<std::string> OptionText(const spark::connect::Expression& value);
bool HasStar(const std::vector<Expression>& items);
// Whether an aggregate is called somewhere in an expression.
bool HasAggregate(const google::protobuf::Message& message);
Expression PositionLiteral(size_t position);
// Puts `relation` into a slot of `outer`, and `outer` in its place.
void WrapRelation(Relation* relation, Relation* outer, Relation* slot);
Expression InternalCall(const std::string& function, std::vector<Expression> arguments);

}  // namespace sluice::sql
