// SPDX-License-Identifier: Apache-2.0
#include "python/pickled_call.h"

#include <cstddef>

namespace sluice {
namespace {

void AppendLittleEndian(size_t value, std::string* out) {
  constexpr int kBits = 8;
  for (int i = 0; i < 4; ++i) *out += static_cast<char>((value >> (kBits * i)) & 0xFF);
}

}  // namespace

std::string PickledCall(const std::string& function, const std::string& command, const std::string& text) {
  std::string pickle = "\x80\x03";                  // protocol 3
  pickle += "csluice_worker\n" + function + "\nB";  // the function; bytes follow
  AppendLittleEndian(command.size(), &pickle);
  pickle += command + "X";  // a text follows
  AppendLittleEndian(text.size(), &pickle);
  pickle += text + "\x86R.";  // both as a tuple; the call
  return pickle;
}

}  // namespace sluice
