/* After a 101: two sockets joined until either side ends (RFC 9110 7.8; WebSocket).
 *
 * Happy path: the client gets the upstream's 101, h2o hands its socket over, and each side's bytes
 * are written to the other; a side is read again only when its last piece has been taken, so a slow
 * reader slows its writer. When one side ends, what it had sent is written out, then both are
 * closed. A failed write closes both at once. */
#include "lb/lb_impl.h"

#include <h2o/http1.h>
#include <stdlib.h>

#define PIECE 65536

struct side {
    struct tunnel *tunnel;
    struct side *other;
    h2o_socket_t *sock;
    h2o_buffer_t *piece; /* read here, being written to the other */
    bool writing;        /* of piece */
};
struct tunnel {
    struct side client, upstream;
    bool ending;
};

static void on_data(h2o_socket_t *sock, const char *err);

static void side_close(struct side *s)
{
    if (s->sock)
        h2o_socket_close(s->sock);
    s->sock = NULL;
}

static void tunnel_close(struct tunnel *t)
{
    side_close(&t->client);
    side_close(&t->upstream);
    if (t->client.piece)
        h2o_buffer_dispose(&t->client.piece);
    if (t->upstream.piece)
        h2o_buffer_dispose(&t->upstream.piece);
    free(t);
}

static void on_written(h2o_socket_t *sock, const char *err)
{
    struct side *from = ((struct side *)sock->data)->other;
    struct tunnel *t = from->tunnel;
    from->writing = false;
    h2o_buffer_dispose(&from->piece);
    from->piece = NULL;
    if (err || (t->ending && !from->other->writing))
        tunnel_close(t);
    else if (!t->ending)
        h2o_socket_read_start(from->sock, on_data);
}

/* Hands over what the side has sent; it is not read until that is taken. */
static void pass_on(struct side *from)
{
    h2o_socket_read_stop(from->sock);
    from->piece = from->sock->input;
    h2o_buffer_init(&from->sock->input, &h2o_socket_buffer_prototype);
    if (from->piece->size >= 4096)
        h2o_buffer_reserve(&from->sock->input, PIECE);
    h2o_iovec_t v = {from->piece->bytes, from->piece->size};
    from->writing = true;
    h2o_socket_write(from->other->sock, &v, 1, on_written);
}

static void on_data(h2o_socket_t *sock, const char *err)
{
    struct side *from = sock->data;
    if (err) { /* the end; its last bytes may be on their way */
        from->tunnel->ending = true;
        h2o_socket_read_stop(sock);
        if (sock->input->size && !from->writing)
            pass_on(from);
        else if (!from->writing)
            tunnel_close(from->tunnel);
    } else if (sock->input->size) {
        pass_on(from);
    }
}

static void side_start(struct side *s)
{
    s->sock->data = s;
    if (s->sock->input->size)
        pass_on(s);
    else
        h2o_socket_read_start(s->sock, on_data);
}

/* The client has its 101, or has gone (sock NULL); head_len bytes of its input were the request. */
static void on_upgraded(void *arg, h2o_socket_t *sock, size_t head_len)
{
    struct tunnel *t = arg;
    t->client.sock = sock;
    if (!sock) {
        tunnel_close(t);
        return;
    }
    h2o_buffer_consume(&sock->input, head_len);
    t->upstream.sock->data = &t->upstream;
    side_start(&t->client);
    side_start(&t->upstream);
}

void tunnel_start(h2o_req_t *req, h2o_socket_t *upstream)
{
    struct tunnel *t = MEM_NEW(struct tunnel);
    t->client = (struct side){.tunnel = t, .other = &t->upstream};
    t->upstream = (struct side){.tunnel = t, .other = &t->client, .sock = upstream};
    h2o_socket_read_stop(upstream);
    h2o_http1_upgrade(req, NULL, 0, on_upgraded, t);
}
