#include "dns/name.h"
#include "agent/base/buf.h"
#include "agent/base/str.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MAX_LABELS 128 /* a name has 127 at most (RFC 1035 2.3.4) */

struct labels {
    char *at[MAX_LABELS];
    size_t n;
};

bool name_is_in(const char *dotted, const char *suffix)
{
    size_t n = strlen(dotted), s = strlen(suffix);
    return n >= s && !strcasecmp(dotted + n - s, suffix) && (n == s || dotted[n - s - 1] == '.');
}

/* The labels before the suffix, lower case. false: too many. */
static bool split(const char *dotted, const char *suffix, struct arena *a, struct labels *out)
{
    size_t n = strlen(dotted), s = strlen(suffix);
    char *p = arena_strndup(a, dotted, n > s ? n - s - 1 : 0);
    out->n = 0;
    while (*p) {
        size_t len = strcspn(p, ".");
        bool more = p[len] == '.';
        if (out->n == MAX_LABELS)
            return false;
        p[len] = '\0';
        out->at[out->n++] = p;
        for (size_t i = 0; i < len; i++)
            p[i] = (char)tolower((unsigned char)p[i]);
        p += len + more;
    }
    return true;
}

static char *join(const struct labels *l, size_t from, size_t to, struct arena *a)
{
    struct buf b = BUF_INIT;
    for (size_t i = from; i < to; i++)
        buf_printf(&b, "%s%s", i > from ? "." : "", l->at[i]);
    char *out = arena_strndup(a, buf_str(&b), b.len);
    buf_fini(&b);
    return out;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_hex(const char *hex, struct name *out)
{
    size_t n = strlen(hex);
    if (n != 8 && n != 32)
        return;
    for (size_t i = 0; i < n; i++) {
        int v = hex_digit(hex[i]);
        if (v < 0)
            return;
        out->ip[i / 2] = (uint8_t)(i % 2 ? out->ip[i / 2] | v : v << 4);
    }
    out->ip_len = (unsigned)n / 2;
}

static void read_reverse4(const struct labels *l, struct name *out)
{
    if (l->n != 4)
        return;
    for (size_t i = 0; i < 4; i++) {
        uint64_t v;
        if (str_to_u64(l->at[3 - i], &v) || v > 255)
            return;
        out->ip[i] = (uint8_t)v;
    }
    out->ip_len = 4;
}

static void read_reverse6(const struct labels *l, struct name *out)
{
    if (l->n != 32)
        return;
    for (size_t i = 0; i < 32; i++) {
        int v = strlen(l->at[31 - i]) == 1 ? hex_digit(*l->at[31 - i]) : -1;
        if (v < 0)
            return;
        out->ip[i / 2] = (uint8_t)(i % 2 ? out->ip[i / 2] | v : v << 4);
    }
    out->ip_len = 16;
}

static void read_service(const struct labels *l, size_t n, struct arena *a, struct name *out)
{
    out->kind = NAME_SERVICE;
    if (n == 2 && l->at[0][0] == '_' && l->at[1][0] == '_') { /* RFC 2782: tcp is no tag */
        out->service = l->at[0] + 1;
        out->tag = strcmp(l->at[1], "_tcp") ? l->at[1] + 1 : NULL;
    } else {
        out->service = l->at[n - 1];
        out->tag = n > 1 ? join(l, 0, n - 1, a) : NULL;
    }
}

/* What stands right of the keyword: nothing, our datacenter, or it and "dc". */
static bool is_our_datacenter(const struct labels *l, size_t from, const char *dc)
{
    size_t n = l->n - from;
    return n == 0 ||
           (n <= 2 && !strcasecmp(l->at[from], dc) && (n == 1 || !strcmp(l->at[from + 1], "dc")));
}

/* The rightmost label that is a keyword; l->n without one. */
static size_t find_keyword(const struct labels *l)
{
    static const char *const words[] = {"service", "node", "addr", "query", "connect", "ingress"};
    for (size_t i = l->n; i-- > 0;)
        for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
            if (!strcmp(l->at[i], words[k]))
                return i;
    return l->n;
}

static void read_zone_name(const struct labels *l, const char *dc, bool srv, struct arena *a,
                           struct name *out)
{
    size_t at = find_keyword(l);
    if (at == l->n) {
        if (srv && l->n >= 2 && l->at[0][0] == '_' && l->at[1][0] == '_' &&
            is_our_datacenter(l, 2, dc))
            read_service(l, 2, a, out);
        return;
    }
    if (at == 0 || !is_our_datacenter(l, at + 1, dc))
        return;
    if (!strcmp(l->at[at], "service")) {
        read_service(l, at, a, out);
    } else if (!strcmp(l->at[at], "node")) {
        out->kind = NAME_NODE;
        out->node = join(l, 0, at, a);
    } else if (!strcmp(l->at[at], "addr") && at == 1) {
        out->kind = NAME_ADDR;
        read_hex(l->at[0], out);
    }
}

void name_parse(const char *dotted, const char *domain, const char *datacenter, bool srv,
                struct arena *a, struct name *out)
{
    static const char v4[] = "in-addr.arpa", v6[] = "ip6.arpa";
    struct labels l;
    memset(out, 0, sizeof(*out));
    const char *zone = name_is_in(dotted, domain) ? domain
                       : name_is_in(dotted, v4)   ? v4
                       : name_is_in(dotted, v6)   ? v6
                                                  : NULL;
    if (!zone)
        return;
    out->kind = zone == domain ? NAME_UNKNOWN : NAME_REVERSE;
    if (!split(dotted, zone, a, &l))
        return;
    if (zone == domain)
        read_zone_name(&l, datacenter, srv, a, out);
    else if (zone == v4)
        read_reverse4(&l, out);
    else
        read_reverse6(&l, out);
}
