// What the network that training starts from sees on the unlabelled clips: one pass over the whole
// set in the teacher's view (method.md section 9, rows 10 and 44). Its pseudo-labels give the class
// frequencies of ssl.freq_source=unlabeled and the clips by class of ssl.ucb_mode=resample.
//
// Holds counts only; the trainer makes the pass. All of it goes into the checkpoint, a pass that
// was broken off too.
#ifndef TRAIN_BASELINE_PASS_H
#define TRAIN_BASELINE_PASS_H

#include <cstdint>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "nn/arrays.h"
#include "stats/balance.h"

namespace sslact
{

class BaselinePass
{
public:
    BaselinePass(size_t clip_count, int32_t class_count);

    size_t clip_count() const { return clip_count_; }
    size_t done() const { return done_; } // clips
    bool is_complete() const { return done_ == clip_count_; }
    // Pseudo-labels of the people of a clip, int8 [K, C]: 1 counts.
    void add(size_t clip, const at::Tensor &labels);
    void advance(size_t done) { done_ = done; }

    int64_t instance_count() const;
    // Class balance of the label sets seen; nullptr where nobody was seen. The caller frees it.
    balance *fit(const balance_options &options) const;
    // [clip_count][class_count]: 1 where some person of the clip has the class.
    const uint8_t *shown() const { return shown_.const_data_ptr<uint8_t>(); }

    // For the checkpoint, under names that begin with "ssl.pass.".
    NamedArrays list() const;
    // What a file says instead, not yet in force; Error where it does not fit.
    BaselinePass read(const ArrayFile &file) const;

private:
    size_t clip_count_;
    int32_t class_count_;
    size_t done_ = 0;
    at::Tensor shown_; // uint8 [clips, C]
    std::map<std::string, int64_t> sets_; // people by label set, a byte of 0 or 1 a class
};

} // namespace sslact

#endif
