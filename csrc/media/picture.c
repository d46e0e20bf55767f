// Checksums of decoded pictures.
#include <libavutil/imgutils.h>
#include <libavutil/md5.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "media/video.h"

enum { PALETTE_BYTES = 1024, DIGEST_BYTES = 16 };

static int count_rows(const AVPixFmtDescriptor *description, int plane, int height)
{
    bool chroma = plane == 1 || plane == 2;
    return chroma ? AV_CEIL_RSHIFT(height, description->log2_chroma_h) : height;
}

static void add_planes(struct AVMD5 *sum, const picture *p, const AVPixFmtDescriptor *description)
{
    enum AVPixelFormat format = (enum AVPixelFormat)p->format;
    bool palette = (description->flags & AV_PIX_FMT_FLAG_PAL) != 0;
    int planes = palette ? 1 : av_pix_fmt_count_planes(format);
    for (int k = 0; k < planes && k < 4; k++) {
        int bytes = av_image_get_linesize(format, p->width, k);
        int rows = count_rows(description, k, p->height);
        for (int y = 0; y < rows && bytes > 0; y++) {
            av_md5_update(sum, p->planes[k] + (ptrdiff_t)y * p->strides[k], (size_t)bytes);
        }
    }
    if (palette) {
        av_md5_update(sum, p->planes[1], PALETTE_BYTES);
    }
}

sslact_status picture_md5(const picture *p, char out[33])
{
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get((enum AVPixelFormat)p->format);
    if (description == NULL || (description->flags & AV_PIX_FMT_FLAG_HWACCEL) != 0) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "frame %lld: pixel format %d has no bytes in memory", (long long)p->frame,
                         p->format);
    }
    struct AVMD5 *sum = av_md5_alloc();
    if (sum == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "no memory for a checksum");
    }
    uint8_t digest[DIGEST_BYTES];
    av_md5_init(sum);
    add_planes(sum, p, description);
    av_md5_final(sum, digest);
    av_free(sum);
    for (int k = 0; k < DIGEST_BYTES; k++) {
        out[2 * k] = "0123456789abcdef"[digest[k] >> 4];
        out[2 * k + 1] = "0123456789abcdef"[digest[k] & 15];
    }
    out[2 * DIGEST_BYTES] = '\0';
    return SSLACT_OK;
}
