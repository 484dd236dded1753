/* What an expression refers to, without evaluating it. */
#include "jobs/hcl/parse_impl.h"

#include <string.h>

const char *hcl_expr_word(const struct hcl_expr *e)
{
    if (e->json && e->kind == EXPR_LITERAL && e->literal.kind == HCL_STRING)
        return e->literal.string;
    return e->kind == EXPR_VAR ? e->name : NULL;
}

typedef void (*visit_cb)(void *ctx, struct hcl_range at, const char *root, const char *member);

static void walk_parts(const struct hcl_parts *parts, visit_cb visit, void *ctx)
{
    for (size_t i = 0; i < parts->n; i++) {
        const struct hcl_part *p = &parts->items[i];
        if (p->expr)
            hcl_expr_roots(p->expr, visit, ctx);
        walk_parts(&p->then_parts, visit, ctx);
        walk_parts(&p->else_parts, visit, ctx);
    }
}

/* A bare root, or one with the member asked for. True when `e` was such a thing. */
static bool walk_root(const struct hcl_expr *e, visit_cb visit, void *ctx)
{
    if (e->kind == EXPR_VAR) {
        visit(ctx, e->range, e->name, NULL);
        return true;
    }
    if ((e->kind != EXPR_ATTR && e->kind != EXPR_INDEX) || e->a->kind != EXPR_VAR)
        return false;
    if (e->kind == EXPR_INDEX && (e->b->kind != EXPR_LITERAL || e->b->literal.kind != HCL_STRING))
        return false;
    visit(ctx, e->range, e->a->name, e->kind == EXPR_ATTR ? e->name : e->b->literal.string);
    return true;
}

void hcl_expr_roots(const struct hcl_expr *e, visit_cb visit, void *ctx)
{
    if (walk_root(e, visit, ctx))
        return;
    const struct hcl_expr *const under[] = {e->a, e->b, e->c, e->d};
    for (size_t i = 0; i < sizeof under / sizeof under[0]; i++)
        if (under[i])
            hcl_expr_roots(under[i], visit, ctx);
    for (size_t i = 0; i < e->n; i++) {
        if (e->items[i].key)
            hcl_expr_roots(e->items[i].key, visit, ctx);
        hcl_expr_roots(e->items[i].value, visit, ctx);
    }
    walk_parts(&e->parts, visit, ctx);
}
