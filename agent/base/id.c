#include "agent/base/id.h"
#include "agent/base/check.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static void system_random(void *out, size_t len)
{
    uint8_t *p = out;
    while (len) {
        ssize_t n = getrandom(p, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        INVARIANT(n > 0);
        p += n;
        len -= (size_t)n;
    }
}

/* A thread's store of random bytes, so that not every identifier is a system call. What was given
 * out is forgotten. */
void id_random_bytes(void *out, size_t len)
{
    static _Thread_local struct {
        uint8_t bytes[1024];
        size_t left;
    } pool;
    if (len > sizeof pool.bytes / 4) {
        system_random(out, len);
        return;
    }
    if (pool.left < len) {
        system_random(pool.bytes, sizeof pool.bytes);
        pool.left = sizeof pool.bytes;
    }
    pool.left -= len;
    memcpy(out, pool.bytes + pool.left, len);
    memset(pool.bytes + pool.left, 0, len);
}

void id_new(uuid_text out)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t b[16];
    id_random_bytes(b, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* version 4 */
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80); /* the RFC's variant */
    char *p = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = hex[b[i] >> 4];
        *p++ = hex[b[i] & 15];
    }
    *p = '\0';
}

bool id_is_uuid(const char *text)
{
    for (int i = 0; i < ID_LEN; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return text[ID_LEN] == '\0';
}

uint32_t id_random_below(uint32_t bound)
{
    PRE(bound > 0);
    uint32_t limit = UINT32_MAX - UINT32_MAX % bound, v;
    do
        id_random_bytes(&v, sizeof(v));
    while (v >= limit);
    return v % bound;
}
