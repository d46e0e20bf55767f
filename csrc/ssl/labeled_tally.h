// What the teacher's t on labelled clips says: the thresholds of `metric` (ECCV 2024) and the
// precision behind calibrated weights (AAAI 2026); method.md section 11.
#ifndef SSL_LABELED_TALLY_H
#define SSL_LABELED_TALLY_H

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace sslact
{

// Counts only, so that devices can add theirs.
class LabeledTally
{
public:
    // type: of t and of the thresholds; a grid value must compare with t as a threshold will.
    LabeledTally(int32_t class_count, int32_t bin_count, at::ScalarType type);

    // t [N, C] and labels uint8 [N, C] of some labelled instances.
    void add(const at::Tensor &probabilities, const at::Tensor &labels);

    // T_j [C], in place: the value of 0, 0.01 .. 0.99, the lowest of equals, that maximises F_beta
    // of t > T_j. A class that no value gives a true positive keeps its threshold.
    void choose_thresholds(double beta, at::Tensor &positive) const;

    // Share of positives among the labelled entries of class j in bin b of t, float64 [C, B]. A bin
    // without an entry: its middle.
    at::Tensor precision() const;

private:
    static constexpr size_t grid_size = 100;
    struct Count {
        int64_t positives = 0, negatives = 0;
    };
    size_t classes_, bins_;
    std::vector<double> grid_;      // rising
    std::vector<Count> below_;      // [C, grid_size + 1]: t over that many grid values
    std::vector<Count> bin_counts_; // [C, B]
};

} // namespace sslact

#endif
