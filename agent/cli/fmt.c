/* fmt: job files in their canonical layout, in place. */
#include "agent/base/file.h"
#include "agent/cli/cli_impl.h"
#include "jobs/job.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

struct fmt {
    struct cli *cli;
    bool check, list, write, recursive;
    bool failed, changed; /* some file was not as it should be */
};

static void tell(const struct job_mistakes *m)
{
    for (size_t i = 0; i < m->n; i++)
        fprintf(stderr, "%s\n%s%s", m->items[i].text,
                m->items[i].snippet ? m->items[i].snippet : "", m->items[i].snippet ? "\n" : "");
}

static void finish_file(struct fmt *f, const char *path, bool from_stdin, bool same,
                        const struct buf *out)
{
    struct err e = ERR_INIT;
    struct stat st;
    mode_t mode = stat(path, &st) ? 0644 : st.st_mode & 0777;
    f->changed |= !same;
    if (f->list && !same && !from_stdin)
        printf("%s\n", path);
    if (from_stdin && !f->check)
        fwrite(out->data, 1, out->len, stdout);
    else if (!same && f->write && !f->check &&
             file_write_atomic(path, out->data, out->len, mode, &e)) {
        fprintf(stderr, "%s\n", e.text);
        f->failed = true;
    }
}

static void format_file(struct fmt *f, const char *path)
{
    struct buf text = BUF_INIT, out = BUF_INIT;
    struct err e = ERR_INIT;
    bool from_stdin = str_eq(path, "-");
    struct job_mistakes m = {.arena = &f->cli->arena};
    if (file_read(from_stdin ? "/dev/stdin" : path, 1 << 20, &text, &e)) {
        fprintf(stderr, "%s\n", e.text);
        f->failed = true;
    } else {
        struct job_source s = {from_stdin ? "<stdin>" : path, buf_str(&text), text.len};
        if (job_file_format(&s, &f->cli->arena, &out, &m)) {
            tell(&m);
            f->failed = true;
        } else {
            bool same = out.len == text.len && (!out.len || !memcmp(out.data, text.data, out.len));
            finish_file(f, path, from_stdin, same, &out);
        }
    }
    buf_fini(&text);
    buf_fini(&out);
}

static bool is_job_file(const char *name)
{
    return str_has_suffix(name, ".hcl") || str_has_suffix(name, ".nomad");
}

static void format_path(struct fmt *f, const char *path)
{
    struct stat st;
    struct dirent **names;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        format_file(f, path);
        return;
    }
    int n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char *inner = arena_printf(&f->cli->arena, "%s/%s", path, names[i]->d_name);
        bool folder = !stat(inner, &st) && S_ISDIR(st.st_mode);
        if (!folder && is_job_file(names[i]->d_name))
            format_file(f, inner);
        else if (folder && f->recursive && names[i]->d_name[0] != '.')
            format_path(f, inner);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

int cmd_fmt(struct cli *c)
{
    struct fmt f = {.cli = c,
                    .check = cli_switch(c, "check", false),
                    .list = cli_switch(c, "list", true),
                    .write = cli_switch(c, "write", true),
                    .recursive = cli_switch(c, "recursive", false)};
    if (cli_unknown_flag(c))
        return 1;
    if (!c->n_args) {
        fprintf(stderr, "This command takes files, folders or '-': platform fmt [-check] [-list] "
                        "[-write] [-recursive] <path>...\n");
        return 1;
    }
    for (int i = 0; i < c->n_args; i++)
        format_path(&f, c->args[i]);
    return f.failed || (f.check && f.changed);
}
