/* What tests and the fuzzer reach of the embedded log; private to agent/store. */
#ifndef AGENT_STORE_LOG_FILE_H
#define AGENT_STORE_LOG_FILE_H

#include "agent/store/log.h"

/* Countdown faults: the n-th write or sync from now fails with `error`. 0: none. */
struct log_file_faults {
    int write, sync, error;
};
extern struct log_file_faults log_file_faults;

/* Recovery's reading of one segment's bytes, for the fuzzer. */
int log_file_check_bytes(const uint8_t *data, size_t size);

#endif
