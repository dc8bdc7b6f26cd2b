// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace sluice {

// The PEM file of trusted certificate authorities: `given` when it is not empty, else `ssl_cert_file` (the variable
// SSL_CERT_FILE) when it can be read, else the first of the places where Linux distributions keep theirs. An error that
// names `option` when there is none.
Result<std::string> FindCaBundle(const std::string& given, std::string_view option, const std::string& ssl_cert_file);

}  // namespace sluice
