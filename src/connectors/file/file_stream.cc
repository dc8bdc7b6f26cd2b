// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_stream.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/spark_error.h"
#include "checkpoint/json_number.h"
#include "connectors/file/file_facts.h"

namespace sluice {
namespace {

// Small files are read together, up to so many bytes; opening one costs about as much as reading these.
constexpr int64_t kOpenCostBytes = 1 << 20;
constexpr char kSchemaInference[] = "spark.sql.streaming.schemaInference";
constexpr char kInterval[] = "spark.sql.streaming.fileSource.log.compactInterval";

// The number of an offset: {"logOffset":N}, or N alone as Spark 2.0 wrote it.
Result<int64_t> ParseOffset(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto offset = json.is_object() && json.contains("logOffset") ? Int64Of(json["logOffset"]) : std::nullopt;
  if (offset) return *offset;
  return EnvironmentError("SLUICE_CHECKPOINT_DAMAGED",
                          fmt::format("The offset of a source of files is not of its form: '{}'.", text));
}

std::string FormatOffset(int64_t offset) {
  return fmt::format("{{\"logOffset\":{}}}", offset);
}

// Some parts of files, one after the other.
class FilesReader : public SliceReader {
 public:
  FilesReader(std::shared_ptr<const std::vector<FilePart>> parts, std::shared_ptr<FileReaders> readers,
              std::vector<int> columns)
      : parts_(std::move(parts)), readers_(std::move(readers)), columns_(std::move(columns)) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    for (;;) {
      if (current_ == nullptr) {
        if (next_ == parts_->size()) return nullptr;
        const std::shared_ptr<const FilePart> part(parts_, &(*parts_)[next_++]);
        SLUICE_ASSIGN(std::shared_ptr<SliceReader> opened, readers_->Open(part, {columns_, nullptr}));
        SLUICE_RETURN_IF_ERROR(Begin(std::move(opened)));
      }
      SLUICE_ASSIGN(auto slice, current_->Next());
      if (slice != nullptr) return slice;
      std::lock_guard lock(mutex_);
      current_ = nullptr;
    }
  }
  std::string PlaceOf(int64_t row) const override { return current_ ? current_->PlaceOf(row) : std::string(); }
  void Cancel() override {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (current_ != nullptr) current_->Cancel();
  }

 private:
  Status Begin(std::shared_ptr<SliceReader> reader) {
    std::lock_guard lock(mutex_);
    if (cancelled_) return EnvironmentError("OPERATION_CANCELED", "The read was cancelled.");
    current_ = std::move(reader);
    return Status::OK();
  }

  const std::shared_ptr<const std::vector<FilePart>> parts_;
  const std::shared_ptr<FileReaders> readers_;
  const std::vector<int> columns_;
  size_t next_ = 0;
  std::mutex mutex_;  // of current_ and cancelled_, against Cancel
  std::shared_ptr<SliceReader> current_;
  bool cancelled_ = false;
};

// Parts of files as tasks: neighbours together while they are small. By sizes alone, so that a re-run cuts the same.
std::vector<InputPartition> Packed(std::vector<FilePart> parts) {
  std::vector<InputPartition> tasks;
  auto task = std::make_shared<std::vector<FilePart>>();
  int64_t bytes = 0;
  const auto close = [&] {
    if (task->empty()) return;
    std::string identity;
    for (const FilePart& part : *task) identity += (identity.empty() ? "" : "+") + IdentityOf(part);
    tasks.push_back({std::move(identity), std::exchange(task, std::make_shared<std::vector<FilePart>>())});
    bytes = 0;
  };
  for (FilePart& part : parts) {
    const int64_t cost = std::min(part.end, part.file->file().size) - part.begin + kOpenCostBytes;
    if (bytes + cost > kFileTaskBytes) close();
    bytes += cost;
    part.order = static_cast<int>(tasks.size());
    task->push_back(std::move(part));
  }
  close();
  return tasks;
}

std::vector<std::string> FolderNamesOf(const ResolvedTable& table, const SourceContext& context) {
  std::vector<std::string> names = table.files.partition_names;
  if (context.file_facts) names.resize(names.size() - FileFacts().size());
  return names;
}

FileSourceLogOptions LogOptionsOf(const Conf& conf) {
  return {conf.GetInt(kInterval), conf.GetBool("spark.sql.streaming.fileSource.log.deletion"),
          conf.GetDurationMs("spark.sql.streaming.fileSource.log.cleanupDelay")};
}

}  // namespace

std::vector<OptionRow> FileStreamOptionRows(const FileFormat& format) {
  std::vector<OptionRow> rows = format.read_options();
  const std::vector<OptionRow> own = {
      {"maxFilesPerTrigger", "", OptionUse::kHonoured, "At most so many files a batch."},
      {"maxFileAge", "7d", OptionUse::kHonoured,
       "Files older than the newest one seen by more than this are passed over."},
      {"latestFirst", "false", OptionUse::kHonoured, "True: the newest files first."},
      {"fileNameOnly", "false", OptionUse::kHonoured, "True: a file is known by its name, whatever its folder."},
      {"maxCachedFiles", "", OptionUse::kHonoured, "Changes no row: every trigger lists the folder anew."},
      {"discardCachedInputRatio", "", OptionUse::kHonoured, "Changes no row: every trigger lists the folder anew."},
      {"maxBytesPerTrigger", "", OptionUse::kRefused, "maxFilesPerTrigger limits a batch."},
      {"cleanSource", "off", OptionUse::kHonoured, "Only off: files that were read stay."},
      {"sourceArchiveDir", "", OptionUse::kRefused, "Files that were read stay."},
  };
  rows.insert(rows.end(), own.begin(), own.end());
  return rows;
}

Result<FileStreamOptions> ParseFileStreamOptions(const FileFormat& format, const Options& options) {
  SLUICE_RETURN_IF_ERROR(
      CheckOptions(options, FileStreamOptionRows(format), {}, fmt::format("{} stream", format.name)));
  FileStreamOptions parsed;
  if (options.Find("maxFilesPerTrigger")) {
    SLUICE_ASSIGN(parsed.max_files, options.GetInt("maxFilesPerTrigger", 0));
    if (*parsed.max_files <= 0) {
      return UserError("SLUICE_INVALID_OPTION", "Option 'maxFilesPerTrigger' must be a whole number above 0.");
    }
  }
  SLUICE_ASSIGN(parsed.listing, ListingOptionsOf(options));
  SLUICE_ASSIGN(parsed.latest_first, options.GetBool("latestFirst", false));
  SLUICE_ASSIGN(parsed.name_only, options.GetBool("fileNameOnly", false));
  if (options.Find("maxFileAge")) {
    SLUICE_ASSIGN(parsed.max_age_ms, ParseDurationMs(options.Get("maxFileAge", "")));
  }
  // As in Spark: with the newest first, and only some of them, the others would be too old by then.
  if (parsed.latest_first && parsed.max_files) parsed.max_age_ms = INT64_MAX / 2;
  if (options.Get("cleanSource", "off") != "off") {
    return NotSupported("The option cleanSource: files that were read stay where they are.");
  }
  return parsed;
}

std::string SeenFiles::KeyOf(const std::string& uri) const {
  return name_only_ ? uri.substr(uri.rfind('/') + 1) : uri;
}

void SeenFiles::Add(const std::string& uri, int64_t timestamp_ms) {
  files_[KeyOf(uri)] = timestamp_ms;
  latest_ms_ = std::max(latest_ms_, timestamp_ms);
}

bool SeenFiles::IsNew(const std::string& uri, int64_t timestamp_ms) const {
  return timestamp_ms >= purged_before_ms_ && !files_.contains(KeyOf(uri));
}

void SeenFiles::Purge() {
  purged_before_ms_ = latest_ms_ - max_age_ms_;
  std::erase_if(files_, [&](const auto& file) { return file.second < purged_before_ms_; });
}

FileStream::FileStream(const SourceContext& context, const FileStreamOptions& options, const ResolvedTable& table,
                       std::shared_ptr<FileReaders> readers, FileSourceLog log)
    : context_(context),
      options_(options),
      readers_(std::move(readers)),
      partition_names_(FolderNamesOf(table, context)),
      log_(std::move(log)),
      seen_(options) {
  for (const FileSourceEntry& entry : log_.entries()) seen_.Add(entry.path, entry.timestamp_ms);
  seen_.Purge();
}

Result<std::unique_ptr<StreamSource>> FileStream::Open(const FileFormat& format, const SourceContext& context) {
  SLUICE_ASSIGN(FileStreamOptions options, ParseFileStreamOptions(format, context.options));
  std::shared_ptr<const ResolvedTable> table;
  if (context.resolved != nullptr) table = std::static_pointer_cast<const ResolvedTable>(context.resolved->found);
  if (table == nullptr) {
    SLUICE_ASSIGN(table, ResolveFileTable(format, context));
  }
  if (!context.checkpoint) return InternalError("a stream of files without a checkpoint");
  FileSourceLog log(*context.checkpoint, LogOptionsOf(context.conf), &context.env->clock());
  SLUICE_RETURN_IF_ERROR(log.Open());
  SLUICE_ASSIGN(auto readers, format.open(context, ReadOf(*table, context)));
  return std::unique_ptr<StreamSource>(new FileStream(context, options, *table, std::move(readers), std::move(log)));
}

std::string FileStream::description() const {
  return fmt::format("FileStreamSource[{}]", fmt::join(FilePathsOf(context_), ","));
}

Result<std::string> FileStream::InitialOffset() {
  return FormatOffset(-1);
}

Status FileStream::List() {
  Result<TableFiles> table = ListTableFiles(context_.env.get(), context_.conf, FilePathsOf(context_), options_.listing);
  if (!table.ok() && HasErrorClass(table.status(), "PATH_NOT_FOUND")) table = TableFiles{};
  SLUICE_RETURN_IF_ERROR(table.status());
  if (!table->files.empty() && table->partition_names != partition_names_) {
    return UserError(
        "CONFLICTING_PARTITION_COLUMN_NAMES",
        fmt::format("The folders of {} stand for the columns [{}], and stood for [{}] when the query was "
                    "started. Start it again.",
                    description(), fmt::join(table->partition_names, ", "), fmt::join(partition_names_, ", ")));
  }
  listed_.clear();
  order_.clear();
  for (TableFile& file : table->files) {
    std::string uri = file.fs->Uri(file.path);
    if (context_.file_facts) AddFileFacts(&file);
    if (listed_.emplace(uri, std::move(file)).second) order_.push_back(std::move(uri));
  }
  return Status::OK();
}

Result<std::vector<FileSourceEntry>> FileStream::NewFiles() {
  SLUICE_RETURN_IF_ERROR(List());
  std::vector<FileSourceEntry> files;
  for (const std::string& uri : order_) {
    const TableFile& file = listed_.at(uri);
    if (seen_.IsNew(uri, file.modified_ms)) files.push_back({uri, file.modified_ms, 0});
  }
  std::stable_sort(files.begin(), files.end(), [this](const FileSourceEntry& a, const FileSourceEntry& b) {
    return options_.latest_first ? a.timestamp_ms > b.timestamp_ms : a.timestamp_ms < b.timestamp_ms;
  });
  return files;
}

// The files of an offset are written down before any batch is planned with it, as Spark does: a restart in between
// plans the next batch with them.
Result<std::optional<std::string>> FileStream::LatestOffset(const std::string& start) {
  SLUICE_ASSIGN(const int64_t from, ParseOffset(start));
  if (log_.latest() < from) {
    // Spark takes one DataFrame that a query reads twice for one source, whose folder is that of the first.
    return UserError("SLUICE_CHECKPOINT_DAMAGED",
                     fmt::format("The query has read {} up to offset {}, and the log of that source in the checkpoint "
                                 "ends with {}. Either files of the log are gone, or the query is one of Spark's that "
                                 "reads a stream twice, which has one log for both: such a query is not taken over.",
                                 description(), from, log_.latest()));
  }
  SLUICE_ASSIGN(std::vector<FileSourceEntry> files, NewFiles());
  if (context_.available_now && !available_now_) {
    available_now_.emplace();
    for (const FileSourceEntry& file : files) available_now_->insert(file.path);
  }
  if (available_now_) {
    std::erase_if(files, [this](const FileSourceEntry& file) { return !available_now_->contains(file.path); });
  }
  const bool limited = options_.max_files && !context_.ignore_rate_limits;
  if (limited && static_cast<int64_t>(files.size()) > *options_.max_files) {
    files.resize(static_cast<size_t>(*options_.max_files));
  }
  // One limited batch at a time: what the log has ahead of the start comes first.
  if (!files.empty() && !(limited && log_.latest() > from)) {
    for (const FileSourceEntry& file : files) seen_.Add(file.path, file.timestamp_ms);
    seen_.Purge();
    SLUICE_RETURN_IF_ERROR(log_.Add(std::move(files)));
  }
  if (log_.latest() <= from) return std::optional<std::string>();
  return std::optional<std::string>(FormatOffset(log_.latest()));
}

Result<TableFile> FileStream::FileOf(const FileSourceEntry& entry) {
  auto found = listed_.find(entry.path);
  if (found == listed_.end()) {
    SLUICE_RETURN_IF_ERROR(List());
    found = listed_.find(entry.path);
  }
  if (found != listed_.end()) return found->second;
  return EnvironmentError(
      "FAILED_READ_FILE.FILE_NOT_EXIST",
      fmt::format("The file {} was seen with offset {} of {} and is gone before it was read. Bring it back, or begin "
                  "with a new checkpoint.",
                  entry.path, entry.offset, description()),
      false, {{"path", entry.path}});
}

Result<std::vector<InputPartition>> FileStream::PlanTasks(const std::string& start, const std::string& end) {
  SLUICE_ASSIGN(const int64_t from, ParseOffset(start));
  SLUICE_ASSIGN(const int64_t until, ParseOffset(end));
  if (until > log_.latest()) {
    return EnvironmentError("SLUICE_CHECKPOINT_DAMAGED",
                            fmt::format("The checkpoint has the offset {} of {}, but its log in {} ends with {}.",
                                        until, description(), context_.checkpoint->path, log_.latest()));
  }
  std::vector<FilePart> parts;
  for (const FileSourceEntry& entry : log_.entries()) {
    if (entry.offset <= from || entry.offset > until) continue;
    SLUICE_ASSIGN(TableFile file, FileOf(entry));
    std::vector<FilePart> of_file = PartsOfFile(*readers_, readers_->Share(std::move(file)), 0);
    parts.insert(parts.end(), of_file.begin(), of_file.end());
  }
  return Packed(std::move(parts));
}

Result<std::unique_ptr<SliceReader>> FileStream::OpenReader(const InputPartition& input,
                                                            const std::vector<int>& columns) {
  return std::make_unique<FilesReader>(std::static_pointer_cast<const std::vector<FilePart>>(input.detail), readers_,
                                       columns);
}

Status FileStream::Committed(const std::string&, std::map<std::string, std::string>*, std::optional<std::string>*) {
  return Status::OK();
}

Result<std::shared_ptr<arrow::Schema>> FileStreamSchema(const FileFormat& format, const SourceContext& context) {
  SLUICE_RETURN_IF_ERROR(ParseFileStreamOptions(format, context.options).status());
  if (context.schema == nullptr && format.stream_needs_schema && !context.conf.GetBool(kSchemaInference)) {
    return UserError("SLUICE_STREAM_SCHEMA",
                     fmt::format("A stream of {} files needs its columns: .schema(..) before .load(), or in SQL the "
                                 "argument schema of read_files. With {} they are those of the files that are there "
                                 "when the query is started.",
                                 format.title, kSchemaInference));
  }
  SLUICE_ASSIGN(std::shared_ptr<const ResolvedTable> table, ResolveFileTable(format, context));
  if (context.resolved != nullptr) context.resolved->found = table;
  return table->schema;
}

}  // namespace sluice
