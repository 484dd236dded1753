/* http-echo: a little web server to learn with. Answers every path with one text; /health with
 * "ok".
 *
 *     http-echo -listen :8080 -text "hello world"
 *
 * One thread, poll(2), keep-alive; ends on SIGINT or SIGTERM once the answers under way are out. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS    1024
#define MAX_HEAD       8192
#define FINISH_SECONDS 5

struct client {
    char head[MAX_HEAD + 1];
    size_t have;
    char *out; /* the answer's rest */
    size_t out_len, out_at;
    bool close_after;
};

static struct pollfd fds[MAX_CLIENTS + 1];
static struct client *clients[MAX_CLIENTS + 1];
static int n_fds = 1;
static const char *text_to_say;
static volatile sig_atomic_t stopping;

static void on_signal(int s)
{
    stopping = 1;
}

static void usage(FILE *f)
{
    fprintf(f, "Usage of http-echo:\n"
               "  -listen string\n"
               "    \taddress and port to listen (default \":5678\")\n"
               "  -text string\n"
               "    \ttext to put on the webpage\n"
               "  -version\n"
               "    \tdisplay version information\n");
}

/* ":8080" or "127.0.0.1:8080" */
static int listen_on(const char *address)
{
    const char *colon = strrchr(address, ':');
    char host[64] = "0.0.0.0", *end;
    long port = colon ? strtol(colon + 1, &end, 10) : -1;
    if (!colon || *end || end == colon + 1 || port < 0 || port > 65535) {
        fprintf(stderr, "http-echo: -listen %s: not an address and port\n", address);
        return -1;
    }
    if (colon > address)
        snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &sin.sin_addr) != 1) {
        fprintf(stderr, "http-echo: -listen %s: not an IPv4 address\n", address);
        return -1;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 128)) {
        fprintf(stderr, "http-echo: listen %s: %s\n", address, strerror(errno));
        return -1;
    }
    return fd;
}

static void drop(int i)
{
    close(fds[i].fd);
    free(clients[i]->out);
    free(clients[i]);
    fds[i] = fds[--n_fds];
    clients[i] = clients[n_fds];
}

static void accept_all(void)
{
    int fd, on = 1;
    while (n_fds <= MAX_CLIENTS &&
           (fd = accept4(fds[0].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        clients[n_fds] = calloc(1, sizeof(struct client));
        if (!clients[n_fds])
            abort();
        fds[n_fds++] = (struct pollfd){fd, POLLIN, 0};
    }
}

/* The value of a header, as far as this server cares: found without regard to case. */
static const char *header(const char *head, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = strstr(head, "\r\n"); p && p[2] != '\r'; p = strstr(p + 2, "\r\n"))
        if (!strncasecmp(p + 2, name, n) && p[2 + n] == ':')
            return p + 2 + n + 1 + strspn(p + 2 + n + 1, " ");
    return NULL;
}

static void answer(struct client *c, const char *head)
{
    char path[1024] = "/", date[64];
    time_t now = time(NULL);
    struct tm tm;
    sscanf(head, "%*s %1023s", path);
    path[strcspn(path, "?")] = '\0';
    bool health = !strcmp(path, "/health");
    const char *body = health ? "{\"status\":\"ok\"}" : text_to_say;
    const char *connection = header(head, "Connection");
    bool head_only = !strncmp(head, "HEAD ", 5);
    c->close_after = stopping || (connection && !strncasecmp(connection, "close", 5)) ||
                     strstr(head, " HTTP/1.0\r\n");
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    int n = asprintf(
        &c->out,
        "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nDate: %s\r\nContent-Length: %zu\r\n%s\r\n%s%s",
        health ? "application/json; charset=utf-8" : "text/plain; charset=utf-8", date,
        strlen(body) + 1, c->close_after ? "Connection: close\r\n" : "", head_only ? "" : body,
        head_only ? "" : "\n");
    if (n < 0)
        abort();
    c->out_len = (size_t)n;
    c->out_at = 0;
}

/* Takes one whole request off the front; a body is read past by its length. */
static bool take_request(struct client *c)
{
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end || c->out)
        return false;
    char saved = end[4];
    end[4] = '\0';
    const char *length = header(c->head, "Content-Length");
    size_t body = length ? strtoul(length, NULL, 10) : 0, head = (size_t)(end + 4 - c->head);
    size_t rest = c->have - head;
    answer(c, c->head);
    if (body > rest || header(c->head, "Transfer-Encoding"))
        c->close_after = true; /* what is still to come of the body is not waited for */
    end[4] = saved;
    size_t used = body > rest ? c->have : head + body;
    memmove(c->head, c->head + used, c->have - used + 1);
    c->have -= used;
    return true;
}

/* Returns false when the client is done with. */
static bool serve(int i)
{
    struct client *c = clients[i];
    for (;;) {
        while (c->out && c->out_at < c->out_len) {
            ssize_t n = send(fds[i].fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);
            if (n < 0) {
                fds[i].events = POLLOUT;
                return errno == EAGAIN || errno == EINTR;
            }
            c->out_at += (size_t)n;
        }
        if (c->out) {
            free(c->out);
            c->out = NULL;
            if (c->close_after)
                return false;
        }
        if (take_request(c))
            continue;
        fds[i].events = POLLIN;
        if (c->have == MAX_HEAD)
            return false;
        ssize_t n = recv(fds[i].fd, c->head + c->have, MAX_HEAD - c->have, 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        c->have += (size_t)n;
        c->head[c->have] = '\0';
    }
}

/* Those who have asked get their answer, if they take it within the time. */
static void finish(void)
{
    accept_all(); /* whoever waited to be let in may have asked already */
    close(fds[0].fd);
    fds[0].fd = -1;
    for (int i = n_fds - 1; i > 0; i--)
        if (!serve(i) || !clients[i]->out)
            drop(i);
    time_t end = time(NULL) + FINISH_SECONDS;
    while (n_fds > 1 && time(NULL) < end) {
        if (poll(fds, (nfds_t)n_fds, 1000) <= 0)
            continue;
        for (int i = n_fds - 1; i > 0; i--)
            if (fds[i].revents && (!serve(i) || !clients[i]->out))
                drop(i);
    }
    while (n_fds > 1)
        drop(n_fds - 1);
}

static void run(void)
{
    sigset_t none;
    sigemptyset(&none);
    while (!stopping) {
        fds[0].events = n_fds <= MAX_CLIENTS ? POLLIN : 0; /* full: the others wait their turn */
        /* signals come only here, so that none is missed between the test and the wait */
        if (ppoll(fds, (nfds_t)n_fds, NULL, &none) < 0)
            continue;
        for (int i = n_fds - 1; i > 0; i--)
            if (fds[i].revents && !serve(i))
                drop(i);
        if (fds[0].revents & POLLIN)
            accept_all();
    }
    finish();
}

int main(int argc, char **argv)
{
    const char *address = ":5678";
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i] + strspn(argv[i], "-");
        if (!strcmp(name, "version")) {
            printf("http-echo v0.2.3\n");
            return 0;
        }
        if (!strcmp(name, "listen") && i + 1 < argc) {
            address = argv[++i];
        } else if (!strcmp(name, "text") && i + 1 < argc) {
            text_to_say = argv[++i];
        } else {
            usage(stderr);
            return strcmp(name, "help") && strcmp(name, "h") ? 2 : 0;
        }
    }
    if (!text_to_say) {
        fprintf(stderr, "Missing -text option!\n");
        return 127;
    }
    fds[0] = (struct pollfd){listen_on(address), POLLIN, 0};
    if (fds[0].fd < 0)
        return 1;
    struct sigaction sa = {.sa_handler = on_signal};
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    printf("Server is listening on %s\n", address);
    fflush(stdout);
    run();
    return 0;
}
