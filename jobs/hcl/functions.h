/* The standard functions' tables, each ending with a nameless row; private to jobs/hcl. A function
 * returns NULL or what is wrong, in the arena or constant. */
#ifndef JOBS_HCL_FUNCTIONS_H
#define JOBS_HCL_FUNCTIONS_H

#include "jobs/hcl/eval_impl.h"

extern const struct hcl_function hcl_fn_text[], hcl_fn_number[], hcl_fn_collection[],
    hcl_fn_coding[], hcl_fn_hash[], hcl_fn_date[], hcl_fn_net[], hcl_fn_file[], hcl_fn_regex[],
    hcl_fn_set[];

/* Answers. Each returns NULL, so that a function may end with it. */
const char *give_text(struct hcl_call *c, const char *s);
const char *give_bytes(struct hcl_call *c, const char *s, size_t len); /* copied; NFC */
const char *give_buf(struct hcl_call *c, struct buf *b);               /* copied; b is emptied */
const char *give_number(struct hcl_call *c, long double n);
const char *give_bool(struct hcl_call *c, bool b);
/* `form` as the language tells lists, tuples and sets apart. */
const char *give_list(struct hcl_call *c, const struct values *l, enum hcl_form form);
/* A complaint about one argument. */
const char *wrong_arg(struct hcl_call *c, int arg, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The argument as a whole number within int64 range. NULL or the complaint. */
const char *whole_arg(struct hcl_call *c, int arg, int64_t *out);
/* Every element as text. NULL or the complaint about the argument. */
const char *texts_arg(struct hcl_call *c, int arg, const struct hcl_value *list,
                      struct rec_strs *out);
/* Unites the elements' types, as lists have one. False: they have none in common. */
bool make_uniform(struct hcl_call *c, struct hcl_value *v);

/* Where a text's characters (grapheme clusters, Unicode Standard Annex 29) start, byte by byte. */
struct hcl_chars {
    char *starts;
    size_t len;
};
struct hcl_chars hcl_chars(struct arena *a, const char *s, size_t len);
size_t hcl_chars_count(const struct hcl_chars *c);
size_t hcl_chars_next(const struct hcl_chars *c, size_t at); /* behind the one at `at` */
/* n characters on from `at`, or the end; n < 0: the end. */
size_t hcl_chars_skip(const struct hcl_chars *c, size_t at, int64_t n);

/* Functions that other files' tables name. */
const char *hcl_format(struct hcl_call *c);
const char *hcl_formatlist(struct hcl_call *c);
const char *hcl_yamlencode(struct hcl_call *c);
const char *hcl_yamldecode(struct hcl_call *c);
/* Bytes that must be text: an error unless they are UTF-8 without NUL. */
const char *hcl_give_utf8(struct hcl_call *c, const char *data, size_t len);
/* NULL when it is not base64. */
unsigned char *hcl_base64_read(struct hcl_call *c, const char *s, size_t len, size_t *out_len);
/* A JSON tree as a value. */
bool hcl_value_from_json(struct hcl_call *c, const json_t *json, struct hcl_value *out);
/* replace with a pattern: args[0] the text, args[2] the replacement. */
const char *hcl_regex_replace(struct hcl_call *c, const char *pattern);

#define MAX_WORK_TEXT "it takes more work than is allowed"

#endif
