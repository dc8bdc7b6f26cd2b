// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "env/env.h"

namespace sluice {

struct BadRecordFile {
  std::string name;  // inside the batch's folder
  int64_t records = 0;
  int64_t bytes = 0;
};

// What one query has set aside under spark.sluice.badRecords.path:
//   <path>/query=<id>/batch=<N>/part-<task>-<uuid>-c000.jsonl   records, durable before the sink commits batch N
//   <path>/query=<id>/_committed/<N>  the files of batch N; written after the sink's commit, before commits/N
//   <path>/query=<id>/_replaying/<R>  batch R, which is planned, puts the records of all batches up to a number
//                                     through again; written before it writes anything
//   <path>/query=<id>/_replayed/<R>   it has done so, or (-1) another engine ended the batch, and it has not
// A file counts when its batch's _committed entry names it. Batches without bad records have neither. Readers that only
// list (Spark's JSON reader) see in addition the files of a batch that failed, until it runs again: names and contents
// follow from the data, so that a re-run writes the same ones, and removes what no longer belongs to the batch.
// Used by the query's thread only.
class BadRecordFolder {
 public:
  // `path` as the user gave it.
  static Result<std::unique_ptr<BadRecordFolder>> Open(const std::string& path, const Conf& conf,
                                                       const std::string& query_id, Env* env);

  const std::string& path() const { return path_; }  // as the user gave it
  const std::string& query_id() const { return query_id_; }
  const std::shared_ptr<FileSystem>& fs() const { return folder_.fs; }
  std::string FolderOf(BatchId batch) const;

  // The part files there are, whether committed or not.
  Result<std::vector<BadRecordFile>> ListFiles(BatchId batch) const;
  // Removes all of them but those named.
  Status RemoveFiles(BatchId batch, const std::vector<BadRecordFile>& except) const;
  // Nothing is written when there are no files. An entry that is there already must be the same.
  Status Commit(BatchId batch, const std::vector<BadRecordFile>& files) const;
  // The same for a batch that the sink committed before a restart: its files are there and whole.
  Status CommitListed(BatchId batch) const;

  // Batches with an entry, ascending.
  Result<std::vector<BatchId>> CommittedBatches() const;
  Result<std::vector<BadRecordFile>> FilesOf(BatchId batch) const;

  // Batches below `next`, all committed, whose end this engine has not recorded: another one ended them.
  struct Unsettled {
    BatchId batch;
    std::optional<BatchId> replay_through;  // it was to put records through again
  };
  Result<std::vector<Unsettled>> FindUnsettled(BatchId next) const;

  Status BeginReplay(BatchId replay, BatchId through) const;
  Status MarkReplayed(BatchId replay, BatchId through) const;
  // The last batch whose records were put through again by a batch before `replay`, or -1.
  Result<BatchId> ReplayedBefore(BatchId replay) const;
  // Of the committed batches: those after ReplayedBefore(replay), up to `through`.
  Result<std::vector<BatchId>> ToReplay(BatchId replay, BatchId through) const;

 private:
  BadRecordFolder(std::string path, std::string query_id, std::string root, Location folder)
      : path_(std::move(path)), query_id_(std::move(query_id)), root_(std::move(root)), folder_(std::move(folder)) {}
  Result<int64_t> CountLines(const std::string& path) const;
  Result<std::set<BatchId>> EntriesOf(const std::string& log) const;
  Result<BatchId> ReadThrough(const std::string& log, BatchId replay) const;
  Status CreateEntry(const std::string& log, BatchId batch, const std::string& text) const;

  const std::string path_;
  const std::string query_id_;
  const std::string root_;  // path_ inside the file system; nothing outside of it is deleted, nor behind a link in it
  const Location folder_;   // <path>/query=<id>
};

}  // namespace sluice
