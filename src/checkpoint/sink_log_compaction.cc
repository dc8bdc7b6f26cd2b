// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/sink_log_compaction.h"

#include <algorithm>

#include "checkpoint/entry_lines.h"
#include "checkpoint/file_sink_log.h"

namespace sluice {
namespace {

Status CheckFirstLine(LogLineReader* reader) {
  SLUICE_ASSIGN(const std::optional<std::string_view> first, reader->Next());
  if (!first) return DamagedFile(reader->path(), "it is empty");
  return ParseLogVersion(*first, 1, reader->path()).status();
}

}  // namespace

SinkLogCompaction::SinkLogCompaction(LogFolder folder, BatchId target, std::optional<Source> source,
                                     SinkLogFilter filter)
    : folder_(std::move(folder)), target_(target), source_(std::move(source)), filter_(std::move(filter)) {}

Status SinkLogCompaction::Open() {
  if (file_ != nullptr) return Status::OK();
  SLUICE_ASSIGN(file_, folder_.location().fs->OpenForWrite(folder_.PathOf(SinkLogName(target_, true))));
  if (source_) {
    SLUICE_ASSIGN(const std::optional<std::string> crc, folder_.ReadChecksumFile(source_->name));
    if (filter_.empty() && !crc && source_->copied) return Status::OK();
    SLUICE_ASSIGN(lines_, LogLineReader::Open(folder_, source_->name));
    SLUICE_RETURN_IF_ERROR(CheckFirstLine(lines_.get()));
  }
  return Write(kSinkLogVersion);
}

Status SinkLogCompaction::Write(std::string_view text) {
  written_ += static_cast<int64_t>(text.size());
  return file_->Write(text.data(), static_cast<int64_t>(text.size()));
}

Result<std::optional<std::string_view>> SinkLogCompaction::NextKept(LogLineReader* reader) const {
  while (true) {
    SLUICE_ASSIGN(const std::optional<std::string_view> line, reader->Next());
    if (!line) return line;
    SLUICE_ASSIGN(const SinkLogEntry entry, ParseSinkLogLine(*line, reader->path()));
    if (!filter_.Drops(entry)) return line;
  }
}

Status SinkLogCompaction::TakeLines(int64_t until) {
  std::string text;
  while (lines_->position() < until) {
    SLUICE_ASSIGN(const std::optional<std::string_view> line, NextKept(lines_.get()));
    if (!line) break;
    text = "\n";
    text += *line;
    SLUICE_RETURN_IF_ERROR(Write(text));
  }
  done_ = lines_->position();
  return Status::OK();
}

Status SinkLogCompaction::Take(int64_t bytes) {
  SLUICE_RETURN_IF_ERROR(Open());
  const int64_t count = std::min(bytes, left());
  if (count == 0) return Status::OK();
  if (lines_ != nullptr) return TakeLines(done_ + count);
  SLUICE_RETURN_IF_ERROR(file_->CopyFrom(folder_.PathOf(source_->name), done_, count));
  done_ += count;
  written_ += count;
  return Status::OK();
}

void SinkLogCompaction::Advance(int64_t bytes) {
  step_ = std::async(std::launch::async, [this, bytes] { return Take(bytes); });
}

Status SinkLogCompaction::Await() {
  return step_.valid() ? step_.get() : Status::OK();
}

Result<PublishOutcome> SinkLogCompaction::Finish(std::string_view tail) {
  SLUICE_RETURN_IF_ERROR(Await());
  SLUICE_RETURN_IF_ERROR(Take(left()));
  SLUICE_RETURN_IF_ERROR(Write(tail));
  return file_->Publish();
}

Result<bool> SinkLogCompaction::NamesTheSame(std::string_view tail) const {
  SLUICE_ASSIGN(const auto there, LogLineReader::Open(folder_, SinkLogName(target_, true)));
  SLUICE_RETURN_IF_ERROR(CheckFirstLine(there.get()));
  std::unique_ptr<LogLineReader> source;
  if (source_) {
    SLUICE_ASSIGN(source, LogLineReader::Open(folder_, source_->name));
    SLUICE_RETURN_IF_ERROR(CheckFirstLine(source.get()));
  }
  std::vector<std::string_view> rest = EntryLines(tail);
  auto next = rest.begin() + (rest.empty() ? 0 : 1);  // the tail begins with a line end
  while (true) {
    SLUICE_ASSIGN(const std::optional<std::string_view> theirs, there->Next());
    std::optional<std::string_view> ours;
    if (source != nullptr) {
      SLUICE_ASSIGN(ours, NextKept(source.get()));
      if (!ours) source.reset();
    }
    if (!ours && next != rest.end()) ours = *next++;
    if (!theirs || !ours) return !theirs && !ours;
    SLUICE_ASSIGN(const SinkLogEntry a, ParseSinkLogLine(*theirs, there->path()));
    SLUICE_ASSIGN(const SinkLogEntry b, ParseSinkLogLine(*ours, there->path()));
    if (!SameFile(a, b)) return false;
  }
}

}  // namespace sluice
