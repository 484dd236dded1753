/* The language's canonical layout: two spaces a level, one space between tokens, equals signs and
 * trailing comments of neighbouring lines in one column. Works on tokens alone: what a file means
 * is not asked, and nothing but white space changes. Strings and heredocs stay as they are. */
#include "jobs/hcl/hcl.h"

#include <ctype.h>
#include <string.h>

enum token_kind { T_WORD, T_STRING, T_COMMENT, T_OPEN, T_CLOSE, T_DOT, T_COMMA, T_ASSIGN, T_OTHER };
struct token {
    enum token_kind kind;
    const char *text;
    size_t len;
    size_t spaces; /* before it */
};
struct line {
    size_t first, n;        /* tokens */
    size_t assign, comment; /* where those cells begin; first + n when there is none */
};
struct layout {
    struct arena *arena;
    struct token *tokens;
    size_t n_tokens, cap_tokens;
    struct line *lines;
    size_t n_lines, cap_lines;
};

/* --- tokens ---------------------------------------------------------------------------------- */

/* Past a quoted string, with the strings inside its templates. */
static const char *skip_string(const char *p, const char *end)
{
    size_t depth = 0;         /* of braces inside ${ } */
    bool quoted[64] = {true}; /* whether a level's text is a string's */
    for (p++; p < end; p++) {
        if (quoted[depth]) {
            if (*p == '\\')
                p++;
            else if (*p == '"' && depth == 0)
                return p + 1;
            else if (*p == '"')
                depth--;
            else if ((*p == '$' || *p == '%') && p + 1 < end && p[1] == '{' && depth < 62)
                quoted[++depth] = false, p++;
            else if (*p == '\n')
                return p;
        } else if (*p == '"' && depth < 62) {
            quoted[++depth] = true;
        } else if (*p == '{' && depth < 62) {
            quoted[++depth] = false;
        } else if (*p == '}') {
            depth--;
        }
    }
    return end;
}

/* Where the marker stands in a line from s on, alone or, as old files have it, at its end. NULL: it
 * does not. */
static const char *find_marker(const char *s, const char *stop, const char *marker, size_t n,
                               bool alone)
{
    while (stop > s && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    while (s < stop && (*s == ' ' || *s == '\t'))
        s++;
    if ((size_t)(stop - s) < n || memcmp(stop - n, marker, n))
        return NULL;
    return !alone || stop - n == s ? stop : NULL;
}

/* Past the marker that ends a heredoc; NULL: there is none, so it is none. */
static const char *skip_heredoc(const char *p, const char *end)
{
    const char *marker = p + 2 + (p + 2 < end && p[2] == '-'), *after = marker;
    while (after < end && (isalnum((unsigned char)*after) || *after == '_'))
        after++;
    size_t n = (size_t)(after - marker);
    for (int alone = 1; n && alone >= 0; alone--) {
        const char *line = memchr(after, '\n', (size_t)(end - after));
        while (line && line + 1 < end) {
            const char *stop = memchr(line + 1, '\n', (size_t)(end - line - 1));
            const char *found = find_marker(line + 1, stop ? stop : end, marker, n, alone);
            if (found)
                return found;
            line = stop;
        }
    }
    return NULL;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static const char *skip_word(const char *p, const char *end)
{
    bool number = isdigit((unsigned char)*p);
    while (p < end && (is_word(*p) || (*p == '-' && !number) ||
                       (*p == '.' && number && p + 1 < end && isdigit((unsigned char)p[1]))))
        p++;
    return p;
}

static const char *skip_comment(const char *p, const char *end)
{
    if (p[0] == '/' && p[1] == '*') {
        const char *close = memmem(p + 2, (size_t)(end - p - 2), "*/", 2);
        return close ? close + 2 : end;
    }
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    stop = stop ? stop : end;
    while (stop > p && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    return stop;
}

static struct token token_at(const char *p, const char *end)
{
    static const char *const pairs[] = {"==", "!=", "<=", ">=", "&&", "||", "=>"};
    struct token t = {T_OTHER, p, 1, 1};
    char next = p + 1 < end ? p[1] : '\0';
    const char *heredoc = *p == '<' && next == '<' ? skip_heredoc(p, end) : NULL;
    if (heredoc)
        t.kind = T_STRING, t.len = (size_t)(heredoc - p);
    else if (*p == '"')
        t.kind = T_STRING, t.len = (size_t)(skip_string(p, end) - p);
    else if (*p == '#' || (*p == '/' && (next == '/' || next == '*')))
        t.kind = T_COMMENT, t.len = (size_t)(skip_comment(p, end) - p);
    else if (is_word(*p))
        t.kind = T_WORD, t.len = (size_t)(skip_word(p, end) - p);
    else if (strchr("([{", *p))
        t.kind = T_OPEN;
    else if (strchr(")]}", *p))
        t.kind = T_CLOSE;
    else if (end - p >= 3 && !memcmp(p, "...", 3))
        t.kind = T_COMMA, t.len = 3;
    else if (*p == '.')
        t.kind = T_DOT;
    else if (*p == ',')
        t.kind = T_COMMA;
    else if (*p == '=' && next != '=' && next != '>')
        t.kind = T_ASSIGN;
    for (size_t i = 0; t.kind == T_OTHER && i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (*p == pairs[i][0] && next == pairs[i][1])
            t.len = 2;
    return t;
}

static struct line *add_line(struct layout *l)
{
    l->lines = arena_grow(l->arena, l->lines, l->n_lines, &l->cap_lines, sizeof(*l->lines));
    l->lines[l->n_lines] = (struct line){.first = l->n_tokens};
    return &l->lines[l->n_lines++];
}

static void read_tokens(struct layout *l, const char *p, const char *end)
{
    struct line *line = add_line(l);
    while (p < end) {
        if (*p == '\n') {
            line = add_line(l);
            p++;
        } else if (*p == ' ' || *p == '\t' || *p == '\r') {
            p++;
        } else {
            l->tokens =
                arena_grow(l->arena, l->tokens, l->n_tokens, &l->cap_tokens, sizeof(*l->tokens));
            struct token t = token_at(p, end);
            l->tokens[l->n_tokens++] = t;
            line->n++;
            p += t.len;
        }
    }
}

/* --- spaces ---------------------------------------------------------------------------------- */

static bool is(const struct token *t, const char *text)
{
    return t && t->len == strlen(text) && !memcmp(t->text, text, t->len);
}

static bool is_operand_end(const struct token *t)
{
    return t && (t->kind == T_WORD || t->kind == T_STRING || t->kind == T_CLOSE) && !is(t, "in") &&
           !is(t, "if");
}

static bool has_space(const struct token *before, const struct token *t, const struct token *next)
{
    if (t->kind == T_DOT || next->kind == T_DOT || next->kind == T_COMMA)
        return false;
    if (t->kind == T_COMMA)
        return !is(t, "...");
    if (next->kind == T_COMMENT || t->kind == T_COMMENT)
        return true;
    if (is(t, "!"))
        return false;
    if (is(t, "-"))
        return is_operand_end(before);
    if (is(next, "(") && t->kind == T_WORD && !is(t, "in") && !is(t, "if"))
        return false; /* a call */
    if (is(next, "[") && is_operand_end(t))
        return false; /* an index */
    if (is(t, "{") || is(next, "}"))
        return !(is(t, "{") && is(next, "}"));
    return t->kind != T_OPEN && next->kind != T_CLOSE;
}

static int bracket(const struct token *t)
{
    return t->kind == T_OPEN ? 1 : t->kind == T_CLOSE ? -1 : 0;
}

/* Where the line's equals sign and its trailing comment begin. An equals sign whose value goes on
 * in the next line is not lined up. */
static void find_cells(const struct layout *l, struct line *x)
{
    size_t end = x->first + x->n;
    x->comment = x->n > 1 && l->tokens[end - 1].kind == T_COMMENT ? end - 1 : end;
    x->assign = x->comment;
    for (size_t i = x->first + 1; i < x->comment; i++) {
        int open = 0;
        if (l->tokens[i].kind != T_ASSIGN)
            continue;
        for (size_t k = i; k < x->comment; k++)
            open += bracket(&l->tokens[k]);
        if (!open)
            x->assign = i;
        break;
    }
}

static void space_line(struct layout *l, struct line *x)
{
    struct token *t = &l->tokens[x->first];
    for (size_t i = 0; i + 1 < x->n; i++)
        t[i + 1].spaces = has_space(i ? &t[i - 1] : NULL, &t[i], &t[i + 1]);
    find_cells(l, x);
}

/* Brackets opened on one line count as one level, until as many are closed. */
static void indent_lines(struct layout *l)
{
    int *open = arena_alloc(l->arena, (l->n_lines + 1) * sizeof(int));
    size_t depth = 0;
    for (size_t i = 0; i < l->n_lines; i++) {
        const struct line *x = &l->lines[i];
        int net = 0;
        for (size_t k = 0; k < x->n; k++)
            net += bracket(&l->tokens[x->first + k]);
        size_t here = depth;
        if (net > 0)
            open[depth++] = net;
        for (int closed = -net; closed > 0 && depth; here = depth) {
            int take = closed < open[depth - 1] ? closed : open[depth - 1];
            open[depth - 1] -= take;
            closed -= take;
            depth -= open[depth - 1] == 0;
            here = depth;
        }
        if (x->n)
            l->tokens[x->first].spaces = 2 * here;
    }
}

static size_t columns(const struct layout *l, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        n += l->tokens[i].spaces;
        for (size_t k = 0; k < l->tokens[i].len; k++)
            n += ((unsigned char)l->tokens[i].text[k] & 0xc0) != 0x80; /* characters, not bytes */
    }
    return n;
}

static size_t cell(const struct line *x, bool comments)
{
    return comments ? x->comment : x->assign;
}

/* Lines up one cell over each run of neighbouring lines that have it. */
static void align(struct layout *l, bool comments)
{
    for (size_t i = 0; i < l->n_lines; i++) {
        size_t last = i, widest = 0;
        for (; last < l->n_lines; last++) {
            const struct line *x = &l->lines[last];
            size_t at = cell(x, comments), end = comments ? x->first + x->n : x->comment;
            if (at >= end)
                break;
            size_t wide = columns(l, x->first, at);
            widest = wide > widest ? wide : widest;
        }
        for (size_t k = i; k < last; k++) {
            const struct line *x = &l->lines[k];
            size_t at = cell(x, comments);
            l->tokens[at].spaces = widest - columns(l, x->first, at) + 1;
        }
        i = last > i ? last - 1 : i;
    }
}

void hcl_layout(const char *text, size_t len, struct buf *out)
{
    struct arena a = ARENA_INIT;
    struct layout l = {.arena = &a};
    read_tokens(&l, text, text + len);
    for (size_t i = 0; i < l.n_lines; i++)
        space_line(&l, &l.lines[i]);
    indent_lines(&l);
    align(&l, false);
    align(&l, true);
    for (size_t i = 0; i < l.n_lines; i++) {
        const struct line *x = &l.lines[i];
        for (size_t k = x->first; k < x->first + x->n; k++) {
            buf_printf(out, "%*s", (int)l.tokens[k].spaces, "");
            buf_add(out, l.tokens[k].text, l.tokens[k].len);
        }
        if (i + 1 < l.n_lines)
            buf_char(out, '\n');
    }
    arena_fini(&a);
}
