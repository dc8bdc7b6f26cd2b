// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// Colours on a terminal. There are none elsewhere, on one that has none (TERM=dumb), nor where the user wants none:
// NO_COLOR is set and not empty, as https://no-color.org says.
namespace sluice::cli {

enum class Paint {
  kPlain,   // ends what is painted otherwise
  kHeader,  // names of columns
  kFaint,   // what is not the user's data
  kError,
};

// `fd` is where the text goes.
bool HasColors(int fd);
// What a terminal takes for it.
std::string_view CodeOf(Paint paint);
// The text between its code and the end of it, where there are colours. The text must be printable.
std::string Painted(std::string_view text, Paint paint, int fd);

}  // namespace sluice::cli
