// How long a run waits for its clips, and what to do about it: performance.md section 3.
#ifndef TRAIN_DATA_WAIT_H
#define TRAIN_DATA_WAIT_H

#include <cstdint>
#include <string>

namespace sslact
{

class DataWait
{
public:
    // What the advice depends on: threads that read clips, processors this process may use.
    DataWait(int64_t loader_threads, int64_t processors)
        : loader_threads_(loader_threads), processors_(processors)
    {
    }

    // One finished step. Steps are judged in windows; the first ones after the loader's start,
    // which fill the queue, are left out. Waiting for more than 3 % of a window is worth a warning,
    // the same one again after many windows only.
    void observe(double seconds_wait, double seconds_compute);
    // The loader begins anew: its queue is empty.
    void restart()
    {
        skip_ = first_steps;
        warning_.clear();
    }
    // Of the last step; empty nearly always.
    const std::string &warning() const { return warning_; }

    static constexpr int64_t window = 50, first_steps = 4, quiet_windows = 20;
    static constexpr double accepted_share = 0.03;

private:
    void judge_window();

    int64_t loader_threads_, processors_;
    int64_t skip_ = first_steps;
    int64_t steps_ = 0;
    int64_t quiet_ = 0; // windows until a warning may come again
    double wait_ = 0, total_ = 0;
    std::string warning_;
};

} // namespace sslact

#endif
