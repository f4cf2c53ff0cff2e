/*
 * A disk that can be cut off and that errs (LD_PRELOAD). Of all files below DISK_FAULT_ROOT it notes what is written,
 * synced, created, renamed and removed (disk-record.h), and lets calls fail as a control file says (disk-inject.h).
 *
 * Calls that change something run one at a time, so that the notes of a process are in the order of what happened. The
 * system is called directly: nothing here depends on which symbol of the C library a program uses. 64-bit Linux only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FDS_MAX 65536
#define EXPORT __attribute__((visibility("default")))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
/* The paths of the open files below the root, and which files these are; NULL for all other descriptors. */
static char *volatile paths[FDS_MAX];
static uint64_t inodes[FDS_MAX];

#include "disk-record.h"
#include "disk-inject.h"

__attribute__((constructor)) static void begin(void) {
  const char *folder = getenv("DISK_FAULT_ROOT");
  if (!folder || !realpath(folder, root)) return;
  record_folder = getenv("DISK_FAULT_RECORD");
  open_control(getenv("DISK_FAULT_CONTROL"));
  root_length = strlen(root);
}

/* Resolves `a/../b` and `./b`: the folder as the system sees it, and the name in it. */
static void resolve_dots(char *path) {
  char folder[PATH_MAX], name[NAME_MAX + 2];
  char *slash = strrchr(path, '/');
  if (!strstr(path, "/.") || !slash) return;
  snprintf(name, sizeof name, "%s", slash);
  *slash = 0;
  if (realpath(*path ? path : "/", folder)) snprintf(path, PATH_MAX, "%.*s%s", PATH_MAX - NAME_MAX - 3, folder, name);
  else *slash = '/';
}

/* The absolute path where it lies below the root, in `out`; NULL for all others. */
static const char *below_root(int dirfd, const char *path, char *out) {
  if (!root_length || !path) return NULL;
  if (path[0] == '/') {
    snprintf(out, PATH_MAX, "%s", path);
  } else {
    char link[64], folder[PATH_MAX];
    snprintf(link, sizeof link, dirfd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dirfd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, folder, sizeof folder - 1);
    if (length <= 0 || snprintf(out, PATH_MAX, "%.*s/%s", (int)length, folder, path) >= PATH_MAX) return NULL;
  }
  resolve_dots(out);
  if (strncmp(out, root, root_length) != 0) return NULL;
  return out[root_length] == '/' || out[root_length] == 0 ? out : NULL;
}

static uint64_t inode_at(const char *path) {
  struct stat found;
  return syscall(SYS_newfstatat, AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) == 0 ? found.st_ino : 0;
}

static uint64_t inode_of(int fd) {
  struct stat found;
  return syscall(SYS_fstat, fd, &found) == 0 ? found.st_ino : 0;
}

/* Node closes files by calls that this library does not see, so another file may have the descriptor now. */
static const char *path_of(int fd) {
  if (fd < 0 || fd >= FDS_MAX || !paths[fd]) return NULL;
  if (inode_of(fd) != inodes[fd]) paths[fd] = NULL;
  return paths[fd];
}

static int open_noted(int dirfd, const char *given, int flags, mode_t mode) {
  char path[PATH_MAX];
  if (!below_root(dirfd, given, path)) return syscall(SYS_openat, dirfd, given, flags, mode);
  pthread_mutex_lock(&lock);
  int fd = -1;
  if (!fails(OP_OPEN, path)) {
    int is_new = (flags & O_CREAT) && inode_at(path) == 0;
    uint64_t began = now_ns();
    fd = syscall(SYS_openat, dirfd, given, flags, mode);
    int error = errno;
    if (fd >= 0 && fd < FDS_MAX) {
      uint64_t inode = inodes[fd] = inode_of(fd);
      paths[fd] = strdup(path);
      if (is_new) note((struct noted){.kind = NOTE_CREATE, .path = path, .inode = inode, .began = began});
      else if (flags & O_TRUNC) note((struct noted){.kind = NOTE_TRUNCATE, .path = path, .inode = inode, .began = began});
    }
    errno = error;
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

static int mode_in(int flags, va_list rest) {
  return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, int) : 0;
}

#define OPEN(name)                                            \
  EXPORT int name(const char *path, int flags, ...) {         \
    va_list rest;                                             \
    va_start(rest, flags);                                    \
    int mode = mode_in(flags, rest);                          \
    va_end(rest);                                             \
    return open_noted(AT_FDCWD, path, flags, mode);           \
  }
#define OPENAT(name)                                          \
  EXPORT int name(int dirfd, const char *path, int flags, ...) { \
    va_list rest;                                             \
    va_start(rest, flags);                                    \
    int mode = mode_in(flags, rest);                          \
    va_end(rest);                                             \
    return open_noted(dirfd, path, flags, mode);              \
  }
#define CREAT(name) \
  EXPORT int name(const char *path, mode_t mode) { return open_noted(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
CREAT(creat)
CREAT(creat64)

EXPORT int close(int fd) {
  if (!path_of(fd)) return syscall(SYS_close, fd);
  pthread_mutex_lock(&lock);
  paths[fd] = NULL;
  int result = syscall(SYS_close, fd);
  pthread_mutex_unlock(&lock);
  return result;
}

/* `offset` below 0: at the position of the descriptor. */
static ssize_t read_or_fail(int fd, const struct iovec *parts, int count, off_t offset) {
  const char *path = path_of(fd);
  if (path) {
    pthread_mutex_lock(&lock);
    int fault = fault_of(OP_READ, path);
    pthread_mutex_unlock(&lock);
    if (fault == FAULT_END) return 0;
    if (fault == FAULT_SHORT) {
      size_t half = (parts->iov_len + 1) / 2;
      return offset < 0 ? syscall(SYS_read, fd, parts->iov_base, half)
                        : syscall(SYS_pread64, fd, parts->iov_base, half, offset);
    }
    if (fault > 0) {
      errno = fault;
      return -1;
    }
  }
  return offset < 0 ? syscall(SYS_readv, fd, parts, count) : syscall(SYS_preadv, fd, parts, count, offset, 0);
}

static ssize_t write_noted(int fd, const struct iovec *parts, int count, off_t offset) {
  const char *path = path_of(fd);
  if (!path) return offset < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, offset, 0);
  pthread_mutex_lock(&lock);
  ssize_t written = -1;
  int fault = fault_of(OP_WRITE, path);
  if (fault > 0) {
    errno = fault;
  } else {
    struct iovec half = {parts->iov_base, fault == FAULT_END ? 0 : (parts->iov_len + 1) / 2};
    if (fault != FAULT_NONE) parts = &half, count = 1;
    uint64_t began = now_ns();
    written = offset < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, offset, 0);
    int error = errno;
    if (written > 0) {
      int64_t at = offset < 0 ? syscall(SYS_lseek, fd, 0, SEEK_CUR) - written : offset;
      note((struct noted){.kind = NOTE_WRITE, .path = path, .inode = inodes[fd], .number = at, .began = began,
                          .parts = parts, .size = written});
    }
    errno = error;
  }
  pthread_mutex_unlock(&lock);
  return written;
}

#define ONE(base, size) (&(struct iovec){(void *)(base), size}), 1
EXPORT ssize_t read(int fd, void *to, size_t size) { return read_or_fail(fd, ONE(to, size), -1); }
EXPORT ssize_t pread(int fd, void *to, size_t size, off_t at) { return read_or_fail(fd, ONE(to, size), at); }
EXPORT ssize_t pread64(int fd, void *to, size_t size, off_t at) { return read_or_fail(fd, ONE(to, size), at); }
EXPORT ssize_t readv(int fd, const struct iovec *parts, int count) { return read_or_fail(fd, parts, count, -1); }
EXPORT ssize_t preadv(int fd, const struct iovec *parts, int count, off_t at) { return read_or_fail(fd, parts, count, at); }
EXPORT ssize_t preadv64(int fd, const struct iovec *parts, int count, off_t at) { return read_or_fail(fd, parts, count, at); }
EXPORT ssize_t write(int fd, const void *from, size_t size) { return write_noted(fd, ONE(from, size), -1); }
EXPORT ssize_t pwrite(int fd, const void *from, size_t size, off_t at) { return write_noted(fd, ONE(from, size), at); }
EXPORT ssize_t pwrite64(int fd, const void *from, size_t size, off_t at) { return write_noted(fd, ONE(from, size), at); }
EXPORT ssize_t writev(int fd, const struct iovec *parts, int count) { return write_noted(fd, parts, count, -1); }
EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return write_noted(fd, parts, count, at); }
EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return write_noted(fd, parts, count, at); }

static int sync_noted(int fd, long call) {
  const char *path = path_of(fd);
  if (!path) return syscall(call, fd);
  pthread_mutex_lock(&lock);
  uint64_t began = now_ns();
  int result = fails(OP_SYNC, path) ? -1 : syscall(call, fd);
  int error = errno;
  int kind = result == 0 ? NOTE_SYNC : NOTE_SYNC_FAILED;
  note((struct noted){.kind = kind, .path = path, .inode = inodes[fd], .began = began});
  errno = error;
  pthread_mutex_unlock(&lock);
  return result;
}
EXPORT int fsync(int fd) { return sync_noted(fd, SYS_fsync); }
EXPORT int fdatasync(int fd) { return sync_noted(fd, SYS_fdatasync); }

static int truncate_noted(int fd, off_t size) {
  const char *path = path_of(fd);
  if (!path) return syscall(SYS_ftruncate, fd, size);
  pthread_mutex_lock(&lock);
  uint64_t began = now_ns();
  int result = fails(OP_TRUNCATE, path) ? -1 : syscall(SYS_ftruncate, fd, size);
  int error = errno;
  if (result == 0)
    note((struct noted){.kind = NOTE_TRUNCATE, .path = path, .inode = inodes[fd], .number = size, .began = began});
  errno = error;
  pthread_mutex_unlock(&lock);
  return result;
}
EXPORT int ftruncate(int fd, off_t size) { return truncate_noted(fd, size); }
EXPORT int ftruncate64(int fd, off_t size) { return truncate_noted(fd, size); }

/* A call that changes entries of folders: of `path`, and of `other` where it has two. */
static int entry_noted(int kind, int dirfd, const char *path, int other_dirfd, const char *other, long argument) {
  char full[PATH_MAX], other_full[PATH_MAX];
  const char *noted = below_root(dirfd, path, full);
  const char *also = below_root(other_dirfd, other, other_full);
  if (noted || also) pthread_mutex_lock(&lock);
  uint64_t began = now_ns();
  int result = -1;
  if (!(noted && fails(OP_ENTRY, noted)) && !(also && fails(OP_ENTRY, also))) {
    if (kind == NOTE_MKDIR) result = syscall(SYS_mkdirat, dirfd, path, argument);
    else if (kind == NOTE_UNLINK || kind == NOTE_RMDIR) result = syscall(SYS_unlinkat, dirfd, path, argument);
    else if (kind == NOTE_RENAME) result = syscall(SYS_renameat2, dirfd, path, other_dirfd, other, argument);
    else result = syscall(SYS_linkat, dirfd, path, other_dirfd, other, argument);
  }
  int error = errno;
  if (result == 0 && (noted || also)) {
    uint64_t inode = also ? inode_at(also) : inode_at(noted);
    note((struct noted){.kind = kind, .path = noted ? noted : "", .other = also, .inode = inode, .began = began});
  }
  if (noted || also) pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

EXPORT int mkdirat(int at, const char *path, mode_t mode) { return entry_noted(NOTE_MKDIR, at, path, 0, NULL, mode); }
EXPORT int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
EXPORT int unlinkat(int at, const char *path, int flags) {
  return entry_noted(flags & AT_REMOVEDIR ? NOTE_RMDIR : NOTE_UNLINK, at, path, 0, NULL, flags);
}
EXPORT int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
EXPORT int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
EXPORT int renameat2(int at, const char *path, int to_at, const char *to, unsigned flags) {
  return entry_noted(NOTE_RENAME, at, path, to_at, to, flags);
}
EXPORT int renameat(int at, const char *path, int to_at, const char *to) { return renameat2(at, path, to_at, to, 0); }
EXPORT int rename(const char *path, const char *to) { return renameat2(AT_FDCWD, path, AT_FDCWD, to, 0); }
EXPORT int linkat(int at, const char *path, int to_at, const char *to, int flags) {
  return entry_noted(NOTE_LINK, at, path, to_at, to, flags);
}
EXPORT int link(const char *path, const char *to) { return linkat(AT_FDCWD, path, AT_FDCWD, to, 0); }
