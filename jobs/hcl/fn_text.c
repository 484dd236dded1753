/* Functions on strings. Characters are what a reader takes for one: grapheme clusters, by Unicode
 * Standard Annex 29; letters' cases and white space are Unicode's too. */
#include "agent/base/str.h"
#include "jobs/hcl/functions.h"

#include <ctype.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unigbrk.h>
#include <unistr.h>

static const char *arg(const struct hcl_call *c, int i)
{
    return c->args[i].string;
}

static const uint8_t *bytes(const char *s)
{
    return (const uint8_t *)s;
}
/* Behind the code point at s, which is valid UTF-8 and not the end. */
static const char *next_rune(const char *s, ucs4_t *rune)
{
    return s + u8_strmbtouc(rune, bytes(s));
}

struct hcl_chars hcl_chars(struct arena *a, const char *s, size_t len)
{
    struct hcl_chars c = {arena_alloc(a, len + 1), len};
    u8_grapheme_breaks(bytes(s), len, c.starts);
    return c;
}
size_t hcl_chars_next(const struct hcl_chars *c, size_t at)
{
    while (++at < c->len && !c->starts[at])
        ;
    return at;
}
size_t hcl_chars_skip(const struct hcl_chars *c, size_t at, int64_t n)
{
    for (; at < c->len && n != 0; n--)
        at = hcl_chars_next(c, at);
    return at;
}
size_t hcl_chars_count(const struct hcl_chars *c)
{
    size_t n = 0;
    for (size_t at = 0; at < c->len; at++)
        n += c->starts[at] != 0;
    return n;
}

static struct hcl_chars arg_chars(struct hcl_call *c, int i)
{
    return hcl_chars(c->arena, arg(c, i), c->args[i].string_len);
}

static const char *map_runes(struct hcl_call *c, ucs4_t (*map)(ucs4_t))
{
    struct buf b = BUF_INIT;
    ucs4_t r;
    for (const char *s = arg(c, 0); *s;) {
        s = next_rune(s, &r);
        hcl_add_rune(&b, map(r));
    }
    return give_buf(c, &b);
}
static const char *fn_upper(struct hcl_call *c)
{
    return map_runes(c, uc_toupper);
}
static const char *fn_lower(struct hcl_call *c)
{
    return map_runes(c, uc_tolower);
}

/* A word begins behind whatever is neither a letter, a digit nor a low line. */
static const char *fn_title(struct hcl_call *c)
{
    struct buf b = BUF_INIT;
    bool start = true;
    ucs4_t r;
    for (const char *s = arg(c, 0); *s;) {
        s = next_rune(s, &r);
        hcl_add_rune(&b, start ? uc_totitle(r) : r);
        start = r < 0x80 ? !isalnum((int)r) && r != '_' : uc_is_property_white_space(r);
    }
    return give_buf(c, &b);
}

static const char *fn_chomp(struct hcl_call *c)
{
    size_t n = c->args[0].string_len;
    while (n && (arg(c, 0)[n - 1] == '\n' || arg(c, 0)[n - 1] == '\r'))
        n--;
    return give_bytes(c, arg(c, 0), n);
}

static const char *fn_indent(struct hcl_call *c)
{
    int64_t spaces;
    const char *wrong = whole_arg(c, 0, &spaces);
    struct buf b = BUF_INIT;
    if (wrong)
        return wrong;
    if (spaces < 0 || spaces > 10000)
        return wrong_arg(c, 0, "the number of spaces must be from 0 to 10000");
    if (!hcl_pay(c->ev, (size_t)spaces * (c->args[1].string_len + 1)))
        return MAX_WORK_TEXT;
    for (const char *s = arg(c, 1); *s; s++) {
        buf_char(&b, *s);
        if (*s == '\n')
            buf_printf(&b, "%*s", (int)spaces, "");
    }
    return give_buf(c, &b);
}

static bool is_cut(const char *cutset, ucs4_t rune)
{
    ucs4_t r;
    while (*cutset) {
        cutset = next_rune(cutset, &r);
        if (r == rune)
            return true;
    }
    return false;
}

/* Without what stands in the set at either end; NULL for the set: white space. */
static const char *trim(struct hcl_call *c, const char *cutset)
{
    const char *s = arg(c, 0), *end = s + c->args[0].string_len;
    ucs4_t r;
    while (s < end) {
        const char *next = next_rune(s, &r);
        if (cutset ? !is_cut(cutset, r) : !uc_is_property_white_space(r))
            break;
        s = next;
    }
    while (s < end) {
        const char *last = (const char *)u8_prev(&r, bytes(end), bytes(s));
        if (!last || (cutset ? !is_cut(cutset, r) : !uc_is_property_white_space(r)))
            break;
        end = last;
    }
    return give_bytes(c, s, (size_t)(end - s));
}
static const char *fn_trim(struct hcl_call *c)
{
    return trim(c, arg(c, 1));
}
static const char *fn_trimspace(struct hcl_call *c)
{
    return trim(c, NULL);
}
static const char *fn_trimprefix(struct hcl_call *c)
{
    bool has = str_has_prefix(arg(c, 0), arg(c, 1));
    return give_text(c, arg(c, 0) + (has ? c->args[1].string_len : 0));
}
static const char *fn_trimsuffix(struct hcl_call *c)
{
    bool has = str_has_suffix(arg(c, 0), arg(c, 1));
    return give_bytes(c, arg(c, 0), c->args[0].string_len - (has ? c->args[1].string_len : 0));
}

static const char *fn_strrev(struct hcl_call *c)
{
    const char *s = arg(c, 0);
    size_t len = c->args[0].string_len;
    struct hcl_chars chars = arg_chars(c, 0);
    char *out = arena_strndup(c->arena, s, len);
    for (size_t at = 0; at < len;) {
        size_t next = hcl_chars_next(&chars, at);
        memcpy(out + len - next, s + at, next - at);
        at = next;
    }
    return give_bytes(c, out, len);
}

/* A negative offset counts from the end, a negative length goes to it. */
static const char *fn_substr(struct hcl_call *c)
{
    int64_t offset, length;
    const char *wrong = whole_arg(c, 1, &offset);
    if (!wrong)
        wrong = whole_arg(c, 2, &length);
    if (wrong)
        return wrong;
    struct hcl_chars chars = arg_chars(c, 0);
    int64_t n = (int64_t)hcl_chars_count(&chars);
    if (offset < 0)
        offset = offset < -n ? 0 : offset + n;
    size_t from = hcl_chars_skip(&chars, 0, offset);
    return give_bytes(c, arg(c, 0) + from, hcl_chars_skip(&chars, from, length) - from);
}

static const char *fn_replace(struct hcl_call *c)
{
    const char *s = arg(c, 0), *from = arg(c, 1), *to = arg(c, 2);
    size_t from_len = c->args[1].string_len, to_len = c->args[2].string_len;
    struct buf b = BUF_INIT;
    if (from_len > 1 && from[0] == '/' && from[from_len - 1] == '/')
        return hcl_regex_replace(c, arena_strndup(c->arena, from + 1, from_len - 2));
    if (!hcl_pay(c->ev, (c->args[0].string_len + 1) * (to_len / (from_len + 1) + 1)))
        return MAX_WORK_TEXT;
    while (*s) {
        if (from_len && !strncmp(s, from, from_len)) {
            buf_add(&b, to, to_len);
            s += from_len;
            continue;
        }
        if (!from_len)
            buf_add(&b, to, to_len);
        ucs4_t r;
        const char *next = from_len ? s + 1 : next_rune(s, &r);
        buf_add(&b, s, (size_t)(next - s));
        s = next;
    }
    if (!from_len)
        buf_add(&b, to, to_len);
    return give_buf(c, &b);
}

static const char *fn_split(struct hcl_call *c)
{
    const char *sep = arg(c, 0), *s = arg(c, 1);
    size_t len = c->args[0].string_len;
    struct values l = {NULL, 0, 0};
    if (!hcl_pay(c->ev, c->args[1].string_len * 8))
        return MAX_WORK_TEXT;
    for (bool more = len > 0 || *s; more;) { /* without a separator: its code points */
        ucs4_t r;
        const char *end = len ? strstr(s, sep) : next_rune(s, &r);
        more = len ? end != NULL : *end != '\0';
        size_t n = end ? (size_t)(end - s) : strlen(s);
        value_set_string(values_add(c->arena, &l), arena_strndup(c->arena, s, n), n);
        s += n + len;
    }
    return give_list(c, &l, HCL_UNIFORM);
}

static const char *fn_join(struct hcl_call *c)
{
    struct buf b = BUF_INIT;
    bool first = true;
    if (c->n < 2)
        return "at least one list is required";
    for (size_t k = 1; k < c->n; k++) {
        struct rec_strs items;
        const char *wrong = texts_arg(c, (int)k, &c->args[k], &items);
        if (wrong) {
            buf_fini(&b);
            return wrong;
        }
        for (size_t i = 0; i < items.n; i++) {
            if (!first)
                buf_add(&b, arg(c, 0), c->args[0].string_len);
            buf_str_add(&b, items.items[i]);
            first = false;
        }
        if (!hcl_pay(c->ev, b.len)) {
            buf_fini(&b);
            return MAX_WORK_TEXT;
        }
    }
    return give_buf(c, &b);
}

static const char *fn_startswith(struct hcl_call *c)
{
    return give_bool(c, str_has_prefix(arg(c, 0), arg(c, 1)));
}
static const char *fn_endswith(struct hcl_call *c)
{
    return give_bool(c, str_has_suffix(arg(c, 0), arg(c, 1)));
}
static const char *fn_strlen(struct hcl_call *c)
{
    struct hcl_chars chars = arg_chars(c, 0);
    return give_number(c, (long double)hcl_chars_count(&chars));
}
static const char *fn_strcontains(struct hcl_call *c)
{
    return give_bool(c, strstr(arg(c, 0), arg(c, 1)) != NULL);
}

const struct hcl_function hcl_fn_text[] = {
    {"upper", "s:str", fn_upper},
    {"lower", "s:str", fn_lower},
    {"title", "s:str", fn_title},
    {"chomp", "s:str", fn_chomp},
    {"indent", "n:spaces s:str", fn_indent},
    {"trim", "s:str s:cutset", fn_trim},
    {"trimspace", "s:str", fn_trimspace},
    {"trimprefix", "s:str s:prefix", fn_trimprefix},
    {"trimsuffix", "s:str s:suffix", fn_trimsuffix},
    {"strrev", "s:str", fn_strrev},
    {"substr", "s:str n:offset n:length", fn_substr},
    {"replace", "s:str s:substr s:replace", fn_replace},
    {"split", "s:separator s:str", fn_split},
    {"join", "s:separator l:lists...", fn_join},
    {"startswith", "s:str s:prefix", fn_startswith},
    {"endswith", "s:str s:suffix", fn_endswith},
    {"strcontains", "s:str s:substr", fn_strcontains},
    {"strlen", "s:str", fn_strlen},
    {"format", "s:format a?:args...", hcl_format},
    {"formatlist", "s:format a?:args...", hcl_formatlist},
    {NULL, NULL, NULL},
};
