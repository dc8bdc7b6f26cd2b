// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/first_rows.h"

#include <arrow/api.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <utility>

#include "connectors/parquet/calendar_rebase.h"
#include "connectors/parquet/column_plan.h"
#include "connectors/parquet/parquet_file.h"
#include "connectors/parquet/row_group_range.h"

namespace sluice {
namespace {

// So many rows that do not come after this value.
struct Candidate {
  PlainValue last;
  int64_t rows;
};

// Nothing when the row group's statistics do not tell.
std::optional<Candidate> CandidateOf(const ColumnRange& range, const FirstRows& wanted) {
  const auto& last = wanted.ascending ? range.greatest : range.least;
  if (!last || !range.nulls || range.may_be_nan) return std::nullopt;
  // Nulls that come first are before any value.
  return Candidate{*last, wanted.nulls_first ? range.rows : range.rows - *range.nulls};
}

void AddCandidates(const parquet::FileMetaData& metadata, const arrow::Field& field, const FirstRows& wanted,
                   std::vector<Candidate>* candidates) {
  // Bounds in the old calendar are not those of what is read.
  const auto calendar = CalendarOfFile(metadata.key_value_metadata().get(), "");
  if (!calendar.ok() || calendar->dates.needed()) return;
  const auto* root = metadata.schema()->group_node();
  const GroupFields fields(*root);
  const int index = fields.Find(field.name(), "").ValueOr(-1);  // the reader of the file will tell
  if (index < 0 || !root->field(index)->is_primitive()) return;
  const int leaf = fields.FirstLeafOf(index);
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    auto candidate = CandidateOf(RangeInRowGroup(*metadata.RowGroup(i), leaf, *field.type()), wanted);
    if (candidate) candidates->push_back(std::move(*candidate));
  }
}

// The value that enough rows do not come after.
std::optional<PlainValue> LastOf(std::vector<Candidate> candidates, const FirstRows& wanted) {
  std::sort(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
    const int order = ComparePlain(a.last, b.last);
    return wanted.ascending ? order < 0 : order > 0;
  });
  int64_t rows = 0;
  for (const Candidate& candidate : candidates) {
    rows += candidate.rows;
    if (rows >= wanted.rows) return candidate.last;
  }
  return std::nullopt;
}

}  // namespace

Result<std::optional<PlainValue>> BoundOfFirstRows(const std::vector<std::shared_ptr<SharedFile>>& files,
                                                   const TableRead& table, const FirstRows& wanted,
                                                   std::vector<std::shared_ptr<parquet::FileMetaData>>* footers) {
  const auto& field = *table.schema->field(wanted.column);
  std::vector<Candidate> candidates;
  for (const auto& file : files) {
    SLUICE_ASSIGN(const auto reader, static_cast<SharedFooter&>(*file).Open());
    footers->push_back(reader->metadata());
    try {
      AddCandidates(*footers->back(), field, wanted, &candidates);
    } catch (const parquet::ParquetException&) {
      return std::nullopt;  // the reader of the file will tell
    }
  }
  return LastOf(std::move(candidates), wanted);
}

}  // namespace sluice
