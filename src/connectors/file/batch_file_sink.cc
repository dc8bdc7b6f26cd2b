// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/batch_file_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/logging.h"
#include "base/spark_error.h"
#include "connectors/file/file_task_writer.h"
#include "env/file_moves.h"

namespace sluice {
namespace {

constexpr char kOverwriteMode[] = "spark.sql.sources.partitionOverwriteMode";
constexpr char kTemporary[] = "_temporary";

// Is anything at the path? A store without folders has a folder where it has a file.
Result<bool> IsThere(const Location& folder) {
  const Result<FileInfo> info = folder.fs->Stat(folder.path);
  if (info.ok()) return true;
  if (!IsNotFound(info.status())) return info.status();
  SLUICE_ASSIGN(const auto children, folder.fs->List(folder.path, /*recursive=*/false));
  return !children.empty();
}

// Readers of such a folder see what its log names, and would never see the new files.
Status RefuseLoggedFolder(const Location& folder, const std::string& uri) {
  SLUICE_ASSIGN(const auto log, folder.fs->List(folder.path + "/_spark_metadata", /*recursive=*/false));
  if (log.empty()) return Status::OK();
  return UserError("SLUICE_SINK_IN_USE",
                   fmt::format("A streaming query writes {}, and its readers see what _spark_metadata names: rows that "
                               "a batch query appends there would never be seen. Write to another folder.",
                               uri),
                   {{"path", uri}});
}

std::string FolderOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

}  // namespace

std::vector<OptionRow> BatchFileOptions(const FileFormat& format) {
  std::vector<OptionRow> rows = {
      {"path", "", OptionUse::kHonoured, "Folder of the files."},
      {"maxRecordsPerFile", "0", OptionUse::kHonoured, "Rows of one file at most; 0: no limit."},
      {"timeZone", "", OptionUse::kHonoured, "Zone of timestamps in the names of partition folders."},
      {"partitionOverwriteMode", "static", OptionUse::kHonoured,
       "dynamic: overwrites only the partitions that the rows are of."},
  };
  rows.insert(rows.end(), format.write_options().begin(), format.write_options().end());
  return rows;
}

BatchFileSink::BatchFileSink(SinkContext context, Location folder, std::shared_ptr<const FileSinkSettings> settings,
                             SaveMode mode)
    : context_(std::move(context)),
      folder_(std::move(folder)),
      settings_(std::move(settings)),
      mode_(mode),
      temporary_(fmt::format("{}/{}/{}", folder_.path, kTemporary, context_.env->NewUuid())) {}

Result<std::unique_ptr<BatchSink>> BatchFileSink::Open(const FileFormat& format, const SinkContext& context,
                                                       SaveMode mode) {
  if (context.path.empty()) {
    return UserError("SLUICE_INVALID_OPTION", "A write of files needs their folder: save(path) or the option path.");
  }
  SLUICE_RETURN_IF_ERROR(
      CheckOptions(context.options, BatchFileOptions(format), {}, fmt::format("{} write", format.name)));
  SLUICE_ASSIGN(auto settings, FileSinkSettings::MakeBatch(format, context));
  SLUICE_ASSIGN(Location folder, context.env->Locate(context.path, context.conf));
  SLUICE_ASSIGN(const bool there, IsThere(folder));
  if (there && mode == SaveMode::kIgnore) return std::unique_ptr<BatchSink>();
  if (there && mode == SaveMode::kErrorIfExists) {
    return UserError(
        "PATH_ALREADY_EXISTS",
        fmt::format("Path {} already exists. Set mode as \"overwrite\" to overwrite the existing path.", context.path),
        {{"outputPath", context.path}});
  }
  if (mode == SaveMode::kAppend) SLUICE_RETURN_IF_ERROR(RefuseLoggedFolder(folder, context.path));
  auto sink = std::unique_ptr<BatchFileSink>(new BatchFileSink(context, std::move(folder), std::move(settings), mode));
  std::string overwrite = context.options.Get("partitionOverwriteMode", context.conf.Get(kOverwriteMode));
  std::transform(overwrite.begin(), overwrite.end(), overwrite.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (overwrite != "static" && overwrite != "dynamic") {
    return UserError("SLUICE_INVALID_OPTION",
                     fmt::format("partitionOverwriteMode takes static or dynamic, not '{}'.", overwrite));
  }
  sink->only_written_partitions_ = overwrite == "dynamic" && !sink->settings_->partition_columns.empty();
  return std::unique_ptr<BatchSink>(std::move(sink));
}

BatchFileSink::~BatchFileSink() {
  RemoveTemporary();
}

void BatchFileSink::RemoveTemporary() const {
  const auto remove = [&]() -> Status {
    SLUICE_ASSIGN(const std::vector<FileInfo> files, folder_.fs->List(temporary_, /*recursive=*/true));
    std::vector<std::string> paths;
    for (const FileInfo& file : files) paths.push_back(file.path);
    SLUICE_RETURN_IF_ERROR(folder_.fs->Delete(folder_.path, paths));
    paths.push_back(temporary_ + "/none");
    return DropEmptyFolders(folder_.fs.get(), folder_.path, paths);
  };
  if (const Status removed = remove(); !removed.ok()) {
    Log(LogLevel::kWarn, "What an unfinished write left in {} could not be deleted: {}", temporary_, removed.message());
  }
}

Result<std::unique_ptr<TaskWriter>> BatchFileSink::OpenTask(TaskId task) {
  FileTask file_task;
  file_task.env = context_.env;
  file_task.folder = {folder_.fs, temporary_};
  file_task.settings = settings_;
  file_task.task = task;
  file_task.deterministic = false;
  file_task.budget = context_.budget;
  file_task.may_replace = [](BatchId, const std::string& path) {
    return EnvironmentError("SLUICE_CONCURRENT_WRITER", fmt::format("The file {} is there already.", path), false);
  };
  return FileTaskWriter::Open(std::move(file_task));
}

// `written`: where the new files will be.
Result<std::vector<std::string>> BatchFileSink::FilesToDelete(const std::vector<std::string>& written) const {
  std::vector<std::string> old;
  if (mode_ != SaveMode::kOverwrite) return old;
  std::set<std::string> folders;
  for (const std::string& path : written) folders.insert(FolderOf(path));
  SLUICE_ASSIGN(const std::vector<FileInfo> files, folder_.fs->List(folder_.path, /*recursive=*/true));
  const std::string ours = fmt::format("{}/{}/", folder_.path, kTemporary);
  for (const FileInfo& file : files) {
    if (file.path.starts_with(ours)) continue;
    if (!only_written_partitions_ || folders.contains(FolderOf(file.path))) old.push_back(file.path);
  }
  // Where files remain that a reader may wait for, this one must not stand while others are moved.
  const std::string success = folder_.path + "/_SUCCESS";
  if (only_written_partitions_) old.push_back(success);
  return old;
}

Status BatchFileSink::MoveFiles(const std::vector<std::string>& from, const std::vector<std::string>& to) const {
  for (size_t i = 0; i < from.size(); ++i) {
    const Status moved = MoveFile(folder_.fs.get(), from[i], to[i]);
    if (moved.ok()) continue;
    const Status undone =
        folder_.fs->Delete(folder_.path, std::vector<std::string>(to.begin(), to.begin() + static_cast<ptrdiff_t>(i)));
    if (!undone.ok()) {
      Log(LogLevel::kWarn, "Files of the failed write stay in {}: {}", context_.path, undone.message());
    }
    return moved;
  }
  std::set<std::string> folders;
  for (const std::string& path : to) folders.insert(FolderOf(path));
  for (const std::string& folder : folders) SLUICE_RETURN_IF_ERROR(folder_.fs->MakeDurable(folder));
  return Status::OK();
}

Status BatchFileSink::Commit(std::vector<std::unique_ptr<TaskCommit>> commits) {
  std::vector<std::string> from;
  std::vector<std::string> to;
  for (const auto& commit : commits) {
    for (const PublishedFile& file : dynamic_cast<FileTaskCommit&>(*commit).files) {
      from.push_back(file.path);
      to.push_back(folder_.path + file.path.substr(temporary_.size()));
    }
  }
  SLUICE_ASSIGN(const std::vector<std::string> old, FilesToDelete(to));
  SLUICE_RETURN_IF_ERROR(folder_.fs->Delete(folder_.path, old));
  SLUICE_RETURN_IF_ERROR(MoveFiles(from, to));
  SLUICE_RETURN_IF_ERROR(DropEmptyFolders(folder_.fs.get(), folder_.path, old));
  SLUICE_RETURN_IF_ERROR(DropEmptyFolders(folder_.fs.get(), folder_.path, from));
  return folder_.fs->CreateAtomic(folder_.path + "/_SUCCESS", "").status();
}

}  // namespace sluice
