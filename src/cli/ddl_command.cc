// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "base/printable.h"
#include "base/spark_error.h"
#include "cli/commands.h"
#include "cli/global_options.h"
#include "env/env.h"
#include "session/session.h"
#include "types/spark_type.h"

namespace sluice::cli {
namespace {

struct DdlOptions {
  GlobalOptions global;
  std::string folder;
  std::string table;
};

std::string Quoted(const std::string& name) {
  std::string out = "`";
  for (const char c : name) out += c == '`' ? "``" : std::string(1, c);
  return out + "`";
}

// Athena names S3 places s3://, whatever the writer called them, and wants the folder's slash.
std::string LocationOf(const std::string& folder) {
  std::string location = folder;
  for (const char* scheme : {"s3a://", "s3n://"}) {
    if (location.starts_with(scheme)) location = "s3://" + location.substr(6);
  }
  if (location.find("://") == std::string::npos) location = "file://" + location;
  if (!location.ends_with('/')) location += '/';
  return location;
}

// Names of the partition folders, outermost first: a=1/b=2 has a and b.
Result<std::vector<std::string>> PartitionColumns(const Location& location) {
  std::vector<std::string> names;
  std::string folder = location.path;
  for (;;) {
    SLUICE_ASSIGN(const std::vector<FileInfo> children, location.fs->List(folder, false));
    const auto found = std::find_if(children.begin(), children.end(), [&](const FileInfo& child) {
      return child.is_folder && child.path.find('=', folder.size()) != std::string::npos;
    });
    if (found == children.end()) return names;
    const std::string name = found->path.substr(folder.size() + 1);
    names.push_back(name.substr(0, name.find('=')));
    folder = found->path;
  }
}

// Hive's names of types are Spark's but for these.
std::string HiveType(const arrow::DataType& type) {
  if (type.id() == arrow::Type::TIMESTAMP) return "timestamp";
  return SparkSimpleString(type);
}

Result<std::string> AthenaDdl(const Program& program, const DdlOptions& options) {
  ScanSpec spec;
  spec.format = "parquet";
  spec.paths = {options.folder};
  SLUICE_ASSIGN(const PlanPtr plan, program.session->ResolveScan(std::move(spec), nullptr));
  SLUICE_ASSIGN(const Location location, program.env->Locate(options.folder, program.session->conf()));
  SLUICE_ASSIGN(const std::vector<std::string> partitions, PartitionColumns(location));
  std::string columns;
  std::string partition_columns;
  for (const auto& field : plan->schema->fields()) {
    const bool partition = std::find(partitions.begin(), partitions.end(), field->name()) != partitions.end();
    std::string& list = partition ? partition_columns : columns;
    list += fmt::format("{}  {} {}", list.empty() ? "" : ",\n", Quoted(field->name()), HiveType(*field->type()));
  }
  const size_t dot = options.table.find('.');
  const std::string table = dot == std::string::npos
                                ? Quoted(options.table)
                                : Quoted(options.table.substr(0, dot)) + "." + Quoted(options.table.substr(dot + 1));
  std::string ddl = fmt::format("CREATE EXTERNAL TABLE {} (\n{})\n", table, columns);
  if (!partition_columns.empty()) ddl += fmt::format("PARTITIONED BY (\n{})\n", partition_columns);
  const bool plain = options.folder.find("://") == std::string::npos;
  const std::string place = LocationOf(plain ? location.path : options.folder);
  ddl += fmt::format("STORED AS PARQUET\nLOCATION '{}';\n", place);
  if (!partition_columns.empty()) ddl += fmt::format("MSCK REPAIR TABLE {};\n", table);
  return ddl;
}

int RunDdl(const DdlOptions& options) {
  const Result<Program> program = StartProgram(options.global);
  if (!program.ok()) return Fail(program.status(), kBadUsage);
  const Result<std::string> ddl = AthenaDdl(*program, options);
  if (!ddl.ok()) return Fail(ddl.status(), kQueryFailed);
  std::cout << ForStdout(*ddl);
  return kEndedWell;
}

}  // namespace

void AddDdlCommand(CLI::App* app, Chosen* chosen) {
  auto options = std::make_shared<DdlOptions>();
  CLI::App* ddl = app->add_subcommand("ddl", "Print the statement that makes a table known to another engine");
  ddl->require_subcommand(1);
  CLI::App* command = ddl->add_subcommand("athena", "CREATE EXTERNAL TABLE for Athena and Glue");
  options->global.AddTo(command);
  command->add_option("DIR", options->folder, "The table's folder")->required();
  command->add_option("--table", options->table, "db.name")->required();
  command->callback([options, chosen] { *chosen = [options] { return RunDdl(*options); }; });
}

}  // namespace sluice::cli
