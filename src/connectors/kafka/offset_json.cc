// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/offset_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/spark_error.h"
#include "checkpoint/json_number.h"
#include "checkpoint/json_text.h"

namespace sluice {
namespace {

using Json = nlohmann::json;  // an ordered one would compare each key with all before it

Status BadJson(const std::string& json, const std::string& what, const char* example) {
  return UserError("SLUICE_INVALID_OPTION",
                   fmt::format("{} is not of the form {}: '{}'.", what, example, json.substr(0, 200)));
}

std::optional<int32_t> PartitionNumber(const std::string& text) {
  int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::string FormatOffsets(const PartitionOffsets& offsets) {
  std::string text = "{";
  const std::string* topic = nullptr;
  for (const auto& [tp, offset] : offsets) {
    if (topic == nullptr || *topic != tp.topic) {
      if (topic != nullptr) text += "},";
      AppendJsonString(&text, tp.topic);
      text += ":{";
      topic = &tp.topic;
    } else {
      text += ",";
    }
    text += fmt::format("\"{}\":{}", tp.partition, offset);
  }
  text += topic == nullptr ? "}" : "}}";
  return text;
}

Result<PartitionOffsets> ParseOffsets(const std::string& json, const std::string& what) {
  constexpr const char* kExample = R"({"topicA":{"0":23,"1":-1},"topicB":{"0":-2}})";
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return BadJson(json, what, kExample);
  PartitionOffsets offsets;
  for (const auto& [topic, partitions] : root.items()) {
    if (!partitions.is_object()) return BadJson(json, what, kExample);
    for (const auto& [number, offset] : partitions.items()) {
      const auto partition = PartitionNumber(number);
      const auto value = Int64Of(offset);
      if (!partition || !value) return BadJson(json, what, kExample);
      offsets[TopicPartition{topic, *partition}] = *value;
    }
  }
  return offsets;
}

Result<std::vector<TopicPartition>> ParseAssignment(const std::string& json, const std::string& what) {
  constexpr const char* kExample = R"({"topicA":[0,1],"topicB":[2]})";
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return BadJson(json, what, kExample);
  std::vector<TopicPartition> assignment;
  for (const auto& [topic, partitions] : root.items()) {
    if (!partitions.is_array()) return BadJson(json, what, kExample);
    for (const Json& number : partitions) {
      const int64_t partition = Int64Of(number).value_or(-1);
      if (partition < 0 || partition > std::numeric_limits<int32_t>::max()) return BadJson(json, what, kExample);
      assignment.push_back(TopicPartition{topic, static_cast<int32_t>(partition)});
    }
  }
  std::sort(assignment.begin(), assignment.end());
  assignment.erase(std::unique(assignment.begin(), assignment.end()), assignment.end());
  return assignment;
}

}  // namespace sluice
