/* Templates: quoted strings and heredocs. Their text is read byte by byte; inside ${ } and %{ } the
 * token reader takes over until the closing brace, which is then the current token. */
#include "agent/base/str.h"
#include "jobs/hcl/parse_impl.h"

#include <string.h>

struct template
{
    struct hcl_parser *p;
    bool quoted, heredoc;
    uint32_t indent; /* heredoc <<-: spaces to drop at each line's start */
    bool ended;
    bool trim_next; /* a ~} stands before */
};
enum stop { STOP_END, STOP_ELSE, STOP_ENDIF, STOP_ENDFOR, STOP_ERROR };

static struct hcl_part *part_add(struct hcl_parser *p, struct hcl_parts *l, enum hcl_part_kind k)
{
    l->items = arena_grow(p->arena, l->items, l->n, &l->cap, sizeof(*l->items));
    struct hcl_part *part = &l->items[l->n++];
    part->kind = k;
    return part;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_indent(char c)
{
    return c == ' ' || c == '\t';
}

/* Moves the text read so far into a part. */
static void flush_text(struct template *t, struct hcl_parts *parts, struct buf *text, bool trim_end)
{
    const char *s = buf_str(text);
    size_t n = text->len;
    /* In a heredoc each line is a text of its own: trimming ends with its line. */
    for (bool more = t->trim_next; more && n && is_space(*s); s++, n--)
        more = !t->heredoc || *s != '\n';
    for (size_t all = n; trim_end && n && is_space(s[n - 1]); n--)
        if (t->heredoc && s[n - 1] == '\n' && n < all)
            break;
    t->trim_next = false;
    if (n) {
        struct hcl_part *part = part_add(t->p, parts, PART_TEXT);
        part->text = arena_strndup(t->p->arena, s, n);
        part->text_len = n;
    }
    buf_clear(text);
}

void hcl_add_rune(struct buf *b, uint32_t r)
{
    if (r < 0x80) {
        buf_char(b, (char)r);
    } else if (r < 0x800) {
        buf_char(b, (char)(0xC0 | r >> 6));
        buf_char(b, (char)(0x80 | (r & 0x3F)));
    } else if (r < 0x10000) {
        buf_char(b, (char)(0xE0 | r >> 12));
        buf_char(b, (char)(0x80 | (r >> 6 & 0x3F)));
        buf_char(b, (char)(0x80 | (r & 0x3F)));
    } else {
        buf_char(b, (char)(0xF0 | r >> 18));
        buf_char(b, (char)(0x80 | (r >> 12 & 0x3F)));
        buf_char(b, (char)(0x80 | (r >> 6 & 0x3F)));
        buf_char(b, (char)(0x80 | (r & 0x3F)));
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool escape_failed(struct hcl_parser *p, uint32_t start, uint32_t end)
{
    if (end > p->len)
        end = p->len;
    hcl_diag_add(p->diags, (struct hcl_range){start, end}, "Invalid escape sequence",
                 "The sequence \"%.*s\" is not a valid escape: use \\n, \\r, \\t, \\\", \\\\, "
                 "\\uNNNN or \\UNNNNNNNN.",
                 (int)(end - start), p->text + start);
    return false;
}

static bool read_escape(struct hcl_parser *p, struct buf *text)
{
    uint32_t start = p->pos;
    char c = start + 1 < p->len ? p->text[start + 1] : '\0';
    static const char plain[] = "nrt\"\\", meant[] = "\n\r\t\"\\";
    const char *at = c ? strchr(plain, c) : NULL;
    p->pos += 2;
    if (at) {
        buf_char(text, meant[at - plain]);
        return true;
    }
    uint32_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0, rune = 0;
    for (uint32_t i = 0; i < digits; i++) {
        int h = p->pos < p->len ? hex_digit(p->text[p->pos]) : -1;
        if (h < 0 || rune > 0xFFFFFF)
            return escape_failed(p, start, p->pos);
        rune = rune << 4 | (uint32_t)h;
        p->pos++;
    }
    if (!digits || rune == 0 || rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000)) {
        if (p->pos > p->len)
            p->pos = p->len;
        if (c == '\n')
            p->pos = start + 1;
        return escape_failed(p, start, start + 1 + (c && c != '\n') + digits);
    }
    hcl_add_rune(text, rune);
    return true;
}

/* The current token should be the sequence's closing brace, maybe after a ~. */
static bool close_sequence(struct template *t)
{
    struct hcl_parser *p = t->p;
    if (p->tok == TOK_TILDE) {
        t->trim_next = true;
        lex_next(p);
    }
    if (p->tok == TOK_RBRACE)
        return true;
    if (p->tok != TOK_BAD && !p->dead)
        hcl_diag_add(
            p->diags, p->at, "Extra characters after interpolation expression",
            "Expected a closing brace to end the interpolation expression, but found extra "
            "characters.");
    return false;
}

static enum stop read_parts(struct template *t, struct hcl_parts *parts);

/* Steps into ${ or %{ ; returns whether a ~ follows. */
static bool sequence_trims(const struct hcl_parser *p)
{
    return p->pos + 2 < p->len && p->text[p->pos + 2] == '~';
}
static void open_sequence(struct hcl_parser *p)
{
    p->pos += sequence_trims(p) ? 3 : 2;
    p->skip_newlines = true;
    p->open++;
    lex_next(p);
}

static bool directive_failed(struct hcl_parser *p, const char *detail)
{
    if (p->tok != TOK_BAD && !p->dead)
        hcl_diag_add(p->diags, p->at, "Invalid template directive", "%s", detail);
    return false;
}

static bool read_if(struct template *t, struct hcl_part *part)
{
    struct hcl_parser *p = t->p;
    lex_next(p);
    part->kind = PART_IF;
    if (!(part->expr = parse_expr(p)) || !close_sequence(t))
        return false;
    enum stop stop = read_parts(t, &part->then_parts);
    if (stop == STOP_ELSE)
        stop = read_parts(t, &part->else_parts);
    if (stop == STOP_ENDIF)
        return true;
    return stop == STOP_ERROR ? false : directive_failed(p, "Expected an endif for this if.");
}

static bool read_for(struct template *t, struct hcl_part *part)
{
    struct hcl_parser *p = t->p;
    lex_next(p);
    part->kind = PART_FOR;
    if (p->tok != TOK_IDENT)
        return directive_failed(p, "A for directive needs a variable name.");
    part->value_name = lex_text(p, p->at);
    lex_next(p);
    if (p->tok == TOK_COMMA) {
        lex_next(p);
        if (p->tok != TOK_IDENT)
            return directive_failed(p, "A for directive needs a value variable after the comma.");
        part->key_name = part->value_name;
        part->value_name = lex_text(p, p->at);
        lex_next(p);
    }
    if (!lex_is_word(p, "in"))
        return directive_failed(p, "A for directive needs \"in\" after its variables.");
    lex_next(p);
    if (!(part->expr = parse_expr(p)) || !close_sequence(t))
        return false;
    enum stop stop = read_parts(t, &part->then_parts);
    if (stop == STOP_ENDFOR)
        return true;
    return stop == STOP_ERROR ? false : directive_failed(p, "Expected an endfor for this for.");
}

static enum stop read_directive(struct template *t, struct hcl_parts *parts)
{
    struct hcl_parser *p = t->p;
    open_sequence(p);
    static const struct {
        const char *word;
        enum stop stop;
    } ends[] = {{"else", STOP_ELSE}, {"endif", STOP_ENDIF}, {"endfor", STOP_ENDFOR}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (lex_is_word(p, ends[i].word)) {
            lex_next(p);
            return close_sequence(t) ? ends[i].stop : STOP_ERROR;
        }
    }
    struct hcl_part part = {.kind = PART_IF};
    bool ok = false;
    if (!parser_enter(p))
        return STOP_ERROR;
    if (lex_is_word(p, "if"))
        ok = read_if(t, &part);
    else if (lex_is_word(p, "for"))
        ok = read_for(t, &part);
    else
        directive_failed(p, "A template directive begins with if, else, endif, for or endfor.");
    parser_leave(p);
    if (!ok)
        return STOP_ERROR;
    *part_add(p, parts, part.kind) = part;
    return STOP_END;
}

static bool read_interpolation(struct template *t, struct hcl_parts *parts)
{
    struct hcl_parser *p = t->p;
    open_sequence(p);
    struct hcl_expr *e = parse_expr(p);
    if (!e || !close_sequence(t))
        return false;
    part_add(p, parts, PART_EXPR)->expr = e;
    return true;
}

/* Reads the plain byte or escape at p->pos. False after a mistake. */
static bool read_plain(struct template *t, struct buf *text)
{
    struct hcl_parser *p = t->p;
    char c = p->text[p->pos];
    char n = p->pos + 1 < p->len ? p->text[p->pos + 1] : '\0';
    if (t->quoted && c == '\\')
        return read_escape(p, text);
    if ((c == '$' || c == '%') && n == c && p->pos + 2 < p->len && p->text[p->pos + 2] == '{') {
        buf_char(text, c);
        buf_char(text, '{');
        p->pos += 3;
        return true;
    }
    buf_char(text, c);
    p->pos++;
    if (!t->quoted && c == '\n')
        for (uint32_t i = 0; i < t->indent && p->pos < p->len && is_indent(p->text[p->pos]); i++)
            p->pos++;
    return true;
}

static enum stop read_sequence(struct template *t, struct hcl_parts *parts, struct buf *text)
{
    bool interpolation = t->p->text[t->p->pos] == '$';
    flush_text(t, parts, text, sequence_trims(t->p));
    if (!interpolation)
        return read_directive(t, parts);
    return read_interpolation(t, parts) ? STOP_END : STOP_ERROR;
}

static enum stop string_is_open(struct hcl_parser *p, bool newline)
{
    struct hcl_range r = {p->pos, p->pos + newline};
    if (newline)
        hcl_diag_add(
            p->diags, r, "Invalid multi-line string",
            "Quoted strings may not be split over multiple lines. To produce a multi-line "
            "string, either use the \\n escape to represent a newline character or use the "
            "\"heredoc\" multi-line template syntax.");
    else
        hcl_diag_add(p->diags, r, "Unterminated template string",
                     "No closing marker was found for the string.");
    return STOP_ERROR;
}

/* Until the template's end or a directive that belongs to an outer one. */
static enum stop read_parts(struct template *t, struct hcl_parts *parts)
{
    struct hcl_parser *p = t->p;
    struct buf text = BUF_INIT;
    enum stop stop = STOP_END;
    while (stop == STOP_END) {
        if (p->pos >= p->len) {
            if (t->quoted)
                stop = string_is_open(p, false);
            break;
        }
        char c = p->text[p->pos];
        if (t->quoted && c == '"') {
            p->pos++;
            t->ended = true;
            break;
        }
        if (t->quoted && c == '\n')
            stop = string_is_open(p, true);
        else if ((c == '$' || c == '%') && p->pos + 1 < p->len && p->text[p->pos + 1] == '{')
            stop = read_sequence(t, parts, &text);
        else if (!read_plain(t, &text))
            stop = STOP_ERROR;
    }
    if (stop == STOP_END) /* a directive has flushed already; its ~ is for what follows it */
        flush_text(t, parts, &text, false);
    buf_fini(&text);
    return p->dead ? STOP_ERROR : stop;
}

static struct hcl_expr *template_expr(struct hcl_parser *p, struct hcl_parts parts,
                                      struct hcl_range range)
{
    struct hcl_expr *e = expr_new(p, EXPR_TEMPLATE, range);
    e->parts = parts;
    if (parts.n == 0 || (parts.n == 1 && parts.items[0].kind == PART_TEXT)) {
        e->kind = EXPR_LITERAL;
        value_set_text(&e->literal, p->arena, parts.n ? parts.items[0].text : "",
                       parts.n ? parts.items[0].text_len : 0);
    }
    for (size_t i = 0; i < parts.n; i++)
        if (parts.items[i].expr && !expr_stand_on(p, e, parts.items[i].expr))
            return NULL;
    return e;
}

/* After a mistake inside a quoted string: behind its closing quote, or at the line's end. */
static void skip_quoted(struct hcl_parser *p, uint32_t from)
{
    p->pos = from;
    while (p->pos < p->len && p->text[p->pos] != '"' && p->text[p->pos] != '\n')
        p->pos +=
            p->text[p->pos] == '\\' && p->pos + 1 < p->len && p->text[p->pos + 1] != '\n' ? 2 : 1;
    if (p->pos < p->len && p->text[p->pos] == '"')
        p->pos++;
}

struct hcl_expr *parse_quoted(struct hcl_parser *p)
{
    struct template t = {.p = p, .quoted = true};
    struct hcl_parts parts = {NULL, 0, 0};
    uint32_t start = p->at.start;
    bool before = p->skip_newlines;
    long open = p->open;
    enum stop stop = read_parts(&t, &parts);
    if (stop != STOP_ERROR && (stop != STOP_END || !t.ended)) {
        directive_failed(p, "This directive ends nothing that was begun.");
        stop = STOP_ERROR;
    }
    if (stop == STOP_ERROR && !p->dead)
        skip_quoted(p, p->at.start > start ? p->at.start : p->pos);
    p->skip_newlines = before;
    p->open = open;
    p->at = (struct hcl_range){start, p->pos};
    struct hcl_range range = p->at;
    lex_next(p);
    return stop == STOP_ERROR ? NULL : template_expr(p, parts, range);
}

char *parse_quoted_literal(struct hcl_parser *p, struct hcl_range *range)
{
    struct hcl_expr *e = parse_quoted(p);
    if (!e)
        return NULL;
    *range = e->range;
    if (e->kind == EXPR_LITERAL)
        return arena_strdup(p->arena, e->literal.string);
    hcl_diag_add(p->diags, e->range, "Invalid string literal",
                 "Template sequences are not allowed in this string. To include a literal \"$\", "
                 "double it (as \"$$\") to escape it.");
    return NULL;
}

/* --- heredocs -------------------------------------------------------------------------------- */

struct heredoc {
    uint32_t marker, marker_len; /* where its name is written */
    uint32_t start, end;         /* the text */
    uint32_t after;              /* behind the closing marker */
};

static bool is_marker_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || (unsigned char)c >= 0x80;
}

/* A line that is the marker alone ends the text. Failing that, the first line ending with it. */
static bool find_end(struct hcl_parser *p, struct heredoc *h)
{
    const char *marker = p->text + h->marker;
    bool found = false;
    for (uint32_t line = h->start; line < p->len;) {
        const char *nl = memchr(p->text + line, '\n', p->len - line);
        uint32_t stop = nl ? (uint32_t)(nl - p->text) : p->len, first = line, last = stop;
        while (last > line && is_space(p->text[last - 1]))
            last--;
        while (first < last && is_space(p->text[first]))
            first++;
        bool ends = last - first >= h->marker_len &&
                    !memcmp(p->text + last - h->marker_len, marker, h->marker_len);
        bool alone = ends && last - first == h->marker_len;
        if (alone || (ends && !found && !is_marker_char(p->text[last - h->marker_len - 1]))) {
            found = true;
            h->end = alone ? line : last - h->marker_len;
            h->after = last;
        }
        if (alone)
            return true;
        line = stop + 1;
    }
    p->heredoc_fallbacks += found;
    return found;
}

static uint32_t common_indent(const struct hcl_parser *p, const struct heredoc *h)
{
    uint32_t indent = UINT32_MAX;
    for (uint32_t line = h->start; line < h->end;) {
        uint32_t i = line;
        while (i < h->end && is_indent(p->text[i]))
            i++;
        if (i < h->end && p->text[i] != '\n' && p->text[i] != '\r' && i - line < indent)
            indent = i - line;
        while (i < h->end && p->text[i] != '\n')
            i++;
        line = i + 1;
    }
    return indent == UINT32_MAX ? 0 : indent;
}

#define HEREDOC_FALLBACKS_MAX 16 /* each reads the file to its end */

static bool find_heredoc(struct hcl_parser *p, struct heredoc *h)
{
    h->marker = p->pos;
    while (p->pos < p->len && is_marker_char(p->text[p->pos]))
        p->pos++;
    h->marker_len = p->pos - h->marker;
    while (p->pos < p->len && is_space(p->text[p->pos]) && p->text[p->pos] != '\n')
        p->pos++;
    if (!h->marker_len || p->pos >= p->len || p->text[p->pos] != '\n') {
        hcl_diag_add(p->diags, p->at, "Invalid heredoc",
                     "A heredoc begins with << or <<- and a marker at the end of its line.");
        return false;
    }
    h->start = p->pos + 1;
    if (p->heredoc_fallbacks < HEREDOC_FALLBACKS_MAX && find_end(p, h))
        return true;
    hcl_diag_add(p->diags, (struct hcl_range){p->at.start, h->marker + h->marker_len},
                 "Unterminated template string", "No closing marker was found for the string.");
    p->pos = p->len;
    return false;
}

struct hcl_expr *parse_heredoc(struct hcl_parser *p)
{
    bool flush = p->at.end - p->at.start == 3, before = p->skip_newlines;
    struct hcl_range range = p->at;
    struct heredoc h = {0};
    if (!find_heredoc(p, &h)) {
        lex_next(p);
        return NULL;
    }
    struct template t = {.p = p, .heredoc = true, .indent = flush ? common_indent(p, &h) : 0};
    struct hcl_parts parts = {NULL, 0, 0};
    uint32_t len = p->len;
    long open = p->open;
    p->pos = h.start + t.indent < h.end ? h.start : h.end;
    for (uint32_t i = 0; i < t.indent && p->pos < h.end && is_indent(p->text[p->pos]); i++)
        p->pos++;
    p->len = h.end;
    enum stop stop = read_parts(&t, &parts);
    if (stop != STOP_ERROR && stop != STOP_END)
        directive_failed(p, "This directive ends nothing that was begun.");
    p->len = len;
    p->skip_newlines = before;
    p->open = open;
    p->pos = p->dead ? len : h.after;
    range.end = p->pos;
    p->at = range;
    lex_next(p);
    return stop == STOP_END ? template_expr(p, parts, range) : NULL;
}

struct hcl_expr *parse_template_in(struct hcl_parser *p, struct hcl_range content)
{
    struct hcl_parser in = *p;
    struct template t = {.p = &in};
    struct hcl_parts parts = {NULL, 0, 0};
    in.len = content.end;
    in.pos = content.start;
    enum stop stop = read_parts(&t, &parts);
    if (stop != STOP_ERROR && stop != STOP_END)
        directive_failed(&in, "This directive ends nothing that was begun.");
    p->dead = in.dead;
    return stop == STOP_END ? template_expr(p, parts, content) : NULL;
}

struct hcl_expr *hcl_parse_template(const struct hcl_file *file, struct arena *a,
                                    struct hcl_diags *diags)
{
    if (!hcl_text_is_readable(file, diags))
        return NULL;
    struct hcl_parser p = {
        .file = file, .text = file->text, .arena = a, .diags = diags, .len = (uint32_t)file->len};
    return parse_template_in(&p, (struct hcl_range){0, p.len});
}
