/* The agent's configuration: defaults, then files (HCL, in the order given), then flags. */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include "agent/base/record.h"

#include <stdio.h>

struct agent_ports {
    int64_t http, rpc, consul, dns, lb, lb_admin;
};
struct agent_config {
    bool dev;
    char *datacenter, *region, *name, *node_class;
    char *data_dir; /* "" with dev: a temporary one */
    char *bind_addr, *log_level;
    bool log_json;
    struct agent_ports *ports;
    int64_t workers, lb_threads, dns_threads;
    struct rec_str_map meta;
    bool enable_script_checks;
    int64_t state_max_mb; /* address space of the state database; 0: the store's own default */
};

/* Parses `agent`'s arguments (after the word). ERR_INVALID with all mistakes in e. */
int agent_config_parse(int argc, char **argv, struct arena *a, struct agent_config *out,
                       struct err *e);

/* The flags, as `platform agent -help` prints them. */
void agent_config_help(FILE *out);

#endif
