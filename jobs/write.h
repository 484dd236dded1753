/* A job as a job file: the other direction of parsing, from the same descriptors.
 *
 * What equals the field's empty value is left out, so that a job that went in comes out as it was
 * meant, with its defaults spelled out where they are values. owns: nothing. thread: any.
 * called by: agent/cli. */
#ifndef JOBS_WRITE_H
#define JOBS_WRITE_H

#include "jobs/job.h"

void job_write_hcl(const struct job *job, struct buf *out);

#endif
