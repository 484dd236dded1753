/* Kept upstream connections of one proxy loop. An idle one goes on reading, so that its end is seen
 * at once; taking it only changes who is told. */
#include "lb/lb_impl.h"

#include <stdlib.h>
#include <string.h>

#define MAX_IDLE 256

static void upstream_unlink(struct proxy *p, struct upstream *u)
{
    struct upstream **at = &p->idle;
    while (*at != u)
        at = &(*at)->next;
    *at = u->next;
    p->n_idle--;
}

static void on_idle_data(h2o_socket_t *sock, const char *err)
{
    struct upstream *u = sock->data; /* closed by the other side, or it speaks unasked: done with */
    upstream_unlink(u->proxy, u);
    h2o_socket_close(sock);
    free(u);
}

void upstream_keep(struct proxy *p, h2o_socket_t *sock, const char *key)
{
    if (p->n_idle >= MAX_IDLE || sock->input->size) {
        h2o_socket_close(sock);
        return;
    }
    size_t len = strlen(key) + 1;
    struct upstream *u = mem_alloc(sizeof(*u) + len);
    memcpy(u->key, key, len);
    u->sock = sock;
    u->proxy = p;
    u->next = p->idle;
    p->idle = u;
    p->n_idle++;
    sock->data = u;
    h2o_socket_read_start(sock, on_idle_data);
}

h2o_socket_t *upstream_take(struct proxy *p, const char *key)
{
    for (struct upstream *u = p->idle; u; u = u->next)
        if (!strcmp(u->key, key)) {
            h2o_socket_t *sock = u->sock;
            upstream_unlink(p, u);
            free(u);
            return sock;
        }
    return NULL;
}

bool upstream_is_in(const struct route_table *t, const char *key)
{
    char mine[UPSTREAM_KEY];
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < t->routes[i].n; k++) {
            upstream_key(&t->routes[i].targets[k], mine);
            if (!strcmp(mine, key))
                return true;
        }
    return false;
}

void upstream_key(const struct target *t, char out[UPSTREAM_KEY])
{
    char digits[8];
    size_t n = strnlen(t->host, UPSTREAM_KEY - 8), d = sizeof(digits);
    unsigned port = (unsigned)t->port & 0xffff;
    memcpy(out, t->host, n);
    out[n++] = ':';
    digits[--d] = '\0';
    do
        digits[--d] = (char)('0' + port % 10);
    while (port /= 10);
    memcpy(out + n, digits + d, sizeof(digits) - d);
}

void upstream_drop_stale(struct proxy *p, const struct route_table *t)
{
    for (struct upstream *u = p->idle, *next; u; u = next) {
        next = u->next;
        if (upstream_is_in(t, u->key))
            continue;
        upstream_unlink(p, u);
        h2o_socket_close(u->sock);
        free(u);
    }
}
