// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

// state/<op>/_metadata/metadata, which Spark 4 writes once for each stateful operator:
//   v1
//   {"operatorInfo":{"operatorId":0,"operatorName":"dedupe"},"stateStoreInfo":[{"storeName":"default",..}]}
struct OperatorMetadata {
  struct Store {
    std::string name;
    int prefix_columns = 0;  // of the key; sessions: all but the session's start
    int partitions = 0;
    bool operator==(const Store&) const = default;
  };
  int64_t id = 0;
  std::string name;
  std::vector<Store> stores;
  bool operator==(const OperatorMetadata&) const = default;
};

std::string FormatOperatorMetadata(const OperatorMetadata& metadata);
// SLUICE_CHECKPOINT_DAMAGED for what is no such file; NotSupported, by its name, for version 2 (transformWithState).
Result<OperatorMetadata> ParseOperatorMetadata(const std::string& text, const std::string& path);

}  // namespace sluice
