// Every ssl.* key that touches a batch: through the config, the statistics and the ops, against the
// plain loops of slow_method.h; and it must not leave the result as it was.
#include "ssl/slow_method.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace
{

using sslact::Method;
using sslact::MethodOptions;
using sslact::ThresholdMode;
using test::Row;
using test::Rows;
using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr size_t kClasses = 6;

// Rare, frequent, tied (3 and 4) and unseen (5) classes, instances of up to three labels.
const Rows kSets = {{1, 0, 0, 0, 0, 0}, {1, 1, 0, 0, 0, 0}, {1, 1, 1, 0, 0, 0},
                    {0, 1, 0, 1, 0, 0}, {0, 0, 1, 0, 1, 0}, {1, 0, 0, 1, 0, 0}};
const Row kTimes = {90, 40, 12, 3, 8, 5};

MethodOptions read(const Settings &settings)
{
    config *c = nullptr;
    sslact::check(config_create(&c));
    const std::unique_ptr<config, decltype(&config_free)> holder(c, &config_free);
    for (const auto &[key, value] : settings) {
        sslact::check(config_set(c, key.c_str(), value.c_str()));
    }
    sslact::check(config_validate(c));
    return sslact::read_method_options(c);
}

Rows draw(uint64_t index, size_t rows, double scale)
{
    random_stream stream = random_open(23, RANDOM_CHANCE, 0, index);
    Rows out(rows, Row(kClasses));
    for (Row &row : out) {
        for (double &value : row) {
            value = scale * random_normal(&stream);
        }
    }
    return out;
}

at::Tensor tensor_of(const Rows &rows)
{
    std::vector<double> flat;
    for (const Row &row : rows) {
        flat.insert(flat.end(), row.begin(), row.end());
    }
    return at::tensor(flat, at::kDouble)
        .view({static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size())});
}

test::SlowInput make_input()
{
    test::SlowInput in;
    in.zl = draw(1, 30, 2.0);
    in.zt = draw(2, 40, 3.0);
    in.zu = draw(3, 40, 2.0);
    in.yl = draw(4, 30, 1.0);
    for (Row &row : in.yl) {
        for (double &value : row) {
            value = value > 0.7 ? 1 : 0;
        }
    }
    in.visible_l.assign(30, 1);
    in.visible_u.assign(40, 1);
    in.visible_u[7] = in.visible_u[20] = in.visible_l[3] = 0;
    in.precision = Rows(kClasses, Row(10));
    for (size_t j = 0; j < kClasses; j++) {
        for (size_t b = 0; b < 10; b++) {
            in.precision[j][b] = 0.05 * static_cast<double>(j + b + 1);
        }
    }
    in.seed = 17;
    in.iteration = 5;
    return in;
}

std::unique_ptr<balance, decltype(&balance_free)> fit(const MethodOptions &options)
{
    std::vector<uint8_t> labels;
    std::vector<int64_t> times(kTimes.begin(), kTimes.end());
    for (const Row &row : kSets) {
        labels.insert(labels.end(), row.begin(), row.end());
    }
    const balance_options wanted = sslact::make_balance_options(options);
    balance *out = nullptr;
    sslact::check(balance_fit(labels.data(), times.data(), times.size(), kClasses, &wanted, &out));
    return {out, &balance_free};
}

// The method's results as the slow ones are laid out.
struct Outcome {
    double total = 0, supervised = 0, pseudo = 0, penalty = 0;
    at::Tensor y, mask_l, mask_u, gradient_l, gradient_u, gradient_t;
    Row positive, negative;
};

Row row_of(const at::Tensor &values)
{
    const at::Tensor packed = values.detach().to(at::kDouble).contiguous();
    return {packed.const_data_ptr<double>(), packed.const_data_ptr<double>() + packed.numel()};
}

Outcome run(const MethodOptions &options, const test::SlowInput &in)
{
    const auto statistics = fit(options);
    Method method(options, *statistics, at::kDouble);
    if (method.precision().defined()) {
        method.set_precision(tensor_of(in.precision));
    }
    Method::Inputs inputs;
    inputs.labeled_logits = tensor_of(in.zl).set_requires_grad(true);
    inputs.student_logits = tensor_of(in.zu).set_requires_grad(true);
    inputs.teacher_logits = tensor_of(in.zt);
    inputs.labels = tensor_of(in.yl).to(at::kByte);
    inputs.labeled_visible = at::tensor(in.visible_l, at::kDouble).to(at::kByte);
    inputs.visible = at::tensor(in.visible_u, at::kDouble).to(at::kByte);
    inputs.seed = in.seed;
    inputs.iteration = static_cast<int64_t>(in.iteration);
    const Method::Result result = method.compute(inputs);
    result.total.backward();
    Outcome out;
    out.total = result.total.item<double>();
    out.supervised = result.supervised;
    out.pseudo = result.pseudo;
    out.penalty = result.penalty;
    out.y = result.pseudo_labels;
    out.mask_l = result.labeled_mask;
    out.mask_u = result.unlabeled_mask;
    out.gradient_l = inputs.labeled_logits.grad();
    out.gradient_u = inputs.student_logits.grad();
    out.gradient_t = method.thresholds().grad();
    out.positive = row_of(method.thresholds());
    out.negative = row_of(method.negative_thresholds());
    return out;
}

// Section 2.1: T and Tn from the counts of the slow statistics.
void choose_thresholds(const MethodOptions &o, const test::SlowStatistics &s, test::SlowInput &in)
{
    const bool soft = o.mpl_mode == ThresholdMode::soft;
    const bool constant = o.mpl_mode == ThresholdMode::fixed || o.mpl_mode == ThresholdMode::flex;
    const bool mapped = o.mpl_t_neg == sslact::NegativeThreshold::class_related;
    for (size_t j = 0; j < kClasses; j++) {
        const double m = s.n[j] > 0 ? test::slow_map(o.mpl_mapping, s.eta[j]) : 1.0;
        in.positive.push_back(soft ? 0.5 : constant ? o.mpl_tau_pos : m * o.mpl_tau_pos);
        in.negative.push_back(soft ? 0.5 : mapped ? m * o.mpl_tau_neg : o.mpl_tau_neg);
    }
}

// 1e-10 of the largest magnitude, the specification's tolerance in double precision.
void expect_rows(const at::Tensor &found, const Rows &expected, const char *what)
{
    const Row values = row_of(found);
    Row flat;
    double largest = 0;
    for (const Row &row : expected) {
        for (const double value : row) {
            flat.push_back(value);
            largest = std::max(largest, std::fabs(value));
        }
    }
    ASSERT_EQ(values.size(), flat.size()) << what;
    for (size_t at = 0; at < flat.size(); at++) {
        ASSERT_NEAR(values[at], flat[at], 1e-10 * largest) << what << " entry " << at;
    }
}

Outcome check_settings(const Settings &settings)
{
    const MethodOptions options = read(settings);
    test::SlowInput in = make_input();
    const test::SlowStatistics s = test::slow_statistics(kSets, kTimes, options.ucb_beta,
                                                         options.ucb_gamma, options.ucb_exact);
    choose_thresholds(options, s, in);
    const test::SlowResult slow = test::slow_method(options, s, in);

    const Outcome found = run(options, in);

    for (size_t j = 0; j < kClasses; j++) {
        EXPECT_NEAR(found.positive[j], in.positive[j], 1e-15);
        EXPECT_NEAR(found.negative[j], in.negative[j], 1e-15);
    }
    EXPECT_NEAR(found.total, slow.total, 1e-10 * std::fabs(slow.total));
    EXPECT_NEAR(found.supervised, slow.supervised, 1e-10 * slow.supervised);
    EXPECT_NEAR(found.pseudo, slow.pseudo, 1e-10 * slow.pseudo);
    EXPECT_NEAR(found.penalty, slow.penalty, 1e-10 * slow.penalty);
    expect_rows(found.y, slow.y, "labels");
    expect_rows(found.mask_l, {slow.mask_l}, "labelled mask");
    expect_rows(found.mask_u, {slow.mask_u}, "unlabelled mask");
    expect_rows(found.gradient_l, slow.gradient_l, "labelled logits");
    expect_rows(found.gradient_u, slow.gradient_u, "unlabelled logits");
    EXPECT_EQ(found.gradient_t.defined(), options.mpl_mode == ThresholdMode::learnable);
    if (found.gradient_t.defined()) {
        expect_rows(found.gradient_t, {slow.gradient_t}, "thresholds");
    }
    return found;
}

std::string spell(const Settings &settings)
{
    std::string out;
    for (const auto &[key, value] : settings) {
        out += key + "=" + value + " ";
    }
    return out;
}

} // namespace

TEST(EveryOptionOfABatch, AgreesWithPlainLoopsAndChangesTheLossOrItsGradient)
{
    // What the option is set on top of, and the option.
    const std::vector<std::pair<Settings, Settings>> cases = {
        {{}, {{"ssl.mpl_mode", "class_related"}}},
        {{}, {{"ssl.mpl_mode", "fixed"}}},
        {{}, {{"ssl.mpl_mode", "soft"}}},
        {{{"ssl.mpl_mode", "class_related"}}, {{"ssl.mpl_mode", "flex"}}}, // before any count
        {{}, {{"ssl.mpl_mapping", "linear"}}},
        {{}, {{"ssl.mpl_mapping", "convex"}}},
        {{}, {{"ssl.mpl_tau_pos", "0.8"}}},
        {{}, {{"ssl.mpl_tau_neg", "0.2"}}},
        {{}, {{"ssl.mpl_t_neg", "class_related"}}},
        {{}, {{"ssl.mpl_label", "soft"}}},
        {{}, {{"ssl.mpl_a", "7"}}},
        {{}, {{"ssl.mpl_lambda1", "0.25"}}},
        {{}, {{"ssl.mpl_lambda1", "0"}}},
        {{}, {{"ssl.mpl_reg_scope", "positives"}}},
        {{}, {{"ssl.mpl_reg_scope", "per_class"}}},
        {{}, {{"ssl.ucb", "unlabeled"}}},
        {{}, {{"ssl.ucb", "labeled"}}},
        {{}, {{"ssl.ucb", "none"}}},
        {{}, {{"ssl.ucb_beta", "0.3"}}},
        {{}, {{"ssl.ucb_beta", "0"}}},
        {{}, {{"ssl.ucb_gamma", "0.7"}}},
        {{}, {{"ssl.ucb_gamma", "0"}}},
        {{}, {{"ssl.ucb_cooc", "exact"}}},
        {{}, {{"ssl.ucb_no_positive", "drop"}}},
        {{}, {{"ssl.loss_lambda", "1.5"}}},
        {{}, {{"ssl.loss_normalise", "kept"}}},
        {{}, {{"ssl.weight_mode", "db"}}},
        {{}, {{"ssl.positive_weight", "calibrated"}}},
        {{{"ssl.mpl_mode", "fixed"}}, {{"ssl.positive_weight", "calibrated"}}},
        {{{"ssl.preset", "fixmatch"}}, {{"ssl.preset", "soft"}}},
        {{{"ssl.preset", "soft"}}, {{"ssl.weight_mode", "db"}}},
    };
    for (const auto &[base, option] : cases) {
        Settings both = base;
        both.insert(both.end(), option.begin(), option.end());
        SCOPED_TRACE(spell(both));

        const Outcome without = check_settings(base), with = check_settings(both);

        const bool same_t =
            with.gradient_t.defined() == without.gradient_t.defined() &&
            (!with.gradient_t.defined() || row_of(with.gradient_t) == row_of(without.gradient_t));
        EXPECT_FALSE(with.total == without.total && same_t &&
                     row_of(with.gradient_u) == row_of(without.gradient_u));
    }
}

TEST(EveryOptionOfABatch, HoldsInCombination)
{
    for (const char *mode : {"learnable", "class_related", "fixed", "soft"}) {
        for (const char *label : {"hard", "soft"}) {
            for (const char *scope : {"all", "positives", "per_class"}) {
                for (const char *normalise : {"all", "kept"}) {
                    for (const char *weight : {"gap", "db"}) {
                        for (const char *ucb : {"both", "labeled"}) {
                            const Settings settings = {{"ssl.mpl_mode", mode},
                                                       {"ssl.mpl_label", label},
                                                       {"ssl.mpl_reg_scope", scope},
                                                       {"ssl.loss_normalise", normalise},
                                                       {"ssl.weight_mode", weight},
                                                       {"ssl.ucb", ucb},
                                                       {"ssl.ucb_no_positive", "drop"},
                                                       {"ssl.ucb_gamma", "0.4"},
                                                       {"ssl.mpl_t_neg", "class_related"}};
                            SCOPED_TRACE(spell(settings));
                            check_settings(settings);
                            if (std::string(mode) != "soft") {
                                Settings calibrated = settings;
                                calibrated.emplace_back("ssl.positive_weight", "calibrated");
                                check_settings(calibrated);
                            }
                        }
                    }
                }
            }
        }
    }
}
