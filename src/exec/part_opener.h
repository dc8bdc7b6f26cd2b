// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "exec/operator.h"

namespace sluice {

// Opens the operators of one part of an input, numbered from 0. Called by several threads at a time.
using PartOpener = std::function<Result<std::unique_ptr<Operator>>(int part)>;

}  // namespace sluice
