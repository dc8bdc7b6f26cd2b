// SPDX-License-Identifier: Apache-2.0
// C11's threads by those of POSIX, which ThreadSanitizer knows: in its build, librdkafka finds these before glibc's. A
// mutex and a condition of the one are those of the other, as in glibc itself.
#include <pthread.h>
#include <threads.h>

#include <cerrno>

static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t) && sizeof(cnd_t) >= sizeof(pthread_cond_t));
static_assert(sizeof(thrd_t) == sizeof(pthread_t) && sizeof(once_flag) == sizeof(pthread_once_t));

namespace {

pthread_mutex_t* Mutex(mtx_t* mutex) {
  return reinterpret_cast<pthread_mutex_t*>(mutex);
}
pthread_cond_t* Condition(cnd_t* condition) {
  return reinterpret_cast<pthread_cond_t*>(condition);
}

int Code(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case ENOMEM:
      return thrd_nomem;
    case ETIMEDOUT:
      return thrd_timedout;
    case EBUSY:
      return thrd_busy;
    default:
      return thrd_error;
  }
}

struct Begin {
  thrd_start_t run;
  void* argument;
};

void* Run(void* given) {
  const Begin begin = *static_cast<Begin*>(given);
  delete static_cast<Begin*>(given);
  return reinterpret_cast<void*>(static_cast<intptr_t>(begin.run(begin.argument)));
}

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t run, void* argument) {
  auto* begin = new Begin{run, argument};
  const int error = pthread_create(thread, nullptr, &Run, begin);
  if (error != 0) delete begin;
  return Code(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* returned = nullptr;
  const int error = pthread_join(thread, &returned);
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<intptr_t>(returned));
  return Code(error);
}

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init(Mutex(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return Code(error);
}
void mtx_destroy(mtx_t* mutex) {
  pthread_mutex_destroy(Mutex(mutex));
}
int mtx_lock(mtx_t* mutex) {
  return Code(pthread_mutex_lock(Mutex(mutex)));
}
int mtx_trylock(mtx_t* mutex) {
  return Code(pthread_mutex_trylock(Mutex(mutex)));
}
int mtx_unlock(mtx_t* mutex) {
  return Code(pthread_mutex_unlock(Mutex(mutex)));
}

int cnd_init(cnd_t* condition) {
  return Code(pthread_cond_init(Condition(condition), nullptr));
}
void cnd_destroy(cnd_t* condition) {
  pthread_cond_destroy(Condition(condition));
}
int cnd_signal(cnd_t* condition) {
  return Code(pthread_cond_signal(Condition(condition)));
}
int cnd_broadcast(cnd_t* condition) {
  return Code(pthread_cond_broadcast(Condition(condition)));
}
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return Code(pthread_cond_wait(Condition(condition), Mutex(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* deadline) {
  return Code(pthread_cond_timedwait(Condition(condition), Mutex(mutex), deadline));
}

void call_once(once_flag* flag, void (*run)()) {
  pthread_once(reinterpret_cast<pthread_once_t*>(flag), run);
}

}  // extern "C"
