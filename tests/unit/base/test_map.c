#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include <sluice/base/map.h>
#include <sluice/base/rng.h>

#define KEYS 2000

static struct str key_of(size_t i, char out[32])
{
    return str_n(out, (size_t)snprintf(out, 32, "host%zu.example.kr", i));
}

static void agrees_with_an_array(void **state)
{
    static char value[KEYS]; /* only the addresses matter */
    static void *want[KEYS];
    struct rng r = rng_seed(3);
    struct map m;
    size_t count = 0;

    (void)state;
    map_init(&m);
    for (int step = 0; step < 60000; step++) {
        size_t i = rng_below(&r, KEYS), j = rng_below(&r, KEYS);
        char text[32];
        struct str key = key_of(i, text);

        if (rng_below(&r, 100) < (step < 30000 ? 30u : 70u)) {
            assert_ptr_equal(map_remove(&m, key), want[i]);
            count -= want[i] != NULL;
            want[i] = NULL;
        } else {
            assert_ptr_equal(map_set(&m, key, &value[j]), want[i]);
            count += want[i] == NULL;
            want[i] = &value[j];
        }
        assert_int_equal(m.count, count);
        assert_ptr_equal(map_get(&m, key_of(j, text)), want[j]);
    }
    for (size_t i = 0; i < KEYS; i++) {
        char text[32];

        assert_ptr_equal(map_get(&m, key_of(i, text)), want[i]);
    }
    map_done(&m);
}

static void walks_each_once(void **state)
{
    static char value[500];
    bool seen[500] = {false};
    const struct map_entry *e;
    struct map m;
    size_t at, count = 0;

    (void)state;
    map_init(&m);
    at = 0;
    assert_null(map_next(&m, &at));
    for (size_t i = 0; i < 500; i++) {
        char text[32];

        assert_null(map_set(&m, key_of(i, text), &value[i]));
    }
    for (at = 0; (e = map_next(&m, &at)) != NULL; count++) {
        size_t i = (size_t)((char *)e->value - value);

        assert_false(seen[i]);
        seen[i] = true;
    }
    assert_int_equal(count, 500);
    map_done(&m);
}

static void keys_are_bytes(void **state)
{
    struct map m;
    int a, b, c;

    (void)state;
    map_init(&m);
    assert_null(map_get(&m, str_of("x")));
    assert_null(map_remove(&m, str_of("x")));
    map_set(&m, str_n(NULL, 0), &a);
    map_set(&m, str_n("\0", 1), &b);
    map_set(&m, str_n("\0\0", 2), &c);
    assert_ptr_equal(map_get(&m, str_of("")), &a);
    assert_ptr_equal(map_get(&m, str_n("\0", 1)), &b);
    assert_ptr_equal(map_get(&m, str_n("\0\0", 2)), &c);
    assert_ptr_equal(map_remove(&m, str_of("")), &a);
    assert_null(map_get(&m, str_of("")));
    assert_int_equal(m.count, 2);
    map_done(&m);
    map_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_an_array),
        cmocka_unit_test(walks_each_once),
        cmocka_unit_test(keys_are_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
