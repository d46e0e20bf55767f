// YUV to RGB in 16-bit numbers with five bits behind the point: each product is rounded to 1/32, so
// that the sum of three is off by less than 0.05 before it is rounded to a level.
#include "media/colours.h"

#include <libavutil/pixdesc.h>
#include <math.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_AVX2_TWIN 1
#include <immintrin.h>
#else
#define HAS_AVX2_TWIN 0
#endif

enum {
    FRACTION_BITS = 5,
    HALF = 1 << (FRACTION_BITS - 1),
    LUMA_SHIFT = 7,   // 255 << 7 fits
    CHROMA_SHIFT = 8, // (-128..127) << 8 fits
    CHROMA_ZERO = 128,
    LIMITED_BLACK = 16,
    BLOCK = 16, // pixels
    CHANNELS = 3
};

// Factors for multiply(): 15 bits behind the point after the shifts above.
typedef struct factors {
    int16_t black, luma, red_v, green_u, green_v, blue_u;
} factors;

typedef struct source_row {
    const uint8_t *y, *u, *v;
    int width;
    bool halved; // two pixels share a colour sample
} source_row;

colour_matrix colours_get_matrix(const AVFrame *frame)
{
    switch (frame->colorspace) {
    case AVCOL_SPC_BT709:
        return (colour_matrix){0.2126, 0.0722};
    case AVCOL_SPC_FCC:
        return (colour_matrix){0.30, 0.11};
    case AVCOL_SPC_SMPTE240M:
        return (colour_matrix){0.212, 0.087};
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return (colour_matrix){0.2627, 0.0593};
    default:
        return (colour_matrix){0.299, 0.114};
    }
}

bool colours_are_planar(int format, bool *full_range)
{
    switch (format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ444P:
        *full_range = true;
        return true;
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUV422P:
    case AV_PIX_FMT_YUV440P:
    case AV_PIX_FMT_YUV444P:
        return true;
    default:
        return false;
    }
}

static int16_t make_factor(double value, int shift)
{
    return (int16_t)lround(value * (1 << (15 + FRACTION_BITS - shift)));
}

static factors make_factors(colour_matrix matrix, bool full_range)
{
    double luma = full_range ? 1 : 255.0 / 219, chroma = full_range ? 1 : 255.0 / 224;
    double red = 2 * (1 - matrix.red) * chroma, blue = 2 * (1 - matrix.blue) * chroma;
    double green = 1 - matrix.red - matrix.blue;
    return (factors){
        .black = full_range ? 0 : LIMITED_BLACK,
        .luma = make_factor(luma, LUMA_SHIFT),
        .red_v = make_factor(red, CHROMA_SHIFT),
        .green_u = make_factor(-blue * matrix.blue / green, CHROMA_SHIFT),
        .green_v = make_factor(-red * matrix.red / green, CHROMA_SHIFT),
        .blue_u = make_factor(blue, CHROMA_SHIFT),
    };
}

// ---- one pixel at a time ----

static int multiply(int value, int16_t factor)
{
    return ((value * factor >> 14) + 1) >> 1;
}

static uint8_t round_level(int sum)
{
    int level = (sum + HALF) >> FRACTION_BITS;
    return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

static void convert_pixels(const source_row *row, const factors *f, int first, uint8_t *out)
{
    out += (int64_t)first * CHANNELS;
    for (int x = first; x < row->width; x++, out += CHANNELS) {
        int at = row->halved ? x >> 1 : x;
        int y = multiply((row->y[x] - f->black) * (1 << LUMA_SHIFT), f->luma);
        int u = (row->u[at] - CHROMA_ZERO) * (1 << CHROMA_SHIFT);
        int v = (row->v[at] - CHROMA_ZERO) * (1 << CHROMA_SHIFT);
        out[0] = round_level(y + multiply(v, f->red_v));
        out[1] = round_level(y + multiply(u, f->green_u) + multiply(v, f->green_v));
        out[2] = round_level(y + multiply(u, f->blue_u));
    }
}

// ---- sixteen pixels at a time, the same numbers ----

#if HAS_AVX2_TWIN
#define AVX2 __attribute__((target("avx2")))

// The colour samples of 16 pixels, shifted.
AVX2 static __m256i load_chroma(const uint8_t *samples, bool halved)
{
    __m128i bytes;
    if (halved) {
        bytes = _mm_loadl_epi64((const __m128i *)(const void *)samples);
        bytes = _mm_unpacklo_epi8(bytes, bytes);
    } else {
        bytes = _mm_loadu_si128((const __m128i *)(const void *)samples);
    }
    __m256i wide = _mm256_sub_epi16(_mm256_cvtepu8_epi16(bytes), _mm256_set1_epi16(CHROMA_ZERO));
    return _mm256_slli_epi16(wide, CHROMA_SHIFT);
}

AVX2 static __m128i round_levels(__m256i sum)
{
    sum = _mm256_srai_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(HALF)), FRACTION_BITS);
    return _mm_packus_epi16(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

// Byte k of the three stores comes from red, green or blue, whichever mask names a place.
AVX2 static void store_interleaved(__m128i red, __m128i green, __m128i blue, uint8_t *out)
{
    const __m128i masks[3][3] = {
        {_mm_setr_epi8(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5),
         _mm_setr_epi8(-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1),
         _mm_setr_epi8(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1)},
        {_mm_setr_epi8(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1),
         _mm_setr_epi8(5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10),
         _mm_setr_epi8(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1)},
        {_mm_setr_epi8(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1),
         _mm_setr_epi8(-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1),
         _mm_setr_epi8(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15)},
    };
    for (int k = 0; k < 3; k++) {
        __m128i bytes = _mm_or_si128(_mm_shuffle_epi8(red, masks[k][0]),
                                     _mm_or_si128(_mm_shuffle_epi8(green, masks[k][1]),
                                                  _mm_shuffle_epi8(blue, masks[k][2])));
        _mm_storeu_si128((__m128i *)(void *)(out + 16 * k), bytes);
    }
}

// Whole blocks of the row; returns how many pixels that is.
AVX2 static int convert_blocks(const source_row *row, const factors *f, uint8_t *out)
{
    int x = 0;
    for (; x + BLOCK <= row->width; x += BLOCK) {
        int at = row->halved ? x >> 1 : x;
        __m256i y =
            _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(row->y + x)));
        y = _mm256_slli_epi16(_mm256_sub_epi16(y, _mm256_set1_epi16(f->black)), LUMA_SHIFT);
        y = _mm256_mulhrs_epi16(y, _mm256_set1_epi16(f->luma));
        __m256i u = load_chroma(row->u + at, row->halved);
        __m256i v = load_chroma(row->v + at, row->halved);
        __m256i red = _mm256_add_epi16(y, _mm256_mulhrs_epi16(v, _mm256_set1_epi16(f->red_v)));
        __m256i green = _mm256_add_epi16(
            y, _mm256_add_epi16(_mm256_mulhrs_epi16(u, _mm256_set1_epi16(f->green_u)),
                                _mm256_mulhrs_epi16(v, _mm256_set1_epi16(f->green_v))));
        __m256i blue = _mm256_add_epi16(y, _mm256_mulhrs_epi16(u, _mm256_set1_epi16(f->blue_u)));
        store_interleaved(round_levels(red), round_levels(green), round_levels(blue),
                          out + (int64_t)x * CHANNELS);
    }
    return x;
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#else
static int convert_blocks(const source_row *row, const factors *f, uint8_t *out)
{
    (void)row, (void)f, (void)out;
    return 0;
}

static bool has_avx2(void)
{
    return false;
}
#endif

// ---- pictures ----

static void convert_picture(const AVFrame *frame, const factors *f, bool in_blocks, uint8_t *out,
                            int64_t stride)
{
    int halved_x = 0, halved_y = 0;
    av_pix_fmt_get_chroma_sub_sample((enum AVPixelFormat)frame->format, &halved_x, &halved_y);
    for (int y = 0; y < frame->height; y++, out += stride) {
        ptrdiff_t chroma_y = y >> halved_y;
        source_row row = {
            .y = frame->data[0] + (ptrdiff_t)y * frame->linesize[0],
            .u = frame->data[1] + chroma_y * frame->linesize[1],
            .v = frame->data[2] + chroma_y * frame->linesize[2],
            .width = frame->width,
            .halved = halved_x != 0,
        };
        int done = in_blocks ? convert_blocks(&row, f, out) : 0;
        convert_pixels(&row, f, done, out);
    }
}

void colours_convert(const AVFrame *frame, colour_matrix matrix, bool full_range, uint8_t *out,
                     int64_t stride)
{
    factors f = make_factors(matrix, full_range);
    convert_picture(frame, &f, has_avx2(), out, stride);
}

void colours_convert_slowly(const AVFrame *frame, colour_matrix matrix, bool full_range,
                            uint8_t *out, int64_t stride)
{
    factors f = make_factors(matrix, full_range);
    convert_picture(frame, &f, false, out, stride);
}
