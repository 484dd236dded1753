/* Regular expressions, by PCRE2 with its work limited: patterns come from users. The peer's are
 * RE2's; what both know means the same in both, while PCRE2 also takes lookaround and back
 * references, which RE2 refuses. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "jobs/hcl/functions.h"

#include <pcre2.h>
#include <ctype.h>
#include <string.h>

#define MATCH_LIMIT  100000
#define PATTERN_MAX  4096
#define REPLACED_MAX HCL_TEXT_MAX

struct regex {
    pcre2_code *code;
    pcre2_match_data *found;
    pcre2_match_context *limits;
};

static void regex_fini(struct regex *r)
{
    pcre2_match_data_free(r->found);
    pcre2_match_context_free(r->limits);
    pcre2_code_free(r->code);
}

/* NULL or what is wrong with the pattern. */
static const char *regex_init(struct regex *r, struct hcl_call *c, const char *pattern)
{
    int code;
    PCRE2_SIZE at;
    *r = (struct regex){NULL, NULL, NULL};
    if (strlen(pattern) > PATTERN_MAX)
        return "the pattern is too long";
    r->code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code, &at, NULL);
    if (!r->code) {
        unsigned char text[160];
        pcre2_get_error_message(code, text, sizeof text);
        return arena_printf(c->arena, "invalid regexp pattern: %s at offset %zu", (char *)text,
                            (size_t)at);
    }
    r->found = pcre2_match_data_create_from_pattern(r->code, NULL);
    r->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(r->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(r->limits, MATCH_LIMIT / 10);
    return NULL;
}

/* 1 found, 0 not, -1 too much work. */
static int regex_next(struct regex *r, struct hcl_call *c, const struct hcl_value *s, size_t from)
{
    if (!hcl_pay(c->ev, 256 + (s->string_len - from) / 8))
        return -1;
    int n =
        pcre2_match(r->code, (PCRE2_SPTR)s->string, s->string_len, from, 0, r->found, r->limits);
    return n >= 0 ? 1 : n == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

static struct hcl_value capture(const struct regex *r, struct hcl_call *c,
                                const struct hcl_value *s, uint32_t group)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->found);
    struct hcl_value v = {.kind = HCL_NULL};
    if (group >= pcre2_get_ovector_count(r->found) || at[2 * group] == PCRE2_UNSET)
        return v;
    size_t len = at[2 * group + 1] > at[2 * group] ? at[2 * group + 1] - at[2 * group] : 0;
    value_set_string(&v, arena_strndup(c->arena, s->string + at[2 * group], len), len);
    return v;
}

/* The whole match; or the captures as a tuple; or, when they have names, as an object. */
static struct hcl_value match_value(const struct regex *r, struct hcl_call *c,
                                    const struct hcl_value *s)
{
    uint32_t names, size, groups;
    PCRE2_SPTR table;
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &names);
    pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &table);
    if (!groups)
        return capture(r, c, s, 0);
    struct hcl_value v = {.kind = HCL_LIST};
    if (names) {
        struct members m = {NULL, 0, 0};
        for (uint32_t i = 0; i < names; i++, table += size)
            members_add(c->arena, &m, arena_strdup(c->arena, (const char *)table + 2),
                        capture(r, c, s, (uint32_t)(table[0] << 8 | table[1])));
        members_finish(c->arena, &m, false, &v);
        return v;
    }
    v.n = groups;
    v.items = ARENA_ARRAY(c->arena, struct hcl_value, groups);
    for (uint32_t i = 0; i < groups; i++)
        v.items[i] = capture(r, c, s, i + 1);
    return v;
}

/* The matches of a text one after another. An empty one that touches the one before is none, as in
 * the peer's engine. */
struct matches {
    size_t from, last_end; /* last_end: SIZE_MAX before the first */
};

/* As regex_next. */
static int matches_next(struct matches *m, struct regex *r, struct hcl_call *c,
                        const struct hcl_value *s)
{
    while (m->from <= s->string_len) {
        int found = regex_next(r, c, s, m->from);
        if (found <= 0)
            return found;
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->found);
        bool empty = at[0] >= at[1], touches = at[0] == m->last_end;
        m->from = at[1];
        if (empty)
            do
                m->from++;
            while (m->from < s->string_len && ((unsigned char)s->string[m->from] & 0xC0) == 0x80);
        m->last_end = at[1];
        if (!empty || !touches)
            return 1;
    }
    return 0;
}

static const char *fn_regex(struct hcl_call *c)
{
    struct regex r;
    const char *wrong = regex_init(&r, c, c->args[0].string);
    if (wrong)
        return wrong_arg(c, 0, "%s", wrong);
    int found = regex_next(&r, c, &c->args[1], 0);
    if (found > 0)
        *c->out = match_value(&r, c, &c->args[1]);
    regex_fini(&r);
    return found > 0   ? NULL
           : found < 0 ? MAX_WORK_TEXT
                       : "pattern did not match any part of the "
                         "given string";
}

static const char *fn_regexall(struct hcl_call *c)
{
    struct regex r;
    struct values l = {NULL, 0, 0};
    const char *wrong = regex_init(&r, c, c->args[0].string);
    if (wrong)
        return wrong_arg(c, 0, "%s", wrong);
    struct matches all = {0, SIZE_MAX};
    int found;
    while ((found = matches_next(&all, &r, c, &c->args[1])) > 0)
        *values_add(c->arena, &l) = match_value(&r, c, &c->args[1]);
    regex_fini(&r);
    return found < 0 ? MAX_WORK_TEXT : give_list(c, &l, HCL_UNIFORM);
}

/* $1, ${1}, ${name}, $$ of a replacement. */
static void write_replacement(const struct regex *r, struct hcl_call *c, const struct hcl_value *s,
                              const char *to, struct buf *out)
{
    while (*to) {
        if (*to != '$' || (to[1] != '{' && to[1] != '$' && !isalnum((unsigned char)to[1]))) {
            buf_char(out, *to++);
            continue;
        }
        to++;
        if (*to == '$') {
            buf_char(out, *to++);
            continue;
        }
        bool braces = *to == '{';
        to += braces;
        size_t n = 0;
        while (isalnum((unsigned char)to[n]) || to[n] == '_')
            n++;
        char *name = arena_strndup(c->arena, to, n);
        bool number = n > 0 && n < 5 && strspn(name, "0123456789") == n;
        int group = 0;
        for (size_t i = 0; number && i < n; i++)
            group = group * 10 + (name[i] - '0');
        if (!number)
            group = pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)name);
        struct hcl_value v =
            group >= 0 ? capture(r, c, s, (uint32_t)group) : (struct hcl_value){.kind = HCL_NULL};
        if (v.kind == HCL_STRING)
            buf_add(out, v.string, v.string_len);
        to += n;
        to += braces && *to == '}';
    }
}

const char *hcl_regex_replace(struct hcl_call *c, const char *pattern)
{
    const struct hcl_value *s = &c->args[0];
    struct regex r;
    struct buf out = BUF_INIT;
    struct matches all = {0, SIZE_MAX};
    size_t kept = 0;
    int found;
    const char *wrong = regex_init(&r, c, pattern);
    if (wrong)
        return wrong_arg(c, 1, "%s", wrong);
    while ((found = matches_next(&all, &r, c, s)) > 0 && out.len <= REPLACED_MAX) {
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r.found);
        size_t start = at[0], end = at[1] > at[0] ? at[1] : at[0];
        if (start > kept)
            buf_add(&out, s->string + kept, start - kept);
        write_replacement(&r, c, s, c->args[2].string, &out);
        kept = end > kept ? end : kept;
    }
    if (found < 0 || out.len > REPLACED_MAX)
        wrong = MAX_WORK_TEXT;
    buf_add(&out, s->string + kept, s->string_len - kept);
    regex_fini(&r);
    if (!wrong)
        return give_buf(c, &out);
    buf_fini(&out);
    return wrong;
}

static const char *fn_regex_replace(struct hcl_call *c)
{
    return hcl_regex_replace(c, c->args[1].string);
}

const struct hcl_function hcl_fn_regex[] = {
    {"regex", "s:pattern s:string", fn_regex},
    {"regexall", "s:pattern s:string", fn_regexall},
    {"regex_replace", "s:str s:pattern s:replace", fn_regex_replace},
    {NULL, NULL, NULL},
};
