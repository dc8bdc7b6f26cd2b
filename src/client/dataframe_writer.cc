// SPDX-License-Identifier: Apache-2.0
#include "sluice/dataframe_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/spark_error.h"
#include "client/errors.h"
#include "client/handles.h"

namespace sluice {
namespace {

using spark::connect::WriteOperation;

WriteOperation::SaveMode ModeOf(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower == "append") return WriteOperation::SAVE_MODE_APPEND;
  if (lower == "overwrite") return WriteOperation::SAVE_MODE_OVERWRITE;
  if (lower == "ignore") return WriteOperation::SAVE_MODE_IGNORE;
  if (lower == "error" || lower == "errorifexists" || lower == "default")
    return WriteOperation::SAVE_MODE_ERROR_IF_EXISTS;
  ThrowIfError(UserError("INVALID_SAVE_MODE",
                         fmt::format("The specified save mode \"{}\" is invalid. Valid save modes include \"append\", "
                                     "\"overwrite\", \"ignore\", \"error\", \"errorifexists\", and \"default\".",
                                     name),
                         {{"mode", "\"" + name + "\""}}));
  return WriteOperation::SAVE_MODE_UNSPECIFIED;
}

}  // namespace

DataFrameWriter DataFrame::write() const {
  return DataFrameWriter(plan_);
}

DataFrameWriter& DataFrameWriter::format(const std::string& source) {
  format_ = source;
  return *this;
}

DataFrameWriter& DataFrameWriter::mode(const std::string& mode) {
  (void)ModeOf(mode);
  mode_ = mode;
  return *this;
}

DataFrameWriter& DataFrameWriter::option(const std::string& key, const std::string& value) {
  options_[key] = value;
  return *this;
}

DataFrameWriter& DataFrameWriter::options(const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) options_[key] = value;
  return *this;
}

DataFrameWriter& DataFrameWriter::partitionBy(const std::vector<std::string>& columns) {
  partition_columns_ = columns;
  return *this;
}

void DataFrameWriter::save() const {
  save("");
}

namespace {

spark::connect::Command CommandOf(const PlanHandle& plan, const std::string& format, const std::string& mode,
                                  const std::map<std::string, std::string>& options,
                                  const std::vector<std::string>& partition_columns) {
  spark::connect::Command command;
  WriteOperation* write = command.mutable_write_operation();
  *write->mutable_input() = plan.relation;
  if (!format.empty()) write->set_source(format);
  write->set_mode(ModeOf(mode));
  for (const auto& [key, value] : options) (*write->mutable_options())[key] = value;
  for (const std::string& column : partition_columns) write->add_partitioning_columns(column);
  return command;
}

}  // namespace

void DataFrameWriter::save(const std::string& path) const {
  spark::connect::Command command = CommandOf(*plan_, format_, mode_, options_, partition_columns_);
  if (!path.empty()) command.mutable_write_operation()->set_path(path);
  plan_->session->Command(std::move(command));
}

void DataFrameWriter::saveAsTable(const std::string& name) const {
  spark::connect::Command command = CommandOf(*plan_, format_, mode_, options_, partition_columns_);
  auto* table = command.mutable_write_operation()->mutable_table();
  table->set_table_name(name);
  table->set_save_method(WriteOperation::SaveTable::TABLE_SAVE_METHOD_SAVE_AS_TABLE);
  plan_->session->Command(std::move(command));
}

void DataFrameWriter::insertInto(const std::string& name) const {
  spark::connect::Command command = CommandOf(*plan_, format_, mode_, options_, partition_columns_);
  auto* table = command.mutable_write_operation()->mutable_table();
  table->set_table_name(name);
  table->set_save_method(WriteOperation::SaveTable::TABLE_SAVE_METHOD_INSERT_INTO);
  plan_->session->Command(std::move(command));
}

}  // namespace sluice
