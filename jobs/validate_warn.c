/* What a job asks for and this platform keeps without acting on it: said, so that nothing is
 * ignored in silence. */
#include "agent/base/str.h"
#include "jobs/validate_impl.h"

#include <string.h>

static void kept(struct job_mistakes *w, const char *who, const char *what)
{
    job_mistake_add(w, "%s%s kept but not acted on yet", who, what);
}

static void warn_service(struct job_mistakes *w, const char *who, const struct service *s)
{
    bool grpc = false, expose = false;
    for (size_t i = 0; i < s->checks.n; i++) {
        const struct service_check *c = &s->checks.items[i];
        grpc |= str_eq(c->type, "grpc");
        expose |= c->expose;
    }
    if (grpc)
        kept(w, who, "grpc checks are");
    if (!str_is_empty(s->connect) || expose)
        kept(w, who, "connect is");
}

void validate_task_warnings(struct job_mistakes *w, const struct task *t)
{
    char *who = arena_printf(w->arena, "Task \"%s\": ", t->name ? t->name : "");
    if (t->resources && t->resources->networks.n)
        job_mistake_add(w, "task network resources have been deprecated as of Nomad 0.12.0. "
                           "Please configure networking via group network block.");
    if (!str_is_empty(t->driver) && !str_eq(t->driver, "raw_exec"))
        job_mistake_add(w, "%sno node of this platform runs the driver \"%s\" yet", who, t->driver);
    if (t->templates.n)
        kept(w, who, "template blocks are");
    if (t->artifacts.n)
        kept(w, who, "artifact blocks are");
    if (t->volume_mounts.n)
        kept(w, who, "volume_mount blocks are");
    if (t->resources && t->resources->devices.n)
        kept(w, who, "device blocks are");
    if (t->scalings.n)
        kept(w, who, "scaling blocks are");
    if (!str_is_empty(t->csi_plugin))
        kept(w, who, "csi_plugin is");
    for (size_t i = 0; i < t->services.n; i++)
        warn_service(w, who, &t->services.items[i]);
}

void validate_group_warnings(struct job_mistakes *w, const struct task_group *g)
{
    if (g->volumes.n)
        kept(w, "", "volume blocks are");
    if (g->ephemeral_disk && (g->ephemeral_disk->sticky == 1 || g->ephemeral_disk->migrate == 1))
        kept(w, "", "ephemeral_disk's sticky and migrate are");
    for (size_t i = 0; i < g->networks.n; i++)
        if (!str_is_empty(g->networks.items[i].mode) && !str_eq(g->networks.items[i].mode, "host"))
            kept(w, "",
                 arena_printf(w->arena, "network mode \"%s\" is", g->networks.items[i].mode));
    if (g->stop_after_client_disconnect_ns != REC_NULL_INT)
        kept(w, "", "stop_after_client_disconnect is");
    for (size_t i = 0; i < g->services.n; i++)
        warn_service(w, "", &g->services.items[i]);
}
