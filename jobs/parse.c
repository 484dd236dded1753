/* Job files and API bodies to jobs; mistakes and how they are shown. */
#include "jobs/hcl/hcl.h"
#include "jobs/job.h"

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
static const struct hcl_block *job_block(struct hcl_diags *diags, const struct hcl_body *body)
{
    const struct hcl_block *job = NULL;
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_attr *a = body->items[i].attr;
        const struct hcl_block *b = body->items[i].block;
        if (a)
            hcl_diag_add(diags, a->name_range, "Unsupported argument",
                         "An argument named \"%s\" is not expected here.", a->name);
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

/* The group blocks without their vault blocks, which are kept in the order of the groups. */
static void take_group_vaults(struct arena *a, struct hcl_body *body, struct hcl_body *vaults)
{
    size_t n = 0;
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_block *b = body->items[i].block;
        if (!b || strcmp(b->type, "group"))
            continue;
        struct hcl_block *copy = arena_memdup(a, b, sizeof *b);
        copy->body = take_blocks(a, b->body, "vault", &vaults[n++]);
        body->items[i].block = copy;
    }
}

static struct job *decode_job(struct hcl_eval *ev, const struct hcl_block *block)
{
    struct job *j = ARENA_NEW(ev->arena, struct job);
    struct hcl_body tasks, vaults;
    struct hcl_body *body = take_blocks(ev->arena, block->body, "task", &tasks);
    body = take_blocks(ev->arena, body, "vault", &vaults);
    struct hcl_body *group_vaults = ARENA_ARRAY(ev->arena, struct hcl_body, body->n + 1);
    rec_init(&job_desc, j);
    take_group_vaults(ev->arena, body, group_vaults);
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

/* What a job file may not leave to the runtime. */
static bool is_ours(const struct hcl_scope *s, const char *name)
{
    return !strcmp(name, "var") || !strcmp(name, "local");
}

int job_parse_hcl(const char *filename, const char *text, size_t len, struct arena *a,
                  struct job **out, struct job_mistakes *mistakes)
{
    const struct hcl_file file = {filename, text, len};
    const struct hcl_scope scope = {.strict_root = is_ours};
    struct hcl_diags diags;
    hcl_diags_init(&diags, a, &file);
    struct hcl_eval ev = {.file = &file, .arena = a, .diags = &diags, .scope = &scope};
    const struct hcl_body *body = hcl_parse(&file, a, &diags);
    const struct hcl_block *block = job_block(&diags, body);
    *out = block ? decode_job(&ev, block) : NULL;
    hcl_diags_sort(&diags);
    for (size_t i = 0; i < diags.n; i++) {
        struct job_mistake *m = mistake_new(mistakes);
        m->text = hcl_diag_text(&diags, &diags.items[i]);
        m->snippet = hcl_diag_snippet(&diags, &diags.items[i]);
    }
    return diags.n ? ERR_INVALID : 0;
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
