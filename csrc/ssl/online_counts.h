// `freq_source=online`, method.md section 11: class counts that move towards what the
// pseudo-labels of the unlabelled half say.
#ifndef SSL_ONLINE_COUNTS_H
#define SSL_ONLINE_COUNTS_H

#include <ATen/core/Tensor.h>

#include "ssl/method.h"

namespace sslact
{

class OnlineCounts
{
public:
    // Starts at the labelled rates: h_j = r_j = n_j / (labelled instances), pairs the same way.
    OnlineCounts(const OnlineOptions &options, const balance &labeled);

    // h <- momentum h + (1 - momentum) (positives per instance) of one batch, y int8 [N, C]; every
    // row counts, masked or not, of all devices together. A batch without instances changes
    // nothing.
    void observe(const at::Tensor &pseudo_labels);

    // ((1 - q) r + q h) * (labelled instances), int64 [C, C]: n_j on the diagonal, n_jk beside it.
    // Rounded to the nearest whole number; a rate above 0 gives a class 1 or more, because 0 would
    // turn it into one that nothing is known of.
    at::Tensor counts() const;

    at::Tensor &rates()
    {
        return rates_;
    } // h, float64 [C, C], h_j on the diagonal; loaded in place

private:
    OnlineOptions options_;
    double instance_count_;
    at::Tensor labeled_; // r, float64 [C, C]
    at::Tensor rates_;
};

} // namespace sslact

#endif
