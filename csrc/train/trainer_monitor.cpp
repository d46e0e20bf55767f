// The trainer's side of the monitor: which truth it is told, and when it looks. Everything here
// runs after the step it looks at and changes no tensor of the training.

#include "train/trainer.h"

#include <ATen/ops/isfinite.h>
#include <c10/core/GradMode.h>

#include "base/error.hpp"
#include "base/log.h"
#include "feed/feed.h"
#include "ops/ops.h"

namespace sslact
{
namespace
{

bool hides_labels(const config *c)
{
    return std::string(config_get_text(c, "ssl.unlabeled_source")) == "labeled";
}

void log_known(const hidden_labels *known)
{
    log_write(SSLACT_LOG_INFO, "monitor", "labels of %zu of %zu unlabelled boxes are known",
              hidden_labels_count_known(known), hidden_labels_count_boxes(known));
}

} // namespace

// Where the labelled clips stand in for the unlabelled ones, their labels are the hidden ones.
void Trainer::make_monitor()
{
    if (!teacher_) {
        return;
    }
    std::vector<std::string> names;
    for (int32_t j = 0; j < class_count_; ++j) {
        names.push_back(class_name(j));
    }
    monitor_ = std::make_unique<Monitor>(settings_.get(), *balance_, method_->thresholds(),
                                         std::move(names));
    hidden_labels *known = nullptr;
    if (hides_labels(settings_.get())) {
        check(hidden_labels_take(settings_.get(), labeled_.get(), labeled_.get(), &known));
    } else if (*config_get_text(settings_.get(), "monitor.hidden_labels") != '\0') {
        check(hidden_labels_read(settings_.get(), unlabeled_.get(), &known));
    } else {
        return;
    }
    log_known(known);
    monitor_->set_hidden_labels(known);
}

void Trainer::set_hidden_labels(dataset *truth)
{
    if (!monitor_) {
        throw Error(SSLACT_ERROR_UNSUPPORTED,
                    std::string("ssl.preset ") + config_get_text(settings_.get(), "ssl.preset") +
                        " has no teacher, there are no pseudo-labels to watch");
    }
    dataset *watched = hides_labels(settings_.get()) ? labeled_.get() : unlabeled_.get();
    hidden_labels *known = nullptr;
    check(hidden_labels_take(settings_.get(), watched, truth, &known));
    log_known(known);
    monitor_->set_hidden_labels(known);
}

void Trainer::observe(const batch &data, const Method::Inputs &inputs, const Method::Result &result)
{
    if (!monitor_) {
        return;
    }
    monitor_->observe(iteration_, data, result, inputs.teacher_logits);
    if (!monitor_->wants_labeled(iteration_) || inputs.labels.size(0) == 0) {
        return;
    }
    const c10::AutoGradMode no_gradient(false);
    const at::Tensor logits = predict_rows(*teacher_, list_clips(data.labeled));
    // A teacher that has just diverged is the next step's to report.
    if (at::isfinite(logits.sum()).item<bool>()) {
        const at::Tensor labels = ops::pseudo_labels(logits, method_->thresholds().detach(),
                                                     method_->negative_thresholds());
        monitor_->observe_labeled(logits, labels, inputs.labels);
    }
}

} // namespace sslact
