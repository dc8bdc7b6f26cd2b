// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice::cli {

// "sluice 0.1.0 (Spark 4.2.0)"
std::string VersionText();
// The same, and a line a library that the program is made of: how it is linked, name, version, licence.
std::string VerboseVersionText();

}  // namespace sluice::cli
