/* What commands print: marks that are colours on a terminal alone, columns, quoted text. */
#include "agent/cli/cli_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What f prints; heap. */
static char *printed(void (*f)(const char *text), const char *text)
{
    char *out = calloc(1, 65536);
    FILE *to = tmpfile();
    int stdout_fd = dup(STDOUT_FILENO);
    fflush(stdout);
    dup2(fileno(to), STDOUT_FILENO);
    f(text);
    fflush(stdout);
    dup2(stdout_fd, STDOUT_FILENO);
    close(stdout_fd);
    rewind(to);
    size_t n = fread(out, 1, 65535, to);
    out[n] = '\0';
    fclose(to);
    return out;
}
static void expect(void (*f)(const char *text), const char *text, const char *want)
{
    char *got = printed(f, text);
    assert_string_equal(want, got);
    free(got);
}

static void marks_are_nothing_off_a_terminal(void **state)
{
    expect(cli_output, "plain", "plain\n");
    expect(cli_output, UI_BOLD "Job: \"web\"" UI_RESET "\n" UI_GREEN "+" UI_RESET " x",
           "Job: \"web\"\n+ x\n");
    expect(cli_output, UI_RED "a" UI_CLOSE "b", "ab\n");
}

static void columns_are_aligned_and_bare_at_their_end(void **state)
{
    expect(cli_columns, "ID|Type|Status\nweb|service|running\na-longer-id|batch|dead\n",
           "ID           Type     Status\nweb          service  running\na-longer-id  batch    "
           "dead\n");
    expect(cli_columns, "A|B\n|x\n", "A  B\n   x\n");
    expect(cli_columns, "\xc3\xa9|x\nab|y\n", "\xc3\xa9   x\nab  y\n"); /* characters, not bytes */
}

static void pairs_have_their_signs_below_each_other(void **state)
{
    expect(cli_pairs, "ID|web\nSubmit Date|now\nStatus|\n",
           "ID          = web\nSubmit Date = now\nStatus      = \n");
}

static void quoted_text_cannot_act_on_a_terminal(void **state)
{
    static const char *const cases[][2] = {
        {"plain", "\"plain\""},         {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\n\t\r", "\"\\n\\t\\r\""},    {"\033[31m", "\"\\x1b[31m\""},
        {"\001\013", "\"\\x01\\x0b\""}, {"\xc3\xa9", "\"\xc3\xa9\""},
        {"\x7f", "\"\\x7f\""},          {"", "\"\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf b = BUF_INIT;
        cli_quote(&b, cases[i][0]);
        assert_string_equal(cases[i][1], b.data);
        buf_fini(&b);
    }
}

static void spans_and_prefixes_are_the_peers(void **state)
{
    static const struct {
        int64_t s;
        const char *text;
    } spans[] = {{0, "0s"},    {59, "59s"},    {74, "1m14s"},
                 {3600, "1h"}, {3661, "1h1m"}, {90000, "1d1h"}};
    struct cli c = {.address = ""};
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
        assert_string_equal(spans[i].text, cli_span(&c, spans[i].s * NS_PER_SEC));
    assert_string_equal("0363bef9", cli_short(&c, "0363bef9-cf86-c166-16d9-b5ba9435f236"));
    assert_string_equal("ab", cli_whole_prefix(&c, "abc"));
    assert_string_equal("abcd", cli_whole_prefix(&c, "abcd"));
    assert_string_equal("0363bef9-cf", cli_whole_prefix(&c, "0363bef9-cf8"));
    arena_fini(&c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_nothing_off_a_terminal),
        cmocka_unit_test(columns_are_aligned_and_bare_at_their_end),
        cmocka_unit_test(pairs_have_their_signs_below_each_other),
        cmocka_unit_test(quoted_text_cannot_act_on_a_terminal),
        cmocka_unit_test(spans_and_prefixes_are_the_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
