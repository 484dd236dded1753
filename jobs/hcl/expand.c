/* Dynamic blocks: a block for each element of a collection. */
#include "agent/base/str.h"
#include "jobs/hcl/eval_impl.h"

#include <string.h>

struct iteration {
    const char *name;
    struct hcl_value object; /* {key = ..., value = ...} */
};
static const struct hcl_value *iteration_variable(const struct hcl_scope *s, const char *name)
{
    const struct iteration *it = s->data;
    return str_eq(name, it->name) ? &it->object : NULL;
}

/* What a dynamic block says of itself. */
struct dynamic {
    const struct hcl_block *block;
    const char *type, *iterator;
    const struct hcl_expr *for_each, *labels;
    const struct hcl_block *content;
};

static bool tell(struct hcl_eval *ev, struct hcl_range at, const char *summary, const char *detail)
{
    hcl_diag_add(ev->diags, at, summary, "%s", detail);
    return false;
}

static bool read_argument(struct hcl_eval *ev, const struct hcl_attr *a, struct dynamic *d)
{
    if (str_eq(a->name, "for_each")) {
        d->for_each = a->expr;
    } else if (str_eq(a->name, "labels")) {
        d->labels = a->expr;
    } else if (str_eq(a->name, "iterator")) {
        d->iterator = hcl_expr_word(a->expr);
        if (!d->iterator)
            return tell(ev, a->expr->range, "Invalid dynamic iterator name",
                        "Dynamic iterator must be a single variable name.");
    } else {
        hcl_diag_add(ev->diags, a->name_range, "Unsupported argument",
                     "An argument named \"%s\" is not expected here: a dynamic block has for_each, "
                     "iterator, labels and a content block.",
                     a->name);
        return false;
    }
    return true;
}

static bool read_content(struct hcl_eval *ev, const struct hcl_block *b, struct dynamic *d)
{
    if (!str_eq(b->type, "content"))
        return tell(ev, b->type_range, "Unsupported block type",
                    "Only a content block is expected in a dynamic block.");
    if (d->content)
        return tell(ev, b->head_range, "Extraneous dynamic content block",
                    "Only one nested content block is allowed for each dynamic block.");
    if (b->n_labels)
        return tell(ev, b->labels[0].range, "Extraneous label for content",
                    "No labels are expected for content blocks.");
    d->content = b;
    return true;
}

/* In JSON: "content" is the one block, without labels. */
static int dynamic_labels(const void *ctx, const char *name)
{
    return str_eq(name, "content") ? 0 : -1;
}

static bool read_dynamic(struct hcl_eval *ev, const struct hcl_block *b, struct dynamic *d)
{
    *d = (struct dynamic){.block = b};
    if (b->n_labels != 1)
        return tell(
            ev, b->head_range,
            b->n_labels ? "Extraneous label for dynamic" : "Missing name for dynamic",
            "All dynamic blocks must have 1 labels (type): the type of the blocks to make.");
    d->type = d->iterator = b->labels[0].text;
    bool ok = true;
    const struct hcl_body *body = hcl_json_blocks(ev, b->body, dynamic_labels, NULL);
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_item *it = &body->items[i];
        ok = (it->attr ? read_argument(ev, it->attr, d) : read_content(ev, it->block, d)) && ok;
    }
    if (!d->for_each)
        ok = tell(ev, b->head_range, "Missing required argument",
                  "The argument \"for_each\" is required, but no definition was found.");
    if (!d->content)
        ok = tell(ev, b->head_range, "Missing content block",
                  "A dynamic block must have a nested block of type \"content\" to describe the "
                  "body of each generated block.");
    return ok;
}

/* The labels are worked out anew for each block. */
static bool make_labels(struct hcl_eval *ev, const struct dynamic *d, struct hcl_block *out)
{
    struct hcl_value v;
    if (!d->labels)
        return true;
    if (!hcl_eval(ev, d->labels, &v))
        return false;
    if (v.kind != HCL_LIST)
        return tell(ev, d->labels->range, "Invalid dynamic block labels",
                    "The labels of a dynamic block are a list of strings.");
    out->labels = ARENA_ARRAY(ev->arena, struct hcl_label, v.n + 1);
    for (size_t i = 0; i < v.n; i++) {
        const char *s;
        if (!hcl_to_string(&v.items[i], ev->arena, &s))
            return tell(ev, d->labels->range, "Invalid dynamic block label",
                        v.items[i].kind == HCL_NULL
                            ? "Cannot use a null value as a dynamic block label."
                            : "Cannot use this value as a dynamic block label: string required.");
        out->labels[out->n_labels++] =
            (struct hcl_label){arena_strdup(ev->arena, s), d->labels->range};
    }
    return true;
}

static struct hcl_scope *iteration_scope(struct hcl_eval *ev, const struct dynamic *d,
                                         const struct hcl_value *of, size_t i)
{
    struct hcl_scope *scope = ARENA_NEW(ev->arena, struct hcl_scope);
    struct iteration *it = ARENA_NEW(ev->arena, struct iteration);
    struct hcl_member *m = ARENA_ARRAY(ev->arena, struct hcl_member, 2);
    m[0].key = "key";
    m[1].key = "value";
    if (of->kind == HCL_OBJECT) {
        value_set_string(&m[0].value, of->members[i].key, strlen(of->members[i].key));
        m[1].value = of->members[i].value;
    } else {
        m[1].value = of->items[i];
        m[0].value = of->form == HCL_SET
                         ? of->items[i]
                         : (struct hcl_value){.kind = HCL_NUMBER, .number = (long double)i};
    }
    it->name = d->iterator;
    it->object = (struct hcl_value){.kind = HCL_OBJECT, .members = m, .n = 2};
    *scope = (struct hcl_scope){.parent = ev->scope, .variable = iteration_variable, .data = it};
    return scope;
}

struct growing {
    struct hcl_item *items;
    size_t n, cap;
};
static void grow(struct hcl_eval *ev, struct growing *g, struct hcl_item item)
{
    g->items = arena_grow(ev->arena, g->items, g->n, &g->cap, sizeof(*g->items));
    g->items[g->n++] = item;
}

#define BLOCK_COST 256

static bool make_block(struct hcl_eval *ev, const struct dynamic *d, const struct hcl_value *of,
                       size_t i, struct growing *out)
{
    const struct hcl_scope *outer = ev->scope;
    struct hcl_block *b = ARENA_NEW(ev->arena, struct hcl_block);
    if (!eval_pay(ev, d->for_each, BLOCK_COST))
        return false;
    b->type = arena_strdup(ev->arena, d->type);
    b->type_range = d->block->labels[0].range;
    b->head_range = d->block->head_range;
    b->body = d->content->body;
    b->scope = ev->scope = iteration_scope(ev, d, of, i);
    bool ok = make_labels(ev, d, b);
    ev->scope = outer;
    if (ok)
        grow(ev, out, (struct hcl_item){NULL, b});
    return ok;
}

static void expand_block(struct hcl_eval *ev, const struct hcl_block *b, struct growing *out)
{
    struct dynamic d;
    struct hcl_value of;
    if (!read_dynamic(ev, b, &d) || !hcl_eval(ev, d.for_each, &of))
        return;
    if (of.kind != HCL_LIST && of.kind != HCL_OBJECT) {
        hcl_diag_add(ev->diags, d.for_each->range, "Invalid dynamic for_each value",
                     "Cannot use a %s value in for_each. An iterable collection is required.",
                     hcl_value_kind(&of));
        return;
    }
    for (size_t i = 0; i < of.n; i++)
        if (!make_block(ev, &d, &of, i, out))
            return;
}

const struct hcl_body *hcl_expand(struct hcl_eval *ev, const struct hcl_body *body)
{
    bool any = false;
    for (size_t i = 0; i < body->n; i++)
        any |= body->items[i].block && str_eq(body->items[i].block->type, "dynamic");
    if (!any)
        return body;
    struct growing out = {NULL, 0, 0};
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_block *b = body->items[i].block;
        if (b && str_eq(b->type, "dynamic"))
            expand_block(ev, b, &out);
        else
            grow(ev, &out, body->items[i]);
    }
    struct hcl_body *made = ARENA_NEW(ev->arena, struct hcl_body);
    *made = *body;
    made->items = out.items;
    made->n = out.n;
    return made;
}
