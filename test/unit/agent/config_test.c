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

/* Each key with a value of the wrong type says where it stands. */
static void wrong_types_are_told_with_their_place(void **state)
{
    static const char *const keys[] = {
        "datacenter = [1]",         "region = [1]",         "name = [1]",
        "node_class = [1]",         "data_dir = [1]",       "bind_addr = [1]",
        "log_level = [1]",          "log_json = \"maybe\"", "workers = \"many\"",
        "lb_threads = \"x\"",       "dns_threads = []",     "state_max_mb = \"x\"",
        "enable_script_checks = 7",
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char *file = put("wrong.hcl", arena_printf(&arena, "# a line before\n%s\n", keys[i]));
        if (parse("-dev", "-config", file) != ERR_INVALID)
            fail_msg("taken: %s", keys[i]);
        size_t column = (size_t)(strchr(keys[i], '=') + 3 - keys[i]);
        refused(arena_printf(&arena, "wrong.hcl:2,%zu", column));
    }
    static const char *const ports[] = {"http", "rpc", "consul", "dns", "lb", "lb_admin"};
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        char *file = put("wrong.hcl", arena_printf(&arena, "ports {\n  %s = \"x\"\n}\n", ports[i]));
        assert_int_equal(ERR_INVALID, parse("-dev", "-config", file));
        refused(arena_printf(&arena, "wrong.hcl:2,%zu", strlen(ports[i]) + 6));
    }
}

static void numbers_have_bounds(void **state)
{
    static const char *const cases[][2] = {
        {"workers = 0", "workers: 0 is not between 1 and 1024"},
        {"workers = 1025", "workers: 1025 is not between 1 and 1024"},
        {"lb_threads = -1", "lb_threads: -1 is not between 1 and 1024"},
        {"dns_threads = 5000", "dns_threads: 5000 is not between 1 and 1024"},
        {"state_max_mb = -1", "state_max_mb: -1 is not between 0 and 16777216"},
        {"ports { lb_admin = -2 }", "ports.lb_admin: -2 is not between 0 and 65535"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *file = put("n.hcl", arena_printf(&arena, "%s\n", cases[i][0]));
        assert_int_equal(ERR_INVALID, parse("-dev", "-config", file));
        refused(cases[i][1]);
    }
}

/* What a file does not say stays as the file before said it. */
static void files_are_merged_key_by_key(void **state)
{
    char *one = put("one.hcl", "name = \"first\"\nworkers = 4\nlog_json = true\n"
                               "meta {\n rack = \"r1\"\n row = \"1\"\n}\n");
    char *two = put("two.hcl", "name = \"second\"\nmeta {\n rack = \"r2\"\n}\n");
    assert_int_equal(0, parse("-dev", arena_printf(&arena, "-config=%s", one),
                              arena_printf(&arena, "-config=%s", two)));
    assert_string_equal("second", config.name);
    assert_int_equal(4, config.workers);
    assert_true(config.log_json);
    assert_string_equal("r2", rec_str_map_get(&config.meta, "rack"));
    assert_string_equal("1", rec_str_map_get(&config.meta, "row"));
}

static void an_empty_folder_and_a_file_of_nothing_change_nothing(void **state)
{
    assert_int_equal(0, parse("-dev", "-config", dir));
    assert_string_equal("dc1", config.datacenter);
    char *file = put("nothing.hcl", "");
    assert_int_equal(0, parse("-dev", "-config", file));
    assert_int_equal(4646, config.ports->http);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        T(defaults_are_for_one_machine),
        T(flags_come_in_every_form_and_win),
        T(files_say_everything),
        T(later_files_win_and_folders_are_in_order),
        T(all_mistakes_are_told_at_once),
        T(wrong_types_are_told_with_their_place),
        T(numbers_have_bounds),
        T(files_are_merged_key_by_key),
        T(an_empty_folder_and_a_file_of_nothing_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
