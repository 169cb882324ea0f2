#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/heap.h>
#include <sluice/base/rng.h>

#define NODES 300

/* The reference: the smallest key of those that are in, found by looking at all. */
static int64_t smallest(const struct heap_node *node, const int64_t *key)
{
    int64_t best = INT64_MAX;

    for (size_t i = 0; i < NODES; i++) {
        if (node[i].at && key[i] < best)
            best = key[i];
    }
    return best;
}

static void agrees_with_a_search(void **state)
{
    struct heap_node node[NODES] = {0};
    int64_t key[NODES] = {0};
    struct rng r = rng_seed(1);
    struct heap h;
    size_t in = 0;

    (void)state;
    heap_init(&h);
    for (int step = 0; step < 20000; step++) {
        size_t i = rng_below(&r, NODES);

        if (rng_below(&r, 3) == 0) {
            in -= node[i].at != 0;
            heap_remove(&h, &node[i]);
            assert_int_equal(node[i].at, 0);
        } else {
            in += node[i].at == 0;
            key[i] = (int64_t)rng_below(&r, 100) - 50; /* few, so that many are equal */
            heap_put(&h, &node[i], key[i]);
        }
        assert_int_equal(h.count, in);
        if (in)
            assert_int_equal(heap_first(&h)->key, smallest(node, key));
        else
            assert_null(heap_first(&h));
    }
    heap_done(&h);
}

static void comes_out_sorted(void **state)
{
    struct heap_node node[NODES] = {0};
    struct rng r = rng_seed(2);
    int64_t before = INT64_MIN;
    struct heap_node *first;
    struct heap h;

    (void)state;
    heap_init(&h);
    assert_null(heap_first(&h));
    for (size_t i = 0; i < NODES; i++)
        heap_put(&h, &node[i], i == 7 ? INT64_MIN : i == 8 ? INT64_MAX : (int64_t)rng_next(&r));
    while ((first = heap_first(&h)) != NULL) {
        assert_true(first->key >= before);
        before = first->key;
        heap_remove(&h, first);
        heap_remove(&h, first); /* in no heap: fine */
    }
    assert_int_equal(before, INT64_MAX);
    heap_done(&h);
    heap_done(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_a_search),
        cmocka_unit_test(comes_out_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
