/* Definitions over restarts of the agent. */
#include "agent/base/file.h"
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "discovery/local_impl.h"

#include <unistd.h>

struct kept {
    struct {
        struct service_definition *items;
        size_t n;
    } services;
    struct {
        struct check_definition *items;
        size_t n;
    } checks; /* those registered by themselves */
};
static const struct rec_field kept_fields[] = {
    REC_OF(struct kept, services, "Services", REC_LIST, 0, &service_definition_desc),
    REC_OF(struct kept, checks, "Checks", REC_LIST, 0, &check_definition_desc)};
static const struct rec_desc kept_desc = REC_DESC("services", struct kept, kept_fields);

/* The client's own are registered again by the client. */
void local_save(struct local_agent *l)
{
    struct arena a = ARENA_INIT;
    struct kept k = {{NULL, 0}, {NULL, 0}};
    struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    if (!l->data_dir)
        return;
    for (struct local_service *s = l->services; s; s = s->hh.next)
        if (!str_has_prefix(s->def.id, "_nomad-"))
            *(struct service_definition *)rec_list_add(&service_definition_desc, &k.services, &a) =
                s->def;
    for (struct local_check *c = l->checks; c; c = c->hh.next)
        if (c->alone)
            *(struct check_definition *)rec_list_add(&check_definition_desc, &k.checks, &a) =
                c->def;
    if (k.services.n || k.checks.n || access(l->data_dir, F_OK) == 0) {
        char *path = arena_printf(&a, "%s/services", l->data_dir);
        rec_pack(&kept_desc, &k, &b);
        if (file_mkdirs(l->data_dir, 0700, &e) || file_write_atomic(path, b.data, b.len, 0600, &e))
            log_warn("discovery", "definitions not kept: %s", e.text);
    }
    buf_fini(&b);
    arena_fini(&a);
}

void local_restore(struct local_agent *l)
{
    struct arena a = ARENA_INIT;
    struct kept k;
    struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    char *path = l->data_dir ? arena_printf(&a, "%s/services", l->data_dir) : NULL;
    if (path && !file_read(path, 64 << 20, &b, &e)) {
        if (rec_unpack(&kept_desc, b.data, b.len, &a, &k, &e)) {
            log_warn("discovery", "%s: %s", path, e.text);
        } else {
            for (size_t i = 0; i < k.services.n; i++)
                local_service_register(l, &k.services.items[i], false, NULL, NULL, &e);
            for (size_t i = 0; i < k.checks.n; i++)
                local_check_register(l, &k.checks.items[i], NULL, NULL, &e);
        }
    }
    buf_fini(&b);
    arena_fini(&a);
}
