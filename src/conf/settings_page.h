// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice {

// docs/configuration.md: the table of settings as a page.
std::string SettingsPage();

}  // namespace sluice
