// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "env/temporary_file.h"

namespace sluice {

class RowEncoder;

// Brings the rows of a task into the order of their partition folders. Rows of one folder stay in the order in which
// they came. What does not fit into memory goes to a TemporaryFile as runs; each run holds its rows by folder:
//   run    := group...          ascending by folder
//   group  := header folder row...
//   header := bytes of the folder's name (uint32), 0 (uint32), bytes of all rows (uint64)
//   row    := bytes (uint32) and the encoded row
// How much fits decides where runs end, and nothing else: the rows given back, and how they are cut into slices, follow
// from the rows alone. First Add, then Sort once, then NextFolder and NextRows. One thread at a time.
class PartitionSorter {
 public:
  // NextRows ends a slice before it has more rows, or (but for a single row) more bytes.
  static constexpr int64_t kSliceRows = 1024;
  static constexpr size_t kSliceBytes = 1 << 20;

  explicit PartitionSorter(int64_t memory_bytes);
  ~PartitionSorter();

  // Keeps the rows `rows` of the encoder's slice.
  Status Add(const std::string& folder, const RowEncoder& encoder, const std::vector<int32_t>& rows);
  Status Sort();
  // Steps to the next folder by the bytes of its name; nothing after the last one. Rows of the folder before that were
  // not asked for are left out.
  Result<std::optional<std::string>> NextFolder();
  // Bytes of the next row of this folder; nothing after the last one.
  Result<std::optional<uint32_t>> NextRowBytes();
  struct Rows {
    std::shared_ptr<arrow::Buffer> bytes;
    int64_t rows = 0;
  };
  // The next encoded rows of this folder; none after the last one.
  Result<Rows> NextRows();
  // Runs written so far.
  size_t runs() const { return runs_.size(); }

 private:
  struct Group {
    std::vector<const char*> rows;  // each after its length
    int64_t bytes = 0;
  };
  // Where reading a run stands.
  struct Run {
    int64_t next = 0;  // offset of the next group
    int64_t end = 0;
    std::string folder;  // of the group at hand
    int64_t rows_begin = 0, rows_end = 0;
  };
  using Range = std::pair<int64_t, int64_t>;  // of offsets in file_

  char* Place(size_t bytes);
  Status Spill();
  Status NextGroup(size_t run);
  Result<std::optional<std::string>> NextFolderInRuns();
  Status ReadBytes(char* out, size_t count);

  const int64_t memory_bytes_;
  const size_t block_bytes_;
  // The rows in memory: in blocks, which are used again after a spill, or by themselves when they are larger.
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::unique_ptr<char[]>> large_;
  size_t blocks_begun_ = 0;
  size_t block_used_ = 0;   // bytes of the last block that was begun
  int64_t kept_bytes_ = 0;  // of rows and of what finds them
  std::map<std::string, Group, std::less<>> groups_;
  std::string row_;

  std::unique_ptr<TemporaryFile> file_;  // null: all is in memory
  std::vector<Run> runs_;
  std::vector<std::pair<std::string_view, size_t>> heads_;  // heap: the smallest folder, then the first run, on top

  // The folder at hand.
  Group group_;  // in memory
  size_t next_in_group_ = 0;
  std::vector<Range> ranges_;          // in runs: its rows, the next range last
  std::optional<uint32_t> row_bytes_;  // the length that was read already
  std::string window_;                 // read ahead, of the last range
  size_t window_used_ = 0;
};

}  // namespace sluice
