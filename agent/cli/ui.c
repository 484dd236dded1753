/* Coloured text: marks that become escape sequences on a terminal and nothing elsewhere. */
#include "agent/cli/cli_impl.h"

#include <unistd.h>

#define N_MARKS 8

static const char *const escapes[N_MARKS + 1] = {
    NULL,       "\033[0m",  "\033[1m",  "\033[32m", "\033[31m",
    "\033[34m", "\033[36m", "\033[33m", "\033[93m",
};

static bool is_mark(char ch)
{
    return (ch >= 1 && ch <= N_MARKS) || ch == *UI_CLOSE;
}

/* As the peer's: a reset around what is printed, and one after what was coloured. */
void cli_output(const char *text)
{
    bool terminal = isatty(STDOUT_FILENO), coloured = false;
    if (terminal)
        fputs(escapes[1], stdout);
    for (const char *p = text; *p; p++) {
        if (!is_mark(*p))
            putchar(*p);
        else if (terminal)
            fputs(escapes[*p == *UI_CLOSE ? 1 : (unsigned char)*p], stdout);
        coloured = *p != *UI_CLOSE && (coloured || is_mark(*p));
    }
    if (terminal && coloured)
        fputs(escapes[1], stdout);
    if (terminal)
        fputs(escapes[1], stdout);
    putchar('\n');
}

/* Text of others, without what would act on the terminal or pass for a mark. */
void cli_quote(struct buf *b, const char *s)
{
    buf_char(b, '"');
    for (; s && *s; s++) {
        unsigned char ch = (unsigned char)*s;
        if (ch == '"' || ch == '\\')
            buf_printf(b, "\\%c", ch);
        else if (ch == '\n')
            buf_str_add(b, "\\n");
        else if (ch == '\t')
            buf_str_add(b, "\\t");
        else if (ch == '\r')
            buf_str_add(b, "\\r");
        else if (ch < 0x20 || ch == 0x7f)
            buf_printf(b, "\\x%02x", ch);
        else
            buf_char(b, (char)ch);
    }
    buf_char(b, '"');
}
