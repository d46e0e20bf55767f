// The teacher's look at labelled clips (method.md section 11), and the names of the instances of a
// batch. What follows from the scores is the ssl room's.

#include "train/trainer.h"

#include <algorithm>

#include <ATen/ops/sigmoid.h>
#include <c10/core/GradMode.h>

#include "base/error.hpp"
#include "base/log.h"
#include "data/loader_recipe.h"
#include "feed/feed.h"

namespace sslact
{
namespace
{

// As the loader sees it: these say nothing about the clip.
bool is_fault_of_clip(sslact_status status)
{
    return status < 0 && status != SSLACT_ERROR_OUT_OF_MEMORY && status != SSLACT_ERROR_CANCELLED &&
           status != SSLACT_ERROR_INTERNAL && status != SSLACT_ERROR_FORKED;
}

} // namespace

std::vector<InstanceKey> Trainer::list_instances(const batch &data) const
{
    std::vector<InstanceKey> out;
    if (!adaptation_->names_instances()) {
        return out;
    }
    const batch_half &half = data.unlabeled_weak;
    for (size_t n = 0; n < half.count; ++n) {
        if (half.indices[n] < 0) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "unlabeled[" + std::to_string(n) +
                            "]: a clip of no data set, ssl.mpl_mode flex remembers instances by "
                            "their place in one");
        }
        for (int64_t i = 0; i < half.clips[n]->box_count; ++i) {
            out.emplace_back(half.indices[n], i);
        }
    }
    return out;
}

// Clips first .. end of the keyed order, as they are read: no flip, no jitter. Damaged ones are
// left out with data.on_bad_clip=skip.
auto Trainer::read_scored(size_t first, size_t end) const -> Holder<batch>
{
    const config *c = settings_.get();
    const bool skips = std::string(config_get_text(c, "data.on_bad_clip")) == "skip";
    loader_recipe recipe;
    loader_recipe_read(c, &recipe);
    batch *made = nullptr;
    check(batch_create(iteration_, end - first, 0, &made));
    Holder<batch> out(made);
    size_t count = 0;
    for (size_t position = first; position < end; ++position) {
        const size_t index = loader_recipe_pick(options_.seed, RANDOM_ORDER_SCORED,
                                                dataset_count_clips(labeled_.get()), position, 0);
        clip *source = nullptr;
        sslact_status status = dataset_read(labeled_.get(), index, &source);
        if (skips && is_fault_of_clip(status)) {
            log_write(SSLACT_LOG_WARNING, "train", "%s; not scored (data.on_bad_clip=skip)",
                      sslact_error_get_message());
            continue;
        }
        check(status);
        made->labeled.clips[count++] = source;
        check(loader_recipe_check(&recipe, source, true,
                                  source->name != nullptr ? source->name : "clip"));
    }
    made->labeled.count = count;
    return out;
}

// Every E iterations; the same clips each time, so that what changes is the teacher. A step that
// fails afterwards keeps the new thresholds, which were due anyway.
void Trainer::look_at_labeled()
{
    const bool moves = options_.teacher != TeacherKind::frozen; // else it says the same again
    if (!adaptation_->looks_at_labeled(schedule_place()) || (!moves && schedule_place() > 0)) {
        return;
    }
    const size_t all = dataset_count_clips(labeled_.get());
    const auto wanted = static_cast<size_t>(method_options_.score.clips);
    const size_t count = wanted > 0 ? std::min(all, wanted) : all;
    const auto step = static_cast<size_t>(config_get_int(settings_.get(), "solver.batch_labeled"));
    const c10::AutoGradMode no_gradient(false);
    LabeledTally tally = adaptation_->make_tally();
    for (size_t first = 0; first < count; first += step) {
        check_stop();
        const auto part = read_scored(first, std::min(count, first + step));
        const at::Tensor logits = predict_rows(*teacher_, list_clips(part->labeled));
        tally.add(at::sigmoid(logits.to(at::kCPU, at::kFloat)),
                  feed_labels(part->labeled, class_count_, at::kCPU));
    }
    adaptation_->take(tally);
}

} // namespace sslact
