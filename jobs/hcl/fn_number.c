/* Functions on numbers. */
#include "jobs/hcl/functions.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static long double arg(const struct hcl_call *c, int i)
{
    return c->args[i].number;
}

static const char *fn_abs(struct hcl_call *c)
{
    return give_number(c, fabsl(arg(c, 0)));
}
static const char *fn_ceil(struct hcl_call *c)
{
    return give_number(c, ceill(arg(c, 0)));
}
static const char *fn_floor(struct hcl_call *c)
{
    return give_number(c, floorl(arg(c, 0)));
}
static const char *fn_signum(struct hcl_call *c)
{
    return give_number(c, (arg(c, 0) > 0) - (arg(c, 0) < 0));
}
static const char *fn_log(struct hcl_call *c)
{
    return give_number(c, (long double)(log((double)arg(c, 0)) / log((double)arg(c, 1))));
}
static const char *fn_pow(struct hcl_call *c)
{
    return give_number(c, powl(arg(c, 0), arg(c, 1)));
}

static const char *extreme(struct hcl_call *c, int sign)
{
    if (!c->n)
        return "must pass at least one number";
    long double best = arg(c, 0);
    for (size_t i = 1; i < c->n; i++)
        if ((c->args[i].number - best) * (long double)sign > 0)
            best = c->args[i].number;
    return give_number(c, best);
}
static const char *fn_max(struct hcl_call *c)
{
    return extreme(c, 1);
}
static const char *fn_min(struct hcl_call *c)
{
    return extreme(c, -1);
}

static int digit_of(char d, int64_t base)
{
    if (isdigit((unsigned char)d))
        return d - '0';
    if (d >= 'a' && d <= 'z')
        return d - 'a' + 10;
    if (d >= 'A' && d <= 'Z')
        return d - 'A' + (base <= 36 ? 10 : 36);
    return 99;
}

static const char *fn_parseint(struct hcl_call *c)
{
    const char *text = c->args[0].string, *s = text, *wrong;
    int64_t base;
    long double n = 0;
    if ((wrong = whole_arg(c, 1, &base)))
        return wrong;
    if (base < 2 || base > 62)
        return wrong_arg(c, 1, "base must be a whole number between 2 and 62 inclusive");
    bool negative = *s == '-';
    s += *s == '-' || *s == '+';
    bool ok = *s != '\0';
    for (; *s && ok; s++) {
        ok = digit_of(*s, base) < base;
        n = n * (long double)base + digit_of(*s, base);
    }
    if (!ok)
        return wrong_arg(c, 0, "cannot parse \"%.100s\" as a base %d integer", text, (int)base);
    return give_number(c, negative ? -n : n);
}

#define RANGE_MAX 1024

static const char *fn_range(struct hcl_call *c)
{
    if (c->n < 1 || c->n > 3)
        return "must have one, two, or three arguments";
    long double start = c->n > 1 ? arg(c, 0) : 0, end = c->n > 1 ? arg(c, 1) : arg(c, 0);
    long double step = c->n > 2 ? arg(c, 2) : end < start ? -1 : 1;
    struct values l = {NULL, 0, 0};
    if (step == 0)
        return wrong_arg(c, 2, "step must not be zero");
    if (step < 0 && end > start)
        return wrong_arg(c, 1, "end must be less than start when step is negative");
    if (step > 0 && end < start)
        return wrong_arg(c, 1, "end must be greater than start when step is positive");
    for (long double n = start; step > 0 ? n < end : n > end; n += step) {
        if (l.n >= RANGE_MAX)
            return "more than 1024 values were generated; either decrease the difference between "
                   "start and end or use a smaller step";
        *values_add(c->arena, &l) = (struct hcl_value){.kind = HCL_NUMBER, .number = n};
    }
    return give_list(c, &l, HCL_UNIFORM);
}

static const char *fn_sum(struct hcl_call *c)
{
    long double sum = 0, n;
    if (!c->args[0].n)
        return "cannot sum an empty list";
    for (size_t i = 0; i < c->args[0].n; i++) {
        if (!hcl_to_number(&c->args[0].items[i], &n))
            return wrong_arg(c, 0, "element %zu: a number is required", i);
        sum += n;
    }
    return give_number(c, sum);
}

const struct hcl_function hcl_fn_number[] = {
    {"abs", "n:num", fn_abs},
    {"ceil", "n:num", fn_ceil},
    {"floor", "n:num", fn_floor},
    {"signum", "n:num", fn_signum},
    {"log", "n:num n:base", fn_log},
    {"pow", "n:num n:power", fn_pow},
    {"max", "n:numbers...", fn_max},
    {"min", "n:numbers...", fn_min},
    {"parseint", "s:number n:base", fn_parseint},
    {"range", "n:params...", fn_range},
    {"sum", "l:list", fn_sum},
    {NULL, NULL, NULL},
};
