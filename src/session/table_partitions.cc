// SPDX-License-Identifier: Apache-2.0
#include "session/table_partitions.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/name_parts.h"
#include "base/spark_error.h"
#include "connectors/file/partition_path.h"
#include "connectors/file/partition_type.h"
#include "connectors/file/path_pattern.h"
#include "connectors/file/table_files.h"
#include "env/file_moves.h"
#include "session/session.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::Expression;
using spark::connect::Relation;
using sql::EqualsIgnoringCase;

// The constant's text in the column's type, whatever the session says of ANSI: a value that is wrong is never NULL.
Expression Typed(const Expression& constant, const arrow::DataType& type) {
  Expression typed;
  const auto cast_to = [](Expression value, const std::string& name) {
    Expression cast;
    *cast.mutable_cast()->mutable_expr() = std::move(value);
    cast.mutable_cast()->set_type_str(name);
    cast.mutable_cast()->set_eval_mode(Expression::Cast::EVAL_MODE_ANSI);
    return cast;
  };
  Expression text = constant;
  if (text.literal().string() == kNullPartition) {
    text.mutable_literal()->mutable_null()->mutable_null();
  } else if (!text.literal().has_string()) {
    text = cast_to(std::move(text), "string");
  }
  return cast_to(std::move(text), SparkSimpleString(type));
}

// Its first `count` folders, and the rest; nothing when there are fewer.
std::optional<std::vector<std::string_view>> FoldersOf(std::string_view path, size_t count) {
  std::vector<std::string_view> folders;
  while (folders.size() < count) {
    const size_t slash = path.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    folders.push_back(path.substr(0, slash));
    path.remove_prefix(slash + 1);
  }
  return folders;
}

}  // namespace

std::string PartitionName(const std::vector<std::string>& columns,
                          const std::vector<std::optional<std::string>>& values) {
  std::string name;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string value = values[i] ? EscapePathName(*values[i]) : kNullPartition;
    name += fmt::format("{}{}={}", i == 0 ? "" : "/", EscapePathName(columns[i]), value);
  }
  return name;
}

bool TablePartitions::Wanted::IsComplete() const {
  return std::all_of(places_.begin(), places_.end(), [](const auto& place) { return place.has_value(); });
}

std::string TablePartitions::Wanted::Folder() const {
  std::vector<std::string> columns;
  Values values;
  for (const auto& place : places_) {
    if (!place) continue;
    columns.push_back(values_[*place].column);
    values.push_back(values_[*place].text);
  }
  return PartitionName(columns, values);
}

std::string TablePartitions::Wanted::Shown() const {
  std::string shown;
  for (const Value& value : values_) {
    shown += fmt::format("{}{} = {}", shown.empty() ? "" : ", ", QuotedName({value.column}),
                         value.text.value_or(kNullPartition));
  }
  return "PARTITION (" + shown + ")";
}

std::string TablePartitions::Wanted::Names() const {
  std::string names;
  for (const Value& value : values_) names += (names.empty() ? "" : ", ") + value.column;
  return names;
}

std::string TablePartitions::Wanted::Listed() const {
  std::string listed;
  for (const Value& value : values_) listed += (listed.empty() ? "" : ", ") + Listed(value);
  return listed;
}

std::string TablePartitions::Wanted::InOrder() const {
  std::string listed;
  for (const auto& place : places_) {
    if (place) listed += (listed.empty() ? "" : ", ") + Listed(values_[*place]);
  }
  return listed;
}

std::string TablePartitions::Wanted::Listed(const Value& value) {
  return value.column + "=" + (value.is_empty_text ? "" : value.text.value_or(kNullPartition));
}

bool TablePartitions::Wanted::HasEmptyText() const {
  return std::any_of(values_.begin(), values_.end(), [](const Value& value) { return value.is_empty_text; });
}

Result<TablePartitions> TablePartitions::Make(Session* session, TableRecord table) {
  TablePartitions partitions(session, std::move(table));
  SLUICE_ASSIGN(partitions.location_, session->catalog().warehouse().LocationOf(partitions.table_));
  SLUICE_RETURN_IF_ERROR(partitions.FindFolders());
  return partitions;
}

Status TablePartitions::FindFolders() {
  const Conf conf = session_->conf();
  Env* const env = session_->process().env().get();
  const auto& columns = table_.partition_columns;
  std::set<Values> found;
  SLUICE_ASSIGN(const TableFiles files, ListTableFiles(env, conf, {location_}));
  for (const TableFile& file : files.files) {
    Values values(columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto& names = files.partition_names;
      const auto same = std::find_if(names.begin(), names.end(),
                                     [&](const auto& name) { return EqualsIgnoringCase(name, columns[i]); });
      if (same != names.end()) values[i] = file.partition[static_cast<size_t>(same - names.begin())];
    }
    found.insert(std::move(values));
  }
  // Those that have no rows yet.
  SLUICE_ASSIGN(const Location folder, env->Locate(location_, conf));
  SLUICE_ASSIGN(const auto all, folder.fs->List(folder.path, /*recursive=*/true));
  for (const FileInfo& file : all) {
    if (file.is_folder || BaseName(file.path) != kFolderMark) continue;
    auto values = ValuesOf(std::string_view(file.path).substr(folder.path.size() + 1));
    if (values) found.insert(std::move(*values));
  }
  partitions_.assign(found.begin(), found.end());
  return Status::OK();
}

std::optional<TablePartitions::Values> TablePartitions::ValuesOf(std::string_view path) const {
  const auto& columns = table_.partition_columns;
  const auto folders = FoldersOf(path, columns.size());
  if (!folders) return std::nullopt;
  Values values;
  for (size_t i = 0; i < columns.size(); ++i) {
    auto column = ParsePartitionFolder((*folders)[i]);
    if (!column || !EqualsIgnoringCase(column->first, columns[i])) return std::nullopt;
    values.push_back(std::move(column->second));
  }
  return values;
}

std::shared_ptr<arrow::Field> TablePartitions::ColumnOf(size_t part) const {
  return table_.schema->GetFieldByName(table_.partition_columns[part]);
}

Result<TablePartitions::Wanted> TablePartitions::Resolve(const sql::PartitionSpec& spec) const {
  const auto& columns = table_.partition_columns;
  Wanted wanted;
  wanted.places_.resize(columns.size());
  Relation relation;
  for (const auto& [name, constant] : spec) {
    const auto same = std::find_if(columns.begin(), columns.end(),
                                   [&, &key = name](const auto& column) { return EqualsIgnoringCase(column, key); });
    if (same == columns.end()) {
      const std::string table = QuotedName(table_.name.Parts());
      return UserError(
          "PARTITIONS_NOT_FOUND",
          fmt::format("PARTITION names {}, which is no partition column of {}.", QuotedName({name}), table),
          {{"partitionList", QuotedName({name})}, {"tableName", table}});
    }
    const auto part = static_cast<size_t>(same - columns.begin());
    wanted.places_[part] = wanted.values_.size();
    const bool is_empty_text = constant.literal().has_string() && constant.literal().string().empty();
    wanted.values_.push_back({*same, std::nullopt, nullptr, is_empty_text});
    auto* alias = relation.mutable_project()->add_expressions()->mutable_alias();
    alias->add_name(*same);
    *alias->mutable_expr() = Typed(constant, *ColumnOf(part)->type());
  }
  SLUICE_ASSIGN(const PlanPtr plan, session_->Resolve(relation));
  SLUICE_ASSIGN(const auto batches, session_->Collect(plan, 1));
  const std::string zone = session_->conf().time_zone();
  for (size_t i = 0; i < wanted.values_.size(); ++i) {
    Wanted::Value& value = wanted.values_[i];
    const auto& column = batches.at(0)->column(static_cast<int>(i));
    SLUICE_ASSIGN(value.value, column->GetScalar(0));
    SLUICE_ASSIGN(const std::string folder, PartitionFolder({value.column}, {column}, 0, zone));
    value.text = ParsePartitionFolder(folder)->second;
  }
  return wanted;
}

bool TablePartitions::Fits(const Values& values, const Wanted& wanted) const {
  const std::string zone = session_->conf().time_zone();
  for (size_t i = 0; i < values.size(); ++i) {
    if (!wanted.places_[i]) continue;
    const Wanted::Value& value = wanted.values_[*wanted.places_[i]];
    if (values[i] == value.text) continue;
    // "c=08" is 8.
    const auto typed = PartitionValue(values[i], ColumnOf(i)->type(), zone);
    if (!typed.ok() || !(*typed)->is_valid || !(*typed)->Equals(*value.value)) return false;
  }
  return true;
}

std::vector<std::string> TablePartitions::Names(const Wanted* wanted) const {
  std::set<std::string> names;
  for (const Values& values : partitions_) {
    if (wanted == nullptr || Fits(values, *wanted)) names.insert(PartitionName(table_.partition_columns, values));
  }
  return {names.begin(), names.end()};
}

Status TablePartitions::Add(const Wanted& wanted) {
  SLUICE_ASSIGN(const Location folder, session_->process().env()->Locate(location_, session_->conf()));
  return folder.fs->CreateAtomic(fmt::format("{}/{}/{}", folder.path, wanted.Folder(), kFolderMark), "").status();
}

Status TablePartitions::Drop(const Wanted& wanted) {
  SLUICE_ASSIGN(const Location folder, session_->process().env()->Locate(location_, session_->conf()));
  SLUICE_ASSIGN(const auto all, folder.fs->List(folder.path, /*recursive=*/true));
  std::vector<std::string> paths;
  for (const FileInfo& file : all) {
    const auto values = ValuesOf(std::string_view(file.path).substr(folder.path.size() + 1));
    if (!file.is_folder && values && Fits(*values, wanted)) paths.push_back(file.path);
  }
  SLUICE_RETURN_IF_ERROR(folder.fs->Delete(folder.path, paths));
  return DropEmptyFolders(folder.fs.get(), folder.path, paths);
}

}  // namespace sluice
