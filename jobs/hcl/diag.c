#include "jobs/hcl/hcl.h"

#include <string.h>

struct place {
    size_t line, column, line_start;
};

static struct place place_of(const struct hcl_file *f, size_t at) {
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

void hcl_diags_init(struct hcl_diags *d, struct arena *a, const struct hcl_file *file) {
    *d = (struct hcl_diags){.arena = a, .file = file};
}

void hcl_diag_add(struct hcl_diags *d, struct hcl_range range, const char *summary,
                  const char *detail_fmt, ...) {
    if (d->n >= HCL_DIAGS_MAX)
        return;
    if (d->n == d->cap) {
        size_t cap = d->cap ? d->cap * 2 : 8;
        struct hcl_diag *items = ARENA_ARRAY(d->arena, struct hcl_diag, cap);
        if (d->n)
            memcpy(items, d->items, d->n * sizeof *items);
        d->items = items;
        d->cap = cap;
    }
    struct hcl_diag *g = &d->items[d->n++];
    va_list ap;
    va_start(ap, detail_fmt);
    g->range = range;
    g->summary = arena_strdup(d->arena, summary);
    g->detail = arena_vprintf(d->arena, detail_fmt, ap);
    va_end(ap);
}

void hcl_range_write(const struct hcl_file *f, struct hcl_range r, struct buf *out) {
    struct place a = place_of(f, r.start), b = place_of(f, r.end);
    buf_printf(out, "%s:%zu,%zu-", f->name, a.line, a.column);
    if (b.line != a.line)
        buf_printf(out, "%zu,", b.line);
    buf_printf(out, "%zu", b.column);
}

void hcl_diag_write(const struct hcl_diags *d, const struct hcl_diag *diag, struct buf *out) {
    hcl_range_write(d->file, diag->range, out);
    buf_printf(out, ": %s; %s", diag->summary, diag->detail);
}

#define SOURCE_LINE_MAX 240

void hcl_diag_write_source(const struct hcl_diags *d, const struct hcl_diag *diag,
                           struct buf *out) {
    const struct hcl_file *f = d->file;
    struct place p = place_of(f, diag->range.start);
    size_t end = p.line_start;
    while (end < f->len && f->text[end] != '\n' && end - p.line_start < SOURCE_LINE_MAX)
        end++;
    size_t start = diag->range.start > end ? end : diag->range.start;
    size_t stop = diag->range.end > end ? end : diag->range.end;
    buf_printf(out, "%5zu | ", p.line);
    for (size_t i = p.line_start; i < end; i++)
        buf_char(out, f->text[i] == '\t' || (unsigned char)f->text[i] >= ' ' ? f->text[i] : ' ');
    buf_str_add(out, "\n      | ");
    for (size_t i = p.line_start; i < start; i++)
        if (((unsigned char)f->text[i] & 0xC0) != 0x80)
            buf_char(out, f->text[i] == '\t' ? '\t' : ' ');
    buf_char(out, '^');
    for (size_t i = start + 1; i < stop; i++)
        if (((unsigned char)f->text[i] & 0xC0) != 0x80)
            buf_char(out, '^');
    buf_char(out, '\n');
}
