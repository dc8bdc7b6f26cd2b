// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/string_chunk.h"

#include <arrow/array.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice {
namespace {

constexpr size_t kLevelRoom = 16;  // the levels of a page without nulls: a length, a run, its value
constexpr size_t kInlineBytes = arrow::BinaryViewType::kInlineSize;
constexpr size_t kFirstPageBytes = 16 * 1024;
constexpr int64_t kLargePage = 2 * StringChunk::kPageBytes;

// Levels or positions in Parquet's hybrid of runs and packed bits; returns the end of what was written to `out`.
size_t EncodeHybrid(const std::vector<int16_t>& values, int16_t largest, uint8_t* out, int room) {
  parquet::LevelEncoder encoder;
  const int count = static_cast<int>(values.size());
  encoder.Init(parquet::Encoding::RLE, largest, count, out, room);
  if (encoder.Encode(count, values.data()) != count) throw parquet::ParquetException("levels do not fit");
  return static_cast<size_t>(encoder.len());
}

int HybridRoom(int16_t largest, size_t count) {
  return parquet::LevelEncoder::MaxBufferSize(parquet::Encoding::RLE, largest, static_cast<int>(count));
}

std::string_view Text(const uint8_t* data, const arrow::BinaryViewType::c_type& view) {
  return {reinterpret_cast<const char*>(data), static_cast<size_t>(view.size())};
}

}  // namespace

StringChunk::StringChunk(const parquet::ColumnDescriptor* column, const parquet::WriterProperties& properties,
                         ChunkScratch* scratch)
    : max_definition_(column->max_definition_level()),
      wants_dictionary_(properties.dictionary_enabled(column->path())),
      scratch_(scratch),
      plain_(!wants_dictionary_) {
  page_used_ = kLevelRoom;
}

void StringChunk::Reserve(size_t more) {
  const size_t needed = page_used_ + more;
  if (needed <= page_capacity_) return;
  // Doubling, but not far beyond what a page needs.
  const size_t doubled = std::min<size_t>(2 * page_capacity_, kPageBytes + kPageBytes / 8);
  page_capacity_ = std::max({needed, doubled, kFirstPageBytes});
  auto larger = std::make_unique_for_overwrite<uint8_t[]>(page_capacity_);
  if (page_ != nullptr) std::memcpy(larger.get(), page_.get(), page_used_);
  page_ = std::move(larger);
}

void StringChunk::AddNull() {
  if (levels_.empty()) levels_.assign(static_cast<size_t>(page_rows_), 1);
  levels_.push_back(0);
  ++page_nulls_;
}

void StringChunk::AddPlain(const View& view, const uint8_t* data) {
  const auto size = static_cast<uint32_t>(view.size());
  if (page_used_ + sizeof(size) + std::max<size_t>(size, kInlineBytes) > page_capacity_) {
    Reserve(sizeof(size) + std::max<size_t>(size, kInlineBytes));
  }
  uint8_t* out = page_.get() + page_used_;
  uint64_t head;
  if (view.is_inline()) {
    // A length and twelve bytes: just what the view is. What is too much is overwritten by the next value.
    std::memcpy(out, &view, sizeof(view));
    std::memcpy(&head, out + sizeof(size), sizeof(head));
  } else {
    std::memcpy(out, &size, sizeof(size));
    std::memcpy(out + sizeof(size), data, size);
    std::memcpy(&head, data, sizeof(head));
  }
  page_used_ += sizeof(size) + size;
  page_range_.Add(ByteRange::HeadOf(head), Text(data, view));
}

// False: the dictionary is full.
bool StringChunk::AddPosition(const View& view, const uint8_t* data) {
  const int position = dictionary_.Find(view, data);
  if (position < 0) return false;
  if (dictionary_.Mark(position, static_cast<int>(pages_.size()))) page_range_.Add(Text(data, view));
  positions_.push_back(static_cast<int16_t>(position));
  return true;
}

template <typename ViewAt>
int64_t StringChunk::WriteValues(ViewAt view_at, const arrow::Array& array, int64_t count) {
  const View* views = static_cast<const arrow::BinaryViewArray&>(array).raw_values();
  const auto* buffers = array.data()->buffers.data() + 2;
  const bool nulls = array.null_count() != 0;
  int64_t bytes = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = view_at(i);
    if (nulls && array.IsNull(row)) {
      if (max_definition_ == 0) throw parquet::ParquetException("a column that is declared NOT NULL has a null");
      AddNull();
    } else {
      const View& view = views[row];
      const uint8_t* data =
          view.is_inline() ? view.inline_data() : buffers[view.ref.buffer_index]->data() + view.ref.offset;
      if (!plain_ && !AddPosition(view, data)) {
        EndPage();
        plain_ = true;
      }
      if (plain_) AddPlain(view, data);
      if (!levels_.empty()) levels_.push_back(1);
      bytes += view.size() + 4;
    }
    if (++page_rows_ >= kPageRows || page_used_ >= kLevelRoom + kPageBytes) EndPage();
  }
  return bytes;
}

int64_t StringChunk::Write(const arrow::Array& array, const int32_t* select, int64_t count) {
  if (select == nullptr) return WriteValues([](int64_t i) { return i; }, array, count);
  return WriteValues([select](int64_t i) -> int64_t { return select[i]; }, array, count);
}

void StringChunk::EncodePositions() {
  const int size = std::max(dictionary_.size(), 2);  // Parquet's bit width is at least 1
  const auto largest = static_cast<int16_t>(size - 1);
  const int room = HybridRoom(largest, positions_.size());
  Reserve(static_cast<size_t>(room) + 1);
  uint8_t* out = page_.get() + page_used_;
  *out = static_cast<uint8_t>(std::bit_width(static_cast<unsigned>(largest)));
  page_used_ += 1 + EncodeHybrid(positions_, largest, out + 1, room);
  positions_.clear();
}

// Puts the levels of a page without nulls right before its values; where the page begins then.
size_t StringChunk::PrependLevels() {
  if (max_definition_ == 0) return kLevelRoom;
  uint8_t levels[kLevelRoom];
  uint32_t length = 0;
  for (auto run = static_cast<uint32_t>(page_rows_) << 1; run > 0 || length == 0; run >>= 7) {
    levels[4 + length++] = static_cast<uint8_t>((run & 0x7F) | (run > 0x7F ? 0x80 : 0));
  }
  levels[4 + length++] = 1;
  std::memcpy(levels, &length, sizeof(length));
  const size_t begin = kLevelRoom - 4 - length;
  std::memcpy(page_.get() + begin, levels, 4 + length);
  return begin;
}

// A page with nulls: its levels and values one after the other in the scratch space.
void StringChunk::JoinLevels() {
  const int room = HybridRoom(1, levels_.size());
  std::vector<uint8_t>& joined = scratch_->joined;
  joined.resize(4 + static_cast<size_t>(room));
  const auto length = static_cast<uint32_t>(EncodeHybrid(levels_, 1, joined.data() + 4, room));
  std::memcpy(joined.data(), &length, sizeof(length));
  joined.resize(4 + length);
  joined.insert(joined.end(), page_.get() + kLevelRoom, page_.get() + page_used_);
}

void StringChunk::EndPage() {
  if (page_rows_ == 0) return;
  Reserve(0);
  // Without a value there is no dictionary: such a page of nulls is a plain one.
  const bool positions = !plain_ && dictionary_.size() > 0;
  if (positions) EncodePositions();
  const auto encoding = positions ? parquet::Encoding::RLE_DICTIONARY : parquet::Encoding::PLAIN;
  if (page_nulls_ > 0) {
    JoinLevels();
    KeepPage(scratch_->joined.data(), static_cast<int64_t>(scratch_->joined.size()), encoding);
  } else {
    const size_t begin = PrependLevels();
    KeepPage(page_.get() + begin, static_cast<int64_t>(page_used_ - begin), encoding);
  }
  chunk_range_.Add(page_range_);
  chunk_rows_ += page_rows_;
  chunk_nulls_ += page_nulls_;
  page_range_.Clear();
  levels_.clear();
  page_rows_ = page_nulls_ = 0;
  page_used_ = kLevelRoom;
  // The room that a large value needed is not kept for the small ones after it.
  if (static_cast<int64_t>(page_capacity_) <= kLargePage) return;
  page_.reset();
  page_capacity_ = 0;
  scratch_->joined = std::vector<uint8_t>();
}

void StringChunk::KeepPage(const uint8_t* page, int64_t size, parquet::Encoding::type encoding) {
  pages_.push_back(std::make_unique<parquet::DataPageV1>(Compress(page, size), static_cast<int32_t>(page_rows_),
                                                         encoding, parquet::Encoding::RLE, parquet::Encoding::RLE, size,
                                                         page_range_.Encode(page_nulls_), chunk_rows_));
}

std::shared_ptr<arrow::Buffer> StringChunk::Compress(const uint8_t* page, int64_t size) {
  if (scratch_->codec == nullptr) return scratch_->pages.Keep(page, size);
  const int64_t room = scratch_->codec->MaxCompressedLen(size, page);
  if (size > kLargePage) {  // not copied once more
    PARQUET_ASSIGN_OR_THROW(auto large, arrow::AllocateResizableBuffer(room));
    PARQUET_ASSIGN_OR_THROW(size, scratch_->codec->Compress(size, page, room, large->mutable_data()));
    PARQUET_THROW_NOT_OK(large->Resize(size, /*shrink_to_fit=*/false));
    return large;
  }
  auto& compressed = scratch_->compressed;
  if (static_cast<int64_t>(compressed.size()) < room) compressed.resize(static_cast<size_t>(room));
  PARQUET_ASSIGN_OR_THROW(size, scratch_->codec->Compress(size, page, room, compressed.data()));
  return scratch_->pages.Keep(compressed.data(), size);
}

int64_t StringChunk::Close(std::unique_ptr<parquet::PageWriter> pager, parquet::ColumnChunkMetaDataBuilder* metadata) {
  EndPage();
  int64_t bytes = 0;
  const bool has_dictionary = wants_dictionary_ && dictionary_.size() > 0;
  if (has_dictionary) {
    const auto& values = dictionary_.page();
    bytes += pager->WriteDictionaryPage(
        parquet::DictionaryPage(std::make_shared<arrow::Buffer>(values.data(), static_cast<int64_t>(values.size())),
                                dictionary_.size(), parquet::Encoding::PLAIN));
  }
  for (const auto& page : pages_) bytes += pager->WriteDataPage(*page);
  if (chunk_rows_ > 0) metadata->SetStatistics(chunk_range_.Encode(chunk_nulls_));
  pager->Close(has_dictionary, has_dictionary && plain_);
  pages_.clear();
  dictionary_.Clear();
  chunk_range_.Clear();
  chunk_rows_ = chunk_nulls_ = 0;
  plain_ = !wants_dictionary_;
  return bytes;
}

}  // namespace sluice
