/* HCL2's native syntax: text in, a tree of bodies and expressions out, values from expressions,
 * records from bodies. Knows nothing of jobs.
 *
 * Follows the public specification of HCL (github.com/hashicorp/hcl, hclsyntax/spec.md). Two old
 * habits are read as well: a block written on one line may hold several arguments and blocks, and a
 * heredoc whose marker never stands alone ends at the first line that ends with it.
 *
 * owns: nothing; all memory is the arena's, and the tree borrows the text. thread: any, one at a
 * time per arena. order of calls: hcl_parse, then hcl_eval or hcl_decode.
 * Bounded: text (HCL_TEXT_MAX), nesting (HCL_DEPTH_MAX), mistakes told (HCL_DIAGS_MAX), work of an
 * evaluation (HCL_WORK_MAX); time is linear in the text. */
#ifndef JOBS_HCL_HCL_H
#define JOBS_HCL_HCL_H

#include "agent/base/record.h"

#define HCL_TEXT_MAX  (1u << 20)
#define HCL_DEPTH_MAX 200
#define HCL_DIAGS_MAX 100
#define HCL_WORK_MAX  (32u << 20) /* values made and bytes copied */

/* Bytes [start, end) of the text. */
struct hcl_range {
    uint32_t start, end;
};

struct hcl_file {
    const char *name; /* what messages call it */
    const char *text;
    size_t len;
};

/* --- mistakes -------------------------------------------------------------------------------- */

struct hcl_diag {
    struct hcl_range range;
    char *summary, *detail;
};
struct hcl_diags {
    struct arena *arena;
    const struct hcl_file *file;
    struct hcl_diag *items;
    size_t n, cap, n_most; /* no more than n_most are kept */
};
void hcl_diags_init(struct hcl_diags *d, struct arena *a, const struct hcl_file *file);
void hcl_diag_add(struct hcl_diags *d, struct hcl_range range, const char *summary,
                  const char *detail_fmt, ...) __attribute__((format(printf, 4, 5)));
/* In the order of the text. */
void hcl_diags_sort(struct hcl_diags *d);
/* "job.hcl:3,5-10: Summary; Detail" */
char *hcl_diag_text(const struct hcl_diags *d, const struct hcl_diag *diag);
/* The offending line with its number, the spot underlined; two lines, no final newline. */
char *hcl_diag_snippet(const struct hcl_diags *d, const struct hcl_diag *diag);
/* "job.hcl:3,5-10"; lines and columns count from 1, columns in characters. */
char *hcl_range_text(const struct hcl_diags *d, struct hcl_range r);

/* --- the tree -------------------------------------------------------------------------------- */

struct hcl_expr;
struct hcl_attr {
    char *name;
    struct hcl_range name_range, range;
    struct hcl_expr *expr;
};
struct hcl_label {
    char *text;
    struct hcl_range range;
};
struct hcl_body;
struct hcl_eval;
struct hcl_scope;
struct hcl_block {
    char *type;
    struct hcl_range type_range, head_range; /* head: type and labels */
    struct hcl_label *labels;
    size_t n_labels;
    struct hcl_body *body;
    const struct hcl_scope *scope; /* of a block that a dynamic block made; else NULL */
};
/* Arguments and blocks in the order of the text. */
struct hcl_item {
    struct hcl_attr *attr; /* one of the two is set */
    struct hcl_block *block;
};
struct hcl_body {
    struct hcl_item *items;
    size_t n;
    struct hcl_range range;
    bool json; /* from JSON: what is an argument and what a block, only the decoder knows */
};

/* Parses the whole text. Never NULL: what could be understood is there even when diags grew. */
struct hcl_body *hcl_parse(const struct hcl_file *file, struct arena *a, struct hcl_diags *diags);
/* The same for HCL's JSON syntax. `unescaped` becomes what the evaluator must have for its file:
 * the text with the strings' escapes read. */
struct hcl_body *hcl_parse_json(const struct hcl_file *file, struct arena *a,
                                struct hcl_diags *diags, struct hcl_file *unescaped);
/* A JSON body with those properties made blocks for which `labels` gives their number of labels
 * (-1: an argument). Any other body comes back as it is. */
const struct hcl_body *hcl_json_blocks(struct hcl_eval *ev, const struct hcl_body *body,
                                       int (*labels)(const void *ctx, const char *name),
                                       const void *ctx);
/* `labels` for the bodies of a record: ctx is its struct rec_desc. */
int hcl_desc_labels(const void *desc, const char *name);
/* One expression, or a template without quotes, that is the whole text. NULL after a mistake. */
struct hcl_expr *hcl_parse_expr(const struct hcl_file *file, struct arena *a,
                                struct hcl_diags *diags);
struct hcl_expr *hcl_parse_template(const struct hcl_file *file, struct arena *a,
                                    struct hcl_diags *diags);

/* The text in its canonical layout, added to out: indentation, spaces between tokens, aligned
 * equals signs and trailing comments. Comments and strings stay; doing it twice changes nothing
 * more. */
void hcl_layout(const char *text, size_t len, struct buf *out);

/* --- values ---------------------------------------------------------------------------------- */

enum hcl_kind { HCL_NULL, HCL_BOOL, HCL_NUMBER, HCL_STRING, HCL_LIST, HCL_OBJECT };
/* What the language tells apart among sequences and among objects. A set's items are sorted. */
enum hcl_form { HCL_LOOSE /* tuple, object */, HCL_UNIFORM /* list, map */, HCL_SET };
struct hcl_value;
struct hcl_member;
struct hcl_value {
    enum hcl_kind kind;
    enum hcl_form form;
    bool boolean;
    long double number; /* exact for every int64 */
    const char *string;
    size_t string_len;
    struct hcl_value *items;    /* list */
    struct hcl_member *members; /* object, sorted by key, keys unique */
    size_t n;
};
struct hcl_member {
    const char *key;
    struct hcl_value value;
};
const char *hcl_kind_name(enum hcl_kind k); /* "string", "number", ... */
/* Conversions as HCL makes them without being asked: number and bool to string, string to number
 * and bool when it reads as one. False: not convertible. */
bool hcl_to_string(const struct hcl_value *v, struct arena *a, const char **out);
bool hcl_to_number(const struct hcl_value *v, long double *out);
bool hcl_to_bool(const struct hcl_value *v, bool *out);
void hcl_value_json(const struct hcl_value *v, struct buf *out);
/* Of equal kind, form and content. */
bool hcl_value_equal(const struct hcl_value *a, const struct hcl_value *b);
const char *hcl_value_kind(const struct hcl_value *v); /* "tuple", "map", "string", ... */

/* --- types ----------------------------------------------------------------------------------- */

enum hcl_type_kind {
    HCL_T_ANY, HCL_T_BOOL, HCL_T_NUMBER, HCL_T_STRING, HCL_T_LIST, HCL_T_SET, HCL_T_MAP,
    HCL_T_OBJECT, HCL_T_TUPLE
};
struct hcl_type_member;
struct hcl_type {
    enum hcl_type_kind kind;
    const struct hcl_type *of;             /* list, set, map */
    const struct hcl_type_member *members; /* object, by name; tuple */
    size_t n;
};
struct hcl_type_member {
    const char *name; /* NULL in a tuple */
    const struct hcl_type *type;
    bool optional;
    struct hcl_value fallback; /* of an optional one */
};
struct hcl_eval;
/* Reads `list(string)`, `object({a = number, b = optional(string, "x")})` and so on. NULL after a
 * mistake. */
const struct hcl_type *hcl_type_read(struct hcl_eval *ev, const struct hcl_expr *e);
const struct hcl_type *hcl_type_of(const struct hcl_value *v, struct arena *a);
/* The type both convert to, or NULL. */
const struct hcl_type *hcl_type_unify(const struct hcl_type *x, const struct hcl_type *y,
                                      struct arena *a);
const char *hcl_type_text(const struct hcl_type *t, struct arena *a); /* "list(string)" */
/* Returns NULL, or what is wrong: "a number is required". */
const char *hcl_convert(const struct hcl_value *v, const struct hcl_type *t, struct arena *a,
                        struct hcl_value *out);

/* --- evaluation ------------------------------------------------------------------------------ */

/* Names an expression may use. A root name that no scope knows is not a mistake unless
 * `strict_root` claims it: its traversal passes through as the text "${...}", for the runtime to
 * fill in. */
struct hcl_scope {
    const struct hcl_scope *parent;
    /* The value of a root name, or NULL. */
    const struct hcl_value *(*variable)(const struct hcl_scope *s, const char *name);
    const struct hcl_function *(*function)(const struct hcl_scope *s, const char *name);
    /* Whether an unknown root of this name is a mistake (var, local). */
    bool (*strict_root)(const struct hcl_scope *s, const char *name);
    /* The value of root.name where it is made on demand (locals). 1: in out; 0: ask `variable`;
     * -1: a mistake was added. May be NULL. */
    int (*member)(const struct hcl_scope *s, struct hcl_eval *ev, const struct hcl_expr *at,
                  const char *root, const char *name, struct hcl_value *out);
    void *data;
};

/* A call under way. Arguments have been checked and converted as the function's parameters say. */
struct hcl_call {
    struct hcl_eval *ev;
    struct arena *arena;
    const struct hcl_value *args;
    size_t n;
    struct hcl_value *out;
    int bad_arg; /* set by the function: which argument its complaint is about; -1: the call */
};
struct hcl_function {
    const char *name;
    /* "s:str n:offset a?:rest...": for each parameter its kind and name. s string, n number, b
     * bool, l list, set or tuple, m map or object, a anything; ? admits null; ... any number of
     * them. */
    const char *params;
    /* Returns NULL, or what is wrong, for the message. */
    const char *(*call)(struct hcl_call *c);
};
/* The standard functions. try, can and convert are part of the language itself. */
const struct hcl_function *hcl_function_find(const char *name);
/* Calls `offer` with each function's name. */
void hcl_function_names(void (*offer)(void *ctx, const char *name), void *ctx);

/* What functions may reach beyond their arguments. */
struct hcl_env {
    bool files;           /* whether files may be read */
    const char *base_dir; /* what relative paths start from; NULL: the working directory */
};
struct hcl_eval {
    const struct hcl_file *file;
    struct arena *arena;
    struct hcl_diags *diags;
    const struct hcl_scope *scope; /* may be NULL */
    const struct hcl_env *env;     /* NULL: no files */
    size_t work;                   /* done so far; start with 0 */
    const struct hcl_value *splat_item;
    unsigned depth; /* of templates that read templates */
};
/* False when a mistake was added; out is then null. */
bool hcl_eval(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out);
struct hcl_range hcl_expr_range(const struct hcl_expr *e);
/* Pays for a function's work; false when a file may do no more. */
bool hcl_pay(struct hcl_eval *ev, size_t cost);
/* The word an expression consists of ("port" in iterator = port), or NULL. */
const char *hcl_expr_word(const struct hcl_expr *e);
/* Calls `visit` for each name an expression starts from (the var of var.x), with the member asked
 * for or NULL. */
void hcl_expr_roots(const struct hcl_expr *e,
                    void (*visit)(void *ctx, struct hcl_range at, const char *root,
                                  const char *member),
                    void *ctx);

/* --- records --------------------------------------------------------------------------------- */

/* The body with its dynamic blocks replaced by the blocks they stand for, each with its scope. A
 * body without any comes back as it is. */
const struct hcl_body *hcl_expand(struct hcl_eval *ev, const struct hcl_body *body);
/* Fills `rec` (rec_init first) from a body by the descriptor's hcl names: arguments, blocks,
 * labels, maps written either way, REC_RAW as free-form JSON. Mistakes go to ev->diags; returns
 * whether there was none. Labels are not the body's: hcl_decode_labels. */
bool hcl_decode(struct hcl_eval *ev, const struct hcl_body *body, const struct rec_desc *d,
                void *rec);
/* Sets the REC_LABEL field from a block's labels and checks their number. */
bool hcl_decode_labels(struct hcl_eval *ev, const struct hcl_block *block, const struct rec_desc *d,
                       void *rec);
/* A body without a schema, as JSON: blocks become lists of objects, a label one more level; an
 * argument that is an object becomes a list of one. */
bool hcl_free_form(struct hcl_eval *ev, const struct hcl_body *body, struct buf *out);

#endif
