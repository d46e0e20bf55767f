// Rounds: full schedules one after the other, each with a student that starts from the initial
// weights; method.md section 6 and row 37 (noisy student).
//
// The change from one round to the next belongs to the step that begins the new one: until then
// the trainer holds what the old round ended with, to be evaluated and saved.

#include "train/trainer.h"

#include <c10/core/GradMode.h>

#include "base/log.h"
#include "nn/arrays.h"

namespace sslact
{

// A further round needs the weights that the first one started from.
void Trainer::keep_start()
{
    if (options_.rounds < 2) {
        return;
    }
    for (const auto &[name, array] : named_arrays(*student_)) {
        start_.emplace_back(name, array.detach().clone());
    }
}

void Trainer::enter_round()
{
    const int64_t round = find_round();
    if (round == round_) {
        return;
    }
    const c10::AutoGradMode no_gradient(false);
    if (options_.teacher == TeacherKind::frozen) {
        teacher_flat_->parameters().copy_(student_flat_->parameters());
        teacher_flat_->statistics().copy_(student_flat_->statistics());
        copy_counters();
        teacher_->weights_changed();
    } // one that moves goes on as it is
    const NamedArrays student = named_arrays(*student_);
    for (size_t i = 0; i < student.size(); ++i) {
        student[i].second.detach().copy_(start_[i].second);
    }
    momentum_.zero_();
    threshold_momentum_.zero_();
    reset_method();
    round_ = round;
    log_write(SSLACT_LOG_INFO, "train", "round %lld of %lld begins", (long long)(round + 1),
              (long long)options_.rounds);
}

} // namespace sslact
