#include "agent/base/file.h"
#include "agent/base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_read(const char *path, size_t limit, struct buf *out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(e, errno, path);
    ssize_t n;
    size_t start = out->len;
    do {
        char *p = buf_reserve(out, 65536);
        n = read(fd, p, 65536);
        if (n > 0)
            out->len += (size_t)n;
        p[n > 0 ? n : 0] = '\0';
    } while ((n > 0 && out->len - start <= limit) || (n < 0 && errno == EINTR));
    int rv = n < 0 ? err_from_errno(e, errno, path) : 0;
    close(fd);
    if (!rv && out->len - start > limit)
        rv = err_set(e, ERR_TOO_LARGE, "%s: larger than %zu bytes", path, limit);
    return rv;
}

static int write_whole(int fd, const char *p, size_t len)
{
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        p += n;
        len -= (size_t)n;
    }
    return fsync(fd);
}

int file_fsync_dir(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(e, errno, path);
    int rv = fsync(fd) < 0 ? err_from_errno(e, errno, path) : 0;
    close(fd);
    return rv;
}

static int fsync_parent(const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    char *dir =
        slash ? mem_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : mem_strdup(".");
    int rv = file_fsync_dir(dir, e);
    free(dir);
    return rv;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
    char *tmp = mem_printf("%s.tmp-%d", path, (int)getpid());
    int rv = 0;
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        rv = err_from_errno(e, errno, tmp);
        goto out;
    }
    if (write_whole(fd, data, len) < 0)
        rv = err_from_errno(e, errno, tmp);
    close(fd);
    if (!rv && rename(tmp, path) < 0)
        rv = err_from_errno(e, errno, path);
    if (rv)
        unlink(tmp);
    else
        rv = fsync_parent(path, e);
out:
    free(tmp);
    return rv;
}

int file_mkdirs(const char *path, mode_t mode, struct err *e)
{
    char *copy = mem_strdup(path);
    int rv = 0;
    for (char *p = copy + 1; !rv && *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, 0755) < 0 && errno != EEXIST)
            rv = err_from_errno(e, errno, copy);
        *p = '/';
    }
    if (!rv && mkdir(path, mode) < 0 && errno != EEXIST)
        rv = err_from_errno(e, errno, path);
    free(copy);
    return rv;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int file_remove_tree(const char *path, struct err *e)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
        return err_from_errno(e, errno, path);
    return 0;
}
