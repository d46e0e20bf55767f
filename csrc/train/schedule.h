// The one-cycle learning rate of method.md section 5.1, and the momentum on the same curve.
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include <cstdint>

namespace sslact
{

enum class Anneal { cosine, linear };

struct ScheduleOptions {
    double peak_lr = 0.0064;
    int64_t iterations = 35000; // K
    Anneal anneal = Anneal::cosine;
    bool cycle_momentum = false;
    double momentum = 0.9; // the constant value; not read when it is cycled
};

// The rate of iteration k, 0 <= k < K; Error outside.
double one_cycle_rate(const ScheduleOptions &options, int64_t k);

// The momentum of iteration k: constant, or 0.95 -> 0.85 -> 0.95 while the rate rises and falls.
double one_cycle_momentum(const ScheduleOptions &options, int64_t k);

} // namespace sslact

#endif
