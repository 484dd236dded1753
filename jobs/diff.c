#include "jobs/diff.h"
#include "agent/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- descriptors ----------------------------------------------------------------------------- */

static const struct rec_field field_fields[] = {
    REC(struct diff_field, type, "Type", REC_STR, 0),
    REC(struct diff_field, name, "Name", REC_STR, 0),
    REC(struct diff_field, old_text, "Old", REC_STR, 0),
    REC(struct diff_field, new_text, "New", REC_STR, 0),
    REC_OF(struct diff_field, annotations, "Annotations", REC_LIST, 0, &rec_str),
};
static const struct rec_desc field_desc = REC_DESC("field", struct diff_field, field_fields);
static const struct rec_desc object_desc;
static const struct rec_field object_fields[] = {
    REC(struct diff_object, type, "Type", REC_STR, 0),
    REC(struct diff_object, name, "Name", REC_STR, 0),
    REC_OF(struct diff_object, fields, "Fields", REC_LIST, 0, &field_desc),
    REC_OF(struct diff_object, objects, "Objects", REC_LIST, 0, &object_desc),
};
static const struct rec_desc object_desc = REC_DESC("object", struct diff_object, object_fields);
static const struct rec_field task_fields[] = {
    REC(struct diff_task, type, "Type", REC_STR, 0),
    REC(struct diff_task, name, "Name", REC_STR, 0),
    REC_OF(struct diff_task, fields, "Fields", REC_LIST, 0, &field_desc),
    REC_OF(struct diff_task, objects, "Objects", REC_LIST, 0, &object_desc),
    REC_OF(struct diff_task, annotations, "Annotations", REC_LIST, 0, &rec_str),
};
static const struct rec_desc diff_task_desc = REC_DESC("task", struct diff_task, task_fields);
static const struct rec_field group_fields[] = {
    REC(struct diff_group, type, "Type", REC_STR, 0),
    REC(struct diff_group, name, "Name", REC_STR, 0),
    REC_OF(struct diff_group, fields, "Fields", REC_LIST, 0, &field_desc),
    REC_OF(struct diff_group, objects, "Objects", REC_LIST, 0, &object_desc),
    REC_OF(struct diff_group, tasks, "Tasks", REC_LIST, 0, &diff_task_desc),
    REC_OF(struct diff_group, updates, "Updates", REC_MAP, 0, &rec_int_pair),
};
static const struct rec_desc diff_group_desc = REC_DESC("group", struct diff_group, group_fields);
static const struct rec_field job_diff_fields[] = {
    REC(struct job_diff, type, "Type", REC_STR, 0),
    REC(struct job_diff, id, "ID", REC_STR, 0),
    REC_OF(struct job_diff, fields, "Fields", REC_LIST, 0, &field_desc),
    REC_OF(struct job_diff, objects, "Objects", REC_LIST, 0, &object_desc),
    REC_OF(struct job_diff, groups, "TaskGroups", REC_LIST, 0, &diff_group_desc),
};
const struct rec_desc job_diff_desc = REC_DESC("diff", struct job_diff, job_diff_fields);

/* --- what the peer treats in its own way ----------------------------------------------------- */

struct part_rule {
    const char *field, *shown; /* an object's wire name, and the name it is shown under */
    const char *match; /* items are the same when this field is; NULL: when they are equal */
};
/* In the order they are shown; parts not named follow under their wire names. */
static const struct part_rule parts[] = {
    {"Datacenters", "Datacenters", NULL},
    {"Constraints", "Constraint", NULL},
    {"Affinities", "Affinity", NULL},
    {"Spreads", "Spread", NULL},
    {"Config", "Config", NULL},
    {"RestartPolicy", "RestartPolicy", NULL},
    {"ReschedulePolicy", "ReschedulePolicy", NULL},
    {"EphemeralDisk", "EphemeralDisk", NULL},
    {"Update", "Update", NULL},
    {"Periodic", "Periodic", NULL},
    {"ParameterizedJob", "ParameterizedJob", NULL},
    {"Resources", "Resources", NULL},
    {"Networks", "Network", NULL},
    {"ReservedPorts", "Static Port", "Label"},
    {"DynamicPorts", "Dynamic Port", "Label"},
    {"Devices", "Device", "Name"},
    {"LogConfig", "LogConfig", NULL},
    {"DispatchPayload", "DispatchPayload", NULL},
    {"Artifacts", "Artifact", NULL},
    {"Services", "Service", "Name"},
    {"Tags", "Tags", NULL},
    {"CanaryTags", "CanaryTags", NULL},
    {"Checks", "Check", "Name"},
    {"Connect", "ConsulConnect", NULL},
    {"Vault", "Vault", NULL},
    {"Templates", "Template", NULL},
    {"Volumes", "Volume", "Name"},
    {"VolumeMounts", "VolumeMount", NULL},
    {"Targets", "SpreadTarget", "Value"},
};
#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

struct hidden_field {
    const char *record, *field; /* by the descriptor's name */
};
static const struct hidden_field hidden[] = {
    {"job", "ID"},
    {"job", "TaskGroups"},
    {"job", "Update"},
    {"job", "Migrate"},
    {"job", "Reschedule"},
    {"job", "Payload"},
    {"group", "Name"},
    {"group", "Tasks"},
    {"group", "Migrate"},
    {"group", "Scaling"},
    {"task", "Name"},
    {"task", "RestartPolicy"},
    {"update", "Stagger"},
    {"network", "Device"},
    {"network", "CIDR"},
    {"network", "IP"},
    {"task", "ScalingPolicies"},
    {"task", "Kind"},
};

static bool is_hidden(const struct rec_desc *d, const struct rec_field *f)
{
    bool stop = !strcmp(d->name, "job") && !strcmp(f->name, "Stop"); /* meta, but shown */
    if (f->flags & (REC_GONE | REC_NO_JSON) || (f->flags & REC_META && !stop))
        return true;
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        if (!strcmp(hidden[i].record, d->name) && !strcmp(hidden[i].field, f->name))
            return true;
    return false;
}

/* --- texts ----------------------------------------------------------------------------------- */

static const void *at(const struct rec_field *f, const void *rec)
{
    return (const char *)rec + f->offset;
}

static bool is_string_map(const struct rec_field *f)
{
    return f->kind == REC_MAP && f->of == &rec_str_pair;
}

static bool is_plain(const struct rec_field *f)
{
    return f->kind < REC_RAW && f->kind != REC_BYTES;
}

/* Shown as an object of its own. */
static bool is_part(const struct rec_field *f)
{
    return !is_plain(f) && !is_string_map(f) && f->kind != REC_BYTES;
}

static const char *plain_text(const struct rec_field *f, const void *rec, struct arena *a)
{
    if (!rec)
        return "";
    const void *p = at(f, rec);
    switch (f->kind) {
    case REC_STR:
    case REC_OSTR:
        return *(char *const *)p ? *(char *const *)p : "";
    case REC_BOOL:
        return *(const bool *)p ? "true" : "false";
    case REC_OBOOL:
        return *(const int8_t *)p == 1 ? "true" : "false";
    case REC_UINT:
        return arena_printf(a, "%llu", *(const unsigned long long *)p);
    case REC_FLOAT:
        return arena_printf(a, "%g", *(const double *)p);
    default:
        if (*(const int64_t *)p == REC_NULL_INT)
            return f->kind == REC_ODUR ? "" : "0";
        return arena_printf(a, "%lld", *(const long long *)p);
    }
}

/* --- fields ---------------------------------------------------------------------------------- */

static void add_field(struct diff_fields *out, const char *name, const char *o, const char *n,
                      bool contextual, struct arena *a)
{
    bool same = !strcmp(o, n);
    if (same && !contextual)
        return;
    struct diff_field *f = rec_list_add(&field_desc, out, a);
    f->type = arena_strdup(a, same ? "None" : !*o ? "Added" : !*n ? "Deleted" : "Edited");
    f->name = arena_strdup(a, name);
    f->old_text = arena_strdup(a, o);
    f->new_text = arena_strdup(a, n);
}

static int by_name(const void *x, const void *y)
{
    const struct diff_field *f = x, *g = y;
    int c = strcmp(f->name, g->name);
    if (!c)
        c = strcmp(f->old_text, g->old_text);
    return c ? c : strcmp(f->new_text, g->new_text);
}

static void sort_fields(struct diff_fields *l)
{
    if (l->n)
        qsort(l->items, l->n, sizeof(l->items[0]), by_name);
}

/* Two sorted maps, "Meta[owner]" for each key of either. */
static void add_map(struct diff_fields *out, const char *prefix, const struct rec_str_map *o,
                    const struct rec_str_map *n, bool contextual, struct arena *a)
{
    for (size_t i = 0, k = 0; i < (o ? o->n : 0) || k < (n ? n->n : 0);) {
        const struct rec_str_pair *x = o && i < o->n ? &o->items[i] : NULL;
        const struct rec_str_pair *y = n && k < n->n ? &n->items[k] : NULL;
        int c = !x ? 1 : !y ? -1 : strcmp(x->key, y->key);
        const char *key = c <= 0 ? x->key : y->key;
        const char *was = c <= 0 && x->value ? x->value : "";
        const char *is = c >= 0 && y->value ? y->value : "";
        add_field(out, *prefix ? arena_printf(a, "%s[%s]", prefix, key) : key, was, is, contextual,
                  a);
        i += c <= 0;
        k += c >= 0;
    }
}

static void diff_plain(struct diff_fields *out, const struct rec_desc *d, const void *o,
                       const void *n, bool contextual, const char *except, struct arena *a)
{
    for (size_t i = 0; i < d->n_fields; i++) {
        const struct rec_field *f = &d->fields[i];
        if (is_hidden(d, f) || (except && !strcmp(except, f->name)))
            continue;
        if (is_string_map(f))
            add_map(out, f->name, o ? at(f, o) : NULL, n ? at(f, n) : NULL, contextual, a);
        else if (is_plain(f))
            add_field(out, f->name, plain_text(f, o, a), plain_text(f, n, a), contextual, a);
    }
    sort_fields(out);
}

/* --- objects --------------------------------------------------------------------------------- */

static void diff_parts(struct diff_objects *out, const struct rec_desc *d, const void *o,
                       const void *n, struct arena *a);

/* By its fields, as the peer judges an object without parts of its own. */
static const char *type_by_fields(const struct diff_fields *l)
{
    bool added = false, deleted = false, edited = false;
    for (size_t i = 0; i < l->n; i++) {
        added |= str_eq(l->items[i].type, "Added");
        deleted |= str_eq(l->items[i].type, "Deleted");
        edited |= str_eq(l->items[i].type, "Edited");
    }
    return edited || (added && deleted) ? "Edited" : added ? "Added" : deleted ? "Deleted" : NULL;
}

static bool has_parts(const struct rec_desc *d)
{
    for (size_t i = 0; i < d->n_fields; i++)
        if (is_part(&d->fields[i]) && !is_hidden(d, &d->fields[i]))
            return true;
    return false;
}

static void add_object(struct diff_objects *out, const char *name, const char *type,
                       const struct diff_fields *fields, const struct diff_objects *objects,
                       struct arena *a)
{
    struct diff_object *x = rec_list_add(&object_desc, out, a);
    x->type = arena_strdup(a, type);
    x->name = arena_strdup(a, name);
    x->fields = *fields;
    if (objects)
        x->objects = *objects;
}

static void diff_record(struct diff_objects *out, const char *name, const struct rec_desc *d,
                        const void *o, const void *n, struct arena *a)
{
    struct diff_fields fields = {NULL, 0};
    struct diff_objects objects = {NULL, 0};
    if (!o && !n)
        return;
    diff_plain(&fields, d, o, n, true, !strcmp(name, "Dynamic Port") ? "Value" : NULL, a);
    diff_parts(&objects, d, o, n, a);
    const char *by_fields = type_by_fields(&fields);
    if (!by_fields && !objects.n)
        return;
    const char *type = !o ? "Added" : !n ? "Deleted" : has_parts(d) ? "Edited" : by_fields;
    add_object(out, name, type, &fields, &objects, a);
}

static void diff_strings(struct diff_objects *out, const char *name, const struct rec_strs *o,
                         const struct rec_strs *n, struct arena *a)
{
    struct diff_fields fields = {NULL, 0};
    for (size_t i = 0; o && i < o->n; i++)
        add_field(&fields, name, o->items[i], n && rec_strs_has(n, o->items[i]) ? o->items[i] : "",
                  true, a);
    for (size_t i = 0; n && i < n->n; i++)
        if (!o || !rec_strs_has(o, n->items[i]))
            add_field(&fields, name, "", n->items[i], true, a);
    sort_fields(&fields);
    const char *type = type_by_fields(&fields);
    if (type)
        add_object(out, name, type, &fields, NULL, a);
}

/* JSON kept as it came: every leaf under its path, args[0], labels[a][b]. */
static void flatten(const json_t *j, const char *path, struct rec_str_map *out, struct arena *a)
{
    const char *key;
    const json_t *v;
    size_t i;
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        json_object_foreach((json_t *)(uintptr_t)j, key, v)
            flatten(v, *path ? arena_printf(a, "%s[%s]", path, key) : key, out, a);
        return;
    case JSON_ARRAY:
        json_array_foreach(j, i, v) flatten(v, arena_printf(a, "%s[%zu]", path, i), out, a);
        return;
    case JSON_STRING:
        rec_str_map_set(out, a, path, json_string_value(j));
        return;
    case JSON_INTEGER:
        rec_str_map_set(out, a, path, arena_printf(a, "%lld", (long long)json_integer_value(j)));
        return;
    case JSON_REAL:
        rec_str_map_set(out, a, path, arena_printf(a, "%g", json_real_value(j)));
        return;
    default:
        rec_str_map_set(out, a, path, json_is_true(j) ? "true" : json_is_false(j) ? "false" : "");
    }
}

static void diff_raw(struct diff_objects *out, const char *name, const char *o, const char *n,
                     struct arena *a)
{
    struct rec_str_map maps[2] = {{NULL, 0}, {NULL, 0}};
    const char *texts[2] = {o, n};
    for (int k = 0; k < 2; k++) {
        json_t *j = texts[k] ? json_loads(texts[k], JSON_DECODE_ANY, NULL) : NULL;
        if (j)
            flatten(j, "", &maps[k], a);
        json_decref(j);
    }
    struct diff_fields fields = {NULL, 0};
    add_map(&fields, "", &maps[0], &maps[1], true, a);
    sort_fields(&fields);
    const char *type = type_by_fields(&fields);
    if (type)
        add_object(out, name, type, &fields, NULL, a);
}

/* Lists below keys (a check's headers): the values of a key joined. */
static void diff_string_lists(struct diff_objects *out, const char *name,
                              const struct rec_strs_map *o, const struct rec_strs_map *n,
                              struct arena *a)
{
    const struct rec_strs_map *sides[2] = {o, n};
    struct rec_str_map maps[2] = {{NULL, 0}, {NULL, 0}};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; sides[k] && i < sides[k]->n; i++) {
            char *text = arena_strdup(a, "");
            for (size_t v = 0; v < sides[k]->items[i].value.n; v++)
                text = arena_printf(a, "%s%s%s", text, v ? "," : "",
                                    sides[k]->items[i].value.items[v]);
            rec_str_map_set(&maps[k], a, sides[k]->items[i].key, text);
        }
    struct diff_fields fields = {NULL, 0};
    add_map(&fields, name, &maps[0], &maps[1], true, a);
    const char *type = type_by_fields(&fields);
    if (type)
        add_object(out, name, type, &fields, NULL, a);
}

static const struct rec_field *field_named(const struct rec_desc *d, const char *name)
{
    for (size_t i = 0; name && i < d->n_fields; i++)
        if (!strcmp(d->fields[i].name, name))
            return &d->fields[i];
    return NULL;
}

static int weight(const struct diff_object *x)
{
    static const char *const order[] = {"Edited", "Added", "Deleted"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(order[i], x->type))
            return i;
    return 3;
}

static int by_type(const void *x, const void *y)
{
    const struct diff_object *a = x, *b = y;
    int c = weight(a) - weight(b);
    for (size_t i = 0; !c && i < a->fields.n && i < b->fields.n; i++)
        c = by_name(&a->fields.items[i], &b->fields.items[i]);
    return c;
}

static void diff_items(struct diff_objects *out, const char *name, const char *match,
                       const struct rec_desc *d, const struct rec_list *o, const struct rec_list *n,
                       struct arena *a)
{
    const struct rec_field *key = field_named(d, match);
    size_t on = o ? o->n : 0, nn = n ? n->n : 0;
    bool *taken = arena_alloc(a, nn + 1);
    struct diff_objects found = {NULL, 0};
    for (size_t i = 0; i < on; i++) {
        const char *x = (const char *)o->items + i * d->size, *same = NULL;
        for (size_t k = 0; k < nn && !same; k++) {
            const char *y = (const char *)n->items + k * d->size;
            if (!taken[k] && (key ? rec_field_equal(key, x, y) : rec_equal(d, x, y))) {
                taken[k] = true;
                same = y;
            }
        }
        diff_record(&found, name, d, x, same, a);
    }
    for (size_t k = 0; k < nn; k++)
        if (!taken[k])
            diff_record(&found, name, d, NULL, (const char *)n->items + k * d->size, a);
    if (found.n)
        qsort(found.items, found.n, sizeof(found.items[0]), by_type);
    for (size_t i = 0; i < found.n; i++)
        *(struct diff_object *)rec_list_add(&object_desc, out, a) = found.items[i];
}

static void diff_part(struct diff_objects *out, const struct rec_field *f, const char *name,
                      const char *match, const void *o, const void *n, struct arena *a)
{
    const void *p = o ? at(f, o) : NULL, *q = n ? at(f, n) : NULL;
    if (f->kind == REC_RAW)
        diff_raw(out, name, p ? *(char *const *)p : NULL, q ? *(char *const *)q : NULL, a);
    else if (f->kind == REC_STRUCT)
        diff_record(out, name, f->of, p, q, a);
    else if (f->kind == REC_PTR)
        diff_record(out, name, f->of, p ? *(void *const *)p : NULL, q ? *(void *const *)q : NULL,
                    a);
    else if (f->of == &rec_str)
        diff_strings(out, name, p, q, a);
    else if (f->of == &rec_strs_pair)
        diff_string_lists(out, name, p, q, a);
    else
        diff_items(out, name, match, f->of, p, q, a);
}

static size_t rule_of(const struct rec_field *f)
{
    size_t r = 0;
    while (r < N_PARTS && strcmp(parts[r].field, f->name))
        r++;
    return r;
}

static void diff_parts(struct diff_objects *out, const struct rec_desc *d, const void *o,
                       const void *n, struct arena *a)
{
    const struct rec_field *ruled[N_PARTS] = {NULL}, *f;
    for (size_t i = 0; i < d->n_fields; i++) {
        f = &d->fields[i];
        size_t r = is_part(f) ? rule_of(f) : N_PARTS;
        if (r < N_PARTS)
            ruled[r] = f;
    }
    for (size_t r = 0; r < N_PARTS; r++)
        if (ruled[r] && !is_hidden(d, ruled[r]))
            diff_part(out, ruled[r], parts[r].shown, parts[r].match, o, n, a);
    for (size_t i = 0; i < d->n_fields; i++) {
        f = &d->fields[i];
        if (is_part(f) && !is_hidden(d, f) && rule_of(f) == N_PARTS)
            diff_part(out, f, f->name, NULL, o, n, a);
    }
}

/* --- tasks, groups, the job ------------------------------------------------------------------ */

static char *type_of(const void *o, const void *n, bool changed, struct arena *a)
{
    return arena_strdup(a, !o ? "Added" : !n ? "Deleted" : changed ? "Edited" : "None");
}

static int group_order(const void *x, const void *y)
{
    return strcmp(((const struct diff_group *)x)->name, ((const struct diff_group *)y)->name);
}

static int task_order(const void *x, const void *y)
{
    return strcmp(((const struct diff_task *)x)->name, ((const struct diff_task *)y)->name);
}

static void diff_task(struct diff_group *out, const struct task *o, const struct task *n,
                      struct arena *a)
{
    struct diff_task *t = rec_list_add(&diff_task_desc, &out->tasks, a);
    t->name = arena_strdup(a, n ? n->name : o->name);
    diff_plain(&t->fields, &task_desc, o, n, false, NULL, a);
    diff_parts(&t->objects, &task_desc, o, n, a);
    t->type = type_of(o, n, t->fields.n || t->objects.n, a);
}

static void diff_group(struct job_diff *out, const struct task_group *o, const struct task_group *n,
                       struct arena *a)
{
    struct diff_group *g = rec_list_add(&diff_group_desc, &out->groups, a);
    g->name = arena_strdup(a, n ? n->name : o->name);
    diff_plain(&g->fields, &task_group_desc, o, n, false, NULL, a);
    diff_parts(&g->objects, &task_group_desc, o, n, a);
    for (size_t i = 0; o && i < o->tasks.n; i++)
        diff_task(g, &o->tasks.items[i], n ? group_task_find(n, o->tasks.items[i].name) : NULL, a);
    for (size_t i = 0; n && i < n->tasks.n; i++)
        if (!o || !group_task_find(o, n->tasks.items[i].name))
            diff_task(g, NULL, &n->tasks.items[i], a);
    if (g->tasks.n)
        qsort(g->tasks.items, g->tasks.n, sizeof(g->tasks.items[0]), task_order);
    bool changed = g->fields.n || g->objects.n;
    for (size_t i = 0; i < g->tasks.n; i++)
        changed |= !str_eq(g->tasks.items[i].type, "None");
    g->type = type_of(o, n, changed, a);
}

struct job_diff *job_diff(const struct job *o, const struct job *n, struct arena *a)
{
    struct job_diff *d = ARENA_NEW(a, struct job_diff);
    rec_init(&job_diff_desc, d);
    d->id = arena_strdup(a, n ? n->id : o ? o->id : "");
    diff_plain(&d->fields, &job_desc, o, n, false, NULL, a);
    diff_parts(&d->objects, &job_desc, o, n, a);
    for (size_t i = 0; o && i < o->groups.n; i++)
        diff_group(d, &o->groups.items[i], n ? job_group_find(n, o->groups.items[i].name) : NULL,
                   a);
    for (size_t i = 0; n && i < n->groups.n; i++)
        if (!o || !job_group_find(o, n->groups.items[i].name))
            diff_group(d, NULL, &n->groups.items[i], a);
    if (d->groups.n)
        qsort(d->groups.items, d->groups.n, sizeof(d->groups.items[0]), group_order);
    bool changed = d->fields.n || d->objects.n;
    for (size_t i = 0; i < d->groups.n; i++)
        changed |= !str_eq(d->groups.items[i].type, "None");
    d->type = type_of(o, n, changed, a);
    return d;
}

/* --- annotations ----------------------------------------------------------------------------- */

/* All but these is a reason for new processes. */
static bool needs_replacing(const struct diff_task *t)
{
    for (size_t i = 0; i < t->fields.n; i++)
        if (!str_eq(t->fields.items[i].name, "KillTimeout"))
            return true;
    for (size_t i = 0; i < t->objects.n; i++) {
        const char *name = t->objects.items[i].name;
        if (!str_eq(name, "Service") && !str_eq(name, "Constraint") && !str_eq(name, "LogConfig"))
            return true;
    }
    return false;
}

static void annotate_task(struct diff_task *t, const struct diff_group *g, struct arena *a)
{
    if (str_eq(t->type, "None"))
        return;
    bool whole = str_eq(g->type, "Added") || str_eq(g->type, "Deleted");
    const char *what = whole && str_eq(t->type, "Added")     ? "forces create"
                       : whole && str_eq(t->type, "Deleted") ? "forces destroy"
                       : needs_replacing(t)                  ? "forces create/destroy update"
                                                             : "forces in-place update";
    rec_strs_add(&t->annotations, a, what);
}

static void annotate_count(struct diff_group *g, struct arena *a)
{
    for (size_t i = 0; i < g->fields.n; i++) {
        struct diff_field *f = &g->fields.items[i];
        if (!str_eq(f->name, "Count"))
            continue;
        long long was = strtoll(f->old_text, NULL, 10), is = strtoll(f->new_text, NULL, 10);
        if (was != is)
            rec_strs_add(&f->annotations, a, was < is ? "forces create" : "forces destroy");
    }
}

void job_diff_annotate(struct job_diff *d, const char *group, const struct rec_int_map *updates,
                       struct arena *a)
{
    for (size_t i = 0; i < d->groups.n; i++) {
        struct diff_group *g = &d->groups.items[i];
        if (!str_eq(g->name, group))
            continue;
        g->updates = *updates;
        annotate_count(g, a);
        for (size_t k = 0; k < g->tasks.n; k++)
            annotate_task(&g->tasks.items[k], g, a);
    }
}
