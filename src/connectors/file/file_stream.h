// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/file_source_log.h"
#include "connectors/file/file_table.h"
#include "connectors/source.h"

namespace sluice {

// What the options of a stream of files say.
struct FileStreamOptions {
  std::optional<int64_t> max_files;
  int64_t max_age_ms = 7 * 24 * 3600 * int64_t{1000};  // before the newest file seen: older ones count as seen
  bool latest_first = false;
  bool name_only = false;  // a file is known by its name, whatever its folder
  ListingOptions listing;
};
// The options of a stream of files: those of a read of the format, and what a stream has besides.
std::vector<OptionRow> FileStreamOptionRows(const FileFormat& format);
Result<FileStreamOptions> ParseFileStreamOptions(const FileFormat& format, const Options& options);

// The files that were seen, as Spark's source of files remembers them.
class SeenFiles {
 public:
  explicit SeenFiles(const FileStreamOptions& options)
      : max_age_ms_(options.max_age_ms), name_only_(options.name_only) {}
  void Add(const std::string& uri, int64_t timestamp_ms);
  bool IsNew(const std::string& uri, int64_t timestamp_ms) const;
  // Forgets files that are too old to be new again.
  void Purge();

 private:
  std::string KeyOf(const std::string& uri) const;
  const int64_t max_age_ms_;
  const bool name_only_;
  std::map<std::string, int64_t> files_;
  int64_t latest_ms_ = 0;
  int64_t purged_before_ms_ = 0;
};

// A folder of files as a stream: each file is read once, after it has appeared, those of a batch by their time.
// The source is Spark's FileStreamSource: its offset is {"logOffset":N}, and sources/<i>/N names the files that came
// with it. A folder that a sink's log describes (_spark_metadata) holds what that log names.
class FileStream : public StreamSource {
 public:
  static Result<std::unique_ptr<StreamSource>> Open(const FileFormat& format, const SourceContext& context);
  std::string description() const override;
  Result<std::string> InitialOffset() override;
  Result<std::optional<std::string>> LatestOffset(const std::string& start) override;
  Result<std::vector<InputPartition>> PlanTasks(const std::string& start, const std::string& end) override;
  Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                  const std::vector<int>& columns) override;
  Status Committed(const std::string& end, std::map<std::string, std::string>* metrics,
                   std::optional<std::string>* latest) override;

 private:
  FileStream(const SourceContext& context, const FileStreamOptions& options, const ResolvedTable& table,
             std::shared_ptr<FileReaders> readers, FileSourceLog log);
  // Lists the folder anew and keeps what it shows.
  Status List();
  // The files that no offset has yet, in the order in which they are read.
  Result<std::vector<FileSourceEntry>> NewFiles();
  Result<TableFile> FileOf(const FileSourceEntry& entry);

  const SourceContext context_;
  const FileStreamOptions options_;
  const std::shared_ptr<FileReaders> readers_;
  const std::vector<std::string> partition_names_;
  FileSourceLog log_;
  SeenFiles seen_;
  std::map<std::string, TableFile> listed_;  // by URI
  std::vector<std::string> order_;           // of the listing
  std::optional<std::set<std::string>> available_now_;
};

// Fails where the user must give the columns and did not.
Result<std::shared_ptr<arrow::Schema>> FileStreamSchema(const FileFormat& format, const SourceContext& context);

}  // namespace sluice
