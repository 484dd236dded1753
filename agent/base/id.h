/* Identifiers: version-4 UUIDs from the system's CSPRNG (RFC 4122 section 4.4). Thread: any. */
#ifndef AGENT_BASE_ID_H
#define AGENT_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_LEN 36
typedef char uuid_text[ID_LEN + 1];

/* Writes a fresh lower-case UUID. Aborts if the system has no randomness (it always has). */
void id_new(uuid_text out);
/* True for 8-4-4-4-12 hexadecimal digits, either case. */
bool id_is_uuid(const char *text);
/* Uniform in [0, bound), from the CSPRNG. bound > 0. */
uint32_t id_random_below(uint32_t bound);
void id_random_bytes(void *out, size_t len);

#endif
