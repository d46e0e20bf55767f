// The alphabet and its measures.
#include "report/lettering.h"

#include <string.h>

static const double NARROW = 0.85; // of a unit in x to one in y
static const double GAP = 2.2;       // units between characters
static const double BLANK = 2;     // width of the blank, without the gap
static const char *const UNKNOWN = "0040470700";

static const char *const STROKES[] = {
    "",                                    // blank
    "0004 0707",                           // !
    "0002 2022",                           // "
    "1017 3037 0242 0545",                 // #
    "413010010213344546371706 2028",       // $
    "0740 0010110100 3646473736",          // %
    "4712112031320506172744",              // &
    "0002",                                // '
    "201103051728",                        // (
    "001123251708",                        // )
    "2125 0244 0442",                      // *
    "2226 0444",                           // +
    "1708",                                // ,
    "0434",                                // -
    "0707",                                // .
    "0830",                                // /
    "102031362717060110",                  // 0
    "112027 1737",                         // 1
    "01103041420747",                      // 2
    "01103041423313 334446371706",         // 3
    "300545 3037",                         // 4
    "400003334446371706",                  // 5
    "413010010617374644331304",            // 6
    "004017",                              // 7
    "103041423313020110 1304061737464433", // 8
    "433414030110304146371706",            // 9
    "0303 0707",                           // :
    "1313 1708",                           // ;
    "310437",                              // <
    "0343 0545",                           // =
    "013407",                              // >
    "01103041422425 2727",                 // ?
    "4637170601103041443524233243",        // @
    "0702204247 0444",                     // A
    "0333424130000737464433",              // B
    "4130100106173746",                    // C
    "00072745422000",                      // D
    "40000747 0333",                       // E
    "400007 0333",                         // F
    "41301001061737464424",                // G
    "0007 4047 0343",                      // H
    "0020 1017 0727",                      // I
    "3036271706",                          // J
    "0007 4004 1347",                      // K
    "000747",                              // L
    "0700234047",                          // M
    "07004740",                            // N
    "103041463717060110",                  // O
    "07003041433404",                      // P
    "103041463717060110 2547",             // Q
    "07003041433404 2447",                 // R
    "413010010213344546371706",            // S
    "0040 2027",                           // T
    "000617374640",                        // U
    "002740",                              // V
    "0017325760",                          // W
    "0047 4007",                           // X
    "002340 2327",                         // Y
    "00400747",                            // Z
    "20000828",                            // [
    "0038",                                // backslash
    "00202808",                            // ]
    "022042",                              // ^
    "0848",                                // _
    "0011",                                // `
    "0312324347 44140506173746",           // a
    "0007 0312324346371706",               // b
    "4332120306173746",                    // c
    "4047 4332120306173746",               // d
    "04444332120306173746",                // e
    "30201117 0232",                       // f
    "4332120306173746 4248391908",         // g
    "0007 0312324347",                     // h
    "0207 0000",                           // i
    "121809 1010",                         // j
    "0007 3205 1437",                      // k
    "000617",                              // l
    "0207 0312223337 3342526367",          // m
    "0207 0312324347",                     // n
    "123243463717060312",                  // o
    "0209 0312324346371706",               // p
    "4249 4332120306173746",               // q
    "0207 042232",                         // r
    "43321203143546371706",                // s
    "10162737 0232",                       // t
    "0206173746 4247",                     // u
    "022742",                              // v
    "0217335762",                          // w
    "0247 4207",                           // x
    "0227 421909",                         // y
    "02420747",                            // z
    "20111304151728",                      // {
    "0008",                                // |
    "00111324151708",                      // }
    "04133544",                            // ~
};
enum { STROKE_COUNT = sizeof STROKES / sizeof *STROKES };

// Bytes of the code point that a text begins with; 1 where it is no UTF-8.
static size_t count_bytes(const char *text)
{
    unsigned char lead = (unsigned char)*text;
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            return 1;
        }
    }
    return length;
}

const char *lettering_get_strokes(const char **text)
{
    unsigned char lead = (unsigned char)**text;
    *text += count_bytes(*text);
    return lead >= ' ' && lead < ' ' + STROKE_COUNT ? STROKES[lead - ' '] : UNKNOWN;
}

double lettering_get_advance(const char *strokes)
{
    double width = *strokes == '\0' ? BLANK : 0;
    for (const char *s = strokes; *s != '\0'; s += *s == ' ' ? 1 : 2) {
        if (*s != ' ' && *s - '0' > width) {
            width = *s - '0';
        }
    }
    return width + GAP;
}

double lettering_scale_y(double size)
{
    return size / LETTERING_UNITS;
}

double lettering_scale_x(double size)
{
    return NARROW * lettering_scale_y(size);
}

double lettering_measure(const char *text, double size)
{
    double units = 0;
    while (*text != '\0') {
        units += lettering_get_advance(lettering_get_strokes(&text));
    }
    return units * lettering_scale_x(size);
}

size_t lettering_fit(const char *text, double size, double width)
{
    const char *at = text;
    double units = 0;
    size_t fits = 0, blank = 0;
    while (*at != '\0') {
        blank = *at == ' ' ? (size_t)(at - text) : blank;
        units += lettering_get_advance(lettering_get_strokes(&at));
        if (units * lettering_scale_x(size) > width && fits > 0) {
            return blank > 0 ? blank : fits;
        }
        fits = (size_t)(at - text);
    }
    return fits;
}
