// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/rows_wanted.h"
#include "connectors/sink.h"
#include "connectors/source.h"

namespace sluice {

// The first rows of a relation by one of its columns; further keys decide among equal values.
struct FirstRows {
  int column = 0;  // of the source's schema
  bool ascending = true;
  bool nulls_first = true;
  int64_t rows = 0;
};

// A finite relation, read in parts that tasks may take in parallel.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual Result<std::vector<InputPartition>> PlanTasks() = 0;
  virtual Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                          const std::vector<int>& columns) = 0;
  // The same, where rows that are not wanted may be missing. `wanted` may be null.
  virtual Result<std::unique_ptr<SliceReader>> OpenWanted(const InputPartition& input, const std::vector<int>& columns,
                                                          const std::shared_ptr<const RowsWanted>& wanted) {
    return OpenReader(input, columns);
  }
  // A value of the column that `wanted.rows` rows are known not to come after; none: nothing is known.
  virtual Result<std::optional<PlainValue>> BoundOfFirst(const FirstRows& wanted) { return std::nullopt; }
};

// One row a format. A null function: the format cannot do that.
struct Connector {
  const char* format;
  const char* doc;
  // The schema of a read, before anything is planned. For batch reads of files this looks at the files.
  Result<std::shared_ptr<arrow::Schema>> (*schema)(const SourceContext& context, bool streaming);
  Result<std::unique_ptr<StreamSource>> (*open_stream)(const SourceContext& context);
  Result<std::unique_ptr<BatchSource>> (*open_batch)(const SourceContext& context);
  Result<std::unique_ptr<StreamSink>> (*open_sink)(const SinkContext& context);
  bool counts_rows = false;  // batch readers can be asked for no column, and then only count
  // The options of a read, and what begins the names of those that are passed on ("kafka."). Null: not listed.
  const std::vector<OptionRow>& (*read_options)() = nullptr;
  const char* passed_on = nullptr;
  bool takes_schema = false;  // the user may give the columns of a read
};

const std::vector<Connector>& AllConnectors();
// DATA_SOURCE_NOT_FOUND when there is none.
Result<const Connector*> FindConnector(const std::string& format);

}  // namespace sluice
