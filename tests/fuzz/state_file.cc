// SPDX-License-Identifier: Apache-2.0
// Files of state. The first byte chooses the format and the codec.
#include <arrow/api.h>

#include "check.h"
#include "state/delta_file.h"
#include "state/operator_metadata.h"
#include "state/state_schema.h"
#include "state/unsafe_row.h"
#include "targets.h"
#include "types/spark_type.h"

namespace sluice::fuzz {
namespace {

constexpr char kPath[] = "/ck/state/0";

struct Row {
  std::string key;
  std::optional<std::string> value;
};

// What was read is written and read again, the same.
void Entries(StateCodec codec, std::string_view bytes) {
  std::vector<Row> rows;
  const Status read = ReadStateFile(codec, bytes, [&](std::string_view key, const auto& value) {
    rows.push_back({std::string(key), value ? std::optional(std::string(*value)) : std::nullopt});
    return Status::OK();
  });
  if (!read.ok()) return;
  std::string written;
  const auto take = [&](std::string_view piece) {
    written.append(piece);
    return Status::OK();
  };
  const auto writer = StateFileWriter::Make(codec, take).ValueOrDie();
  for (const Row& row : rows) {
    const auto value = row.value ? std::optional<std::string_view>(*row.value) : std::nullopt;
    FUZZ_CHECK(writer->Add(row.key, value).ok(), "an entry is written");
  }
  FUZZ_CHECK(writer->Finish().ok(), "a file is written");
  size_t at = 0;
  const Status again = ReadStateFile(codec, written, [&](std::string_view key, const auto& value) {
    FUZZ_CHECK(at < rows.size() && rows[at].key == key && rows[at].value.has_value() == value.has_value(), "an entry");
    ++at;
    return Status::OK();
  });
  FUZZ_CHECK(again.ok() && at == rows.size(), again.ToString());
}

// A row that has the form of its schema can be decoded, or is refused; never more.
void Rows(std::string_view bytes) {
  static const auto* codec = [] {
    const auto schema = ParseSparkSchema(
                            "a BIGINT, b STRING, c DECIMAL(30,2), d STRUCT<x: INT, y: STRING>, e ARRAY<STRING>, "
                            "f MAP<STRING, INT>, g BOOLEAN, h ARRAY<TINYINT>")
                            .ValueOrDie();
    std::vector<std::shared_ptr<arrow::DataType>> types;
    for (const auto& field : schema->fields()) types.push_back(field->type());
    return new UnsafeRowCodec(UnsafeRowCodec::Make(std::move(types)).ValueOrDie());
  }();
  const bool fits = codec->Fits(bytes);
  const auto columns = codec->Decode({bytes}, nullptr);
  if (!columns.ok() || !fits) return;
  for (const auto& column : *columns) FUZZ_CHECK(column->length() == 1 && column->Validate().ok(), "a column");
}

template <typename Parse, typename Format>
void RoundTrip(const std::string& text, Parse parse, Format format) {
  const auto first = parse(text, kPath);
  if (!first.ok()) return;
  const std::string written = format(*first);
  const auto second = parse(written, kPath);
  FUZZ_CHECK(second.ok(), second.status().ToString());
  FUZZ_CHECK(format(*second) == written, written);
}

}  // namespace

void StateFile(std::string_view input) {
  if (input.empty()) return;
  const std::string_view bytes = input.substr(1);
  switch (input[0]) {
    case 'l':
      return Entries(StateCodec::kLz4, bytes);
    case 'z':
      return Entries(StateCodec::kZstd, bytes);
    case 'y':
      return Entries(StateCodec::kSnappy, bytes);
    case 'r':
      return Rows(bytes);
    case 's':
      return RoundTrip(std::string(bytes), ParseStateSchema, FormatStateSchema);
    case 'm':
      return RoundTrip(std::string(bytes), ParseOperatorMetadata, FormatOperatorMetadata);
    default:
      return;
  }
}

}  // namespace sluice::fuzz
