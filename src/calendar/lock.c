#include "lock.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void ical_lock(void)
{
    pthread_mutex_lock(&lock);
}

void ical_unlock(void)
{
    pthread_mutex_unlock(&lock);
}
