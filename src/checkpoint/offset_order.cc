// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/offset_order.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace sluice {
namespace {

bool GoesBack(const nlohmann::json& earlier, const nlohmann::json& later) {
  if (earlier.is_number_integer() && later.is_number_integer()) return later < earlier;
  if (!earlier.is_object() || !later.is_object()) return false;
  for (const auto& [key, value] : earlier.items()) {
    const auto found = later.find(key);
    if (found == later.end() || GoesBack(value, *found)) return true;
  }
  return false;
}

}  // namespace

bool OffsetGoesBack(const std::string& earlier, const std::string& later) {
  const auto a = nlohmann::json::parse(earlier, nullptr, /*allow_exceptions=*/false);
  const auto b = nlohmann::json::parse(later, nullptr, /*allow_exceptions=*/false);
  return !a.is_discarded() && !b.is_discarded() && GoesBack(a, b);
}

Status CheckOffsetOrder(const OffsetEntry& before, const OffsetEntry& entry, const LogFolder& log, BatchId batch) {
  if (entry.conf.Find(kChecksumKey)) return Status::OK();
  for (size_t i = 0; i < entry.offsets.size() && i < before.offsets.size(); ++i) {
    if (before.offsets[i] && !entry.offsets[i]) {
      return DamagedFile(log.PathOf(batch.ToString()),
                         fmt::format("it has no offset for source {}, which had {} in offsets/{}", i,
                                     *before.offsets[i], batch.value - 1));
    }
    if (!before.offsets[i] || !OffsetGoesBack(*before.offsets[i], *entry.offsets[i])) continue;
    return DamagedFile(log.PathOf(batch.ToString()),
                       fmt::format("its offset {} lies before {} of offsets/{}, or that one is wrong",
                                   *entry.offsets[i], *before.offsets[i], batch.value - 1));
  }
  return Status::OK();
}

}  // namespace sluice
