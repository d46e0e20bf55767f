// What labelled key frames say about the people of a batch (ssl.neighbour_prior, method.md section
// 11), from the table that the data room makes.

#include "train/trainer.h"

#include <cstring>

#include <ATen/ops/zeros.h>

#include "base/error.hpp"
#include "base/log.h"
#include "feed/feed.h"

namespace sslact
{

// Once, before training: the labels in use do not change.
void Trainer::find_neighbours()
{
    if (!teacher_ || !config_get_bool(settings_.get(), "ssl.neighbour_prior")) {
        return;
    }
    neighbour_table *table = nullptr;
    check(neighbours_find(unlabeled_source(), labeled_.get(),
                          config_get_double(settings_.get(), "ssl.neighbour_seconds"), &table));
    neighbours_.reset(table);
    const size_t people = table->first[table->clip_count];
    log_write(table->matched > 0 ? SSLACT_LOG_INFO : SSLACT_LOG_WARNING, "train",
              "neighbour prior: %zu of %zu unlabelled people have a labelled one on both sides",
              table->matched, people);
}

// Rows of the half's people, int8 [N_u, C]; undefined without the prior. Clips of no data set have
// no neighbours.
at::Tensor Trainer::list_neighbours(const batch_half &half) const
{
    if (!neighbours_) {
        return {};
    }
    const auto classes = static_cast<size_t>(class_count_);
    at::Tensor out = at::zeros({count_boxes(list_clips(half)), class_count_}, at::kChar);
    auto *row = out.mutable_data_ptr<int8_t>();
    for (size_t i = 0; i < half.count; ++i) {
        const auto people = static_cast<size_t>(half.clips[i]->box_count);
        const int64_t index = half.indices[i];
        if (people > 0 && index >= 0 && static_cast<size_t>(index) < neighbours_->clip_count) {
            const size_t first = neighbours_->first[index];
            std::memcpy(row, neighbours_->evidence + first * classes, people * classes);
        }
        row += people * classes;
    }
    return out;
}

} // namespace sslact
