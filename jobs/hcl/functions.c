/* The standard functions, by name. */
#include "jobs/hcl/functions.h"

#include <string.h>

static const struct hcl_function *const tables[] = {
    hcl_fn_text, hcl_fn_number, hcl_fn_collection, hcl_fn_coding, hcl_fn_hash,
    hcl_fn_date, hcl_fn_net,    hcl_fn_file,       hcl_fn_regex,  hcl_fn_set};

const struct hcl_function *hcl_function_find(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct hcl_function *f = tables[i]; f->name; f++)
            if (!strcmp(f->name, name))
                return f;
    return NULL;
}

void hcl_function_names(void (*offer)(void *ctx, const char *name), void *ctx)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct hcl_function *f = tables[i]; f->name; f++)
            offer(ctx, f->name);
}
