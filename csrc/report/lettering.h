// Letters for pictures: the printable ASCII characters as strokes on a grid, so that they need no
// font file and have any size. Other characters are drawn as an empty box.
#ifndef REPORT_LETTERING_H
#define REPORT_LETTERING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// The grid: a capital stands on y = 7 and reaches y = 0, a descender y = 9. The size of a text is
// the height of these 9 units in pixels.
enum { LETTERING_BASELINE = 7, LETTERING_UNITS = 9 };

// Strokes of the character that *text begins with, and *text behind it (one code point of UTF-8, or
// one byte that is none): pairs of digits x, y; a blank between strokes; a single point is a dot.
const char *lettering_get_strokes(const char **text);
// How far the next character stands from this one, in units.
double lettering_get_advance(const char *strokes);
// Width of a text in pixels.
double lettering_measure(const char *text, double size);
// How many bytes of a text fit into a width: up to a blank where that is possible, at least one
// character.
size_t lettering_fit(const char *text, double size, double width);

// Units of x are narrower than those of y.
double lettering_scale_x(double size);
double lettering_scale_y(double size);

#ifdef __cplusplus
}
#endif
#endif
