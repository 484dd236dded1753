#include "agent/base/arena.h"
#include "agent/base/check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 4064 /* with malloc's own header just under a page */
#define FIRST_BYTES 1008 /* many arenas never need more: a held request's, an evaluation's */

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, cap;
    max_align_t data[];
};

static size_t round_up(size_t n)
{
    PRE(n < SIZE_MAX / 4);
    return (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
}

static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "platform: out of memory (%zu bytes)\n", size);
    abort();
}

void arena_init(struct arena *a)
{
    *a = (struct arena)ARENA_INIT;
}

void arena_fini(struct arena *a)
{
    struct arena_chunk *c = a->head;
    while (c) {
        struct arena_chunk *next = c->next;
        free(c);
        c = next;
    }
    arena_init(a);
}

static struct arena_chunk *chunk_new(size_t cap)
{
    struct arena_chunk *c = calloc(1, sizeof(*c) + cap);
    if (!c)
        out_of_memory(cap);
    c->cap = cap;
    return c;
}

/* Large blocks get a chunk of their own behind the head, which keeps its room for small ones. */
void *arena_alloc(struct arena *a, size_t size)
{
    size_t need = round_up(size ? size : 1);
    a->used_bytes += size;
    struct arena_chunk *c = a->head;
    if (!c || c->cap - c->used < need) {
        size_t body = (a->head ? CHUNK_BYTES : FIRST_BYTES) - sizeof(struct arena_chunk);
        if (need > CHUNK_BYTES / 4 || need > body) {
            c = chunk_new(need);
            if (a->head) {
                c->next = a->head->next;
                a->head->next = c;
            } else {
                a->head = c;
            }
        } else {
            c = chunk_new(body / sizeof(max_align_t) * sizeof(max_align_t));
            c->next = a->head;
            a->head = c;
        }
    }
    void *p = (char *)c->data + c->used;
    c->used += need;
    return p;
}

void *arena_memdup(struct arena *a, const void *data, size_t len)
{
    void *p = arena_alloc(a, len);
    if (len)
        memcpy(p, data, len);
    return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *p = arena_alloc(a, len + 1);
    if (len)
        memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t item_size)
{
    if (n < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 4;
    void *longer = arena_alloc(a, *cap * item_size);
    if (n)
        memcpy(longer, items, n * item_size);
    return longer;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    INVARIANT(n >= 0);
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}

void *mem_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        out_of_memory(size);
    return p;
}

void *mem_realloc(void *p, size_t size)
{
    p = realloc(p, size ? size : 1);
    if (!p)
        out_of_memory(size);
    return p;
}

char *mem_strndup(const char *s, size_t len)
{
    char *p = mem_alloc(len + 1);
    memcpy(p, s, len);
    return p;
}

char *mem_strdup(const char *s)
{
    return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p;
    if (vasprintf(&p, fmt, ap) < 0)
        out_of_memory(0);
    va_end(ap);
    return p;
}
