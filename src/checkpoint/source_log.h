// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "env/env.h"

namespace sluice {

// <ck>/sources/<i>/0 of Kafka: where the query began; decided once, before offsets/0, and reused until an offsets entry
// covers the source. Bytes: 0x00, "v1\n", the offset JSON. Readers drop the first byte whatever it is.
std::string FormatInitialOffset(const std::string& offset);
// `path` is for error messages.
Result<std::string> ParseInitialOffset(const std::string& text, const std::string& path);

// Reads sources/<i>/0, or nothing when it is not there. `folder` is sources/<i>.
Result<std::optional<std::string>> ReadInitialOffset(const Location& folder);
// Creates it: CONCURRENT_STREAM_LOG_UPDATE when another process was first.
Status WriteInitialOffset(const Location& folder, const std::string& offset);

}  // namespace sluice
