// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>

#include "env/file_system.h"

namespace sluice {

// Parquet's way into a PendingFile. Closing it publishes nothing.
class PendingOutput : public arrow::io::OutputStream {
 public:
  explicit PendingOutput(std::unique_ptr<PendingFile> file) : file_(std::move(file)) {
    set_mode(arrow::io::FileMode::WRITE);
  }
  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }
  Result<int64_t> Tell() const override { return position_; }
  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t bytes) override {
    // After Abandon the writer's destructor may still want to write a footer: nobody will read it.
    if (file_ != nullptr) SLUICE_RETURN_IF_ERROR(file_->Write(data, bytes));
    position_ += bytes;
    return Status::OK();
  }
  int64_t position() const { return position_; }
  std::unique_ptr<PendingFile> Release() { return std::move(file_); }

 private:
  std::unique_ptr<PendingFile> file_;
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace sluice
