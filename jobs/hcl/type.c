/* Types: read from a file, found of a value, unified, and what converting to one does. */
#include "agent/base/str.h"
#include "jobs/hcl/eval_impl.h"

#include <stdlib.h>
#include <string.h>

static const struct hcl_type any = {.kind = HCL_T_ANY}, boolean = {.kind = HCL_T_BOOL},
                             number = {.kind = HCL_T_NUMBER}, string = {.kind = HCL_T_STRING};

static const struct {
    const char *word;
    const struct hcl_type *type;
} plain[] = {{"any", &any}, {"bool", &boolean}, {"number", &number}, {"string", &string}};

static struct hcl_type *type_new(struct arena *a, enum hcl_type_kind kind,
                                 const struct hcl_type *of)
{
    struct hcl_type *t = ARENA_NEW(a, struct hcl_type);
    t->kind = kind;
    t->of = of;
    return t;
}

static int compare_members(const void *a, const void *b)
{
    const struct hcl_type_member *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* --- reading --------------------------------------------------------------------------------- */

static const struct hcl_type *read_failed(struct hcl_eval *ev, const struct hcl_expr *e,
                                          const char *detail)
{
    hcl_diag_add(ev->diags, e->range, "Invalid type specification", "%s", detail);
    return NULL;
}

static bool is_optional(const struct hcl_expr *e)
{
    return e->kind == EXPR_CALL && str_eq(e->name, "optional");
}

/* optional(type) or optional(type, fallback) */
static bool read_optional(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_type_member *m)
{
    if (e->n < 1 || e->n > 2)
        return read_failed(ev, e,
                           "The optional modifier takes a type and, if wanted, a default "
                           "value.") != NULL;
    m->optional = true;
    m->type = hcl_type_read(ev, e->items[0].value);
    if (!m->type || e->n == 1)
        return m->type != NULL;
    struct hcl_value v;
    if (!hcl_eval(ev, e->items[1].value, &v))
        return false;
    const char *wrong = hcl_convert(&v, m->type, ev->arena, &m->fallback);
    if (wrong)
        hcl_diag_add(ev->diags, e->items[1].value->range, "Invalid default value",
                     "The default of an optional attribute must be of its type: %s.", wrong);
    return !wrong;
}

static const struct hcl_type *read_object(struct hcl_eval *ev, const struct hcl_expr *e)
{
    struct hcl_type *t = type_new(ev->arena, HCL_T_OBJECT, NULL);
    if (e->kind != EXPR_OBJECT)
        return read_failed(ev, e,
                           "The object type constructor requires one argument specifying "
                           "the attribute types and values as a map.");
    struct hcl_type_member *m = ARENA_ARRAY(ev->arena, struct hcl_type_member, e->n + 1);
    bool ok = true;
    for (size_t i = 0; i < e->n; i++) {
        const struct hcl_expr *key = e->items[i].key, *type = e->items[i].value;
        if (key->kind != EXPR_LITERAL || key->literal.kind != HCL_STRING)
            return read_failed(ev, key, "Object constructor map keys must be attribute names.");
        m[i].name = key->literal.string;
        if (is_optional(type))
            ok = read_optional(ev, type, &m[i]) && ok;
        else
            ok = (m[i].type = hcl_type_read(ev, type)) && ok;
    }
    if (e->n)
        qsort(m, e->n, sizeof *m, compare_members);
    t->members = m;
    t->n = e->n;
    return ok ? t : NULL;
}

static const struct hcl_type *read_tuple(struct hcl_eval *ev, const struct hcl_expr *e)
{
    struct hcl_type *t = type_new(ev->arena, HCL_T_TUPLE, NULL);
    if (e->kind != EXPR_LIST)
        return read_failed(ev, e, "Tuple type constructor requires a list of element types.");
    struct hcl_type_member *m = ARENA_ARRAY(ev->arena, struct hcl_type_member, e->n + 1);
    for (size_t i = 0; i < e->n; i++)
        if (!(m[i].type = hcl_type_read(ev, e->items[i].value)))
            return NULL;
    t->members = m;
    t->n = e->n;
    return t;
}

static const struct {
    const char *word;
    enum hcl_type_kind kind;
} constructors[] = {{"list", HCL_T_LIST},
                    {"set", HCL_T_SET},
                    {"map", HCL_T_MAP},
                    {"object", HCL_T_OBJECT},
                    {"tuple", HCL_T_TUPLE}};

static const struct hcl_type *read_constructed(struct hcl_eval *ev, const struct hcl_expr *e)
{
    for (size_t i = 0; i < sizeof constructors / sizeof constructors[0]; i++) {
        if (!str_eq(constructors[i].word, e->name))
            continue;
        if (e->n != 1)
            return read_failed(
                ev, e,
                arena_printf(ev->arena, "The %s type constructor requires one argument.", e->name));
        if (constructors[i].kind == HCL_T_OBJECT)
            return read_object(ev, e->items[0].value);
        if (constructors[i].kind == HCL_T_TUPLE)
            return read_tuple(ev, e->items[0].value);
        const struct hcl_type *of = hcl_type_read(ev, e->items[0].value);
        return of ? type_new(ev->arena, constructors[i].kind, of) : NULL;
    }
    return read_failed(
        ev, e, arena_printf(ev->arena, "Keyword \"%s\" is not a valid type constructor.", e->name));
}

/* The older way of writing a type: in quotes. */
static const char *type_word(const struct hcl_expr *e)
{
    if (e->kind == EXPR_LITERAL && e->literal.kind == HCL_STRING)
        return e->literal.string;
    return hcl_expr_word(e);
}

const struct hcl_type *hcl_type_read(struct hcl_eval *ev, const struct hcl_expr *e)
{
    if (e->kind == EXPR_CALL)
        return read_constructed(ev, e);
    if (e->json && e->kind == EXPR_LITERAL && strchr(e->literal.string, '(')) {
        struct hcl_file file = {ev->file->name, e->literal.string, e->literal.string_len};
        struct hcl_diags unheard;
        hcl_diags_init(&unheard, ev->arena, &file);
        const struct hcl_expr *inner = hcl_parse_expr(&file, ev->arena, &unheard);
        if (inner && inner->kind == EXPR_CALL)
            return hcl_type_read(ev, inner);
    }
    const char *word = type_word(e);
    for (size_t i = 0; word && i < sizeof plain / sizeof plain[0]; i++)
        if (str_eq(plain[i].word, word))
            return plain[i].type;
    if (word && (str_eq(word, "list") || str_eq(word, "set") || str_eq(word, "map")))
        return read_failed(ev, e,
                           arena_printf(ev->arena,
                                        "The %s type constructor requires one argument specifying "
                                        "the element type.",
                                        word));
    return read_failed(ev, e,
                       "A type specification is either a primitive type keyword (bool, "
                       "number, string) or a complex type constructor call, like "
                       "list(string).");
}

/* --- of a value ------------------------------------------------------------------------------ */

static const struct hcl_type *unify_all(const struct hcl_type_member *m, size_t n, struct arena *a)
{
    const struct hcl_type *t = n ? m[0].type : &any;
    for (size_t i = 1; t && i < n; i++)
        t = hcl_type_unify(t, m[i].type, a);
    return t;
}

static const struct hcl_type *type_of_members(const struct hcl_value *v, struct arena *a)
{
    struct hcl_type *t = type_new(a, HCL_T_TUPLE, NULL);
    struct hcl_type_member *m = ARENA_ARRAY(a, struct hcl_type_member, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        bool object = v->kind == HCL_OBJECT;
        m[i].name = object ? v->members[i].key : NULL;
        m[i].type = hcl_type_of(object ? &v->members[i].value : &v->items[i], a);
    }
    t->members = m;
    t->n = v->n;
    if (v->form == HCL_LOOSE) {
        t->kind = v->kind == HCL_OBJECT ? HCL_T_OBJECT : HCL_T_TUPLE;
        return t;
    }
    const struct hcl_type *of = unify_all(m, v->n, a);
    return type_new(a,
                    v->kind == HCL_OBJECT ? HCL_T_MAP
                    : v->form == HCL_SET  ? HCL_T_SET
                                          : HCL_T_LIST,
                    of ? of : &any);
}

const struct hcl_type *hcl_type_of(const struct hcl_value *v, struct arena *a)
{
    switch (v->kind) {
    case HCL_NULL:
        return &any;
    case HCL_BOOL:
        return &boolean;
    case HCL_NUMBER:
        return &number;
    case HCL_STRING:
        return &string;
    default:
        return type_of_members(v, a);
    }
}

/* --- unification ----------------------------------------------------------------------------- */

static bool same_names(const struct hcl_type *x, const struct hcl_type *y)
{
    for (size_t i = 0; i < x->n && x->n == y->n; i++)
        if (strcmp(x->members[i].name, y->members[i].name))
            return false;
    return x->n == y->n;
}

/* Two objects, or two tuples: one of the same members, or else a collection of what all are. */
static const struct hcl_type *unify_members(const struct hcl_type *x, const struct hcl_type *y,
                                            struct arena *a)
{
    bool objects = x->kind == HCL_T_OBJECT;
    struct hcl_type_member *m = ARENA_ARRAY(a, struct hcl_type_member, x->n + y->n + 1);
    if (objects ? same_names(x, y) : x->n == y->n) {
        struct hcl_type *t = type_new(a, x->kind, NULL);
        for (size_t i = 0; i < x->n; i++) {
            m[i].name = x->members[i].name;
            if (!(m[i].type = hcl_type_unify(x->members[i].type, y->members[i].type, a)))
                return NULL;
        }
        t->members = m;
        t->n = x->n;
        return t;
    }
    for (size_t i = 0; i < x->n + y->n; i++)
        m[i].type = i < x->n ? x->members[i].type : y->members[i - x->n].type;
    const struct hcl_type *of = unify_all(m, x->n + y->n, a);
    return of ? type_new(a, objects ? HCL_T_MAP : HCL_T_LIST, of) : NULL;
}

/* A uniform collection with what can become one. */
static const struct hcl_type *unify_collections(const struct hcl_type *x, const struct hcl_type *y,
                                                struct arena *a)
{
    bool maps = x->kind == HCL_T_MAP || x->kind == HCL_T_OBJECT;
    if (maps != (y->kind == HCL_T_MAP || y->kind == HCL_T_OBJECT))
        return NULL;
    const struct hcl_type *p = x->of ? x->of : unify_all(x->members, x->n, a);
    const struct hcl_type *q = y->of ? y->of : unify_all(y->members, y->n, a);
    const struct hcl_type *of = p && q ? hcl_type_unify(p, q, a) : NULL;
    if (!of)
        return NULL;
    if (maps)
        return type_new(a, HCL_T_MAP, of);
    bool set = x->kind == HCL_T_SET || y->kind == HCL_T_SET;
    bool list = x->kind == HCL_T_LIST || y->kind == HCL_T_LIST;
    return type_new(a, set && !list ? HCL_T_SET : HCL_T_LIST, of);
}

const struct hcl_type *hcl_type_unify(const struct hcl_type *x, const struct hcl_type *y,
                                      struct arena *a)
{
    if (x->kind == HCL_T_ANY || y->kind == HCL_T_ANY)
        return x->kind == HCL_T_ANY ? y : x;
    bool x_plain = x->kind <= HCL_T_STRING, y_plain = y->kind <= HCL_T_STRING;
    if (x_plain && y_plain) {
        if (x->kind == y->kind)
            return x;
        return x->kind == HCL_T_STRING || y->kind == HCL_T_STRING ? &string : NULL;
    }
    if (x_plain || y_plain)
        return NULL;
    if (x->kind == y->kind && (x->kind == HCL_T_TUPLE || x->kind == HCL_T_OBJECT))
        return unify_members(x, y, a);
    return unify_collections(x, y, a);
}

/* --- text ------------------------------------------------------------------------------------ */

static void write_type(const struct hcl_type *t, struct buf *out)
{
    static const char *const names[] = {"any", "bool", "number", "string", "list",
                                        "set", "map",  "object", "tuple"};
    buf_str_add(out, names[t->kind]);
    if (t->kind <= HCL_T_STRING)
        return;
    buf_char(out, '(');
    if (t->of)
        write_type(t->of, out);
    else
        buf_char(out, t->kind == HCL_T_TUPLE ? '[' : '{');
    for (size_t i = 0; i < t->n; i++) {
        const struct hcl_type_member *m = &t->members[i];
        buf_printf(out, "%s%s%s%s", i ? ", " : "", m->name ? m->name : "", m->name ? " = " : "",
                   m->optional ? "optional(" : "");
        write_type(m->type, out);
        buf_str_add(out, m->optional ? ")" : "");
    }
    if (!t->of)
        buf_char(out, t->kind == HCL_T_TUPLE ? ']' : '}');
    buf_char(out, ')');
}

const char *hcl_type_text(const struct hcl_type *t, struct arena *a)
{
    struct buf b = BUF_INIT;
    write_type(t, &b);
    const char *text = arena_strndup(a, buf_str(&b), b.len);
    buf_fini(&b);
    return text;
}
