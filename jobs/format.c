/* A job file in its canonical layout. */
#include "jobs/hcl/hcl.h"
#include "jobs/inputs.h"

int job_file_format(const struct job_source *source, struct arena *a, struct buf *out,
                    struct job_mistakes *mistakes)
{
    const struct hcl_file file = {source->name, source->text, source->len};
    struct hcl_diags diags;
    hcl_diags_init(&diags, a, &file);
    hcl_parse(&file, a, &diags);
    if (diags.n) {
        mistakes_take(mistakes, &diags);
        return ERR_INVALID;
    }
    hcl_layout(source->text, source->len, out);
    return 0;
}
