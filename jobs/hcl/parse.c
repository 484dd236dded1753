/* Bodies: arguments and blocks. After a mistake the parser skips to the next line at the same depth
 * and goes on, so that one reading tells every mistake. */
#include "agent/base/str.h"
#include "jobs/hcl/parse_impl.h"

#include <string.h>

struct items {
    struct hcl_item *items;
    size_t n, cap;
};

static void items_add(struct hcl_parser *p, struct items *l, struct hcl_item item)
{
    l->items = arena_grow(p->arena, l->items, l->n, &l->cap, sizeof(*l->items));
    l->items[l->n++] = item;
}

/* To the newline that ends the broken item, or the brace that ends the body, whose items stand
 * `open` brackets deep. */
static void recover(struct hcl_parser *p, long open)
{
    p->skip_newlines = false;
    while (p->tok != TOK_EOF) {
        if ((p->tok == TOK_NEWLINE && p->open <= open) || (p->tok == TOK_RBRACE && p->open < open))
            return;
        if (p->tok == TOK_QUOTE)
            (void)parse_quoted(p);
        else if (p->tok == TOK_HEREDOC)
            (void)parse_heredoc(p);
        else
            lex_next(p);
        p->skip_newlines = false;
    }
}

static struct hcl_body *parse_body(struct hcl_parser *p, bool nested, bool one_line);

static bool parse_attr(struct hcl_parser *p, struct hcl_range name, struct hcl_item *out)
{
    lex_next(p); /* = */
    struct hcl_expr *e = parse_expr(p);
    if (!e)
        return false;
    struct hcl_attr *a = ARENA_NEW(p->arena, struct hcl_attr);
    a->name = lex_text(p, name);
    a->name_range = name;
    a->range = (struct hcl_range){name.start, hcl_expr_range(e).end};
    a->expr = e;
    out->attr = a;
    return true;
}

static bool parse_labels(struct hcl_parser *p, struct hcl_block *b)
{
    size_t cap = 0;
    while (p->tok == TOK_QUOTE || p->tok == TOK_IDENT) {
        struct hcl_label label = {NULL, p->at};
        if (p->tok == TOK_IDENT) {
            label.text = lex_text(p, p->at);
            lex_next(p);
        } else if (!(label.text = parse_quoted_literal(p, &label.range))) {
            return false;
        }
        b->labels = arena_grow(p->arena, b->labels, b->n_labels, &cap, sizeof(*b->labels));
        b->labels[b->n_labels++] = label;
        b->head_range.end = label.range.end;
    }
    if (p->tok == TOK_LBRACE)
        return true;
    hcl_diag_add(
        p->diags, p->at, "Invalid block definition",
        "Either a quoted string block label or an opening brace (\"{\") is expected here.");
    return false;
}

static bool parse_block(struct hcl_parser *p, struct hcl_range type, struct hcl_item *out)
{
    struct hcl_block *b = ARENA_NEW(p->arena, struct hcl_block);
    b->type = lex_text(p, type);
    b->type_range = b->head_range = type;
    if (!parse_labels(p, b))
        return false;
    struct hcl_range open = p->at;
    lex_next(p); /* { */
    if (!parser_enter(p))
        return false;
    b->body = parse_body(p, true, p->tok != TOK_NEWLINE);
    parser_leave(p);
    out->block = b;
    if (p->tok == TOK_RBRACE) {
        b->body->range.end = p->at.end;
        lex_next(p);
    } else if (!p->dead) {
        hcl_diag_add(
            p->diags, open, "Unclosed configuration block",
            "There is no closing brace for this block before the end of the file. This may "
            "be caused by incorrect brace nesting elsewhere in this file.");
    }
    return true;
}

static bool parse_item(struct hcl_parser *p, struct hcl_item *out)
{
    if (p->tok == TOK_QUOTE) {
        struct hcl_range range;
        if (parse_quoted_literal(p, &range))
            hcl_diag_add(p->diags, range, "Invalid argument name",
                         "Argument names must not be quoted.");
        return false;
    }
    if (p->tok != TOK_IDENT) {
        if (p->tok != TOK_BAD)
            hcl_diag_add(p->diags, p->at, "Argument or block definition required",
                         "An argument or block definition is required here.");
        return false;
    }
    struct hcl_range name = p->at;
    lex_next(p);
    if (p->tok == TOK_EQUAL)
        return parse_attr(p, name, out);
    if (p->tok == TOK_QUOTE || p->tok == TOK_LBRACE || p->tok == TOK_IDENT)
        return parse_block(p, name, out);
    if (p->tok != TOK_BAD)
        hcl_diag_add(
            p->diags, p->at.end > p->at.start ? p->at : name,
            "Argument or block definition required",
            "An argument or block definition is required here. To set an argument, use the "
            "equals sign \"=\" to introduce the argument value.");
    return false;
}

/* What must stand behind an item: a newline, unless the block was begun on one line. */
static void expect_item_end(struct hcl_parser *p, const struct hcl_item *item, bool one_line,
                            long open)
{
    if (p->tok == TOK_NEWLINE || p->tok == TOK_EOF || p->tok == TOK_RBRACE || p->tok == TOK_BAD ||
        (one_line && (p->tok == TOK_IDENT || p->tok == TOK_QUOTE)))
        return;
    if (one_line && p->tok == TOK_COMMA) {
        lex_next(p);
        return;
    }
    if (item->attr)
        hcl_diag_add(p->diags, p->at, "Missing newline after argument",
                     "An argument definition must end with a newline.");
    else
        hcl_diag_add(p->diags, p->at, "Missing newline after block definition",
                     "A block definition must end with a newline.");
    recover(p, open);
}

static struct hcl_body *parse_body(struct hcl_parser *p, bool nested, bool one_line)
{
    struct hcl_body *body = ARENA_NEW(p->arena, struct hcl_body);
    struct items items = {NULL, 0, 0};
    p->skip_newlines = false;
    body->range.start = p->at.start;
    while (p->tok != TOK_EOF && !(nested && p->tok == TOK_RBRACE)) {
        if (p->tok == TOK_NEWLINE) {
            one_line = false;
            lex_next(p);
            continue;
        }
        struct hcl_item item = {NULL, NULL};
        long open = p->open -
                    (p->tok == TOK_LBRACE || p->tok == TOK_LBRACK || p->tok == TOK_LPAREN) +
                    (p->tok == TOK_RBRACE || p->tok == TOK_RBRACK || p->tok == TOK_RPAREN);
        if (parse_item(p, &item)) {
            items_add(p, &items, item);
            expect_item_end(p, &item, one_line, open);
        } else {
            recover(p, open);
            if (p->tok == TOK_RBRACE && !nested)
                lex_next(p); /* a stray one: told above */
        }
    }
    body->items = items.items;
    body->n = items.n;
    body->range.end = p->at.start;
    return body;
}

bool hcl_text_is_readable(const struct hcl_file *f, struct hcl_diags *diags)
{
    if (f->len > HCL_TEXT_MAX) {
        hcl_diag_add(diags, (struct hcl_range){0, 0}, "File too large",
                     "A file may hold at most %u bytes.", HCL_TEXT_MAX);
        return false;
    }
    if (!str_is_utf8(f->text, f->len) || memchr(f->text, '\0', f->len)) {
        hcl_diag_add(
            diags, (struct hcl_range){0, 0}, "Invalid character encoding",
            "All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected "
            "in your editor.");
        return false;
    }
    return true;
}

struct hcl_body *hcl_parse(const struct hcl_file *file, struct arena *a, struct hcl_diags *diags)
{
    struct hcl_parser p = {.file = file, .text = file->text, .arena = a, .diags = diags};
    if (file->len == 0 || !hcl_text_is_readable(file, diags))
        return ARENA_NEW(a, struct hcl_body);
    p.len = (uint32_t)file->len;
    if (p.len >= 3 && !memcmp(p.text, "\xEF\xBB\xBF", 3))
        p.pos = 3;
    lex_next(&p);
    return parse_body(&p, false, false);
}
