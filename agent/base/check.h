/* Assertions about our own state, always on; never about input. A failed one prints the
 * expression, a backtrace and the last hundred log lines, then aborts. */
#ifndef AGENT_BASE_CHECK_H
#define AGENT_BASE_CHECK_H

_Noreturn void check_failed(const char *kind, const char *expr, const char *file, int line);

#define CHECK_(kind, e) ((e) ? (void)0 : check_failed(kind, #e, __FILE__, __LINE__))
#define PRE(e)       CHECK_("precondition", e)  /* what the caller promised */
#define POST(e)      CHECK_("postcondition", e) /* what we promised */
#define INVARIANT(e) CHECK_("invariant", e)     /* what holds between calls */

#endif
