// SPDX-License-Identifier: Apache-2.0
#include "streaming/bad_records/line.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_bounds.h"
#include "base/redaction.h"
#include "base/spark_error.h"
#include "checkpoint/json_number.h"
#include "checkpoint/log_folder.h"
#include "expr/base64.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;
using ParsedJson = nlohmann::json;  // an ordered one would compare each key with all before it

constexpr size_t kEncodedPiece = 3 << 16;  // a multiple of three bytes has no padding

Json Encoded(const std::optional<std::string>& bytes) {
  if (!bytes) return nullptr;
  std::string text;
  AppendBase64(*bytes, &text);
  return text;
}

Json HeadersOf(const SourceRecord& record) {
  if (record.headers.empty()) return nullptr;
  Json headers = Json::array();
  for (const auto& [key, value] : record.headers) headers.push_back({{"key", key}, {"value", Encoded(value)}});
  return headers;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// "value":"..", with the comma.
Status WriteValue(const std::optional<std::string>& value, const std::function<Status(std::string_view)>& write) {
  if (!value) return write("\"value\":null,");
  SLUICE_RETURN_IF_ERROR(write("\"value\":\""));
  std::string text;
  for (size_t at = 0; at < value->size(); at += kEncodedPiece) {
    text.clear();
    AppendBase64(std::string_view(*value).substr(at, kEncodedPiece), &text);
    SLUICE_RETURN_IF_ERROR(write(text));
  }
  return write("\",");
}

// Throws nlohmann's exceptions for fields that are missing or of another type.
std::optional<std::string> Decoded(const ParsedJson& field) {
  if (field.is_null()) return std::nullopt;
  auto bytes = DecodeBase64(field.get<std::string>());
  if (!bytes) throw std::invalid_argument("a value is not base64");
  return bytes;
}

template <typename Number>
Number Whole(const ParsedJson& field) {
  const auto number = Int64Of(field);
  if (!number || *number != static_cast<Number>(*number)) throw std::invalid_argument("a number is not whole");
  return static_cast<Number>(*number);
}

SourceRecord FromJson(const ParsedJson& json) {
  SourceRecord record;
  record.topic = json.at("topic").get<std::string>();
  record.partition = Whole<int32_t>(json.at("partition"));
  record.offset = Whole<int64_t>(json.at("offset"));
  record.timestamp_ms = Whole<int64_t>(json.at("timestamp"));
  record.timestamp_type = Whole<int32_t>(json.at("timestampType"));
  record.key = Decoded(json.at("key"));
  record.value = Decoded(json.at("value"));
  record.left_out = json.value("leftOut", false);
  if (json.at("headers").is_array()) {
    for (const ParsedJson& header : json.at("headers")) {
      record.headers.emplace_back(header.at("key").get<std::string>(), Decoded(header.at("value")));
    }
  }
  record.place = fmt::format("topic {}, partition {}, offset {}", record.topic, record.partition, record.offset);
  return record;
}

}  // namespace

Status FormatBadRecord(const SourceRecord& record, const Status& error,
                       const std::function<Status(std::string_view piece)>& write) {
  const bool raw = !record.topic.empty();
  Json before;
  if (!raw) {
    before["place"] = record.place;
  } else {
    before["topic"] = record.topic;
    before["partition"] = record.partition;
    before["offset"] = record.offset;
    before["timestamp"] = record.timestamp_ms;
    before["timestampType"] = record.timestamp_type;
    before["headers"] = HeadersOf(record);
    before["key"] = Encoded(record.key);
  }
  std::string text = Dump(before);
  text.back() = ',';
  SLUICE_RETURN_IF_ERROR(write(text));
  if (raw) SLUICE_RETURN_IF_ERROR(WriteValue(record.value, write));
  if (record.left_out) SLUICE_RETURN_IF_ERROR(write("\"leftOut\":true,"));
  const SparkErrorDetail* detail = FindSparkError(error);
  Json after;
  after["errorClass"] = detail != nullptr ? Json(detail->error_class) : Json(nullptr);
  after["sqlState"] = detail != nullptr ? Json(detail->sqlstate) : Json(nullptr);
  after["message"] = Redact(detail != nullptr ? detail->message : error.message());
  return write(Dump(after).substr(1) + "\n");
}

Result<std::string> FormatBadRecord(const SourceRecord& record, const Status& error) {
  std::string line;
  SLUICE_RETURN_IF_ERROR(FormatBadRecord(record, error, [&](std::string_view piece) {
    line += piece;
    return Status::OK();
  }));
  return line;
}

Result<SourceRecord> ParseBadRecord(std::string_view line, const std::string& place) {
  if (const auto beyond = BeyondJsonBounds(line); !beyond.empty()) return DamagedFile(place, std::string(beyond));
  const ParsedJson json = ParsedJson::parse(line, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) return DamagedFile(place, "a line is not a JSON object");
  if (!json.contains("topic")) {
    return NotSupported(
        fmt::format("{} has records without their raw form; only Kafka records can be put through "
                    "again.",
                    place));
  }
  try {
    return FromJson(json);
  } catch (const std::exception& e) {
    return DamagedFile(place, fmt::format("a line is not a bad record ({})", e.what()));
  }
}

}  // namespace sluice
