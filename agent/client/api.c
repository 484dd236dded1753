/* /v1/client/fs/logs: a task's output, whole or followed (inventory nomad-http-api 3). Files are
 * read in bounded pieces; following waits for the directory to change, it does not poll. */
#include "agent/base/file.h"
#include "agent/base/str.h"
#include "agent/client/client_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE       65536
#define QUEUE_LIMIT (1 << 20)

struct log_stream {
    struct http_req *req;
    uv_fs_event_t event;
    char *prefix;
    unsigned number;
    int fd;
    int64_t offset;
    bool follow, plain, ended, heartbeat;
};

static void stream_free(uv_handle_t *h)
{
    struct log_stream *s = h->data;
    if (s->fd >= 0)
        close(s->fd);
    free(s->prefix);
    free(s);
}

static void stream_close(struct log_stream *s)
{
    if (s->ended)
        return;
    s->ended = true;
    uv_close((uv_handle_t *)&s->event, stream_free);
}

static void on_gone(void *arg)
{
    stream_close(arg);
}

static void write_frame(struct log_stream *s, const char *data, size_t n)
{
    if (s->plain) {
        http_stream_write(s->req, data, n);
        return;
    }
    struct buf b = BUF_INIT;
    const char *name = strrchr(s->prefix, '/') + 1;
    buf_printf(&b, "{\"Data\":\"");
    buf_base64(&b, data, n);
    buf_printf(&b, "\",\"File\":\"alloc/logs/%s.%u\",\"Offset\":%" PRId64 "}", name, s->number,
               s->offset);
    http_stream_write(s->req, b.data, b.len);
    buf_fini(&b);
}

static bool open_next(struct log_stream *s, unsigned number)
{
    char *path = mem_printf("%s.%u", s->prefix, number);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (fd < 0)
        return false;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = fd;
    s->number = number;
    s->offset = 0;
    return true;
}

/* Sends what there is, as far as the client takes it. */
static void pump(void *arg)
{
    struct log_stream *s = arg;
    char piece[PIECE];
    while (!s->ended && http_stream_queued_bytes(s->req) < QUEUE_LIMIT) {
        ssize_t n = s->fd >= 0 ? pread(s->fd, piece, sizeof(piece), s->offset) : 0;
        if (n > 0) {
            s->offset += n;
            write_frame(s, piece, (size_t)n);
            continue;
        }
        if (open_next(s, s->fd >= 0 ? s->number + 1 : s->number))
            continue;
        if (!s->follow) {
            struct http_req *r = s->req;
            stream_close(s);
            http_stream_end(r);
        }
        return;
    }
}

static void on_event(uv_fs_event_t *e, const char *name, int events, int status)
{
    pump(e->data);
}

/* The oldest file that is kept, and with origin=end&offset=n where the last n bytes begin. */
static void position(struct log_stream *s, const char *origin, int64_t offset)
{
    unsigned first = 0, last = 0;
    struct stat st;
    bool any = false;
    int64_t size = 0;
    for (unsigned i = 0; i < 10000; i++) {
        char *path = mem_printf("%s.%u", s->prefix, i);
        bool there = !stat(path, &st);
        free(path);
        if (there && !any)
            first = i;
        if (there) {
            last = i;
            size = st.st_size;
            any = true;
        } else if (any) {
            break;
        }
    }
    bool from_end = str_eq(origin, "end");
    s->number = from_end ? last : first;
    if (any && open_next(s, s->number))
        s->offset = from_end ? (offset < size ? size - offset : 0) : offset;
}

static void on_logs(struct http_req *r, void *ctx)
{
    struct client *c = ctx;
    const char *task = http_query(r, "task"), *type = http_query(r, "type");
    const char *id = http_param(r, "alloc"), *origin = http_query(r, "origin");
    int64_t offset = 0;
    if (http_query(r, "offset") && str_to_i64(http_query(r, "offset"), &offset)) {
        http_reply_text(r, 400, "error parsing offset: invalid number");
        return;
    }
    if (!task || !*task || strchr(task, '/')) {
        http_reply_text(r, 400, "must provide task name");
        return;
    }
    if (!type || (strcmp(type, "stdout") && strcmp(type, "stderr"))) {
        http_reply_text(r, 400, "log type must be stdout or stderr");
        return;
    }
    char *dir = mem_printf("%s/%s/alloc/logs", c->alloc_dir, id);
    if (!id_is_uuid(id) || access(dir, R_OK)) {
        http_reply_text(r, 404, "Unknown allocation \"%s\"", id);
        free(dir);
        return;
    }
    struct log_stream *s = MEM_NEW(struct log_stream);
    s->req = r;
    s->fd = -1;
    s->prefix = mem_printf("%s/%s.%s", dir, task, type);
    s->follow = http_query_bool(r, "follow");
    s->plain = http_query_bool(r, "plain");
    uv_fs_event_init(&c->main_loop->uv, &s->event);
    s->event.data = s;
    if (s->follow)
        uv_fs_event_start(&s->event, on_event, dir, 0);
    free(dir);
    position(s, origin, offset);
    http_on_cancel(r, on_gone, s);
    http_stream_begin(r, 200, s->plain ? "text/plain" : "application/json");
    http_stream_on_drain(r, pump, s);
    pump(s);
}

void client_api_routes(struct client *c, struct http_server *server)
{
    http_route(server, "GET", "/v1/client/fs/logs/:alloc", on_logs, c);
}
