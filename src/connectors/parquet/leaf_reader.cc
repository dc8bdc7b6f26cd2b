// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/leaf_reader.h"

#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice {
namespace {

// Below lists the ends of rows are found by looking at what follows, in steps of so many entries.
constexpr int64_t kEntriesAhead = 1024;
constexpr int64_t kBytesOfLevels = 2 * static_cast<int64_t>(sizeof(int16_t));

Status TooFewValues() {
  return Status::IOError("a column has fewer values than its row group has rows");
}

template <typename ParquetType>
class TypedLeafReader : public LeafReader {
 public:
  using Value = typename ParquetType::c_type;

  TypedLeafReader(std::shared_ptr<parquet::ColumnReader> reader, const LeafPlan& plan, ReaderMemory* memory)
      : reader_(std::static_pointer_cast<parquet::TypedColumnReader<ParquetType>>(std::move(reader))),
        present_(reader_->descr()->max_definition_level()),
        repeats_(reader_->descr()->max_repetition_level() > 0),
        with_values_(plan.form != LeafForm::kLevels),
        values_(plan, memory),
        claim_(memory) {}

  Result<LeafSlice> Read(int64_t rows) override {
    Forget();
    SLUICE_ASSIGN(const int64_t entries, repeats_ ? FindRows(rows) : ReadFlat(rows));
    LeafSlice slice;
    slice.entries = entries;
    slice.present = present_;
    slice.definition = present_ > 0 ? definition_.data() : nullptr;
    slice.repetition = repeats_ ? repetition_.data() : nullptr;
    slice.count = present_ == 0 ? entries : std::count(definition_.data(), definition_.data() + entries, present_);
    if (with_values_) {
      SLUICE_ASSIGN(slice.values, values_.Take(slice.count));
    }
    given_ = entries;
    return slice;
  }

  Status Skip(int64_t rows) override {
    if (!repeats_) return reader_->Skip(rows) == rows ? Status::OK() : TooFewValues();
    // Rows are found by reading them.
    for (int64_t left = rows; left > 0;) {
      const int64_t next = std::min(left, kEntriesAhead);
      SLUICE_RETURN_IF_ERROR(Read(next).status());
      left -= next;
    }
    return Status::OK();
  }

 private:
  // Drops the levels of what was given last.
  void Forget() {
    if (given_ == 0) return;
    const auto drop = [&](std::vector<int16_t>* levels) {
      levels->erase(levels->begin(),
                    levels->begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(given_, levels->size())));
    };
    drop(&definition_);
    drop(&repetition_);
    entries_ -= given_;
    given_ = 0;
  }

  // Reads up to `count` entries behind those that are there already; 0 at the end of the row group.
  Result<int64_t> ReadEntries(int64_t count) {
    const int64_t at = entries_;
    SLUICE_RETURN_IF_ERROR(claim_.Set((at + count) * kBytesOfLevels + count * static_cast<int64_t>(sizeof(Value))));
    if (present_ > 0) definition_.resize(static_cast<size_t>(at + count));
    if (repeats_) repetition_.resize(static_cast<size_t>(at + count));
    if (room_ < count) {
      raw_ = std::make_unique<Value[]>(static_cast<size_t>(count));
      room_ = count;
    }
    int64_t read = 0;
    const int64_t entries = reader_->ReadBatch(count, present_ > 0 ? definition_.data() + at : nullptr,
                                               repeats_ ? repetition_.data() + at : nullptr, raw_.get(), &read);
    // What byte values point to is there until the next page.
    if (with_values_) SLUICE_RETURN_IF_ERROR(values_.Append(raw_.get(), read));
    entries_ += entries;
    return entries;
  }

  Result<int64_t> ReadFlat(int64_t rows) {
    while (entries_ < rows) {
      SLUICE_ASSIGN(const int64_t entries, ReadEntries(rows - entries_));
      if (entries == 0) return TooFewValues();
    }
    return rows;
  }

  // How many entries the next rows have. A row ends where an entry begins another one, or with the row group.
  Result<int64_t> FindRows(int64_t rows) {
    int64_t begun = 0;
    for (int64_t at = 0;; ++at) {
      if (at == entries_) {
        SLUICE_ASSIGN(const int64_t entries, ReadEntries(kEntriesAhead));
        if (entries == 0) return begun == rows ? Result<int64_t>(at) : TooFewValues();
      }
      if (at == 0 && repetition_[0] != 0) return Status::IOError("a column does not begin with a row");
      if (repetition_[static_cast<size_t>(at)] == 0 && begun++ == rows) return at;
    }
  }

  const std::shared_ptr<parquet::TypedColumnReader<ParquetType>> reader_;
  const int16_t present_;
  const bool repeats_;
  const bool with_values_;
  LeafValues values_;
  MemoryClaim claim_;  // levels, and values on their way
  std::vector<int16_t> definition_;
  std::vector<int16_t> repetition_;
  int64_t entries_ = 0;  // whose levels are there
  int64_t given_ = 0;    // of those: given with the last slice
  std::unique_ptr<Value[]> raw_;
  int64_t room_ = 0;
};

}  // namespace

std::unique_ptr<LeafReader> LeafReader::Open(parquet::RowGroupReader* group, int leaf, const LeafPlan& plan,
                                             ReaderMemory* memory) {
  auto reader = group->Column(leaf);
  switch (reader->type()) {
    case parquet::Type::BOOLEAN:
      return std::make_unique<TypedLeafReader<parquet::BooleanType>>(std::move(reader), plan, memory);
    case parquet::Type::INT32:
      return std::make_unique<TypedLeafReader<parquet::Int32Type>>(std::move(reader), plan, memory);
    case parquet::Type::INT64:
      return std::make_unique<TypedLeafReader<parquet::Int64Type>>(std::move(reader), plan, memory);
    case parquet::Type::INT96:
      return std::make_unique<TypedLeafReader<parquet::Int96Type>>(std::move(reader), plan, memory);
    case parquet::Type::FLOAT:
      return std::make_unique<TypedLeafReader<parquet::FloatType>>(std::move(reader), plan, memory);
    case parquet::Type::DOUBLE:
      return std::make_unique<TypedLeafReader<parquet::DoubleType>>(std::move(reader), plan, memory);
    case parquet::Type::BYTE_ARRAY:
      return std::make_unique<TypedLeafReader<parquet::ByteArrayType>>(std::move(reader), plan, memory);
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return std::make_unique<TypedLeafReader<parquet::FLBAType>>(std::move(reader), plan, memory);
    default:
      throw parquet::ParquetException("no reader for this physical type");
  }
}

}  // namespace sluice
