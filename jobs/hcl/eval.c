/* Expressions to values. What is not in scope stays text: "${attr.kernel.name}". */
#include "agent/base/str.h"
#include "jobs/hcl/hcl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *eval(struct hcl_source *s, const struct hcl_expr *e, bool *deferred);

char *hcl_value_text(const json_t *v, struct arena *a)
{
    switch (json_typeof(v)) {
    case JSON_STRING:
        return arena_strdup(a, json_string_value(v));
    case JSON_INTEGER:
        return arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    case JSON_REAL: {
        struct buf b = BUF_INIT;
        buf_json_f64(&b, json_real_value(v));
        char *text = arena_strndup(a, b.data, b.len);
        buf_fini(&b);
        return text;
    }
    case JSON_TRUE:
        return arena_strdup(a, "true");
    case JSON_FALSE:
        return arena_strdup(a, "false");
    default:
        return NULL;
    }
}

/* The source of an expression as an interpolation: with braces if it does not have them. */
static json_t *verbatim(struct hcl_source *s, const struct hcl_expr *e, bool *deferred)
{
    const char *from = s->text + e->range.from;
    size_t len = e->range.to - e->range.from;
    while (len && (from[len - 1] == ' ' || from[len - 1] == '\t'))
        len--;
    *deferred = true;
    char *text = len > 1 && !strncmp(from, "${", 2)
                     ? arena_strndup(s->arena, from, len)
                     : arena_printf(s->arena, "${%.*s}", (int)len, from);
    return json_string(text);
}

static json_t *eval_template(struct hcl_source *s, const struct hcl_expr *e, bool *deferred)
{
    struct buf b = BUF_INIT;
    json_t *out = NULL;
    for (size_t i = 0; i < e->n_items; i++) {
        bool later = false;
        json_t *v = eval(s, e->items[i], &later);
        if (!v)
            goto fail;
        if (e->n_items == 1 && !later) {
            buf_fini(&b);
            return v; /* "${expr}" alone keeps its type */
        }
        if (later && e->items[i]->kind != HCL_LITERAL) { /* the whole interpolation, as written */
            json_decref(v);
            v = verbatim(s, e->items[i], deferred);
        }
        char *text = hcl_value_text(v, s->arena);
        if (!text)
            hcl_error(s, e->items[i]->range, "Invalid template interpolation value",
                      "Cannot include the given value in a string template: string required.");
        else
            buf_str_add(&b, text);
        json_decref(v);
        if (!text)
            goto fail;
    }
    out = json_stringn(buf_str(&b), b.len);
fail:
    buf_fini(&b);
    return out;
}

static json_t *eval_list(struct hcl_source *s, const struct hcl_expr *e, bool *deferred)
{
    json_t *out = json_array();
    for (size_t i = 0; i < e->n_items; i++) {
        json_t *v = eval(s, e->items[i], deferred);
        if (!v) {
            json_decref(out);
            return NULL;
        }
        json_array_append_new(out, v);
    }
    return out;
}

static json_t *eval_object(struct hcl_source *s, const struct hcl_expr *e, bool *deferred)
{
    json_t *out = json_object();
    for (size_t i = 0; i + 1 < e->n_items; i += 2) {
        json_t *k = eval(s, e->items[i], deferred);
        char *key = k ? hcl_value_text(k, s->arena) : NULL;
        json_t *v = key ? eval(s, e->items[i + 1], deferred) : NULL;
        if (k && !key)
            hcl_error(s, e->items[i]->range, "Invalid object key", "A key must be a string.");
        json_decref(k);
        if (!v) {
            json_decref(out);
            return NULL;
        }
        json_object_set_new(out, key, v);
    }
    return out;
}

/* Numbers, and strings that are numbers. */
static bool number_of(const json_t *v, double *out)
{
    char *end;
    if (json_is_number(v)) {
        *out = json_number_value(v);
        return true;
    }
    const char *s = json_string_value(v);
    if (!s || !*s)
        return false;
    *out = strtod(s, &end);
    return !*end;
}

static bool bool_of(const json_t *v, bool *out)
{
    const char *s = json_string_value(v);
    *out = json_is_true(v) || (s && !strcmp(s, "true"));
    return json_is_boolean(v) || *out || (s && !strcmp(s, "false"));
}

static json_t *number(double d)
{
    return d == floor(d) && fabs(d) < 9e15 ? json_integer((json_int_t)d) : json_real(d);
}

static json_t *invalid_operand(struct hcl_source *s, const struct hcl_expr *e, const char *want)
{
    hcl_error(s, e->range, "Invalid operand", "Unsuitable value for the operand: a %s is required.",
              want);
    return NULL;
}

static json_t *arithmetic(struct hcl_source *s, const struct hcl_expr *e, double x, double y)
{
    switch (e->op) {
    case '+':
        return number(x + y);
    case '-':
        return number(x - y);
    case '*':
        return number(x * y);
    case '<':
        return json_boolean(x < y);
    case '>':
        return json_boolean(x > y);
    case 'l':
        return json_boolean(x <= y);
    case 'g':
        return json_boolean(x >= y);
    default:
        break;
    }
    if (y == 0) {
        hcl_error(s, e->range, "Division by zero", "Cannot divide by zero.");
        return NULL;
    }
    return number(e->op == '/' ? x / y : fmod(x, y));
}

static json_t *apply_binary(struct hcl_source *s, const struct hcl_expr *e, json_t *l, json_t *r)
{
    bool p, q;
    double x, y;
    if (e->op == 'e' || e->op == 'n') {
        bool same = json_is_number(l) && json_is_number(r) ? json_number_value(l) == json_number_value(r)
                                                           : json_equal(l, r);
        return json_boolean(same == (e->op == 'e'));
    }
    if (e->op == '&' || e->op == '|') {
        if (!bool_of(l, &p) || !bool_of(r, &q))
            return invalid_operand(s, e, "bool");
        return json_boolean(e->op == '&' ? p && q : p || q);
    }
    if (!number_of(l, &x) || !number_of(r, &y))
        return invalid_operand(s, e, "number");
    return arithmetic(s, e, x, y);
}

static json_t *eval_binary(struct hcl_source *s, const struct hcl_expr *e, bool *deferred)
{
    bool later = false;
    json_t *l = eval(s, e->items[0], &later), *r = eval(s, e->items[1], &later), *out = NULL;
    if (l && r)
        out = later ? verbatim(s, e, deferred) : apply_binary(s, e, l, r);
    json_decref(l);
    json_decref(r);
    return out;
}

static json_t *eval_unary(struct hcl_source *s, const struct hcl_expr *e, bool *deferred)
{
    bool later = false, b;
    double d;
    json_t *v = eval(s, e->items[0], &later), *out = NULL;
    if (!v)
        return NULL;
    if (later)
        out = verbatim(s, e, deferred);
    else if (e->op == '!')
        out = bool_of(v, &b) ? json_boolean(!b) : invalid_operand(s, e, "bool");
    else
        out = number_of(v, &d) ? number(-d) : invalid_operand(s, e, "number");
    json_decref(v);
    return out;
}

static json_t *eval_conditional(struct hcl_source *s, const struct hcl_expr *e, bool *deferred)
{
    bool later = false, yes;
    json_t *c = eval(s, e->items[0], &later), *out = NULL;
    if (!c)
        return NULL;
    if (later)
        out = verbatim(s, e, deferred);
    else if (bool_of(c, &yes))
        out = eval(s, e->items[yes ? 1 : 2], deferred);
    else
        hcl_error(s, e->items[0]->range, "Incorrect condition type",
                  "The condition expression must be of type bool.");
    json_decref(c);
    return out;
}

/* value[index], value.name and value.0 */
static json_t *eval_index(struct hcl_source *s, const struct hcl_expr *e, bool *deferred)
{
    bool later = false;
    json_t *v = eval(s, e->items[0], &later), *out = NULL;
    json_t *k = e->kind == HCL_ATTRIBUTE ? json_string(e->name) : eval(s, e->items[1], &later);
    double d;
    if (v && k && later) {
        out = verbatim(s, e, deferred);
    } else if (v && k) {
        if (json_is_array(v) && number_of(k, &d) && d >= 0 && d < (double)json_array_size(v))
            out = json_incref(json_array_get(v, (size_t)d));
        else if (json_is_object(v) && json_is_string(k))
            out = json_incref(json_object_get(v, json_string_value(k)));
        if (!out)
            hcl_error(s, e->range, "Invalid index",
                      "The given key does not identify an element in this collection value.");
    }
    json_decref(v);
    json_decref(k);
    return out;
}

static json_t *eval(struct hcl_source *s, const struct hcl_expr *e, bool *deferred)
{
    switch (e->kind) {
    case HCL_LITERAL:
        return json_incref(e->value);
    case HCL_TEMPLATE:
        return eval_template(s, e, deferred);
    case HCL_LIST:
        return eval_list(s, e, deferred);
    case HCL_OBJECT:
        return eval_object(s, e, deferred);
    case HCL_TRAVERSAL:
        return verbatim(s, e, deferred);
    case HCL_CALL:
        hcl_error(s, e->range, "Call to unknown function", "There is no function named \"%s\".",
                  e->name);
        return NULL;
    case HCL_UNARY:
        return eval_unary(s, e, deferred);
    case HCL_BINARY:
        return eval_binary(s, e, deferred);
    case HCL_CONDITIONAL:
        return eval_conditional(s, e, deferred);
    case HCL_INDEX:
    case HCL_ATTRIBUTE:
        return eval_index(s, e, deferred);
    }
    return NULL;
}

json_t *hcl_eval(struct hcl_source *s, const struct hcl_expr *e, bool *deferred)
{
    *deferred = false;
    return eval(s, e, deferred);
}
