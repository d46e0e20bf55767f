// What moves thresholds, counts and weights during training without a gradient (method.md section
// 11): `cap`, `flex`, `metric`, calibrated weights, online counts. It watches the steps and sets
// the method's values; the loss knows nothing of it.
//
// Everything here is a function of the whole batch. With several devices, before observe() is
// called: t, y and instances of all devices in their global order (or for online counts and the
// streaming cap: sums over devices of positives, pairs and rows); the tallies of labelled clips are
// counts and add up.
#ifndef SSL_ADAPTATION_H
#define SSL_ADAPTATION_H

#include <memory>
#include <string>
#include <vector>

#include "ssl/cap.h"
#include "ssl/flex.h"
#include "ssl/labeled_tally.h"
#include "ssl/method.h"
#include "ssl/online_counts.h"

namespace sslact
{

class Adaptation
{
public:
    // Keeps a reference to the method. start: the statistics that the method was made from.
    Adaptation(const MethodOptions &options, const balance &start, Method &method);
    ~Adaptation();

    // Whether iteration k (from 0) begins with a look at labelled clips, and what that look counts.
    bool looks_at_labeled(int64_t iteration) const;
    LabeledTally make_tally() const;
    void take(const LabeledTally &tally);

    bool names_instances() const { return flex_ != nullptr; } // observe() reads `instances`
    // After the update of iteration k: the teacher's logits [N_u, C] and the y [N_u, C] they gave.
    void observe(int64_t iteration, const at::Tensor &teacher_logits,
                 const at::Tensor &pseudo_labels, const std::vector<InstanceKey> &instances);

    // All that it remembers, T aside (the method's), under the names of a checkpoint; an array may
    // come back with another number of rows where `grows`.
    struct Memory {
        std::string name;
        at::Tensor array;
        bool grows = false;
    };
    std::vector<Memory> list_memory() const;
    // Arrays in the order of list_memory(); nothing is changed where they do not fit (Error).
    void restore(const std::vector<at::Tensor> &arrays);

private:
    void refresh_counts();
    bool moves_negative() const;

    MethodOptions options_;
    Method &method_;
    at::ScalarType type_;
    int32_t class_count_;
    int64_t instance_count_;
    std::vector<int64_t> count_; // n in force [C]
    std::unique_ptr<CapThresholds> cap_;
    std::unique_ptr<FlexThresholds> flex_;
    std::unique_ptr<OnlineCounts> online_;
    at::Tensor online_counts_; // in force, int64 [C, C]
};

} // namespace sslact

#endif
