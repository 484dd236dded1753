/* Identifiers and random numbers. */
#include "agent/base/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void uuids_are_version_4_and_differ(void **state)
{
    uuid_text a, b;
    id_new(a);
    id_new(b);
    assert_true(id_is_uuid(a));
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
    assert_string_not_equal(a, b);
    assert_false(id_is_uuid("http-echo"));
    assert_false(id_is_uuid("0363bef9-cf86-c166-16d9-b5ba9435f23"));
    assert_false(id_is_uuid("0363bef9-cf86-c166-16d9-b5ba9435f2360"));
    bool seen[7] = {false};
    for (int i = 0; i < 1000; i++)
        seen[id_random_below(7)] = true;
    for (int i = 0; i < 7; i++)
        assert_true(seen[i]);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, ID_LEN);
}

static void ten_thousand_are_all_different(void **state)
{
    enum { N = 10000 };
    uuid_text *all = malloc(N * sizeof(*all));
    for (int i = 0; i < N; i++)
        id_new(all[i]);
    qsort(all, N, sizeof(*all), compare);
    for (int i = 1; i < N; i++)
        assert_string_not_equal(all[i - 1], all[i]);
    free(all);
}

static void *make_one(void *out)
{
    id_new(out);
    return NULL;
}

/* Each thread has a store of random bytes of its own. */
static void threads_do_not_share_bytes(void **state)
{
    uuid_text ids[8];
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        assert_int_equal(0, pthread_create(&threads[i], NULL, make_one, ids[i]));
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(ids[i], ids[k]);
}

/* Small and large pieces, across the store's end. */
static void every_byte_is_filled(void **state)
{
    static const size_t sizes[] = {1, 3, 16, 200, 256, 257, 5000};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        unsigned char seen[5000] = {0}, now[5000];
        for (int round = 0; round < 60; round++) {
            memset(now, 0, sizeof(now));
            id_random_bytes(now, sizes[s]);
            for (size_t i = 0; i < sizes[s]; i++)
                seen[i] |= now[i];
        }
        for (size_t i = 0; i < sizes[s]; i++)
            assert_int_equal(0xff, seen[i]); /* 60 rounds leave a bit out once in 10^18 */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuids_are_version_4_and_differ),
        cmocka_unit_test(ten_thousand_are_all_different),
        cmocka_unit_test(threads_do_not_share_bytes),
        cmocka_unit_test(every_byte_is_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
