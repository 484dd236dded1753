#include "jobs/hcl/hcl.h"

#include <stdlib.h>
#include <string.h>

struct place {
    size_t line, column, line_start;
};

static struct place place_of(const struct hcl_file *f, size_t at)
{
    struct place p = {1, 1, 0};
    if (at > f->len)
        at = f->len;
    for (size_t i = 0; i < at; i++) {
        if (f->text[i] == '\n') {
            p.line++;
            p.line_start = i + 1;
        }
    }
    for (size_t i = p.line_start; i < at; i++)
        if (((unsigned char)f->text[i] & 0xC0) != 0x80)
            p.column++;
    return p;
}

void hcl_diags_init(struct hcl_diags *d, struct arena *a, const struct hcl_file *file)
{
    *d = (struct hcl_diags){.arena = a, .file = file, .n_most = HCL_DIAGS_MAX};
}

void hcl_diag_add(struct hcl_diags *d, struct hcl_range range, const char *summary,
                  const char *detail_fmt, ...)
{
    if (d->n >= d->n_most)
        return;
    d->items = arena_grow(d->arena, d->items, d->n, &d->cap, sizeof(*d->items));
    struct hcl_diag *g = &d->items[d->n++];
    va_list ap;
    va_start(ap, detail_fmt);
    g->range = range;
    g->summary = arena_strdup(d->arena, summary);
    g->detail = arena_vprintf(d->arena, detail_fmt, ap);
    va_end(ap);
}

static char *arena_take(struct arena *a, struct buf *b)
{
    char *s = arena_strndup(a, buf_str(b), b->len);
    buf_fini(b);
    return s;
}

char *hcl_range_text(const struct hcl_diags *d, struct hcl_range r)
{
    struct place a = place_of(d->file, r.start), b = place_of(d->file, r.end);
    if (b.line != a.line)
        return arena_printf(d->arena, "%s:%zu,%zu-%zu,%zu", d->file->name, a.line, a.column, b.line,
                            b.column);
    return arena_printf(d->arena, "%s:%zu,%zu-%zu", d->file->name, a.line, a.column, b.column);
}

char *hcl_diag_text(const struct hcl_diags *d, const struct hcl_diag *diag)
{
    return arena_printf(d->arena, "%s: %s; %s", hcl_range_text(d, diag->range), diag->summary,
                        diag->detail);
}

#define SNIPPET_MAX 240

static size_t line_end(const struct hcl_file *f, size_t start)
{
    size_t end = start;
    while (end < f->len && f->text[end] != '\n' && end - start < SNIPPET_MAX)
        end++;
    while (end < f->len && ((unsigned char)f->text[end] & 0xC0) == 0x80) /* whole characters */
        end++;
    return end;
}

char *hcl_diag_snippet(const struct hcl_diags *d, const struct hcl_diag *diag)
{
    const struct hcl_file *f = d->file;
    struct place p = place_of(f, diag->range.start);
    size_t end = line_end(f, p.line_start);
    size_t start = diag->range.start < end ? diag->range.start : end;
    size_t stop = diag->range.end < end ? diag->range.end : end;
    struct buf out = BUF_INIT;
    buf_printf(&out, "%4zu | ", p.line);
    for (size_t i = p.line_start; i < end; i++)
        buf_char(&out, f->text[i] == '\t' || (unsigned char)f->text[i] >= ' ' ? f->text[i] : ' ');
    buf_str_add(&out, "\n     | ");
    for (size_t i = p.line_start; i < start; i++)
        if (((unsigned char)f->text[i] & 0xC0) != 0x80)
            buf_char(&out, f->text[i] == '\t' ? '\t' : ' ');
    buf_char(&out, '^');
    for (size_t i = start + 1; i < stop; i++)
        if (((unsigned char)f->text[i] & 0xC0) != 0x80)
            buf_char(&out, '^');
    return arena_take(d->arena, &out);
}

static int compare_diags(const void *a, const void *b)
{
    const struct hcl_diag *x = a, *y = b;
    return (x->range.start > y->range.start) - (x->range.start < y->range.start);
}

void hcl_diags_sort(struct hcl_diags *d)
{
    if (d->n)
        qsort(d->items, d->n, sizeof *d->items, compare_diags);
}
