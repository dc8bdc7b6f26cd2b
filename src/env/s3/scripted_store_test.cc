// SPDX-License-Identifier: Apache-2.0
// The body of ScriptedStore, which is no part of the library.
#include "env/s3/scripted_store.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace sluice::s3 {

ScriptedStore::ScriptedStore() {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 64) != 0)
    std::abort();
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedStore::~ScriptedStore() {
  stop_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

void ScriptedStore::Accept() {
  while (!stop_) {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) continue;
    connections_.fetch_add(1);
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    std::lock_guard lock(mutex_);
    open_.insert(fd);
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void ScriptedStore::Serve(int fd) {
  std::string rest;
  Request request;
  while (!stop_ && ReadRequest(fd, &rest, &request)) {
    const int now = at_once_.fetch_add(1) + 1;
    int most = most_at_once_.load();
    while (now > most && !most_at_once_.compare_exchange_weak(most, now)) {
    }
    const bool go_on = Answer(fd, request);
    at_once_.fetch_sub(1);
    if (!go_on) {
      const linger reset{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
      break;
    }
  }
  std::lock_guard lock(mutex_);
  open_.erase(fd);
  ::close(fd);
}

bool ScriptedStore::ReadRequest(int fd, std::string* rest, Request* request) {
  char buffer[65536];
  size_t head_end;
  while ((head_end = rest->find("\r\n\r\n")) == std::string::npos) {
    const ssize_t n = ::recv(fd, buffer, sizeof(buffer), 0);
    if (n <= 0) return false;
    rest->append(buffer, static_cast<size_t>(n));
  }
  *request = {};
  const std::string head = rest->substr(0, head_end);
  rest->erase(0, head_end + 4);
  const size_t first_end = head.find("\r\n");
  const std::string first = head.substr(0, first_end);
  const size_t space = first.find(' ');
  request->method = first.substr(0, space);
  std::string target = first.substr(space + 1, first.rfind(' ') - space - 1);
  if (const size_t mark = target.find('?'); mark != std::string::npos) {
    request->query = target.substr(mark + 1);
    target.resize(mark);
  }
  request->path = target;
  for (size_t at = first_end; at != std::string::npos && at < head.size();) {
    const size_t end = head.find("\r\n", at + 2);
    const std::string line = head.substr(at + 2, end == std::string::npos ? end : end - at - 2);
    const size_t colon = line.find(':');
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    size_t value = colon + 1;
    while (value < line.size() && line[value] == ' ') ++value;
    request->headers[name] = line.substr(value);
    at = end;
  }
  const size_t length =
      request->headers.contains("content-length") ? std::stoul(request->headers["content-length"]) : 0;
  while (rest->size() < length) {
    const ssize_t n = ::recv(fd, buffer, sizeof(buffer), 0);
    if (n <= 0) return false;
    rest->append(buffer, static_cast<size_t>(n));
  }
  request->body = rest->substr(0, length);
  rest->erase(0, length);
  return true;
}

std::optional<ScriptedStore::Fault> ScriptedStore::TakeFault(const Request& request) {
  std::lock_guard lock(mutex_);
  requests_.push_back(request);
  const auto found = std::find_if(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    return fault.only_method.empty() || fault.only_method == request.method;
  });
  if (found == faults_.end()) return std::nullopt;
  Fault fault = *found;
  faults_.erase(found);
  return fault;
}

bool ScriptedStore::Answer(int fd, const Request& request) {
  const bool head = request.method == "HEAD";
  const std::optional<Fault> fault = TakeFault(request);
  if (!fault) {
    if (handler_) {
      if (const auto reply = handler_(request)) return Send(fd, *reply, head, false);
    }
    return Send(fd, Do(request), head, false);
  }
  switch (fault->kind) {
    case Fault::Kind::kReply:
      return Send(fd, fault->reply, head, false);
    case Fault::Kind::kCloseBefore:
      return false;
    case Fault::Kind::kApplyAndClose:
      Do(request);
      return false;
    case Fault::Kind::kApplyAndReply:
      Do(request);
      return Send(fd, fault->reply, head, false);
    case Fault::Kind::kCutBody:
      Send(fd, Do(request), head, true);
      return false;
    case Fault::Kind::kEndless:
      SendEndless(fd, fault->reply);
      return false;
    case Fault::Kind::kStall: {
      char byte;
      while (!stop_ && ::recv(fd, &byte, 1, 0) > 0) {
      }
      return false;
    }
  }
  return false;
}

bool ScriptedStore::Send(int fd, const Reply& reply, bool head, bool cut) {
  std::string text = fmt::format("HTTP/1.1 {} Scripted\r\nx-amz-request-id: REQ{}\r\n", reply.status, reply.status);
  if (!reply.headers.contains("content-length") && reply.status != 204) {
    text += fmt::format("content-length: {}\r\n", reply.body.size());
  }
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
  text += "\r\n";
  if (!head) text += cut ? reply.body.substr(0, reply.body.size() / 2) : reply.body;
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t n = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

// Headers as given and nothing else: a length, chunks, or a line that has not ended are the script's.
void ScriptedStore::SendEndless(int fd, const Reply& reply) {
  std::string text = fmt::format("HTTP/1.1 {} Scripted\r\n", reply.status);
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
  for (std::string piece = text;; piece = reply.body) {
    for (size_t sent = 0; sent < piece.size();) {
      const ssize_t n = stop_ ? -1 : ::send(fd, piece.data() + sent, piece.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<size_t>(n);
      endless_bytes_.fetch_add(n);
    }
  }
}

ScriptedStore::Reply ScriptedStore::Error(int status, const std::string& code, const std::string& more) {
  return {
      status,
      {},
      fmt::format("<?xml version=\"1.0\"?>\n<Error><Code>{}</Code><Message>said so</Message>{}</Error>", code, more)};
}

bool ScriptedStore::ConditionFails(const Request& request) {
  if (ignore_conditions_) return false;
  const auto there = objects_.find(request.path);
  const auto none_match = request.headers.find("if-none-match");
  if (none_match != request.headers.end() && there != objects_.end()) return true;
  const auto match = request.headers.find("if-match");
  return match != request.headers.end() && there != objects_.end() && there->second.etag != match->second;
}

ScriptedStore::Reply ScriptedStore::Do(const Request& request) {
  std::lock_guard lock(mutex_);
  if (const size_t at = request.query.find("uploadId="); at != std::string::npos) {
    const std::string id = request.query.substr(at + 9);
    return DoUpload(request, id.substr(0, id.find('&')));
  }
  if (request.query.starts_with("uploads=")) {
    const std::string id = fmt::format("upload{}", next_id_++);
    uploads_[id];
    return {200,
            {},
            fmt::format("<InitiateMultipartUploadResult><UploadId>{}</UploadId></InitiateMultipartUploadResult>", id)};
  }
  return DoObject(request);
}

ScriptedStore::Reply ScriptedStore::DoObject(const Request& request) {
  const auto there = objects_.find(request.path);
  if (request.method == "PUT") {
    if (ConditionFails(request)) return Error(412, "PreconditionFailed");
    objects_[request.path] = {request.body, fmt::format("\"e{}\"", next_id_++)};
    return {200, {{"etag", objects_[request.path].etag}}, ""};
  }
  if (request.method == "DELETE") {
    objects_.erase(request.path);
    return {204, {}, ""};
  }
  if (there == objects_.end()) return Error(404, "NoSuchKey");
  if (ConditionFails(request)) return Error(412, "PreconditionFailed");
  std::string body = there->second.bytes;
  Reply reply{200, {{"etag", there->second.etag}, {"last-modified", "Wed, 21 Oct 2015 07:28:00 GMT"}}, ""};
  if (const auto range = request.headers.find("range"); range != request.headers.end()) {
    const std::string text = range->second.substr(6);  // "bytes="
    const size_t dash = text.find('-');
    size_t first = dash == 0 ? body.size() - std::min<size_t>(body.size(), std::stoul(text.substr(1)))
                             : std::stoul(text.substr(0, dash));
    if (body.empty() || first >= body.size()) return Error(416, "InvalidRange");
    const size_t last = dash == 0 ? body.size() - 1 : std::min(body.size() - 1, std::stoul(text.substr(dash + 1)));
    reply.status = 206;
    reply.headers["content-range"] = fmt::format("bytes {}-{}/{}", first, last, body.size());
    body = body.substr(first, last - first + 1);
  }
  if (request.method == "HEAD") reply.headers["content-length"] = std::to_string(body.size());
  reply.body = std::move(body);
  return reply;
}

ScriptedStore::Reply ScriptedStore::DoUpload(const Request& request, const std::string& upload_id) {
  const auto upload = uploads_.find(upload_id);
  if (upload == uploads_.end()) return Error(404, "NoSuchUpload");
  if (request.method == "DELETE") {
    uploads_.erase(upload);
    return {204, {}, ""};
  }
  if (request.method == "PUT") {
    const int number = std::stoi(request.query.substr(request.query.find("partNumber=") + 11));
    upload->second[number] = request.body;
    return {200, {{"etag", fmt::format("\"p{}\"", number)}}, ""};
  }
  if (ConditionFails(request)) return Error(412, "PreconditionFailed");
  std::string whole;
  for (const auto& [number, bytes] : upload->second) whole += bytes;
  objects_[request.path] = {whole, fmt::format("\"e{}\"", next_id_++)};
  uploads_.erase(upload);
  return {200, {}, "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"};
}

void ScriptedStore::Add(Fault fault) {
  std::lock_guard lock(mutex_);
  faults_.push_back(std::move(fault));
}

void ScriptedStore::AddReply(int status, const std::string& code, const std::string& only_method) {
  Add({Fault::Kind::kReply, Error(status, code), only_method});
}

void ScriptedStore::SetHandler(std::function<std::optional<Reply>(const Request&)> handler) {
  handler_ = std::move(handler);
}

std::vector<ScriptedStore::Request> ScriptedStore::requests() {
  std::lock_guard lock(mutex_);
  return requests_;
}

int ScriptedStore::CountOf(const std::string& method) {
  std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::count_if(requests_.begin(), requests_.end(), [&](const Request& r) { return r.method == method; }));
}

std::optional<std::string> ScriptedStore::Object(const std::string& path) {
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(path);
  if (found == objects_.end()) return std::nullopt;
  return found->second.bytes;
}

void ScriptedStore::SetObject(const std::string& path, const std::string& bytes) {
  std::lock_guard lock(mutex_);
  objects_[path] = {bytes, fmt::format("\"e{}\"", next_id_++)};
}

size_t ScriptedStore::open_uploads() {
  std::lock_guard lock(mutex_);
  return uploads_.size();
}

}  // namespace sluice::s3
