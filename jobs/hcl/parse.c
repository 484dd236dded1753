/* The parser: recursive descent straight over the bytes. */
#include "agent/base/str.h"
#include "jobs/hcl/hcl.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct hcl_source *s;
    size_t at, end; /* [at, end) is left to read */
    int depth;
    int newlines_are_space; /* > 0 inside brackets */
};

static struct hcl_expr *parse_expr(struct parser *p);
static struct hcl_body *parse_body(struct parser *p, bool top);

/* --- characters ------------------------------------------------------------------------------------------ */

static int peek(const struct parser *p)
{
    return p->at < p->end ? (unsigned char)p->s->text[p->at] : -1;
}

static bool looking_at(const struct parser *p, const char *word)
{
    size_t n = strlen(word);
    return p->end - p->at >= n && !memcmp(p->s->text + p->at, word, n);
}

static struct hcl_range here(const struct parser *p, size_t width)
{
    size_t to = p->at + width < p->end ? p->at + width : p->end;
    return (struct hcl_range){(uint32_t)p->at, (uint32_t)to};
}

static struct hcl_range since(const struct parser *p, size_t from)
{
    return (struct hcl_range){(uint32_t)from, (uint32_t)p->at};
}

static void skip_line(struct parser *p)
{
    while (peek(p) >= 0 && peek(p) != '\n')
        p->at++;
}

static void skip_comment(struct parser *p)
{
    size_t from = p->at;
    p->at += 2;
    while (p->at < p->end && !looking_at(p, "*/"))
        p->at++;
    if (p->at >= p->end)
        hcl_error(p->s, (struct hcl_range){(uint32_t)from, (uint32_t)from + 2}, "Unterminated comment",
                  "This comment has no closing \"*/\".");
    else
        p->at += 2;
}

/* Blanks and comments; line ends too where they mean nothing. */
static void skip_space(struct parser *p)
{
    for (;;) {
        int c = peek(p);
        if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && p->newlines_are_space))
            p->at++;
        else if (c == '#' || looking_at(p, "//"))
            skip_line(p);
        else if (looking_at(p, "/*"))
            skip_comment(p);
        else
            return;
    }
}

static void skip_lines(struct parser *p)
{
    p->newlines_are_space++;
    skip_space(p);
    p->newlines_are_space--;
}

static bool is_ident_start(int c)
{
    return c >= 0x80 || isalpha(c) || c == '_';
}

static const char *take_ident(struct parser *p)
{
    size_t from = p->at;
    if (!is_ident_start(peek(p)))
        return NULL;
    while (is_ident_start(peek(p)) || (peek(p) >= 0 && (isdigit(peek(p)) || peek(p) == '-')))
        p->at++;
    return arena_strndup(p->s->arena, p->s->text + from, p->at - from);
}

/* --- expressions: nodes ------------------------------------------------------------------------------------- */

static struct hcl_expr *node(struct parser *p, enum hcl_expr_kind kind, size_t from)
{
    struct hcl_expr *e = ARENA_NEW(p->s->arena, struct hcl_expr);
    e->kind = kind;
    e->range = since(p, from);
    return e;
}

static void add_item(struct parser *p, struct hcl_expr *e, struct hcl_expr *item)
{
    static const struct rec_desc pointer = {"", sizeof(void *), NULL, 0, false};
    struct rec_list l = {e->items, e->n_items};
    *(struct hcl_expr **)rec_list_add(&pointer, &l, p->s->arena) = item;
    e->items = l.items;
    e->n_items = l.n;
}

static struct hcl_expr *literal(struct parser *p, json_t *value, size_t from)
{
    struct hcl_expr *e = node(p, HCL_LITERAL, from);
    json_array_append_new(p->s->values, value); /* whatever becomes of the expression */
    e->value = value;
    return e;
}

static struct hcl_expr *text_literal(struct parser *p, const char *s, size_t len, size_t from)
{
    if (!str_is_utf8(s, len) || memchr(s, 0, len)) {
        hcl_error(p->s, since(p, from), "Invalid character encoding",
                  "All input files must be UTF-8 encoded.");
        return literal(p, json_string(""), from);
    }
    return literal(p, json_stringn(s, len), from);
}

static struct hcl_expr *failed(struct parser *p, const char *what)
{
    int c = peek(p);
    if (c < 0)
        hcl_error(p->s, here(p, 0), what, "The file ended here, where an expression was expected.");
    else
        hcl_error(p->s, here(p, 1), what, "Expected the start of an expression, but found %s.",
                  c == '\n' ? "the end of the line" : "an invalid expression token");
    return NULL;
}

/* --- templates ------------------------------------------------------------------------------------------------- */

/* The offset just past the brace that closes the one before `at`, strings inside skipped. */
static size_t interpolation_end(const struct parser *p, size_t at)
{
    int depth = 1;
    bool quoted = false;
    for (; at < p->end; at++) {
        char c = p->s->text[at];
        if (quoted) {
            if (c == '\\')
                at++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{') {
            depth++;
        } else if (c == '}' && --depth == 0) {
            return at + 1;
        }
    }
    return 0;
}

static void flush_text(struct parser *p, struct hcl_expr *t, struct buf *b, size_t from)
{
    if (b->len)
        add_item(p, t, text_literal(p, b->data, b->len, from));
    buf_clear(b);
}

/* "${ expr }" at p->at. */
static bool take_interpolation(struct parser *p, struct hcl_expr *t)
{
    size_t from = p->at, close = interpolation_end(p, from + 2);
    if (!close) {
        hcl_error(p->s, here(p, 2), "Unclosed template interpolation",
                  "There is no closing brace for this interpolation sequence before the end of the "
                  "quoted template.");
        p->at = p->end;
        return false;
    }
    struct parser inner = {p->s, from + 2, close - 1, p->depth + 1, 1};
    if (peek(&inner) == '~')
        inner.at++;
    if (inner.end > inner.at && p->s->text[inner.end - 1] == '~')
        inner.end--;
    struct hcl_expr *e = parse_expr(&inner);
    skip_space(&inner);
    if (e && inner.at < inner.end) {
        hcl_error(p->s, here(&inner, 1), "Extra characters after interpolation expression",
                  "Expected a closing brace to end the interpolation expression, but found extra "
                  "characters.");
        e = NULL;
    }
    p->at = close;
    if (!e)
        return false;
    e->range = since(p, from); /* with its braces: how it passes through */
    add_item(p, t, e);
    return true;
}

static void add_utf8(struct buf *b, unsigned long cp)
{
    if (cp < 0x80) {
        buf_char(b, (char)cp);
    } else if (cp < 0x800) {
        buf_char(b, (char)(0xc0 | cp >> 6));
        buf_char(b, (char)(0x80 | (cp & 63)));
    } else if (cp < 0x10000) {
        buf_char(b, (char)(0xe0 | cp >> 12));
        buf_char(b, (char)(0x80 | (cp >> 6 & 63)));
        buf_char(b, (char)(0x80 | (cp & 63)));
    } else {
        buf_char(b, (char)(0xf0 | cp >> 18));
        buf_char(b, (char)(0x80 | (cp >> 12 & 63)));
        buf_char(b, (char)(0x80 | (cp >> 6 & 63)));
        buf_char(b, (char)(0x80 | (cp & 63)));
    }
}

static void take_escape(struct parser *p, struct buf *b)
{
    static const char from[] = "nrt\"\\", to[] = "\n\r\t\"\\";
    size_t start = p->at++;
    int c = peek(p);
    const char *known = c > 0 ? strchr(from, c) : NULL;
    if (known) {
        buf_char(b, to[known - from]);
        p->at++;
        return;
    }
    size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
    char hex[9] = "";
    if (digits && p->end - p->at > digits) {
        memcpy(hex, p->s->text + p->at + 1, digits);
        unsigned long cp = strtoul(hex, NULL, 16);
        if (strspn(hex, "0123456789abcdefABCDEF") == digits && cp && cp < 0x110000 &&
            (cp < 0xd800 || cp > 0xdfff)) {
            add_utf8(b, cp);
            p->at += digits + 1;
            return;
        }
    }
    hcl_error(p->s, (struct hcl_range){(uint32_t)start, (uint32_t)start + 2},
              "Invalid escape sequence",
              "The symbol after a backslash is not valid: use \\n, \\r, \\t, \\\", \\\\, \\uNNNN or "
              "\\UNNNNNNNN.");
    if (c >= 0)
        p->at++;
}

static void refuse_directive(struct parser *p)
{
    hcl_error(p->s, here(p, 2), "Unsupported template directive",
              "Template directives such as %%{ if } are not supported; write %%%%{ for a literal %%{.");
    p->at += 2;
}

/* Reads template text until `stop` says so. quoted: escapes count, line ends do not belong. */
static struct hcl_expr *take_template(struct parser *p, bool quoted, size_t from)
{
    struct hcl_expr *t = node(p, HCL_TEMPLATE, from);
    struct buf b = BUF_INIT;
    while (p->at < p->end && !(quoted && peek(p) == '"')) {
        int c = peek(p);
        if (quoted && c == '\n') {
            hcl_error(p->s, here(p, 1), "Invalid multi-line string",
                      "Quoted strings may not be split over multiple lines. To produce a multi-line "
                      "string, use the \\n escape or the heredoc syntax.");
            break;
        }
        if (quoted && c == '\\') {
            take_escape(p, &b);
        } else if (looking_at(p, "$${") || looking_at(p, "%%{")) {
            buf_char(&b, (char)c);
            buf_char(&b, '{');
            p->at += 3;
        } else if (looking_at(p, "${")) {
            flush_text(p, t, &b, from);
            take_interpolation(p, t);
        } else if (looking_at(p, "%{")) {
            refuse_directive(p);
        } else {
            buf_char(&b, (char)c);
            p->at++;
        }
    }
    flush_text(p, t, &b, from);
    buf_fini(&b);
    return t;
}

/* A template of one literal is that literal; of nothing, "". */
static struct hcl_expr *simplify(struct parser *p, struct hcl_expr *t, size_t from)
{
    t->range = since(p, from);
    if (t->n_items == 0)
        return literal(p, json_string(""), from);
    if (t->n_items == 1 && t->items[0]->kind == HCL_LITERAL && json_is_string(t->items[0]->value)) {
        t->items[0]->range = t->range;
        return t->items[0];
    }
    return t;
}

static struct hcl_expr *parse_quoted(struct parser *p)
{
    size_t from = p->at++;
    struct hcl_expr *t = take_template(p, true, from);
    if (peek(p) == '"')
        p->at++;
    else if (p->at >= p->end)
        hcl_error(p->s, (struct hcl_range){(uint32_t)from, (uint32_t)from + 1},
                  "Unterminated template string",
                  "No closing marker was found for the string.");
    return simplify(p, t, from);
}

/* --- heredocs ---------------------------------------------------------------------------------------------------- */

static size_t line_end(const struct parser *p, size_t at)
{
    while (at < p->end && p->s->text[at] != '\n')
        at++;
    return at;
}

/* Whether the line [at, end) is the marker alone. */
static bool is_marker(const struct parser *p, size_t at, size_t end, const char *marker)
{
    while (at < end && (p->s->text[at] == ' ' || p->s->text[at] == '\t'))
        at++;
    size_t n = strlen(marker);
    if (end - at < n || memcmp(p->s->text + at, marker, n))
        return false;
    at += n;
    return at == end || (p->s->text[at] == '\r' && at + 1 == end);
}

static size_t indent_of(const struct parser *p, size_t at, size_t end)
{
    size_t n = 0;
    while (at + n < end && (p->s->text[at + n] == ' ' || p->s->text[at + n] == '\t'))
        n++;
    return at + n < end && p->s->text[at + n] != '\r' ? n : SIZE_MAX; /* blank lines do not count */
}

/* <<- : the smallest indentation is taken off each line; done on the literals of the template, so that
 * an interpolated value keeps its own spaces. */
static void dedent(struct parser *p, struct hcl_expr *t, size_t indent)
{
    bool line_start = true;
    for (size_t i = 0; i < t->n_items; i++) {
        struct hcl_expr *e = t->items[i];
        if (e->kind != HCL_LITERAL) {
            line_start = false;
            continue;
        }
        struct buf b = BUF_INIT;
        const char *s = json_string_value(e->value);
        size_t len = json_string_length(e->value);
        for (size_t k = 0; k < len; k++) {
            size_t skip = 0;
            while (line_start && skip < indent && k < len && (s[k] == ' ' || s[k] == '\t')) {
                skip++;
                k++;
            }
            if (k >= len)
                break;
            buf_char(&b, s[k]);
            line_start = s[k] == '\n';
        }
        e->value = json_stringn(buf_str(&b), b.len);
        json_array_append_new(p->s->values, e->value);
        buf_fini(&b);
    }
}

static struct hcl_expr *parse_heredoc(struct parser *p)
{
    size_t from = p->at;
    p->at += 2;
    bool flush = peek(p) == '-';
    p->at += flush;
    const char *marker = take_ident(p);
    size_t eol = line_end(p, p->at);
    if (!marker) {
        hcl_error(p->s, here(p, 1), "Invalid heredoc", "A heredoc needs a marker: <<EOT.");
        p->at = eol;
        return NULL;
    }
    size_t body = eol < p->end ? eol + 1 : eol, close = body, indent = SIZE_MAX;
    bool found = false;
    while (close < p->end) {
        size_t end = line_end(p, close), mine;
        if (is_marker(p, close, end, marker)) {
            found = true;
            break;
        }
        mine = indent_of(p, close, end);
        indent = mine < indent ? mine : indent;
        close = end < p->end ? end + 1 : end;
    }
    /* The seed files end a line of the text with the marker: "{{ end }}EOH". */
    size_t text_end = close, after = found ? line_end(p, close) : close;
    if (!found) {
        const char *hit = memmem(p->s->text + body, p->end - body, marker, strlen(marker));
        if (!hit) {
            hcl_error(p->s, (struct hcl_range){(uint32_t)from, (uint32_t)eol}, "Unterminated heredoc",
                      "No closing marker \"%s\" was found for this heredoc.", marker);
            p->at = p->end;
            return NULL;
        }
        text_end = (size_t)(hit - p->s->text);
        after = text_end + strlen(marker);
    }
    struct parser inner = {p->s, body, text_end, p->depth + 1, 0};
    struct hcl_expr *t = take_template(&inner, false, from);
    if (flush && indent != SIZE_MAX)
        dedent(p, t, indent);
    p->at = after;
    return simplify(p, t, from);
}

/* --- terms ------------------------------------------------------------------------------------------------------- */

static struct hcl_expr *parse_number(struct parser *p)
{
    size_t from = p->at;
    bool real = false;
    while (peek(p) >= 0 && isdigit(peek(p)))
        p->at++;
    if (peek(p) == '.' && p->at + 1 < p->end && isdigit((unsigned char)p->s->text[p->at + 1])) {
        real = true;
        p->at++;
        while (peek(p) >= 0 && isdigit(peek(p)))
            p->at++;
    }
    if (peek(p) == 'e' || peek(p) == 'E') {
        size_t mark = p->at++;
        if (peek(p) == '+' || peek(p) == '-')
            p->at++;
        if (peek(p) >= 0 && isdigit(peek(p))) {
            real = true;
            while (peek(p) >= 0 && isdigit(peek(p)))
                p->at++;
        } else {
            p->at = mark;
        }
    }
    char *text = arena_strndup(p->s->arena, p->s->text + from, p->at - from);
    errno = 0;
    long long i = strtoll(text, NULL, 10);
    double d = strtod(text, NULL);
    if (!real && !errno)
        return literal(p, json_integer(i), from);
    if (!isfinite(d)) {
        hcl_error(p->s, since(p, from), "Invalid number", "This number is too large.");
        d = 0;
    }
    bool whole = d == floor(d) && fabs(d) < 9e15;
    return literal(p, whole ? json_integer((json_int_t)d) : json_real(d), from);
}

/* Items up to `close`, separated by commas; a trailing one is fine. */
static void parse_items(struct parser *p, struct hcl_expr *e, int close)
{
    p->newlines_are_space++;
    skip_space(p);
    while (peek(p) >= 0 && peek(p) != close) {
        struct hcl_expr *item = parse_expr(p);
        if (!item)
            break;
        add_item(p, e, item);
        skip_space(p);
        if (looking_at(p, "..."))
            p->at += 3;
        skip_space(p);
        if (peek(p) == ',')
            p->at++;
        else if (peek(p) != close) {
            hcl_error(p->s, here(p, 1), "Missing item separator",
                      "Expected a comma to mark the beginning of the next item.");
            break;
        }
        skip_space(p);
    }
    p->newlines_are_space--;
}

static bool expect_close(struct parser *p, int close, size_t from, const char *what)
{
    p->newlines_are_space++;
    skip_space(p);
    p->newlines_are_space--;
    if (peek(p) == close) {
        p->at++;
        return true;
    }
    hcl_error(p->s, (struct hcl_range){(uint32_t)from, (uint32_t)from + 1}, what,
              "There is no corresponding closing \"%c\".", close);
    return false;
}

static struct hcl_expr *parse_list(struct parser *p)
{
    size_t from = p->at++;
    struct hcl_expr *e = node(p, HCL_LIST, from);
    parse_items(p, e, ']');
    if (!expect_close(p, ']', from, "Unclosed list"))
        return NULL;
    e->range = since(p, from);
    return e;
}

static struct hcl_expr *parse_key(struct parser *p)
{
    size_t from = p->at;
    if (peek(p) == '"')
        return parse_quoted(p);
    if (peek(p) == '(')
        return parse_expr(p);
    if (peek(p) >= 0 && isdigit(peek(p)))
        return parse_number(p);
    const char *name = take_ident(p);
    if (name)
        return text_literal(p, name, strlen(name), from);
    hcl_error(p->s, here(p, 1), "Invalid object key", "Expected an attribute name, a quoted string or "
                                                      "an expression in parentheses.");
    return NULL;
}

static struct hcl_expr *parse_object(struct parser *p)
{
    size_t from = p->at++;
    struct hcl_expr *e = node(p, HCL_OBJECT, from);
    int outer = p->newlines_are_space;
    for (;;) {
        skip_lines(p);
        if (peek(p) == '}' || peek(p) < 0)
            break;
        struct hcl_expr *key = parse_key(p);
        skip_space(p);
        if (!key)
            return NULL;
        if (peek(p) != '=' && peek(p) != ':') {
            hcl_error(p->s, here(p, 1), "Missing attribute value",
                      "Expected an attribute value, introduced by an equals sign (\"=\").");
            return NULL;
        }
        p->at++;
        skip_lines(p);
        p->newlines_are_space = 0; /* a value ends with its line, or a comma */
        struct hcl_expr *value = parse_expr(p);
        skip_space(p);
        p->newlines_are_space = outer;
        if (!value)
            return NULL;
        add_item(p, e, key);
        add_item(p, e, value);
        if (peek(p) == ',')
            p->at++;
        else if (peek(p) != '\n' && peek(p) != '}') {
            hcl_error(p->s, here(p, 1), "Missing attribute separator",
                      "Expected a newline or comma to mark the beginning of the next attribute.");
            return NULL;
        }
    }
    if (!expect_close(p, '}', from, "Unclosed object"))
        return NULL;
    e->range = since(p, from);
    return e;
}

static struct hcl_expr *parse_name(struct parser *p)
{
    size_t from = p->at;
    const char *name = take_ident(p);
    if (!strcmp(name, "true") || !strcmp(name, "false"))
        return literal(p, json_boolean(*name == 't'), from);
    if (!strcmp(name, "null"))
        return literal(p, json_null(), from);
    if (peek(p) == '(') {
        size_t open = p->at++;
        struct hcl_expr *e = node(p, HCL_CALL, from);
        e->name = name;
        parse_items(p, e, ')');
        bool closed = expect_close(p, ')', open, "Unclosed function call");
        e->range = since(p, from);
        return closed ? e : NULL;
    }
    struct hcl_expr *e = node(p, HCL_TRAVERSAL, from);
    e->name = name;
    return e;
}

static struct hcl_expr *parse_term(struct parser *p)
{
    skip_space(p);
    int c = peek(p);
    if (c == '"')
        return parse_quoted(p);
    if (looking_at(p, "<<"))
        return parse_heredoc(p);
    if (c == '[')
        return parse_list(p);
    if (c == '{')
        return parse_object(p);
    if (c >= 0 && isdigit(c))
        return parse_number(p);
    if (c == '(') {
        size_t from = p->at++;
        p->newlines_are_space++;
        struct hcl_expr *e = parse_expr(p);
        p->newlines_are_space--;
        return e && expect_close(p, ')', from, "Unbalanced parentheses") ? e : NULL;
    }
    if (is_ident_start(c))
        return parse_name(p);
    return failed(p, "Invalid expression");
}

/* .name, .0, [expr] behind a term. A traversal swallows them: it passes through as text. */
static struct hcl_expr *parse_postfix(struct parser *p)
{
    size_t from;
    skip_space(p);
    from = p->at;
    struct hcl_expr *e = parse_term(p);
    while (e && (peek(p) == '.' || peek(p) == '[')) {
        struct hcl_expr *outer;
        if (peek(p) == '.') {
            if (looking_at(p, "..."))
                break;
            p->at++;
            size_t name_from = p->at;
            while (peek(p) >= 0 && (isalnum(peek(p)) || strchr("_-*", peek(p)) || peek(p) >= 0x80))
                p->at++;
            if (p->at == name_from)
                return failed(p, "Invalid attribute name");
            outer = node(p, HCL_ATTRIBUTE, from);
            outer->name = arena_strndup(p->s->arena, p->s->text + name_from, p->at - name_from);
            add_item(p, outer, e);
        } else {
            size_t open = p->at++;
            p->newlines_are_space++;
            struct hcl_expr *index = parse_expr(p);
            p->newlines_are_space--;
            if (!index || !expect_close(p, ']', open, "Unclosed index"))
                return NULL;
            outer = node(p, HCL_INDEX, from);
            add_item(p, outer, e);
            add_item(p, outer, index);
        }
        if (e->kind == HCL_TRAVERSAL) { /* the whole of it is the traversal */
            e->range = since(p, from);
            continue;
        }
        e = outer;
    }
    return e;
}

static struct hcl_expr *parse_unary(struct parser *p)
{
    skip_space(p);
    size_t from = p->at;
    int c = peek(p);
    if ((c != '-' && c != '!') || looking_at(p, "!="))
        return parse_postfix(p);
    p->at++;
    if (++p->depth > HCL_MAX_DEPTH)
        return failed(p, "Nesting too deep");
    struct hcl_expr *operand = parse_unary(p);
    p->depth--;
    if (!operand)
        return NULL;
    struct hcl_expr *e = node(p, HCL_UNARY, from);
    e->op = c;
    add_item(p, e, operand);
    return e;
}

struct operator {
    const char *text;
    int op, level;
};
static const struct operator operators[] = {
    {"||", '|', 1}, {"&&", '&', 2}, {"==", 'e', 3}, {"!=", 'n', 3}, {"<=", 'l', 4}, {">=", 'g', 4},
    {"<", '<', 4},  {">", '>', 4},  {"+", '+', 5},  {"-", '-', 5},  {"*", '*', 6},  {"/", '/', 6},
    {"%", '%', 6}};

static const struct operator *operator_at(struct parser *p, int level)
{
    skip_space(p);
    if (looking_at(p, "<<") || looking_at(p, "//") || looking_at(p, "%{"))
        return NULL;
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (looking_at(p, operators[i].text))
            return operators[i].level == level ? &operators[i] : NULL;
    return NULL;
}

static struct hcl_expr *parse_binary(struct parser *p, int level)
{
    if (level > 6)
        return parse_unary(p);
    skip_space(p);
    size_t from = p->at;
    struct hcl_expr *left = parse_binary(p, level + 1);
    const struct operator *o;
    while (left && (o = operator_at(p, level))) {
        p->at += strlen(o->text);
        skip_lines(p);
        struct hcl_expr *right = parse_binary(p, level + 1);
        if (!right)
            return NULL;
        struct hcl_expr *e = node(p, HCL_BINARY, from);
        e->op = o->op;
        add_item(p, e, left);
        add_item(p, e, right);
        left = e;
    }
    return left;
}

static struct hcl_expr *parse_expr(struct parser *p)
{
    if (++p->depth > HCL_MAX_DEPTH) {
        hcl_error(p->s, here(p, 1), "Nesting too deep", "Expressions may nest at most %d deep.",
                  HCL_MAX_DEPTH);
        p->at = p->end;
        return NULL;
    }
    skip_space(p);
    size_t from = p->at;
    struct hcl_expr *e = parse_binary(p, 1);
    skip_space(p);
    if (e && peek(p) == '?') {
        struct hcl_expr *c = node(p, HCL_CONDITIONAL, from);
        p->at++;
        add_item(p, c, e);
        skip_lines(p);
        struct hcl_expr *yes = parse_expr(p);
        skip_lines(p);
        if (yes && peek(p) == ':') {
            p->at++;
            skip_lines(p);
            struct hcl_expr *no = parse_expr(p);
            add_item(p, c, yes);
            add_item(p, c, no);
            e = no ? c : NULL;
            c->range = since(p, from);
        } else {
            if (yes)
                hcl_error(p->s, here(p, 1), "Missing false expression in conditional",
                          "The conditional operator (...?...:...) requires a false expression, "
                          "delimited by a colon.");
            e = NULL;
        }
    }
    p->depth--;
    return e;
}

/* --- bodies -------------------------------------------------------------------------------------------------------- */

static void *grow(struct parser *p, void *items, size_t *n, size_t size)
{
    const struct rec_desc d = {"", size, NULL, 0, false};
    struct rec_list l = {items, *n};
    rec_list_add(&d, &l, p->s->arena);
    *n = l.n;
    return l.items;
}

static void add_attr(struct parser *p, struct hcl_body *b, const char *name, struct hcl_range range,
                     struct hcl_expr *e)
{
    for (size_t i = 0; i < b->n_attrs; i++)
        if (!strcmp(b->attrs[i].name, name)) {
            hcl_error(p->s, range, "Attribute redefined",
                      "The argument \"%s\" was already set at %s. Each argument may be set only once.",
                      name, hcl_range_text(p->s, b->attrs[i].name_range));
            return;
        }
    b->attrs = grow(p, b->attrs, &b->n_attrs, sizeof(b->attrs[0]));
    b->attrs[b->n_attrs - 1] = (struct hcl_attr){name, range, e};
}

static bool parse_labels(struct parser *p, struct hcl_block *b)
{
    for (;;) {
        skip_space(p);
        const char *label = NULL;
        if (peek(p) == '"') {
            struct hcl_expr *e = parse_quoted(p);
            if (e->kind != HCL_LITERAL) {
                hcl_error(p->s, e->range, "Invalid string literal",
                          "Template sequences are not allowed in block labels.");
                label = "";
            } else {
                label = arena_strdup(p->s->arena, json_string_value(e->value));
            }
        } else if (is_ident_start(peek(p))) {
            label = take_ident(p);
        }
        if (!label)
            return peek(p) == '{';
        b->labels = grow(p, b->labels, &b->n_labels, sizeof(b->labels[0]));
        b->labels[b->n_labels - 1] = label;
    }
}

static void recover(struct parser *p)
{
    skip_line(p);
}

static void parse_block(struct parser *p, struct hcl_body *body, const char *type,
                        struct hcl_range range)
{
    struct hcl_block b = {.type = type, .type_range = range};
    if (!parse_labels(p, &b)) {
        hcl_error(p->s, here(p, 1), "Invalid block definition",
                  "Either a quoted string block label or an opening brace (\"{\") is expected here.");
        recover(p);
        return;
    }
    size_t open = p->at++;
    if (++p->depth > HCL_MAX_DEPTH) {
        hcl_error(p->s, range, "Nesting too deep", "Blocks may nest at most %d deep.", HCL_MAX_DEPTH);
        p->at = p->end;
        return;
    }
    int outer = p->newlines_are_space;
    p->newlines_are_space = 0;
    b.body = parse_body(p, false);
    p->newlines_are_space = outer;
    p->depth--;
    if (peek(p) == '}')
        p->at++;
    else
        hcl_error(p->s, (struct hcl_range){(uint32_t)open, (uint32_t)open + 1},
                  "Unclosed configuration block", "There is no closing brace for this block before "
                                                  "the end of the file.");
    body->blocks = grow(p, body->blocks, &body->n_blocks, sizeof(b));
    body->blocks[body->n_blocks - 1] = b;
}

/* What may stand after an attribute: the line's end, the block's, or (old habit) the next item. */
static void end_of_item(struct parser *p)
{
    skip_space(p);
    int c = peek(p);
    if (c == ',')
        p->at++;
    else if (c >= 0 && c != '\n' && c != '}' && !is_ident_start(c)) {
        hcl_error(p->s, here(p, 1), "Missing newline after argument",
                  "An argument definition must end with a newline.");
        recover(p);
    }
}

static void parse_item(struct parser *p, struct hcl_body *body)
{
    size_t from = p->at;
    const char *name = NULL;
    if (peek(p) == '"') { /* JSON habits: "name" = value */
        struct hcl_expr *e = parse_quoted(p);
        if (e->kind == HCL_LITERAL)
            name = arena_strdup(p->s->arena, json_string_value(e->value));
        skip_space(p);
        if (peek(p) == '=') {
            hcl_error(p->s, since(p, from), "Invalid argument name",
                      "Argument names must not be quoted.");
            recover(p);
            return;
        }
    } else {
        name = take_ident(p);
    }
    struct hcl_range range = since(p, from);
    if (!name) {
        hcl_error(p->s, here(p, 1), "Invalid argument or block definition",
                  "An argument or block definition is required here.");
        recover(p);
        return;
    }
    skip_space(p);
    if (peek(p) != '=' || looking_at(p, "==")) {
        parse_block(p, body, name, range);
        end_of_item(p);
        return;
    }
    p->at++;
    struct hcl_expr *e = parse_expr(p);
    if (!e) {
        recover(p);
        return;
    }
    add_attr(p, body, name, range, e);
    end_of_item(p);
}

static struct hcl_body *parse_body(struct parser *p, bool top)
{
    struct hcl_body *b = ARENA_NEW(p->s->arena, struct hcl_body);
    size_t from = p->at;
    for (;;) {
        skip_lines(p);
        int c = peek(p);
        if (c < 0 || (c == '}' && !top))
            break;
        if (c == '}') {
            hcl_error(p->s, here(p, 1), "Unexpected closing brace", "There is no block to close here.");
            p->at++;
            continue;
        }
        size_t before = p->at;
        parse_item(p, b);
        if (p->at == before) /* whatever it was, it cannot be read: go on behind it */
            p->at++;
        if (p->s->n_diags >= 100)
            break;
    }
    b->range = since(p, from);
    return b;
}

struct hcl_body *hcl_parse(struct hcl_source *s)
{
    struct parser p = {s, 0, s->len < UINT32_MAX ? s->len : UINT32_MAX, 0, 0};
    s->values = json_array();
    if (looking_at(&p, "\xef\xbb\xbf"))
        p.at += 3;
    return parse_body(&p, true);
}

void hcl_free(struct hcl_source *s)
{
    json_decref(s->values);
    s->values = NULL;
}
