#include "test/unit/support/recorded.h"
#include "agent/base/file.h"
#include "agent/base/str.h"
#include "agent/cli/cli.h"
#include "agent/http/http.h"

#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct {
    struct loop loop;
    struct http_server *server;
    struct arena arena; /* of the answers */
    struct recorded *answers;
    size_t n;
    struct buf requests;
    int port;
    struct command_run run;
} it;

static const char *content(const char *text)
{
    struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    if (!text || *text != '@')
        return text;
    if (file_read(arena_printf(&it.arena, "test/unit/agent/cli/data/%s", text + 1), 1 << 20, &b,
                  &e))
        fail_msg("%s", e.text);
    text = arena_strdup(&it.arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

char *recorded_list(const char *body)
{
    return arena_printf(&it.arena, "[%s]", content(body));
}

/* --- the server ------------------------------------------------------------------------------ */

static const struct recorded *find(const char *request)
{
    size_t path = strcspn(request, "?");
    for (size_t i = 0; i < it.n; i++)
        if (str_eq(it.answers[i].request, request))
            return &it.answers[i];
    for (size_t i = 0; i < it.n; i++)
        if (strlen(it.answers[i].request) == path && !strncmp(it.answers[i].request, request, path))
            return &it.answers[i];
    return NULL;
}

static void on_request(struct http_req *req, void *ctx)
{
    size_t n;
    const char *body = http_body(req, &n);
    char *request = arena_printf(http_arena(req), "%s %s", http_method(req), http_raw_path(req));
    buf_printf(&it.requests, "%s%s%.*s\n", request, n ? " " : "", (int)n, n ? body : "");
    const struct recorded *r = find(request);
    if (r)
        http_reply(req, r->status, "application/json", r->body, strlen(r->body));
    else
        http_reply_text(req, 404, "not found");
}

int recorded_start(void **state)
{
    struct http_server_config c = {.name = "recorded", .dialect = HTTP_NOMAD};
    struct err e = ERR_INIT;
    loop_init(&it.loop);
    if (http_server_new(&it.loop, &c, &it.server, &e))
        return -1;
    http_route_fallback(it.server, on_request, NULL);
    if (http_listen(it.server, "127.0.0.1", 0, &it.port, &e))
        return -1;
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", it.port);
    setenv("NOMAD_ADDR", url, 1);
    return 0;
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}
int recorded_stop(void **state)
{
    bool closed = false;
    http_server_close(it.server, set_true, &closed);
    loop_run_until(&it.loop, &closed, 30000);
    loop_close(&it.loop);
    arena_fini(&it.arena);
    buf_fini(&it.requests);
    free(it.run.out);
    free(it.run.err);
    return 0;
}

void recorded_answers(const struct recorded *table)
{
    for (it.n = 0; table[it.n].request;)
        it.n++;
    it.answers = ARENA_ARRAY(&it.arena, struct recorded, it.n + 1);
    for (size_t i = 0; i < it.n; i++)
        it.answers[i] = (struct recorded){arena_strdup(&it.arena, table[i].request),
                                          table[i].status, content(table[i].body)};
    buf_clear(&it.requests);
}

const char *recorded_requests(void)
{
    return arena_strdup(&it.arena, buf_str(&it.requests));
}

/* --- commands -------------------------------------------------------------------------------- */

static int capture(int fd, FILE *to)
{
    int kept = dup(fd);
    dup2(fileno(to), fd);
    return kept;
}
static char *restore(int fd, int kept, FILE *from)
{
    char *text = calloc(1, 1 << 20);
    dup2(kept, fd);
    close(kept);
    rewind(from);
    text[fread(text, 1, (1 << 20) - 1, from)] = '\0';
    fclose(from);
    return text;
}

struct typed {
    char *argv[32];
    int argc;
    bool done;
};

static void *run_here(void *arg)
{
    struct typed *t = arg;
    it.run.status = cli_main(t->argc, t->argv);
    loop_post(&it.loop, set_true, &t->done);
    return NULL;
}

/* The command waits for its answers, so it has a thread; the server has this one. Returns the words
 * when it does not end. */
static char *run_typed(const char *words)
{
    char *copy = strdup(words), *save = NULL;
    struct typed t = {.argc = 0};
    pthread_t thread;
    for (char *w = strtok_r(copy, " ", &save); w && t.argc < 31; w = strtok_r(NULL, " ", &save))
        t.argv[t.argc++] = w;
    assert_int_equal(0, pthread_create(&thread, NULL, run_here, &t));
    bool ended = loop_run_until(&it.loop, &t.done, 60000);
    fflush(NULL);
    if (ended)
        pthread_join(thread, NULL);
    free(ended ? copy : NULL);
    return ended ? NULL : copy;
}

static void check_ended(const char *still)
{
    if (still)
        fail_msg("%s: still running after a minute: %s%s", still, it.run.out, it.run.err);
}

static void begin_run(void)
{
    free(it.run.out);
    free(it.run.err);
    fflush(NULL);
}

const struct command_run *run_command(const char *words)
{
    begin_run();
    FILE *out = tmpfile(), *err = tmpfile();
    int kept_out = capture(STDOUT_FILENO, out), kept_err = capture(STDERR_FILENO, err);
    const char *still = run_typed(words);
    it.run.out = restore(STDOUT_FILENO, kept_out, out);
    it.run.err = restore(STDERR_FILENO, kept_err, err);
    check_ended(still);
    return &it.run;
}

/* What a command prints here is less than a terminal holds unread. */
const struct command_run *run_command_on_terminal(const char *words)
{
    struct termios raw;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(master >= 0 && !grantpt(master) && !unlockpt(master));
    FILE *out = fopen(ptsname(master), "r+"), *err = tmpfile();
    assert_non_null(out);
    tcgetattr(fileno(out), &raw);
    cfmakeraw(&raw);
    tcsetattr(fileno(out), TCSANOW, &raw);
    begin_run();
    int kept_out = capture(STDOUT_FILENO, out), kept_err = capture(STDERR_FILENO, err);
    const char *still = run_typed(words);
    dup2(kept_out, STDOUT_FILENO);
    close(kept_out);
    it.run.out = calloc(1, 65536);
    for (ssize_t n = 0, at = 0; (n = read(master, it.run.out + at, 65535 - (size_t)at)) > 0;)
        at += n;
    fclose(out);
    close(master);
    it.run.err = restore(STDERR_FILENO, kept_err, err);
    check_ended(still);
    return &it.run;
}

/* "15s ago" is AGO; spaces are one, or two between columns; none end a line. */
static char *plain(const char *text)
{
    struct buf b = BUF_INIT;
    for (const char *p = text; *p;) {
        size_t age = strspn(p, "0123456789dhms");
        if (isdigit((unsigned char)*p) && !strncmp(p + age, " ago", 4)) {
            buf_str_add(&b, "AGO");
            p += age + 4;
            continue;
        }
        size_t spaces = strspn(p, " ");
        if (!spaces)
            buf_char(&b, *p++);
        else if (p[spaces] && p[spaces] != '\n')
            buf_str_add(&b, spaces == 1 || !strncmp(p + spaces, "= ", 2) ? " " : "  ");
        p += spaces;
    }
    char *out = arena_strdup(&it.arena, buf_str(&b));
    buf_fini(&b);
    return out;
}

void expect_command(const char *words, int status, const char *out, const char *err)
{
    const struct command_run *r = run_command(words);
    if (r->status != status || (err && strcmp(err, r->err)))
        fail_msg("%s: exit %d, stderr: %s", words, r->status, r->err);
    if (out && *out == '@')
        assert_string_equal(content(out), plain(r->out));
    else if (out)
        assert_string_equal(out, r->out);
}
