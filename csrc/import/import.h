// Annotation of other tools into the simple form of a person's own data (docs/own-data.md): CVAT's
// XML ("CVAT for video 1.1", "CVAT for images 1.1") and COCO-style JSON of videos.
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "sslact/dataset.h"

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// Reads every file, writes boxes.csv, actions.txt and own.yaml into the folder, which is made; none
// of the three may be there. Nothing is written on failure. The struct sizes have been checked.
sslact_status import_annotation(const char *const *paths, size_t path_count, const char *folder,
                                const sslact_import_options *options,
                                sslact_import_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
