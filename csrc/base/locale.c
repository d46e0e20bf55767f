// The C locale, made once; see locale.h.
#include "base/locale.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t plain;

static void create_plain(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t locale_get_plain(void)
{
    pthread_once(&once, create_plain);
    return plain;
}

locale_t locale_enter(void)
{
    locale_t wanted = locale_get_plain();
    return wanted ? uselocale(wanted) : (locale_t)0;
}

void locale_leave(locale_t previous)
{
    if (previous) {
        uselocale(previous);
    }
}
