/* Files as the rest of the house needs them. Blocking: for start-up, worker threads and the
 * threads that own files. Errors carry the path. */
#ifndef AGENT_BASE_FILE_H
#define AGENT_BASE_FILE_H

#include "agent/base/buf.h"
#include "agent/base/err.h"

#include <sys/types.h>

/* Reads the whole file, at most `limit` bytes (ERR_TOO_LARGE). */
int file_read(const char *path, size_t limit, struct buf *out, struct err *e);
/* Writes beside, fsyncs, renames over: the file is the old one or the new one, whole. */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *e);
/* mkdir -p. The last component gets `mode`; missing parents 0755. */
int file_mkdirs(const char *path, mode_t mode, struct err *e);
/* rm -r; a missing path is success. Does not follow symbolic links. */
int file_remove_tree(const char *path, struct err *e);
int file_fsync_dir(const char *path, struct err *e);

#endif
