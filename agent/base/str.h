/* Small string helpers, and string maps: sorted arrays of pairs, as records hold them. */
#ifndef AGENT_BASE_STR_H
#define AGENT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool str_eq(const char *a, const char *b);      /* NULL equals NULL only */
bool str_eq_nocase(const char *a, const char *b); /* ASCII */
bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);
bool str_is_empty(const char *s); /* NULL or "" */
/* Decimal, whole string, within int64. 0 or ERR_INVALID. */
int str_to_i64(const char *s, int64_t *out);
int str_to_u64(const char *s, uint64_t *out);
/* Bytes of the UTF-8 sequence at s, of which `left` > 0 are there; 0 when it is none (RFC 3629: no
 * overlong forms, no surrogates). */
size_t str_utf8_len(const char *s, size_t left);
bool str_is_utf8(const char *s, size_t len);

#endif
