/* HCL2's native syntax (https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md): text to a tree of
 * bodies, attributes and blocks; expressions to values; bodies to records by their descriptors.
 *
 * Knows nothing of jobs. Values are JSON (jansson), owned by the evaluator's caller. A template or
 * traversal that names something not in scope is not an error: it comes out verbatim as "${...}",
 * for whoever interpolates later. Old files' habits parse as well: several attributes on one line of
 * a one-line block, quoted numbers, trailing commas.
 *
 * owns: nothing; the tree lives in the arena and borrows the source text. thread: any.
 * Linear in the input; nesting is bounded (HCL_MAX_DEPTH). No input crashes it. */
#ifndef JOBS_HCL_HCL_H
#define JOBS_HCL_HCL_H

#include "agent/base/record.h"

#define HCL_MAX_DEPTH 100

struct hcl_range { /* byte offsets into the source */
    uint32_t from, to;
};

struct hcl_diag {
    struct hcl_range at;
    char *summary, *detail;
};
struct hcl_source {
    const char *filename;
    const char *text;
    size_t len;
    struct arena *arena;
    struct hcl_diag *diags; /* all mistakes, in the order found */
    size_t n_diags;
    json_t *values; /* the literals of the tree, until hcl_free */
};
/* At most 100 are kept. */
void hcl_error(struct hcl_source *s, struct hcl_range at, const char *summary, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "job.hcl:3,5-10: Summary; Detail" */
char *hcl_diag_text(const struct hcl_source *s, const struct hcl_diag *d);
/* The source line with the spot underlined, two lines without a final newline. */
char *hcl_diag_snippet(const struct hcl_source *s, const struct hcl_diag *d);
/* "job.hcl:3,5-10" */
char *hcl_range_text(const struct hcl_source *s, struct hcl_range at);

/* --- the tree ------------------------------------------------------------------------------------ */

enum hcl_expr_kind {
    HCL_LITERAL,   /* value */
    HCL_TEMPLATE,  /* items: literals and expressions to be joined */
    HCL_LIST,      /* items */
    HCL_OBJECT,    /* items: key, value, key, value ... */
    HCL_TRAVERSAL, /* name: the root; its source text is the range */
    HCL_CALL,      /* name, items */
    HCL_UNARY,     /* op, items[0] */
    HCL_BINARY,    /* op, items[0..1] */
    HCL_CONDITIONAL, /* items[0..2] */
    HCL_INDEX,     /* items[0] [ items[1] ] */
    HCL_ATTRIBUTE  /* items[0] . name */
};
struct hcl_expr {
    enum hcl_expr_kind kind;
    struct hcl_range range;
    json_t *value; /* HCL_LITERAL; lives until hcl_free */
    const char *name;
    int op; /* '+', '-', '*', '/', '%', '!', '<', '>', 'l' <=, 'g' >=, 'e' ==, 'n' !=, '&', '|' */
    struct hcl_expr **items;
    size_t n_items;
};
struct hcl_attr {
    const char *name;
    struct hcl_range name_range;
    struct hcl_expr *expr;
};
struct hcl_body;
struct hcl_block {
    const char *type;
    struct hcl_range type_range;
    const char **labels;
    size_t n_labels;
    struct hcl_body *body;
};
struct hcl_body {
    struct hcl_attr *attrs;
    size_t n_attrs;
    struct hcl_block *blocks;
    size_t n_blocks;
    struct hcl_range range;
};

/* Parses the whole text (at most 4 GiB). NULL or a tree; mistakes are in s->diags, and the tree is
 * then what could be read. Ends with hcl_free. */
struct hcl_body *hcl_parse(struct hcl_source *s);
void hcl_free(struct hcl_source *s); /* the values inside; the tree is the arena's */

/* --- values ----------------------------------------------------------------------------------------- */

/* Evaluates. NULL after a mistake (told). *deferred is set when the value is text that holds "${...}"
 * for later. The caller owns the value. */
json_t *hcl_eval(struct hcl_source *s, const struct hcl_expr *e, bool *deferred);
/* A value as text, as cty converts numbers and booleans. NULL when it is a list, object or null. */
char *hcl_value_text(const json_t *v, struct arena *a);

/* --- records ------------------------------------------------------------------------------------------ */

/* Fills rec (rec_init'ed) from a body by the descriptor's hcl names. Unknown and duplicate names,
 * wrong types and missing labels are mistakes. */
void hcl_decode(struct hcl_source *s, const struct hcl_body *body, const struct rec_desc *d, void *rec);
/* A free-form body as JSON, as the peer keeps `config`: nested blocks become lists of objects. */
json_t *hcl_body_json(struct hcl_source *s, const struct hcl_body *body);

#endif
