/* Arenas and the memory that does not fail. */
#include "agent/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void arenas_give_aligned_zeroed_memory(void **state)
{
    struct arena a = ARENA_INIT;
    for (size_t n = 1; n < 20000; n = n * 3 / 2 + 1) {
        char *p = arena_alloc(&a, n);
        assert_int_equal(0, (uintptr_t)p % _Alignof(max_align_t));
        for (size_t i = 0; i < n; i++)
            assert_int_equal(0, p[i]);
        memset(p, 0xff, n);
    }
    assert_string_equal("7 apples", arena_printf(&a, "%d %s", 7, "apples"));
    assert_null(arena_strdup(&a, NULL));
    arena_fini(&a);
    assert_int_equal(0, a.used_bytes);
}

static void blocks_do_not_overlap(void **state)
{
    struct arena a = ARENA_INIT;
    char *blocks[500];
    for (int i = 0; i < 500; i++) {
        blocks[i] = arena_alloc(&a, (size_t)(i * 37 % 701 + 1));
        memset(blocks[i], i & 0x7f, (size_t)(i * 37 % 701 + 1));
    }
    for (int i = 0; i < 500; i++)
        for (int k = 0; k < i * 37 % 701 + 1; k++)
            assert_int_equal(i & 0x7f, blocks[i][k]);
    assert_true(a.used_bytes >= 500 * 300);
    arena_fini(&a);
}

static void copies_are_ones_own(void **state)
{
    struct arena a = ARENA_INIT;
    char text[] = "service";
    char *whole = arena_strdup(&a, text), *part = arena_strndup(&a, text, 4);
    int *numbers = arena_memdup(&a, (int[]){1, 2, 3}, 3 * sizeof(int));
    memset(text, 'x', sizeof(text) - 1);
    assert_string_equal("service", whole);
    assert_string_equal("serv", part);
    assert_int_equal(3, numbers[2]);
    char *big = arena_printf(&a, "%0100000d", 7);
    assert_int_equal(100000, strlen(big));
    arena_fini(&a);
    assert_string_equal("again", arena_strdup(&a, "again")); /* it may be used again */
    arena_fini(&a);
}

static void memory_of_ones_own_is_zeroed(void **state)
{
    char *p = mem_alloc(1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(0, p[i]);
    p = mem_realloc(p, 2000);
    free(p);
    assert_null(mem_strdup(NULL));
    char *s = mem_strndup("abc", 2), *t = mem_printf("%s-%d", s, 5);
    assert_string_equal("ab-5", t);
    free(s);
    free(t);
}

static void lists_grow(void **state)
{
    struct arena a = ARENA_INIT;
    size_t *items = NULL, n = 0, cap = 0;
    while (n < 1000) {
        items = arena_grow(&a, items, n, &cap, sizeof(*items));
        assert_true(cap > n && items[n] == 0);
        items[n] = n + 1;
        n++;
    }
    for (size_t i = 0; i < n; i++)
        assert_int_equal(i + 1, items[i]);
    size_t *same = arena_grow(&a, items, n, &cap, sizeof(*items));
    assert_ptr_equal(items, same); /* 1024 have room */
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas_give_aligned_zeroed_memory),
        cmocka_unit_test(blocks_do_not_overlap),
        cmocka_unit_test(copies_are_ones_own),
        cmocka_unit_test(memory_of_ones_own_is_zeroed),
        cmocka_unit_test(lists_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
