/* The check runner: http, tcp, script and ttl (inventory consul-checks). One probe of a check at a
 * time; the next begins an interval after the last has ended. */
#include "agent/base/log.h"
#include "agent/base/duration.h"
#include "agent/base/id.h"
#include "agent/base/str.h"
#include "discovery/local_impl.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX     4096
#define EAGER_FIRST_MS 20 /* a check that is waited for: soon, then twice as late each time */

static void probe(uv_timer_t *t);

static size_t output_limit(const struct local_check *c)
{
    int64_t n = c->def.output_max_size_bytes;
    return n > 0 && n < OUTPUT_MAX ? (size_t)n : OUTPUT_MAX;
}

static uint64_t interval_ms(const struct local_check *c)
{
    int64_t ms = c->def.interval_ns / NS_PER_MS;
    return ms < 1000 ? 1000 : (uint64_t)ms;
}

static unsigned timeout_ms(const struct local_check *c, unsigned otherwise)
{
    int64_t ms = c->def.timeout_ns / NS_PER_MS;
    return ms > 0 ? (unsigned)ms : otherwise;
}

static void schedule(struct local_check *c)
{
    if (c->removed || c->def.ttl_ns)
        return;
    uint64_t wait = interval_ms(c);
    if (c->def.eager && !c->ever_passed) {
        uint64_t soon = (uint64_t)EAGER_FIRST_MS << (c->eager_tries < 10 ? c->eager_tries : 10);
        c->eager_tries++;
        wait = soon < wait ? soon : wait;
    }
    uv_timer_start(&c->timer, probe, wait, 0);
}

/* --- results --------------------------------------------------------------------------------- */

/* The status after one more result, by the definition's thresholds. The counters begin at them, so
 * that the first result counts at once. */
static enum catalog_health smooth(struct local_check *c, enum catalog_health h)
{
    int64_t critical = c->def.failures_before_critical;
    int64_t warning = c->def.failures_before_warning ? c->def.failures_before_warning : critical;
    if (h != CATALOG_CRITICAL) {
        c->failures = 0;
        return ++c->successes >= c->def.success_before_passing ? h : c->status;
    }
    c->successes = 0;
    if (++c->failures >= critical)
        return CATALOG_CRITICAL;
    return c->failures >= warning ? CATALOG_WARNING : c->status;
}

void check_result(struct local_check *c, enum catalog_health h, const char *output, size_t len,
                  bool at_once)
{
    enum catalog_health before = c->status;
    size_t limit = output_limit(c);
    if (!at_once)
        h = smooth(c, h);
    if (h != CATALOG_CRITICAL)
        c->ever_passed = true;
    buf_clear(&c->output);
    buf_add(&c->output, output + (len > limit ? len - limit : 0), len > limit ? limit : len);
    c->status = h;
    if (before == h)
        return; /* new words alone wake nobody: the next full sync takes them along */
    log_info("discovery", "check %s: %s -> %s", c->def.check_id, catalog_health_name(before),
             catalog_health_name(h));
    local_sync_check(c->agent, c, NULL, NULL);
}

static void finish(struct local_check *c, enum catalog_health h, const char *output, size_t len,
                   bool at_once)
{
    c->running = false;
    if (c->removed)
        return;
    check_result(c, h, output, len, at_once);
    schedule(c);
}

/* --- http ------------------------------------------------------------------------------------ */

/* GET is Get in the peer's error texts. */
static const char *capitalised(const char *method, char word[16])
{
    size_t i = 0;
    for (; method[i] && i < 15; i++)
        word[i] = i ? (char)tolower((unsigned char)method[i]) : method[i];
    word[i] = '\0';
    return word;
}

static void on_http(void *arg, const struct http_response *r)
{
    struct local_check *c = arg;
    struct buf b = BUF_INIT;
    char word[16];
    c->call = NULL;
    if (c->removed)
        return;
    const char *method = str_is_empty(c->def.method) ? "GET" : c->def.method;
    enum catalog_health h = CATALOG_CRITICAL;
    if (r->code) {
        buf_printf(
            &b, "%s \"%s\": %s", capitalised(method, word), c->def.http,
            r->code == ERR_TIMEOUT
                ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
                : r->error);
    } else {
        h = r->status >= 200 && r->status < 300 ? CATALOG_PASSING
            : r->status == 429                  ? CATALOG_WARNING
                                                : CATALOG_CRITICAL;
        buf_printf(&b, "HTTP %s %s: %s Output: %.*s", method, c->def.http, r->status_text,
                   (int)r->body_len, r->body);
    }
    finish(c, h, buf_str(&b), b.len, false);
    buf_fini(&b);
}

static void probe_http(struct local_check *c)
{
    struct arena a = ARENA_INIT;
    struct rec_strs headers = {NULL, 0};
    for (size_t i = 0; i < c->def.header.n; i++)
        for (size_t k = 0; k < c->def.header.items[i].value.n; k++)
            rec_strs_add(&headers, &a,
                         arena_printf(&a, "%s: %s", c->def.header.items[i].key,
                                      c->def.header.items[i].value.items[k]));
    rec_strs_add(&headers, &a, "User-Agent: Consul Health Check");
    rec_strs_add(&headers, &a, "Accept: text/plain, text/*, */*");
    struct http_call_options o = {.method = str_is_empty(c->def.method) ? "GET" : c->def.method,
                                  .url = c->def.http,
                                  .body = str_is_empty(c->def.body) ? NULL : c->def.body,
                                  .body_len = c->def.body ? strlen(c->def.body) : 0,
                                  .headers = (const char *const *)headers.items,
                                  .n_headers = headers.n,
                                  .timeout_ms = timeout_ms(c, 10000),
                                  .max_response_bytes = OUTPUT_MAX,
                                  .keep_tail = true,
                                  .fresh_connection = true,
                                  .follow_redirects = !c->def.disable_redirects,
                                  .tls_skip_verify = c->def.tls_skip_verify};
    c->call = http_call(c->agent->http, &o, on_http, c);
    arena_fini(&a);
}

/* --- closing --------------------------------------------------------------------------------- */

static void free_check(struct local_check *c)
{
    buf_fini(&c->output);
    free(c->synced_output);
    arena_fini(&c->arena);
    free(c);
}

static void on_handle_closed(uv_handle_t *h)
{
    struct local_check *c = h->data;
    if (--c->handles == 0)
        free_check(c);
}

void check_stop(struct local_check *c)
{
    c->removed = true;
    http_cancel(&c->call);
    uv_close((uv_handle_t *)&c->timer, on_handle_closed);
    if (c->tcp_open && !uv_is_closing((uv_handle_t *)&c->tcp))
        uv_close((uv_handle_t *)&c->tcp, on_handle_closed);
    if (c->pipe_open && !uv_is_closing((uv_handle_t *)&c->pipe))
        uv_close((uv_handle_t *)&c->pipe, on_handle_closed);
    if (c->process_open && !uv_is_closing((uv_handle_t *)&c->process)) {
        kill(-c->process.pid, SIGKILL);
        uv_close((uv_handle_t *)&c->process, on_handle_closed);
    }
}

/* --- tcp ------------------------------------------------------------------------------------- */

static void on_tcp_closed(uv_handle_t *h)
{
    struct local_check *c = h->data;
    c->tcp_open = false;
    on_handle_closed(h);
}

static void tcp_end(struct local_check *c, int status)
{
    struct buf b = BUF_INIT;
    uv_timer_stop(&c->timer);
    if (!uv_is_closing((uv_handle_t *)&c->tcp))
        uv_close((uv_handle_t *)&c->tcp, on_tcp_closed);
    if (status == 0)
        buf_printf(&b, "TCP connect %s: Success", c->def.tcp);
    else
        buf_printf(&b, "dial tcp %s: %s", c->def.tcp,
                   status == UV_ECANCELED || status == UV_ETIMEDOUT ? "i/o timeout"
                   : status == UV_ECONNREFUSED                      ? "connect: connection refused"
                                                                    : uv_strerror(status));
    finish(c, status ? CATALOG_CRITICAL : CATALOG_PASSING, b.data, b.len, false);
    buf_fini(&b);
}

static void on_connect(uv_connect_t *req, int status)
{
    struct local_check *c = req->data;
    if (c->running && !c->removed)
        tcp_end(c, status);
}

static void on_tcp_timeout(uv_timer_t *t)
{
    struct local_check *c = t->data;
    tcp_end(c, UV_ETIMEDOUT);
}

static void probe_tcp(struct local_check *c)
{
    struct sockaddr_storage ss;
    char host[256];
    const char *colon = strrchr(c->def.tcp, ':');
    int port = colon ? atoi(colon + 1) : 0;
    snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - c->def.tcp) : 0, c->def.tcp);
    if (str_eq(host, "localhost") || !*host)
        snprintf(host, sizeof(host), "127.0.0.1");
    if (*host == '[') {
        memmove(host, host + 1, strlen(host));
        host[strcspn(host, "]")] = '\0';
    }
    if (c->tcp_open) { /* the last one is still closing */
        c->running = false;
        schedule(c);
        return;
    }
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)&ss) &&
        uv_ip6_addr(host, port, (struct sockaddr_in6 *)&ss)) {
        char text[400];
        int n = snprintf(text, sizeof(text), "dial tcp: lookup %s: no such host", host);
        finish(c, CATALOG_CRITICAL, text, (size_t)n, false);
        return;
    }
    uv_tcp_init(&c->agent->loop->uv, &c->tcp);
    c->tcp.data = c->connect.data = c;
    c->tcp_open = true;
    c->handles++;
    uv_timer_start(&c->timer, on_tcp_timeout, timeout_ms(c, 10000), 0);
    int rv = uv_tcp_connect(&c->connect, &c->tcp, (struct sockaddr *)&ss, on_connect);
    if (rv)
        tcp_end(c, rv);
}

/* --- scripts --------------------------------------------------------------------------------- */

static void script_end(struct local_check *c)
{
    if (!c->running || c->process_open || c->pipe_open)
        return;
    struct buf b = BUF_INIT;
    enum catalog_health h = c->exit_code == 0   ? CATALOG_PASSING
                            : c->exit_code == 1 ? CATALOG_WARNING
                                                : CATALOG_CRITICAL;
    uv_timer_stop(&c->timer);
    if (c->timed_out) {
        char d[DURATION_MAX];
        duration_format((int64_t)timeout_ms(c, 30000) * NS_PER_MS, d);
        buf_printf(&b, "Timed out (%s) running check\n\n", d);
        h = CATALOG_CRITICAL;
    }
    buf_add(&b, buf_str(&c->output), c->output.len);
    finish(c, h, buf_str(&b), b.len, c->timed_out);
    buf_fini(&b);
}

static void on_process_closed(uv_handle_t *h)
{
    struct local_check *c = h->data;
    c->process_open = false;
    if (!c->removed)
        script_end(c);
    on_handle_closed(h);
}

static void on_script_exit(uv_process_t *p, int64_t status, int sig)
{
    struct local_check *c = p->data;
    c->exit_code = sig ? 2 : (int)status;
    uv_close((uv_handle_t *)p, on_process_closed);
}

static void on_pipe_closed(uv_handle_t *h)
{
    struct local_check *c = h->data;
    c->pipe_open = false;
    if (!c->removed)
        script_end(c);
    on_handle_closed(h);
}

static void on_script_alloc(uv_handle_t *h, size_t n, uv_buf_t *b)
{
    static char scratch[8192];
    *b = uv_buf_init(scratch, sizeof(scratch));
}

static void on_script_output(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct local_check *c = s->data;
    if (n < 0) {
        uv_close((uv_handle_t *)s, on_pipe_closed);
        return;
    }
    if (c->output.len < 1 << 20)
        buf_add(&c->output, b->base, (size_t)n);
}

static void on_script_timeout(uv_timer_t *t)
{
    struct local_check *c = t->data;
    c->timed_out = true;
    if (c->process_open)
        kill(-c->process.pid, SIGKILL); /* its whole group */
}

static void probe_script(struct local_check *c)
{
    char **args = mem_alloc((c->def.script_args.n + 1) * sizeof(char *));
    char **env = c->def.env.n ? mem_alloc((c->def.env.n + 1) * sizeof(char *)) : NULL;
    memcpy(args, c->def.script_args.items, c->def.script_args.n * sizeof(char *));
    if (env)
        memcpy(env, c->def.env.items, c->def.env.n * sizeof(char *));
    buf_clear(&c->output);
    c->timed_out = false;
    uv_pipe_init(&c->agent->loop->uv, &c->pipe, 0);
    c->pipe.data = c->process.data = c;
    c->pipe_open = c->process_open = true;
    c->handles += 2;
    uv_stdio_container_t io[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->pipe},
        {.flags = UV_IGNORE}};
    uv_process_options_t o = {.file = args[0],
                              .args = args,
                              .env = env,
                              .cwd = c->def.cwd,
                              .flags = UV_PROCESS_DETACHED,
                              .stdio_count = 3,
                              .stdio = io,
                              .exit_cb = on_script_exit};
    int rv = uv_spawn(&c->agent->loop->uv, &c->process, &o);
    if (rv) {
        c->exit_code = 2;
        buf_printf(&c->output, "failed to run %s: %s", args[0], uv_strerror(rv));
        uv_close((uv_handle_t *)&c->process, on_process_closed);
        uv_close((uv_handle_t *)&c->pipe, on_pipe_closed);
    } else {
        uv_read_start((uv_stream_t *)&c->pipe, on_script_alloc, on_script_output);
        uv_timer_start(&c->timer, on_script_timeout, timeout_ms(c, 30000), 0);
    }
    free(args);
    free(env);
}

/* --- start ----------------------------------------------------------------------------------- */

static void probe(uv_timer_t *t)
{
    struct local_check *c = t->data;
    if (c->running || c->removed)
        return;
    c->running = true;
    if (!str_is_empty(c->def.http))
        probe_http(c);
    else if (!str_is_empty(c->def.tcp))
        probe_tcp(c);
    else
        probe_script(c);
}

static void on_ttl(uv_timer_t *t)
{
    struct local_check *c = t->data;
    struct buf b = BUF_INIT;
    buf_str_add(&b, "TTL expired");
    if (c->output.len)
        buf_printf(&b, " (last output before timeout follows): %s", buf_str(&c->output));
    check_result(c, CATALOG_CRITICAL, b.data, b.len, true);
    buf_fini(&b);
}

void check_start(struct local_check *c)
{
    if (!c->handles) {
        uv_timer_init(&c->agent->loop->uv, &c->timer);
        c->timer.data = c;
        c->handles = 1;
    }
    if (c->def.ttl_ns)
        uv_timer_start(&c->timer, on_ttl, (uint64_t)(c->def.ttl_ns / NS_PER_MS), 0);
    else if (c->def.interval_ns &&
             !c->running) /* spread over the interval, unless it is waited for */
        uv_timer_start(&c->timer, probe,
                       c->def.eager ? EAGER_FIRST_MS : id_random_below((uint32_t)interval_ms(c)),
                       0);
}
