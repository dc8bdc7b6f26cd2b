// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

// Options of a source or sink as the user gave them; names are found without regard to case, the last one set wins.
class Options {
 public:
  Options() = default;
  explicit Options(const std::map<std::string, std::string>& values);
  void Set(const std::string& name, const std::string& value);
  std::optional<std::string> Find(const std::string& name) const;
  std::string Get(const std::string& name, const std::string& fallback) const;
  Result<bool> GetBool(const std::string& name, bool fallback) const;
  Result<int64_t> GetInt(const std::string& name, int64_t fallback) const;
  struct Entry {
    std::string name;  // spelled as given
    std::string value;
  };
  const std::map<std::string, Entry>& entries() const { return entries_; }  // by lower-case name

 private:
  std::map<std::string, Entry> entries_;
};

enum class OptionUse { kHonoured, kRefused };

// One row of a connector's table of options.
struct OptionRow {
  const char* name;
  const char* default_value;
  OptionUse use;
  const char* doc;  // for kRefused: why, and what to do instead
};

// Refuses options whose row says so; logs one warning for each that no row knows (Spark ignores those too). `prefixes`
// are passed through ("kafka.").
Status CheckOptions(const Options& options, const std::vector<OptionRow>& table,
                    const std::vector<std::string>& prefixes, const std::string& connector);

}  // namespace sluice
