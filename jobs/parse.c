/* Job files and API bodies to jobs; mistakes and how they are shown. */
#include "agent/base/str.h"
#include "jobs/inputs.h"

#include <stdarg.h>
#include <string.h>

static struct job_mistake *mistake_new(struct job_mistakes *m)
{
    static const struct rec_desc d = {"", sizeof(struct job_mistake), NULL, 0, false};
    struct rec_list l = {m->items, m->n};
    struct job_mistake *x = rec_list_add(&d, &l, m->arena);
    m->items = l.items;
    m->n = l.n;
    return x;
}

void job_mistake_add(struct job_mistakes *m, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    mistake_new(m)->text = arena_vprintf(m->arena, fmt, ap);
    va_end(ap);
}

void job_mistakes_write(const struct job_mistakes *m, struct buf *out)
{
    buf_printf(out, m->n == 1 ? "1 error occurred:\n" : "%zu errors occurred:\n", m->n);
    for (size_t i = 0; i < m->n; i++) {
        const char *text = m->items[i].text;
        buf_str_add(out, "\t* ");
        for (; *text; text++) { /* nested lists are indented once more */
            buf_char(out, *text);
            if (*text == '\n' && text[1])
                buf_str_add(out, "  ");
        }
        buf_char(out, '\n');
    }
    buf_char(out, '\n');
}

/* The one job block of the file. */
static const struct hcl_block *job_block(struct hcl_eval *ev, const struct hcl_body *body)
{
    struct hcl_diags *diags = ev->diags;
    const struct hcl_block *job = NULL;
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_attr *a = body->items[i].attr;
        const struct hcl_block *b = body->items[i].block;
        if (a)
            hcl_diag_add(diags, a->name_range, "Unsupported argument",
                         "An argument named \"%s\" is not expected here.", a->name);
        else if (str_eq(b->type, "variable") || str_eq(b->type, "variables") ||
                 str_eq(b->type, "locals"))
            continue;
        else if (strcmp(b->type, "job"))
            hcl_diag_add(diags, b->type_range, "Unsupported block type",
                         "Blocks of type \"%s\" are not expected here.", b->type);
        else if (job)
            hcl_diag_add(diags, b->head_range, "Duplicate job block",
                         "Only one job block is allowed. Another was defined at %s.",
                         hcl_range_text(diags, job->head_range));
        else
            job = b;
    }
    if (!job && !diags->n)
        hcl_diag_add(diags, (struct hcl_range){0, 0}, "Missing job block",
                     "A job block is required");
    return job;
}

/* The body without the blocks of one type, which go to `taken`: what a job file may write in a
 * place where the job has no field for it. */
static struct hcl_body *take_blocks(struct arena *a, const struct hcl_body *body, const char *type,
                                    struct hcl_body *taken)
{
    struct hcl_body *rest = ARENA_NEW(a, struct hcl_body);
    *rest = *taken = *body;
    rest->items = ARENA_ARRAY(a, struct hcl_item, body->n + 1);
    taken->items = ARENA_ARRAY(a, struct hcl_item, body->n + 1);
    rest->n = taken->n = 0;
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_block *b = body->items[i].block;
        struct hcl_body *to = b && !strcmp(b->type, type) ? taken : rest;
        to->items[to->n++] = body->items[i];
    }
    return rest;
}

/* A vault block of a job or group is every task's that has none. */
static void spread_vault(struct hcl_eval *ev, const struct hcl_body *blocks,
                         struct task_group *groups, size_t n)
{
    struct task holder;
    if (!blocks->n)
        return;
    rec_init(&task_desc, &holder);
    hcl_decode(ev, blocks, &task_desc, &holder);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < groups[i].tasks.n; k++)
            if (!groups[i].tasks.items[k].vault)
                groups[i].tasks.items[k].vault = holder.vault;
}

/* A task directly in the job is a group of its own; such groups stand first. */
static void groups_of_tasks(struct hcl_eval *ev, const struct hcl_body *blocks, struct job *j)
{
    struct task_group holder;
    struct task_groups all = {NULL, 0};
    rec_init(&task_group_desc, &holder);
    hcl_decode(ev, blocks, &task_group_desc, &holder);
    for (size_t i = 0; i < holder.tasks.n; i++) {
        struct task_group *g = rec_list_add(&task_group_desc, &all, ev->arena);
        g->name = holder.tasks.items[i].name;
        g->tasks.items = &holder.tasks.items[i];
        g->tasks.n = 1;
    }
    for (size_t i = 0; i < j->groups.n; i++)
        *(struct task_group *)rec_list_add(&task_group_desc, &all, ev->arena) = j->groups.items[i];
    if (holder.tasks.n)
        j->groups = all;
}

/* The blocks that hold what the job has no field for. */
static int job_labels(const void *ctx, const char *name)
{
    if (str_eq(name, "task"))
        return 1;
    return str_eq(name, "vault") ? 0 : hcl_desc_labels(&job_desc, name);
}
static int group_labels(const void *ctx, const char *name)
{
    return str_eq(name, "vault") ? 0 : hcl_desc_labels(&task_group_desc, name);
}

/* The group blocks without their vault blocks, which are kept in the order of the groups. */
static void take_group_vaults(struct hcl_eval *ev, struct hcl_body *body, struct hcl_body *vaults)
{
    size_t n = 0;
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_block *b = body->items[i].block;
        if (!b || strcmp(b->type, "group"))
            continue;
        struct hcl_block *copy = arena_memdup(ev->arena, b, sizeof *b);
        const struct hcl_body *all = hcl_json_blocks(ev, b->body, group_labels, NULL);
        struct hcl_body *taken = &vaults[n++];
        copy->body = take_blocks(ev->arena, all, "vault", taken);
        body->items[i].block = copy;
        for (size_t k = 0; b->scope && k < taken->n; k++) {
            struct hcl_block *vault = arena_memdup(ev->arena, taken->items[k].block, sizeof *b);
            vault->scope = b->scope;
            taken->items[k].block = vault;
        }
    }
}

static struct job *decode_job(struct hcl_eval *ev, const struct hcl_block *block)
{
    struct job *j = ARENA_NEW(ev->arena, struct job);
    struct hcl_body tasks, vaults;
    const struct hcl_body *all = hcl_expand(ev, hcl_json_blocks(ev, block->body, job_labels, NULL));
    struct hcl_body *body = take_blocks(ev->arena, all, "task", &tasks);
    body = take_blocks(ev->arena, body, "vault", &vaults);
    struct hcl_body *group_vaults = ARENA_ARRAY(ev->arena, struct hcl_body, body->n + 1);
    rec_init(&job_desc, j);
    take_group_vaults(ev, body, group_vaults);
    hcl_decode(ev, body, &job_desc, j);
    hcl_decode_labels(ev, block, &job_desc, j);
    for (size_t i = 0; i < j->groups.n; i++)
        spread_vault(ev, &group_vaults[i], &j->groups.items[i], 1);
    groups_of_tasks(ev, &tasks, j);
    spread_vault(ev, &vaults, j->groups.items, j->groups.n);
    if (!j->name)
        j->name = j->id;
    return j;
}

void mistakes_take(struct job_mistakes *m, struct hcl_diags *diags)
{
    for (size_t i = 0; i < diags->n; i++) {
        struct job_mistake *x = mistake_new(m);
        x->text = arena_strdup(m->arena, hcl_diag_text(diags, &diags->items[i]));
        x->snippet = arena_strdup(m->arena, hcl_diag_snippet(diags, &diags->items[i]));
    }
}

static bool is_json(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n'))
        i++;
    return i < len && text[i] == '{';
}

static int root_labels(const void *ctx, const char *name)
{
    if (str_eq(name, "job") || str_eq(name, "variable"))
        return 1;
    return str_eq(name, "locals") || str_eq(name, "variables") ? 0 : -1;
}

int job_parse(const struct job_source *source, const struct job_parse_options *options,
              struct arena *a, struct job **out, struct job_mistakes *mistakes)
{
    const struct hcl_file file = {source->name, source->text, source->len};
    struct hcl_file plain = file; /* JSON with its strings' escapes read */
    const struct hcl_env env = {options && options->files, options ? options->base_dir : NULL};
    struct hcl_diags diags;
    struct inputs in;
    size_t before = mistakes->n;
    hcl_diags_init(&diags, a, &file);
    struct hcl_eval ev = {.file = &plain, .arena = a, .diags = &diags, .env = &env};
    const struct hcl_body *body = is_json(file.text, file.len)
                                      ? hcl_parse_json(&file, a, &diags, &plain)
                                      : hcl_parse(&file, a, &diags);
    body = hcl_json_blocks(&ev, body, root_labels, NULL);
    const struct hcl_block *block = job_block(&ev, body);
    inputs_read(&in, &ev, body, options, mistakes);
    *out = block ? decode_job(&ev, block) : NULL;
    hcl_diags_sort(&diags);
    mistakes_take(mistakes, &diags);
    return mistakes->n > before ? ERR_INVALID : 0;
}

int job_parse_hcl(const char *filename, const char *text, size_t len, struct arena *a,
                  struct job **out, struct job_mistakes *mistakes)
{
    const struct job_source file = {filename, text, len};
    return job_parse(&file, NULL, a, out, mistakes);
}

int job_parse_json(const json_t *json, struct arena *a, struct job **out, struct err *e)
{
    struct job *j = *out = ARENA_NEW(a, struct job);
    rec_init(&job_desc, j);
    return rec_json_read(&job_desc, json, 0, a, j, e);
}

bool job_spec_equal(const struct job *a, const struct job *b)
{
    return rec_equal(&job_desc, a, b);
}

struct task_group *job_group_find(const struct job *job, const char *name)
{
    for (size_t i = 0; job && name && i < job->groups.n; i++)
        if (job->groups.items[i].name && !strcmp(job->groups.items[i].name, name))
            return &job->groups.items[i];
    return NULL;
}

struct task *group_task_find(const struct task_group *group, const char *name)
{
    for (size_t i = 0; group && name && i < group->tasks.n; i++)
        if (group->tasks.items[i].name && !strcmp(group->tasks.items[i].name, name))
            return &group->tasks.items[i];
    return NULL;
}
