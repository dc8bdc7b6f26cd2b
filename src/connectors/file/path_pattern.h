// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "env/env.h"

namespace sluice {

// Wildcards as Hadoop's paths have them: * and ? within one name, [ab], [a-z], [^a], {a,b}; a backslash takes the
// meaning from what follows.
bool HasWildcard(std::string_view path);
// A pattern that is none is an error of the user.
Status CheckPattern(std::string_view pattern);
// Whether a name, without folders, fits a checked pattern.
bool FitsPattern(std::string_view name, std::string_view pattern);

// The files and folders below `place` whose path fits it, by name; hidden ones do not. `uri` is for errors.
Result<std::vector<std::string>> ExpandPattern(const Location& place, const std::string& uri);

// Spark's rule for names that are not data; a partition column may begin with an underscore.
bool IsHiddenName(std::string_view name);

}  // namespace sluice
