/* Diagnostics: where, what, and the line itself. */
#include "jobs/hcl/hcl.h"

#include <stdarg.h>
#include <string.h>

#define MAX_DIAGS 100

void hcl_error(struct hcl_source *s, struct hcl_range at, const char *summary, const char *fmt, ...)
{
    if (s->n_diags == MAX_DIAGS)
        return;
    if (!s->diags)
        s->diags = ARENA_ARRAY(s->arena, struct hcl_diag, MAX_DIAGS);
    va_list ap;
    va_start(ap, fmt);
    char *detail = arena_vprintf(s->arena, fmt, ap);
    va_end(ap);
    s->diags[s->n_diags++] = (struct hcl_diag){at, arena_strdup(s->arena, summary), detail};
}

struct position {
    unsigned line, column;
    size_t line_start;
};

static struct position position_of(const struct hcl_source *s, size_t offset)
{
    struct position p = {1, 1, 0};
    if (offset > s->len)
        offset = s->len;
    for (size_t i = 0; i < offset; i++)
        if (s->text[i] == '\n') {
            p.line++;
            p.line_start = i + 1;
        }
    for (size_t i = p.line_start; i < offset; i++)
        p.column += ((unsigned char)s->text[i] & 0xc0) != 0x80; /* characters, not bytes */
    return p;
}

char *hcl_range_text(const struct hcl_source *s, struct hcl_range at)
{
    struct position from = position_of(s, at.from), to = position_of(s, at.to);
    if (from.line == to.line)
        return arena_printf(s->arena, "%s:%u,%u-%u", s->filename, from.line, from.column, to.column);
    return arena_printf(s->arena, "%s:%u,%u-%u,%u", s->filename, from.line, from.column, to.line,
                        to.column);
}

char *hcl_diag_text(const struct hcl_source *s, const struct hcl_diag *d)
{
    return arena_printf(s->arena, "%s: %s; %s", hcl_range_text(s, d->at), d->summary, d->detail);
}

char *hcl_diag_snippet(const struct hcl_source *s, const struct hcl_diag *d)
{
    struct position from = position_of(s, d->at.from), to = position_of(s, d->at.to);
    size_t end = from.line_start;
    while (end < s->len && s->text[end] != '\n' && s->text[end] != '\r')
        end++;
    struct buf b = BUF_INIT;
    buf_printf(&b, "%4u | %.*s\n     | ", from.line, (int)(end - from.line_start),
               s->text + from.line_start);
    unsigned column = 1;
    for (size_t i = from.line_start; i < end && column < from.column; i++) {
        if (((unsigned char)s->text[i] & 0xc0) == 0x80)
            continue;
        buf_char(&b, s->text[i] == '\t' ? '\t' : ' ');
        column++;
    }
    unsigned width = to.line == from.line && to.column > from.column ? to.column - from.column : 1;
    while (width--)
        buf_char(&b, '^');
    char *text = arena_strndup(s->arena, b.data, b.len);
    buf_fini(&b);
    return text;
}
