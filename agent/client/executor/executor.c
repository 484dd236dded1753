/* The executor: one small process a task that outlives the agent (DESIGN 6).
 *
 *     platform executor DIR
 *
 * DIR/executor.spec says what to run: "key=value" records, each ended by a NUL:
 *     command, arg..., env..., cwd, uid, gid, out, err (log file prefixes), max_files, max_bytes
 * It starts the command in a session of its own, keeps its output in rotated files, and answers on
 * the socket DIR/executor.sock: a connection stays open as long as the task runs. When the command
 * ends, whatever it left running is killed, DIR/executor.exit gets "CODE SIGNAL WALL_NS ERROR"
 * (written whole or not at all), and the connections close. DIR/executor.pid holds "EXECUTOR TASK".
 *
 * A program of its own: static, libc only, a megabyte of memory. Never talks to the network. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 16

struct log {
    const char *prefix;
    int pipe, fd;
    unsigned number;
    uint64_t size;
};

static struct {
    const char *command, *cwd;
    char **args, **env;
    size_t n_args, n_env;
    long uid, gid;
    unsigned max_files;
    uint64_t max_bytes;
} spec = {.uid = -1, .gid = -1, .max_files = 10, .max_bytes = 10 << 20};

static struct log logs[2];
static pid_t task;
static int listener = -1, connections[MAX_CONNECTIONS], n_connections;

static void record_end(const char *why, int code, int sig)
{
    struct timespec now;
    char text[512];
    clock_gettime(CLOCK_REALTIME, &now);
    int n = snprintf(text, sizeof(text), "%d %d %lld %s\n", code, sig,
                     (long long)now.tv_sec * 1000000000LL + now.tv_nsec, why);
    int fd = open("executor.exit.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, text, (size_t)n) == n && fsync(fd) == 0)
        (void)rename("executor.exit.tmp", "executor.exit");
    if (fd >= 0)
        close(fd);
}

static void fail(const char *what)
{
    char why[256];
    snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
    record_end(why, -1, 0);
    exit(1);
}

/* --- the spec -------------------------------------------------------------------------------- */

static char **list_add(char **list, size_t *n, char *item)
{
    list = realloc(list, (*n + 2) * sizeof(char *));
    if (!list)
        abort();
    list[(*n)++] = item;
    list[*n] = NULL;
    return list;
}

static void spec_record(char *record)
{
    char *value = strchr(record, '=');
    if (!value)
        return;
    *value++ = '\0';
    if (!strcmp(record, "command"))
        spec.command = value;
    else if (!strcmp(record, "arg"))
        spec.args = list_add(spec.args, &spec.n_args, value);
    else if (!strcmp(record, "env"))
        spec.env = list_add(spec.env, &spec.n_env, value);
    else if (!strcmp(record, "cwd"))
        spec.cwd = value;
    else if (!strcmp(record, "uid"))
        spec.uid = atol(value);
    else if (!strcmp(record, "gid"))
        spec.gid = atol(value);
    else if (!strcmp(record, "out"))
        logs[0].prefix = value;
    else if (!strcmp(record, "err"))
        logs[1].prefix = value;
    else if (!strcmp(record, "max_files"))
        spec.max_files = (unsigned)atoi(value);
    else if (!strcmp(record, "max_bytes"))
        spec.max_bytes = strtoull(value, NULL, 10);
}

static void read_spec(void)
{
    int fd = open("executor.spec", O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st))
        fail("executor.spec");
    char *text = malloc((size_t)st.st_size + 1);
    ssize_t n = text ? read(fd, text, (size_t)st.st_size) : -1;
    if (n != st.st_size)
        fail("executor.spec");
    text[n] = '\0';
    close(fd);
    for (char *p = text, *next; p < text + n; p = next) {
        next = p + strlen(p) + 1; /* before spec_record cuts it in two */
        spec_record(p);
    }
}

/* --- logs ------------------------------------------------------------------------------------ */

static void log_path(const struct log *l, unsigned number, char out[4096])
{
    snprintf(out, 4096, "%s.%u", l->prefix, number);
}

/* Goes on in the newest file there is. */
static void log_open(struct log *l)
{
    char path[4096];
    struct stat st;
    for (log_path(l, l->number + 1, path); !stat(path, &st); log_path(l, l->number + 1, path))
        l->number++;
    log_path(l, l->number, path);
    l->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    l->size = l->fd >= 0 && !fstat(l->fd, &st) ? (uint64_t)st.st_size : 0;
}

static void log_rotate(struct log *l)
{
    char path[4096];
    close(l->fd);
    l->number++;
    log_path(l, l->number, path);
    l->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    l->size = 0;
    if (l->number >= spec.max_files) {
        log_path(l, l->number - spec.max_files, path);
        unlink(path);
    }
}

static void log_put(struct log *l, const char *p, size_t n)
{
    while (n && l->fd >= 0) {
        ssize_t w = write(l->fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return; /* a full disk loses output, never the task */
        l->size += (uint64_t)w;
        p += w;
        n -= (size_t)w;
    }
}

/* Lines are not split over files where that can be helped. */
static void log_write(struct log *l, const char *p, size_t n)
{
    while (l->size + n > spec.max_bytes) {
        size_t room = l->size < spec.max_bytes ? (size_t)(spec.max_bytes - l->size) : 0;
        const char *line = room ? memrchr(p, '\n', room) : NULL;
        size_t part = line ? (size_t)(line - p) + 1 : l->size ? 0 : room;
        log_put(l, p, part);
        p += part;
        n -= part;
        log_rotate(l);
    }
    log_put(l, p, n);
}

/* Returns false at the end of the pipe. */
static bool log_drain(struct log *l)
{
    char buf[16384];
    ssize_t n = read(l->pipe, buf, sizeof(buf));
    if (n > 0)
        log_write(l, buf, (size_t)n);
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* What is still in the pipe when the task has ended. */
static void log_drain_rest(struct log *l)
{
    char buf[16384];
    ssize_t n;
    if (l->pipe < 0 || fcntl(l->pipe, F_SETFL, O_NONBLOCK))
        return;
    while ((n = read(l->pipe, buf, sizeof(buf))) > 0)
        log_write(l, buf, (size_t)n);
}

/* --- the task -------------------------------------------------------------------------------- */

/* In the child: everything up to execve; errors go up the pipe. */
static void become_task(int out, int err, int report, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    for (int n = 1; n < NSIG; n++)
        signal(n, SIG_DFL); /* what this process ignores a task would ignore as well */
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    int rc = 0;
    if (spec.cwd)
        rc = chdir(spec.cwd);
    if (!rc && spec.gid >= 0 && getuid() == 0)
        rc = setgroups(0, NULL) || setgid((gid_t)spec.gid);
    if (!rc && spec.uid >= 0 && getuid() == 0)
        rc = setuid((uid_t)spec.uid);
    if (!rc)
        execve(spec.command, spec.args, spec.env);
    int e = errno;
    (void)!write(report, &e, sizeof(e));
    _exit(127);
}

static void start_task(void)
{
    int out[2], err[2], report[2], e = 0;
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) || pipe2(report, O_CLOEXEC))
        fail("pipe");
    pid_t me = getpid();
    task = fork();
    if (task < 0)
        fail("fork");
    if (task == 0)
        become_task(out[1], err[1], report[1], me);
    close(out[1]);
    close(err[1]);
    close(report[1]);
    logs[0].pipe = out[0];
    logs[1].pipe = err[0];
    if (read(report[0], &e, sizeof(e)) == sizeof(e)) {
        errno = e;
        fail(spec.command);
    }
    close(report[0]);
}

/* As subreaper we inherit what the task leaves behind: none of it survives. */
static void kill_leftovers(void)
{
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    for (int round = 0; round < 1000; round++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
        if (fd >= 0)
            close(fd);
        if (n <= 0)
            return;
        text[n] = '\0';
        for (char *p = text, *end; (end = p, strtol(p, &end, 10)) > 0 && end != p; p = end)
            kill((pid_t)strtol(p, NULL, 10), SIGKILL);
        while (waitpid(-1, NULL, 0) > 0)
            ;
    }
}

/* --- the socket ------------------------------------------------------------------------------ */

static void open_socket(void)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = "executor.sock"};
    unlink(sun.sun_path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&sun, sizeof(sun)) ||
        chmod(sun.sun_path, 0600) || listen(listener, 4))
        fail("executor.sock");
}

static void accept_one(void)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (n_connections == MAX_CONNECTIONS)
        close(fd);
    else
        connections[n_connections++] = fd;
}

static void write_pids(void)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%d %d\n", (int)getpid(), (int)task);
    int fd = open("executor.pid.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, (size_t)n) != n || rename("executor.pid.tmp", "executor.pid"))
        fail("executor.pid");
    close(fd);
}

/* --- the loop -------------------------------------------------------------------------------- */

/* Reaps; returns true with the status when the task itself has ended. */
static bool reap(int *status)
{
    int s;
    pid_t p;
    bool ended = false;
    while ((p = waitpid(-1, &s, WNOHANG)) > 0)
        if (p == task) {
            *status = s;
            ended = true;
        }
    return ended;
}

static int watch(int signals)
{
    int status = 0;
    for (;;) {
        struct pollfd p[4 + MAX_CONNECTIONS] = {{signals, POLLIN, 0},
                                                {logs[0].pipe, POLLIN, 0},
                                                {logs[1].pipe, POLLIN, 0},
                                                {listener, POLLIN, 0}};
        for (int i = 0; i < n_connections; i++)
            p[4 + i] = (struct pollfd){connections[i], 0, 0};
        if (poll(p, (nfds_t)(4 + n_connections), -1) < 0)
            continue;
        for (int i = 0; i < 2; i++)
            if (p[1 + i].revents && !log_drain(&logs[i])) {
                close(logs[i].pipe);
                logs[i].pipe = -1;
            }
        if (p[3].revents)
            accept_one();
        for (int i = n_connections - 1; i >= 0; i--)
            if (p[4 + i].revents) {
                close(connections[i]);
                connections[i] = connections[--n_connections];
            }
        struct signalfd_siginfo info;
        if (p[0].revents && read(signals, &info, sizeof(info)) > 0 && reap(&status))
            return status;
    }
}

int main(int argc, char **argv)
{
    const char *dir = argc == 3 && !strcmp(argv[1], "executor") ? argv[2] : NULL;
    if (!dir || chdir(dir)) {
        fprintf(stderr, "usage: platform executor DIR\n");
        return 2;
    }
    setsid();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "platform-exec");
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    read_spec();
    if (signals < 0 || !spec.command || !logs[0].prefix || !logs[1].prefix)
        fail("executor.spec");
    log_open(&logs[0]);
    log_open(&logs[1]);
    start_task();
    write_pids();
    open_socket();
    int status = watch(signals);
    kill_leftovers();
    for (int i = 0; i < 2; i++)
        log_drain_rest(&logs[i]);
    int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    record_end("", sig ? 128 + sig : WEXITSTATUS(status), sig);
    return 0;
}
