/* plan: what running a job file would change, in the peer's layout. */
#include "agent/cli/cli_impl.h"
#include "jobs/diff.h"

#include <inttypes.h>

/* --- the answer ------------------------------------------------------------------------------ */

struct desired_updates {
    char *key;
    int64_t place, migrate, stop, destructive, canary;
};
static const struct rec_field updates_fields[] = {
    REC(struct desired_updates, place, "Place", REC_INT, 0),
    REC(struct desired_updates, migrate, "Migrate", REC_INT, 0),
    REC(struct desired_updates, stop, "Stop", REC_INT, 0),
    REC(struct desired_updates, destructive, "DestructiveUpdate", REC_INT, 0),
    REC(struct desired_updates, canary, "Canary", REC_INT, 0),
};
static const struct rec_desc updates_desc =
    REC_DESC("updates", struct desired_updates, updates_fields);
struct plan_annotations {
    struct REC_LIST_BODY(struct desired_updates) groups;
};
static const struct rec_field annotations_fields[] = {
    REC_OF(struct plan_annotations, groups, "DesiredTGUpdates", REC_MAP, 0, &updates_desc)};
static const struct rec_desc annotations_desc =
    REC_DESC("annotations", struct plan_annotations, annotations_fields);
struct plan_answer {
    struct plan_annotations annotations;
    struct REC_LIST_BODY(struct alloc_metric) failures;
    uint64_t job_modify_index;
    struct job_diff *diff;
    int64_t next_launch_ns;
    char *warnings;
};
static const struct rec_field answer_fields[] = {
    REC_OF(struct plan_answer, annotations, "Annotations", REC_STRUCT, 0, &annotations_desc),
    REC_OF(struct plan_answer, failures, "FailedTGAllocs", REC_MAP, 0, &alloc_metric_desc),
    REC(struct plan_answer, job_modify_index, "JobModifyIndex", REC_UINT, 0),
    REC_OF(struct plan_answer, diff, "Diff", REC_PTR, 0, &job_diff_desc),
    REC(struct plan_answer, next_launch_ns, "NextPeriodicLaunch", REC_OTIME, 0),
    REC(struct plan_answer, warnings, "Warnings", REC_STR, 0),
};
static const struct rec_desc answer_desc = REC_DESC("plan", struct plan_answer, answer_fields);

/* --- the difference -------------------------------------------------------------------------- */

struct widths { /* of a block's longest field name and marker */
    int field, marker;
};

static int marker_width(const char *type)
{
    return str_eq(type, "Edited") ? 4 : str_eq(type, "Added") || str_eq(type, "Deleted") ? 2 : 0;
}

static void add_marker(struct buf *b, const char *type)
{
    if (str_eq(type, "Added"))
        buf_str_add(b, UI_GREEN "+" UI_RESET " ");
    else if (str_eq(type, "Deleted"))
        buf_str_add(b, UI_RED "-" UI_RESET " ");
    else if (str_eq(type, "Edited"))
        buf_str_add(b, UI_LIGHT_YELLOW "+/-" UI_RESET " ");
}

static void widen(int *width, int to)
{
    *width = to > *width ? to : *width;
}

static struct widths measure(const struct diff_fields *fields, const struct diff_objects *objects)
{
    struct widths w = {0, 0};
    for (size_t i = 0; i < fields->n; i++) {
        widen(&w.field, (int)strlen(fields->items[i].name));
        widen(&w.marker, marker_width(fields->items[i].type));
    }
    for (size_t i = 0; i < objects->n; i++)
        widen(&w.marker, marker_width(objects->items[i].type));
    return w;
}

static void add_annotations(struct buf *b, const struct rec_strs *list)
{
    static const struct {
        const char *text, *colour;
    } known[] = {{"forces create", UI_GREEN},
                 {"forces destroy", UI_RED},
                 {"forces in-place update", UI_CYAN},
                 {"forces create/destroy update", UI_YELLOW}};
    for (size_t i = 0; i < list->n; i++) {
        const char *colour = NULL;
        for (size_t k = 0; k < 4; k++)
            if (str_eq(list->items[i], known[k].text))
                colour = known[k].colour;
        buf_printf(b, "%s%s%s%s", i ? ", " : "", colour ? colour : "", list->items[i],
                   colour ? UI_RESET : "");
    }
}

static void add_field(struct buf *b, const struct diff_field *f, int indent, struct widths w)
{
    buf_printf(b, "%*s", indent, "");
    add_marker(b, f->type);
    buf_printf(b, "%*s%s: %*s", w.marker - marker_width(f->type), "", f->name,
               w.field - (int)strlen(f->name), "");
    cli_quote(b,
              str_eq(f->type, "Deleted") || str_eq(f->type, "Edited") ? f->old_text : f->new_text);
    if (str_eq(f->type, "Edited")) {
        buf_str_add(b, " => ");
        cli_quote(b, f->new_text);
    }
    if (f->annotations.n) {
        buf_str_add(b, " (");
        add_annotations(b, &f->annotations);
        buf_char(b, ')');
    }
    buf_char(b, '\n');
}

/* Each on its lines, ending in a line break. */
static void add_parts(struct buf *b, const struct diff_fields *fields,
                      const struct diff_objects *objects, int indent, struct widths w)
{
    for (size_t i = 0; i < fields->n; i++)
        add_field(b, &fields->items[i], indent, w);
    for (size_t i = 0; i < objects->n; i++) {
        const struct diff_object *x = &objects->items[i];
        int width = marker_width(x->type), key = w.marker - width;
        buf_printf(b, "%*s", indent, "");
        add_marker(b, x->type);
        buf_printf(b, "%*s%s {\n", key, "", x->name);
        add_parts(b, &x->fields, &x->objects, indent + key + 2, measure(&x->fields, &x->objects));
        buf_printf(b, "%*s}\n", indent + width + key, "");
    }
}

static void add_task(struct buf *b, const struct diff_task *t, int indent, int key, bool verbose)
{
    buf_printf(b, "%*s", indent, "");
    add_marker(b, t->type);
    buf_printf(b, "%*s" UI_BOLD "Task: ", key, "");
    cli_quote(b, t->name);
    if (t->annotations.n) {
        buf_str_add(b, " " UI_RESET "(");
        add_annotations(b, &t->annotations);
        buf_char(b, ')');
    }
    buf_char(b, '\n');
    bool whole = str_eq(t->type, "Deleted") || str_eq(t->type, "Added");
    if (str_eq(t->type, "Edited") || (whole && verbose))
        add_parts(b, &t->fields, &t->objects, indent + 2, measure(&t->fields, &t->objects));
}

static const char *update_colour(const char *kind)
{
    static const struct {
        const char *kind, *colour;
    } colours[] = {{"create", UI_GREEN},        {"destroy", UI_RED},
                   {"migrate", UI_BLUE},        {"in-place update", UI_CYAN},
                   {"canary", UI_LIGHT_YELLOW}, {"create/destroy update", UI_YELLOW}};
    for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
        if (str_eq(colours[i].kind, kind))
            return colours[i].colour;
    return "";
}

static void add_group(struct buf *b, const struct diff_group *g, int key, bool verbose)
{
    add_marker(b, g->type);
    buf_printf(b, "%*s" UI_BOLD "Task Group: ", key, "");
    cli_quote(b, g->name);
    buf_str_add(b, UI_RESET);
    for (size_t i = 0; i < g->updates.n; i++)
        buf_printf(b, "%s" UI_RESET "%s%" PRId64 " %s", i ? ", " : " (",
                   update_colour(g->updates.items[i].key), g->updates.items[i].value,
                   g->updates.items[i].key);
    buf_str_add(b, g->updates.n ? UI_RESET ")\n" : "\n");
    struct widths w = measure(&g->fields, &g->objects);
    for (size_t i = 0; i < g->tasks.n; i++)
        widen(&w.marker, marker_width(g->tasks.items[i].type));
    if (str_eq(g->type, "Edited") || verbose)
        add_parts(b, &g->fields, &g->objects, key + 2, w);
    for (size_t i = 0; i < g->tasks.n; i++)
        add_task(b, &g->tasks.items[i], key + 2, w.marker - marker_width(g->tasks.items[i].type),
                 verbose);
}

void cli_diff_text(const struct job_diff *d, bool verbose, struct buf *b)
{
    add_marker(b, d->type);
    buf_str_add(b, UI_BOLD "Job: ");
    cli_quote(b, d->id);
    buf_char(b, '\n');
    struct widths w = measure(&d->fields, &d->objects);
    for (size_t i = 0; i < d->groups.n; i++)
        widen(&w.marker, marker_width(d->groups.items[i].type));
    if (str_eq(d->type, "Edited") || verbose)
        add_parts(b, &d->fields, &d->objects, 0, w);
    for (size_t i = 0; i < d->groups.n; i++)
        add_group(b, &d->groups.items[i], w.marker - marker_width(d->groups.items[i].type),
                  verbose);
}

/* --- the dry run ----------------------------------------------------------------------------- */

static void add_failures(struct buf *b, const struct plan_answer *p)
{
    for (size_t i = 0; i < p->failures.n; i++) {
        const struct alloc_metric *m = &p->failures.items[i];
        int64_t n = m->coalesced_failures + 1;
        buf_str_add(b, "  " UI_YELLOW "Task Group ");
        cli_quote(b, m->key);
        buf_printf(b, " (failed to place %" PRId64 " allocation%s):\n" UI_RESET UI_YELLOW, n,
                   n > 1 ? "s" : "");
        cli_metrics_text(m, "    ", b);
        b->len -= b->len && b->data[b->len - 1] == '\n';
        b->data[b->len] = '\0';
        buf_printf(b, UI_RESET "%s", i + 1 < p->failures.n ? "\n\n" : "");
    }
}

static void show_dry_run(const struct job *j, const struct plan_answer *p, struct cli *c)
{
    struct buf b = BUF_INIT;
    cli_output(UI_BOLD "Scheduler dry-run:" UI_RESET);
    if (!p->failures.n)
        buf_str_add(&b, UI_BOLD UI_GREEN "- All tasks successfully allocated." UI_RESET);
    else if (str_eq(j->type, "system"))
        buf_str_add(&b, UI_BOLD UI_YELLOW
                    "- WARNING: Failed to place allocations on all nodes." UI_RESET "\n");
    else
        buf_str_add(&b,
                    UI_BOLD UI_YELLOW "- WARNING: Failed to place all allocations." UI_RESET "\n");
    add_failures(&b, p);
    if (p->next_launch_ns > 0 && !j->parameterized)
        buf_printf(
            &b,
            "\n" UI_GREEN "- If submitted now, next periodic launch would be at %s (%s from now).",
            cli_time(c, p->next_launch_ns), cli_span(c, p->next_launch_ns - clock_wall_ns()));
    cli_output(buf_str(&b));
    cli_output("");
    buf_fini(&b);
}

static void show_index(struct cli *c, const struct plan_answer *p, const char *path)
{
    cli_output(arena_printf(
        &c->arena,
        UI_RESET UI_BOLD
        "Job Modify Index: %" PRIu64 UI_RESET
        "\nTo submit the job with version verification run:\n\nplatform job run -check-index "
        "%" PRIu64
        " %s\n\nWhen running the job with the check-index flag, the job will only be run "
        "if the\njob modify index given matches the server-side version. If the index "
        "has\nchanged, "
        "another user has modified the job and the plan's results are\npotentially invalid.",
        p->job_modify_index, p->job_modify_index, path));
}

/* --- the command ----------------------------------------------------------------------------- */

static bool ask(struct cli *c, const struct job *j, bool diff, struct plan_answer *p)
{
    struct buf body = BUF_INIT, out = BUF_INIT;
    struct err e = ERR_INIT;
    buf_str_add(&body, "{\"Job\":");
    rec_json_write(&job_desc, j, &body);
    buf_printf(&body, ",\"Diff\":%s,\"PolicyOverride\":false}", diff ? "true" : "false");
    int status = cli_send(c, "PUT", arena_printf(&c->arena, "/v1/job/%s/plan", j->id), &body, &out);
    rec_init(&answer_desc, p);
    bool ok =
        status == 200 && !rec_json_parse(&answer_desc, buf_str(&out), out.len, 0, &c->arena, p, &e);
    if (status && !ok)
        fprintf(stderr, "Error during plan: Unexpected response code: %d (%s)\n", status,
                buf_str(&out));
    buf_fini(&body);
    buf_fini(&out);
    return ok;
}

static bool anything_changes(const struct plan_answer *p)
{
    for (size_t i = 0; i < p->annotations.groups.n; i++) {
        const struct desired_updates *u = &p->annotations.groups.items[i];
        if (u->place + u->migrate + u->stop + u->destructive + u->canary > 0)
            return true;
    }
    return false;
}

int cmd_plan(struct cli *c)
{
    bool diff = cli_switch(c, "diff", true), verbose = cli_switch(c, "verbose", false);
    struct plan_answer p;
    cli_switch(c, "policy-override", false);
    cli_switch(c, "hcl1", false);
    struct job *j = cli_read_job(c, "plan");
    if (!j || !ask(c, j, diff, &p))
        return 255;
    if (p.diff) {
        struct buf b = BUF_INIT;
        cli_diff_text(p.diff, verbose, &b);
        b.len -= b.len && b.data[b.len - 1] == '\n';
        cli_output(arena_printf(&c->arena, "%.*s" UI_CLOSE "\n", (int)b.len, buf_str(&b)));
        buf_fini(&b);
    }
    show_dry_run(j, &p, c);
    if (!str_is_empty(p.warnings))
        cli_output(arena_printf(&c->arena, UI_BOLD UI_YELLOW "Job Warnings:\n%s" UI_RESET "\n",
                                p.warnings));
    show_index(c, &p, c->args[0]);
    return anything_changes(&p) ? 1 : 0;
}
