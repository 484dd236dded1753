/* YAML 1.1 by libyaml: its events in, values out, and back. Plain scalars mean what they mean to
 * the peer: yes and on are true, 0x10 is 16, 1_000 is 1000, a date is an RFC 3339 time. */
#include "agent/base/clock.h"
#include "agent/base/str.h"
#include "jobs/hcl/functions.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* --- plain scalars --------------------------------------------------------------------------- */

static bool is_among(const char *s, const char *const *words)
{
    for (; *words; words++)
        if (!strcmp(*words, s))
            return true;
    return false;
}

static bool read_null(const char *s)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    return is_among(s, nulls);
}

static bool read_bool(const char *s, struct hcl_value *out)
{
    static const char *const yes[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                      "True", "TRUE", "on",  "On",  "ON",  NULL};
    static const char *const no[] = {"n",     "N",     "no",  "No",  "NO",  "false",
                                     "False", "FALSE", "off", "Off", "OFF", NULL};
    *out = (struct hcl_value){.kind = HCL_BOOL, .boolean = is_among(s, yes)};
    return out->boolean || is_among(s, no);
}

/* 12, 1_000, 0x1f, 0o17, each with a sign or none. */
static bool read_whole(const char *s, long double *out)
{
    bool negative = *s == '-';
    s += *s == '-' || *s == '+';
    int base = s[0] != '0' ? 10 : s[1] == 'x' ? 16 : s[1] == 'o' ? 8 : 10;
    s += base == 10 ? 0 : 2;
    long double n = 0;
    if (!isxdigit((unsigned char)*s))
        return false;
    for (; *s; s++) {
        int digit = isdigit((unsigned char)*s)    ? *s - '0'
                    : isxdigit((unsigned char)*s) ? tolower(*s) - 'a' + 10
                                                  : 16;
        if (*s == '_')
            continue;
        if (digit >= base)
            return false;
        n = n * base + digit;
    }
    *out = negative ? -n : n;
    return true;
}

static bool read_number(const char *s, struct hcl_value *out)
{
    const char *body = s + (*s == '-' || *s == '+');
    struct hcl_value text;
    *out = (struct hcl_value){.kind = HCL_NUMBER};
    if (read_whole(s, &out->number))
        return true;
    if (!isdigit((unsigned char)body[*body == '.']))
        return false;
    value_set_string(&text, s, strlen(s));
    return hcl_to_number(&text, &out->number);
}

/* A date, with a time or without, as RFC 3339 text; NULL when it is none. */
static const char *read_time(struct hcl_call *c, const char *s)
{
    int year, month, day, hour = 0, minute = 0, second = 0, n = 0, m = 0;
    wall_ns unused;
    if (strspn(s, "0123456789") != 4 || sscanf(s, "%4d-%2d-%2d%n", &year, &month, &day, &n) != 3)
        return NULL;
    const char *zone = "Z", *rest = s + n;
    if (*rest) {
        if (!strchr("Tt ", *rest) ||
            sscanf(rest + 1, "%2d:%2d:%2d%n", &hour, &minute, &second, &m) != 3)
            return NULL;
        bool spaced = *rest == ' ';
        rest += 1 + m;
        if (*rest == '.')
            rest += 1 + strspn(rest + 1, "0123456789");
        if (spaced && *rest)
            return NULL;
        zone = spaced ? "Z" : rest;
    }
    const char *text = arena_printf(c->arena, "%04d-%02d-%02dT%02d:%02d:%02d%s", year, month, day,
                                    hour, minute, second, zone);
    return clock_parse_rfc3339(text, &unused) ? NULL : text;
}

/* --- decoding -------------------------------------------------------------------------------- */

struct anchor {
    struct anchor *next;
    const char *name;
    struct hcl_value value;
};
struct reading {
    struct hcl_call *c;
    yaml_parser_t parser;
    yaml_event_t at;
    struct anchor *anchors;
    unsigned depth;
    const char *wrong;
};

#define YAML_TAG       "tag:yaml.org,2002:"
#define YAML_DEPTH_MAX 100

/* Moves to the next event; false when there is something wrong. */
static bool next_event(struct reading *r)
{
    yaml_event_delete(&r->at);
    if (r->wrong)
        return false;
    if (yaml_parser_parse(&r->parser, &r->at))
        return true;
    const yaml_mark_t *m = &r->parser.problem_mark;
    r->at = (yaml_event_t){.type = YAML_NO_EVENT};
    r->wrong = arena_printf(r->c->arena, "on line %zu, column %zu: %s", m->line + 1, m->column + 1,
                            r->parser.problem ? r->parser.problem : "this is not YAML");
    return false;
}

static void fail(struct reading *r, const char *what, const char *subject)
{
    if (!r->wrong)
        r->wrong =
            arena_printf(r->c->arena, "on line %zu, column %zu: %s%.60s", r->at.start_mark.line + 1,
                         r->at.start_mark.column + 1, what, subject);
}

static void read_tagged(struct reading *r, const char *tag, const char *s, struct hcl_value *out)
{
    const char *kind = str_has_prefix(tag, YAML_TAG) ? tag + strlen(YAML_TAG) : "";
    const char *time = NULL;
    bool ok = !strcmp(kind, "str") || !strcmp(kind, "binary") || !strcmp(kind, "null") ||
              (!strcmp(kind, "bool") && read_bool(s, out)) ||
              ((!strcmp(kind, "int") || !strcmp(kind, "float")) && read_number(s, out)) ||
              (!strcmp(kind, "timestamp") && (time = read_time(r->c, s)));
    if (ok && (time || !strcmp(kind, "str") || !strcmp(kind, "binary")))
        value_set_string(out, time ? time : s, strlen(time ? time : s));
    if (!ok)
        fail(r, "cannot be read as the tag says: ", tag);
}

static void read_scalar(struct reading *r, struct hcl_value *out)
{
    size_t len = r->at.data.scalar.length;
    const char *s = arena_strndup(r->c->arena, (const char *)r->at.data.scalar.value, len);
    const char *tag = (const char *)r->at.data.scalar.tag;
    bool plain = r->at.data.scalar.plain_implicit;
    *out = (struct hcl_value){.kind = HCL_NULL};
    if (memchr(s, '\0', len))
        fail(r, "a NUL character is not allowed", "");
    else if (tag && strcmp(tag, "!"))
        read_tagged(r, tag, s, out);
    else if (!plain || tag)
        value_set_string(out, s, len);
    else if (!strcmp(s, ".nan") || !strcmp(s, ".inf") || !strcmp(s, "-.inf"))
        fail(r, "a number must be finite, not ", s);
    else if (!read_null(s) && !read_bool(s, out) && !read_number(s, out)) {
        const char *time = read_time(r->c, s);
        value_set_string(out, time ? time : s, time ? strlen(time) : len);
    }
}

static void read_node(struct reading *r, struct hcl_value *out);

static void merge_into(struct reading *r, const struct hcl_value *from, struct members *m)
{
    if (from->kind != HCL_OBJECT) {
        fail(r, "cannot be merged into a mapping: ", hcl_value_kind(from));
        return;
    }
    if (!hcl_pay(r->c->ev, from->n * 8))
        r->wrong = MAX_WORK_TEXT;
    for (size_t i = 0; i < from->n && !r->wrong; i++)
        members_add(r->c->arena, m, from->members[i].key, from->members[i].value);
}

static void read_mapping(struct reading *r, struct hcl_value *out)
{
    struct members m = {NULL, 0, 0};
    while (next_event(r) && r->at.type != YAML_MAPPING_END_EVENT) {
        struct hcl_value key, value;
        const char *name = "";
        read_node(r, &key);
        if (!r->wrong && !hcl_to_string(&key, r->c->arena, &name))
            fail(r, "only strings are allowed as mapping keys", "");
        if (!next_event(r))
            return;
        read_node(r, &value);
        if (strcmp(name, "<<")) {
            members_add(r->c->arena, &m, name, value);
        } else if (value.kind == HCL_LIST) {
            for (size_t i = 0; i < value.n; i++)
                merge_into(r, &value.items[i], &m);
        } else if (!r->wrong) {
            merge_into(r, &value, &m);
        }
    }
    members_finish(r->c->arena, &m, false, out);
}

static void read_sequence(struct reading *r, struct hcl_value *out)
{
    struct values l = {NULL, 0, 0};
    while (next_event(r) && r->at.type != YAML_SEQUENCE_END_EVENT)
        read_node(r, values_add(r->c->arena, &l));
    *out = (struct hcl_value){.kind = HCL_LIST, .items = l.items, .n = l.n};
}

static void read_alias(struct reading *r, struct hcl_value *out)
{
    const char *name = (const char *)r->at.data.alias.anchor;
    for (struct anchor *a = r->anchors; a; a = a->next)
        if (!strcmp(a->name, name)) {
            *out = a->value;
            return;
        }
    fail(r, "there is no anchor named ", name);
}

/* The node that the current event begins; afterwards its last event is the current one. */
static void read_node(struct reading *r, struct hcl_value *out)
{
    const yaml_char_t *name = NULL;
    yaml_event_type_t type = r->at.type;
    *out = (struct hcl_value){.kind = HCL_NULL};
    if (r->depth >= YAML_DEPTH_MAX || !hcl_pay(r->c->ev, 32))
        r->wrong = r->depth >= YAML_DEPTH_MAX ? "it is nested too deep" : MAX_WORK_TEXT;
    if (r->wrong)
        return;
    if (type == YAML_ALIAS_EVENT) {
        read_alias(r, out);
        return;
    }
    name = type == YAML_SCALAR_EVENT           ? r->at.data.scalar.anchor
           : type == YAML_SEQUENCE_START_EVENT ? r->at.data.sequence_start.anchor
                                               : r->at.data.mapping_start.anchor;
    struct anchor *a = name ? arena_alloc(r->c->arena, sizeof *a) : NULL;
    if (a)
        *a = (struct anchor){.name = arena_strdup(r->c->arena, (const char *)name)};
    r->depth++;
    if (type == YAML_SCALAR_EVENT)
        read_scalar(r, out);
    else if (type == YAML_SEQUENCE_START_EVENT)
        read_sequence(r, out);
    else
        read_mapping(r, out);
    r->depth--;
    if (a) { /* known only now: a node is never its own part */
        a->value = *out;
        a->next = r->anchors;
        r->anchors = a;
    }
}

static void read_document(struct reading *r, struct hcl_value *out)
{
    if (!next_event(r) || !next_event(r)) /* the stream's start, the document's */
        return;
    if (r->at.type == YAML_STREAM_END_EVENT) {
        fail(r, "missing start of document", "");
        return;
    }
    if (next_event(r))
        read_node(r, out);
    if (next_event(r) && next_event(r) && r->at.type != YAML_STREAM_END_EVENT)
        fail(r, "unexpected extra content after value", "");
}

const char *hcl_yamldecode(struct hcl_call *c)
{
    struct reading r = {.c = c};
    if (!yaml_parser_initialize(&r.parser))
        return "out of memory";
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)c->args[0].string,
                                 c->args[0].string_len);
    *c->out = (struct hcl_value){.kind = HCL_NULL};
    read_document(&r, c->out);
    yaml_event_delete(&r.at);
    yaml_parser_delete(&r.parser);
    return r.wrong ? wrong_arg(c, 0, "%s", r.wrong) : NULL;
}

/* --- encoding -------------------------------------------------------------------------------- */

static int write_bytes(void *data, unsigned char *bytes, size_t n)
{
    buf_add(data, (const char *)bytes, n);
    return 1;
}

/* Text in quotes, or as a block when it has lines; all else plain. */
static bool write_scalar(yaml_emitter_t *e, const struct hcl_value *v, struct arena *a)
{
    yaml_event_t event;
    const char *s = "null";
    bool text = v->kind == HCL_STRING;
    hcl_to_string(v, a, &s);
    yaml_scalar_style_t style = !text             ? YAML_PLAIN_SCALAR_STYLE
                                : strchr(s, '\n') ? YAML_LITERAL_SCALAR_STYLE
                                                  : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)s, (int)strlen(s),
                                        !text, text, style) &&
           yaml_emitter_emit(e, &event);
}

static bool write_node(yaml_emitter_t *e, const struct hcl_value *v, struct arena *a)
{
    yaml_event_t event;
    bool list = v->kind == HCL_LIST, ok;
    if (v->kind < HCL_LIST)
        return write_scalar(e, v, a);
    ok = list ? yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_ANY_SEQUENCE_STYLE)
              : yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_ANY_MAPPING_STYLE);
    ok = ok && yaml_emitter_emit(e, &event);
    for (size_t i = 0; i < v->n && ok; i++) {
        struct hcl_value key;
        if (!list) {
            value_set_string(&key, v->members[i].key, strlen(v->members[i].key));
            ok = write_scalar(e, &key, a);
        }
        ok = ok && write_node(e, list ? &v->items[i] : &v->members[i].value, a);
    }
    ok = ok && (list ? yaml_sequence_end_event_initialize(&event)
                     : yaml_mapping_end_event_initialize(&event));
    return ok && yaml_emitter_emit(e, &event);
}

const char *hcl_yamlencode(struct hcl_call *c)
{
    struct buf b = BUF_INIT;
    yaml_emitter_t e;
    yaml_event_t event;
    if (!yaml_emitter_initialize(&e))
        return "out of memory";
    yaml_emitter_set_output(&e, write_bytes, &b);
    yaml_emitter_set_unicode(&e, 1);
    bool ok = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
              yaml_emitter_emit(&e, &event) &&
              yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
              yaml_emitter_emit(&e, &event) && write_node(&e, &c->args[0], c->arena) &&
              yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(&e, &event) &&
              yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(&e, &event);
    const char *wrong = ok ? NULL : arena_printf(c->arena, "%s", e.problem ? e.problem : "failed");
    yaml_emitter_delete(&e);
    if (c->args[0].kind < HCL_STRING)
        buf_str_add(&b, "...\n"); /* a plain document has its end marked, as YAML 1.1 had it */
    if (!wrong)
        return give_buf(c, &b);
    buf_fini(&b);
    return wrong;
}
