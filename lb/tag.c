#include "lb/tag.h"
#include "agent/base/buf.h"
#include "agent/base/str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the source ------------------------------------------------------------------------------ */

static size_t name_length(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && (isalnum((unsigned char)s[n]) || s[n] == '_'))
        n++;
    return n;
}

/* $DC and ${DC} are the datacenter, other names nothing. */
static char *expand(struct arena *a, const char *s, size_t len, const char *dc)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < len;) {
        bool braced = i + 1 < len && s[i + 1] == '{';
        size_t at = i + 1 + braced;
        size_t n = s[i] == '$' && at <= len ? name_length(s + at, len - at) : 0;
        if (!n || (braced && (at + n >= len || s[at + n] != '}'))) {
            buf_char(&b, s[i++]);
            continue;
        }
        if (n == 2 && !strncmp(s + at, "DC", 2))
            buf_str_add(&b, dc);
        i = at + n + braced;
    }
    char *out = arena_strndup(a, buf_str(&b), b.len);
    buf_fini(&b);
    return out;
}

/* "host:80" means host for plain HTTP. */
static void normalise_host(char *host)
{
    for (char *p = host; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    if (strlen(host) > 3 && str_has_suffix(host, ":80"))
        host[strlen(host) - 3] = '\0';
}

static void read_source(struct route_tag *t, struct arena *a, const char *src, size_t len,
                        const char *dc)
{
    char *whole = expand(a, src, len, dc);
    size_t n = strcspn(whole, "/");
    t->host = arena_strndup(a, whole, n);
    t->path = arena_strdup(a, whole[n] ? whole + n : "/");
    normalise_host(t->host);
}

/* --- access ---------------------------------------------------------------------------------- */

static bool read_address(const char *text, uint8_t out[16], bool *v4)
{
    uint8_t raw[4];
    *v4 = inet_pton(AF_INET, text, raw) == 1;
    if (!*v4)
        return inet_pton(AF_INET6, text, out) == 1;
    memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    memcpy(out + 12, raw, 4);
    return true;
}

/* "ip:10.0.0.0/8" or "ip:::1". */
static bool read_rule(char *text, struct access_rule *out)
{
    uint64_t bits;
    bool v4;
    if (strncmp(text, "ip:", 3))
        return false;
    char *slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    if (!read_address(text + 3, out->ip, &v4))
        return false;
    out->bits = 128;
    if (!slash)
        return true;
    if (str_to_u64(slash + 1, &bits) || bits > (v4 ? 32 : 128))
        return false;
    out->bits = (unsigned)bits + (v4 ? 96 : 0);
    return true;
}

static const char *read_access(struct route_tag *t, struct arena *a, const char *value, bool allow)
{
    char *list = arena_strdup(a, value), *rest = NULL;
    if (t->access.n)
        return "allow and deny exclude each other";
    t->access.allow = allow;
    size_t most = 1;
    for (const char *p = list; *p; p++)
        most += *p == ',';
    t->access.rules = ARENA_ARRAY(a, struct access_rule, most);
    for (char *p = strtok_r(list, ",", &rest); p; p = strtok_r(NULL, ",", &rest))
        if (!read_rule(p, &t->access.rules[t->access.n++]))
            return "allow and deny take ip:address or ip:network/bits, separated by commas";
    return t->access.n ? NULL : "allow and deny take at least one ip:address";
}

static bool matches(const struct access_rule *r, const uint8_t ip[16])
{
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    return !memcmp(r->ip, ip, whole) && (!rest || (r->ip[whole] ^ ip[whole]) >> (8 - rest) == 0);
}

bool access_allows(const struct access *x, const char *text)
{
    uint8_t ip[16];
    bool v4, found = false;
    if (!x->n)
        return true;
    if (!read_address(text, ip, &v4))
        return false;
    for (size_t i = 0; i < x->n && !found; i++)
        found = matches(&x->rules[i], ip);
    return found == x->allow;
}

/* --- options --------------------------------------------------------------------------------- */

static const char *read_weight(struct route_tag *t, const char *value)
{
    char *end;
    double w = isdigit((unsigned char)*value) || *value == '.' ? strtod(value, &end) : -1;
    if (w < 0 || *end || !isfinite(w))
        return "weight takes a number from 0 to 1";
    t->weight = w;
    return NULL;
}

static const char *read_redirect(struct route_tag *t, struct arena *a, const char *value)
{
    const char *comma = strchr(value, ',');
    uint64_t code;
    if (!comma || !comma[1] || comma - value != 3 ||
        str_to_u64(arena_strndup(a, value, 3), &code) || code < 300 || code > 399)
        return "redirect takes a code from 300 to 399, a comma and a URL";
    t->redirect_code = (int)code;
    t->redirect_url = arena_strdup(a, comma + 1);
    return NULL;
}

static const char *read_proto(const char *value)
{
    return !strcmp(value, "http") ? NULL : "only proto=http upstreams are served";
}

/* One "name=value". Returns what makes the tag bad, or NULL. */
static const char *read_option(struct route_tag *t, struct arena *a, const char *option)
{
    size_t n = strcspn(option, "=");
    const char *value = option[n] ? option + n + 1 : "";
    bool named[] = {n == 5 && !strncmp(option, "strip", n),
                    n == 7 && !strncmp(option, "prepend", n),
                    n == 4 && !strncmp(option, "host", n)};
    char **place[] = {&t->strip, &t->prepend, &t->host_header};
    for (size_t i = 0; i < 3; i++)
        if (named[i]) {
            *place[i] = *value ? arena_strdup(a, value) : NULL;
            return NULL;
        }
    if (str_has_prefix(option, "weight="))
        return read_weight(t, value);
    if (str_has_prefix(option, "redirect="))
        return read_redirect(t, a, value);
    if (str_has_prefix(option, "allow=") || str_has_prefix(option, "deny="))
        return read_access(t, a, value, *option == 'a');
    if (str_has_prefix(option, "proto="))
        return read_proto(value);
    if (str_has_prefix(option, "auth="))
        return "auth is not served: without it the route would be open";
    t->complaint = arena_printf(a, "option %s has no effect", option);
    return NULL;
}

/* As the peer shows them: the weight stands elsewhere, a redirect without its URL. */
static void show_option(struct buf *b, const struct route_tag *t, const char *option)
{
    if (str_has_prefix(option, "weight="))
        return;
    if (b->len)
        buf_char(b, ' ');
    if (str_has_prefix(option, "redirect="))
        buf_printf(b, "redirect=%d", t->redirect_code);
    else
        buf_str_add(b, option);
}

enum tag_result route_tag_parse(const char *tag, const char *prefix, const char *dc,
                                struct arena *a, struct route_tag *out)
{
    static const char spaces[] = " \t\r\n";
    const char *bad = NULL;
    struct buf shown = BUF_INIT;
    memset(out, 0, sizeof(*out));
    tag += strspn(tag, spaces);
    if (!str_has_prefix(tag, prefix))
        return TAG_OTHER;
    const char *src = tag + strlen(prefix);
    src += strspn(src, spaces);
    size_t len = strcspn(src, spaces);
    if (!len)
        return TAG_OTHER;
    read_source(out, a, src, len, dc);
    if (*out->host == ':')
        bad = "TCP routes are not served";
    for (const char *p = src + len + strspn(src + len, spaces); *p && !bad;) {
        size_t n = strcspn(p, spaces);
        char *option = arena_strndup(a, p, n);
        bad = read_option(out, a, option);
        if (!bad)
            show_option(&shown, out, option);
        p += n + strspn(p + n, spaces);
    }
    out->opts = arena_strndup(a, buf_str(&shown), shown.len);
    buf_fini(&shown);
    if (bad)
        out->complaint = arena_printf(a, "no route: %s", bad);
    return bad ? TAG_BAD : TAG_ROUTE;
}
