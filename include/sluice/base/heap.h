/* heap.h: a binary heap of nodes that lie inside the caller's structs, smallest key first.
 *
 *     struct timer { struct heap_node node; ... };
 *     heap_put(&h, &t->node, due_ms);       // inserts, or moves if it is already in
 *     struct heap_node *n = heap_first(&h);
 *
 * A node MUST start zeroed and is in one heap at a time. Equal keys come out in no particular
 * order.
 */
#ifndef SLUICE_BASE_HEAP_H
#define SLUICE_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t key;
    size_t at; /* position + 1; 0: in no heap */
};
struct heap {
    struct heap_node **node;
    size_t count;
    size_t cap;
};
void heap_init(struct heap *h);
void heap_done(struct heap *h); /* frees its array; does not touch nodes that are still in */
void heap_put(struct heap *h, struct heap_node *n, int64_t key);
void heap_remove(struct heap *h, struct heap_node *n); /* a node in no heap is fine */
struct heap_node *heap_first(const struct heap *h);    /* NULL when empty */

#endif
