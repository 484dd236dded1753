#include "agent/client/executor.h"
#include "agent/base/arena.h"
#include "agent/base/check.h"
#include "agent/base/file.h"
#include "agent/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The static program inside this binary (Makefile): run from memory, so that replacing or removing
 * the agent's file does not matter to running tasks. */
extern const unsigned char executor_image[], executor_image_end[];

#define CONNECT_EVERY_MS 5
#define CONNECT_TRIES    2000

struct executor {
    struct loop *loop;
    char *dir;
    executor_exit_cb cb;
    void *arg;
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_process_t process; /* ours to reap, when we started it */
    int handles;          /* open */
    bool pipe_open, done, closed;
    int tries;
    pid_t executor_pid, task_pid;
};

static char *path_of(const struct executor *x, const char *name)
{
    return mem_printf("%s/%s", x->dir, name);
}

/* --- the end --------------------------------------------------------------------------------- */

static bool read_exit(const struct executor *x, struct executor_exit *e, char error[256])
{
    char *path = path_of(x, "executor.exit");
    struct buf b = BUF_INIT;
    long long when = 0;
    bool ok = !file_read(path, 1024, &b, NULL) &&
              sscanf(b.data, "%d %d %lld %255[^\n]", &e->code, &e->signal, &when, error) >= 3;
    e->time_ns = when;
    e->error = error;
    buf_fini(&b);
    free(path);
    return ok;
}

static void tell(struct executor *x)
{
    char error[256] = "";
    struct executor_exit e = {.code = -1, .error = ""};
    if (x->done || x->closed)
        return;
    x->done = true;
    e.lost = !read_exit(x, &e, error);
    if (e.lost && x->task_pid > 0)
        kill(-x->task_pid, SIGKILL); /* its parent died: nothing may stay */
    x->cb(x->arg, &e);
}

static void on_handle_closed(uv_handle_t *h)
{
    struct executor *x = h->data;
    if (--x->handles)
        return;
    free(x->dir);
    free(x);
}

static void on_alloc(uv_handle_t *h, size_t n, uv_buf_t *b)
{
    static char scratch[64];
    *b = uv_buf_init(scratch, sizeof(scratch));
}

/* Nothing is ever sent: the connection's end is the message. */
static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    if (n < 0) {
        uv_read_stop(s);
        tell(s->data);
    }
}

/* --- connecting ------------------------------------------------------------------------------ */

static bool read_pids(struct executor *x)
{
    char *path = path_of(x, "executor.pid");
    struct buf b = BUF_INIT;
    int executor = 0, task = 0;
    bool ok = !file_read(path, 100, &b, NULL) && sscanf(b.data, "%d %d", &executor, &task) == 2;
    x->executor_pid = executor;
    x->task_pid = task;
    buf_fini(&b);
    free(path);
    return ok;
}

/* By the directory's descriptor: a socket's path has room for 108 bytes only. */
static int connect_now(const struct executor *x)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int dir = open(x->dir, O_PATH | O_DIRECTORY | O_CLOEXEC), rv = -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (dir >= 0 && fd >= 0) {
        snprintf(sun.sun_path, sizeof(sun.sun_path), "/proc/self/fd/%d/executor.sock", dir);
        rv = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
    }
    if (dir >= 0)
        close(dir);
    if (rv && fd >= 0)
        close(fd);
    return rv ? -1 : fd;
}

static bool has_exited(const struct executor *x)
{
    char *path = path_of(x, "executor.exit");
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

static void on_try(uv_timer_t *t)
{
    struct executor *x = t->data;
    int fd = x->closed ? -1 : connect_now(x);
    if (fd >= 0) {
        read_pids(x);
        uv_pipe_init(&x->loop->uv, &x->pipe, 0);
        x->pipe.data = x;
        x->pipe_open = true;
        x->handles++;
        uv_pipe_open(&x->pipe, fd);
        uv_read_start((uv_stream_t *)&x->pipe, on_alloc, on_read);
        return;
    }
    bool gone = x->executor_pid > 0 && kill(x->executor_pid, 0) < 0 && errno == ESRCH;
    if (has_exited(x) || gone || ++x->tries > CONNECT_TRIES)
        tell(x);
    else
        uv_timer_start(&x->timer, on_try, CONNECT_EVERY_MS, 0);
}

static struct executor *executor_new(struct loop *l, const char *dir, executor_exit_cb cb,
                                     void *arg)
{
    struct executor *x = MEM_NEW(struct executor);
    *x = (struct executor){.loop = l, .dir = mem_strdup(dir), .cb = cb, .arg = arg, .handles = 1};
    uv_timer_init(&l->uv, &x->timer);
    x->timer.data = x;
    return x;
}

/* --- starting -------------------------------------------------------------------------------- */

static void add_record(struct buf *b, const char *key, const char *value)
{
    buf_printf(b, "%s=%s", key, value);
    buf_char(b, '\0');
}

static int write_spec(const struct executor_spec *s, struct err *e)
{
    struct buf b = BUF_INIT;
    char number[32];
    add_record(&b, "command", s->command);
    for (size_t i = 0; i < s->args->n; i++)
        add_record(&b, "arg", s->args->items[i]);
    for (size_t i = 0; i < s->env->n; i++)
        add_record(&b, "env", s->env->items[i]);
    if (s->cwd)
        add_record(&b, "cwd", s->cwd);
    const struct {
        const char *key;
        long long value;
    } numbers[] = {
        {"uid", s->uid}, {"gid", s->gid}, {"max_files", s->max_files}, {"max_bytes", s->max_bytes}};
    for (int i = 0; i < 4; i++) {
        snprintf(number, sizeof(number), "%lld", numbers[i].value);
        add_record(&b, numbers[i].key, number);
    }
    add_record(&b, "out", s->out_prefix);
    add_record(&b, "err", s->err_prefix);
    char *path = mem_printf("%s/executor.spec", s->dir);
    int rv = file_write_atomic(path, b.data, b.len, 0600, e); /* the environment may hold secrets */
    free(path);
    buf_fini(&b);
    return rv;
}

static int image_fd(void)
{
    static int fd = -1;
    if (fd >= 0)
        return fd;
    size_t n = (size_t)(executor_image_end - executor_image);
    int m = memfd_create("platform-executor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (m < 0 || write(m, executor_image, n) != (ssize_t)n)
        return -1;
    fcntl(m, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    return fd = m;
}

/* Reaped. The word of the task's end comes by the socket; this only ends the child's entry. */
static void on_reaped(uv_process_t *p, int64_t status, int sig)
{
    uv_close((uv_handle_t *)p, on_handle_closed);
}

/* A session of its own and no ties: it outlives us, and is init's child then. */
static int launch(struct executor *x, struct err *e)
{
    char path[64];
    int fd = image_fd();
    if (fd < 0)
        return err_from_errno(e, errno, "executor");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    char platform[] = "platform", word[] = "executor";
    char *args[] = {platform, word, x->dir, NULL}, *env[] = {NULL};
    uv_stdio_container_t io[3] = {{.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    uv_process_options_t o = {.file = path,
                              .args = args,
                              .env = env,
                              .stdio = io,
                              .stdio_count = 3,
                              .flags = UV_PROCESS_DETACHED,
                              .exit_cb = on_reaped};
    int rv = uv_spawn(&x->loop->uv, &x->process, &o);
    x->process.data = x;
    x->handles++;
    if (rv) {
        uv_close((uv_handle_t *)&x->process, on_handle_closed);
        return err_from_uv(e, rv, "executor");
    }
    return 0;
}

static void remove_old(const char *dir)
{
    static const char *const names[] = {"executor.exit", "executor.pid", "executor.sock"};
    for (int i = 0; i < 3; i++) {
        char *path = mem_printf("%s/%s", dir, names[i]);
        unlink(path);
        free(path);
    }
}

int executor_start(struct loop *l, const struct executor_spec *spec, executor_exit_cb cb, void *arg,
                   struct executor **out, struct err *e)
{
    remove_old(spec->dir);
    int rv = write_spec(spec, e);
    if (rv)
        return rv;
    struct executor *x = executor_new(l, spec->dir, cb, arg);
    rv = launch(x, e);
    if (rv) {
        executor_close(&x);
        return rv;
    }
    *out = x;
    uv_timer_start(&x->timer, on_try, 1, 0);
    return 0;
}

int executor_attach(struct loop *l, const char *dir, executor_exit_cb cb, void *arg,
                    struct executor **out, struct err *e)
{
    struct executor *x = executor_new(l, dir, cb, arg);
    if (!read_pids(x) && !has_exited(x)) {
        x->closed = true;
        uv_close((uv_handle_t *)&x->timer, on_handle_closed);
        return err_set(e, ERR_NOT_FOUND, "%s: no task was started here", dir);
    }
    *out = x;
    uv_timer_start(&x->timer, on_try, 0, 0);
    return 0;
}

void executor_signal(struct executor *x, int sig)
{
    if (!x->task_pid)
        read_pids(x);
    if (x->task_pid > 0 && !x->done)
        kill(-x->task_pid, sig);
}

void executor_close(struct executor **px)
{
    struct executor *x = *px;
    *px = NULL;
    if (!x)
        return;
    x->closed = true;
    if (x->pipe_open)
        uv_close((uv_handle_t *)&x->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&x->timer, on_handle_closed);
    bool reaping = x->process.data && !uv_is_closing((uv_handle_t *)&x->process);
    if (reaping && !x->done) /* its task goes on without us */
        uv_close((uv_handle_t *)&x->process, on_handle_closed);
}
