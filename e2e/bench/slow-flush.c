/*
 * Makes every flush to disk 2 ms slower (LD_PRELOAD), as on a disk that is not a laptop's.
 * A fast local disk hides what a program pays for flushing too often; this shows it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

#define EXTRA_US 2000

typedef int (*flush_fn)(int);

int fsync(int fd) {
  static flush_fn real;
  if (!real) real = (flush_fn)dlsym(RTLD_NEXT, "fsync");
  usleep(EXTRA_US);
  return real(fd);
}

int fdatasync(int fd) {
  static flush_fn real;
  if (!real) real = (flush_fn)dlsym(RTLD_NEXT, "fdatasync");
  usleep(EXTRA_US);
  return real(fd);
}
