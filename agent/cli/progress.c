/* A deployment's progress, drawn over itself on a terminal until it ends. Elsewhere nothing: what
 * reads our output by program knows the evaluation's end as the end. */
#include "agent/cli/cli_impl.h"

#include <inttypes.h>
#include <unistd.h>

#define LINES_AROUND 8 /* what cli_print_deployment prints besides a line a group */

static bool has_ended(const struct deployment *d)
{
    return !str_eq(d->status, "running") && !str_eq(d->status, "paused");
}

static void draw(struct cli *c, const struct deployment *d, size_t *drawn)
{
    if (*drawn)
        printf("\033[%zuA\033[J", *drawn);
    printf("\033[?7l"); /* no line breaks of the terminal's own: lines are counted */
    cli_print_deployment(c, d, false);
    printf("\033[?7h");
    fflush(stdout);
    *drawn = LINES_AROUND + d->groups.n;
}

int cli_progress(struct cli *c, const char *deployment_id)
{
    struct deployment d;
    size_t drawn = 0;
    if (str_is_empty(deployment_id) || !isatty(STDOUT_FILENO))
        return 0;
    printf("==> Monitoring deployment \"%s\"\n\n", cli_short(c, deployment_id));
    for (uint64_t index = 0;;) {
        char *path = arena_printf(&c->arena, "/v1/deployment/%s?index=%" PRIu64 "&wait=10s",
                                  deployment_id, index);
        if (!cli_get(c, path, &deployment_desc, &d, "Error reading deployment"))
            return 1;
        if (d.modify_index != index)
            draw(c, &d, &drawn);
        index = d.modify_index;
        if (has_ended(&d))
            break;
    }
    bool well = str_eq(d.status, "successful");
    printf("\n==> Deployment \"%s\" %s\n", cli_short(c, d.id), d.status);
    return well ? 0 : 1;
}
