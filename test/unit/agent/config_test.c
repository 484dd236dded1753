/* The agent's configuration: defaults, files, folders, flags; and every mistake at once. */
#include "agent/config.h"
#include "agent/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];
static struct arena arena;
static struct agent_config config;
static struct err error;

static int make_dir(void **state)
{
    strcpy(dir, "/tmp/platform-config-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}
static int remove_dir(void **state)
{
    arena_fini(&arena);
    return file_remove_tree(dir, NULL);
}

static char *put(const char *name, const char *text)
{
    char *path = arena_printf(&arena, "%s/%s", dir, name);
    assert_int_equal(0, file_write_atomic(path, text, strlen(text), 0600, NULL));
    return path;
}

/* Up to six arguments. */
static int parse(const char *a, const char *b, const char *c)
{
    const char *given[] = {a, b, c};
    char *argv[4];
    int argc = 0;
    for (int i = 0; i < 3; i++)
        if (given[i])
            argv[argc++] = arena_strdup(&arena, given[i]);
    error = (struct err)ERR_INIT;
    return agent_config_parse(argc, argv, &arena, &config, &error);
}
static void refused(const char *text)
{
    if (!strstr(error.text, text))
        fail_msg("'%s' is not in: %s", text, error.text);
}

static void defaults_are_for_one_machine(void **state)
{
    assert_int_equal(0, parse("-dev", NULL, NULL));
    assert_true(config.dev);
    assert_true(config.enable_script_checks);
    assert_string_equal("dc1", config.datacenter);
    assert_string_equal("global", config.region);
    assert_string_equal("127.0.0.1", config.bind_addr);
    assert_int_equal(4646, config.ports->http);
    assert_int_equal(4647, config.ports->rpc);
    assert_int_equal(8500, config.ports->consul);
    assert_int_equal(8600, config.ports->dns);
    assert_int_equal(9999, config.ports->lb);
    assert_int_equal(9998, config.ports->lb_admin);
    assert_int_equal(1, config.lb_threads);
    assert_true(strlen(config.name) > 0);
}

static void flags_come_in_every_form_and_win(void **state)
{
    char *file = put("a.hcl", "datacenter = \"file\"\nlog_level = \"DEBUG\"\n");
    assert_int_equal(0, parse("-dev", "-dc=flag", arena_printf(&arena, "-config=%s", file)));
    assert_string_equal("flag", config.datacenter);
    assert_string_equal("DEBUG", config.log_level);
    assert_int_equal(0, parse("--dev", "--dc", "two"));
    assert_string_equal("two", config.datacenter);
    assert_int_equal(0, parse("-dev", "-http-port=0", NULL)); /* the system's choice */
    assert_int_equal(0, config.ports->http);
    assert_int_equal(0, parse("-dev", "-log-json", "-log-json=false"));
    assert_false(config.log_json);
}

static void files_say_everything(void **state)
{
    char *file = put("all.hcl", "datacenter = \"east\"\nregion = \"eu\"\nname = \"n7\"\n"
                                "node_class = \"big\"\ndata_dir = \"/var/lib/platform\"\n"
                                "bind_addr = \"10.0.0.7\"\nlog_level = \"warn\"\nlog_json = true\n"
                                "ports {\n http = 1\n dns = 53\n}\nworkers = 2\nlb_threads = 3\n"
                                "dns_threads = 4\nstate_max_mb = 64\nenable_script_checks = true\n"
                                "meta {\n rack = \"r1\"\n}\n");
    assert_int_equal(0, parse("-config", file, NULL));
    assert_string_equal("east", config.datacenter);
    assert_string_equal("eu", config.region);
    assert_string_equal("n7", config.name);
    assert_string_equal("big", config.node_class);
    assert_string_equal("/var/lib/platform", config.data_dir);
    assert_string_equal("10.0.0.7", config.bind_addr);
    assert_true(config.log_json && config.enable_script_checks);
    assert_int_equal(1, config.ports->http);
    assert_int_equal(53, config.ports->dns);
    assert_int_equal(8500, config.ports->consul); /* what it does not say stays */
    assert_int_equal(2, config.workers);
    assert_int_equal(3, config.lb_threads);
    assert_int_equal(4, config.dns_threads);
    assert_int_equal(64, config.state_max_mb);
    assert_string_equal("r1", rec_str_map_get(&config.meta, "rack"));
}

static void later_files_win_and_folders_are_in_order(void **state)
{
    put("20.hcl", "datacenter = \"twenty\"\n");
    put("10.hcl", "datacenter = \"ten\"\nregion = \"ten\"\nports { http = 10 }\n");
    put("30.txt", "not HCL at all {{{");
    put("40.hcl", "ports { dns = 40 }\n");
    assert_int_equal(0, parse("-dev", "-config", dir));
    assert_string_equal("twenty", config.datacenter);
    assert_string_equal("ten", config.region);
    assert_int_equal(10, config.ports->http);
    assert_int_equal(40, config.ports->dns);
}

static void all_mistakes_are_told_at_once(void **state)
{
    char *file = put("bad.hcl", "datacentre = \"x\"\nports {\n htp = 1\n}\nlog_json = 5\n");
    assert_int_equal(ERR_INVALID, parse("-config", file, "-colour=red"));
    refused("bad.hcl:1,1-11: Unsupported argument");
    refused("Did you mean \"datacenter\"?");
    refused("bad.hcl:3,2-5:");
    refused("bad.hcl:5,");
    refused("flag provided but not defined: -colour=red");
    refused("Must specify data directory");
    assert_int_equal(ERR_INVALID, parse("-dev", "-dns-port=70000", NULL));
    refused("-dns-port 70000: not a number between 0 and 65535");
    assert_int_equal(ERR_INVALID, parse("-dev", "-log-level=loud", NULL));
    refused("Invalid log level: loud. Valid log levels are: TRACE, DEBUG, INFO, WARN, ERROR");
    assert_int_equal(ERR_INVALID, parse("-dev", "-config=/no/such/file", NULL));
    refused("/no/such/file");
    assert_int_equal(ERR_INVALID, parse("-dev", "stray", NULL));
    refused("stray");
    assert_int_equal(ERR_INVALID, parse("-dev", "-dc", NULL));
    refused("-dc needs a value");
    file = put("ports.hcl", "ports {\n http = 99999\n}\n");
    assert_int_equal(ERR_INVALID, parse("-dev", "-config", file));
    refused("ports.http: 99999 is not between 0 and 65535");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        T(defaults_are_for_one_machine),  T(flags_come_in_every_form_and_win),
        T(files_say_everything),          T(later_files_win_and_folders_are_in_order),
        T(all_mistakes_are_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
