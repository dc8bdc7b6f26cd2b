// SPDX-License-Identifier: Apache-2.0
#include "conf/conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "base/closest_name.h"
#include "base/logging.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr int64_t kKib = 1024;
constexpr Unit kByteUnits[] = {
    {"", 1},
    {"b", 1},
    {"k", kKib},
    {"kb", kKib},
    {"kib", kKib},
    {"m", kKib* kKib},
    {"mb", kKib* kKib},
    {"mib", kKib* kKib},
    {"g", kKib* kKib* kKib},
    {"gb", kKib* kKib* kKib},
    {"gib", kKib* kKib* kKib},
    {"t", kKib* kKib* kKib* kKib},
    {"tb", kKib* kKib* kKib* kKib},
};
constexpr Unit kTimeUnits[] = {
    {"", 1},
    {"ms", 1},
    {"millisecond", 1},
    {"milliseconds", 1},
    {"msec", 1},
    {"s", 1000},
    {"sec", 1000},
    {"second", 1000},
    {"seconds", 1000},
    {"m", 60'000},
    {"min", 60'000},
    {"minute", 60'000},
    {"minutes", 60'000},
    {"h", 3'600'000},
    {"hour", 3'600'000},
    {"hours", 3'600'000},
    {"d", 86'400'000},
    {"day", 86'400'000},
    {"days", 86'400'000},
};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// One "<digits> <unit>" at the front of `text`, which it consumes.
template <size_t N>
bool TakeQuantity(std::string_view* text, const Unit (&units)[N], int64_t* value) {
  while (!text->empty() && text->front() == ' ') text->remove_prefix(1);
  int64_t number = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), number);
  if (parsed.ec != std::errc() || number < 0) return false;
  text->remove_prefix(static_cast<size_t>(parsed.ptr - text->data()));
  while (!text->empty() && text->front() == ' ') text->remove_prefix(1);
  size_t letters = 0;
  while (letters < text->size() && std::isalpha(static_cast<unsigned char>((*text)[letters]))) ++letters;
  const std::string_view unit = text->substr(0, letters);
  text->remove_prefix(letters);
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    if (number > std::numeric_limits<int64_t>::max() / known.factor) return false;
    *value += number * known.factor;
    return true;
  }
  return false;
}

Status BadValue(const std::string& key, const std::string& value, std::string_view wanted) {
  return UserError(
      "INVALID_CONF_VALUE.TYPE_MISMATCH",
      fmt::format("The setting {} cannot be '{}': {} is needed.", key, IsSecretKey(key) ? "***" : value, wanted),
      {{"confName", key}});
}

Status CheckRange(const Setting& setting, const std::string& value, int64_t number) {
  if (number >= setting.at_least) return Status::OK();
  return BadValue(setting.key, value, fmt::format("a number of at least {}", setting.at_least));
}

Status CheckType(const Setting& setting, const std::string& value) {
  switch (setting.type) {
    case SettingType::kString:
      return Status::OK();
    case SettingType::kBool: {
      const std::string lower = Lower(value);
      return lower == "true" || lower == "false" ? Status::OK() : BadValue(setting.key, value, "true or false");
    }
    case SettingType::kInt: {
      int64_t number = 0;
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
      const bool whole = parsed.ec == std::errc() && parsed.ptr == value.data() + value.size();
      return whole ? CheckRange(setting, value, number) : BadValue(setting.key, value, "a whole number");
    }
    case SettingType::kBytes: {
      const auto bytes = ParseBytes(value);
      return bytes.ok() ? CheckRange(setting, value, *bytes) : BadValue(setting.key, value, "a size such as 64m");
    }
    case SettingType::kDurationMs:
      return ParseDurationMs(value).ok() ? Status::OK() : BadValue(setting.key, value, "a duration such as 10s");
    case SettingType::kRatio: {
      double ratio = -1;
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), ratio);
      const bool whole = parsed.ec == std::errc() && parsed.ptr == value.data() + value.size();
      return whole && ratio >= 0 && ratio <= 1 ? Status::OK() : BadValue(setting.key, value, "a number from 0 to 1");
    }
  }
  return Status::OK();
}

// Spark keeps keys that nobody knows, since a library may know them. Nobody but Sluice knows its own.
constexpr std::string_view kOwnPrefix = "spark.sluice.";

Status UnknownOwnSetting(const std::string& key) {
  std::vector<std::string> own;
  for (const Setting& setting : AllSettings()) {
    if (std::string_view(setting.key).starts_with(kOwnPrefix)) own.emplace_back(setting.key);
  }
  return UserError("SLUICE_INVALID_OPTION", fmt::format("There is no setting {}.{}", key, DidYouMean(key, own)),
                   {{"confName", key}});
}

}  // namespace

Status Conf::Set(const std::string& key, const std::string& value) {
  if (IsSecretKey(key)) RegisterSecret(value);
  const Setting* setting = FindSetting(key);
  if (setting == nullptr && key.starts_with(kOwnPrefix)) return UnknownOwnSetting(key);
  if (setting != nullptr) {
    SLUICE_RETURN_IF_ERROR(CheckType(*setting, value));
    if (setting->use == SettingUse::kRefused && Lower(value) != Lower(setting->default_value)) {
      return NotSupported(fmt::format("The setting {} = {} is not supported. {}", key, value, setting->doc));
    }
    if (setting->use == SettingUse::kMeaningless && values_.count(key) == 0) {
      Log(LogLevel::kInfo, "The setting {} has no meaning here. {}", key, setting->doc);
    }
  }
  values_[key] = value;
  return Status::OK();
}

std::optional<std::string> Conf::Find(const std::string& key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::string Conf::Get(const std::string& key) const {
  if (auto value = Find(key)) return *value;
  const Setting* setting = FindSetting(key);
  return setting == nullptr ? "" : setting->default_value;
}

// Values of known settings were checked by Set; an unknown key reads as 0 or false.
bool Conf::GetBool(const std::string& key) const {
  return Lower(Get(key)) == "true";
}
int64_t Conf::GetInt(const std::string& key) const {
  return std::atoll(Get(key).c_str());
}
int64_t Conf::GetBytes(const std::string& key) const {
  return ParseBytes(Get(key)).ValueOr(0);
}
int64_t Conf::GetDurationMs(const std::string& key) const {
  return ParseDurationMs(Get(key)).ValueOr(0);
}

double Conf::GetRatio(const std::string& key) const {
  return std::atof(Get(key).c_str());
}

Result<int64_t> ParseBytes(const std::string& text) {
  const std::string lower = Lower(text);
  std::string_view rest = lower;
  int64_t value = 0;
  if (!TakeQuantity(&rest, kByteUnits, &value) || !rest.empty()) {
    return UserError("INVALID_CONF_VALUE.TYPE_MISMATCH", fmt::format("'{}' is not a size such as 64m or 1g.", text));
  }
  return value;
}

Result<int64_t> ParseDurationMs(const std::string& text) {
  const std::string lower = Lower(text);
  std::string_view rest = lower;
  if (rest.starts_with("interval ")) rest.remove_prefix(9);
  int64_t value = 0;
  do {
    if (!TakeQuantity(&rest, kTimeUnits, &value)) {
      return UserError("INVALID_CONF_VALUE.TYPE_MISMATCH",
                       fmt::format("'{}' is not a duration such as '10 seconds'.", text));
    }
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  } while (!rest.empty());
  return value;
}

bool IsSecretKey(const std::string& key) {
  const std::string lower = Lower(key);
  static constexpr std::string_view kTelling[] = {"secret",     "password",  "token",      "jaas",
                                                  "access.key", "accesskey", "credential", "ssl.key"};
  if (lower.find("credentials.provider") != std::string::npos) return false;
  return std::any_of(std::begin(kTelling), std::end(kTelling),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace sluice
