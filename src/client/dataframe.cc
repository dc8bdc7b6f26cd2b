// SPDX-License-Identifier: Apache-2.0
#include "sluice/dataframe.h"

#include <cctype>
#include <map>

#include "base/spark_error.h"
#include "client/errors.h"
#include "client/handles.h"
#include "sluice/functions.h"
#include "sluice/streaming.h"

namespace sluice {
namespace {

using spark::connect::Expression;
using spark::connect::Relation;

// A relation over `input`; `fill` sets the kind.
template <typename Fill>
DataFrame Over(const PlanHandle& input, Fill fill) {
  Relation relation;
  fill(&relation);
  return MakeDataFrame(input.session, std::move(relation));
}

Expression ExpressionString(const std::string& sql) {
  Expression expression;
  expression.mutable_expression_string()->set_expression(sql);
  return expression;
}

Expression::SortOrder SortOrderOf(const Column& key) {
  const Expression& expression = key.node().expression;
  return expression.has_sort_order() ? expression.sort_order() : key.asc().node().expression.sort_order();
}

std::vector<Column> ColumnsOf(const std::vector<std::string>& names) {
  std::vector<Column> columns;
  columns.reserve(names.size());
  for (const std::string& name : names) columns.emplace_back(name);
  return columns;
}

std::vector<Column> ColumnsOf(std::initializer_list<ColumnOrName> list) {
  std::vector<Column> columns;
  for (const ColumnOrName& item : list) columns.push_back(item.column());
  return columns;
}

}  // namespace

DataFrame DataFrame::select(const std::vector<Column>& columns) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_project()->mutable_input() = plan_->relation;
    for (const Column& column : columns) *relation->mutable_project()->add_expressions() = column.node().expression;
  });
}

DataFrame DataFrame::select(const std::vector<std::string>& names) const {
  return select(ColumnsOf(names));
}

DataFrame DataFrame::select(std::initializer_list<ColumnOrName> columns) const {
  return select(ColumnsOf(columns));
}

DataFrame DataFrame::selectExpr(const std::vector<std::string>& expressions) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_project()->mutable_input() = plan_->relation;
    for (const std::string& sql : expressions) *relation->mutable_project()->add_expressions() = ExpressionString(sql);
  });
}

DataFrame DataFrame::withColumn(const std::string& name, const Column& value) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_with_columns()->mutable_input() = plan_->relation;
    auto* alias = relation->mutable_with_columns()->add_aliases();
    *alias->mutable_expr() = value.node().expression;
    alias->add_name(name);
  });
}

DataFrame DataFrame::withColumnRenamed(const std::string& from, const std::string& to) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_with_columns_renamed()->mutable_input() = plan_->relation;
    auto* rename = relation->mutable_with_columns_renamed()->add_renames();
    rename->set_col_name(from);
    rename->set_new_col_name(to);
  });
}

DataFrame DataFrame::drop(const std::vector<std::string>& names) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_drop()->mutable_input() = plan_->relation;
    for (const std::string& name : names) relation->mutable_drop()->add_column_names(name);
  });
}

DataFrame DataFrame::filter(const Column& condition) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_filter()->mutable_input() = plan_->relation;
    *relation->mutable_filter()->mutable_condition() = condition.node().expression;
  });
}

DataFrame DataFrame::filter(const std::string& condition) const {
  return filter(functions::expr(condition));
}

GroupedData DataFrame::groupBy(const std::vector<std::string>& names) const {
  return GroupedData(plan_, ColumnsOf(names));
}

GroupedData DataFrame::groupBy(const std::vector<Column>& keys) const {
  return GroupedData(plan_, keys);
}

GroupedData DataFrame::groupBy(std::initializer_list<ColumnOrName> keys) const {
  return GroupedData(plan_, ColumnsOf(keys));
}

DataFrame DataFrame::orderBy(std::initializer_list<ColumnOrName> keys) const {
  return orderBy(ColumnsOf(keys));
}

DataFrame DataFrame::orderBy(const std::vector<Column>& keys) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_sort()->mutable_input() = plan_->relation;
    relation->mutable_sort()->set_is_global(true);
    for (const Column& key : keys) *relation->mutable_sort()->add_order() = SortOrderOf(key);
  });
}

DataFrame DataFrame::limit(int count) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_limit()->mutable_input() = plan_->relation;
    relation->mutable_limit()->set_limit(count);
  });
}

DataFrame DataFrame::offset(int count) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_offset()->mutable_input() = plan_->relation;
    relation->mutable_offset()->set_offset(count);
  });
}

DataFrame DataFrame::distinct() const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_deduplicate()->mutable_input() = plan_->relation;
    relation->mutable_deduplicate()->set_all_columns_as_keys(true);
  });
}

DataFrame DataFrame::withWatermark(const std::string& eventTime, const std::string& delayThreshold) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_with_watermark()->mutable_input() = plan_->relation;
    relation->mutable_with_watermark()->set_event_time(eventTime);
    relation->mutable_with_watermark()->set_delay_threshold(delayThreshold);
  });
}

DataFrame DataFrame::observe(const std::string& name, const std::vector<Column>& metrics) const {
  return Over(*plan_, [&](Relation* relation) {
    auto* collect = relation->mutable_collect_metrics();
    *collect->mutable_input() = plan_->relation;
    collect->set_name(name);
    for (const Column& metric : metrics) *collect->add_metrics() = metric.node().expression;
  });
}

namespace {

spark::connect::SetOperation* SetOperationOf(const Relation& left, const Relation& right,
                                             spark::connect::SetOperation::SetOpType type, Relation* relation) {
  spark::connect::SetOperation* operation = relation->mutable_set_op();
  operation->set_set_op_type(type);
  *operation->mutable_left_input() = left;
  *operation->mutable_right_input() = right;
  return operation;
}

spark::connect::Join::JoinType JoinTypeOf(const std::string& type) {
  using spark::connect::Join;
  std::string plain;
  for (const char c : type) {
    if (c != '_') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  static const std::map<std::string, Join::JoinType> kTypes = {
      {"inner", Join::JOIN_TYPE_INNER},          {"cross", Join::JOIN_TYPE_CROSS},
      {"left", Join::JOIN_TYPE_LEFT_OUTER},      {"leftouter", Join::JOIN_TYPE_LEFT_OUTER},
      {"right", Join::JOIN_TYPE_RIGHT_OUTER},    {"rightouter", Join::JOIN_TYPE_RIGHT_OUTER},
      {"outer", Join::JOIN_TYPE_FULL_OUTER},     {"full", Join::JOIN_TYPE_FULL_OUTER},
      {"fullouter", Join::JOIN_TYPE_FULL_OUTER}, {"semi", Join::JOIN_TYPE_LEFT_SEMI},
      {"leftsemi", Join::JOIN_TYPE_LEFT_SEMI},   {"anti", Join::JOIN_TYPE_LEFT_ANTI},
      {"leftanti", Join::JOIN_TYPE_LEFT_ANTI}};
  const auto found = kTypes.find(plain);
  if (found == kTypes.end()) {
    ThrowIfError(UserError("UNSUPPORTED_JOIN_TYPE", "There is no join of the type '" + type + "'.", {{"typ", type}}));
  }
  return found->second;
}

spark::connect::Join* JoinOf(const Relation& left, const Relation& right, spark::connect::Join::JoinType type,
                             Relation* relation) {
  spark::connect::Join* join = relation->mutable_join();
  join->set_join_type(type);
  *join->mutable_left() = left;
  *join->mutable_right() = right;
  return join;
}

}  // namespace

DataFrame DataFrame::join(const DataFrame& other, const std::vector<std::string>& columns,
                          const std::string& type) const {
  return Over(*plan_, [&](Relation* relation) {
    auto* join = JoinOf(plan_->relation, other.plan_->relation, JoinTypeOf(type), relation);
    for (const std::string& column : columns) join->add_using_columns(column);
  });
}

DataFrame DataFrame::join(const DataFrame& other, const std::string& column, const std::string& type) const {
  return join(other, std::vector<std::string>{column}, type);
}

DataFrame DataFrame::join(const DataFrame& other, const Column& condition, const std::string& type) const {
  return Over(*plan_, [&](Relation* relation) {
    *JoinOf(plan_->relation, other.plan_->relation, JoinTypeOf(type), relation)->mutable_join_condition() =
        condition.node().expression;
  });
}

DataFrame DataFrame::crossJoin(const DataFrame& other) const {
  return Over(*plan_, [&](Relation* relation) {
    JoinOf(plan_->relation, other.plan_->relation, spark::connect::Join::JOIN_TYPE_CROSS, relation);
  });
}

DataFrame DataFrame::unionAll(const DataFrame& other) const {
  return Over(*plan_, [&](Relation* relation) {
    SetOperationOf(plan_->relation, other.plan_->relation, spark::connect::SetOperation::SET_OP_TYPE_UNION, relation)
        ->set_is_all(true);
  });
}

DataFrame DataFrame::unionByName(const DataFrame& other, bool allow_missing_columns) const {
  return Over(*plan_, [&](Relation* relation) {
    auto* operation = SetOperationOf(plan_->relation, other.plan_->relation,
                                     spark::connect::SetOperation::SET_OP_TYPE_UNION, relation);
    operation->set_is_all(true);
    operation->set_by_name(true);
    operation->set_allow_missing_columns(allow_missing_columns);
  });
}

DataFrame DataFrame::intersect(const DataFrame& other) const {
  return Over(*plan_, [&](Relation* relation) {
    SetOperationOf(plan_->relation, other.plan_->relation, spark::connect::SetOperation::SET_OP_TYPE_INTERSECT,
                   relation);
  });
}

DataFrame DataFrame::subtract(const DataFrame& other) const {
  return Over(*plan_, [&](Relation* relation) {
    SetOperationOf(plan_->relation, other.plan_->relation, spark::connect::SetOperation::SET_OP_TYPE_EXCEPT, relation);
  });
}

DataFrame DataFrame::intersectAll(const DataFrame& other) const {
  return Over(*plan_, [&](Relation* relation) {
    SetOperationOf(plan_->relation, other.plan_->relation, spark::connect::SetOperation::SET_OP_TYPE_INTERSECT,
                   relation)
        ->set_is_all(true);
  });
}

DataFrame DataFrame::exceptAll(const DataFrame& other) const {
  return Over(*plan_, [&](Relation* relation) {
    SetOperationOf(plan_->relation, other.plan_->relation, spark::connect::SetOperation::SET_OP_TYPE_EXCEPT, relation)
        ->set_is_all(true);
  });
}

DataFrame DataFrame::dropDuplicates(const std::vector<std::string>& names) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_deduplicate()->mutable_input() = plan_->relation;
    for (const std::string& name : names) relation->mutable_deduplicate()->add_column_names(name);
  });
}

DataFrame DataFrame::sample(double fraction, int64_t seed) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_sample()->mutable_input() = plan_->relation;
    relation->mutable_sample()->set_upper_bound(fraction);
    relation->mutable_sample()->set_seed(seed);
  });
}

DataFrame DataFrame::unpivot(const std::vector<std::string>& ids, const std::vector<std::string>& values,
                             const std::string& variable_name, const std::string& value_name) const {
  return Over(*plan_, [&](Relation* relation) {
    auto* unpivot = relation->mutable_unpivot();
    *unpivot->mutable_input() = plan_->relation;
    for (const Column& id : ColumnsOf(ids)) *unpivot->add_ids() = id.node().expression;
    for (const Column& value : ColumnsOf(values)) *unpivot->mutable_values()->add_values() = value.node().expression;
    unpivot->set_variable_column_name(variable_name);
    unpivot->set_value_column_name(value_name);
  });
}

GroupedData DataFrame::rollup(std::initializer_list<ColumnOrName> keys) const {
  return GroupedData(plan_, ColumnsOf(keys), GroupedData::Kind::kRollup);
}

GroupedData DataFrame::cube(std::initializer_list<ColumnOrName> keys) const {
  return GroupedData(plan_, ColumnsOf(keys), GroupedData::Kind::kCube);
}

DataFrame DataFrame::repartition(int partitions) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_repartition()->mutable_input() = plan_->relation;
    relation->mutable_repartition()->set_num_partitions(partitions);
    relation->mutable_repartition()->set_shuffle(true);
  });
}

DataFrame DataFrame::repartition(int partitions, const std::vector<Column>& columns) const {
  return Over(*plan_, [&](Relation* relation) {
    auto* moved = relation->mutable_repartition_by_expression();
    *moved->mutable_input() = plan_->relation;
    moved->set_num_partitions(partitions);
    for (const Column& column : columns) *moved->add_partition_exprs() = column.node().expression;
  });
}

DataFrame DataFrame::repartitionByRange(int partitions, const std::vector<Column>& columns) const {
  return Over(*plan_, [&](Relation* relation) {
    auto* moved = relation->mutable_repartition_by_expression();
    *moved->mutable_input() = plan_->relation;
    moved->set_num_partitions(partitions);
    for (const Column& column : columns) *moved->add_partition_exprs()->mutable_sort_order() = SortOrderOf(column);
  });
}

DataFrame DataFrame::coalesce(int partitions) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_repartition()->mutable_input() = plan_->relation;
    relation->mutable_repartition()->set_num_partitions(partitions);
    relation->mutable_repartition()->set_shuffle(false);
  });
}

DataFrame DataFrame::alias(const std::string& name) const {
  return Over(*plan_, [&](Relation* relation) {
    *relation->mutable_subquery_alias()->mutable_input() = plan_->relation;
    relation->mutable_subquery_alias()->set_alias(name);
  });
}

namespace {

spark::connect::CreateDataFrameViewCommand ViewOf(const PlanHandle& plan, const std::string& name) {
  spark::connect::CreateDataFrameViewCommand view;
  *view.mutable_input() = plan.relation;
  view.set_name(name);
  return view;
}

void Create(const PlanHandle& plan, spark::connect::CreateDataFrameViewCommand view) {
  spark::connect::Command command;
  *command.mutable_create_dataframe_view() = std::move(view);
  plan.session->Command(std::move(command));
}

}  // namespace

void DataFrame::createTempView(const std::string& name) const {
  Create(*plan_, ViewOf(*plan_, name));
}

void DataFrame::createOrReplaceTempView(const std::string& name) const {
  auto view = ViewOf(*plan_, name);
  view.set_replace(true);
  Create(*plan_, std::move(view));
}

void DataFrame::createGlobalTempView(const std::string& name) const {
  auto view = ViewOf(*plan_, name);
  view.set_is_global(true);
  Create(*plan_, std::move(view));
}

void DataFrame::createOrReplaceGlobalTempView(const std::string& name) const {
  auto view = ViewOf(*plan_, name);
  view.set_is_global(true);
  view.set_replace(true);
  Create(*plan_, std::move(view));
}

DataStreamWriter DataFrame::writeStream() const {
  return DataStreamWriter(plan_);
}

GroupedData GroupedData::pivot(const std::string& name, const std::vector<Column>& values) const {
  if (kind_ != Kind::kGroupBy || !pivot_.empty()) {
    ThrowIfError(UserError("SLUICE_USAGE", "pivot() follows groupBy() once."));
  }
  GroupedData pivoted = *this;
  pivoted.pivot_ = {Column(name)};
  for (const Column& value : values) {
    if (!value.node().expression.has_literal()) {
      ThrowIfError(UserError("SLUICE_USAGE", "The values of pivot() are constants: lit(..)."));
    }
    pivoted.pivot_.push_back(value);
  }
  return pivoted;
}

DataFrame GroupedData::agg(const std::vector<Column>& aggregates) const {
  return Over(*plan_, [&](Relation* relation) {
    auto* aggregate = relation->mutable_aggregate();
    *aggregate->mutable_input() = plan_->relation;
    aggregate->set_group_type(!pivot_.empty()          ? spark::connect::Aggregate::GROUP_TYPE_PIVOT
                              : kind_ == Kind::kRollup ? spark::connect::Aggregate::GROUP_TYPE_ROLLUP
                              : kind_ == Kind::kCube   ? spark::connect::Aggregate::GROUP_TYPE_CUBE
                                                       : spark::connect::Aggregate::GROUP_TYPE_GROUPBY);
    for (size_t i = 0; i < pivot_.size(); ++i) {
      const Expression& part = pivot_[i].node().expression;
      if (i == 0) *aggregate->mutable_pivot()->mutable_col() = part;
      if (i > 0) *aggregate->mutable_pivot()->add_values() = part.literal();
    }
    for (const Column& key : keys_) *aggregate->add_grouping_expressions() = key.node().expression;
    for (const Column& column : aggregates) *aggregate->add_aggregate_expressions() = column.node().expression;
  });
}

DataFrame GroupedData::agg(std::initializer_list<std::pair<std::string, std::string>> aggregates) const {
  std::vector<Column> columns;
  for (const auto& [name, function] : aggregates) {
    const Column argument = name == "*" ? functions::lit(1) : Column(name);
    columns.push_back(functions::call_function(function, {argument}));
  }
  return agg(columns);
}

DataFrame GroupedData::Each(const std::string& function, const std::vector<std::string>& names) const {
  std::vector<Column> columns;
  columns.reserve(names.size());
  for (const std::string& name : names) columns.push_back(functions::call_function(function, {Column(name)}));
  return agg(columns);
}

DataFrame GroupedData::count() const {
  return agg({functions::count(functions::lit(1)).as("count")});
}

}  // namespace sluice
