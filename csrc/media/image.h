// RGB pictures in memory: [height][width][3], packed.
#ifndef MEDIA_IMAGE_H
#define MEDIA_IMAGE_H

#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// Antialiased bilinear resizing (triangle filter widened by the scale factor when shrinking).
sslact_status image_resize(const uint8_t *source, int32_t width, int32_t height,
                           int64_t row_stride, uint8_t *out, int32_t out_width,
                           int32_t out_height);
// Writes a PNG whole or not at all.
sslact_status image_write_png(const char *path, const uint8_t *rgb, int32_t width, int32_t height);
// PNG bytes in memory (free() releases them), for reports.
sslact_status image_encode_png(const uint8_t *rgb, int32_t width, int32_t height, uint8_t **data,
                               size_t *size);

#ifdef __cplusplus
}
#endif
#endif
