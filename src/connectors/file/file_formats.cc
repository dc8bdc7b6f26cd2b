// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "connectors/file/file_format.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/file_stream.h"
#include "connectors/file/file_table.h"
#include "connectors/parquet/parquet_format.h"
#include "connectors/registry.h"
#include "connectors/text/csv_format.h"
#include "connectors/text/json_format.h"
#include "connectors/text/text_format.h"

namespace sluice {
namespace {

// A connector is functions without a state: one set of them a format.
template <const FileFormat* format>
struct FileConnector {
  static Result<std::shared_ptr<arrow::Schema>> Schema(const SourceContext& context, bool streaming) {
    return streaming ? FileStreamSchema(*format, context) : FileTableSchema(*format, context);
  }
  static Result<std::unique_ptr<StreamSource>> OpenStream(const SourceContext& context) {
    return FileStream::Open(*format, context);
  }
  static Result<std::unique_ptr<BatchSource>> OpenBatch(const SourceContext& context) {
    return OpenFileTable(*format, context);
  }
  static Result<std::unique_ptr<StreamSink>> OpenSink(const SinkContext& context) {
    return FileSink::Open(*format, context);
  }
  static constexpr Connector Row(const char* name, const char* doc) {
    return {name,
            doc,
            Schema,
            OpenStream,
            OpenBatch,
            OpenSink,
            /*counts_rows=*/true,
            nullptr,
            nullptr,
            /*takes_schema=*/true};
  }
};

}  // namespace

const std::vector<const FileFormat*>& AllFileFormats() {
  static const std::vector<const FileFormat*> formats = {&kCsvFormat, &kJsonFormat, &kParquetFormat, &kTextFormat};
  return formats;
}

const FileFormat* FindFileFormat(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const FileFormat* format : AllFileFormats()) {
    if (lower == format->name) return format;
  }
  return nullptr;
}

extern const Connector kCsvConnector;
extern const Connector kJsonConnector;
extern const Connector kParquetConnector;
extern const Connector kTextConnector;
const Connector kCsvConnector = FileConnector<&kCsvFormat>::Row("csv", "CSV files in a folder");
const Connector kJsonConnector = FileConnector<&kJsonFormat>::Row("json", "Files of JSON records");
const Connector kParquetConnector = FileConnector<&kParquetFormat>::Row("parquet", "Parquet files in a folder");
const Connector kTextConnector = FileConnector<&kTextFormat>::Row("text", "Files of lines: one column, value");

}  // namespace sluice
