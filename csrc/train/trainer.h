// The training step on one screen; method.md section 5, Algorithm 1 of the paper.
//
// Owns student, teacher, thresholds, momentum and the position in the schedule. Knows nothing of
// evaluation, files of results or the C API.
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/loader.h"
#include "data/neighbours.h"
#include "nn/detector.h"
#include "ssl/adaptation.h"
#include "ssl/method.h"
#include "stats/balance.h"
#include "train/baseline_pass.h"
#include "train/data_wait.h"
#include "train/flat.h"
#include "train/monitor.h"
#include "train/schedule.h"

namespace sslact
{

// What one step did; the public header explains the members.
struct StepReport {
    int64_t iteration = 0;
    int64_t round = 1; // from 1 to Trainer::rounds()
    double loss_total = 0, loss_supervised = 0, loss_pseudo = 0, loss_penalty = 0;
    double learning_rate = 0;
    double positive_rate = 0, negative_rate = 0, ignored_rate = 0;
    int64_t labeled_boxes = 0, unlabeled_boxes = 0;
    double seconds_data = 0, seconds_compute = 0;
};

enum class TeacherKind { none, ema, frozen };

struct TrainerOptions {
    ScheduleOptions schedule;
    double weight_decay;
    bool nesterov;
    TeacherKind teacher;
    double ema_momentum;
    std::string ema_buffers; // ema, copy, none
    bool freeze_batch_norm;
    bool one_forward;
    int64_t rounds; // full schedules, one after the other
    uint64_t seed;
    at::Device device = at::kCPU; // of the networks; it is open already where it is a CUDA device
};

class Trainer
{
  public:
    // The trainer keeps its own references to the data sets. unlabeled may be nullptr.
    Trainer(const config *settings, dataset *labeled, dataset *unlabeled);
    ~Trainer();
    Trainer(const Trainer &) = delete;
    Trainer &operator=(const Trainer &) = delete;

    // One iteration. SSLACT_OK or SSLACT_DONE; throws Error otherwise.
    sslact_status step(StepReport *report);
    // One iteration on a batch made elsewhere (loader_make_batch); takes it over.
    sslact_status step_on(batch *own, StepReport *report);

    void save(const std::string &path) const;
    void load(const std::string &path);

    int64_t iteration() const { return iteration_; }
    int64_t planned() const { return options_.rounds * options_.schedule.iterations; }
    int64_t rounds() const { return options_.rounds; }
    bool has_teacher() const { return teacher_ != nullptr; }
    int32_t class_count() const { return class_count_; }
    std::string class_name(int32_t j) const;
    // Positive thresholds now in force, [C] on the CPU.
    at::Tensor thresholds() const;
    // Of the data set that ssl.freq_source names, once it is counted; until then of the labelled.
    const balance &class_balance() const { return pass_balance_ ? *pass_balance_ : *balance_; }
    const balance &labeled_balance() const { return *balance_; }
    // What is known of the pseudo-labels so far; nullptr without a teacher.
    const Monitor *monitor() const { return monitor_.get(); }
    // What the last step showed about waiting for clips; empty nearly always.
    const std::string &data_warning() const { return data_wait_.warning(); }
    // Labels of the unlabelled clips, for the monitor alone: clip n of `truth` shows what clip n of
    // the unlabelled set shows.
    void set_hidden_labels(dataset *truth);
    const config *settings() const { return settings_.get(); }
    std::shared_ptr<Detector> student() const { return student_; }
    std::shared_ptr<Detector> teacher() const { return teacher_; }
    void request_stop() { stop_.store(true, std::memory_order_relaxed); }
    // Whether a stop was requested since the last look.
    bool take_stop() { return stop_.exchange(false, std::memory_order_relaxed); }

  private:
    struct Freer {
        void operator()(config *c) const { config_free(c); }
        void operator()(dataset *d) const { dataset_release(d); }
        void operator()(loader *l) const { loader_free(l); }
        void operator()(balance *b) const { balance_free(b); }
        void operator()(batch *b) const { batch_free(b); }
        void operator()(class_clips *t) const { class_clips_free(t); }
        void operator()(neighbour_table *t) const { neighbours_free(t); }
    };
    template <typename T> using Holder = std::unique_ptr<T, Freer>;

    sslact_status finish_step(double wait_seconds, StepReport *report);
    void run_step(const batch &data, StepReport *report);
    at::Tensor predict_rows(Detector &network, const std::vector<const clip *> &clips);
    void predict_student(const batch &data, at::Tensor *labeled, at::Tensor *unlabeled);
    void update(double rate, double momentum);
    void clear_threshold_gradient();
    void average_teacher();
    void copy_counters();
    void look_at_labeled();
    Holder<batch> read_scored(size_t first, size_t end) const;
    std::vector<InstanceKey> list_instances(const batch &data) const;
    void check_stop();
    void read_batch();
    void make_networks();
    void reset_method();
    void keep_start();
    void enter_round();
    void choose_sampling();
    void find_neighbours();
    at::Tensor list_neighbours(const batch_half &half) const;
    dataset *unlabeled_source() const;
    void count_batch(const batch_half &half);
    void finish_pass();
    void use_pass();
    void take_pass(const BaselinePass &counted);
    int64_t find_round() const { return iteration_ / options_.schedule.iterations; }
    // Iteration of the round's own schedule, from 0.
    int64_t schedule_place() const { return iteration_ % options_.schedule.iterations; }
    void make_monitor();
    void observe(const batch &data, const Method::Inputs &inputs, const Method::Result &result);
    NamedArrays list_state() const;
    std::vector<Adaptation::Memory> list_memory() const;

    Holder<config> settings_;
    TrainerOptions options_;
    MethodOptions method_options_;
    int32_t class_count_ = 0;
    Holder<dataset> labeled_, unlabeled_;
    Holder<batch> pending_; // read but not yet used: a cancelled step takes it up again
    Holder<balance> balance_;
    bool counts_unlabeled_ = false;       // ssl.freq_source=unlabeled
    bool resamples_unlabeled_ = false;    // ssl.ucb_mode=resample, this half
    std::unique_ptr<BaselinePass> pass_;  // where one of them is set
    Holder<balance> pass_balance_;        // from the pass
    Holder<class_clips> labeled_classes_; // clips to draw by class, borrowed by the loader
    Holder<class_clips> unlabeled_classes_;
    Holder<neighbour_table> neighbours_; // ssl.neighbour_prior
    Holder<loader> loader_;
    std::shared_ptr<Detector> student_, teacher_;
    std::unique_ptr<FlatStorage> student_flat_, teacher_flat_;
    at::Tensor momentum_;           // [P] like the student's parameters
    at::Tensor threshold_momentum_; // [C]
    std::unique_ptr<Method> method_;
    NamedArrays start_; // the student's initial arrays, kept where a further round needs them
    std::unique_ptr<Adaptation> adaptation_; // with a teacher only
    DataWait data_wait_;
    std::unique_ptr<Monitor> monitor_; // sees what a step has computed, gives nothing back
    int64_t iteration_ = 0;
    int64_t round_ = 0; // the round, from 0, that networks and momentum stand in
    uint32_t dropout_part_ = 0; // forwards of this iteration so far
    std::atomic<bool> stop_{false};
};

} // namespace sslact

#endif
