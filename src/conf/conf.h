// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

enum class SettingType { kString, kBool, kInt, kBytes, kDurationMs, kRatio };

// What Sluice does with a setting.
enum class SettingUse {
  kHonoured,     // does what it does in Spark, or is Sluice's own
  kMeaningless,  // Spark's, without meaning here: one note (spark.driver.memory, spark.jars.packages)
  kRefused,      // Spark's, would change results, not there yet: an error by name when set to other than the default
};

struct Setting {
  const char* key;
  SettingType type;
  const char* default_value;
  SettingUse use;
  const char* doc;
  int64_t at_least = std::numeric_limits<int64_t>::min();  // of a number
};

// All settings known, by key (settings.cc); docs/configuration.md is generated from it.
const std::vector<Setting>& AllSettings();
const Setting* FindSetting(const std::string& key);

// A set of values that sessions and batches carry. A value type; reading an unset key gives the table's default.
class Conf {
 public:
  // Checks type and use. Unknown keys are kept as they are (Spark keeps them too). Keys are case-sensitive.
  Status Set(const std::string& key, const std::string& value);
  void Unset(const std::string& key) { values_.erase(key); }
  std::optional<std::string> Find(const std::string& key) const;  // explicitly set values only
  std::string Get(const std::string& key) const;                  // set value, or default, or ""
  bool GetBool(const std::string& key) const;
  int64_t GetInt(const std::string& key) const;
  int64_t GetBytes(const std::string& key) const;       // "128m", "1g", "64MiB", plain bytes
  int64_t GetDurationMs(const std::string& key) const;  // "10s", "1 minute", plain milliseconds
  double GetRatio(const std::string& key) const;        // from 0 to 1
  const std::map<std::string, std::string>& values() const { return values_; }

  bool ansi() const { return GetBool("spark.sql.ansi.enabled"); }
  std::string time_zone() const { return Get("spark.sql.session.timeZone"); }

 private:
  std::map<std::string, std::string> values_;
};

Result<int64_t> ParseBytes(const std::string& text);
// "10 seconds", "5s", "1 hour 30 minutes", "500": milliseconds.
Result<int64_t> ParseDurationMs(const std::string& text);
// True for keys and option names whose values must never be shown (secret, password, token, jaas, access key).
bool IsSecretKey(const std::string& key);

}  // namespace sluice
