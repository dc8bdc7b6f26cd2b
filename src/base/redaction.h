// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// A value that must never be shown anywhere, with its base64 and URL-encoded forms. Values under 4 bytes are not kept:
// replacing them would only spoil the text around them. Thread-safe.
void RegisterSecret(std::string_view secret);

// The text with every registered secret, and what follows password=, secret=, token= and the like, replaced by ***.
std::string Redact(std::string_view text);

}  // namespace sluice
