// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

void AppendBase64(std::string_view bytes, std::string* out);
// As Java's MIME decoder: signs outside of the alphabet are skipped; nothing when the end is cut within a byte.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace sluice
