// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "conf/conf.h"

namespace sluice {

// Spark's settings that change what SQL text, names or functions mean, and that Sluice has in their default only:
// another value must be refused, since it would change results in silence. A part of AllSettings().
std::span<const Setting> SqlSettings();

}  // namespace sluice
