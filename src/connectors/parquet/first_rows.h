// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "connectors/parquet/parquet_slice_reader.h"
#include "connectors/parquet/shared_footer.h"
#include "connectors/registry.h"

namespace sluice {

// BatchSource::BoundOfFirst by the statistics of the row groups alone (`files`: SharedFooters): where the best ones are
// known to have enough rows, no row that comes after all of these can be among the first. Reads all footers, and gives
// them to `footers`.
Result<std::optional<PlainValue>> BoundOfFirstRows(const std::vector<std::shared_ptr<SharedFile>>& files,
                                                   const TableRead& table, const FirstRows& wanted,
                                                   std::vector<std::shared_ptr<parquet::FileMetaData>>* footers);

}  // namespace sluice
