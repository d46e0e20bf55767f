// What more than one object of the C API does: clips as arguments, evaluation, threads.
#ifndef PLUGIN_CAPI_SHARED_H
#define PLUGIN_CAPI_SHARED_H

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sslact/model.h"

#include "config/config.h"
#include "data/clip.h"
#include "data/dataset.h"
#include "nn/detector.h"

namespace sslact
{

// The clips of a caller's array, each read under the rule of growing structs.
class ClipArguments
{
public:
    ClipArguments(const sslact_clip *const *clips, size_t count, const char *name);
    const sslact_clip *const *data() const { return pointers_.data(); }
    size_t size() const { return pointers_.size(); }

private:
    std::vector<sslact_clip> clips_;
    std::vector<const sslact_clip *> pointers_;
};

// Where run.threads asks for a number, torch gets it.
void use_configured_threads(const config *settings);

// The device of run.device, opened where it is a CUDA device; Error(UNSUPPORTED) with the reason
// where that cannot be used. Before anything else of a config is acted upon.
at::Device open_run_device(const config *settings);

// Values of parameters and buffers from one network to another of the same options.
void copy_weights(const Detector &source, Detector &target);

// Evaluates and fills a report handle. train_counts [C] or NULL: labelled training instances.
// iteration: of the weights, -1 unknown; split "" unknown. stop, if any, is asked now and then;
// true ends the evaluation with SSLACT_ERROR_CANCELLED.
sslact_status evaluate_to_report(Detector &network, const config *settings, dataset *data,
                                 const sslact_evaluate_options &options, const std::string &role,
                                 const std::string &split, int64_t iteration,
                                 const int64_t *train_counts, const std::function<bool()> &stop,
                                 sslact_report **out);

} // namespace sslact

#endif
