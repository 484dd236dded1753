/* An arena: memory with one lifetime (a request, an evaluation, a parse), freed in one go.
 *
 * owns: every block given out. thread: one at a time. Small allocations never fail (the process
 * aborts); a size that an outsider chose must be bounded by the caller first. Blocks are aligned
 * for any type and zeroed. */
#ifndef AGENT_BASE_ARENA_H
#define AGENT_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;
struct arena {
    struct arena_chunk *head;
    size_t used_bytes; /* what was asked for, summed */
};

#define ARENA_INIT {NULL, 0}

void arena_init(struct arena *a);
void arena_fini(struct arena *a);  /* frees all; the arena may be used again */
void *arena_alloc(struct arena *a, size_t size);
void *arena_memdup(struct arena *a, const void *data, size_t len);
char *arena_strdup(struct arena *a, const char *s);             /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t len); /* terminated */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);

/* A list that grows: with room for one item more than its n; `items`, or a longer copy, with *cap
 * raised. What is behind n is zeroed. */
void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t item_size);

#define ARENA_NEW(a, type)       ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n)  ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

/* malloc, calloc, realloc, strdup that abort when memory is out: for small sizes of our own. */
void *mem_alloc(size_t size); /* zeroed */
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *s); /* NULL gives NULL */
char *mem_strndup(const char *s, size_t len);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define MEM_NEW(type) ((type *)mem_alloc(sizeof(type)))

#endif
