// `cap`, method.md section 11: thresholds that call the same share of the unlabelled instances
// positive as carry the class among the labelled ones (NeurIPS 2023).
#ifndef SSL_CAP_H
#define SSL_CAP_H

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ssl/method.h"

namespace sslact
{

class CapThresholds
{
public:
    CapThresholds(const CapOptions &options, int32_t class_count);

    // Takes the t [N, C] of one batch (all devices together, rows in their global order) and moves
    // T and Tn [C] in place; count n [C] of instance_count labelled instances gives r.
    //
    // Window: of the n scores at hand (at most Q) T_j leaves floor(r_j n) above it and Tn_j leaves
    // floor(q (1 - r_j) n) below it; ties lie outside. Where that is not one whole score the
    // threshold stays as it is. Streaming: both move by step times the gap between the share of
    // this batch and the share wanted.
    void update(const at::Tensor &probabilities, const std::vector<int64_t> &count,
                int64_t instance_count, at::Tensor &positive, at::Tensor &negative);

    // The scores at hand, oldest first, float32 [n, C]; to be saved and put back.
    at::Tensor scores() const;
    void restore(const at::Tensor &scores);

private:
    void append(const at::Tensor &probabilities);
    void take_quantiles(const std::vector<int64_t> &count, int64_t instance_count,
                        at::Tensor &positive, at::Tensor &negative) const;
    void follow_shares(const at::Tensor &probabilities, const std::vector<int64_t> &count,
                       int64_t instance_count, at::Tensor &positive, at::Tensor &negative) const;
    size_t kept() const { return scores_.size() / classes_; }

    CapOptions options_;
    size_t classes_;
    std::vector<float> scores_; // rows of a ring [at most Q, C]
    size_t oldest_ = 0;         // row, once the ring is full
};

} // namespace sslact

#endif
