// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_sink.h"
#include "connectors/parquet/parquet_source.h"
#include "connectors/parquet/parquet_stream.h"
#include "connectors/registry.h"

namespace sluice {

extern const Connector kParquetConnector;
const Connector kParquetConnector = {"parquet",
                                     "Parquet files in a folder",
                                     ParquetTableSchema,
                                     ParquetStream::Open,
                                     OpenParquetTable,
                                     FileSink::Open,
                                     /*counts_rows=*/true,
                                     nullptr,
                                     nullptr,
                                     /*takes_schema=*/true};

}  // namespace sluice
