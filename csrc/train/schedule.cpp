// Owns the arithmetic of the schedule; pure functions of the options and the iteration.
#include "train/schedule.h"

#include "base/error.hpp"

#include <cmath>
#include <string>

namespace sslact
{

namespace
{

constexpr double kStartDivisor = 25.0;  // lo = peak / 25
constexpr double kEndDivisor = 10000.0; // end = lo / 10000
constexpr double kRisingShare = 0.3;    // of the iterations
constexpr double kMomentumHigh = 0.95;
constexpr double kMomentumLow = 0.85;
constexpr double kPi = 3.14159265358979323846;

// From `from` at fraction 0 to `to` at fraction 1.
double blend(Anneal anneal, double from, double to, double fraction)
{
    if (anneal == Anneal::linear) {
        return from + (to - from) * fraction;
    }
    return to + (from - to) / 2.0 * (1.0 + std::cos(kPi * fraction));
}

// The curve through (start, peak, end): up to `up`, down from there to the last iteration.
double follow_cycle(const ScheduleOptions &options, int64_t k, double start, double peak,
                    double end)
{
    if (k < 0 || k >= options.iterations) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                    "iteration " + std::to_string(k) + " is outside a schedule of " +
                        std::to_string(options.iterations) + " iterations");
    }
    const auto count = static_cast<double>(options.iterations);
    const auto at = static_cast<double>(k);
    const double up = kRisingShare * count - 1.0;
    if (at <= up) {
        return blend(options.anneal, start, peak, at / up); // up is never 0: K is whole
    }
    return blend(options.anneal, peak, end, (at - up) / (count - 1.0 - up));
}

} // namespace

double one_cycle_rate(const ScheduleOptions &options, int64_t k)
{
    const double low = options.peak_lr / kStartDivisor;
    return follow_cycle(options, k, low, options.peak_lr, low / kEndDivisor);
}

double one_cycle_momentum(const ScheduleOptions &options, int64_t k)
{
    if (!options.cycle_momentum) {
        return options.momentum;
    }
    return follow_cycle(options, k, kMomentumHigh, kMomentumLow, kMomentumHigh);
}

} // namespace sslact
