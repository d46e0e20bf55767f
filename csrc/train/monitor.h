// Watches the pseudo-labels of a training run: counts by class, quality where the truth is known,
// classes that get none. It reads what a step has computed and gives nothing back: the loss never
// sees it. docs/monitor.md has every number with its formula.
#ifndef TRAIN_MONITOR_H
#define TRAIN_MONITOR_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/batch.h"
#include "data/hidden_labels.h"
#include "metrics/pseudo_quality.h"
#include "nn/detector.h"
#include "ssl/method.h"
#include "stats/balance.h"

namespace sslact
{

// The window that ends at the last iteration, or all iterations so far.
enum class MonitorPeriod { window, run };
// Pseudo-labels of unlabelled boxes (truth: the hidden labels, if any), or those that the teacher
// gives the labelled clips, whose truth is known.
enum class MonitorSource { unlabeled, labeled };

struct MonitorTable {
    int64_t iterations = 0, boxes = 0, boxes_kept = 0;
    pseudo_quality all{};
    std::vector<pseudo_quality> classes; // [C]
};

struct MonitorMessage {
    bool is_warning; // else good news
    std::string text;
};

class Monitor
{
public:
    // start_thresholds [C]; the balance gives the labelled instances of each class.
    Monitor(const config *settings, const balance &statistics, const at::Tensor &start_thresholds,
            std::vector<std::string> class_names);

    // Takes them over; what was counted before stays. nullptr: unknown from here on.
    void set_hidden_labels(hidden_labels *own) { hidden_.reset(own); }
    bool has_hidden_labels() const { return hidden_ != nullptr; }

    // Whether the teacher should label the labelled clips of the step from `iteration` (from 0).
    bool wants_labeled(int64_t iteration) const { return (iteration + 1) % every_ == 0; }

    // One finished step. iteration: from 0; labels y [N_u, C], rarest k [N_u] and mask m [N_u] as
    // the method gave them, logits of the teacher [N_u, C], rows in the order of the batch.
    void observe(int64_t iteration, const batch &data, const Method::Result &result,
                 const at::Tensor &logits);
    // The teacher's pseudo-labels y [N_l, C] of the labelled clips against their labels [N_l, C].
    void observe_labeled(const at::Tensor &logits, const at::Tensor &pseudo_labels,
                         const at::Tensor &labels);

    MonitorTable read(MonitorPeriod period, MonitorSource source) const;
    // Whether a window ends at this iteration (from 1).
    bool ends_window(int64_t iteration) const { return iteration % every_ == 0; }
    // Of the last step.
    const std::vector<MonitorMessage> &messages() const { return messages_; }
    double sampled_rate() const { return sampled_rate_; } // NaN without an unlabelled box

    int32_t class_count() const { return static_cast<int32_t>(names_.size()); }
    const std::vector<std::string> &class_names() const { return names_; }
    const std::vector<int64_t> &labeled_counts() const { return labeled_counts_; }
    const std::vector<double> &start_thresholds() const { return start_thresholds_; }
    // Iterations since the last positive of a class; class_count(): of any class.
    int64_t silence(int32_t j) const { return silence_length_.const_data_ptr<int64_t>()[j]; }

    // Everything that spans steps, as views of the live tensors.
    NamedArrays list_state() const;
    void clear();

private:
    struct Counts { // one period of one source
        explicit Counts(int32_t class_count);
        pseudo_counts view() const;
        at::Tensor totals, labels, truth, bins, scores;
    };
    struct Source {
        explicit Source(int32_t class_count) : window(class_count), before(class_count) {}
        Counts window, before; // before: the run without the window
    };
    struct HiddenFreer {
        void operator()(hidden_labels *h) const { hidden_labels_free(h); }
    };

    void begin_window(int64_t iteration);
    std::vector<const uint8_t *> find_truth(const batch_half &half, int64_t rows) const;
    void listen(int64_t iteration, const pseudo_counts &step);
    void say(const char *what, const std::vector<int32_t> &classes, int64_t iteration,
             bool is_warning);
    std::string list_names(const std::vector<int32_t> &classes) const;

    int64_t every_, warn_after_;
    std::vector<std::string> names_;
    std::vector<int64_t> labeled_counts_;
    std::vector<double> start_thresholds_;
    std::unique_ptr<hidden_labels, HiddenFreer> hidden_;
    Source unlabeled_, labeled_;
    Counts step_;
    at::Tensor silence_length_, silence_warned_; // [C + 1], the last for all classes together
    std::vector<MonitorMessage> messages_;
    double sampled_rate_;
};

} // namespace sslact

#endif
