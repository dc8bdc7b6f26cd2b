// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/join_state.h"

#include <arrow/type.h>

#include <cstring>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr size_t kWord = 8;
constexpr int32_t kLongDigits = 18;  // larger decimals are variable parts, also when they are NULL

size_t BitsetBytes(size_t fields) {
  return (fields + 63) / 64 * kWord;
}

uint64_t WordAt(std::string_view bytes, size_t at) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

void PutWord(uint64_t word, size_t at, std::string* bytes) {
  std::memcpy(bytes->data() + at, &word, sizeof(word));
}

bool IsNull(std::string_view row, size_t field) {
  return (static_cast<uint8_t>(row[field / 8]) >> field % 8 & 1) != 0;
}

// A row of one INT64.
std::string NumberRow(int64_t number) {
  std::string bytes(2 * kWord, '\0');
  PutWord(static_cast<uint64_t>(number), kWord, &bytes);
  return bytes;
}

}  // namespace

NumberedKeys::NumberedKeys(const std::vector<std::shared_ptr<arrow::DataType>>& key_types) : fields_(key_types.size()) {
  for (size_t i = 0; i < key_types.size(); ++i) {
    const arrow::DataType& type = *key_types[i];
    switch (type.id()) {
      case arrow::Type::DECIMAL128:
        if (static_cast<const arrow::Decimal128Type&>(type).precision() > kLongDigits) padded_.push_back(i);
        break;
      case arrow::Type::STRING_VIEW:
      case arrow::Type::BINARY_VIEW:
      case arrow::Type::STRUCT:
      case arrow::Type::LIST:
      case arrow::Type::MAP:
        variable_.push_back(i);
        break;
      default:
        break;
    }
  }
}

void NumberedKeys::Begin(std::string_view key, std::string* bytes) const {
  const size_t bits = BitsetBytes(fields_);
  const size_t bits_now = BitsetBytes(fields_ + 1);
  const size_t words = fields_ * kWord;
  const uint64_t shift = bits_now - bits + kWord;
  bytes->assign(bits_now, '\0');
  std::memcpy(bytes->data(), key.data(), bits);
  bytes->append(key.substr(bits, words));
  bytes->append(kWord, '\0');
  bytes->append(key.substr(bits + words));
  const auto move = [&](size_t field) {
    const size_t at = bits_now + field * kWord;
    PutWord(WordAt(*bytes, at) + (shift << 32), at, bytes);
  };
  for (const size_t field : variable_) {
    if (!IsNull(key, field)) move(field);
  }
  for (const size_t field : padded_) move(field);
}

void NumberedKeys::SetNumber(int64_t number, std::string* bytes) const {
  PutWord(static_cast<uint64_t>(number), BitsetBytes(fields_ + 1) + fields_ * kWord, bytes);
}

int64_t JoinState::Count(std::string_view key) const {
  const auto count = counts_->Get(key);
  return count ? static_cast<int64_t>(WordAt(*count, kWord)) : 0;
}

void JoinState::SetCount(std::string_view key, int64_t count) {
  if (count == 0) {
    counts_->Remove(key);
  } else {
    counts_->Put(key, NumberRow(count));
  }
}

Result<std::string_view> JoinState::Row(std::string_view key, int64_t number) {
  if (!begun_ || numbered_of_ != key) {
    keys_->Begin(key, &numbered_);
    numbered_of_ = key;
    begun_ = true;
  }
  keys_->SetNumber(number, &numbered_);
  const auto row = rows_->Get(numbered_);
  if (row) return *row;
  return EnvironmentError("SLUICE_STATE_ROW",
                          "The state of a join is damaged: it counts more rows of a key than it has.");
}

bool JoinState::Matched(std::string_view row) const {
  const auto flag = static_cast<size_t>(columns_);
  return row[BitsetBytes(flag + 1) + flag * kWord] != 0;
}

void JoinState::Append(std::string_view key, std::string_view row) {
  const int64_t count = Count(key);
  std::string numbered;
  keys_->Begin(key, &numbered);
  keys_->SetNumber(count, &numbered);
  rows_->Put(numbered, row);
  SetCount(key, count + 1);
}

void JoinState::MarkMatched(std::string_view key, int64_t number, std::string_view row) {
  const auto flag = static_cast<size_t>(columns_);
  changed_.assign(row);
  changed_[BitsetBytes(flag + 1) + flag * kWord] = 1;
  std::string numbered;
  keys_->Begin(key, &numbered);
  keys_->SetNumber(number, &numbered);
  rows_->Put(numbered, changed_);
}

Result<int64_t> JoinState::Remove(std::string_view key,
                                  const std::function<bool(int64_t number, std::string_view row)>& leaves) {
  const int64_t before = Count(key);
  int64_t count = before;
  for (int64_t number = 0; number < count;) {
    SLUICE_ASSIGN(const std::string_view row, Row(key, number));
    if (!leaves(number, row)) {
      ++number;
      continue;
    }
    --count;
    if (number != count) {
      SLUICE_ASSIGN(const std::string_view last, Row(key, count));
      changed_.assign(last);
      keys_->SetNumber(number, &numbered_);
      rows_->Put(numbered_, changed_);
    }
    keys_->SetNumber(count, &numbered_);
    rows_->Remove(numbered_);
  }
  if (count != before) SetCount(key, count);
  return before - count;
}

}  // namespace sluice
