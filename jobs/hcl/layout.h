/* The canonical layout of HCL text. Pure. */
#ifndef JOBS_HCL_LAYOUT_H
#define JOBS_HCL_LAYOUT_H

#include "agent/base/buf.h"

#include <stddef.h>

/* Adds the text to out with its white space as it should be: indentation, spaces between tokens,
 * aligned equals signs and trailing comments. Comments stay; formatting twice changes nothing more.
 * Text that is not HCL comes out with its tokens in their order. */
void hcl_layout(const char *text, size_t len, struct buf *out);

#endif
