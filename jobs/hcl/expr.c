#include "agent/base/str.h"
#include "jobs/hcl/parse_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct hcl_expr *expr_new(struct hcl_parser *p, enum hcl_expr_kind kind, struct hcl_range range)
{
    struct hcl_expr *e = ARENA_NEW(p->arena, struct hcl_expr);
    e->kind = kind;
    e->range = range;
    e->depth = 1;
    return e;
}

struct hcl_range hcl_expr_range(const struct hcl_expr *e)
{
    return e->range;
}

bool expr_stand_on(struct hcl_parser *p, struct hcl_expr *e, const struct hcl_expr *child)
{
    if (child->depth >= e->depth)
        e->depth = child->depth + 1;
    if (e->depth <= HCL_DEPTH_MAX)
        return true;
    if (!p->dead)
        hcl_diag_add(p->diags, child->range, "Nesting too deep",
                     "Blocks and expressions may be nested at most %d levels deep.", HCL_DEPTH_MAX);
    p->dead = true;
    p->pos = p->len;
    p->tok = TOK_EOF;
    return false;
}

static struct hcl_expr *fail(struct hcl_parser *p, const char *summary, const char *detail)
{
    if (p->tok != TOK_BAD && !p->dead)
        hcl_diag_add(p->diags, p->at, summary, "%s", detail);
    return NULL;
}

struct hcl_pair *pair_add(struct hcl_parser *p, struct hcl_expr *e, size_t *cap)
{
    e->items = arena_grow(p->arena, e->items, e->n, cap, sizeof(*e->items));
    return &e->items[e->n++];
}

static struct hcl_expr *parse_number(struct hcl_parser *p)
{
    struct hcl_expr *e = expr_new(p, EXPR_LITERAL, p->at);
    e->literal.kind = HCL_NUMBER;
    e->literal.number = strtold(lex_text(p, p->at), NULL);
    if (!isfinite(e->literal.number)) {
        hcl_diag_add(p->diags, p->at, "Invalid number literal",
                     "The number is larger than the largest that can be counted with.");
        e->literal.number = 0;
    }
    lex_next(p);
    return e;
}

/* for k, v in coll : ... ; the current token is `for`. */
static struct hcl_expr *parse_for(struct hcl_parser *p, struct hcl_range start, enum hcl_tok close)
{
    struct hcl_expr *e = expr_new(p, EXPR_FOR, start);
    e->is_object = close == TOK_RBRACE;
    lex_next(p);
    if (p->tok != TOK_IDENT)
        return fail(p, "Invalid 'for' expression",
                    "For expression requires variable name after 'for'.");
    e->name = lex_text(p, p->at);
    lex_next(p);
    if (p->tok == TOK_COMMA) {
        lex_next(p);
        if (p->tok != TOK_IDENT)
            return fail(p, "Invalid 'for' expression",
                        "For expression requires value variable name after comma.");
        e->key_name = e->name;
        e->name = lex_text(p, p->at);
        lex_next(p);
    }
    if (!lex_is_word(p, "in"))
        return fail(p, "Invalid 'for' expression",
                    "For expression requires the 'in' keyword after its name declarations.");
    lex_next(p);
    if (!(e->a = parse_expr(p)) || !expr_stand_on(p, e, e->a))
        return NULL;
    if (p->tok != TOK_COLON)
        return fail(p, "Invalid 'for' expression",
                    "For expression requires a colon after the collection expression.");
    lex_next(p);
    if (!(e->b = parse_expr(p)) || !expr_stand_on(p, e, e->b))
        return NULL;
    if (e->is_object) {
        if (p->tok != TOK_ARROW)
            return fail(p, "Invalid 'for' expression",
                        "For expression requires \"=>\" between key and value.");
        lex_next(p);
        if (!(e->c = parse_expr(p)) || !expr_stand_on(p, e, e->c))
            return NULL;
        if (p->tok == TOK_ELLIPSIS) {
            e->group = true;
            lex_next(p);
        }
    }
    if (lex_is_word(p, "if")) {
        lex_next(p);
        if (!(e->d = parse_expr(p)) || !expr_stand_on(p, e, e->d))
            return NULL;
    }
    if (p->tok != close)
        return fail(p, "Invalid 'for' expression",
                    "Extra characters after the end of the 'for' expression.");
    e->range.end = p->at.end;
    return e;
}

static struct hcl_expr *list_body(struct hcl_parser *p, struct hcl_range start)
{
    lex_next(p);
    if (lex_is_word(p, "for"))
        return parse_for(p, start, TOK_RBRACK);
    struct hcl_expr *e = expr_new(p, EXPR_LIST, start);
    size_t cap = 0;
    while (p->tok != TOK_RBRACK) {
        struct hcl_expr *item = parse_expr(p);
        if (!item || !expr_stand_on(p, e, item))
            return NULL;
        pair_add(p, e, &cap)->value = item;
        if (p->tok == TOK_COMMA)
            lex_next(p);
        else if (p->tok != TOK_RBRACK)
            return fail(p, "Missing item separator",
                        "Expected a comma to mark the beginning of the next item.");
    }
    e->range.end = p->at.end;
    return e;
}

static struct hcl_expr *parse_list(struct hcl_parser *p)
{
    bool before = p->skip_newlines;
    p->skip_newlines = true;
    struct hcl_expr *e = list_body(p, p->at);
    p->skip_newlines = before;
    if (e)
        lex_next(p); /* ] */
    return e;
}

static struct hcl_expr *object_key(struct hcl_parser *p)
{
    if (p->tok != TOK_IDENT)
        return parse_expr(p);
    struct hcl_expr *e = expr_new(p, EXPR_LITERAL, p->at);
    e->literal.kind = HCL_STRING;
    e->literal.string = lex_text(p, p->at);
    e->literal.string_len = strlen(e->literal.string);
    lex_next(p);
    return e;
}

static void skip_newline_tokens(struct hcl_parser *p)
{
    while (p->tok == TOK_NEWLINE)
        lex_next(p);
}

static struct hcl_expr *object_body(struct hcl_parser *p, struct hcl_range start)
{
    struct hcl_expr *e = expr_new(p, EXPR_OBJECT, start);
    size_t cap = 0;
    for (skip_newline_tokens(p); p->tok != TOK_RBRACE; skip_newline_tokens(p)) {
        struct hcl_expr *key = object_key(p);
        if (!key || !expr_stand_on(p, e, key))
            return NULL;
        if (p->tok != TOK_EQUAL && p->tok != TOK_COLON)
            return fail(p, "Missing attribute value",
                        "Expected an attribute value, introduced by an equals sign (\"=\").");
        lex_next(p);
        struct hcl_expr *value = parse_expr(p);
        if (!value || !expr_stand_on(p, e, value))
            return NULL;
        *pair_add(p, e, &cap) = (struct hcl_pair){key, value};
        if (p->tok == TOK_COMMA || p->tok == TOK_NEWLINE)
            lex_next(p);
        else if (p->tok != TOK_RBRACE)
            return fail(p, "Missing attribute separator",
                        "Expected a newline or comma to mark the beginning of the next attribute.");
    }
    e->range.end = p->at.end;
    return e;
}

static struct hcl_expr *parse_object(struct hcl_parser *p)
{
    bool before = p->skip_newlines;
    struct hcl_range start = p->at;
    p->skip_newlines = true;
    lex_next(p);
    struct hcl_expr *e;
    if (lex_is_word(p, "for")) {
        e = parse_for(p, start, TOK_RBRACE);
    } else {
        p->skip_newlines = false;
        e = object_body(p, start);
    }
    p->skip_newlines = before;
    if (e)
        lex_next(p); /* } */
    return e;
}

static struct hcl_expr *parse_paren(struct hcl_parser *p)
{
    bool before = p->skip_newlines;
    struct hcl_expr *e = expr_new(p, EXPR_PAREN, p->at);
    p->skip_newlines = true;
    lex_next(p);
    e->a = parse_expr(p);
    if (e->a && p->tok != TOK_RPAREN)
        e->a = fail(p, "Unbalanced parentheses",
                    "Expected a closing parenthesis to terminate the expression.");
    p->skip_newlines = before;
    if (!e->a || !expr_stand_on(p, e, e->a))
        return NULL;
    e->range.end = p->at.end;
    lex_next(p); /* ) */
    return e;
}

static struct hcl_expr *call_args(struct hcl_parser *p, struct hcl_expr *e)
{
    size_t cap = 0;
    lex_next(p);
    while (p->tok != TOK_RPAREN) {
        struct hcl_expr *arg = parse_expr(p);
        if (!arg || !expr_stand_on(p, e, arg))
            return NULL;
        pair_add(p, e, &cap)->value = arg;
        if (p->tok == TOK_ELLIPSIS) {
            e->expand = true;
            lex_next(p);
            if (p->tok != TOK_RPAREN)
                return fail(p, "Missing closing parenthesis",
                            "An expanded function argument (with ...) must be immediately followed "
                            "by closing parentheses.");
        } else if (p->tok == TOK_COMMA) {
            lex_next(p);
        } else if (p->tok != TOK_RPAREN) {
            return fail(p, "Missing argument separator",
                        "A comma is required to separate each function argument from the next.");
        }
    }
    e->range.end = p->at.end;
    return e;
}

static struct hcl_expr *parse_word(struct hcl_parser *p)
{
    struct hcl_expr *e = expr_new(p, EXPR_VAR, p->at);
    e->name = lex_text(p, p->at);
    lex_next(p);
    if (p->tok == TOK_LPAREN) {
        bool before = p->skip_newlines;
        p->skip_newlines = true;
        e->kind = EXPR_CALL;
        e = call_args(p, e);
        p->skip_newlines = before;
        if (e)
            lex_next(p); /* ) */
        return e;
    }
    if (str_eq(e->name, "true") || str_eq(e->name, "false")) {
        e->kind = EXPR_LITERAL;
        e->literal.kind = HCL_BOOL;
        e->literal.boolean = e->name[0] == 't';
    } else if (str_eq(e->name, "null")) {
        e->kind = EXPR_LITERAL;
        e->literal.kind = HCL_NULL;
    }
    return e;
}

static struct hcl_expr *parse_primary(struct hcl_parser *p)
{
    switch (p->tok) {
    case TOK_NUMBER:
        return parse_number(p);
    case TOK_QUOTE:
        return parse_quoted(p);
    case TOK_HEREDOC:
        return parse_heredoc(p);
    case TOK_IDENT:
        return parse_word(p);
    case TOK_LBRACK:
        return parse_list(p);
    case TOK_LBRACE:
        return parse_object(p);
    case TOK_LPAREN:
        return parse_paren(p);
    default:
        return fail(p, "Invalid expression",
                    "Expected the start of an expression, but found an invalid expression token.");
    }
}

static struct hcl_expr *parse_postfix(struct hcl_parser *p, struct hcl_expr *e, bool attrs_only);

/* of[*].rest or of.*.rest: the rest is parsed upon EXPR_SPLAT_ITEM, which each item is in turn. */
static struct hcl_expr *parse_splat(struct hcl_parser *p, struct hcl_expr *of, bool attrs_only)
{
    struct hcl_expr *e = expr_new(p, EXPR_SPLAT, of->range);
    e->a = of;
    e->range.end = p->prev_end;
    e->b = parse_postfix(p, expr_new(p, EXPR_SPLAT_ITEM, of->range), attrs_only);
    if (!e->b || !expr_stand_on(p, e, e->a) || !expr_stand_on(p, e, e->b))
        return NULL;
    if (e->b->kind != EXPR_SPLAT_ITEM)
        e->range.end = e->b->range.end;
    return e;
}

static struct hcl_expr *parse_dot(struct hcl_parser *p, struct hcl_expr *of)
{
    lex_next(p);
    struct hcl_expr *e = expr_new(p, EXPR_ATTR, (struct hcl_range){of->range.start, p->at.end});
    e->a = of;
    if (p->tok == TOK_STAR) {
        lex_next(p);
        return parse_splat(p, of, true);
    }
    if (p->tok != TOK_IDENT && p->tok != TOK_NUMBER)
        return fail(p, "Invalid attribute name", "An attribute name is required after a dot.");
    e->name = lex_text(p, p->at);
    lex_next(p);
    return expr_stand_on(p, e, of) ? e : NULL;
}

static struct hcl_expr *parse_index(struct hcl_parser *p, struct hcl_expr *of)
{
    bool before = p->skip_newlines;
    struct hcl_expr *e = expr_new(p, EXPR_INDEX, of->range);
    e->a = of;
    p->skip_newlines = true;
    lex_next(p);
    bool splat = p->tok == TOK_STAR;
    if (splat)
        lex_next(p);
    else
        e->b = parse_expr(p);
    if ((splat || e->b) && p->tok != TOK_RBRACK) {
        e->b = fail(p, "Missing close bracket on index",
                    "The index operator must end with a closing bracket (\"]\").");
        splat = false;
    }
    p->skip_newlines = before;
    if (!splat && (!e->b || !expr_stand_on(p, e, of) || !expr_stand_on(p, e, e->b)))
        return NULL;
    e->range.end = p->at.end;
    lex_next(p); /* ] */
    return splat ? parse_splat(p, of, false) : e;
}

static struct hcl_expr *parse_postfix(struct hcl_parser *p, struct hcl_expr *e, bool attrs_only)
{
    while (e) {
        if (p->tok == TOK_DOT)
            e = parse_dot(p, e);
        else if (p->tok == TOK_LBRACK && !attrs_only)
            e = parse_index(p, e);
        else
            break;
    }
    return e;
}

static struct hcl_expr *parse_unary(struct hcl_parser *p)
{
    if (p->tok != TOK_NOT && p->tok != TOK_MINUS)
        return parse_postfix(p, parse_primary(p), false);
    if (!parser_enter(p))
        return NULL;
    struct hcl_expr *e = expr_new(p, EXPR_UNARY, p->at);
    e->op = p->tok;
    lex_next(p);
    e->a = parse_unary(p);
    parser_leave(p);
    if (!e->a || !expr_stand_on(p, e, e->a))
        return NULL;
    e->range.end = e->a->range.end;
    return e;
}

static int binary_level(enum hcl_tok t)
{
    switch (t) {
    case TOK_OR:
        return 1;
    case TOK_AND:
        return 2;
    case TOK_EQ:
    case TOK_NE:
        return 3;
    case TOK_LT:
    case TOK_LE:
    case TOK_GT:
    case TOK_GE:
        return 4;
    case TOK_PLUS:
    case TOK_MINUS:
        return 5;
    case TOK_STAR:
    case TOK_SLASH:
    case TOK_PERCENT:
        return 6;
    default:
        return 0;
    }
}

static struct hcl_expr *parse_binary(struct hcl_parser *p, int level)
{
    struct hcl_expr *left = level > 6 ? parse_unary(p) : parse_binary(p, level + 1);
    while (left && level <= 6 && binary_level(p->tok) == level) {
        struct hcl_expr *e = expr_new(p, EXPR_BINARY, left->range);
        e->op = p->tok;
        lex_next(p);
        e->a = left;
        e->b = parse_binary(p, level + 1);
        if (!e->b || !expr_stand_on(p, e, e->a) || !expr_stand_on(p, e, e->b))
            return NULL;
        e->range.end = e->b->range.end;
        left = e;
    }
    return left;
}

static struct hcl_expr *parse_conditional(struct hcl_parser *p)
{
    struct hcl_expr *test = parse_binary(p, 1);
    if (!test || p->tok != TOK_QUESTION)
        return test;
    struct hcl_expr *e = expr_new(p, EXPR_COND, test->range);
    e->a = test;
    lex_next(p);
    if (!(e->b = parse_expr(p)))
        return NULL;
    if (p->tok != TOK_COLON)
        return fail(p, "Missing false expression in conditional",
                    "The conditional operator (...?...:...) requires a false expression, delimited "
                    "by a colon.");
    lex_next(p);
    if (!(e->c = parse_expr(p)) || !expr_stand_on(p, e, e->a) || !expr_stand_on(p, e, e->b) ||
        !expr_stand_on(p, e, e->c))
        return NULL;
    e->range.end = e->c->range.end;
    return e;
}

struct hcl_expr *parse_expr(struct hcl_parser *p)
{
    if (!parser_enter(p))
        return NULL;
    struct hcl_expr *e = parse_conditional(p);
    parser_leave(p);
    return e;
}

struct hcl_expr *parse_expr_in(struct hcl_parser *p, struct hcl_range content)
{
    struct hcl_parser in = *p;
    in.len = content.end;
    in.pos = content.start;
    in.at = (struct hcl_range){content.start, content.start};
    in.skip_newlines = true;
    lex_next(&in);
    struct hcl_expr *e = parse_expr(&in);
    if (!e || in.tok == TOK_EOF)
        return e;
    return fail(&in, "Extra characters after expression",
                "An expression was successfully parsed, but extra characters were found after it.");
}

struct hcl_expr *hcl_parse_expr(const struct hcl_file *file, struct arena *a,
                                struct hcl_diags *diags)
{
    if (!hcl_text_is_readable(file, diags))
        return NULL;
    struct hcl_parser p = {
        .file = file, .text = file->text, .arena = a, .diags = diags, .len = (uint32_t)file->len};
    return parse_expr_in(&p, (struct hcl_range){0, p.len});
}
