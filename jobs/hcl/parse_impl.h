/* What the parser's files share; private to jobs/hcl. */
#ifndef JOBS_HCL_PARSE_IMPL_H
#define JOBS_HCL_PARSE_IMPL_H

#include "jobs/hcl/hcl.h"

enum hcl_tok {
    TOK_EOF,
    TOK_NEWLINE,
    TOK_IDENT,
    TOK_NUMBER,
    TOK_QUOTE,
    TOK_HEREDOC,
    TOK_LBRACE,
    TOK_RBRACE,
    TOK_LBRACK,
    TOK_RBRACK,
    TOK_LPAREN,
    TOK_RPAREN,
    TOK_EQUAL,
    TOK_COMMA,
    TOK_DOT,
    TOK_COLON,
    TOK_QUESTION,
    TOK_ELLIPSIS,
    TOK_ARROW,
    TOK_OR,
    TOK_AND,
    TOK_NOT,
    TOK_EQ,
    TOK_NE,
    TOK_LT,
    TOK_LE,
    TOK_GT,
    TOK_GE,
    TOK_PLUS,
    TOK_MINUS,
    TOK_STAR,
    TOK_SLASH,
    TOK_PERCENT,
    TOK_TILDE,
    TOK_BAD
};

enum hcl_expr_kind {
    EXPR_LITERAL,
    EXPR_TEMPLATE,
    EXPR_VAR,
    EXPR_ATTR,
    EXPR_INDEX,
    EXPR_SPLAT,
    EXPR_SPLAT_ITEM,
    EXPR_CALL,
    EXPR_LIST,
    EXPR_OBJECT,
    EXPR_UNARY,
    EXPR_BINARY,
    EXPR_COND,
    EXPR_FOR,
    EXPR_PAREN
};

enum hcl_part_kind { PART_TEXT, PART_EXPR, PART_IF, PART_FOR };
struct hcl_parts {
    struct hcl_part *items;
    size_t n, cap;
};
struct hcl_part {
    enum hcl_part_kind kind;
    char *text; /* PART_TEXT */
    size_t text_len;
    struct hcl_expr *expr;       /* interpolated, condition, or collection */
    char *key_name, *value_name; /* PART_FOR */
    struct hcl_parts then_parts, else_parts;
};

struct hcl_pair {
    struct hcl_expr *key, *value; /* key NULL: list element */
};

struct hcl_expr {
    enum hcl_expr_kind kind;
    enum hcl_tok op;
    unsigned depth;
    bool json; /* a string of the JSON syntax */
    bool expand, is_object, group; /* call(list...); for object; for object with ... */
    struct hcl_range range;
    struct hcl_value literal;
    char *name;                 /* var, attr, call; for's value name */
    char *key_name;             /* for */
    struct hcl_expr *a, *b, *c; /* operands */
    struct hcl_expr *d;
    struct hcl_pair *items; /* list, object, call */
    size_t n;
    struct hcl_parts parts;
};

struct hcl_parser {
    const struct hcl_file *file;
    const char *text;
    uint32_t len, pos; /* pos: behind the current token */
    enum hcl_tok tok;
    struct hcl_range at; /* of the current token */
    uint32_t prev_end;   /* end of the token before */
    bool skip_newlines;
    bool dead; /* nesting too deep: everything unwinds */
    unsigned depth;
    long open; /* brackets of all kinds opened and not closed, up to the current token */
    unsigned heredoc_fallbacks;
    struct arena *arena;
    struct hcl_diags *diags;
};

/* lex.c */
void lex_next(struct hcl_parser *p);
char *lex_text(struct hcl_parser *p, struct hcl_range r);
bool lex_is_word(struct hcl_parser *p, const char *word);

/* False, with a mistake added, when nesting is too deep; else call parser_leave afterwards. */
bool parser_enter(struct hcl_parser *p);
void parser_leave(struct hcl_parser *p);

/* expr.c: NULL after a mistake. */
struct hcl_expr *parse_expr(struct hcl_parser *p);
struct hcl_expr *expr_new(struct hcl_parser *p, enum hcl_expr_kind kind, struct hcl_range range);
/* Notes that `e` stands on `child`; false when that is too deep. */
bool expr_stand_on(struct hcl_parser *p, struct hcl_expr *e, const struct hcl_expr *child);

struct hcl_pair *pair_add(struct hcl_parser *p, struct hcl_expr *e, size_t *cap);

/* A template that is the whole of `content`. */
struct hcl_expr *parse_template_in(struct hcl_parser *p, struct hcl_range content);
/* An expression that is the whole of `content`. */
struct hcl_expr *parse_expr_in(struct hcl_parser *p, struct hcl_range content);
bool hcl_text_is_readable(const struct hcl_file *f, struct hcl_diags *diags);
/* Text as the language's strings are: copied into the arena, in Unicode normal form C. */
void value_set_text(struct hcl_value *out, struct arena *a, const char *s, size_t len);
void hcl_add_rune(struct buf *b, uint32_t rune);

/* template.c: the current token is the quote or the heredoc's introduction. */
struct hcl_expr *parse_quoted(struct hcl_parser *p);
struct hcl_expr *parse_heredoc(struct hcl_parser *p);
/* A quoted string without interpolation (labels, "quoted argument names"). NULL after a mistake. */
char *parse_quoted_literal(struct hcl_parser *p, struct hcl_range *range);

#endif
