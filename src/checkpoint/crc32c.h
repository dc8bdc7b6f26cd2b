// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

// CRC-32C (Castagnoli) of some bytes; log files are small, so a table does.
uint32_t Crc32c(std::string_view bytes);

}  // namespace sluice
