// The window of steps and the words of the warning.

#include "train/data_wait.h"

#include <cmath>

namespace sslact
{

void DataWait::observe(double seconds_wait, double seconds_compute)
{
    warning_.clear();
    if (skip_ > 0) {
        --skip_;
        return;
    }
    wait_ += seconds_wait;
    total_ += seconds_wait + seconds_compute;
    if (++steps_ == window) {
        judge_window();
        steps_ = 0;
        wait_ = total_ = 0;
    }
}

void DataWait::judge_window()
{
    const double share = total_ > 0 ? wait_ / total_ : 0;
    if (quiet_ > 0) {
        --quiet_;
        return;
    }
    if (share <= accepted_share) {
        return;
    }
    quiet_ = quiet_windows;
    const auto percent = static_cast<int64_t>(std::lround(100 * share));
    const auto milliseconds = static_cast<int64_t>(std::lround(1000 * wait_ / window));
    warning_ = "the last " + std::to_string(window) + " steps waited for clips " +
               std::to_string(percent) + " % of their time (" + std::to_string(milliseconds) +
               " ms a step); ";
    if (loader_threads_ < processors_) {
        warning_ += "add threads that read them (run.loader_threads, now " +
                    std::to_string(loader_threads_) + " beside " + std::to_string(processors_) +
                    " processors), or ";
    }
    warning_ += "train from small copies of the videos (sslact_cli prepare)";
}

} // namespace sslact
