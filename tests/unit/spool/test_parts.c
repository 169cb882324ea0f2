/* The small parts below the spool: sorter, numbering of domains, set of recipients, gate. */
#include "world.h"
#include <sluice/base/rng.h>
#include "domains.h"
#include "gate.h"
#include "ridset.h"
#include "sorter.h"

static void check_sorted(size_t n, bool with_values, uint64_t mask)
{
    struct world world = {.dir = "/tmp"}, *w = &world;
    struct sorter *s = sorter_new(w->dir, with_values);
    struct rng r = rng_seed(n);
    uint64_t key, value, last = 0, last_value = 0, sum = 0;
    bool failed = false;
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        key = rng_next(&r) & mask;
        sum += key;
        OK(sorter_put(s, key, i, &w->e));
    }
    OK(sorter_rewind(s, &w->e));
    while (sorter_next(s, &key, &value, &failed, &w->e)) {
        assert_true(key >= last);
        if (with_values && count > 0 && key == last)
            assert_true(value > last_value); /* the order of going in */
        last = key;
        last_value = value;
        sum -= key;
        count++;
    }
    assert_false(failed);
    assert_int_equal(count, n);
    assert_int_equal(sum, 0);
    sorter_free(s);
}

static void sorting(void **state)
{
    (void)state;
    check_sorted(0, false, UINT64_MAX);
    check_sorted(1, true, UINT64_MAX);
    check_sorted(5000, false, UINT64_MAX);
    check_sorted(5000, true, 0xff);
    check_sorted(SORTER_RUN, false, UINT64_MAX);
    check_sorted(SORTER_RUN * 2 + 17, false, UINT64_MAX);
    check_sorted(SORTER_RUN * 2 + 17, true, 0xffff);
}

static void a_sorter_without_a_folder_says_so(void **state)
{
    struct sorter *s = sorter_new("/nowhere/at/all", false);
    struct err e = {0};
    bool ok = true;

    (void)state;
    for (size_t i = 0; ok && i < SORTER_RUN + 1; i++)
        ok = sorter_put(s, i, 0, &e);
    assert_false(ok);
    assert_int_equal(e.code, ENOENT);
    sorter_free(s);
}

static void domains_are_numbered(void **state)
{
    struct domains d = {0};
    char name[32];

    (void)state;
    for (int round = 0; round < 2; round++)
        for (unsigned i = 0; i < 20000; i++) {
            snprintf(name, sizeof name, "d%u.example", i);
            assert_int_equal(domains_number(&d, str_of(name)), i + 1);
        }
    assert_int_equal(d.count, 20000);
    assert_int_equal(domains_number(&d, str_of("d1")), 20001); /* a prefix is another one */
    assert_string_equal(domains_name(&d, 20000), "d19999.example");
    domains_done(&d);
}

/* Against a plain array. */
static void a_set_of_recipients(void **state)
{
    enum { N = 3000 };
    struct ridset s = {0};
    struct rng r = rng_seed(1);
    bool in[N + 1] = {false};
    size_t count = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t rid = rng_below(&r, N) + 1;

        assert_int_equal(ridset_has(&s, rid), in[rid]);
        if (rng_below(&r, 2)) {
            ridset_put(&s, rid);
            count += !in[rid];
            in[rid] = true;
        } else {
            assert_int_equal(ridset_remove(&s, rid), in[rid]);
            count -= in[rid];
            in[rid] = false;
        }
        assert_int_equal(s.count, count);
    }
    ridset_done(&s);
}

static void a_gate_belongs_to_a_path(void **state)
{
    struct gate *a = spool_gate_of("/a"), *b = spool_gate_of("/b"), *again = spool_gate_of("/a");

    (void)state;
    assert_ptr_equal(a, again);
    assert_ptr_not_equal(a, b);
    spool_gate_enter(a);
    spool_gate_enter(b);
    spool_gate_leave(a);
    spool_gate_leave(b);
    spool_gate_release(a);
    spool_gate_release(b);
    spool_gate_release(again);
    spool_gate_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorting),
        cmocka_unit_test(a_sorter_without_a_folder_says_so),
        cmocka_unit_test(domains_are_numbered),
        cmocka_unit_test(a_set_of_recipients),
        cmocka_unit_test(a_gate_belongs_to_a_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
