// SPDX-License-Identifier: Apache-2.0
#include "connectors/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/logging.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

std::string Lower(const std::string& text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::string Trimmed(const std::string& text) {
  const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
  auto begin = std::find_if_not(text.begin(), text.end(), is_space);
  auto end = std::find_if_not(text.rbegin(), std::make_reverse_iterator(begin), is_space).base();
  return std::string(begin, end);
}

bool HasPrefix(const std::string& lower_name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return lower_name.starts_with(prefix); });
}

}  // namespace

Options::Options(const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) Set(name, value);
}

void Options::Set(const std::string& name, const std::string& value) {
  entries_[Lower(name)] = Entry{name, value};
}

std::optional<std::string> Options::Find(const std::string& name) const {
  const auto found = entries_.find(Lower(name));
  if (found == entries_.end()) return std::nullopt;
  return found->second.value;
}

std::string Options::Get(const std::string& name, const std::string& fallback) const {
  return Find(name).value_or(fallback);
}

Result<bool> Options::GetBool(const std::string& name, bool fallback) const {
  const auto value = Find(name);
  if (!value) return fallback;
  const std::string lower = Lower(Trimmed(*value));
  if (lower == "true") return true;
  if (lower == "false") return false;
  return UserError("SLUICE_INVALID_OPTION", fmt::format("Option '{}' takes true or false, not '{}'.", name, *value));
}

Result<int64_t> Options::GetInt(const std::string& name, int64_t fallback) const {
  const auto value = Find(name);
  if (!value) return fallback;
  const std::string digits = Trimmed(*value);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) {
    return UserError("SLUICE_INVALID_OPTION", fmt::format("Option '{}' takes a whole number, not '{}'.", name, *value));
  }
  return number;
}

Status CheckOptions(const Options& options, const std::vector<OptionRow>& table,
                    const std::vector<std::string>& prefixes, const std::string& connector) {
  for (const auto& [lower, entry] : options.entries()) {
    const auto row = std::find_if(table.begin(), table.end(),
                                  [&, &lower = lower](const OptionRow& r) { return Lower(r.name) == lower; });
    if (row != table.end()) {
      if (row->use == OptionUse::kRefused) {
        return NotSupported(fmt::format("Option '{}' of {} is not supported: {}", entry.name, connector, row->doc));
      }
    } else if (!HasPrefix(lower, prefixes)) {
      Log(LogLevel::kWarn, "{} does not know option '{}'; it is ignored", connector, entry.name);
    }
  }
  return Status::OK();
}

}  // namespace sluice
