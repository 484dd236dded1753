/* YAML in by libyaml, with aliases and depth bounded; YAML out in block style. */
#include "agent/base/str.h"
#include "jobs/hcl/functions.h"

#include <ctype.h>
#include <string.h>
#include <yaml.h>

/* --- decoding -------------------------------------------------------------------------------- */

struct reading {
    struct hcl_call *c;
    yaml_document_t doc;
    unsigned depth;
    const char *wrong;
};

static bool is_plain_number(const char *s, long double *out)
{
    struct hcl_value v = {.kind = HCL_STRING, .string = s, .string_len = strlen(s)};
    const char *body = s + (*s == '-' || *s == '+');
    if (!isdigit((unsigned char)*body) && *body != '.')
        return false;
    return hcl_to_number(&v, out);
}

static bool is_among(const char *s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(words[i], s))
            return true;
    return false;
}

static void read_scalar(struct reading *r, const yaml_node_t *n, struct hcl_value *out)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const yes[] = {"true", "True", "TRUE"};
    static const char *const no[] = {"false", "False", "FALSE"};
    const char *s = (const char *)n->data.scalar.value;
    size_t len = n->data.scalar.length;
    long double number;
    bool plain = n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    *out = (struct hcl_value){.kind = HCL_NULL};
    if (memchr(s, '\0', len)) {
        r->wrong = "a NUL character is not allowed";
        return;
    }
    if (plain && is_among(s, nulls, 5))
        return;
    if (plain && (is_among(s, yes, 3) || is_among(s, no, 3)))
        *out = (struct hcl_value){.kind = HCL_BOOL, .boolean = s[0] == 't' || s[0] == 'T'};
    else if (plain && is_plain_number(s, &number))
        *out = (struct hcl_value){.kind = HCL_NUMBER, .number = number};
    else
        value_set_string(out, arena_strndup(r->c->arena, s, len), len);
}

static void read_node(struct reading *r, int id, struct hcl_value *out);

static void read_mapping(struct reading *r, const yaml_node_t *n, struct hcl_value *out)
{
    struct members m = {NULL, 0, 0};
    for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
        struct hcl_value key, value;
        const char *name;
        read_node(r, p->key, &key);
        read_node(r, p->value, &value);
        if (r->wrong)
            return;
        if (!hcl_to_string(&key, r->c->arena, &name)) {
            r->wrong = "mapping keys must be strings";
            return;
        }
        members_add(r->c->arena, &m, name, value);
    }
    members_finish(r->c->arena, &m, false, out);
}

#define YAML_DEPTH_MAX 100

static void read_node(struct reading *r, int id, struct hcl_value *out)
{
    yaml_node_t *n = yaml_document_get_node(&r->doc, id);
    *out = (struct hcl_value){.kind = HCL_NULL};
    if (r->depth >= YAML_DEPTH_MAX || !hcl_pay(r->c->ev, 32)) /* an alias is read every time */
        r->wrong = r->depth >= YAML_DEPTH_MAX ? "it is nested too deep" : MAX_WORK_TEXT;
    if (r->wrong || !n)
        return;
    r->depth++;
    if (n->type == YAML_SCALAR_NODE) {
        read_scalar(r, n, out);
    } else if (n->type == YAML_MAPPING_NODE) {
        read_mapping(r, n, out);
    } else {
        struct values l = {NULL, 0, 0};
        for (yaml_node_item_t *i = n->data.sequence.items.start;
             i < n->data.sequence.items.top && !r->wrong; i++)
            read_node(r, *i, values_add(r->c->arena, &l));
        *out = (struct hcl_value){.kind = HCL_LIST, .items = l.items, .n = l.n};
    }
    r->depth--;
}

/* libyaml's document loader recurses with the nesting: what is nested too deep it never sees. */
static bool is_too_deep(struct hcl_call *c)
{
    yaml_parser_t p;
    yaml_event_t e;
    int depth = 0, most = 0;
    bool more = true;
    if (!yaml_parser_initialize(&p))
        return true;
    yaml_parser_set_input_string(&p, (const unsigned char *)c->args[0].string,
                                 c->args[0].string_len);
    while (more && most < YAML_DEPTH_MAX && yaml_parser_parse(&p, &e)) {
        depth += e.type == YAML_SEQUENCE_START_EVENT || e.type == YAML_MAPPING_START_EVENT;
        depth -= e.type == YAML_SEQUENCE_END_EVENT || e.type == YAML_MAPPING_END_EVENT;
        most = depth > most ? depth : most;
        more = e.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
    }
    yaml_parser_delete(&p);
    return most >= YAML_DEPTH_MAX;
}

const char *hcl_yamldecode(struct hcl_call *c)
{
    struct reading r = {.c = c};
    yaml_parser_t p;
    if (is_too_deep(c))
        return wrong_arg(c, 0, "it is nested too deep");
    if (!yaml_parser_initialize(&p))
        return "out of memory";
    yaml_parser_set_input_string(&p, (const unsigned char *)c->args[0].string,
                                 c->args[0].string_len);
    if (!yaml_parser_load(&p, &r.doc)) {
        const char *wrong =
            wrong_arg(c, 0, "on line %zu, column %zu: %s", p.problem_mark.line + 1,
                      p.problem_mark.column + 1, p.problem ? p.problem : "this is not YAML");
        yaml_parser_delete(&p);
        return wrong;
    }
    *c->out = (struct hcl_value){.kind = HCL_NULL};
    if (yaml_document_get_root_node(&r.doc))
        read_node(&r, 1, c->out);
    yaml_document_delete(&r.doc);
    yaml_parser_delete(&p);
    return r.wrong ? wrong_arg(c, 0, "%s", r.wrong) : NULL;
}

/* --- encoding -------------------------------------------------------------------------------- */

static void write_node(const struct hcl_value *v, int indent, bool in_list, struct buf *out);

static void write_scalar(const struct hcl_value *v, struct buf *out)
{
    hcl_value_json(v, out); /* JSON's scalars are YAML's */
}

static void write_entry(const struct hcl_value *v, int indent, bool in_list, struct buf *out)
{
    bool nested = v->kind >= HCL_LIST && v->n > 0;
    if (!nested) {
        buf_char(out, ' ');
        if (v->kind >= HCL_LIST)
            buf_str_add(out, v->kind == HCL_LIST ? "[]" : "{}");
        else
            write_scalar(v, out);
        buf_char(out, '\n');
        return;
    }
    buf_char(out, in_list ? ' ' : '\n');
    write_node(v, indent, in_list, out);
}

/* in_list: the first line goes on behind "- ". */
static void write_node(const struct hcl_value *v, int indent, bool in_list, struct buf *out)
{
    for (size_t i = 0; i < v->n; i++) {
        buf_printf(out, "%*s", in_list && i == 0 ? 0 : indent, "");
        if (v->kind == HCL_LIST) {
            buf_char(out, '-');
            write_entry(&v->items[i], indent + 2, true, out);
        } else {
            buf_json_str(out, v->members[i].key, strlen(v->members[i].key));
            buf_char(out, ':');
            bool list = v->members[i].value.kind == HCL_LIST;
            write_entry(&v->members[i].value, list ? indent : indent + 2, false, out);
        }
    }
}

const char *hcl_yamlencode(struct hcl_call *c)
{
    struct buf b = BUF_INIT;
    const struct hcl_value *v = &c->args[0];
    if (v->kind >= HCL_LIST && v->n) {
        write_node(v, 0, false, &b);
    } else {
        write_entry(v, 0, false, &b);
        give_bytes(c, buf_str(&b) + 1, b.len - 1); /* less the space before */
        buf_fini(&b);
        return NULL;
    }
    return give_buf(c, &b);
}
