// SPDX-License-Identifier: Apache-2.0
#include "state/delta_file.h"

#include <fmt/format.h>

#include <cstring>

namespace sluice {
namespace {

constexpr int32_t kEnd = -1;
constexpr int32_t kLargest = 1 << 30;  // bytes of a key or a value
constexpr size_t kPiece = 64 << 10;

void AppendInt(std::string* out, int32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

}  // namespace

// Takes entries out of bytes that come in pieces. An entry inside one piece is not copied.
class StateFileReader::EntryParser {
 public:
  explicit EntryParser(StateEntry entry) : entry_(std::move(entry)) {}

  Status Take(std::string_view piece) {
    if (ended_) return Status::OK();
    if (pending_.empty()) {
      SLUICE_ASSIGN(const size_t used, Parse(piece));
      pending_.append(piece.substr(used));
      return Status::OK();
    }
    pending_.append(piece);
    // Parsing what is not whole yet again and again would cost the square of a large entry's size.
    if (pending_.size() < needed_) return Status::OK();
    SLUICE_ASSIGN(const size_t used, Parse(pending_));
    pending_.erase(0, used);
    return Status::OK();
  }

  Status Finish() const { return ended_ ? Status::OK() : DamagedState("it ends before its last entry"); }

 private:
  // The bytes taken up by whole entries.
  Result<size_t> Parse(std::string_view bytes) {
    size_t at = 0;
    while (!ended_) {
      Cut cut(bytes.substr(at));
      SLUICE_ASSIGN(const std::optional<int32_t> key_size, cut.Size(/*may_be_absent=*/true));
      if (key_size == kEnd) {
        ended_ = true;
        return bytes.size();
      }
      const auto key = key_size ? cut.Bytes(*key_size) : std::nullopt;
      std::optional<int32_t> value_size;
      if (key) {
        SLUICE_ASSIGN(value_size, cut.Size(/*may_be_absent=*/true));
      }
      std::optional<std::string_view> value;
      if (value_size && *value_size != kEnd) value = cut.Bytes(*value_size);
      if (!value_size || (*value_size != kEnd && !value)) {
        needed_ = cut.needed;
        return at;
      }
      SLUICE_RETURN_IF_ERROR(entry_(*key, value));
      at += cut.at;
    }
    return at;
  }

  // Reads the parts of one entry; `needed`: so many bytes are wanted to get on.
  struct Cut {
    explicit Cut(std::string_view all) : bytes(all) {}
    Result<std::optional<int32_t>> Size(bool may_be_absent) {
      needed = at + 4;
      if (bytes.size() < needed) return std::optional<int32_t>();
      uint32_t word = 0;
      std::memcpy(&word, bytes.data() + at, sizeof(word));
      const auto size = static_cast<int32_t>(__builtin_bswap32(word));
      if (size > kLargest || size < (may_be_absent ? kEnd : 0)) {
        return DamagedState(fmt::format("an entry says that it has {} bytes", size));
      }
      at += 4;
      return std::optional<int32_t>(size);
    }
    std::optional<std::string_view> Bytes(int32_t size) {
      needed = at + static_cast<size_t>(size);
      if (bytes.size() < needed) return std::nullopt;
      const std::string_view part = bytes.substr(at, static_cast<size_t>(size));
      at = needed;
      return part;
    }
    std::string_view bytes;
    size_t at = 0;
    size_t needed = 0;
  };

  const StateEntry entry_;
  std::string pending_;
  size_t needed_ = 0;
  bool ended_ = false;
};

Result<std::unique_ptr<StateFileWriter>> StateFileWriter::Make(StateCodec codec, StateBytes take) {
  std::unique_ptr<StateFileWriter> made(new StateFileWriter(std::move(take)));
  SLUICE_ASSIGN(made->compressor_, StateCompressor::Make(codec, [writer = made.get()](std::string_view bytes) {
                  writer->packed_.append(bytes);
                  return Status::OK();
                }));
  return made;
}

// Compresses what there is, and gives it away when it is at least so much.
Status StateFileWriter::Pack(size_t least) {
  SLUICE_RETURN_IF_ERROR(compressor_->Add(plain_));
  plain_.clear();
  if (packed_.size() < least) return Status::OK();
  SLUICE_RETURN_IF_ERROR(take_(packed_));
  packed_.clear();
  return Status::OK();
}

Status StateFileWriter::Add(std::string_view key, const std::optional<std::string_view>& value) {
  AppendInt(&plain_, static_cast<int32_t>(key.size()));
  plain_.append(key);
  AppendInt(&plain_, value ? static_cast<int32_t>(value->size()) : kEnd);
  if (value) plain_.append(*value);
  return plain_.size() < kPiece ? Status::OK() : Pack(kPiece);
}

Status StateFileWriter::Finish() {
  AppendInt(&plain_, kEnd);
  SLUICE_RETURN_IF_ERROR(Pack(SIZE_MAX));
  SLUICE_RETURN_IF_ERROR(compressor_->Finish());
  return take_(packed_);
}

StateFileReader::StateFileReader() = default;
StateFileReader::~StateFileReader() = default;

Result<std::unique_ptr<StateFileReader>> StateFileReader::Make(StateCodec codec, StateEntry entry) {
  std::unique_ptr<StateFileReader> made(new StateFileReader());
  made->parser_ = std::make_unique<EntryParser>(std::move(entry));
  const auto take = [parser = made->parser_.get()](std::string_view piece) { return parser->Take(piece); };
  SLUICE_ASSIGN(made->decompressor_, StateDecompressor::Make(codec, take));
  return made;
}

Status StateFileReader::Add(std::string_view bytes) {
  return decompressor_->Add(bytes);
}

Status StateFileReader::Finish() {
  SLUICE_RETURN_IF_ERROR(decompressor_->Finish());
  return parser_->Finish();
}

Status ReadStateFile(StateCodec codec, std::string_view bytes, const StateEntry& entry) {
  SLUICE_ASSIGN(const auto reader, StateFileReader::Make(codec, entry));
  SLUICE_RETURN_IF_ERROR(reader->Add(bytes));
  return reader->Finish();
}

}  // namespace sluice
