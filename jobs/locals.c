/* locals: worked out when asked for, in whatever order they refer to each other. */
#include "agent/base/str.h"
#include "jobs/inputs.h"

#include <stdlib.h>
#include <string.h>

static int compare_locals(const void *a, const void *b)
{
    const struct local *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    return c ? c
             : (x->attr->name_range.start > y->attr->name_range.start) -
                   (x->attr->name_range.start < y->attr->name_range.start);
}

static size_t count_locals(const struct hcl_body *body)
{
    size_t n = 0;
    for (size_t i = 0; i < body->n; i++)
        if (body->items[i].block && str_eq(body->items[i].block->type, "locals"))
            n += body->items[i].block->body->n;
    return n;
}

static void declare_block(struct inputs *in, const struct hcl_block *b)
{
    if (b->n_labels)
        hcl_diag_add(in->ev->diags, b->labels[0].range, "Extraneous label for locals",
                     "No labels are expected for locals blocks.");
    for (size_t i = 0; i < b->body->n; i++) {
        const struct hcl_item *it = &b->body->items[i];
        if (it->attr)
            in->locals[in->n_locals++] = (struct local){.name = it->attr->name, .attr = it->attr};
        else
            hcl_diag_add(in->ev->diags, it->block->type_range, "Unexpected block",
                         "Blocks are not allowed here: locals are written name = value.");
    }
}

void locals_declare(struct inputs *in, const struct hcl_body *body)
{
    in->locals = ARENA_ARRAY(in->ev->arena, struct local, count_locals(body) + 1);
    for (size_t i = 0; i < body->n; i++)
        if (body->items[i].block && str_eq(body->items[i].block->type, "locals"))
            declare_block(in, body->items[i].block);
    if (in->n_locals)
        qsort(in->locals, in->n_locals, sizeof *in->locals, compare_locals);
    for (size_t i = 1; i < in->n_locals; i++)
        if (str_eq(in->locals[i].name, in->locals[i - 1].name))
            hcl_diag_add(in->ev->diags, in->locals[i].attr->name_range, "Duplicate value in locals",
                         "Duplicate %s definition found. Another was made at %s.",
                         in->locals[i].name,
                         hcl_range_text(in->ev->diags, in->locals[i - 1].attr->name_range));
}

#define LOCAL_CHAIN_MAX 50 /* of locals that stand on each other: each is a level of the stack */

/* Locals see the file's own scope, not that of the place that asks. */
static bool work_out(struct inputs *in, struct hcl_eval *ev, struct hcl_range at, struct local *l)
{
    if (l->state == LOCAL_BUSY || ev->depth >= LOCAL_CHAIN_MAX) {
        hcl_diag_add(ev->diags, at,
                     l->state == LOCAL_BUSY ? "Circular reference" : "Nesting too deep",
                     l->state == LOCAL_BUSY ? "local.%s is defined in terms of itself."
                                            : "local.%s stands on too long a chain of locals.",
                     l->name);
        return false;
    }
    const struct hcl_scope *asking = ev->scope;
    const struct hcl_value *item = ev->splat_item;
    l->state = LOCAL_BUSY;
    ev->scope = &in->scope;
    ev->depth++;
    bool ok = hcl_eval(ev, l->attr->expr, &l->value);
    ev->depth--;
    ev->scope = asking;
    ev->splat_item = item;
    l->state = ok ? LOCAL_DONE : LOCAL_BROKEN;
    return ok;
}

static struct local *local_find(struct inputs *in, const char *name)
{
    size_t lo = 0, hi = in->n_locals;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(in->locals[mid].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < in->n_locals && str_eq(in->locals[lo].name, name) ? &in->locals[lo] : NULL;
}

/* 0 for a name there is not: the whole object's mistake says so, with the names it has. */
int local_member(struct inputs *in, struct hcl_eval *ev, struct hcl_range at, const char *name,
                 struct hcl_value *out)
{
    struct local *l = local_find(in, name);
    if (!l)
        return 0;
    if (l->state == LOCAL_BROKEN && ev->diags == in->ev->diags && ev->diags->n)
        return -1; /* told where it stands */
    if (l->state != LOCAL_DONE && !work_out(in, ev, at, l))
        return -1;
    *out = l->value;
    return 1;
}

void locals_check(struct inputs *in)
{
    for (size_t i = 0; i < in->n_locals; i++)
        if (in->locals[i].state == LOCAL_NEW)
            work_out(in, in->ev, in->locals[i].attr->name_range, &in->locals[i]);
}

/* Those that have been worked out; a local that asks for the whole object sees those before. */
const struct hcl_value *locals_object(struct inputs *in)
{
    struct hcl_member *m = ARENA_ARRAY(in->ev->arena, struct hcl_member, in->n_locals + 1);
    size_t n = 0;
    if (in->local_made)
        return &in->local;
    in->local_made = true;
    for (size_t i = 0; i < in->n_locals; i++) {
        in->local_made &= in->locals[i].state >= LOCAL_DONE;
        if (in->locals[i].state == LOCAL_DONE && (!n || strcmp(m[n - 1].key, in->locals[i].name)))
            m[n++] = (struct hcl_member){in->locals[i].name, in->locals[i].value};
    }
    in->local.members = m;
    in->local.n = n;
    return &in->local;
}
