// SPDX-License-Identifier: Apache-2.0
#include "env/s3/crt_runtime.h"

#include <aws/auth/auth.h>
#include <aws/common/allocator.h>
#include <aws/common/error.h>
#include <aws/io/channel_bootstrap.h>
#include <aws/io/event_loop.h>
#include <aws/io/host_resolver.h>
#include <openssl/x509.h>

// Start-up of the library reads the system's certificate bundle into a default configuration that nothing uses: 30 ms.
// The linker sends s2n's call here (--wrap, cmake/Dependencies.cmake); only that one call is left out.
namespace {
thread_local bool skip_default_certificates = false;
}
extern "C" {
int __real_X509_STORE_set_default_paths(X509_STORE* store);
int __wrap_X509_STORE_set_default_paths(X509_STORE* store) {
  return skip_default_certificates ? 1 : __real_X509_STORE_set_default_paths(store);
}

// The library keeps a line of a reply in a buffer that grows until the line ends, and some stores never end it. The
// linker sends its calls here; nothing that the library keeps this way is near the bound.
int __real_aws_byte_buf_append_dynamic(aws_byte_buf* to, const aws_byte_cursor* from);
int __wrap_aws_byte_buf_append_dynamic(aws_byte_buf* to, const aws_byte_cursor* from) {
  constexpr size_t kMost = 1 << 20;
  if (to->len + from->len > kMost) return aws_raise_error(AWS_ERROR_SHORT_BUFFER);
  return __real_aws_byte_buf_append_dynamic(to, from);
}
}

namespace sluice::s3 {
namespace {

struct Holders {
  std::mutex mutex;
  CrtRuntime* runtime = nullptr;
  int count = 0;
};

// Never destroyed: a file system may be held by an object that outlives every static.
Holders& TheHolders() {
  static auto* holders = new Holders();
  return *holders;
}

void Release(CrtRuntime*) {
  Holders& holders = TheHolders();
  std::lock_guard lock(holders.mutex);
  if (--holders.count > 0) return;
  delete holders.runtime;
  holders.runtime = nullptr;
}

}  // namespace

std::shared_ptr<CrtRuntime> CrtRuntime::Acquire() {
  Holders& holders = TheHolders();
  std::lock_guard lock(holders.mutex);
  if (holders.runtime == nullptr) holders.runtime = new CrtRuntime();
  ++holders.count;
  return {holders.runtime, Release};
}

CrtRuntime::CrtRuntime() : allocator_(aws_default_allocator()) {
  skip_default_certificates = true;
  aws_auth_library_init(allocator_);
  skip_default_certificates = false;
  aws_event_loop_group_options loops{};
  loops.loop_count = 1;
  event_loops_ = aws_event_loop_group_new(allocator_, &loops);
  aws_host_resolver_default_options resolver{};
  resolver.max_entries = 16;
  resolver.el_group = event_loops_;
  resolver_ = aws_host_resolver_new_default(allocator_, &resolver);
  // A name is asked for again every 10 s while connections are made, not every second: an idle query stays idle.
  aws_host_resolution_config resolution = aws_host_resolver_init_default_resolution_config();
  resolution.resolve_frequency_ns = 10'000'000'000ULL;
  aws_client_bootstrap_options bootstrap{};
  bootstrap.event_loop_group = event_loops_;
  bootstrap.host_resolver = resolver_;
  bootstrap.host_resolution_config = &resolution;
  bootstrap_ = aws_client_bootstrap_new(allocator_, &bootstrap);
}

CrtRuntime::~CrtRuntime() {
  aws_client_bootstrap_release(bootstrap_);
  aws_host_resolver_release(resolver_);
  aws_event_loop_group_release(event_loops_);
  aws_auth_library_clean_up();  // joins the library's threads first
}

std::string CrtErrorText(int error_code) {
  return std::string(aws_error_name(error_code)) + ": " + aws_error_str(error_code);
}

}  // namespace sluice::s3
