/* Tables of expressions and their values, for the tests of the language. */
#ifndef TEST_UNIT_SUPPORT_HCL_CASES_H
#define TEST_UNIT_SUPPORT_HCL_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* An argument's expression; its value as JSON, or "! line,column-column: summary" or
 * "! line,column-column: summary; detail" of the first mistake ("a = " stands before the
 * expression). */
struct hcl_case {
    const char *expr, *want;
};
/* Evaluates each with the standard functions and no variables; fails naming every one that differs.
 */
void hcl_cases_check(const struct hcl_case *cases, size_t n);

#endif
