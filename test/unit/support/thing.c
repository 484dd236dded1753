#include "test/unit/support/thing.h"

#include <string.h>

static const struct rec_field port_fields[] = {
    REC(struct thing_port, label, "Label", REC_STR, 0),
    REC(struct thing_port, value, "Value", REC_INT, 0),
};
const struct rec_desc thing_port_desc = REC_DESC("port", struct thing_port, port_fields);

static const struct rec_field task_fields[] = {
    REC(struct thing_task, state, "State", REC_STR, 0),
    REC_OF(struct thing_task, port, "Port", REC_STRUCT, 0, &thing_port_desc),
};
const struct rec_desc thing_task_desc = REC_DESC("task", struct thing_task, task_fields);

static const struct rec_field thing_fields[] = {
    REC(struct thing, flag, "Flag", REC_BOOL, 0),
    REC(struct thing, maybe, "Maybe", REC_OBOOL, 0),
    REC(struct thing, count, "Count", REC_INT, 0),
    REC(struct thing, limit, "Limit", REC_OINT, 0),
    REC(struct thing, index, "Index", REC_UINT, 0),
    REC(struct thing, score, "Score", REC_FLOAT, 0),
    REC(struct thing, name, "Name", REC_STR, 0),
    REC(struct thing, note, "Note", REC_OSTR, 0),
    REC(struct thing, config, "Config", REC_RAW, 0),
    REC(struct thing, wait, "Wait", REC_DUR, 0),
    REC(struct thing, delay, "Delay", REC_ODUR, 0),
    REC(struct thing, interval, "Interval", REC_DURS, REC_OMIT_EMPTY),
    REC(struct thing, when, "When", REC_TIME, 0),
    REC(struct thing, seen, "Seen", REC_OTIME, 0),
    REC(struct thing, payload, "Payload", REC_BYTES, 0),
    REC_OF(struct thing, first, "First", REC_STRUCT, 0, &thing_port_desc),
    REC_OF(struct thing, second, "Second", REC_PTR, 0, &thing_port_desc),
    REC_OF(struct thing, ports, "Ports", REC_LIST, 0, &thing_port_desc),
    REC_OF(struct thing, tasks, "Tasks", REC_MAP, REC_NEVER_NULL, &thing_task_desc),
    REC_OF(struct thing, args, "Args", REC_LIST, REC_NEVER_NULL, &rec_str),
    REC_OF(struct thing, meta, "Meta", REC_MAP, 0, &rec_str_pair),
    REC_OF(struct thing, counts, "Counts", REC_MAP, 0, &rec_int_pair),
    REC_OF(struct thing, scores, "Scores", REC_MAP, 0, &rec_float_pair),
    REC_OF(struct thing, eligible, "Eligible", REC_MAP, REC_OMIT_EMPTY, &rec_bool_pair),
    REC_OF(struct thing, header, "Header", REC_MAP, 0, &rec_strs_pair),
    REC(struct thing, modify_index, "ModifyIndex", REC_UINT, REC_META),
};
const struct rec_desc thing_desc = REC_DESC("thing", struct thing, thing_fields);

int thing_parse(const char *json, unsigned flags, struct arena *a, struct thing *t, struct err *e)
{
    rec_init(&thing_desc, t);
    return rec_json_parse(&thing_desc, json, strlen(json), flags, a, t, e);
}
