/* What messages are signed with. The pool holds the keys of now; a connection holds those that it met
 * when it rendered last, and looks at one number per message. Old keys go with the last connection that
 * began with them. */
#include "conn.h"

void pool_set_keys(struct pool *p, struct keys *k)
{
    struct keys *former;

    pthread_mutex_lock(&p->keys_lock);
    former = p->keys;
    p->keys = keys_ref(k);
    atomic_fetch_add(&p->keys_generation, 1);
    pthread_mutex_unlock(&p->keys_lock);
    keys_release(former);
}

const struct keys *conn_keys(struct conn *c)
{
    struct pool *p = c->pool;

    if (c->keys_generation == atomic_load(&p->keys_generation))
        return c->keys;
    conn_drop_keys(c);
    pthread_mutex_lock(&p->keys_lock);
    c->keys = keys_ref(p->keys);
    c->keys_generation = atomic_load(&p->keys_generation);
    pthread_mutex_unlock(&p->keys_lock);
    return c->keys;
}

void conn_drop_keys(struct conn *c)
{
    keys_release(c->keys);
    c->keys = NULL;
    c->keys_generation = 0;
}
