// A checkpoint rewritten with the names of another code base.
#ifndef WEIGHTS_CONVERT_H
#define WEIGHTS_CONVERT_H

#include "weights/names.h"

#ifdef __cplusplus
extern "C" {
#endif

// Writes the arrays of `in` that are the network's, under the names of `names` (sslact, pyslowfast,
// acar), to `out`: by its ending safetensors, or a torch zip (.pyth, .pth, .pt, .tar). Numbers and
// types stay as they are. Counters of batches that a file leaves out are written as 0, and
// PySlowFast's head gets a bias of 0 where there is none. Of a training run the teacher is taken
// where there is one. *written (may be NULL): arrays in the new file; *left_out: in the old one
// only.
sslact_status weights_convert(const char *in, const char *out, weights_layout names,
                              size_t *written, size_t *left_out);

#ifdef __cplusplus
}
#endif
#endif
