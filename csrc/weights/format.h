// What the reader and the writer of safetensors files share. Not for other rooms.
#ifndef WEIGHTS_FORMAT_H
#define WEIGHTS_FORMAT_H

#include "weights/safetensors.h"

#include <stdbool.h>

#define FORMAT_DIGEST_DIGITS 16
// A header with a digest begins with this, then the digits.
#define FORMAT_DIGEST_START "{\"__metadata__\":{\"header_digest\":\""
#define FORMAT_METADATA "__metadata__"
#define FORMAT_HEADER_DIGEST "header_digest"
#define FORMAT_DIGESTS "digests"

// FNV-1a, 64 bits; start with FORMAT_FNV_START and go on with the result.
#define FORMAT_FNV_START UINT64_C(14695981039346656037)
uint64_t format_digest(uint64_t state, const void *data, size_t size);
void format_render_digest(uint64_t digest, char digits[FORMAT_DIGEST_DIGITS + 1]);

// The digest of length and header text with the digits at `place` taken as zeros.
uint64_t format_digest_header(const char *header, size_t size, size_t place);

bool format_find_dtype(const char *name, weights_dtype *out);

// Bytes of an array; false when a length is negative or the product does not fit.
bool format_multiply_shape(const named_array *array, uint64_t *size);

#endif
