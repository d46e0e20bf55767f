// One iteration of semi-supervised training; method.md section 5 numbers its parts.

#include "train/trainer.h"

#include <cmath>

#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "base/clock.h"
#include "base/error.hpp"
#include "base/log.h"
#include "feed/feed.h"
#include "nn/arrays.h"

namespace sslact
{
namespace
{

TeacherKind read_teacher(const config *c)
{
    const std::string kind = config_get_text(c, "ssl.teacher");
    if (kind == "none") {
        return TeacherKind::none;
    }
    return kind == "frozen" ? TeacherKind::frozen : TeacherKind::ema;
}

ScheduleOptions read_schedule(const config *c)
{
    ScheduleOptions schedule;
    schedule.peak_lr = config_get_double(c, "solver.peak_lr");
    schedule.iterations = config_get_int(c, "solver.iterations");
    schedule.anneal = std::string(config_get_text(c, "solver.anneal")) == "linear" ?
                          Anneal::linear :
                          Anneal::cosine;
    schedule.cycle_momentum = config_get_bool(c, "solver.cycle_momentum");
    schedule.momentum = config_get_double(c, "solver.momentum");
    return schedule;
}

TrainerOptions read_trainer_options(const config *c)
{
    TrainerOptions options;
    options.schedule = read_schedule(c);
    options.weight_decay = config_get_double(c, "solver.weight_decay");
    options.nesterov = config_get_bool(c, "solver.nesterov");
    options.teacher = read_teacher(c);
    options.ema_momentum = config_get_double(c, "ssl.ema_momentum");
    options.ema_buffers = config_get_text(c, "ssl.ema_buffers");
    options.freeze_batch_norm = config_get_bool(c, "ssl.freeze_bn");
    options.one_forward = config_get_bool(c, "ssl.one_forward");
    options.rounds = config_get_int(c, "ssl.rounds");
    options.seed = static_cast<uint64_t>(config_get_int(c, "run.seed"));
    options.device = at::Device(config_get_text(c, "run.device"));
    return options;
}

config *copy_config(const config *c)
{
    config *copy = nullptr;
    check(config_copy(c, &copy));
    return copy;
}

balance *fit_balance(dataset *labeled, int32_t class_count, const balance_options &options)
{
    uint8_t *labels = nullptr;
    size_t count = 0;
    balance *fitted = nullptr;
    check(dataset_collect_labels(labeled, &labels, &count));
    const std::unique_ptr<uint8_t, decltype(&free)> holder(labels, &free);
    if (count == 0) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                    "the labelled data set has no labelled person, at least one is needed");
    }
    check(balance_fit(labels, nullptr, count, class_count, &options, &fitted));
    return fitted;
}

bool is_finite(const at::Tensor &values)
{
    return at::isfinite(values.sum()).item<bool>();
}

int64_t total_of(const at::Tensor &counts)
{
    return counts.defined() ? counts.sum().item<int64_t>() : 0;
}

// The running statistics of a network and their counters, to be put back when a step fails.
class BufferCopies
{
  public:
    explicit BufferCopies(const Detector &network)
    {
        for (const at::Tensor &buffer : network.buffers()) {
            copies_.emplace_back(buffer, buffer.clone());
        }
    }
    void restore()
    {
        const c10::AutoGradMode no_gradient(false);
        for (auto &[buffer, copy] : copies_) {
            buffer.copy_(copy);
        }
    }

  private:
    std::vector<std::pair<at::Tensor, at::Tensor>> copies_;
};

double share(int64_t part, int64_t whole)
{
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

} // namespace

Trainer::Trainer(const config *settings, dataset *labeled, dataset *unlabeled)
    : settings_(copy_config(settings)), options_(read_trainer_options(settings)),
      method_options_(read_method_options(settings)), labeled_(dataset_retain(labeled)),
      unlabeled_(unlabeled ? dataset_retain(unlabeled) : nullptr),
      data_wait_(loader_choose_threads(settings), clock_count_processors())
{
    class_count_ = static_cast<int32_t>(config_get_int(settings, "model.class_count"));
    const int32_t data_classes = dataset_count_classes(labeled);
    if (data_classes != class_count_) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    "the labelled data set has " + std::to_string(data_classes) +
                        " classes, model.class_count is " + std::to_string(class_count_));
    }
    if (unlabeled == nullptr &&
        std::string(config_get_text(settings, "ssl.unlabeled_source")) != "labeled") {
        options_.teacher = TeacherKind::none; // plain supervised training
        options_.rounds = 1;
    }
    balance_.reset(
        fit_balance(labeled, class_count_, make_balance_options(method_options_)));
    make_networks();
    keep_start();
    reset_method();
    choose_sampling();
    find_neighbours();
    momentum_ = at::zeros_like(student_flat_->parameters());
    threshold_momentum_ = at::zeros({class_count_}, at::kFloat);
    make_monitor();
}

Trainer::~Trainer() = default;

// Thresholds and all that the method learns, back to where training starts.
void Trainer::reset_method()
{
    method_ = std::make_unique<Method>(method_options_, class_balance(), at::kFloat);
    if (teacher_) {
        adaptation_ = std::make_unique<Adaptation>(method_options_, class_balance(), *method_);
    }
}

// Teacher and student both start from the same weights; method.md section 5, 6.
void Trainer::make_networks()
{
    const NetworkOptions network = read_network_options(settings_.get());
    const std::string weights = config_get_text(settings_.get(), "model.weights");
    student_ = std::make_shared<Detector>(network);
    initialise(*student_, options_.seed);
    if (!weights.empty()) {
        load_best_weights(*student_, weights,
                          config_get_bool(settings_.get(), "model.weights_strict"));
    }
    student_->freeze_batch_norm(options_.freeze_batch_norm);
    student_->train();
    student_flat_ = std::make_unique<FlatStorage>(*student_, true, options_.device);
    if (options_.teacher != TeacherKind::none) {
        teacher_ = std::make_shared<Detector>(network);
        teacher_->eval();
        teacher_flat_ = std::make_unique<FlatStorage>(*teacher_, false, options_.device);
        teacher_flat_->parameters().copy_(student_flat_->parameters());
        teacher_flat_->statistics().copy_(student_flat_->statistics());
        teacher_->hold_folded_weights(); // weights_changed() stands wherever they change
    }
}

std::string Trainer::class_name(int32_t j) const
{
    const char *name = dataset_get_class_name(labeled_.get(), j);
    return name != nullptr && *name != '\0' ? name : "class " + std::to_string(j);
}

at::Tensor Trainer::thresholds() const
{
    return method_->thresholds().detach().to(at::kCPU, at::kFloat).contiguous();
}

// Buffers that hold whole numbers are copied to the teacher, not averaged.
void Trainer::copy_counters()
{
    const std::vector<at::Tensor> from = student_->buffers();
    const std::vector<at::Tensor> to = teacher_->buffers();
    for (size_t i = 0; i < from.size(); ++i) {
        if (!from[i].is_floating_point()) {
            to[i].copy_(from[i]);
        }
    }
}

void Trainer::check_stop()
{
    if (take_stop()) {
        throw Error(SSLACT_ERROR_CANCELLED, "stopped on request after iteration " +
                                                std::to_string(iteration_));
    }
}

void Trainer::read_batch()
{
    if (pending_) {
        return;
    }
    if (!loader_) {
        // With ssl.unlabeled_source=labeled there may be no unlabelled set: the labelled one stands
        // in, the loader hides its labels.
        dataset *second = options_.teacher == TeacherKind::none ? nullptr : unlabeled_source();
        loader *made = nullptr;
        check(loader_create_by_class(settings_.get(), labeled_.get(), second,
                                     labeled_classes_.get(), unlabeled_classes_.get(), iteration_,
                                     &made));
        loader_.reset(made);
        data_wait_.restart();
    }
    batch *next = nullptr;
    const sslact_status status = loader_next(loader_.get(), &next);
    if (status < 0) {
        loader_.reset(); // a further call starts it again at this iteration
        check(status);
    }
    pending_.reset(next);
}

sslact_status Trainer::step(StepReport *report)
{
    if (iteration_ >= planned()) {
        return SSLACT_DONE;
    }
    check_stop();
    finish_pass();
    enter_round();
    const double start = clock_seconds();
    read_batch();
    const double waited = clock_seconds() - start;
    StepReport local;
    const sslact_status status = finish_step(waited, &local);
    data_wait_.observe(waited, local.seconds_compute);
    if (!data_wait_.warning().empty()) {
        log_write(SSLACT_LOG_WARNING, "train", "%s", data_wait_.warning().c_str());
    }
    if (report != nullptr) {
        *report = local;
    }
    return status;
}

sslact_status Trainer::step_on(batch *own, StepReport *report)
{
    Holder<batch> taken(own);
    if (iteration_ >= planned()) {
        return SSLACT_DONE;
    }
    check_stop();
    finish_pass();
    enter_round();
    loader_.reset(); // its batches are for other iterations from now on
    data_wait_.restart();
    pending_ = std::move(taken);
    return finish_step(0.0, report);
}

sslact_status Trainer::finish_step(double wait_seconds, StepReport *report)
{
    StepReport local;
    local.round = round_ + 1;
    local.seconds_data = wait_seconds;
    const double start = clock_seconds();
    try {
        run_step(*pending_, &local);
    } catch (const Error &error) {
        if (error.status() == SSLACT_ERROR_NONFINITE) {
            ++iteration_; // counted, so that the next call goes on with the next batch
            pending_.reset();
        }
        throw;
    }
    pending_.reset();
    ++iteration_;
    local.iteration = iteration_;
    local.seconds_compute = clock_seconds() - start;
    if (report != nullptr) {
        *report = local;
    }
    return iteration_ >= planned() ? SSLACT_DONE : SSLACT_OK;
}

// Logits of all boxes of the clips in row order, [R, C], on the CPU: the networks run on the device,
// the method's few numbers a box do not need it.
at::Tensor Trainer::predict_rows(Detector &network, const std::vector<const clip *> &clips)
{
    const std::vector<FeedGroup> groups = feed_clips(clips, options_.device);
    if (groups.empty()) {
        return at::zeros({0, class_count_}, at::kFloat);
    }
    std::vector<at::Tensor> parts;
    std::vector<int64_t> rows;
    for (const FeedGroup &group : groups) {
        // Each forward of an iteration drops by numbers of its own.
        network.set_dropout_stream(options_.seed, static_cast<uint64_t>(iteration_),
                                   dropout_part_++);
        const at::Tensor logits = network.forward(group.frames, group.boxes);
        parts.push_back(network.separate_classes(logits).to(at::kCPU));
        rows.insert(rows.end(), group.rows.begin(), group.rows.end());
    }
    if (groups.size() == 1) {
        return parts.front(); // one size: the rows are in order
    }
    std::vector<int64_t> place(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
        place[static_cast<size_t>(rows[i])] = static_cast<int64_t>(i);
    }
    return at::cat(parts).index_select(0, at::tensor(place, at::kLong));
}

// One forward over labelled and strong unlabelled views, or two (method.md section 5, 2).
void Trainer::predict_student(const batch &data, at::Tensor *labeled, at::Tensor *unlabeled)
{
    const std::vector<const clip *> first = list_clips(data.labeled);
    // Without a teacher nobody labels the second half: it is not looked at, lest it move the
    // statistics of batch norm.
    const std::vector<const clip *> second =
        teacher_ ? list_clips(data.unlabeled_strong) : std::vector<const clip *>{};
    if (!options_.one_forward) {
        *labeled = predict_rows(*student_, first);
        *unlabeled = predict_rows(*student_, second);
        return;
    }
    std::vector<const clip *> all = first;
    all.insert(all.end(), second.begin(), second.end());
    const at::Tensor logits = predict_rows(*student_, all);
    const int64_t labeled_rows = count_boxes(first);
    *labeled = logits.narrow(0, 0, labeled_rows);
    *unlabeled = logits.narrow(0, labeled_rows, logits.size(0) - labeled_rows);
}

void Trainer::run_step(const batch &data, StepReport *report)
{
    // 1. The teacher looks at the weak views.
    Method::Inputs inputs;
    std::vector<InstanceKey> instances;
    if (teacher_) {
        const c10::AutoGradMode no_gradient(false);
        instances = list_instances(data);
        look_at_labeled();
        inputs.teacher_logits = predict_rows(*teacher_, list_clips(data.unlabeled_weak));
    }

    // 2. The student looks at the labelled and the strong views.
    const c10::AutoGradMode with_gradient(true);
    std::optional<BufferCopies> buffers_before;
    if (!options_.freeze_batch_norm) {
        buffers_before.emplace(*student_);
    }
    dropout_part_ = 0;
    predict_student(data, &inputs.labeled_logits, &inputs.student_logits);
    if (!teacher_) {
        inputs.student_logits = at::Tensor();
    }
    inputs.labels = feed_labels(data.labeled, class_count_, at::kCPU);
    inputs.labeled_visible = feed_visible(data.labeled, at::kCPU);
    // A crop may have lost a person in either view: who is not seen teaches nothing.
    inputs.visible = feed_visible(data.unlabeled_strong, at::kCPU) *
                     feed_visible(data.unlabeled_weak, at::kCPU);
    inputs.neighbours = list_neighbours(data.unlabeled_weak);
    inputs.seed = options_.seed;
    inputs.iteration = iteration_;

    // 3. Loss and backward.
    student_flat_->gradients().zero_();
    const Method::Result result = method_->compute(inputs);
    if (result.total.requires_grad()) {
        result.total.backward();
    }
    report->loss_total = result.total.item<double>();
    report->loss_supervised = result.supervised;
    report->loss_pseudo = result.pseudo;
    report->loss_penalty = result.penalty;
    const at::Tensor &pull = method_->thresholds().grad();
    if (!std::isfinite(report->loss_total) || !is_finite(student_flat_->gradients()) ||
        (pull.defined() && !is_finite(pull))) {
        if (buffers_before) {
            buffers_before->restore();
        }
        clear_threshold_gradient();
        throw Error(SSLACT_ERROR_NONFINITE,
                    "loss or gradient is not finite at iteration " +
                        std::to_string(iteration_ + 1) + " (supervised " +
                        std::to_string(result.supervised) + ", unsupervised " +
                        std::to_string(result.pseudo) + "); weights are unchanged, a lower "
                        "solver.peak_lr may help");
    }

    // 4. to 6. Update, clamp, average. 7. is the schedule's formula.
    report->learning_rate = one_cycle_rate(options_.schedule, schedule_place());
    update(report->learning_rate, one_cycle_momentum(options_.schedule, schedule_place()));
    method_->clamp_thresholds();
    average_teacher();
    if (adaptation_) {
        adaptation_->observe(schedule_place(), inputs.teacher_logits, result.pseudo_labels,
                             instances);
    }

    const int64_t entries = teacher_ ? inputs.student_logits.numel() : 0;
    observe(data, inputs, result);
    report->positive_rate = share(total_of(result.positives), entries);
    report->negative_rate = share(total_of(result.negatives), entries);
    report->ignored_rate = share(total_of(result.ignored), entries);
    report->labeled_boxes = result.labeled_kept;
    report->unlabeled_boxes = result.unlabeled_kept;
}

void Trainer::clear_threshold_gradient()
{
    method_->thresholds().mutable_grad().reset();
}

void Trainer::update(double rate, double momentum)
{
    const c10::AutoGradMode no_gradient(false);
    at::_fused_sgd_({student_flat_->parameters()}, {student_flat_->gradients()}, {momentum_},
                    options_.weight_decay, momentum, rate, 0.0, options_.nesterov, false, false);
    at::Tensor &thresholds = method_->thresholds();
    if (thresholds.requires_grad() && thresholds.grad().defined()) {
        at::Tensor values = thresholds.detach();
        at::_fused_sgd_({values}, {thresholds.grad()}, {threshold_momentum_}, 0.0, momentum,
                        rate * method_options_.t_lr_mult, 0.0, options_.nesterov, false, false);
        clear_threshold_gradient();
    }
}

// teacher = m teacher + (1 - m) student, buffers by ssl.ema_buffers; T is not averaged.
void Trainer::average_teacher()
{
    if (options_.teacher != TeacherKind::ema) {
        return;
    }
    const c10::AutoGradMode no_gradient(false);
    const double weight = 1.0 - options_.ema_momentum;
    teacher_flat_->parameters().lerp_(student_flat_->parameters(), weight);
    if (options_.ema_buffers == "ema") {
        teacher_flat_->statistics().lerp_(student_flat_->statistics(), weight);
    } else if (options_.ema_buffers == "copy") {
        teacher_flat_->statistics().copy_(student_flat_->statistics());
    }
    if (options_.ema_buffers != "none") {
        copy_counters();
    }
    teacher_->weights_changed();
}

} // namespace sslact
