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
static const struct hcl_block *job_block(struct hcl_source *s, const struct hcl_body *body)
{
    const struct hcl_block *job = NULL;
    for (size_t i = 0; i < body->n_attrs; i++)
        hcl_error(s, body->attrs[i].name_range, "Unsupported argument",
                  "An argument named \"%s\" is not expected here.", body->attrs[i].name);
    for (size_t i = 0; i < body->n_blocks; i++) {
        const struct hcl_block *b = &body->blocks[i];
        if (strcmp(b->type, "job"))
            hcl_error(s, b->type_range, "Unsupported block type",
                      "Blocks of type \"%s\" are not expected here.", b->type);
        else if (job)
            hcl_error(s, b->type_range, "Duplicate job block",
                      "Only one job block is allowed. Another was defined at %s.",
                      hcl_range_text(s, job->type_range));
        else if (b->n_labels != 1)
            hcl_error(s, b->type_range, "Missing name for job",
                      "All job blocks must have 1 labels (name).");
        else
            job = b;
    }
    if (!job && !s->n_diags)
        hcl_error(s, (struct hcl_range){0, 0}, "Missing job block", "A job block is required");
    return job;
}

int job_parse_hcl(const char *filename, const char *text, size_t len, struct arena *a,
                  struct job **out, struct job_mistakes *mistakes)
{
    struct hcl_source s = {.filename = filename, .text = text, .len = len, .arena = a};
    struct hcl_body *body = hcl_parse(&s);
    const struct hcl_block *block = job_block(&s, body);
    if (block) {
        struct job *j = *out = ARENA_NEW(a, struct job);
        rec_init(&job_desc, j);
        j->id = arena_strdup(a, block->labels[0]);
        hcl_decode(&s, block->body, &job_desc, j);
        if (!j->name)
            j->name = j->id;
    }
    hcl_free(&s);
    for (size_t i = 0; i < s.n_diags; i++) {
        struct job_mistake *m = mistake_new(mistakes);
        m->text = hcl_diag_text(&s, &s.diags[i]);
        m->snippet = hcl_diag_snippet(&s, &s.diags[i]);
    }
    return s.n_diags ? ERR_INVALID : 0;
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
