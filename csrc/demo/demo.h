// The demo world: real video files of drawn people who do several things at once, their annotation
// in AVA's files, and configs that train on them (demo-world.md).
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include "sslact/demo.h"

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// What sslact_demo_create does, on whole structs: options not NULL, zeros stand for the defaults;
// out may be NULL. Progress is reported on the calling thread.
sslact_status demo_generate(const char *folder, const sslact_demo_options *options,
                            sslact_demo_summary *out);

#ifdef __cplusplus
}
#endif
#endif
