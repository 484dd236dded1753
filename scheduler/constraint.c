/* Constraints: what a job may ask of a node (inventory nomad-scheduler 6, nomad-jobspec 11). */
#include "agent/base/buf.h"
#include "agent/base/str.h"
#include "scheduler/place_impl.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* --- targets --------------------------------------------------------------------------------- */

const char *target_resolve(const char *target, const struct node *n, char name[TARGET_MAX])
{
    if (!target || strncmp(target, "${", 2))
        return target ? target : "";
    size_t len = strlen(target);
    if (len < 4 || target[len - 1] != '}' || len - 2 >= TARGET_MAX)
        return NULL;
    memcpy(name, target + 2, len - 3);
    name[len - 3] = '\0';
    if (!strcmp(name, "node.unique.id"))
        return n->id;
    if (!strcmp(name, "node.unique.name"))
        return n->name;
    if (!strcmp(name, "node.datacenter"))
        return n->datacenter;
    if (!strcmp(name, "node.class"))
        return n->node_class ? n->node_class : "";
    if (str_has_prefix(name, "attr."))
        return rec_str_map_get(&n->attributes, name + 5);
    if (str_has_prefix(name, "meta."))
        return rec_str_map_get(&n->meta, name + 5);
    return NULL;
}

/* --- versions -------------------------------------------------------------------------------- */

struct version {
    long segment[8];
    int n;
    char prerelease[64];
};

static bool version_parse(const char *s, size_t len, bool strict, struct version *v)
{
    memset(v, 0, sizeof(*v));
    size_t i = 0;
    while (i < len && isspace((unsigned char)s[i]))
        i++;
    i += i < len && s[i] == 'v';
    for (;;) {
        if (i >= len || !isdigit((unsigned char)s[i]) || v->n == 8)
            return false;
        long x = 0;
        for (; i < len && isdigit((unsigned char)s[i]); i++)
            x = x < 100000000000L ? x * 10 + (s[i] - '0') : x;
        v->segment[v->n++] = x;
        if (i >= len || s[i] != '.')
            break;
        i++;
    }
    if (i < len && (s[i] == '-' || (!strict && isalpha((unsigned char)s[i])))) {
        i += s[i] == '-';
        size_t p = 0;
        while (i < len && (isalnum((unsigned char)s[i]) || strchr("-.~", s[i])) &&
               p < sizeof(v->prerelease) - 1)
            v->prerelease[p++] = s[i++];
    }
    if (i < len && s[i] == '+')
        while (i < len && !isspace((unsigned char)s[i]))
            i++;
    while (i < len && isspace((unsigned char)s[i]))
        i++;
    return i == len;
}

/* One dot-separated identifier against another: numbers by value and below words (SemVer 11.4). */
static int identifier_compare(const char *a, size_t na, const char *b, size_t nb)
{
    bool da = strspn(a, "0123456789") >= na, db = strspn(b, "0123456789") >= nb;
    if (da && db) {
        long x = strtol(a, NULL, 10), y = strtol(b, NULL, 10);
        return x < y ? -1 : x > y;
    }
    if (da != db)
        return da ? -1 : 1;
    int c = strncmp(a, b, na < nb ? na : nb);
    return c ? c : na < nb ? -1 : na > nb;
}

static int prerelease_compare(const char *a, const char *b)
{
    if (!*a || !*b)
        return !*a && !*b ? 0 : !*a ? 1 : -1; /* a release is above its prereleases */
    while (*a && *b) {
        size_t na = strcspn(a, "."), nb = strcspn(b, ".");
        int c = identifier_compare(a, na, b, nb);
        if (c)
            return c;
        a += na + (a[na] == '.');
        b += nb + (b[nb] == '.');
    }
    return *a ? 1 : *b ? -1 : 0;
}

static int version_compare(const struct version *a, const struct version *b)
{
    for (int i = 0; i < 8; i++)
        if (a->segment[i] != b->segment[i])
            return a->segment[i] < b->segment[i] ? -1 : 1;
    return prerelease_compare(a->prerelease, b->prerelease);
}

/* "~> 1.2.3": at least that, and the same but for the last part given. */
static bool pessimistic(const struct version *v, const struct version *c)
{
    if (version_compare(v, c) < 0 || (*c->prerelease && !*v->prerelease))
        return false;
    for (int i = 0; i < c->n - 1; i++)
        if (v->segment[i] != c->segment[i])
            return false;
    return true;
}

/* go-version: a prerelease satisfies only a range that names a prerelease of the same version. */
static bool prerelease_allowed(const struct version *v, const struct version *c)
{
    if (!*v->prerelease)
        return true;
    return *c->prerelease && !memcmp(v->segment, c->segment, sizeof(v->segment));
}

static bool clause_holds(const struct version *v, const char *s, size_t len, bool strict)
{
    static const char *const operators[] = {"~>", ">=", "<=", "!=", "=", ">", "<"};
    int op = 4;
    while (len && isspace((unsigned char)*s)) {
        s++;
        len--;
    }
    for (int i = 0; i < 7; i++) {
        size_t n = strlen(operators[i]);
        if (len >= n && !strncmp(s, operators[i], n)) {
            op = i;
            s += n;
            len -= n;
            break;
        }
    }
    struct version c;
    if (!version_parse(s, len, strict, &c))
        return false;
    int cmp = version_compare(v, &c);
    if (!strict && op != 3 && op != 4 && !prerelease_allowed(v, &c))
        return false;
    switch (op) {
    case 0:
        return !strict && pessimistic(v, &c);
    case 1:
        return cmp >= 0;
    case 2:
        return cmp <= 0;
    case 3:
        return cmp != 0;
    case 4:
        return cmp == 0;
    case 5:
        return cmp > 0;
    default:
        return cmp < 0;
    }
}

bool version_matches(const char *version, const char *constraints, bool strict)
{
    struct version v;
    if (!version_parse(version, strlen(version), strict, &v))
        return false;
    for (const char *p = constraints;;) {
        size_t n = strcspn(p, ",");
        if (!clause_holds(&v, p, n, strict))
            return false;
        if (!p[n])
            return true;
        p += n + 1;
    }
}

/* --- the rest of the operators --------------------------------------------------------------- */

/* Patterns come from users: matching is bounded in steps and depth. */
static bool regexp_matches(const char *subject, const char *pattern)
{
    int code;
    PCRE2_SIZE at;
    pcre2_code *re =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code, &at, NULL);
    if (!re)
        return false;
    pcre2_match_context *ctx = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(ctx, 100000);
    pcre2_set_depth_limit(ctx, 1000);
    pcre2_match_data *md = pcre2_match_data_create(1, NULL);
    int rc = pcre2_match(re, (PCRE2_SPTR)subject, strlen(subject), 0, 0, md, ctx);
    pcre2_match_data_free(md);
    pcre2_match_context_free(ctx);
    pcre2_code_free(re);
    return rc >= 0;
}

static bool set_has(const char *set, const char *item, size_t len)
{
    for (const char *p = set;;) {
        size_t n = strcspn(p, ",");
        const char *s = p;
        size_t m = n;
        while (m && isspace((unsigned char)*s)) {
            s++;
            m--;
        }
        while (m && isspace((unsigned char)s[m - 1]))
            m--;
        if (m == len && !strncmp(s, item, len))
            return true;
        if (!p[n])
            return false;
        p += n + 1;
    }
}

static bool set_contains(const char *have, const char *want, bool any)
{
    for (const char *p = want;;) {
        size_t n = strcspn(p, ",");
        const char *s = p;
        size_t m = n;
        while (m && isspace((unsigned char)*s)) {
            s++;
            m--;
        }
        while (m && isspace((unsigned char)s[m - 1]))
            m--;
        bool has = set_has(have, s, m);
        if (has == any)
            return any;
        if (!p[n])
            return !any;
        p += n + 1;
    }
}

/* Numbers by value when both are; else by text (Nomad 1.4, where "<" stopped surprising). */
static int order(const char *l, const char *r)
{
    char *el, *er;
    double x = strtod(l, &el), y = strtod(r, &er);
    if (*l && *r && !*el && !*er)
        return x < y ? -1 : x > y;
    return strcmp(l, r);
}

bool constraint_holds(const struct constraint *c, const struct node *n)
{
    char lname[TARGET_MAX], rname[TARGET_MAX];
    const char *op = c->operand;
    if (str_eq(op, "distinct_hosts") || str_eq(op, "distinct_property"))
        return true;
    const char *l = target_resolve(c->ltarget, n, lname);
    const char *r = target_resolve(c->rtarget, n, rname);
    if (str_eq(op, "is_set"))
        return l != NULL;
    if (str_eq(op, "is_not_set"))
        return l == NULL;
    if (str_eq(op, "!=") || str_eq(op, "not"))
        return !str_eq(l, r);
    if (!l || !r)
        return false;
    if (str_is_empty(op) || str_eq(op, "=") || str_eq(op, "==") || str_eq(op, "is"))
        return !strcmp(l, r);
    if (str_eq(op, "<"))
        return order(l, r) < 0;
    if (str_eq(op, "<="))
        return order(l, r) <= 0;
    if (str_eq(op, ">"))
        return order(l, r) > 0;
    if (str_eq(op, ">="))
        return order(l, r) >= 0;
    if (str_eq(op, "version") || str_eq(op, "semver"))
        return version_matches(l, r, *op == 's');
    if (str_eq(op, "regexp"))
        return regexp_matches(l, r);
    if (str_eq(op, "set_contains") || str_eq(op, "set_contains_all"))
        return set_contains(l, r, false);
    return str_eq(op, "set_contains_any") && set_contains(l, r, true);
}
