/* The client: libcurl's multi interface over libuv (LIBRARIES D: no curl call from the timer
 * callback's arming, poll handles freed in their close callback only). libcurl is initialised with
 * the first call: an agent that makes none pays nothing. */
#include "agent/base/check.h"
#include "agent/base/str.h"
#include "agent/http/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_DEFAULT_MS 10000
#define RESPONSE_DEFAULT   ((size_t)64 << 20)

struct http_call {
    struct http_client *client;
    struct http_call *next, **prev;
    CURL *easy;
    struct curl_slist *headers;
    char *request_body;
    struct buf body;
    size_t limit;
    bool keep_tail, too_large;
    log_index index;
    char status_text[128];
    char error[CURL_ERROR_SIZE];
    http_response_cb cb;
    void *arg;
};

struct http_client {
    struct loop *loop;
    CURLM *multi;
    uv_timer_t timer;
    struct http_call *calls;
    int polls;
    bool closing;
    void (*close_cb)(void *arg);
    void *close_arg;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_once(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int code_of(CURLcode c)
{
    switch (c) {
    case CURLE_OK:
        return 0;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_WRITE_ERROR:
        return ERR_TOO_LARGE;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return ERR_INVALID;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return ERR_UNAVAILABLE;
    default:
        return ERR_IO;
    }
}

/* --- one transfer ---------------------------------------------------------------------------- */

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
    struct http_call *c = arg;
    size_t len = size * n;
    if (c->body.len + len <= c->limit) {
        buf_add(&c->body, data, len);
        return len;
    }
    if (!c->keep_tail) {
        c->too_large = true;
        return 0;
    }
    size_t kept = len >= c->limit ? 0 : c->limit - len;
    if (kept && c->body.len > kept)
        memmove(c->body.data, c->body.data + c->body.len - kept, kept);
    c->body.len = c->body.len < kept ? c->body.len : kept;
    size_t skip = len > c->limit ? len - c->limit : 0;
    buf_add(&c->body, data + skip, len - skip);
    return len;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
    struct http_call *c = arg;
    size_t len = size * n;
    if (len > 9 && !strncmp(data, "HTTP/", 5)) {
        const char *space = memchr(data, ' ', len);
        size_t from = space ? (size_t)(space - data) + 1 : len;
        snprintf(c->status_text, sizeof(c->status_text), "%.*s", (int)(len - from), data + from);
        c->status_text[strcspn(c->status_text, "\r\n")] = '\0';
        buf_clear(&c->body); /* of the redirect before */
    } else if ((len > 15 && !strncasecmp(data, "X-Nomad-Index:", 14)) ||
               (len > 16 && !strncasecmp(data, "X-Consul-Index:", 15))) {
        c->index = strtoull(strchr(data, ':') + 1, NULL, 10);
    }
    return len;
}

static struct http_call *call_new(const struct http_call_options *o)
{
    pthread_once(&once, init_once);
    struct http_call *c = MEM_NEW(struct http_call);
    CURL *e = c->easy = curl_easy_init();
    INVARIANT(e);
    c->limit = o->max_response_bytes ? o->max_response_bytes : RESPONSE_DEFAULT;
    c->keep_tail = o->keep_tail;
    curl_easy_setopt(e, CURLOPT_URL, o->url);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS,
                     (long)(o->timeout_ms ? o->timeout_ms : TIMEOUT_DEFAULT_MS));
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(e, CURLOPT_PRIVATE, c);
    if (o->unix_socket)
        curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket);
    if (o->fresh_connection) {
        curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
    }
    if (o->follow_redirects) {
        curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(e, CURLOPT_MAXREDIRS, 10L);
    }
    if (o->tls_skip_verify) {
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    const char *method = o->method ? o->method : "GET";
    if (!strcmp(method, "HEAD"))
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    else if (strcmp(method, "GET"))
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
    if (o->body || !strcmp(method, "PUT") || !strcmp(method, "POST")) {
        c->request_body = mem_alloc(o->body_len + 1);
        if (o->body_len)
            memcpy(c->request_body, o->body, o->body_len);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->body_len);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, c->request_body);
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
        c->headers = curl_slist_append(c->headers, "Expect:");
        c->headers = curl_slist_append(c->headers, "Content-Type: application/octet-stream");
    }
    for (size_t i = 0; i < o->n_headers; i++)
        c->headers = curl_slist_append(c->headers, o->headers[i]);
    if (c->headers)
        curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
    return c;
}

static void call_free(struct http_call *c)
{
    curl_easy_cleanup(c->easy);
    curl_slist_free_all(c->headers);
    buf_fini(&c->body);
    free(c->request_body);
    free(c);
}

static struct http_response response_of(struct http_call *c, CURLcode result)
{
    long status = 0;
    curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    struct http_response r = {.code = c->too_large ? ERR_TOO_LARGE : code_of(result),
                              .status = (int)status,
                              .body = buf_str(&c->body),
                              .body_len = c->body.len,
                              .index = c->index,
                              .status_text = c->status_text};
    r.error = r.code ? (c->too_large ? "response too large"
                        : *c->error  ? c->error
                                     : curl_easy_strerror(result))
                     : "";
    return r;
}

/* --- the loop's side ------------------------------------------------------------------------- */

struct poll {
    uv_poll_t uv;
    struct http_client *client;
    curl_socket_t socket;
};

static void unlink_call(struct http_call *c)
{
    *c->prev = c->next;
    if (c->next)
        c->next->prev = c->prev;
}

static void take_finished(struct http_client *cl)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(cl->multi, &left))) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode result = m->data.result;
        struct http_call *c;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
        curl_multi_remove_handle(cl->multi, c->easy);
        unlink_call(c);
        struct http_response r = response_of(c, result);
        c->cb(c->arg, &r);
        call_free(c);
        if (cl->closing && !cl->calls)
            return;
    }
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct poll *p = h->data;
    struct http_client *cl = p->client;
    int flags = status < 0 ? CURL_CSELECT_ERR
                           : ((events & UV_READABLE) ? CURL_CSELECT_IN : 0) |
                                 ((events & UV_WRITABLE) ? CURL_CSELECT_OUT : 0);
    int running;
    curl_multi_socket_action(cl->multi, p->socket, flags, &running);
    take_finished(cl);
}

static void on_timer(uv_timer_t *t)
{
    struct http_client *cl = t->data;
    int running;
    curl_multi_socket_action(cl->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_finished(cl);
}

static int want_timer(CURLM *m, long ms, void *arg)
{
    struct http_client *cl = arg;
    if (cl->closing)
        return 0;
    if (ms < 0)
        uv_timer_stop(&cl->timer);
    else
        uv_timer_start(&cl->timer, on_timer, ms ? (uint64_t)ms : 1, 0);
    return 0;
}

static void on_poll_closed(uv_handle_t *h)
{
    struct poll *p = h->data;
    struct http_client *cl = p->client;
    free(p);
    cl->polls--;
}

static int want_socket(CURL *easy, curl_socket_t s, int what, void *arg, void *socket_arg)
{
    struct http_client *cl = arg;
    struct poll *p = socket_arg;
    if (what == CURL_POLL_REMOVE) {
        if (p) {
            curl_multi_assign(cl->multi, s, NULL);
            uv_poll_stop(&p->uv);
            uv_close((uv_handle_t *)&p->uv, on_poll_closed);
        }
        return 0;
    }
    if (!p) {
        p = MEM_NEW(struct poll);
        p->client = cl;
        p->socket = s;
        p->uv.data = p;
        if (uv_poll_init_socket(&cl->loop->uv, &p->uv, s)) {
            free(p);
            return -1;
        }
        cl->polls++;
        curl_multi_assign(cl->multi, s, p);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(&p->uv, events, on_poll);
    return 0;
}

int http_client_new(struct loop *loop, struct http_client **out, struct err *e)
{
    struct http_client *cl = MEM_NEW(struct http_client);
    cl->loop = loop;
    uv_timer_init(&loop->uv, &cl->timer);
    cl->timer.data = cl;
    *out = cl;
    return 0;
}

static void start_multi(struct http_client *cl)
{
    cl->multi = curl_multi_init();
    INVARIANT(cl->multi);
    curl_multi_setopt(cl->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(cl->multi, CURLMOPT_SOCKETDATA, cl);
    curl_multi_setopt(cl->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(cl->multi, CURLMOPT_TIMERDATA, cl);
    curl_multi_setopt(cl->multi, CURLMOPT_MAXCONNECTS, 64L);
}

struct http_call *http_call(struct http_client *cl, const struct http_call_options *o,
                            http_response_cb cb, void *arg)
{
    PRE(!cl->closing);
    struct http_call *c = call_new(o);
    if (!cl->multi)
        start_multi(cl);
    c->client = cl;
    c->cb = cb;
    c->arg = arg;
    c->next = cl->calls;
    c->prev = &cl->calls;
    if (cl->calls)
        cl->calls->prev = &c->next;
    cl->calls = c;
    curl_multi_add_handle(cl->multi, c->easy); /* the timer it asks for starts the transfer */
    return c;
}

void http_cancel(struct http_call **pc)
{
    struct http_call *c = *pc;
    *pc = NULL;
    if (!c)
        return;
    curl_multi_remove_handle(c->client->multi, c->easy);
    unlink_call(c);
    call_free(c);
}

static void on_timer_closed(uv_handle_t *h)
{
    struct http_client *cl = h->data;
    void (*cb)(void *) = cl->close_cb;
    void *arg = cl->close_arg;
    if (cl->polls) { /* their close callbacks come in this turn as well: wait for them */
        uv_close_cb again = on_timer_closed;
        uv_timer_init(&cl->loop->uv, &cl->timer);
        uv_close((uv_handle_t *)&cl->timer, again);
        return;
    }
    free(cl);
    if (cb)
        cb(arg);
}

/* On the loop: the calls' callbacks never run inside http_client_close. */
static void finish_closing(void *arg)
{
    struct http_client *cl = arg;
    while (cl->calls) {
        struct http_call *c = cl->calls;
        struct http_response r = {
            .code = ERR_CANCELED, .body = "", .error = "canceled", .status_text = ""};
        curl_multi_remove_handle(cl->multi, c->easy);
        unlink_call(c);
        c->cb(c->arg, &r);
        call_free(c);
    }
    cl->closing = true;
    if (cl->multi)
        curl_multi_cleanup(cl->multi);
    cl->multi = NULL;
    uv_close((uv_handle_t *)&cl->timer, on_timer_closed);
}

void http_client_close(struct http_client *cl, void (*cb)(void *arg), void *arg)
{
    cl->close_cb = cb;
    cl->close_arg = arg;
    loop_post(cl->loop, finish_closing, cl);
}

int http_fetch(const struct http_call_options *o, int *status, struct buf *body_out,
               log_index *index, struct err *e)
{
    struct http_call *c = call_new(o);
    CURLcode result = curl_easy_perform(c->easy);
    struct http_response r = response_of(c, result);
    int rv = r.code ? err_set(e, r.code, "%s", r.error) : 0;
    if (status)
        *status = r.status;
    if (index)
        *index = r.index;
    if (body_out)
        buf_add(body_out, r.body, r.body_len);
    call_free(c);
    return rv;
}

struct download {
    CURL *easy;
    FILE *out;
    struct buf refusal;
};

static size_t on_download(char *data, size_t size, size_t n, void *arg)
{
    struct download *d = arg;
    long status = 0;
    curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        if (d->refusal.len < 4096)
            buf_add(&d->refusal, data, size * n);
        return size * n;
    }
    size_t written = fwrite(data, 1, size * n, d->out);
    fflush(d->out);
    return written;
}

int http_download(const char *url, FILE *out, struct err *e)
{
    struct http_call *c = call_new(&(struct http_call_options){.url = url});
    struct download d = {.easy = c->easy, .out = out};
    long status = 0;
    curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, 0L);
    curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_download);
    curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, &d);
    CURLcode result = curl_easy_perform(c->easy);
    curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    int rv =
        result
            ? err_set(e, code_of(result), "%s", *c->error ? c->error : curl_easy_strerror(result))
        : status != 200
            ? err_set(e, ERR_IO, "Unexpected response code: %ld (%s)", status, buf_str(&d.refusal))
            : 0;
    buf_fini(&d.refusal);
    call_free(c);
    return rv;
}
