/*
 * The calls that fail, as the control file says now. disk-fault.ts writes it, and it may change at any time:
 *
 *   GENERATION
 *   OPERATION FAILURE SKIP COUNT SHARE PATTERN
 *   …
 *   GENERATION end
 *
 * A rule skips SKIP matching calls, then lets COUNT calls fail (0: all), each with a chance of SHARE in a thousand. PATTERN
 * is a glob for the path below the root. Counts of the calls that each rule matched and failed stand behind the text.
 */
#define CONTROL_SIZE 4096
#define COUNTS_AT 3072
#define RULES_MAX 16

enum { OP_READ = 1, OP_WRITE, OP_SYNC, OP_OPEN, OP_TRUNCATE, OP_ENTRY };
enum { FAULT_NONE = 0, FAULT_SHORT = -1, FAULT_END = -2 };

static const struct { const char *name; int value; } names[] = {
    {"read", OP_READ},   {"write", OP_WRITE},       {"sync", OP_SYNC},   {"open", OP_OPEN},     {"truncate", OP_TRUNCATE},
    {"entry", OP_ENTRY}, {"short", FAULT_SHORT},    {"end", FAULT_END},  {"EIO", EIO},          {"ENOSPC", ENOSPC},
    {"EINTR", EINTR},    {"EMFILE", EMFILE},        {"ENFILE", ENFILE},  {"EACCES", EACCES},    {"EROFS", EROFS},
    {"EDQUOT", EDQUOT},  {"ENOMEM", ENOMEM},        {"EAGAIN", EAGAIN},  {"EBADF", EBADF},      {"ENOENT", ENOENT},
    {"ESTALE", ESTALE},  {"ETIMEDOUT", ETIMEDOUT},  {"EPERM", EPERM},    {"EBUSY", EBUSY},      {"ENXIO", ENXIO}};

struct rule {
  int operation, failure;
  long skip, count, share;
  char pattern[200];
};

static char *control;
static struct rule rules[RULES_MAX];
static int rule_count;
static unsigned long generation;
static uint64_t dice = 88172645463325252u;

static int value_of(const char *name) {
  for (size_t n = 0; n < sizeof names / sizeof *names; n++)
    if (strcmp(names[n].name, name) == 0) return names[n].value;
  fprintf(stderr, "disk-fault: there is no operation or failure %s\n", name);
  _exit(99);
}

static void open_control(const char *file) {
  int fd = file ? syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *mapped = mmap(NULL, CONTROL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (mapped != MAP_FAILED) control = mapped;
}

/* Takes over the rules when they changed. A text that is being written has no matching end, and is read with the next call. */
static void read_rules(void) {
  char text[COUNTS_AT + 1], end[64];
  if (strtoul(control, NULL, 10) == generation) return;
  memcpy(text, control, COUNTS_AT);
  text[COUNTS_AT] = 0;
  unsigned long wanted = strtoul(text, NULL, 10);
  snprintf(end, sizeof end, "\n%lu end\n", wanted);
  if (!strstr(text, end)) return;
  rule_count = 0;
  char *rest = text, *line = strsep(&rest, "\n");
  while ((line = strsep(&rest, "\n")) && rule_count < RULES_MAX) {
    struct rule *rule = &rules[rule_count];
    char operation[20], failure[20];
    int read = sscanf(line, "%19s %19s %ld %ld %ld %199s", operation, failure, &rule->skip, &rule->count, &rule->share, rule->pattern);
    if (read != 6) break;
    rule->operation = value_of(operation);
    rule->failure = value_of(failure);
    rule_count++;
  }
  generation = wanted;
}

/* Called under the lock: how this call fails. Above 0 it is an errno. */
static int fault_of(int operation, const char *path) {
  if (!control) return FAULT_NONE;
  read_rules();
  const char *name = path[root_length] == 0 ? "" : path + root_length + 1;
  uint64_t *counts = (uint64_t *)(control + COUNTS_AT);
  for (int n = 0; n < rule_count; n++) {
    struct rule *rule = &rules[n];
    if (rule->operation != operation || fnmatch(rule->pattern, name, 0) != 0) continue;
    __atomic_add_fetch(&counts[2 * n], 1, __ATOMIC_RELAXED);
    if (rule->skip > 0) {
      rule->skip--;
      continue;
    }
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    if ((long)(dice % 1000) >= rule->share || rule->count < 0) continue;
    if (rule->count > 0 && --rule->count == 0) rule->count = -1;
    __atomic_add_fetch(&counts[2 * n + 1], 1, __ATOMIC_RELAXED);
    return rule->failure;
  }
  return FAULT_NONE;
}

/* For calls that have no short form. */
static int fails(int operation, const char *path) {
  int fault = fault_of(operation, path);
  if (fault > 0) errno = fault;
  return fault > 0;
}
