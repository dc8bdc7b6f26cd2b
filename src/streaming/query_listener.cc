// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_listener.h"

#include <utility>

namespace sluice {
namespace {

template <typename... Args>
std::function<void(Args...)> InTurn(std::function<void(Args...)> first, std::function<void(Args...)> second) {
  if (!first) return second;
  if (!second) return first;
  return [first = std::move(first), second = std::move(second)](Args... args) {
    first(args...);
    second(args...);
  };
}

}  // namespace

QueryListener Both(QueryListener first, QueryListener second) {
  return {InTurn(std::move(first.progress), std::move(second.progress)),
          InTurn(std::move(first.no_new_data), std::move(second.no_new_data)),
          InTurn(std::move(first.ended), std::move(second.ended))};
}

}  // namespace sluice
