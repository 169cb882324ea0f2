#include <sluice/base/heap.h>
#include <sluice/base/must.h>

#include <stdlib.h>

void heap_init(struct heap *h)
{
    *h = (struct heap){0};
}

void heap_done(struct heap *h)
{
    /* The nodes are not touched: their owners may be gone already. */
    free(h->node);
    heap_init(h);
}

static void place(struct heap *h, struct heap_node *n, size_t i)
{
    h->node[i] = n;
    n->at = i + 1;
}

static void sift_up(struct heap *h, struct heap_node *n, size_t i)
{
    while (i > 0) {
        size_t parent = (i - 1) / 2;

        if (h->node[parent]->key <= n->key)
            break;
        place(h, h->node[parent], i);
        i = parent;
    }
    place(h, n, i);
}

static void sift_down(struct heap *h, struct heap_node *n, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->node[child + 1]->key < h->node[child]->key)
            child++;
        if (n->key <= h->node[child]->key)
            break;
        place(h, h->node[child], i);
        i = child;
    }
    place(h, n, i);
}

static size_t index_of(const struct heap *h, const struct heap_node *n)
{
    /* Also catches a node that sits in another heap. */
    MUST(n->at <= h->count && h->node[n->at - 1] == n);
    return n->at - 1;
}

void heap_put(struct heap *h, struct heap_node *n, int64_t key)
{
    if (n->at != 0) {
        size_t i = index_of(h, n);
        int64_t before = n->key;

        n->key = key;
        if (key < before)
            sift_up(h, n, i);
        else
            sift_down(h, n, i);
        return;
    }
    if (h->count == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 16;
        h->node = mem_grow(h->node, h->cap, sizeof(struct heap_node *));
    }
    n->key = key;
    sift_up(h, n, h->count++);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
    struct heap_node *last;
    size_t i;

    if (n->at == 0)
        return;
    i = index_of(h, n);
    last = h->node[--h->count];
    n->at = 0;
    if (last == n)
        return;
    /* The last node comes from another branch: it may belong above or below. */
    if (i > 0 && last->key < h->node[(i - 1) / 2]->key)
        sift_up(h, last, i);
    else
        sift_down(h, last, i);
}

struct heap_node *heap_first(const struct heap *h)
{
    return h->count ? h->node[0] : NULL;
}
