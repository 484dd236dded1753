/* Streams: what is written goes out as the client takes it; the rest waits in a queue that the
 * producer can measure. */
#include "agent/http/server_impl.h"

#include <stdlib.h>
#include <string.h>

static void pump(struct http_req *r)
{
    if (r->sending || !r->h2o)
        return;
    free(r->in_flight);
    r->in_flight = NULL;
    struct stream_part *x = r->first;
    if (!x) {
        if (r->ended) {
            r->sending = true;
            h2o_send(r->h2o, NULL, 0, H2O_SEND_STATE_FINAL);
        }
        return;
    }
    r->first = x->next;
    if (!r->first)
        r->last = &r->first;
    r->in_flight = x;
    r->queued_bytes -= x->len;
    r->sending = true;
    h2o_iovec_t v = {x->data, x->len};
    h2o_send(r->h2o, &v, 1, H2O_SEND_STATE_IN_PROGRESS);
}

void stream_proceed(h2o_generator_t *g, h2o_req_t *h)
{
    struct http_req *r = (struct http_req *)g;
    bool ended = r->ended; /* then the last send may free the request */
    r->sending = false;
    pump(r);
    if (!ended && !r->queued_bytes && r->on_drain)
        r->on_drain(r->drain_arg);
}

void stream_stop(h2o_generator_t *g, h2o_req_t *h)
{
    struct http_req *r = (struct http_req *)g;
    void (*cb)(void *) = r->on_cancel;
    void *arg = r->cancel_arg;
    r->on_cancel = NULL;
    r->answered = true;
    r->h2o = NULL;
    r->ended = true;
    if (r->socket) {
        HASH_DEL(r->server->held, r);
        r->socket = NULL;
    }
    request_unlist(r);
    if (cb)
        cb(arg);
}

void http_stream_begin(struct http_req *r, int status, const char *content_type)
{
    h2o_req_t *h = r->h2o;
    http_add_header(r, "Content-Type", content_type);
    request_hold(r); /* else a client that leaves is noticed at the next write only */
    r->streaming = true;
    h->res.status = status;
    h->res.reason = http_reason(status);
    h->compress_hint = H2O_COMPRESS_HINT_DISABLE;
    h2o_start_response(h, &r->generator);
}

void http_stream_write(struct http_req *r, const void *data, size_t len)
{
    if (!r->h2o || r->ended || !len)
        return;
    struct stream_part *x = mem_alloc(sizeof(*x) + len);
    x->len = len;
    memcpy(x->data, data, len);
    *r->last = x;
    r->last = &x->next;
    r->queued_bytes += len;
    pump(r);
}

size_t http_stream_queued_bytes(const struct http_req *r)
{
    return r->queued_bytes;
}

void http_stream_on_drain(struct http_req *r, void (*cb)(void *arg), void *arg)
{
    r->on_drain = cb;
    r->drain_arg = arg;
}

void http_stream_end(struct http_req *r)
{
    if (!r->h2o || r->ended)
        return;
    r->ended = true;
    r->answered = true;
    r->on_cancel = NULL;
    request_unhold(r);
    request_unlist(r);
    pump(r);
}
