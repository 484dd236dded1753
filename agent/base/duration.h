/* Durations as Go writes them ("1h30m", "500ms", "1.5s"), as int64 nanoseconds.
 * Grammar and formatting follow Go's time.ParseDuration and Duration.String. Thread: any. */
#ifndef AGENT_BASE_DURATION_H
#define AGENT_BASE_DURATION_H

#include <stddef.h>
#include <stdint.h>

/* Parses `text` whole. ERR_INVALID when it is not a duration or leaves int64. "0" needs no unit. */
int duration_parse(const char *text, int64_t *out_ns);
/* "1h0m0s", "10s", "1.5s", "100ms", "0s". Returns the length; out is always terminated. */
#define DURATION_MAX 40
size_t duration_format(int64_t ns, char out[DURATION_MAX]);

#endif
