/* A record with a field of every type, for the tests of records. */
#ifndef TEST_UNIT_SUPPORT_THING_H
#define TEST_UNIT_SUPPORT_THING_H

#include "agent/base/record.h"

struct thing_port {
    char *label;
    int64_t value;
};

struct thing_task {
    char *key;
    char *state;
    struct thing_port port;
};

struct thing {
    bool flag;
    int8_t maybe;
    int64_t count, limit;
    uint64_t index;
    double score;
    char *name, *note, *config;
    int64_t wait, delay, interval;
    int64_t when, seen;
    struct rec_bytes payload;
    struct thing_port first, *second;
    struct {
        struct thing_port *items;
        size_t n;
    } ports;
    struct {
        struct thing_task *items;
        size_t n;
    } tasks;
    struct rec_strs args;
    struct rec_str_map meta;
    struct rec_int_map counts;
    struct rec_float_map scores;
    struct rec_bool_map eligible;
    struct rec_strs_map header;
    uint64_t modify_index;
};

extern const struct rec_desc thing_port_desc, thing_task_desc, thing_desc;

/* rec_init and rec_json_parse. */
int thing_parse(const char *json, unsigned flags, struct arena *a, struct thing *t, struct err *e);

#endif
