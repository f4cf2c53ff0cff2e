/*
 * Makes every flush to disk 2 ms slower (LD_PRELOAD), like a disk slower than that of a laptop.
 * A fast local disk hides the cost of flushing too often; this shows it.
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
