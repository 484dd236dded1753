/* HCL's JSON syntax. An object is a body whose properties are kept as expressions, for only the
 * decoder knows which of them are blocks. Strings are templates: their escapes are read in place,
 * in a copy of the text, so that ranges stay those of the file. */
#include "agent/base/str.h"
#include "jobs/hcl/eval_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct json {
    struct hcl_parser p;
    char *text; /* the copy; p.text is the same */
};

static struct hcl_expr *read_value(struct json *j);

static void skip_space(struct json *j)
{
    while (j->p.pos < j->p.len && strchr(" \t\r\n", j->text[j->p.pos]) && j->text[j->p.pos])
        j->p.pos++;
}

static char next_char(struct json *j)
{
    skip_space(j);
    return j->p.pos < j->p.len ? j->text[j->p.pos] : '\0';
}

static struct hcl_expr *fail_at(struct json *j, struct hcl_range range, const char *summary,
                                const char *detail)
{
    if (!j->p.dead)
        hcl_diag_add(j->p.diags, range, summary, "%s", detail);
    j->p.dead = true;
    return NULL;
}

static struct hcl_expr *fail(struct json *j, const char *summary, const char *detail)
{
    uint32_t end = j->p.pos < j->p.len ? j->p.pos + 1 : j->p.pos;
    return fail_at(j, (struct hcl_range){j->p.pos, end}, summary, detail);
}

/* --- strings --------------------------------------------------------------------------------- */

static int hex4(const char *s)
{
    int n = 0;
    for (int i = 0; i < 4; i++) {
        char c = s[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0)
            return -1;
        n = n << 4 | d;
    }
    return n;
}

static uint32_t put_rune(char *to, uint32_t r)
{
    struct buf b = BUF_INIT;
    hcl_add_rune(&b, r);
    memcpy(to, b.data, b.len);
    uint32_t n = (uint32_t)b.len;
    buf_fini(&b);
    return n;
}

/* A \u escape at `from`, surrogate pairs joined. The bytes read, 0 when it is none. */
static uint32_t read_unicode(const struct json *j, uint32_t from, uint32_t *rune)
{
    int high = j->p.len - from >= 6 ? hex4(j->text + from + 2) : -1;
    if (high <= 0)
        return 0;
    *rune = (uint32_t)high;
    if (high < 0xD800 || high >= 0xE000)
        return 6;
    int low = j->p.len - from >= 12 && j->text[from + 6] == '\\' && j->text[from + 7] == 'u'
                  ? hex4(j->text + from + 8)
                  : -1;
    *rune = 0xFFFD;
    if (high >= 0xDC00 || low < 0xDC00 || low >= 0xE000)
        return 6;
    *rune = 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
    return 12;
}

/* Reads the string at p.pos in place. Its content, then, is `range`. */
static bool read_string(struct json *j, struct hcl_range *range)
{
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    uint32_t from = ++j->p.pos, to = from, rune;
    range->start = from;
    while (from < j->p.len && j->text[from] != '"') {
        const char *at;
        uint32_t n;
        if (j->text[from] == '\n')
            break;
        if ((unsigned char)j->text[from] < ' ') {
            j->p.pos = from;
            return fail(j, "Invalid JSON string",
                        "Control characters are written as escapes: \\n, \\t, \\u001b.") != NULL;
        }
        if (j->text[from] != '\\') {
            j->text[to++] = j->text[from++];
        } else if (from + 1 < j->p.len && j->text[from + 1] &&
                   (at = strchr(plain, j->text[from + 1]))) {
            j->text[to++] = meant[at - plain];
            from += 2;
        } else if (from + 1 < j->p.len && j->text[from + 1] == 'u' &&
                   (n = read_unicode(j, from, &rune))) {
            from += n;
            to += put_rune(j->text + to, rune);
        } else {
            j->p.pos = from;
            return fail(j, "Invalid JSON string", "This is not an escape that JSON knows.") != NULL;
        }
    }
    j->p.pos = from;
    if (from >= j->p.len || j->text[from] != '"')
        return fail(j, "Invalid JSON string", "The string has no closing quote on its line.") !=
               NULL;
    j->p.pos++;
    range->end = to;
    return true;
}

static struct hcl_expr *string_expr(struct json *j, uint32_t start, struct hcl_range content)
{
    struct hcl_expr *e = parse_template_in(&j->p, content);
    if (!e) {
        j->p.dead = j->p.diags->n >= j->p.diags->n_most;
        e = expr_new(&j->p, EXPR_LITERAL, content);
        e->literal.kind = HCL_STRING;
        e->literal.string = "";
    }
    e->json = true;
    if (e->kind == EXPR_LITERAL)
        e->range = (struct hcl_range){start, j->p.pos};
    return e;
}

/* --- values ---------------------------------------------------------------------------------- */

static struct hcl_expr *read_word(struct json *j)
{
    static const struct {
        const char *word;
        enum hcl_kind kind;
        bool yes;
    } words[] = {{"true", HCL_BOOL, true}, {"false", HCL_BOOL, false}, {"null", HCL_NULL, false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        uint32_t n = (uint32_t)strlen(words[i].word);
        if (j->p.len - j->p.pos < n || memcmp(j->text + j->p.pos, words[i].word, n))
            continue;
        struct hcl_expr *e =
            expr_new(&j->p, EXPR_LITERAL, (struct hcl_range){j->p.pos, j->p.pos + n});
        e->literal.kind = words[i].kind;
        e->literal.boolean = words[i].yes;
        j->p.pos += n;
        return e;
    }
    uint32_t n = 0;
    while (j->p.pos + n < j->p.len && islower((unsigned char)j->text[j->p.pos + n]))
        n++;
    if (!n)
        return fail(j, "Invalid JSON value",
                    "A JSON value is expected here: an object, an array, a string, a number, true, "
                    "false or null.");
    const char *word = arena_strndup(j->p.arena, j->text + j->p.pos, n > 40 ? 40 : n);
    struct nearest near;
    nearest_start(&near, word);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        nearest_offer(&near, words[i].word);
    return fail_at(j, (struct hcl_range){j->p.pos, j->p.pos + n}, "Invalid JSON keyword",
                   arena_printf(j->p.arena, "\"%s\" is not a valid JSON keyword.%s", word,
                                nearest_text(&near, j->p.arena)));
}

/* RFC 8259, section 6. */
static bool is_number(const char *s)
{
    static const char digits[] = "0123456789";
    s += *s == '-';
    size_t n = strspn(s, digits);
    if (!n || (*s == '0' && n > 1))
        return false;
    s += n;
    if (*s == '.') {
        if (!(n = strspn(s + 1, digits)))
            return false;
        s += 1 + n;
    }
    if (*s == 'e' || *s == 'E') {
        s += 1 + (s[1] == '+' || s[1] == '-');
        if (!(n = strspn(s, digits)))
            return false;
        s += n;
    }
    return !*s;
}

static struct hcl_expr *read_number(struct json *j)
{
    uint32_t start = j->p.pos;
    while (j->p.pos < j->p.len && strchr("+-0123456789.eE", j->text[j->p.pos]) && j->text[j->p.pos])
        j->p.pos++;
    struct hcl_expr *e = expr_new(&j->p, EXPR_LITERAL, (struct hcl_range){start, j->p.pos});
    const char *s = arena_strndup(j->p.arena, j->text + start, j->p.pos - start);
    struct hcl_value text = {.kind = HCL_STRING, .string = s, .string_len = strlen(s)};
    e->literal.kind = HCL_NUMBER;
    if (is_number(s) && hcl_to_number(&text, &e->literal.number))
        return e;
    return fail_at(j, e->range, "Invalid JSON number", "This is not a number as JSON writes them.");
}

static bool stand_on(struct json *j, struct hcl_expr *e, const struct hcl_expr *child)
{
    return child && expr_stand_on(&j->p, e, child);
}

/* After an element: a comma and another, or the end. -1: neither. */
static int more(struct json *j, char close)
{
    char c = next_char(j);
    if (c == ',' || c == close) {
        struct hcl_range comma = {j->p.pos, j->p.pos + 1};
        j->p.pos++;
        if (c == close || next_char(j) != close)
            return c == ',';
        fail_at(j, comma, close == '}' ? "Trailing comma in object" : "Trailing comma in array",
                "JSON does not permit a comma after the last one.");
        return -1;
    }
    fail(j, "Missing comma",
         close == '}' ? "Expected a comma or the object's closing brace."
                      : "Expected a comma or the array's closing bracket.");
    return -1;
}

static struct hcl_expr *read_array(struct json *j)
{
    struct hcl_expr *e = expr_new(&j->p, EXPR_LIST, (struct hcl_range){j->p.pos, 0});
    size_t cap = 0;
    int go_on = 1;
    j->p.pos++;
    if (next_char(j) == ']') {
        j->p.pos++;
        go_on = 0;
    }
    while (go_on > 0) {
        struct hcl_expr *item = read_value(j);
        if (!stand_on(j, e, item))
            return NULL;
        pair_add(&j->p, e, &cap)->value = item;
        go_on = more(j, ']');
    }
    e->range.end = j->p.pos;
    return go_on < 0 ? NULL : e;
}

static bool read_property(struct json *j, struct hcl_expr *e, size_t *cap)
{
    struct hcl_range content;
    if (next_char(j) != '"')
        return fail(j, "Invalid JSON object", "A property name in quotes is expected here.") !=
               NULL;
    uint32_t start = j->p.pos;
    if (!read_string(j, &content))
        return false;
    struct hcl_expr *key = string_expr(j, start, content);
    key->name = arena_strndup(j->p.arena, j->text + content.start, content.end - content.start);
    if (next_char(j) != ':')
        return fail(j, "Missing property value colon",
                    "JSON uses a colon between a property's name and its value.") != NULL;
    j->p.pos++;
    struct hcl_expr *value = read_value(j);
    if (!stand_on(j, e, key) || !stand_on(j, e, value))
        return false;
    *pair_add(&j->p, e, cap) = (struct hcl_pair){key, value};
    return true;
}

static struct hcl_expr *read_object(struct json *j)
{
    struct hcl_expr *e = expr_new(&j->p, EXPR_OBJECT, (struct hcl_range){j->p.pos, 0});
    size_t cap = 0;
    int go_on = 1;
    e->json = true;
    j->p.pos++;
    if (next_char(j) == '}') {
        j->p.pos++;
        go_on = 0;
    }
    while (go_on > 0) {
        if (!read_property(j, e, &cap))
            return NULL;
        go_on = more(j, '}');
    }
    e->range.end = j->p.pos;
    return go_on < 0 ? NULL : e;
}

static struct hcl_expr *read_value(struct json *j)
{
    struct hcl_range content;
    struct hcl_expr *e = NULL;
    char c = next_char(j);
    uint32_t start = j->p.pos;
    if (!parser_enter(&j->p))
        return NULL;
    if (c == '{')
        e = read_object(j);
    else if (c == '[')
        e = read_array(j);
    else if (c == '"')
        e = read_string(j, &content) ? string_expr(j, start, content) : NULL;
    else if (c == '-' || (c >= '0' && c <= '9'))
        e = read_number(j);
    else
        e = read_word(j);
    parser_leave(&j->p);
    return e;
}

/* --- bodies ---------------------------------------------------------------------------------- */

/* A property named "//" is a comment. */
static bool is_comment(const struct hcl_pair *p)
{
    return str_eq(p->key->name, "//");
}

static void body_add(struct arena *a, struct hcl_body *b, const struct hcl_expr *e)
{
    struct hcl_item *items = ARENA_ARRAY(a, struct hcl_item, b->n + e->n + 1);
    if (b->n)
        memcpy(items, b->items, b->n * sizeof *items);
    b->items = items;
    for (size_t i = 0; i < e->n; i++) {
        struct hcl_attr *attr = ARENA_NEW(a, struct hcl_attr);
        if (is_comment(&e->items[i]))
            continue;
        attr->name = e->items[i].key->name;
        attr->name_range = e->items[i].key->range;
        attr->range = (struct hcl_range){attr->name_range.start, e->items[i].value->range.end};
        attr->expr = e->items[i].value;
        b->items[b->n++].attr = attr;
    }
}

static struct hcl_body *body_of(struct arena *a, const struct hcl_expr *e)
{
    struct hcl_body *b = ARENA_NEW(a, struct hcl_body);
    b->range = e->range;
    b->json = true;
    body_add(a, b, e);
    return b;
}

#define ROOTS_MAX 1000 /* each copies what came before it */

/* The root: an object, or objects in an array, which are one body together. */
static struct hcl_body *root_body(struct json *j, const struct hcl_expr *e)
{
    if (e->kind == EXPR_OBJECT)
        return body_of(j->p.arena, e);
    struct hcl_body *b = ARENA_NEW(j->p.arena, struct hcl_body);
    b->range = e->range;
    b->json = true;
    for (size_t i = 0; i < e->n; i++)
        if (e->items[i].value->kind == EXPR_OBJECT && i < ROOTS_MAX)
            body_add(j->p.arena, b, e->items[i].value);
        else
            fail_at(j, e->items[i].value->range, "Root value must be an object",
                    "A JSON file holds an object, or an array of up to 1,000 objects.");
    return b;
}

struct hcl_body *hcl_parse_json(const struct hcl_file *file, struct arena *a,
                                struct hcl_diags *diags, struct hcl_file *unescaped)
{
    struct json j = {.p = {.arena = a, .diags = diags}};
    *unescaped = *file;
    if (!hcl_text_is_readable(file, diags))
        return ARENA_NEW(a, struct hcl_body);
    unescaped->text = j.text = arena_strndup(a, file->text, file->len);
    j.p.file = unescaped;
    j.p.text = j.text;
    j.p.len = (uint32_t)file->len;
    if (next_char(&j) != '{' && next_char(&j) != '[') {
        fail(&j, "Root value must be an object",
             "The JSON root must be an object: a body's arguments and blocks.");
        return ARENA_NEW(a, struct hcl_body);
    }
    struct hcl_expr *e = read_value(&j);
    if (e && next_char(&j))
        fail(&j, "Extraneous data after value", "Extra characters appear after the JSON value.");
    return e ? root_body(&j, e) : ARENA_NEW(a, struct hcl_body);
}

struct blocks {
    struct hcl_eval *ev;
    const struct hcl_attr *attr;
    struct hcl_item *items;
    size_t n, cap;
};

static void add_block(struct blocks *l, const struct hcl_expr *e, const struct hcl_label *labels,
                      size_t n_labels)
{
    struct hcl_block *b = ARENA_NEW(l->ev->arena, struct hcl_block);
    l->items = arena_grow(l->ev->arena, l->items, l->n, &l->cap, sizeof(*l->items));
    b->type = l->attr->name;
    b->type_range = b->head_range = l->attr->name_range;
    if (n_labels)
        b->labels = arena_memdup(l->ev->arena, labels, n_labels * sizeof *labels);
    b->n_labels = n_labels;
    b->body = body_of(l->ev->arena, e);
    l->items[l->n++] = (struct hcl_item){NULL, b};
}

#define LABELS_MAX 2

/* Objects for the labels still wanted, then the bodies; arrays anywhere between. */
static void collect(struct blocks *l, const struct hcl_expr *e, struct hcl_label *labels, size_t n,
                    size_t wanted)
{
    if (e->kind == EXPR_LITERAL && e->literal.kind == HCL_NULL)
        return;
    if (e->kind == EXPR_LIST) {
        for (size_t i = 0; i < e->n; i++)
            collect(l, e->items[i].value, labels, n, wanted);
    } else if (e->kind != EXPR_OBJECT) {
        hcl_diag_add(l->ev->diags, e->range, "Incorrect JSON value type",
                     n < wanted ? "A JSON object is required here, whose keys are the labels of "
                                  "\"%s\" blocks."
                                : "Either a JSON object or a JSON array of objects is required "
                                  "here, to define \"%s\" blocks.",
                     l->attr->name);
    } else if (n == wanted) {
        add_block(l, e, labels, n);
    } else {
        for (size_t i = 0; i < e->n; i++) {
            labels[n] = (struct hcl_label){e->items[i].key->name, e->items[i].key->range};
            if (!is_comment(&e->items[i]))
                collect(l, e->items[i].value, labels, n + 1, wanted);
        }
    }
}

const struct hcl_body *hcl_json_blocks(struct hcl_eval *ev, const struct hcl_body *body,
                                       int (*labels)(const void *ctx, const char *name),
                                       const void *ctx)
{
    struct hcl_label at[LABELS_MAX];
    if (!body->json)
        return body;
    struct hcl_body *made = ARENA_NEW(ev->arena, struct hcl_body);
    struct blocks l = {.ev = ev};
    *made = *body;
    made->json = false;
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_attr *a = body->items[i].attr;
        int n = a ? str_eq(a->name, "dynamic") ? 1 : labels(ctx, a->name) : -1;
        l.attr = a;
        if (n >= 0) {
            collect(&l, a->expr, at, 0, (size_t)n);
            continue;
        }
        l.items = arena_grow(ev->arena, l.items, l.n, &l.cap, sizeof(*l.items));
        l.items[l.n++] = body->items[i];
    }
    made->items = l.items;
    made->n = l.n;
    return made;
}
