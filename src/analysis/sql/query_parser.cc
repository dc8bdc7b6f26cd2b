// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/query_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "expr/aggregate.h"

namespace sluice::sql {

const char kGroupColumnPrefix[] = "__sluice_group_";
const char kStarExcept[] = "star_except";
const char kInlineTable[] = "inline_table";
const char kNaturalJoin[] = "__sluice_natural";
const char kOtherColumns[] = "other_columns";

namespace {

constexpr size_t kMaxNamedQueries = 100;
constexpr int kMaxSteps = 400;  // each is a step of the plan, and there are at most 500

bool IsStar(const Expression& e) {
  return e.has_unresolved_star() || (e.has_unresolved_function() && e.unresolved_function().is_internal() &&
                                     e.unresolved_function().function_name() == kStarExcept);
}

bool IsSetOperation(const TokenCursor& cursor) {
  return cursor.IsAnyWord({"UNION", "INTERSECT", "EXCEPT", "MINUS"});
}

bool IsOrdinal(const Expression& e) {
  return e.has_literal() && e.literal().has_integer();
}

// Far from the ids that clients give their own relations.
constexpr int64_t kFirstPlanId = int64_t{1} << 40;

}  // namespace

bool HasStar(const std::vector<Expression>& items) {
  return std::any_of(items.begin(), items.end(), IsStar);
}

bool HasAggregate(const google::protobuf::Message& message) {
  const auto* call = dynamic_cast<const Expression::UnresolvedFunction*>(&message);
  if (call != nullptr && IsAggregateFunction(LowerCase(call->function_name()))) return true;
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (HasAggregate(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                            : reflection->GetMessage(message, field)))
        return true;
    }
  }
  return false;
}

Expression PositionLiteral(size_t position) {
  Expression literal;
  literal.mutable_literal()->set_integer(static_cast<int32_t>(position));
  return literal;
}

void WrapRelation(Relation* relation, Relation* outer, Relation* slot) {
  *slot = std::move(*relation);
  *relation = std::move(*outer);
}

Expression InternalCall(const std::string& function, std::vector<Expression> arguments) {
  Expression call;
  call.mutable_unresolved_function()->set_function_name(function);
  call.mutable_unresolved_function()->set_is_internal(true);
  for (Expression& argument : arguments) *call.mutable_unresolved_function()->add_arguments() = std::move(argument);
  return call;
}

QueryParser::QueryParser(TokenCursor* cursor, const ParseOptions& options)
    : cursor_(*cursor), options_(options), expressions_(cursor, options) {
  expressions_.AllowSubqueries([this] { return ReadSubquery(); });
}

// A query has windows of its own.
Result<int64_t> QueryParser::ReadSubquery() {
  const auto windows = expressions_.windows();
  SLUICE_ASSIGN(Relation query, ParseQuery());
  expressions_.SetWindows(windows);
  const int64_t plan_id = kFirstPlanId + static_cast<int64_t>(subqueries_.size());
  query.mutable_common()->set_plan_id(plan_id);
  subqueries_.push_back(std::move(query));
  return plan_id;
}

Result<Relation> QueryParser::ParseQuery() {
  SLUICE_RETURN_IF_ERROR(cursor_.Enter());
  DepthGuard guard(&cursor_);
  const size_t outer_names = named_.size();
  ++query_depth_;
  if (cursor_.AcceptWord("WITH")) SLUICE_RETURN_IF_ERROR(ParseWith());
  SLUICE_ASSIGN(Relation relation, ParseQueryBody());
  named_.resize(outer_names);
  if (--query_depth_ > 0 || subqueries_.empty()) return relation;
  Relation with;
  *with.mutable_with_relations()->mutable_root() = std::move(relation);
  for (Relation& subquery : subqueries_) *with.mutable_with_relations()->add_references() = std::move(subquery);
  subqueries_.clear();
  return with;
}

Status QueryParser::ParseWith() {
  if (cursor_.IsWord("RECURSIVE")) return cursor_.Refuse("WITH RECURSIVE", cursor_.position());
  do {
    const size_t begin = cursor_.position();
    if (named_.size() >= kMaxNamedQueries) {
      return cursor_.Refuse(fmt::format("More than {} queries in WITH", kMaxNamedQueries), begin);
    }
    SLUICE_ASSIGN(std::string name, cursor_.ExpectName("The name of a query"));
    std::vector<std::string> columns;
    if (cursor_.AcceptSymbol("(")) {
      do {
        SLUICE_ASSIGN(std::string column, cursor_.ExpectName("A column's name"));
        columns.push_back(std::move(column));
      } while (cursor_.AcceptSymbol(","));
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    }
    cursor_.AcceptWord("AS");
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    SLUICE_ASSIGN(Relation query, ParseQuery());
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    if (!columns.empty()) {
      Relation renamed;
      for (std::string& column : columns) renamed.mutable_to_df()->add_column_names(std::move(column));
      WrapRelation(&query, &renamed, renamed.mutable_to_df()->mutable_input());
    }
    named_.emplace_back(LowerCase(name), std::move(query));
  } while (cursor_.AcceptSymbol(","));
  return Status::OK();
}

// ORDER BY and LIMIT behind set operations are of the whole.
Result<Relation> QueryParser::ParseQueryBody() {
  SLUICE_ASSIGN(Term term, ParseTerm());
  if (term.select && !IsSetOperation(cursor_)) {
    SLUICE_ASSIGN(term.select->order, ParseOrderBy(&term.select->items));
    SLUICE_RETURN_IF_ERROR(CheckOrdinals(*term.select));
    return ParseLimits(BuildSelect(std::move(*term.select)));
  }
  Relation first = term.select ? BuildSelect(std::move(*term.select)) : std::move(term.relation);
  SLUICE_ASSIGN(Relation relation, ParseSetOperations(std::move(first), /*intersect_only=*/false));
  SLUICE_ASSIGN(const std::vector<Expression::SortOrder> order, ParseOrderBy(nullptr));
  if (!order.empty()) {
    Relation sort;
    sort.mutable_sort()->set_is_global(true);
    for (const Expression::SortOrder& one : order) *sort.mutable_sort()->add_order() = one;
    WrapRelation(&relation, &sort, sort.mutable_sort()->mutable_input());
  }
  return ParseLimits(std::move(relation));
}

Result<Relation> QueryParser::ParseSetOperations(Relation first, bool intersect_only) {
  using spark::connect::SetOperation;
  Relation left = std::move(first);
  while (IsSetOperation(cursor_)) {
    const size_t begin = cursor_.position();
    const bool intersect = cursor_.IsWord("INTERSECT");
    if (intersect_only && !intersect) break;
    Relation made;
    SetOperation* operation = made.mutable_set_op();
    operation->set_set_op_type(intersect                 ? SetOperation::SET_OP_TYPE_INTERSECT
                               : cursor_.IsWord("UNION") ? SetOperation::SET_OP_TYPE_UNION
                                                         : SetOperation::SET_OP_TYPE_EXCEPT);
    SLUICE_RETURN_IF_ERROR(CountStep(begin));
    cursor_.Next();
    operation->set_is_all(cursor_.AcceptWord("ALL"));
    if (!operation->is_all()) cursor_.AcceptWord("DISTINCT");
    SLUICE_ASSIGN(Relation right, ParseOperand());
    if (!intersect) {
      SLUICE_ASSIGN(right, ParseSetOperations(std::move(right), /*intersect_only=*/true));
    }
    *operation->mutable_left_input() = std::move(left);
    *operation->mutable_right_input() = std::move(right);
    cursor_.SetOrigin(&made, begin);
    left = std::move(made);
  }
  return left;
}

Status QueryParser::CountStep(size_t begin) {
  if (++steps_ <= kMaxSteps) return Status::OK();
  return cursor_.Refuse(fmt::format("More than {} joins and set operations in a query", kMaxSteps), begin);
}

Result<Relation> QueryParser::ParseOperand() {
  SLUICE_ASSIGN(Term term, ParseTerm());
  if (!term.select) return std::move(term.relation);
  return BuildSelect(std::move(*term.select));
}

Result<QueryParser::Term> QueryParser::ParseTerm() {
  Term term;
  if (cursor_.AcceptSymbol("(")) {
    SLUICE_ASSIGN(term.relation, ParseQuery());
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    return term;
  }
  if (cursor_.IsWord("VALUES")) {
    SLUICE_ASSIGN(term.relation, ParseValues());
    SLUICE_ASSIGN(term.relation, ParseAlias(std::move(term.relation)));
    return term;
  }
  if (cursor_.AcceptWord("TABLE")) {
    SLUICE_ASSIGN(term.relation, ParseTable(false));
    return term;
  }
  if (cursor_.IsWord("FROM")) {
    return cursor_.Refuse(fmt::format("A query that begins with {}", cursor_.Peek().text), cursor_.position());
  }
  if (!cursor_.IsWord("SELECT")) return cursor_.SyntaxError("SELECT was expected.");
  SLUICE_ASSIGN(term.select, ParseSelect());
  return term;
}

namespace {

// Hive's clause, TRANSFORM (a, b) USING 'script'; without USING it is the function of arrays.
bool IsScriptTransform(const TokenCursor& cursor) {
  return cursor.IsWord("TRANSFORM") && cursor.IsSymbol("(", 1) && cursor.IsWord("USING", cursor.ClosingAhead(1) + 1);
}

}  // namespace

Result<QueryParser::Select> QueryParser::ParseSelect() {
  Select select;
  select.begin = cursor_.position();
  SLUICE_RETURN_IF_ERROR(ParseWindows());
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("SELECT"));
  if (IsScriptTransform(cursor_)) return cursor_.Refuse("TRANSFORM .. USING", cursor_.position());
  select.distinct = cursor_.AcceptWord("DISTINCT");
  if (!select.distinct) cursor_.AcceptWord("ALL");
  do {
    SLUICE_ASSIGN(Expression item, expressions_.ParseNamed());
    if (item.has_unresolved_star() && cursor_.IsWord("EXCEPT") && cursor_.IsSymbol("(", 1) && cursor_.IsName(2) &&
        !cursor_.IsAnyWord({"SELECT", "WITH", "FROM", "VALUES", "TABLE"}, 2)) {
      SLUICE_ASSIGN(item, ParseStarExcept(std::move(item)));
    }
    select.items.push_back(std::move(item));
  } while (cursor_.AcceptSymbol(","));
  if (cursor_.AcceptWord("FROM")) {
    const auto windows = expressions_.windows();
    SLUICE_ASSIGN(select.from, ParseRelation());
    expressions_.SetWindows(windows);
  }
  if (cursor_.AcceptWord("WHERE")) {
    Relation filter;
    SLUICE_ASSIGN(*filter.mutable_filter()->mutable_condition(), expressions_.Parse());
    if (select.from) *filter.mutable_filter()->mutable_input() = std::move(*select.from);
    select.from = std::move(filter);
  }
  SLUICE_RETURN_IF_ERROR(ParseGroupBy(&select));
  if (cursor_.AcceptWord("HAVING")) {
    SLUICE_ASSIGN(select.having, expressions_.Parse());
    select.grouped = true;
  }
  if (cursor_.AcceptWord("WINDOW")) {
    // They are known already (ParseWindows).
    do {
      cursor_.Next();
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("AS"));
      SLUICE_RETURN_IF_ERROR(expressions_.ParseWindowSpec().status());
    } while (cursor_.AcceptSymbol(","));
  }
  if (cursor_.IsWord("QUALIFY")) return cursor_.Refuse("QUALIFY", cursor_.position());
  return select;
}

// * EXCEPT (a, b)
Result<Expression> QueryParser::ParseStarExcept(Expression star) {
  const size_t begin = cursor_.position() - 1;
  cursor_.Next();
  cursor_.Next();
  Expression except;
  auto* call = except.mutable_unresolved_function();
  call->set_function_name(kStarExcept);
  call->set_is_internal(true);
  *call->add_arguments() = std::move(star);
  do {
    const size_t at = cursor_.position();
    SLUICE_ASSIGN(Expression column, expressions_.Parse());
    if (!column.has_unresolved_attribute()) {
      return WithPlace(UserError("PARSE_SYNTAX_ERROR", "EXCEPT takes names of columns."), cursor_.PlaceOf(at));
    }
    *call->add_arguments() = std::move(column);
  } while (cursor_.AcceptSymbol(","));
  SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
  cursor_.SetOrigin(&except, begin);
  return except;
}

Result<std::vector<Expression::SortOrder>> QueryParser::ParseOrderBy(const std::vector<Expression>* items) {
  std::vector<Expression::SortOrder> list;
  // All rows are in one place, so that SORT BY sorts them all, and DISTRIBUTE BY has nothing to do.
  if (cursor_.AcceptWords({"DISTRIBUTE", "BY"})) SLUICE_RETURN_IF_ERROR(expressions_.ParseList().status());
  if (!cursor_.AcceptWords({"ORDER", "BY"}) && !cursor_.AcceptWords({"SORT", "BY"}) &&
      !cursor_.AcceptWords({"CLUSTER", "BY"})) {
    return list;
  }
  if (cursor_.IsWord("ALL") && !cursor_.IsSymbol(".", 1)) {
    const size_t begin = cursor_.position();
    if (items == nullptr) return cursor_.Refuse("ORDER BY ALL behind a set operation", begin);
    if (HasStar(*items)) return cursor_.Refuse("ORDER BY ALL beside *", begin);
    SLUICE_ASSIGN(Expression::SortOrder order, expressions_.ParseSortOrder());
    for (size_t i = 0; i < items->size(); ++i) {
      *order.mutable_child() = PositionLiteral(i + 1);
      list.push_back(order);
    }
    if (cursor_.IsSymbol(",")) return cursor_.SyntaxError("nothing more can stand behind ORDER BY ALL.");
    return list;
  }
  do {
    SLUICE_ASSIGN(Expression::SortOrder order, expressions_.ParseSortOrder());
    list.push_back(std::move(order));
  } while (cursor_.AcceptSymbol(","));
  return list;
}

// Positions beyond the SELECT list are found here, unless a star hides its length.
Status QueryParser::CheckOrdinals(const Select& select) const {
  if (HasStar(select.items)) return Status::OK();
  const auto size = static_cast<int32_t>(select.items.size());
  for (const auto& order : select.order) {
    if (!IsOrdinal(order.child())) continue;
    const int32_t position = order.child().literal().integer();
    if (position >= 1 && position <= size) continue;
    const auto& origin = order.child().common().origin().jvm_origin();
    return WithPlace(UserError("ORDER_BY_POS_OUT_OF_RANGE",
                               fmt::format("ORDER BY names column {}, but the SELECT list has {}.", position, size),
                               {{"index", std::to_string(position)}, {"size", std::to_string(size)}}),
                     TextPlace{options_.file_name, origin.line(), origin.start_position() + 1, origin.sql_text()});
  }
  return Status::OK();
}

Relation QueryParser::BuildSelect(Select select) const {
  Relation result;
  const auto keys = static_cast<int32_t>(select.groups.size());
  if (select.grouped) {
    auto* aggregate = result.mutable_aggregate();
    aggregate->set_group_type(select.grouping_sets ? spark::connect::Aggregate::GROUP_TYPE_GROUPING_SETS
                                                   : spark::connect::Aggregate::GROUP_TYPE_GROUPBY);
    for (auto& set : select.grouping_sets.value_or(std::vector<std::vector<Expression>>())) {
      auto* made = aggregate->add_grouping_sets();
      for (Expression& key : set) *made->add_grouping_set() = std::move(key);
    }
    if (select.from) *aggregate->mutable_input() = std::move(*select.from);
    for (int32_t i = 0; i < keys; ++i) {
      auto* alias = aggregate->add_grouping_expressions()->mutable_alias();
      alias->add_name(kGroupColumnPrefix + std::to_string(i));
      *alias->mutable_expr() = std::move(select.groups[i]);
    }
    for (Expression& item : select.items) *aggregate->add_aggregate_expressions() = std::move(item);
  } else {
    auto* project = result.mutable_project();
    if (select.from) *project->mutable_input() = std::move(*select.from);
    for (Expression& item : select.items) *project->add_expressions() = std::move(item);
  }
  cursor_.SetOrigin(&result, select.begin);
  if (select.having) {
    Relation filter;
    *filter.mutable_filter()->mutable_condition() = std::move(*select.having);
    WrapRelation(&result, &filter, filter.mutable_filter()->mutable_input());
  }
  const auto add_sort = [&](int32_t shift) {
    if (select.order.empty()) return;
    Relation sort;
    sort.mutable_sort()->set_is_global(true);
    for (Expression::SortOrder& order : select.order) {
      if (IsOrdinal(order.child())) {
        auto* literal = order.mutable_child()->mutable_literal();
        literal->set_integer(literal->integer() + shift);
      }
      *sort.mutable_sort()->add_order() = std::move(order);
    }
    WrapRelation(&result, &sort, sort.mutable_sort()->mutable_input());
  };
  if (!select.distinct) add_sort(keys);
  if (keys > 0) {
    Relation drop;
    for (int32_t i = 0; i < keys; ++i) drop.mutable_drop()->add_column_names(kGroupColumnPrefix + std::to_string(i));
    WrapRelation(&result, &drop, drop.mutable_drop()->mutable_input());
  }
  if (select.distinct) {
    Relation distinct;
    distinct.mutable_deduplicate()->set_all_columns_as_keys(true);
    WrapRelation(&result, &distinct, distinct.mutable_deduplicate()->mutable_input());
    add_sort(0);
  }
  return result;
}

// [LIMIT n] [OFFSET n], in either order of Spark's two spellings.
Result<Relation> QueryParser::ParseLimits(Relation input) {
  std::optional<int32_t> limit;
  std::optional<int32_t> offset;
  while (cursor_.IsAnyWord({"LIMIT", "OFFSET"})) {
    const bool is_limit = cursor_.IsWord("LIMIT");
    const size_t begin = cursor_.position();
    cursor_.Next();
    if (is_limit && cursor_.AcceptWord("ALL")) continue;
    SLUICE_ASSIGN(Expression count, expressions_.Parse());
    if (count.has_literal() && !IsOrdinal(count) && !count.literal().has_null()) {
      return WithPlace(
          UserError("INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE", "LIMIT and OFFSET need a whole number of type INT."),
          cursor_.PlaceOf(begin));
    }
    if (!IsOrdinal(count)) {
      return cursor_.Refuse("LIMIT or OFFSET with anything but a whole number", begin);
    }
    const int32_t value = count.literal().integer();
    if (value < 0) {
      return WithPlace(UserError("INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE",
                                 fmt::format("LIMIT and OFFSET must not be negative, but one is {}.", value)),
                       cursor_.PlaceOf(begin));
    }
    std::optional<int32_t>& slot = is_limit ? limit : offset;
    if (slot) return cursor_.SyntaxError("LIMIT or OFFSET stands there twice.");
    slot = value;
  }
  if (offset) {
    Relation outer;
    outer.mutable_offset()->set_offset(*offset);
    WrapRelation(&input, &outer, outer.mutable_offset()->mutable_input());
  }
  if (limit) {
    Relation outer;
    outer.mutable_limit()->set_limit(*limit);
    WrapRelation(&input, &outer, outer.mutable_limit()->mutable_input());
  }
  return input;
}

}  // namespace sluice::sql
