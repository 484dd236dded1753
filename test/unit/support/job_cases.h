/* Tables of changes to a small job and of what validation says of them. */
#ifndef TEST_UNIT_SUPPORT_JOB_CASES_H
#define TEST_UNIT_SUPPORT_JOB_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* HCL put into the job, its group and its task (NULL: nothing). */
struct job_case {
    const char *job, *group, *task;
    const char *want; /* a part of the mistakes; NULL: there is none */
};
void job_cases_check(const struct job_case *cases, size_t n);
/* The same, of the warnings. */
void job_cases_check_warnings(const struct job_case *cases, size_t n);
/* The same for whole job files: `job` is the file. */
void job_files_check(const struct job_case *cases, size_t n);

#endif
