// `flex`, method.md section 11: thresholds that follow how many unlabelled instances the teacher is
// sure of in each class (a curriculum).
#ifndef SSL_FLEX_H
#define SSL_FLEX_H

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "stats/balance.h"

namespace sslact
{

// An unlabelled instance: number of its clip in the data set, number of its box in the clip.
using InstanceKey = std::pair<int64_t, int64_t>;

class FlexThresholds
{
public:
    // tau: of t for "sure", and of the surest class's threshold.
    FlexThresholds(double tau, balance_mapping mapping, int32_t class_count);

    // The latest t [N, C] of these instances; where one comes twice the later row counts.
    void observe(const at::Tensor &probabilities, const std::vector<InstanceKey> &instances);

    // T_j = M(h_j / max(max h, unused)) tau over the instances seen so far; M = 1 where h_j is 0,
    // as for classes without labels: M(0) = 0 would call everything positive.
    std::vector<double> thresholds() const;

    const std::vector<int64_t> &confident() const { return confident_; } // h [C]
    int64_t unused() const { return unused_; } // instances that are sure of no class

    // Who was seen, int64 [R, 2] rising, and which classes they were sure of, a bit each, uint8
    // [R, ceil(C / 8)]; to be saved and put back. Error FORMAT where they do not fit together.
    std::pair<at::Tensor, at::Tensor> state() const;
    void restore(const at::Tensor &instances, const at::Tensor &sure);

private:
    void count_row(const uint8_t *sure_i, int64_t sign);
    size_t width() const { return (confident_.size() + 7) / 8; } // bytes a row

    double tau_;
    balance_mapping mapping_;
    std::map<InstanceKey, size_t> rows_;
    std::vector<uint8_t> sure_; // [R, width]
    std::vector<int64_t> confident_;
    int64_t unused_ = 0;
};

} // namespace sslact

#endif
