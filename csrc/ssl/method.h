// The method on one batch: thresholds, pseudo-labels, balancing masks and weights, both losses
// (method.md sections 2 to 4). Knows nothing of networks, clips or optimisers.
#ifndef SSL_METHOD_H
#define SSL_METHOD_H

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "config/config.h"
#include "ops/ops.h"
#include "stats/balance.h"

namespace sslact
{

// ---- options: the ssl.* keys of method.md section 7 that touch a batch ----

enum class ThresholdMode { fixed, class_related, learnable, cap, metric, flex, soft };
enum class NegativeThreshold { constant, class_related };
enum class BalancedHalves { both, unlabeled, labeled, none };
enum class WeightMode { gap, db };                   // w_j of section 3.1, or w_ij of section 11
enum class PositiveWeight { threshold, calibrated }; // wp of section 2.3, or of section 11

// Section 11, `cap`.
struct CapOptions {
    bool streaming = false;
    int64_t window = 4096;       // Q instances
    double negative_share = 0.9; // q
    double step = 0.01;          // of the streaming form
};

// The teacher's look at labelled clips, section 11: `metric` and calibrated weights.
struct ScoreOptions {
    int64_t every = 500;  // E iterations
    int64_t clips = 2048; // 0 = all
    double metric_beta = 0.5;
    int32_t calibration_bins = 10;
};

// Section 11, `freq_source=online`.
struct OnlineOptions {
    bool enabled = false;
    int64_t every = 100; // E iterations
    double mix = 0.5;    // q
    double momentum = 0.999;
};

struct MethodOptions {
    ThresholdMode mpl_mode = ThresholdMode::learnable;
    balance_mapping mpl_mapping = MAPPING_CONCAVE;
    double mpl_tau_pos = 0.9;
    double mpl_tau_neg = 0.1;
    NegativeThreshold mpl_t_neg = NegativeThreshold::constant;
    LabelMode mpl_label = LabelMode::hard; // hard or soft; learnable mode only
    double mpl_a = 20.0;
    double mpl_lambda1 = 1.0;
    PenaltyScope mpl_reg_scope = PenaltyScope::all;
    double t_lr_mult = 1.0; // for the optimiser's group of the thresholds
    double t_clamp = 1e-3;
    BalancedHalves ucb = BalancedHalves::both;
    double ucb_beta = 0.9;
    double ucb_gamma = 0.05;
    bool ucb_exact = false;            // ucb_cooc
    bool ucb_drop_no_positive = false; // ucb_no_positive = drop
    double neighbour_shift = 0.1; // d of the neighbour prior, section 11
    bool ucb_resample = false;         // ucb_mode = resample: clips are drawn by class, no mask
    double loss_lambda = 0.3;
    bool loss_normalise_kept = false; // loss_normalise = kept
    WeightMode weight_mode = WeightMode::gap;
    PositiveWeight positive_weight = PositiveWeight::threshold;
    CapOptions cap;
    ScoreOptions score;
    OnlineOptions online;
};

// From a config; Error with the key's name for a word or a range the method does not have.
MethodOptions read_method_options(const config *c);

// What balance_fit needs of them.
balance_options make_balance_options(const MethodOptions &options);

// ---- the method ----

class Method
{
public:
    // Copies what it needs of the statistics. type: float32 to train, float64 for the cases.
    Method(const MethodOptions &options, const balance &statistics, at::ScalarType type);

    const MethodOptions &options() const { return options_; }
    bool learns_thresholds() const { return options_.mpl_mode == ThresholdMode::learnable; }

    // T [C], replaced or loaded in place; a leaf with requires_grad in learnable mode.
    at::Tensor &thresholds() { return thresholds_; }
    const at::Tensor &negative_thresholds() const { return negative_thresholds_; } // Tn [C]
    // New values for both, [C]; what else holds T keeps holding it.
    void set_thresholds(const at::Tensor &positive, const at::Tensor &negative);
    // New n, p and w, and the thresholds that follow from n.
    void set_balance(const balance &statistics);
    // Precision of class j in bin b of t, [C, B]; the weights of calibrated positives.
    void set_precision(const at::Tensor &precision);
    const at::Tensor &precision() const { return precision_; }

    struct Inputs {
        at::Tensor labeled_logits;  // student, [N_l, C]; undefined = no labelled half
        at::Tensor labels;          // uint8 [N_l, C]
        at::Tensor labeled_visible; // uint8 [N_l]; undefined = all
        at::Tensor teacher_logits;  // weak view, [N_u, C]; undefined = no unlabelled half
        at::Tensor student_logits;  // strong view, [N_u, C]
        at::Tensor visible; // uint8 [N_u]: 0 where the strong view lost the box; undefined = all

        // int8 [N_u, C] of neighbour_prior.h; undefined = nothing known. Not with soft targets.
        at::Tensor neighbours;

        // The keys of the masks, section 3.2.
        uint64_t seed = 0;
        int64_t iteration = 0;
        int64_t labeled_first_row = 0; // of this device in the global batch
        int64_t unlabeled_first_row = 0;
        // Masks given instead of drawn, uint8 [N]; for tests and replays.
        at::Tensor labeled_mask;
        at::Tensor unlabeled_mask;

        // Instances on all devices together; -1 = those given here.
        int64_t global_labeled = -1;
        int64_t global_unlabeled = -1;
        // Adds an int64 tensor over the devices in place; empty = one device. Called once a
        // compute, and only where loss_normalise is kept.
        std::function<void(at::Tensor &)> sum_over_devices;
    };

    // With several devices everything here is this device's share: the sum over the devices is
    // the whole batch's.
    struct Result {
        at::Tensor total;         // L, a scalar with its graph
        double supervised = 0.0;  // L_s
        double pseudo = 0.0;      // L_cls
        double penalty = 0.0;     // L_reg
        int64_t labeled_kept = 0; // sum of m, visibility included
        int64_t unlabeled_kept = 0;
        at::Tensor positives; // pseudo-labels 1, 0, -1 per class: int64 [C] each
        at::Tensor negatives;
        at::Tensor ignored;
        // For monitoring and tests; undefined for a half that was not given.
        at::Tensor pseudo_labels;     // y int8 [N_u, C]
        at::Tensor labeled_classes;   // k int32 [N_l], -1 = none
        at::Tensor unlabeled_classes; // k int32 [N_u]
        at::Tensor labeled_mask;      // m uint8 [N_l]
        at::Tensor unlabeled_mask;    // m uint8 [N_u]
    };

    // L = L_s + lambda (L_cls + lambda1 L_reg), section 4. Logits or thresholds that are not
    // finite give NaN, no graph and no pseudo-labels.
    Result compute(const Inputs &inputs) const;

    // After the optimiser's step: T into [t_clamp, 1 - t_clamp]. Does nothing in the other modes.
    void clamp_thresholds();

private:
    struct Half;
    struct Losses;
    static at::Tensor weigh(const Half &half, const at::Tensor &coefficients);
    bool balances(SampleHalf which) const;
    Result make_broken_result() const;
    at::Tensor make_mask(const Inputs &inputs, SampleHalf which, const at::Tensor &classes) const;
    Half balance_half(const Inputs &inputs, SampleHalf which, const at::Tensor &labels,
                      int64_t global_rows) const;
    void divide_by_kept(const Inputs &inputs, Half &labeled, Half &unlabeled) const;
    at::Tensor compute_supervised(const Inputs &inputs, const Half &half) const;
    void compute_unsupervised(const Inputs &inputs, const Half &half, Losses &out) const;
    void compute_soft(const Inputs &inputs, const Half &half, Losses &out) const;
    at::Tensor label_unlabeled(const Inputs &inputs) const;
    void compute_by_entry(const Inputs &inputs, const Half &half, Losses &out) const;
    at::Tensor compute_penalty(const Half &half) const;
    void report(const Losses &losses, const Half &labeled, const Half &unlabeled,
                Result &result) const;

    MethodOptions options_;
    at::ScalarType type_;
    at::Tensor count_;               // n int64 [C]
    at::Tensor probability_;         // p float64 [C]
    at::Tensor class_weight_;        // w [C]
    at::Tensor unit_weight_;         // ones [C], for a half that is not balanced
    at::Tensor thresholds_;          // T [C]
    at::Tensor negative_thresholds_; // Tn [C]
    at::Tensor precision_;           // [C, B]; undefined unless positives are calibrated
};

} // namespace sslact

#endif
