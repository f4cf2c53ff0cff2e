/*
 * The notes of one process: a file in DISK_FAULT_RECORD, read by record.ts. Each note is a header and then the path, the
 * other path and the data. Files `…-shm` are left out: SQLite makes them anew after a crash.
 */
#define RECORD_MAX_PARTS 1024

enum { NOTE_WRITE = 1, NOTE_TRUNCATE, NOTE_SYNC, NOTE_SYNC_FAILED, NOTE_CREATE, NOTE_UNLINK, NOTE_RENAME, NOTE_LINK, NOTE_MKDIR, NOTE_RMDIR };

struct noted {
  int kind;
  const char *path;
  const char *other;
  uint64_t inode;
  /* The offset of a write, the new size of a truncation. */
  int64_t number;
  uint64_t began;
  const struct iovec *parts;
  size_t size;
};

struct header {
  uint32_t kind, path_length, other_length, size;
  uint64_t inode;
  int64_t number;
  uint64_t began, ended;
};

static const char *record_folder;
static int record_fd = -1;

/* The clock of process.hrtime.bigint(). */
static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + time.tv_nsec;
}

static int is_shared_memory(const char *path) {
  size_t length = strlen(path);
  return length >= 4 && strcmp(path + length - 4, "-shm") == 0;
}

/* Called under the lock, right after the call that it notes. A note that cannot be kept ends the process. */
static void note(struct noted what) {
  if (!record_folder || is_shared_memory(what.path)) return;
  const char *other = what.other ? what.other : "";
  struct header header = {.kind = what.kind, .path_length = strlen(what.path), .other_length = strlen(other), .size = what.size,
                          .inode = what.inode, .number = what.number, .began = what.began, .ended = now_ns()};
  if (record_fd < 0) {
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s/%d-%llu.notes", record_folder, getpid(), (unsigned long long)what.began);
    record_fd = syscall(SYS_openat, AT_FDCWD, file, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  }
  struct iovec parts[RECORD_MAX_PARTS + 3] = {
      {&header, sizeof header}, {(void *)what.path, header.path_length}, {(void *)other, header.other_length}};
  int count = 3;
  for (size_t rest = what.size, n = 0; rest > 0 && n < RECORD_MAX_PARTS; n++) {
    parts[count] = what.parts[n];
    if (parts[count].iov_len > rest) parts[count].iov_len = rest;
    rest -= parts[count++].iov_len;
  }
  size_t total = 0;
  for (int n = 0; n < count; n++) total += parts[n].iov_len;
  if (syscall(SYS_writev, record_fd, parts, count) != (ssize_t)total) {
    static const char text[] = "disk-fault: a note cannot be kept in DISK_FAULT_RECORD\n";
    syscall(SYS_write, 2, text, sizeof text - 1);
    _exit(99);
  }
}
