/* What the record files share; private to agent/base. */
#ifndef AGENT_BASE_RECORD_IMPL_H
#define AGENT_BASE_RECORD_IMPL_H

#include "agent/base/record.h"

#define REC_AT(rec, f)   ((void *)((char *)(rec) + (f)->offset))
#define REC_AT_C(rec, f) ((const void *)((const char *)(rec) + (f)->offset))
/* A map item's key: its first member. */
/* "" of an item whose block had no label: a mistake told elsewhere. */
static inline const char *rec_key(const void *item)
{
    const char *key = *(char *const *)item;
    return key ? key : "";
}
#define REC_KEY(item) rec_key(item)

void *rec_mem(struct arena *a, size_t size); /* a NULL: heap */
char *rec_mem_str(struct arena *a, const char *s, size_t len);
/* p points at the field itself. */
bool rec_field_is_empty(const struct rec_field *f, const void *p);

#endif
