/* Functions on paths and files; those that read do so only where the environment lets them. */
#include "agent/base/file.h"
#include "agent/base/str.h"
#include "jobs/hcl/functions.h"

#include <fnmatch.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char disabled[] = "filesystem function disabled";

static const char *expand_home(struct hcl_call *c, const char *path)
{
    const char *home = getenv("HOME");
    if (path[0] != '~' || (path[1] && path[1] != '/') || !home)
        return path;
    return arena_printf(c->arena, "%s%s", home, path + 1);
}

static bool may_read(const struct hcl_call *c)
{
    return c->ev->env && c->ev->env->files;
}

static const char *full_path(struct hcl_call *c, const char *path)
{
    path = expand_home(c, path);
    if (*path == '/' || !c->ev->env || !c->ev->env->base_dir)
        return path;
    return arena_printf(c->arena, "%s/%s", c->ev->env->base_dir, path);
}

/* Borrowed from the arena; NULL with the complaint in *wrong. */
static char *read_text(struct hcl_call *c, int arg, const char *path, size_t *len,
                       const char **wrong)
{
    struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    struct stat st;
    char *text = NULL;
    const char *full = full_path(c, path);
    if (stat(full, &st) || !S_ISREG(st.st_mode))
        *wrong = wrong_arg(c, arg, "no file exists at %.200s", path);
    else if (file_read(full, HCL_TEXT_MAX, &b, &e))
        *wrong = wrong_arg(c, arg, "failed to read %.200s: %s", path, e.text);
    else if (!hcl_pay(c->ev, b.len))
        *wrong = MAX_WORK_TEXT;
    else
        text = arena_strndup(c->arena, buf_str(&b), *len = b.len);
    buf_fini(&b);
    return text;
}

static const char *fn_file(struct hcl_call *c)
{
    size_t n = 0;
    const char *wrong = NULL;
    if (!may_read(c))
        return disabled;
    char *text = read_text(c, 0, c->args[0].string, &n, &wrong);
    if (!text)
        return wrong;
    if (!str_is_utf8(text, n) || strlen(text) != n)
        return wrong_arg(c, 0,
                         "contents of %.200s are not valid UTF-8; use filebase64 to read "
                         "them",
                         c->args[0].string);
    return give_bytes(c, text, n);
}

static const char *fn_filebase64(struct hcl_call *c)
{
    size_t n = 0;
    const char *wrong = NULL;
    if (!may_read(c))
        return disabled;
    char *text = read_text(c, 0, c->args[0].string, &n, &wrong);
    struct buf b = BUF_INIT;
    if (!text)
        return wrong;
    buf_base64(&b, text, n);
    return give_buf(c, &b);
}

static const char *fn_fileexists(struct hcl_call *c)
{
    struct stat st;
    if (!may_read(c))
        return disabled;
    if (stat(full_path(c, c->args[0].string), &st))
        return give_bool(c, false);
    if (!S_ISREG(st.st_mode))
        return wrong_arg(c, 0, "%.200s is not a regular file, but a directory or device",
                         c->args[0].string);
    return give_bool(c, true);
}

#define FILES_MAX 10000

struct finding {
    struct hcl_call *c;
    const char *root, *pattern;
    struct values found;
    size_t seen;
};

/* ** stands for any number of directories, * and ? for parts of one name. */
static bool path_matches(const char *pattern, const char *path)
{
    if (str_has_prefix(pattern, "**/")) {
        if (path_matches(pattern + 3, path))
            return true;
        const char *slash = strchr(path, '/');
        return slash && path_matches(pattern, slash + 1);
    }
    const char *slash = strchr(pattern, '/'), *dir = strchr(path, '/');
    if (!slash)
        return str_eq(pattern, "**") || (!dir && !fnmatch(pattern, path, 0));
    if (!dir)
        return false;
    char first[NAME_MAX + 1], name[NAME_MAX + 1];
    size_t n = (size_t)(slash - pattern), m = (size_t)(dir - path);
    if (n > NAME_MAX || m > NAME_MAX)
        return false;
    memcpy(first, pattern, n);
    first[n] = '\0';
    memcpy(name, path, m);
    name[m] = '\0';
    return !fnmatch(first, name, 0) && path_matches(slash + 1, dir + 1);
}

static void walk_files(struct finding *f, const char *below, int depth)
{
    DIR *d = opendir(*below ? arena_printf(f->c->arena, "%s/%s", f->root, below) : f->root);
    struct dirent *e;
    while (d && depth < 32 && f->seen < FILES_MAX && (e = readdir(d))) {
        struct stat st;
        if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
            continue;
        f->seen++;
        const char *path = arena_printf(f->c->arena, "%s%s%s", below, *below ? "/" : "", e->d_name);
        if (lstat(arena_printf(f->c->arena, "%s/%s", f->root, path), &st))
            continue;
        if (S_ISDIR(st.st_mode))
            walk_files(f, path, depth + 1);
        else if (S_ISREG(st.st_mode) && path_matches(f->pattern, path))
            value_set_string(values_add(f->c->arena, &f->found), path, strlen(path));
    }
    if (d)
        closedir(d);
}

static const char *fn_fileset(struct hcl_call *c)
{
    struct finding f = {.c = c, .pattern = c->args[1].string};
    if (!may_read(c))
        return disabled;
    f.root = full_path(c, c->args[0].string);
    walk_files(&f, "", 0);
    if (f.seen >= FILES_MAX)
        return wrong_arg(c, 0, "there are more than %d files under it", FILES_MAX);
    *c->out = (struct hcl_value){.kind = HCL_LIST, .items = f.found.items, .n = f.found.n};
    value_make_set(c->out);
    return NULL;
}

/* --- paths ----------------------------------------------------------------------------------- */

/* "." and ".." and doubled slashes worked out by the text alone. */
static const char *clean(struct hcl_call *c, const char *path)
{
    struct buf b = BUF_INIT;
    bool rooted = *path == '/';
    for (; *path; path += strspn(path, "/")) {
        size_t n = strcspn(path, "/");
        bool up = n == 2 && !strncmp(path, "..", 2);
        size_t last = b.len;
        while (last && b.data[last - 1] != '/')
            last--;
        bool at_up = b.len - last == 2 && b.len >= 2 && !strncmp(b.data + last, "..", 2);
        if (up && b.len && !at_up) {
            b.len = last ? last - 1 : 0;
            b.data[b.len] = '\0';
        } else if (n && !(n == 1 && *path == '.') && !(up && rooted)) {
            if (b.len)
                buf_char(&b, '/');
            buf_add(&b, path, n);
        }
        path += n;
    }
    const char *out = arena_printf(c->arena, "%s%s", rooted ? "/" : b.len ? "" : ".", buf_str(&b));
    buf_fini(&b);
    return out;
}

static const char *fn_abspath(struct hcl_call *c)
{
    char cwd[PATH_MAX];
    const char *path = c->args[0].string;
    if (*path == '/')
        return give_text(c, clean(c, path));
    if (!may_read(c))
        return disabled;
    if (!getcwd(cwd, sizeof cwd))
        return "the working directory is not known";
    return give_text(c, clean(c, arena_printf(c->arena, "%s/%s", cwd, path)));
}

static const char *fn_basename(struct hcl_call *c)
{
    size_t n = c->args[0].string_len;
    const char *s = c->args[0].string;
    while (n > 1 && s[n - 1] == '/')
        n--;
    if (!n)
        return give_text(c, ".");
    size_t start = n;
    while (start && s[start - 1] != '/')
        start--;
    return n == 1 && *s == '/' ? give_text(c, "/") : give_bytes(c, s + start, n - start);
}

static const char *fn_dirname(struct hcl_call *c)
{
    const char *s = c->args[0].string, *slash = strrchr(s, '/');
    if (!slash)
        return give_text(c, ".");
    return give_text(c, clean(c, arena_strndup(c->arena, s, (size_t)(slash - s) + 1)));
}

static const char *fn_pathexpand(struct hcl_call *c)
{
    if (c->args[0].string[0] == '~' && !may_read(c))
        return disabled;
    return give_text(c, expand_home(c, c->args[0].string));
}

/* --- templates ------------------------------------------------------------------------------- */

struct template_vars {
    const struct hcl_value *vars;
};
static const struct hcl_value *template_variable(const struct hcl_scope *s, const char *name)
{
    const struct template_vars *t = s->data;
    return value_member(t->vars, name);
}
static bool nothing_else(const struct hcl_scope *s, const char *name)
{
    return true;
}
static const struct hcl_function *template_function(const struct hcl_scope *s, const char *name)
{
    return hcl_function_find(name);
}

#define TEMPLATE_DEPTH_MAX 8

static const char *fn_templatefile(struct hcl_call *c)
{
    size_t n = 0;
    const char *wrong = NULL;
    if (!may_read(c))
        return disabled;
    if (c->ev->depth >= TEMPLATE_DEPTH_MAX)
        return "templates read each other too deep";
    char *text = read_text(c, 0, c->args[0].string, &n, &wrong);
    if (!text)
        return wrong;
    const struct hcl_file file = {c->args[0].string, text, n};
    struct hcl_diags diags;
    hcl_diags_init(&diags, c->arena, &file);
    struct template_vars vars = {&c->args[1]};
    const struct hcl_scope scope = {.variable = template_variable,
                                    .function = template_function,
                                    .strict_root = nothing_else,
                                    .data = &vars};
    struct hcl_eval ev = {.file = &file,
                          .arena = c->arena,
                          .diags = &diags,
                          .scope = &scope,
                          .env = c->ev->env,
                          .work = c->ev->work,
                          .depth = c->ev->depth + 1};
    const struct hcl_expr *e = hcl_parse_template(&file, c->arena, &diags);
    if (e)
        hcl_eval(&ev, e, c->out);
    c->ev->work = ev.work;
    return diags.n ? hcl_diag_text(&diags, &diags.items[0]) : NULL;
}

const struct hcl_function hcl_fn_file[] = {
    {"file", "s:path", fn_file},
    {"filebase64", "s:path", fn_filebase64},
    {"fileexists", "s:path", fn_fileexists},
    {"fileset", "s:path s:pattern", fn_fileset},
    {"templatefile", "s:path m:vars", fn_templatefile},
    {"abspath", "s:path", fn_abspath},
    {"basename", "s:path", fn_basename},
    {"dirname", "s:path", fn_dirname},
    {"pathexpand", "s:path", fn_pathexpand},
    {NULL, NULL, NULL},
};
