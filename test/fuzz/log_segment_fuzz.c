/* Recovery's reading of a log segment: any bytes give a prefix of batches or an error. */
#include "agent/base/log.h"
#include "agent/store/log_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_configure(LOG_OFF, false, 2);
    (void)log_file_check_bytes(data, size);
    return 0;
}
