/* Functions on IP network prefixes. */
#include "test/unit/support/hcl_cases.h"

static void hosts_(void **state)
{
    static const struct hcl_case cases[] = {
        {"cidrhost(\"10.12.127.0/20\", 16)", "\"10.12.112.16\""},
        {"cidrhost(\"10.12.127.0/20\", 268)", "\"10.12.113.12\""},
        {"cidrhost(\"fd00:fd12:3456:7890:00a2::/72\", 34)", "\"fd00:fd12:3456:7890::22\""},
        {"cidrhost(\"10.0.0.0/8\", -1)", "\"10.255.255.255\""},
        {"cidrhost(\"10.0.0.0/30\", 4)",
         "! 1,5-31: Error in function call; Call to function \"cidrhost\" failed: prefix of 30 "
         "does not accommodate a host numbered 4."},
        {"cidrhost(\"10.0.0.0/30\", -5)",
         "! 1,5-32: Error in function call; Call to function \"cidrhost\" failed: prefix of 30 "
         "does not accommodate a host numbered -5."},
        {"cidrhost(\"10.0.0.0\", 1)",
         "! 1,14-24: Invalid function argument; Invalid value for \"prefix\" parameter: invalid "
         "CIDR expression: invalid CIDR address: 10.0.0.0."},
        {"cidrhost(\"10.0.0.0/33\", 1)",
         "! 1,14-27: Invalid function argument; Invalid value for \"prefix\" parameter: invalid "
         "CIDR expression: invalid CIDR address: 10.0.0.0/33."},
        {"cidrhost(\"10.0.0/24\", 1)",
         "! 1,14-25: Invalid function argument; Invalid value for \"prefix\" parameter: invalid "
         "CIDR expression: invalid CIDR address: 10.0.0/24."},
        {"cidrhost(\"10.0.0.1/32\", 0)", "\"10.0.0.1\""},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void masks_(void **state)
{
    static const struct hcl_case cases[] = {
        {"cidrnetmask(\"172.16.0.0/12\")", "\"255.240.0.0\""},
        {"cidrnetmask(\"0.0.0.0/0\")", "\"0.0.0.0\""},
        {"cidrnetmask(\"1.2.3.4/32\")", "\"255.255.255.255\""},
        {"cidrnetmask(\"fd00::/8\")",
         "! 1,17-27: Invalid function argument; Invalid value for \"prefix\" parameter: only IPv4 "
         "networks are supported: IPv6 cannot have a netmask."},
        {"cidrnetmask(\"x\")", "! 1,17-20: Invalid function argument; Invalid value for \"prefix\" "
                               "parameter: invalid CIDR expression: invalid CIDR address: x."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void subnets_(void **state)
{
    static const struct hcl_case cases[] = {
        {"cidrsubnet(\"172.16.0.0/12\", 4, 2)", "\"172.18.0.0/16\""},
        {"cidrsubnet(\"10.1.2.0/24\", 4, 15)", "\"10.1.2.240/28\""},
        {"cidrsubnet(\"fd00:fd12:3456:7890::/56\", 16, 162)", "\"fd00:fd12:3456:7800:a200::/72\""},
        {"cidrsubnet(\"10.1.2.0/24\", 4, 16)",
         "! 1,34-36: Invalid function argument; Invalid value for \"netnum\" parameter: prefix "
         "extension of 4 does not accommodate a subnet numbered 16."},
        {"cidrsubnet(\"10.1.2.0/24\", 9, 0)",
         "! 1,31-32: Invalid function argument; Invalid value for \"newbits\" parameter: "
         "insufficient address space to extend prefix of 24 by 9."},
        {"cidrsubnet(\"10.1.2.0/24\", -1, 0)",
         "! 1,31-33: Invalid function argument; Invalid value for \"newbits\" parameter: "
         "insufficient address space to extend prefix of 24 by -1."},
        {"cidrsubnet(\"10.1.2.0/24\", 1.5, 0)",
         "! 1,31-34: Invalid function argument; Invalid value for \"newbits\" parameter: value "
         "must be a whole number."},
        {"cidrsubnets(\"10.1.0.0/16\", 4, 4, 8, 4)",
         "[\"10.1.0.0/20\",\"10.1.16.0/20\",\"10.1.32.0/24\",\"10.1.48.0/20\"]"},
        {"cidrsubnets(\"10.1.0.0/16\")", "[]"},
        {"cidrsubnets(\"10.0.0.0/24\", 1, 1, 1)",
         "! 1,38-39: Invalid function argument; Invalid value for \"newbits\" parameter: not "
         "enough remaining address space for a subnet with a prefix of 25 bits after "
         "10.0.0.128/25."},
        {"cidrsubnets(\"10.0.0.0/24\", 0)",
         "! 1,32-33: Invalid function argument; Invalid value for \"newbits\" parameter: must "
         "extend prefix by at least one bit."},
        {"cidrsubnets(\"fd00:fd12:3456:7890::/56\", 16, 16, 16, 32)",
         "[\"fd00:fd12:3456:7800::/72\",\"fd00:fd12:3456:7800:100::/"
         "72\",\"fd00:fd12:3456:7800:200::/72\",\"fd00:fd12:3456:7800:300::/88\"]"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_),
        cmocka_unit_test(masks_),
        cmocka_unit_test(subnets_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
