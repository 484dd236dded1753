/* Functions on times. Values are as the peer's own library gives them. */
#include "test/unit/support/hcl_cases.h"

static void formats_(void **state)
{
    static const struct hcl_case cases[] = {
        {"formatdate(\"DD MMM YYYY hh:mm ZZZ\", \"2018-01-02T23:12:01Z\")",
         "\"02 Jan 2018 23:12 UTC\""},
        {"formatdate(\"EEEE, DD-MMM-YY hh:mm:ss ZZZ\", \"2018-01-02T23:12:01Z\")",
         "\"Tuesday, 02-Jan-18 23:12:01 UTC\""},
        {"formatdate(\"EEE, DD MMM YYYY hh:mm:ss ZZZ\", \"2018-01-02T23:12:01-08:00\")",
         "\"Tue, 02 Jan 2018 23:12:01 -0800\""},
        {"formatdate(\"MMM DD, YYYY\", \"2018-01-02T23:12:01Z\")", "\"Jan 02, 2018\""},
        {"formatdate(\"HH:mmaa\", \"2018-01-02T23:12:01Z\")", "\"11:12pm\""},
        {"formatdate(\"H:mAA\", \"2018-01-02T00:05:01Z\")", "\"12:5AM\""},
        {"formatdate(\"h'h'mm\", \"2018-01-02T23:12:01Z\")", "\"23h12\""},
        {"formatdate(\"'a''b'\", \"2018-01-02T23:12:01Z\")", "\"a'b\""},
        {"formatdate(\"M/D/YY\", \"2018-01-02T23:12:01Z\")", "\"1/2/18\""},
        {"formatdate(\"MMMM\", \"2018-12-02T23:12:01Z\")", "\"December\""},
        {"formatdate(\"Z\", \"2018-01-02T23:12:01Z\")", "\"Z\""},
        {"formatdate(\"Z ZZZ ZZZZ ZZZZZ\", \"2018-01-02T23:12:01+05:30\")",
         "\"+05:30 +0530 +0530 +05:30\""},
        {"formatdate(\"ZZZZ ZZZZZ\", \"2018-01-02T23:12:01Z\")", "\"+0000 +00:00\""},
        {"formatdate(\"ZZ\", \"2018-01-02T23:12:01Z\")",
         "! 1,16-20: Invalid function argument; Invalid value for \"format\" parameter: invalid "
         "date format verb \"ZZ\": timezone must be Z, ZZZ, ZZZZ, or ZZZZZ."},
        {"formatdate(\"s ss\", \"2018-01-02T23:12:01.5Z\")", "\"1 01\""},
        {"formatdate(\"YYYYY\", \"2018-01-02T23:12:01Z\")",
         "! 1,16-23: Invalid function argument; Invalid value for \"format\" parameter: invalid "
         "date format verb \"YYYYY\": year must either be \"YY\" or \"YYYY\"."},
        {"formatdate(\"Y\", \"2018-01-02T23:12:01Z\")",
         "! 1,16-19: Invalid function argument; Invalid value for \"format\" parameter: invalid "
         "date format verb \"Y\": year must either be \"YY\" or \"YYYY\"."},
        {"formatdate(\"MMMMM\", \"2018-01-02T23:12:01Z\")",
         "! 1,16-23: Invalid function argument; Invalid value for \"format\" parameter: invalid "
         "date format verb \"MMMMM\": month must be \"M\", \"MM\", \"MMM\", or \"MMMM\"."},
        {"formatdate(\"EE\", \"2018-01-02T23:12:01Z\")",
         "! 1,16-20: Invalid function argument; Invalid value for \"format\" parameter: invalid "
         "date format verb \"EE\": day of week must either be \"EEE\" or \"EEEE\"."},
        {"formatdate(\"x\", \"2018-01-02T23:12:01Z\")",
         "! 1,16-19: Invalid function argument; Invalid value for \"format\" parameter: invalid "
         "date format verb \"x\": letters mean parts of a date; literal text goes in single "
         "quotes."},
        {"formatdate(\"'x\", \"2018-01-02T23:12:01Z\")",
         "! 1,16-20: Invalid function argument; Invalid value for \"format\" parameter: "
         "unterminated literal 'x."},
        {"formatdate(\"YYYY\", \"2018-01-02\")",
         "! 1,24-36: Invalid function argument; Invalid value for \"time\" parameter: not a valid "
         "RFC3339 timestamp: \"2018-01-02\"."},
        {"formatdate(\"YYYY\", \"2018-02-30T00:00:00Z\")",
         "! 1,24-46: Invalid function argument; Invalid value for \"time\" parameter: not a valid "
         "RFC3339 timestamp: \"2018-02-30T00:00:00Z\"."},
        {"formatdate(\"YYYY\", \"2018-01-02T24:00:00Z\")",
         "! 1,24-46: Invalid function argument; Invalid value for \"time\" parameter: not a valid "
         "RFC3339 timestamp: \"2018-01-02T24:00:00Z\"."},
        {"formatdate(\"YYYY\", \"2018-01-02 23:12:01Z\")",
         "! 1,24-46: Invalid function argument; Invalid value for \"time\" parameter: not a valid "
         "RFC3339 timestamp: \"2018-01-02 23:12:01Z\"."},
        {"formatdate(\"YYYY\", \"\")", "! 1,24-26: Invalid function argument; Invalid value for "
                                       "\"time\" parameter: not a valid RFC3339 timestamp: \"\"."},
        {"formatdate(\"\", \"2018-01-02T23:12:01Z\")", "\"\""},
        {"formatdate(\"YYYY-MM-DD'T'hh:mm:ssZ\", \"2018-01-02T23:12:01+02:00\")",
         "\"2018-01-02T23:12:01+02:00\""},
        {"formatdate(\"h\", \"2018-01-02T03:12:01Z\")", "\"3\""},
        {"formatdate(\"hh\", \"2018-01-02T03:12:01Z\")", "\"03\""},
        {"formatdate(\"H\", \"2018-01-02T12:12:01Z\")", "\"12\""},
        {"formatdate(\"EEE\", \"2020-02-29T12:12:01Z\")", "\"Sat\""},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void sums_(void **state)
{
    static const struct hcl_case cases[] = {
        {"timeadd(\"2017-11-22T00:00:00Z\", \"10m\")", "\"2017-11-22T00:10:00Z\""},
        {"timeadd(\"2017-11-22T00:00:00Z\", \"-10m\")", "\"2017-11-21T23:50:00Z\""},
        {"timeadd(\"2017-11-22T00:00:00+02:00\", \"1h30m\")", "\"2017-11-22T01:30:00+02:00\""},
        {"timeadd(\"2017-12-31T23:59:59Z\", \"1s\")", "\"2018-01-01T00:00:00Z\""},
        {"timeadd(\"2016-02-28T12:00:00Z\", \"24h\")", "\"2016-02-29T12:00:00Z\""},
        {"timeadd(\"2017-11-22T00:00:00Z\", \"1.5h\")", "\"2017-11-22T01:30:00Z\""},
        {"timeadd(\"2017-11-22T00:00:00Z\", \"500ms\")", "\"2017-11-22T00:00:00Z\""},
        {"timeadd(\"2017-11-22T00:00:00.25Z\", \"1s\")", "\"2017-11-22T00:00:01Z\""},
        {"timeadd(\"2017-11-22T00:00:00Z\", \"1d\")",
         "! 1,37-41: Invalid function argument; Invalid value for \"duration\" parameter: time: "
         "invalid duration \"1d\"."},
        {"timeadd(\"2017-11-22T00:00:00Z\", \"\")",
         "! 1,37-39: Invalid function argument; Invalid value for \"duration\" parameter: time: "
         "invalid duration \"\"."},
        {"timeadd(\"2017-11-22T00:00:00Z\", \"10\")",
         "! 1,37-41: Invalid function argument; Invalid value for \"duration\" parameter: time: "
         "invalid duration \"10\"."},
        {"timeadd(\"x\", \"1s\")",
         "! 1,13-16: Invalid function argument; Invalid value for \"timestamp\" parameter: not a "
         "valid RFC3339 timestamp: \"x\"."},
        {"timeadd(\"2017-11-22T00:00:00Z\", \"0\")", "\"2017-11-22T00:00:00Z\""},
        {"timeadd(\"1969-12-31T23:59:59Z\", \"1s\")", "\"1970-01-01T00:00:00Z\""},
        {"timeadd(\"1600-01-01T00:00:00Z\", \"1s\")",
         "! 1,13-35: Invalid function argument; Invalid value for \"timestamp\" parameter: not a "
         "valid RFC3339 timestamp: \"1600-01-01T00:00:00Z\"."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_),
        cmocka_unit_test(sums_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
