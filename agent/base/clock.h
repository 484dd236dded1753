/* Two clocks, two types. wall_ns is what a person reads and a record stores: nanoseconds since
 * 1970 UTC. mono_ms is what deadlines are made of: milliseconds that never go back.
 * Pure decisions take `now` as an argument; only the rim asks these functions. Thread: any. */
#ifndef AGENT_BASE_CLOCK_H
#define AGENT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

typedef int64_t wall_ns;
typedef uint64_t mono_ms;

#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_SEC INT64_C(1000000000)

wall_ns clock_wall_ns(void);
mono_ms clock_mono_ms(void);

/* RFC 3339 with nanoseconds trimmed as Go's time.RFC3339Nano does, in UTC. 0 and the Go zero time
 * are the same value here: t == 0 gives "0001-01-01T00:00:00Z". Returns the length written. */
#define CLOCK_RFC3339_MAX 40
size_t clock_format_rfc3339(wall_ns t, char out[CLOCK_RFC3339_MAX]);
/* Reads what clock_format_rfc3339 writes, and offsets. 0 or ERR_INVALID. */
int clock_parse_rfc3339(const char *text, wall_ns *out);

#endif
