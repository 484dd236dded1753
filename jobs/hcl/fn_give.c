/* What the functions share: answers and arguments. */
#include "jobs/hcl/functions.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

const char *give_text(struct hcl_call *c, const char *s)
{
    return give_bytes(c, s, strlen(s));
}

const char *give_bytes(struct hcl_call *c, const char *s, size_t len)
{
    value_set_text(c->out, c->arena, s, len);
    return NULL;
}

const char *give_buf(struct hcl_call *c, struct buf *b)
{
    give_bytes(c, buf_str(b), b->len);
    buf_fini(b);
    return NULL;
}

const char *give_number(struct hcl_call *c, long double n)
{
    if (!isfinite(n))
        return "the result is too large a number";
    *c->out = (struct hcl_value){.kind = HCL_NUMBER, .number = n};
    return NULL;
}

const char *give_bool(struct hcl_call *c, bool b)
{
    *c->out = (struct hcl_value){.kind = HCL_BOOL, .boolean = b};
    return NULL;
}

const char *give_list(struct hcl_call *c, const struct values *l, enum hcl_form form)
{
    *c->out = (struct hcl_value){.kind = HCL_LIST, .form = form, .items = l->items, .n = l->n};
    if (form == HCL_UNIFORM)
        make_uniform(c, c->out);
    return NULL;
}

const char *wrong_arg(struct hcl_call *c, int arg, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *text = arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    c->bad_arg = arg;
    return text;
}

const char *whole_arg(struct hcl_call *c, int arg, int64_t *out)
{
    long double n = c->args[arg].number;
    if (n != floorl(n) || n >= 0x1p63L || n < -0x1p63L)
        return wrong_arg(c, arg, "value must be a whole number");
    *out = (int64_t)n;
    return NULL;
}

const char *texts_arg(struct hcl_call *c, int arg, const struct hcl_value *list,
                      struct rec_strs *out)
{
    *out = (struct rec_strs){ARENA_ARRAY(c->arena, char *, list->n + 1), list->n};
    for (size_t i = 0; i < list->n; i++) {
        const char *s;
        if (!hcl_to_string(&list->items[i], c->arena, &s))
            return wrong_arg(c, arg, "element %zu: string required", i);
        out->items[i] = arena_strdup(c->arena, s);
    }
    return NULL;
}

bool make_uniform(struct hcl_call *c, struct hcl_value *v)
{
    static const struct hcl_type any = {.kind = HCL_T_ANY};
    const struct hcl_type all = {.kind = v->kind == HCL_LIST ? HCL_T_LIST : HCL_T_MAP, .of = &any};
    struct hcl_value made;
    if (hcl_convert(v, &all, c->arena, &made))
        return false;
    *v = made;
    return true;
}
