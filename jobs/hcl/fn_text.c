/* Functions on strings. Characters are code points. */
#include "agent/base/str.h"
#include "jobs/hcl/functions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

static const char *arg(const struct hcl_call *c, int i)
{
    return c->args[i].string;
}

/* The bytes of the character at s. */
static size_t char_len(const char *s)
{
    unsigned char b = (unsigned char)*s;
    size_t n = b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)s[i] & 0xC0) != 0x80)
            return i;
    return n;
}

static size_t count_chars(const char *s)
{
    size_t n = 0;
    for (; *s; s += char_len(s))
        n++;
    return n;
}

static uint32_t rune_at(const char *s, size_t len)
{
    unsigned char b = (unsigned char)*s;
    uint32_t r = len == 1 ? b : b & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++)
        r = r << 6 | ((unsigned char)s[i] & 0x3F);
    return r;
}

/* Simple case pairs beyond ASCII: Latin-1, Latin Extended-A, Greek, Cyrillic. */
static uint32_t rune_upper(uint32_t r)
{
    if (r < 0x80)
        return (uint32_t)toupper((int)r);
    if ((r >= 0xE0 && r <= 0xFE && r != 0xF7) || (r >= 0x3B1 && r <= 0x3C9 && r != 0x3C2) ||
        (r >= 0x430 && r <= 0x44F))
        return r - 0x20;
    if (r >= 0x450 && r <= 0x45F)
        return r - 0x50;
    if (r == 0xFF)
        return 0x178;
    bool even = (r >= 0x100 && r <= 0x137) || (r >= 0x14A && r <= 0x177);
    bool odd = (r >= 0x139 && r <= 0x148) || (r >= 0x179 && r <= 0x17E);
    if ((even && (r & 1)) || (odd && !(r & 1)))
        return r == 0x131 ? 'I' : r - 1;
    return r;
}

static uint32_t rune_lower(uint32_t r)
{
    if (r < 0x80)
        return (uint32_t)tolower((int)r);
    if ((r >= 0xC0 && r <= 0xDE && r != 0xD7) || (r >= 0x391 && r <= 0x3A9 && r != 0x3A2) ||
        (r >= 0x410 && r <= 0x42F))
        return r + 0x20;
    if (r >= 0x400 && r <= 0x40F)
        return r + 0x50;
    if (r == 0x178)
        return 0xFF;
    bool even = (r >= 0x100 && r <= 0x137) || (r >= 0x14A && r <= 0x177);
    bool odd = (r >= 0x139 && r <= 0x148) || (r >= 0x179 && r <= 0x17E);
    if ((even && !(r & 1)) || (odd && (r & 1)))
        return r == 0x130 ? 'i' : r + 1;
    return r;
}

static const char *map_runes(struct hcl_call *c, uint32_t (*map)(uint32_t))
{
    struct buf b = BUF_INIT;
    for (const char *s = arg(c, 0); *s;) {
        size_t n = char_len(s);
        hcl_add_rune(&b, map(rune_at(s, n)));
        s += n;
    }
    return give_buf(c, &b);
}
static const char *fn_upper(struct hcl_call *c)
{
    return map_runes(c, rune_upper);
}
static const char *fn_lower(struct hcl_call *c)
{
    return map_runes(c, rune_lower);
}

static const char *fn_title(struct hcl_call *c)
{
    struct buf b = BUF_INIT;
    bool start = true;
    for (const char *s = arg(c, 0); *s;) {
        size_t n = char_len(s);
        uint32_t r = rune_at(s, n);
        hcl_add_rune(&b, start ? rune_upper(r) : r);
        start = !(r >= 0x80 || isalnum((int)r) || r == '_' || r == '\'');
        s += n;
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

static const char *trim(struct hcl_call *c, const char *cut, bool left, bool right)
{
    const char *s = arg(c, 0), *end = s + c->args[0].string_len;
    while (left && s < end) { /* whole characters of the set */
        size_t n = char_len(s);
        const char *hit = cut;
        while (*hit && (char_len(hit) != n || memcmp(hit, s, n)))
            hit += char_len(hit);
        if (!*hit)
            break;
        s += n;
    }
    while (right && s < end) {
        const char *last = end - 1;
        while (last > s && ((unsigned char)*last & 0xC0) == 0x80)
            last--;
        size_t n = (size_t)(end - last);
        const char *hit = cut;
        while (*hit && (char_len(hit) != n || memcmp(hit, last, n)))
            hit += char_len(hit);
        if (!*hit)
            break;
        end = last;
    }
    return give_bytes(c, s, (size_t)(end - s));
}
static const char *fn_trim(struct hcl_call *c)
{
    return trim(c, arg(c, 1), true, true);
}
static const char *fn_trimspace(struct hcl_call *c)
{
    return trim(c, " \t\n\v\f\r\xC2\x85\xC2\xA0\xE2\x80\xA8\xE2\x80\xA9\xE3\x80\x80", true, true);
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
    size_t len = c->args[0].string_len, to = len;
    char *out = arena_strndup(c->arena, s, len);
    for (const char *p = s; *p;) {
        size_t n = char_len(p);
        to -= n;
        memcpy(out + to, p, n);
        p += n;
    }
    value_set_string(c->out, out, len);
    return NULL;
}

static const char *fn_substr(struct hcl_call *c)
{
    int64_t offset, length;
    const char *wrong = whole_arg(c, 1, &offset);
    if (!wrong)
        wrong = whole_arg(c, 2, &length);
    if (wrong)
        return wrong;
    int64_t chars = (int64_t)count_chars(arg(c, 0));
    if (offset < 0)
        offset = offset < -chars ? 0 : offset + chars;
    const char *s = arg(c, 0), *end;
    for (; *s && offset > 0; offset--)
        s += char_len(s);
    for (end = s; *end && length != 0; length--)
        end += char_len(end);
    return give_bytes(c, s, (size_t)(end - s));
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
        size_t n = from_len ? 1 : char_len(s);
        buf_add(&b, s, n);
        s += n;
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
    for (bool go_on = true; go_on;) {
        const char *end = len ? strstr(s, sep) : *s ? s + char_len(s) : s;
        go_on = len ? end != NULL : *end != '\0';
        size_t n = end ? (size_t)(end - s) : strlen(s);
        value_set_string(values_add(c->arena, &l), arena_strndup(c->arena, s, n), n);
        s += n + (len ? len : 0);
    }
    return give_list(c, &l, HCL_UNIFORM);
}

static const char *fn_join(struct hcl_call *c)
{
    struct buf b = BUF_INIT;
    bool first = true;
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
    return give_number(c, (long double)count_chars(arg(c, 0)));
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
