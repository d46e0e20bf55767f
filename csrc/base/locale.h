// The C locale for the calling thread while numbers are written: a program that has set a locale
// with a decimal comma must not change our files or messages. Private to this room.
#ifndef BASE_LOCALE_H
#define BASE_LOCALE_H

#include <locale.h>

#ifdef __cplusplus
extern "C" {
#endif

// A process-wide object that is never freed; newlocale("C") hands out a static one in glibc.
locale_t locale_get_plain(void);
// Switches this thread to the C locale; returns what locale_leave takes back.
locale_t locale_enter(void);
void locale_leave(locale_t previous);

#ifdef __cplusplus
}
#endif
#endif
