// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <aws/common/byte_buf.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

struct aws_allocator;
struct aws_client_bootstrap;
struct aws_event_loop_group;
struct aws_host_resolver;

namespace sluice::s3 {

// AWS's C library: one event loop thread, a resolver, a bootstrap. Made when the first holder asks; when the last one
// goes, the threads are joined and the library is cleaned up. Must not be released on a thread of the library.
class CrtRuntime {
 public:
  static std::shared_ptr<CrtRuntime> Acquire();
  ~CrtRuntime();
  CrtRuntime(const CrtRuntime&) = delete;
  CrtRuntime& operator=(const CrtRuntime&) = delete;

  aws_allocator* allocator() const { return allocator_; }
  aws_client_bootstrap* bootstrap() const { return bootstrap_; }

 private:
  CrtRuntime();
  aws_allocator* allocator_;
  aws_event_loop_group* event_loops_;
  aws_host_resolver* resolver_;
  aws_client_bootstrap* bootstrap_;
};

// Lets one thread wait until a callback of the library has run.
class Latch {
 public:
  void Open() {
    // Notified under the lock: the waiter may destroy the latch as soon as it sees it open.
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

// For the library's shutdown callbacks.
inline void OpenLatch(void* latch) {
  static_cast<Latch*>(latch)->Open();
}

// No text is a null pointer: options of the library count as set by their pointer.
inline aws_byte_cursor Cursor(std::string_view text) {
  return aws_byte_cursor_from_array(text.empty() ? nullptr : text.data(), text.size());
}
inline std::string_view View(const aws_byte_cursor& cursor) {
  return {reinterpret_cast<const char*>(cursor.ptr), cursor.len};
}
// Name and text of an error of the library: "AWS_IO_SOCKET_TIMEOUT: socket operation timed out".
std::string CrtErrorText(int error_code);

}  // namespace sluice::s3
