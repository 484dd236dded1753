/* What this machine says of itself. */
#include "agent/client/client_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void the_node_is_this_machine(void **state)
{
    struct arena a = ARENA_INIT;
    struct node n;
    struct utsname u;
    const struct client_config c = {.alloc_dir = "/tmp",
                                    .address = "127.0.0.1",
                                    .http_addr = "127.0.0.1:4646",
                                    .name = "n1",
                                    .datacenter = "dc1",
                                    .nomad_version = "1.0.18",
                                    .consul_version = "1.10.11"};
    rec_init(&node_desc, &n);
    fingerprint(&n, &a, &c);
    uname(&u);
    static const char *const present[] = {"cpu.arch",
                                          "cpu.modelname",
                                          "cpu.frequency",
                                          "cpu.numcores",
                                          "cpu.totalcompute",
                                          "memory.totalbytes",
                                          "unique.storage.volume",
                                          "kernel.name",
                                          "kernel.version",
                                          "os.name",
                                          "os.signals",
                                          "unique.hostname",
                                          "driver.raw_exec",
                                          "nomad.version",
                                          "consul.version"};
    for (size_t i = 0; i < sizeof(present) / sizeof(present[0]); i++)
        if (!rec_str_map_get(&n.attributes, present[i]))
            fail_msg("%s is missing", present[i]);
    assert_string_equal(u.release, rec_str_map_get(&n.attributes, "kernel.version"));
    assert_string_equal(u.nodename, rec_str_map_get(&n.attributes, "unique.hostname"));
    assert_int_equal(sysconf(_SC_NPROCESSORS_ONLN),
                     atol(rec_str_map_get(&n.attributes, "cpu.numcores")));
    long long bytes = (long long)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    assert_true(llabs(bytes / 1048576 - n.resources.memory.memory_mb) <= 64);
    assert_true(n.resources.cpu.cpu_shares > 0);
    assert_true(n.resources.disk.disk_mb > 0);
    assert_string_equal("lo", n.resources.networks.items[0].device);
    assert_string_equal("raw_exec", n.drivers.items[0].key);
    assert_true(n.drivers.items[0].healthy);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_node_is_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
