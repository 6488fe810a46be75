/* What a process does to the files under one directory, written down in the order in which it happened.
 *
 * Preloaded (LD_PRELOAD) before libc, so that every program and library that is dynamically linked comes through
 * here: Python, SQLite, Arrow. Each function does the system call itself and appends one record to the log, both
 * under one lock, so that the log's order is the true one. POWERCUT_ROOT is the directory (a real path),
 * POWERCUT_LOG the log, POWERCUT_TOLD a file beside it: what is written into that is logged as told, in its place
 * among the operations. fsync and its kin are logged and not done: the disk that counts is the one that is replayed.
 *
 * stdio's own calls do not come through here, and neither do raw system calls. Nothing is taken on trust: recording.py
 * compares what the log amounts to with the directory as it really is at the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { CREATE = 1, MKDIR, WRITE, TRUNCATE, SYNC, SYNC_ALL, RENAME, UNLINK, RMDIR, LINK, CHMOD, TOLD, MAPPED, ALIEN };

struct __attribute__((packed)) head {
    uint32_t length; /* of the whole record */
    uint32_t kind;
    uint64_t inode;
    int64_t offset; /* of a write; the size of a truncate; the mode of a chmod */
    uint32_t path_length;
    uint32_t data_length;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *told;
static int log_fd = -1;

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("POWERCUT_LOG");
    root = getenv("POWERCUT_ROOT");
    told = getenv("POWERCUT_TOLD");
    if (!log || !root || !told) return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    log_fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 512);
    syscall(SYS_close, fd);
}

static void die(const char *why) {
    syscall(SYS_write, 2, why, strlen(why));
    syscall(SYS_exit_group, 97);
}

static void note(enum kind kind, uint64_t inode, int64_t offset, const char *path, const void *data, size_t size) {
    size_t path_length = path ? strlen(path) : 0;
    struct head head = {(uint32_t)(sizeof head + path_length + size), kind, inode, offset, (uint32_t)path_length,
                        (uint32_t)size};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, path_length}, {(void *)data, size}};
    if (syscall(SYS_writev, log_fd, parts, 3) != (long)head.length) die("powercut: the log cannot be written\n");
}

static int below(const char *path) {
    size_t length = root ? strlen(root) : 0;
    return length && log_fd >= 0 && !strncmp(path, root, length) && (path[length] == '/' || !path[length]);
}

/* Where an open file is: 0 elsewhere, 1 below the root, 2 what is told. */
static int place(int fd, struct stat *about) {
    char link[32], path[PATH_MAX];
    if (log_fd < 0 || fd < 0 || fd == log_fd) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (!strcmp(path, told)) return 2;
    if (!below(path) || fstat(fd, about)) return 0;
    return 1;
}

/* The real path of a name: its directory resolved, its last part as it stands. Empty where it is not below. */
static void named(int dir, const char *name, char *path) {
    char whole[PATH_MAX], parent[PATH_MAX], link[32];
    int saved = errno;
    *path = 0;
    if (log_fd < 0 || !name) return;
    if (*name == '/') {
        snprintf(whole, sizeof whole, "%s", name);
    } else {
        if (dir == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t length = readlink(link, parent, sizeof parent - 1);
        if (length < 0) length = 0;
        parent[length] = 0;
        if (snprintf(whole, sizeof whole, "%s/%s", parent, name) >= (int)sizeof whole) die("powercut: a path too long\n");
    }
    size_t length = strlen(whole);
    while (length > 1 && whole[length - 1] == '/') whole[--length] = 0;
    char *last = strrchr(whole, '/');
    *last = 0;
    if (realpath(*whole ? whole : "/", parent) && snprintf(path, PATH_MAX, "%s/%s", parent, last + 1) >= PATH_MAX)
        die("powercut: a path too long\n");
    if (!below(path)) *path = 0;
    errno = saved;
}

static uint64_t inode_of(const char *path) {
    struct stat about;
    return lstat(path, &about) ? 0 : about.st_ino;
}

_Static_assert(sizeof(off_t) == 8, "a 64-bit system is needed");

#define BEGIN pthread_mutex_lock(&lock)
#define END(result) do { int saved = errno; pthread_mutex_unlock(&lock); errno = saved; return result; } while (0)

static int opened(int dir, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    if (!(flags & (O_CREAT | O_TRUNC)) && (flags & O_TMPFILE) != O_TMPFILE)
        return (int)syscall(SYS_openat, dir, name, flags, mode);
    BEGIN;
    named(dir, name, path);
    uint64_t before = *path ? inode_of(path) : 0;
    int fd = (int)syscall(SYS_openat, dir, name, flags, mode);
    if (fd >= 0 && *path) {
        struct stat about;
        fstat(fd, &about);
        if ((flags & O_TMPFILE) == O_TMPFILE) note(ALIEN, 0, 0, path, "O_TMPFILE", 9);
        else if (!before) note(CREATE, about.st_ino, about.st_mode & 07777, path, NULL, 0);
        else if (flags & O_TRUNC) note(TRUNCATE, about.st_ino, 0, NULL, NULL, 0);
    }
    END(fd);
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags | O_LARGEFILE, mode); }
int openat(int dir, const char *name, int flags, ...) { MODE(flags) return opened(dir, name, flags, mode); }
int openat64(int dir, const char *name, int flags, ...) { MODE(flags) return opened(dir, name, flags | O_LARGEFILE, mode); }
int __open_2(const char *name, int flags) { return opened(AT_FDCWD, name, flags, 0); }
int __open64_2(const char *name, int flags) { return opened(AT_FDCWD, name, flags | O_LARGEFILE, 0); }
int __openat_2(int dir, const char *name, int flags) { return opened(dir, name, flags, 0); }
int __openat64_2(int dir, const char *name, int flags) { return opened(dir, name, flags | O_LARGEFILE, 0); }
int creat(const char *name, mode_t mode) { return opened(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return creat(name, mode); }

/* A write that is done: at an offset, or (-1) where the file's own position now ends. */
static void wrote(int fd, const void *data, ssize_t size, off_t offset) {
    struct stat about;
    int where = size > 0 ? place(fd, &about) : 0;
    if (where == 2) note(TOLD, 0, 0, NULL, data, (size_t)size);
    if (where != 1 || !S_ISREG(about.st_mode)) return;
    if (offset < 0) offset = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR) - size;
    note(WRITE, about.st_ino, offset, NULL, data, (size_t)size);
}

ssize_t write(int fd, const void *data, size_t size) {
    if (log_fd < 0) return syscall(SYS_write, fd, data, size);
    BEGIN;
    ssize_t done = syscall(SYS_write, fd, data, size);
    wrote(fd, data, done, -1);
    END(done);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    BEGIN;
    ssize_t done = syscall(SYS_pwrite64, fd, data, size, offset);
    wrote(fd, data, done, offset);
    END(done);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }

/* One part after the other: what a cut may leave of them is the same. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
        if (done < 0) return total ? total : done;
        total += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return total;
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = pwrite64(fd, parts[i].iov_base, parts[i].iov_len, offset + total);
        if (done < 0) return total ? total : done;
        total += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return total;
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }

/* Copies inside the kernel become reads and writes, which are seen. */
ssize_t sendfile64(int out, int in, off64_t *offset, size_t size) {
    static __thread char buffer[65536];
    struct stat about;
    if (place(out, &about) != 1) return syscall(SYS_sendfile, out, in, offset, size);
    size = size < sizeof buffer ? size : sizeof buffer;
    ssize_t got = offset ? syscall(SYS_pread64, in, buffer, size, *offset) : syscall(SYS_read, in, buffer, size);
    if (got <= 0) return got;
    if (offset) *offset += got;
    return write(out, buffer, (size_t)got);
}
ssize_t sendfile(int out, int in, off_t *offset, size_t size) { return sendfile64(out, in, offset, size); }
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
    struct stat about;
    if (place(out, &about) != 1) return syscall(SYS_copy_file_range, in, from, out, to, size, flags);
    errno = ENOSYS; /* whoever calls it must be able to do without */
    return -1;
}

int ftruncate64(int fd, off64_t size) {
    struct stat about;
    BEGIN;
    int done = (int)syscall(SYS_ftruncate, fd, size);
    if (!done && place(fd, &about) == 1) note(TRUNCATE, about.st_ino, size, NULL, NULL, 0);
    END(done);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int truncate64(const char *name, off64_t size) {
    int fd = open(name, O_WRONLY);
    if (fd < 0) return -1;
    int done = ftruncate64(fd, size);
    close(fd);
    return done;
}
int truncate(const char *name, off_t size) { return truncate64(name, size); }
int fallocate64(int fd, int mode, off64_t offset, off64_t size) {
    struct stat about;
    BEGIN;
    int done = (int)syscall(SYS_fallocate, fd, mode, offset, size);
    if (!done && place(fd, &about) == 1) {
        if (mode & ~FALLOC_FL_KEEP_SIZE) note(ALIEN, 0, 0, "fallocate", NULL, 0);
        else note(TRUNCATE, about.st_ino, about.st_size, NULL, NULL, 0);
    }
    END(done);
}
int fallocate(int fd, int mode, off_t offset, off_t size) { return fallocate64(fd, mode, offset, size); }
int posix_fallocate64(int fd, off64_t offset, off64_t size) { return fallocate64(fd, 0, offset, size) ? errno : 0; }
int posix_fallocate(int fd, off_t offset, off_t size) { return posix_fallocate64(fd, offset, size); }

int fsync(int fd) {
    struct stat about;
    if (place(fd, &about) != 1) return (int)syscall(SYS_fsync, fd);
    BEGIN;
    note(SYNC, about.st_ino, 0, NULL, NULL, 0);
    END(0);
}
int fdatasync(int fd) { return fsync(fd); }
void sync(void) {
    BEGIN;
    if (log_fd >= 0) note(SYNC_ALL, 0, 0, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    char a[PATH_MAX], b[PATH_MAX];
    BEGIN;
    named(from_dir, from, a);
    named(to_dir, to, b);
    int done = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    if (!done && (*a || *b)) {
        if (!*a || !*b || (flags & RENAME_EXCHANGE)) note(ALIEN, 0, 0, *a ? a : b, "a rename over the edge", 22);
        else note(RENAME, 0, 0, a, b, strlen(b));
    }
    END(done);
}
int renameat(int from_dir, const char *from, int to_dir, const char *to) { return renameat2(from_dir, from, to_dir, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int dir, const char *name, int flags) {
    char path[PATH_MAX];
    BEGIN;
    named(dir, name, path);
    int done = (int)syscall(SYS_unlinkat, dir, name, flags);
    if (!done && *path) note(flags & AT_REMOVEDIR ? RMDIR : UNLINK, 0, 0, path, NULL, 0);
    END(done);
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
int remove(const char *name) {
    struct stat about;
    if (lstat(name, &about)) return -1;
    return S_ISDIR(about.st_mode) ? rmdir(name) : unlink(name);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    char a[PATH_MAX], b[PATH_MAX];
    BEGIN;
    named(from_dir, from, a);
    named(to_dir, to, b);
    int done = (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    if (!done && (*a || *b)) {
        if (!*a || !*b) note(ALIEN, 0, 0, *a ? a : b, "a link over the edge", 20);
        else note(LINK, 0, 0, a, b, strlen(b));
    }
    END(done);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
int symlinkat(const char *to, int dir, const char *name) {
    char path[PATH_MAX];
    BEGIN;
    named(dir, name, path);
    int done = (int)syscall(SYS_symlinkat, to, dir, name);
    if (!done && *path) note(ALIEN, 0, 0, path, "a symbolic link", 15);
    END(done);
}
int symlink(const char *to, const char *name) { return symlinkat(to, AT_FDCWD, name); }

int mkdirat(int dir, const char *name, mode_t mode) {
    char path[PATH_MAX];
    BEGIN;
    named(dir, name, path);
    int done = (int)syscall(SYS_mkdirat, dir, name, mode);
    if (!done && *path) note(MKDIR, inode_of(path), 0, path, NULL, 0);
    END(done);
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

int fchmod(int fd, mode_t mode) {
    struct stat about;
    BEGIN;
    int done = (int)syscall(SYS_fchmod, fd, mode);
    if (!done && place(fd, &about) == 1) note(CHMOD, about.st_ino, mode & 07777, NULL, NULL, 0);
    END(done);
}
int fchmodat(int dir, const char *name, mode_t mode, int flags) {
    char path[PATH_MAX];
    (void)flags;
    BEGIN;
    named(dir, name, path);
    int done = (int)syscall(SYS_fchmodat, dir, name, mode);
    if (!done && *path) note(CHMOD, inode_of(path), mode & 07777, NULL, NULL, 0);
    END(done);
}
int chmod(const char *name, mode_t mode) { return fchmodat(AT_FDCWD, name, mode, 0); }

/* Writes through a map are not seen; that a file was mapped for them is. */
void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
    void *mapped = (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
    struct stat about;
    if (fd >= 0 && mapped != MAP_FAILED && (flags & MAP_SHARED) && (protection & PROT_WRITE) && place(fd, &about) == 1) {
        BEGIN;
        note(MAPPED, about.st_ino, 0, NULL, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    return mapped;
}
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    return mmap64(at, size, protection, flags, fd, offset);
}
