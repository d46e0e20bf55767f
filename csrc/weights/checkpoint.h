// Any checkpoint file as named arrays: safetensors, the zip and the older stream of torch.save, and
// pickles of numpy arrays (Caffe2). Which of them it is is told from the bytes, never from the name
// (models.md section 13). Of a file that holds more than weights (an optimizer, a schedule) only
// the dict of weights is read. Every file is read as one that may have been made to hurt
// (reliability.md section 2).
#ifndef WEIGHTS_CHECKPOINT_H
#define WEIGHTS_CHECKPOINT_H

#include <stdbool.h>

#include "weights/safetensors.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum checkpoint_container {
    CHECKPOINT_SAFETENSORS,
    CHECKPOINT_TORCH_ZIP,
    CHECKPOINT_TORCH_STREAM, // torch before 1.6
    CHECKPOINT_PICKLE
} checkpoint_container;

typedef struct checkpoint checkpoint;

// Reads and checks everything but the numbers. NOT_FOUND, IO, or FORMAT with "path: what is wrong".
sslact_status checkpoint_open(const char *path, checkpoint **out);
void checkpoint_close(checkpoint *file); // NULL is fine

const char *checkpoint_get_path(const checkpoint *file);
checkpoint_container checkpoint_get_container(const checkpoint *file);
// "safetensors", "torch zip", "torch stream", "pickle".
const char *checkpoint_container_get_name(checkpoint_container container);
// The key of the dict that holds the weights, "model_state"; "" where they lie at the top.
const char *checkpoint_get_dict(const checkpoint *file);

size_t checkpoint_count(const checkpoint *file);
// Facts of an array under its name in the file; offset and data are not filled.
void checkpoint_describe(const checkpoint *file, size_t index, named_array *out);
// Numbers of an array, packed and little-endian, into `size` bytes (describe() says how many).
// FORMAT names the array; then buffer holds unspecified bytes. One thread at a time.
sslact_status checkpoint_read(checkpoint *file, size_t index, void *buffer, size_t size);
// Of safetensors files; NULL for others and for absent keys.
const char *checkpoint_get_metadata(const checkpoint *file, const char *key);

#ifdef __cplusplus
}
#endif
#endif
