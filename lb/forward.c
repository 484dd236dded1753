/* What goes upstream of a request: its head rewritten for the target. */
#include "agent/base/buf.h"
#include "agent/base/str.h"
#include "lb/lb_impl.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

bool forward_is_harmless(const h2o_req_t *r)
{
    return h2o_memis(r->method.base, r->method.len, H2O_STRLIT("GET")) ||
           h2o_memis(r->method.base, r->method.len, H2O_STRLIT("HEAD")) ||
           h2o_memis(r->method.base, r->method.len, H2O_STRLIT("OPTIONS"));
}

/* h2c is this hop's own matter: passed on, it would carry requests past the routes. */
bool forward_is_upgrade(const h2o_req_t *r)
{
    return r->upgrade.base && r->version < 0x200 && !r->entity.len &&
           !h2o_contains_token(r->upgrade.base, r->upgrade.len, H2O_STRLIT("h2c"), ',');
}

bool forward_is_hop_by_hop(const char *name, size_t len)
{
    static const char *const names[] = {"connection",          "keep-alive", "proxy-authenticate",
                                        "proxy-authorization", "te",         "trailer",
                                        "transfer-encoding",   "upgrade",    "proxy-connection"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == len && !strncasecmp(names[i], name, len))
            return true;
    return false;
}

static void add_header(struct buf *b, const char *name, size_t name_len, const char *value,
                       size_t len)
{
    buf_add(b, name, name_len);
    buf_add(b, ": ", 2);
    buf_add(b, value, len);
    buf_add(b, "\r\n", 2);
}

static void add_text(struct buf *b, const char *name, const char *value)
{
    add_header(b, name, strlen(name), value, strlen(value));
}

static size_t put_octet(char *out, unsigned v)
{
    size_t n = 0;
    if (v >= 100)
        out[n++] = (char)('0' + v / 100);
    if (v >= 10)
        out[n++] = (char)('0' + v / 10 % 10);
    out[n++] = (char)('0' + v % 10);
    return n;
}

/* inet_ntop prints IPv4 through sprintf: too dear for every request. */
static size_t put_ipv4(char *out, const uint8_t ip[4])
{
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        n += put_octet(out + n, ip[i]);
        out[n++] = '.';
    }
    out[--n] = '\0';
    return n;
}

size_t forward_client_address(const h2o_req_t *r, char *out)
{
    struct sockaddr_storage ss;
    out[0] = '\0';
    if (!r->conn->callbacks->get_peername(r->conn, (struct sockaddr *)&ss))
        return 0;
    if (ss.ss_family == AF_INET)
        return put_ipv4(out, (const uint8_t *)&((struct sockaddr_in *)&ss)->sin_addr);
    inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&ss)->sin6_addr, out, INET6_ADDRSTRLEN);
    return strlen(out);
}

static bool has(const h2o_req_t *r, const char *name)
{
    return h2o_find_header_by_str(&r->headers, name, strlen(name), -1) >= 0;
}

/* What the upstream shall know of the client (inventory fabio 5). */
static void add_forwarded(struct buf *b, const h2o_req_t *r, const struct target *t)
{
    char ip[INET6_ADDRSTRLEN];
    size_t n = forward_client_address(r, ip);
    ssize_t xff = h2o_find_header_by_str(&r->headers, H2O_STRLIT("x-forwarded-for"), -1);
    buf_str_add(b, "X-Forwarded-For: ");
    if (xff >= 0) {
        buf_add(b, r->headers.entries[xff].value.base, r->headers.entries[xff].value.len);
        buf_str_add(b, ", ");
    }
    buf_add(b, ip, n);
    buf_str_add(b, "\r\n");
    if (!has(r, "x-real-ip"))
        add_text(b, "X-Real-Ip", ip);
    if (!has(r, "x-forwarded-proto"))
        add_text(b, "X-Forwarded-Proto", "http");
    if (!has(r, "x-forwarded-host"))
        add_header(b, H2O_STRLIT("X-Forwarded-Host"), r->authority.base, r->authority.len);
    if (!has(r, "x-forwarded-port")) {
        const char *colon = memchr(r->authority.base, ':', r->authority.len);
        size_t rest = colon ? r->authority.len - (size_t)(colon + 1 - r->authority.base) : 0;
        add_header(b, H2O_STRLIT("X-Forwarded-Port"), colon ? colon + 1 : "80", colon ? rest : 2);
    }
    if (!has(r, "forwarded")) {
        buf_str_add(b, "Forwarded: for=");
        buf_add(b, ip, n);
        buf_str_add(b, forward_is_upgrade(r) ? "; proto=ws\r\n" : "; proto=http\r\n");
    }
    if (t->strip)
        add_text(b, "X-Forwarded-Prefix", t->strip);
}

/* Whether the Connection header names it: such a header ends with this hop (RFC 9110, 7.6.1). */
static bool is_named(const h2o_iovec_t *connection, const h2o_header_t *h)
{
    return connection->len &&
           h2o_contains_token(connection->base, connection->len, h->name->base, h->name->len, ',');
}

char *forward_request(const h2o_req_t *r, const struct target *t, const char *key, size_t *out_len)
{
    struct buf b = BUF_INIT;
    const char *path = r->path.base;
    size_t len = r->path.len, strip = t->strip ? strlen(t->strip) : 0;
    buf_reserve(&b, 1024);
    if (strip && len >= strip && !memcmp(path, t->strip, strip)) {
        path += strip;
        len -= strip;
    }
    buf_add(&b, r->method.base, r->method.len);
    buf_char(&b, ' ');
    if (t->prepend)
        buf_str_add(&b, t->prepend);
    if (!len || *path != '/')
        buf_char(&b, '/');
    buf_add(&b, path, len);
    buf_str_add(&b, " HTTP/1.1\r\n");
    if (!strcmp(t->host_header, "dst"))
        add_text(&b, "Host", key);
    else if (*t->host_header)
        add_text(&b, "Host", t->host_header);
    else
        add_header(&b, "Host", 4, r->authority.base, r->authority.len);
    ssize_t at = h2o_find_header(&r->headers, H2O_TOKEN_CONNECTION, -1);
    h2o_iovec_t connection = at < 0 ? h2o_iovec_init(NULL, 0) : r->headers.entries[at].value;
    for (size_t i = 0; i < r->headers.size; i++) {
        const h2o_header_t *h = &r->headers.entries[i];
        if (!h->name->len || forward_is_hop_by_hop(h->name->base, h->name->len) ||
            is_named(&connection, h) ||
            h2o_memis(h->name->base, h->name->len, H2O_STRLIT("content-length")) ||
            h2o_memis(h->name->base, h->name->len, H2O_STRLIT("expect")) ||
            h2o_memis(h->name->base, h->name->len, H2O_STRLIT("x-forwarded-for")))
            continue;
        const char *name = h->orig_name ? h->orig_name : h->name->base;
        add_header(&b, name, h->name->len, h->value.base, h->value.len);
    }
    if (forward_is_upgrade(r)) {
        add_text(&b, "Connection", "Upgrade");
        add_header(&b, H2O_STRLIT("Upgrade"), r->upgrade.base, r->upgrade.len);
    }
    if (r->entity.base || !forward_is_harmless(r))
        buf_printf(&b, "Content-Length: %zu\r\n", r->entity.len);
    add_forwarded(&b, r, t);
    buf_str_add(&b, "\r\n");
    *out_len = b.len;
    return buf_take(&b);
}
