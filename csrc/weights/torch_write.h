// Files that torch.load(weights_only=True) reads: a state dict in torch's zip.
#ifndef WEIGHTS_TORCH_WRITE_H
#define WEIGHTS_TORCH_WRITE_H

#include "weights/safetensors.h"

#ifdef __cplusplus
extern "C" {
#endif

// Writes arrays in the given order, whole or not at all: an ordered dict, as the value of `dict`
// ("model_state") in a dict of one entry, or alone where dict is NULL. Names must differ.
// INVALID_ARGUMENT for an array that torch has no type for.
sslact_status torch_write(const char *path, const char *dict, const named_array *arrays,
                          size_t array_count);

#ifdef __cplusplus
}
#endif
#endif
