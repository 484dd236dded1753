/* Records: a struct that crosses a boundary is described once, by a constant table of its fields.
 *
 * From the table come: JSON out (straight into a buffer) and in (from jansson), the compact binary
 * form of log and database (msgpack), clone, free, equality and the field-by-field diff. HCL is
 * decoded from the same table by jobs/ (the `hcl` names). Nobody writes these by hand per struct.
 *
 * How C holds a field of each kind:
 *
 *   REC_BOOL   bool              REC_OBOOL  int8_t, REC_NULL_BOOL is JSON null
 *   REC_INT    int64_t           REC_OINT   int64_t, REC_NULL_INT is null
 *   REC_UINT   uint64_t          REC_FLOAT  double
 *   REC_STR    char *, NULL is ""            REC_OSTR  char *, NULL is null
 *   REC_DUR    int64_t ns; JSON number, reads "10s" too     REC_ODUR  the same, or REC_NULL_INT
 *   REC_DURS   int64_t ns; JSON string "10s" ("" or omitted when 0), reads numbers too
 *   REC_TIME   wall_ns; JSON RFC 3339 string REC_OTIME  the same, 0 is null
 *   REC_BYTES  struct rec_bytes; JSON base64, null when empty
 *   REC_RAW    char *, JSON text of any value, kept compact with sorted keys; NULL is null
 *   REC_STRUCT the struct itself (of)        REC_PTR   pointer to one (of), NULL is null
 *   REC_LIST   {T *items; size_t n}          of describes T
 *   REC_MAP    {T *items; size_t n}          as REC_LIST; T's first member is `char *key`, which is
 *                                            not in the table; items are sorted by key (strcmp)
 *
 * A descriptor with `bare` set has exactly one field and appears in JSON as that field's value:
 * so lists of strings and maps to numbers are REC_LIST and REC_MAP of the bare descriptors below.
 * items == NULL is JSON null, items != NULL with n == 0 is [] or {}; flags change that.
 *
 * owns: nothing but what rec_clone(arena NULL) made. thread: any; records are plain data.
 * Evolution: the binary form numbers fields by their place in the table. Append, never reorder or
 * remove (mark REC_GONE). */
#ifndef AGENT_BASE_RECORD_H
#define AGENT_BASE_RECORD_H

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define REC_NULL_INT  INT64_MIN
#define REC_NULL_BOOL ((int8_t)-1)

enum rec_kind {
    REC_BOOL, REC_OBOOL, REC_INT, REC_OINT, REC_UINT, REC_FLOAT, REC_STR, REC_OSTR, REC_DUR,
    REC_ODUR, REC_DURS, REC_TIME, REC_OTIME, REC_BYTES, REC_RAW, REC_STRUCT, REC_PTR, REC_LIST,
    REC_MAP
};

enum rec_flags {
    REC_OMIT_EMPTY = 1 << 0, /* JSON: left out when zero, empty or null */
    REC_NEVER_NULL = 1 << 1, /* JSON: [] or {} (a struct's zero form) where null would stand */
    REC_NO_JSON    = 1 << 2, /* ours alone: binary only */
    REC_NO_BIN     = 1 << 3, /* JSON only: not stored */
    REC_META       = 1 << 4, /* indexes, times, status: ignored by rec_equal and rec_diff */
    REC_LABEL      = 1 << 5, /* HCL: takes the block's label */
    REC_HCL_ATTR   = 1 << 6, /* HCL: written `x = {...}` or `x = [...]`, not as a block */
    REC_HCL_BOTH   = 1 << 7, /* HCL: a map that may be a block or an attribute (env, meta) */
    REC_GONE       = 1 << 8  /* a retired field: keeps its number, is neither written nor read */
};

struct rec_desc;
struct rec_field {
    const char *name; /* on the wire */
    const char *hcl;  /* in a job file; NULL when it cannot be set there */
    enum rec_kind kind;
    unsigned flags;
    size_t offset;
    const struct rec_desc *of;
};

struct rec_desc {
    const char *name; /* the type's name, for messages */
    size_t size;
    const struct rec_field *fields;
    size_t n_fields;
    bool bare;
};

/* REC(struct job, id, "ID", REC_STR, 0);
 * REC_OF(struct job, groups, "TaskGroups", REC_LIST, 0, &group_desc).
 * REC_H and REC_OF_H name the HCL attribute as well, after the wire name. */
#define REC(T, m, wire, kind, flags)               {wire, NULL, kind, flags, offsetof(T, m), NULL}
#define REC_H(T, m, wire, hcl, kind, flags)        {wire, hcl, kind, flags, offsetof(T, m), NULL}
#define REC_OF(T, m, wire, kind, flags, d)         {wire, NULL, kind, flags, offsetof(T, m), d}
#define REC_OF_H(T, m, wire, hcl, kind, flags, d)  {wire, hcl, kind, flags, offsetof(T, m), d}
#define REC_DESC(type_name, T, table)                                                              \
    {type_name, sizeof(T), table, sizeof(table) / sizeof((table)[0]), false}

struct rec_bytes {
    uint8_t *data;
    size_t n;
};
struct rec_strs {
    char **items;
    size_t n;
};
struct rec_str_pair {
    char *key;
    char *value;
};
struct rec_str_map {
    struct rec_str_pair *items;
    size_t n;
};
struct rec_int_pair {
    char *key;
    int64_t value;
};
struct rec_int_map {
    struct rec_int_pair *items;
    size_t n;
};
struct rec_float_pair {
    char *key;
    double value;
};
struct rec_float_map {
    struct rec_float_pair *items;
    size_t n;
};
struct rec_bool_pair {
    char *key;
    bool value;
};
struct rec_bool_map {
    struct rec_bool_pair *items;
    size_t n;
};
struct rec_strs_pair {
    char *key;
    struct rec_strs value;
};
struct rec_strs_map {
    struct rec_strs_pair *items;
    size_t n;
};
/* The generic shape of every REC_LIST and REC_MAP member. */
struct rec_list {
    void *items;
    size_t n;
};

extern const struct rec_desc rec_str;        /* REC_LIST -> struct rec_strs */
extern const struct rec_desc rec_str_pair;   /* REC_MAP  -> struct rec_str_map */
extern const struct rec_desc rec_int_pair;   /* ... */
extern const struct rec_desc rec_float_pair;
extern const struct rec_desc rec_bool_pair;
extern const struct rec_desc rec_strs_pair;  /* REC_MAP -> struct rec_strs_map ({"k": ["v"]}) */

/* Zero, with the null sentinels of the REC_O* kinds, recursively for REC_STRUCT. */
void rec_init(const struct rec_desc *d, void *rec);

/* --- JSON ------------------------------------------------------------------------------------ */
void rec_json_write(const struct rec_desc *d, const void *rec, struct buf *out);
/* Writes one field's value only. */
void rec_json_field(const struct rec_field *f, const void *rec, struct buf *out);

enum rec_read_flags {
    REC_STRICT = 1 << 0, /* an unknown key is an error: `unknown field "x"` */
    REC_SNAKE  = 1 << 1  /* underscores in keys are ignored: tagged_addresses is TaggedAddresses */
};
/* Fills `rec` (rec_init first, unless it holds defaults that absent keys shall keep). Keys match
 * without regard to case, as in Go. null leaves the field as it is. Memory comes from `a`; NULL
 * means the heap, to be freed by rec_free whatever the result. A wrong type is ERR_INVALID with the
 * path: "TaskGroups[0].Count: expected a number, got a string". Depth is bounded by the table. */
int rec_json_read(const struct rec_desc *d, const json_t *json, unsigned flags, struct arena *a,
                  void *rec, struct err *e);
/* Parses text (at most len bytes, which need not end in NUL) and reads it. */
int rec_json_parse(const struct rec_desc *d, const char *text, size_t len, unsigned flags,
                   struct arena *a, void *rec, struct err *e);
/* Any JSON value as REC_RAW holds it: compact, keys sorted. arena NULL: heap. */
char *rec_raw_from_json(const json_t *json, struct arena *a);
/* Re-indents JSON text with four spaces, as `?pretty` does. */
void rec_json_pretty(const char *text, size_t len, struct buf *out);

/* --- binary ---------------------------------------------------------------------------------- */
void rec_pack(const struct rec_desc *d, const void *rec, struct buf *out);
/* rec is initialised first. Unknown field numbers are skipped; a broken input is ERR_CORRUPT and
 * never reads past len or allocates more than a small multiple of it. */
int rec_unpack(const struct rec_desc *d, const void *data, size_t len, struct arena *a, void *rec,
               struct err *e);

/* --- memory ---------------------------------------------------------------------------------- */
/* Deep copy into dst (of d->size bytes). arena NULL: heap, for rec_free. */
void rec_clone(const struct rec_desc *d, const void *src, struct arena *a, void *dst);
/* Allocates and clones. */
void *rec_dup(const struct rec_desc *d, const void *src, struct arena *a);
/* Frees what a heap record points to and re-initialises it; not the struct itself. */
void rec_free(const struct rec_desc *d, void *rec);

/* --- comparison ------------------------------------------------------------------------------ */
/* Field by field; REC_META fields do not count; null and empty lists are equal. */
bool rec_equal(const struct rec_desc *d, const void *a, const void *b);
bool rec_field_equal(const struct rec_field *f, const void *a, const void *b);

enum rec_diff_type { REC_SAME, REC_ADDED, REC_DELETED, REC_EDITED };
struct rec_diff_field {
    enum rec_diff_type type;
    const char *name;          /* "Count", "Meta[owner]", "Args[0]" */
    const char *old_text, *new_text; /* "" where there is none */
};
struct rec_diff {
    enum rec_diff_type type;
    const char *name; /* the field's wire name */
    const void *old_rec, *new_rec;
    struct rec_diff_field *fields;
    size_t n_fields;
    struct rec_diff *objects; /* nested structs; list items are matched by their "Name", "Label" or
                                 "ID" field, else by equality */
    size_t n_objects;
};
/* NULL for an absent side. Only what differs is listed. All memory from `a`; borrows both
 * records. */
struct rec_diff *rec_diff(const struct rec_desc *d, const char *name, const void *old_rec,
                          const void *new_rec, struct arena *a);
const char *rec_diff_type_name(enum rec_diff_type t); /* "None" "Added" "Deleted" "Edited" */

/* --- maps ------------------------------------------------------------------------------------ */
/* The item with this key, or NULL. `map` is any REC_MAP member; item_size its element's size. */
void *rec_map_find(const void *map, size_t item_size, const char *key);
/* As a convenience for rec_str_map; NULL when absent. */
const char *rec_str_map_get(const struct rec_str_map *m, const char *key);
/* Adds or replaces, keeping order; arena memory. */
void rec_str_map_set(struct rec_str_map *m, struct arena *a, const char *key, const char *value);
/* Appends one zeroed (rec_init) item in arena memory and returns it. For REC_MAP call
 * rec_map_sort when done. Growth is amortised. */
void *rec_list_add(const struct rec_desc *of, void *list, struct arena *a);
void rec_strs_add(struct rec_strs *l, struct arena *a, const char *s);
void rec_map_sort(void *map, size_t item_size);
bool rec_strs_has(const struct rec_strs *l, const char *s);

#endif
