#include "agent/base/check.h"
#include "agent/base/log.h"

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void check_failed(const char *kind, const char *expr, const char *file, int line)
{
    void *frames[64];
    dprintf(STDERR_FILENO, "platform: %s failed: %s (%s:%d)\n--- recent log\n", kind, expr, file,
            line);
    log_dump_recent(STDERR_FILENO);
    dprintf(STDERR_FILENO, "--- backtrace\n");
    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
    abort();
}
