/* Lists and objects while they grow; the nearest of many names. */
#include "jobs/hcl/eval_impl.h"

#include <stdlib.h>
#include <string.h>

struct hcl_value *values_add(struct arena *a, struct values *l)
{
    l->items = arena_grow(a, l->items, l->n, &l->cap, sizeof(*l->items));
    return &l->items[l->n++];
}

void members_add(struct arena *a, struct members *l, const char *key, struct hcl_value v)
{
    l->items = arena_grow(a, l->items, l->n, &l->cap, sizeof(*l->items));
    l->items[l->n] = (struct keyed){key, l->n, v};
    l->n++;
}
static int compare_keyed(const void *p, const void *q)
{
    const struct keyed *x = p, *y = q;
    int c = strcmp(x->key, y->key);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}
static void append_value(struct arena *a, struct hcl_value *list, struct hcl_value v)
{
    if ((list->n & (list->n - 1)) == 0) { /* full: sizes are powers of two */
        struct hcl_value *items = ARENA_ARRAY(a, struct hcl_value, list->n ? list->n * 2 : 1);
        if (list->n)
            memcpy(items, list->items, list->n * sizeof *items);
        list->items = items;
    }
    list->items[list->n++] = v;
}
void members_finish(struct arena *a, struct members *l, bool group, struct hcl_value *out)
{
    if (l->n)
        qsort(l->items, l->n, sizeof *l->items, compare_keyed);
    *out = (struct hcl_value){.kind = HCL_OBJECT};
    out->members = ARENA_ARRAY(a, struct hcl_member, l->n ? l->n : 1);
    for (size_t i = 0; i < l->n; i++) {
        bool again = i > 0 && !strcmp(l->items[i].key, l->items[i - 1].key);
        struct hcl_member *m = &out->members[again ? out->n - 1 : out->n++];
        m->key = l->items[i].key;
        if (!group) {
            m->value = l->items[i].value;
            continue;
        }
        if (!again)
            m->value = (struct hcl_value){.kind = HCL_LIST};
        append_value(a, &m->value, l->items[i].value);
    }
}

/* --- did you mean ---------------------------------------------------------------------------- */

#define NAME_MAX_LEN 60

/* Levenshtein distance; short names only. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LEN + 1], n = strlen(a), m = strlen(b);
    if (n >= NAME_MAX_LEN || m >= NAME_MAX_LEN)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t up = row[j], cost = diagonal + (a[i - 1] != b[j - 1]);
            size_t best = row[j - 1] + 1 < up + 1 ? row[j - 1] + 1 : up + 1;
            row[j] = cost < best ? cost : best;
            diagonal = up;
        }
    }
    return row[m];
}

void nearest_start(struct nearest *n, const char *name)
{
    *n = (struct nearest){name, NULL, strlen(name) < 2 ? 1 : strlen(name) < 4 ? 2 : 3};
}

void nearest_offer(struct nearest *n, const char *candidate)
{
    size_t d = distance(n->name, candidate);
    if (d >= n->least)
        return;
    n->least = d;
    n->best = candidate;
}

const char *nearest_text(const struct nearest *n, struct arena *a)
{
    return n->best ? arena_printf(a, " Did you mean \"%s\"?", n->best) : "";
}
