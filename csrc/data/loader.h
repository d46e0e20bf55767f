// Threads that make batches ahead of the training loop. Batch k is a pure function of
// (run.seed, k) and the data sets: the number of threads changes nothing.
#ifndef DATA_LOADER_H
#define DATA_LOADER_H

#include "config/config.h"
#include "data/batch.h"
#include "data/class_clips.h"
#include "data/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct loader loader;

// unlabeled may be NULL: batches without an unlabelled half. Batches start at iteration `first`.
// Keys: solver.batch_labeled, solver.batch_unlabeled, run.seed, run.loader_threads,
// data.frame_count, data.box_jitter, data.on_bad_clip, ssl.labeled_view, ssl.unlabeled_view,
// ssl.unlabeled_source (labeled: `labeled` takes the place of `unlabeled`), augment.*.
sslact_status loader_create(const config *c, dataset *labeled, dataset *unlabeled, int64_t first,
                            loader **out);
// The same with clips drawn by class (ssl.ucb_mode=resample) in the halves that have a table with
// classes in it; NULL or an empty table: each epoch takes every clip once. The tables are borrowed
// until loader_free and belong to these data sets.
sslact_status loader_create_by_class(const config *c, dataset *labeled, dataset *unlabeled,
                                     const class_clips *labeled_classes,
                                     const class_clips *unlabeled_classes, int64_t first,
                                     loader **out);
// Every clip of a set once, in its order, in the teacher's view: batch k has clips
// k * solver.batch_unlabeled and on in unlabeled_weak. Places behind the end hold NULL, and with
// data.on_bad_clip=skip those of clips that cannot be read.
sslact_status loader_create_pass(const config *c, dataset *set, int64_t first, loader **out);
// The next batch in order, owned by the caller; waits for the threads. A clip that cannot be read
// fails the batch with its status and message ("video ...: ..."); a further call makes the same
// batch again. With data.on_bad_clip=skip another clip takes its place, with a warning.
sslact_status loader_next(loader *l, batch **out);
double loader_get_wait_seconds(const loader *l); // time loader_next has waited in all
size_t loader_count_threads(const loader *l);
void loader_free(loader *l); // stops the threads; NULL is fine

// Threads that run.loader_threads asks for; 0, as the machine allows, is decided from run.device
// and the processors this process may use: for a network on the CPU a quarter of them and no more
// than 8, because it computes with the others; for one on a GPU all but two and no more than 64.
int32_t loader_choose_threads(const config *c);
// The same decision for a machine of that many processors.
int32_t loader_divide_processors(int32_t processors, bool network_on_gpu);

// A batch of the caller's own clips through the same views; either list may be empty. Labels of
// unlabelled clips are ignored. Messages begin with "labeled[3]: " or "unlabeled[3]: ".
sslact_status loader_make_batch(const config *c, int32_t class_count,
                                const sslact_clip *const *labeled, size_t labeled_count,
                                const sslact_clip *const *unlabeled, size_t unlabeled_count,
                                int64_t iteration, batch **out);

#ifdef __cplusplus
}
#endif
#endif
