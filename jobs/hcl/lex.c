#include "jobs/hcl/parse_impl.h"

#include <string.h>

static bool is_ident_start(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}
static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}
static bool is_ident(unsigned char c)
{
    return is_ident_start(c) || is_digit(c) || c == '-';
}

static char char_at(const struct hcl_parser *p, uint32_t i)
{
    return i < p->len ? p->text[i] : '\0';
}

static void skip_block_comment(struct hcl_parser *p)
{
    uint32_t start = p->pos;
    p->pos += 2;
    while (p->pos + 1 < p->len && !(p->text[p->pos] == '*' && p->text[p->pos + 1] == '/'))
        p->pos++;
    if (p->pos + 1 >= p->len) {
        hcl_diag_add(p->diags, (struct hcl_range){start, start + 2}, "Unterminated comment",
                     "There is no closing \"*/\" for this comment before the end of the file.");
        p->pos = p->len;
        return;
    }
    p->pos += 2;
}

static void skip_space(struct hcl_parser *p)
{
    while (p->pos < p->len) {
        char c = p->text[p->pos], n = char_at(p, p->pos + 1);
        if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && p->skip_newlines)) {
            p->pos++;
        } else if (c == '#' || (c == '/' && n == '/')) {
            while (p->pos < p->len && p->text[p->pos] != '\n')
                p->pos++;
        } else if (c == '/' && n == '*') {
            skip_block_comment(p);
        } else {
            return;
        }
    }
}

static void lex_number(struct hcl_parser *p)
{
    while (is_digit((unsigned char)char_at(p, p->pos)))
        p->pos++;
    if (char_at(p, p->pos) == '.' && is_digit((unsigned char)char_at(p, p->pos + 1))) {
        p->pos++;
        while (is_digit((unsigned char)char_at(p, p->pos)))
            p->pos++;
    }
    char e = char_at(p, p->pos);
    if (e == 'e' || e == 'E') {
        uint32_t i = p->pos + 1;
        if (char_at(p, i) == '+' || char_at(p, i) == '-')
            i++;
        if (is_digit((unsigned char)char_at(p, i))) {
            while (is_digit((unsigned char)char_at(p, i)))
                i++;
            p->pos = i;
        }
    }
}

static const struct {
    char text[4];
    enum hcl_tok tok;
} operators[] = {
    {"...", TOK_ELLIPSIS}, {"=>", TOK_ARROW}, {"==", TOK_EQ},      {"!=", TOK_NE},
    {"<=", TOK_LE},        {">=", TOK_GE},    {"&&", TOK_AND},     {"||", TOK_OR},
    {"{", TOK_LBRACE},     {"}", TOK_RBRACE}, {"[", TOK_LBRACK},   {"]", TOK_RBRACK},
    {"(", TOK_LPAREN},     {")", TOK_RPAREN}, {"=", TOK_EQUAL},    {",", TOK_COMMA},
    {".", TOK_DOT},        {":", TOK_COLON},  {"?", TOK_QUESTION}, {"!", TOK_NOT},
    {"<", TOK_LT},         {">", TOK_GT},     {"+", TOK_PLUS},     {"-", TOK_MINUS},
    {"*", TOK_STAR},       {"/", TOK_SLASH},  {"%", TOK_PERCENT},  {"~", TOK_TILDE},
    {"\n", TOK_NEWLINE},   {"\"", TOK_QUOTE},
};

static enum hcl_tok lex_operator(struct hcl_parser *p)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        size_t n = strlen(operators[i].text);
        if (p->len - p->pos >= n && !memcmp(p->text + p->pos, operators[i].text, n)) {
            p->pos += (uint32_t)n;
            enum hcl_tok t = operators[i].tok;
            p->open += t == TOK_LBRACE || t == TOK_LBRACK || t == TOK_LPAREN;
            p->open -= t == TOK_RBRACE || t == TOK_RBRACK || t == TOK_RPAREN;
            return t;
        }
    }
    p->pos++;
    hcl_diag_add(p->diags, (struct hcl_range){p->pos - 1, p->pos}, "Invalid character",
                 "This character is not used within the language.");
    return TOK_BAD;
}

void lex_next(struct hcl_parser *p)
{
    p->prev_end = p->at.end;
    skip_space(p);
    p->at.start = p->pos;
    unsigned char c = (unsigned char)char_at(p, p->pos);
    if (p->dead || p->pos >= p->len) {
        p->pos = p->dead ? p->len : p->pos;
        p->tok = TOK_EOF;
    } else if (is_ident_start(c)) {
        while (p->pos < p->len && is_ident((unsigned char)p->text[p->pos]))
            p->pos++;
        p->tok = TOK_IDENT;
    } else if (is_digit(c)) {
        lex_number(p);
        p->tok = TOK_NUMBER;
    } else if (c == '<' && char_at(p, p->pos + 1) == '<') {
        p->pos += char_at(p, p->pos + 2) == '-' ? 3 : 2;
        p->tok = TOK_HEREDOC;
    } else {
        p->tok = lex_operator(p);
    }
    p->at.end = p->pos;
}

char *lex_text(struct hcl_parser *p, struct hcl_range r)
{
    return arena_strndup(p->arena, p->text + r.start, r.end - r.start);
}

bool lex_is_word(struct hcl_parser *p, const char *word)
{
    size_t n = strlen(word);
    return p->tok == TOK_IDENT && p->at.end - p->at.start == n &&
           !memcmp(p->text + p->at.start, word, n);
}

bool parser_enter(struct hcl_parser *p)
{
    if (p->dead)
        return false;
    if (p->depth >= HCL_DEPTH_MAX) {
        hcl_diag_add(p->diags, p->at, "Nesting too deep",
                     "Blocks and expressions may be nested at most %d levels deep.", HCL_DEPTH_MAX);
        p->dead = true;
        p->pos = p->len;
        p->tok = TOK_EOF;
        return false;
    }
    p->depth++;
    return true;
}

void parser_leave(struct hcl_parser *p)
{
    p->depth--;
}
