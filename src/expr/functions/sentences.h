// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "expr/signature.h"

namespace sluice {

void AddSentences(FunctionTable* table);

}  // namespace sluice
