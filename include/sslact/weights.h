/* include/sslact/weights.h : checkpoint files, ours and those of four other code bases.
 *
 * Read are safetensors, the zip and the older stream of torch.save, and pickles of numpy arrays
 * (Caffe2), told from their bytes; with the names of this library, PySlowFast, ACAR-Net,
 * PyTorchVideo and mmaction2. Nothing in a file is ever run. */
#ifndef SSLACT_WEIGHTS_H
#define SSLACT_WEIGHTS_H

#include "sslact/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a file holds, as JSON text:
 *   "layout"     whose names: "sslact", "pyslowfast", "caffe2", "acar", "pytorchvideo",
 *                "mmaction2", "alphaction" (not readable), "unknown"
 *   "container"  "safetensors", "torch zip", "torch stream", "pickle"
 *   "prefix"     of the names that count, "teacher." for a training run of this library
 *   "keys"       the config keys such a network needs beside its preset, as words; "" if none
 *   "tensors"    every array: [{"name", "dtype", "shape", "canonical" (our name or null)}]
 *   "matched"    names in the file that the network takes
 *   "unmatched"  the other names
 * Without a config the network is any SlowFast one, and a name matches that means an array of it.
 * With one it is the network of its model.* keys; then shapes count too, and there are
 *   "missing"    [names of arrays of the network that the file lacks]
 *   "skipped"    [{"name", "shapes"}] of another shape than the network's
 * config may be NULL. NOT_FOUND, IO, FORMAT (damaged, or not a checkpoint), CONFIG. */
SSLACT_STATUS sslact_weights_inspect(const char *path, const sslact_config *config, char *buffer,
                                     size_t capacity, size_t *needed);

/* Rewrites a checkpoint: the network's arrays, bit for bit, under other names. names is "sslact"
 * (NULL means it), "pyslowfast" or "acar". The ending of out says what is written: .safetensors,
 * or for .pyth, .pth, .pt and .tar a file that torch.load(weights_only=True) reads: for
 * "pyslowfast" a dict with "model_state", else the state dict alone. Written whole or not at all.
 * INVALID_ARGUMENT (names, ending), MISMATCH (nothing of a SlowFast network in it, or an array
 * that the other code base has not), NOT_FOUND, IO, FORMAT. */
SSLACT_STATUS sslact_weights_convert(const char *in, const char *out, const char *names);

#ifdef __cplusplus
}
#endif
#endif
