// The checks of method.md section 12 for weights per entry (db) and calibrated positives: several
// devices, and central differences with y held fixed.
#include "ssl/case_support.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include "base/random.h"

namespace
{

using sslact::Method;
using sslact::MethodOptions;
using sslact::PenaltyScope;
using sslact::PositiveWeight;
using sslact::WeightMode;
using test::values_of;

constexpr int64_t kClasses = 4;

at::Tensor draw(uint64_t index, int64_t rows, double scale)
{
    at::Tensor out = at::empty({rows, kClasses}, at::kDouble);
    random_stream stream = random_open(41, RANDOM_CHANCE, 0, index);
    for (int64_t at = 0; at < out.numel(); at++) {
        out.mutable_data_ptr<double>()[at] = scale * random_normal(&stream);
    }
    return out;
}

struct Trial {
    explicit Trial(const MethodOptions &options)
        : statistics(test::fit_balance(
              {{1, 0, 0, 0, /**/ 1, 1, 0, 0, /**/ 0, 1, 1, 0}, {60, 20, 4}}, kClasses, options)),
          method(options, *statistics, at::kDouble)
    {
        inputs.labeled_logits = draw(1, 9, 2).set_requires_grad(true);
        inputs.labels = draw(2, 9, 1).gt(0.5).to(at::kByte);
        inputs.teacher_logits = draw(3, 12, 3);
        inputs.student_logits = draw(4, 12, 2).set_requires_grad(true);
        inputs.seed = 5;
    }
    Method::Result run()
    {
        Method::Result result = method.compute(inputs);
        result.total.backward();
        return result;
    }
    // Rows of one of two devices.
    void keep(int64_t labeled_first, int64_t labeled_end, int64_t first, int64_t end)
    {
        const at::NoGradGuard no_grad;
        inputs.global_labeled = 9;
        inputs.global_unlabeled = 12;
        inputs.labeled_first_row = labeled_first;
        inputs.unlabeled_first_row = first;
        inputs.labeled_logits = inputs.labeled_logits.slice(0, labeled_first, labeled_end)
                                    .clone()
                                    .set_requires_grad(true);
        inputs.labels = inputs.labels.slice(0, labeled_first, labeled_end).clone();
        inputs.teacher_logits = inputs.teacher_logits.slice(0, first, end).clone();
        inputs.student_logits =
            inputs.student_logits.slice(0, first, end).clone().set_requires_grad(true);
    }

    test::Balance statistics;
    Method method;
    Method::Inputs inputs;
};

std::vector<MethodOptions> list_options()
{
    std::vector<MethodOptions> out;
    for (const auto scope : {PenaltyScope::all, PenaltyScope::positives, PenaltyScope::per_class}) {
        for (const int which : {0, 1, 2}) {
            MethodOptions options;
            options.mpl_reg_scope = scope;
            options.weight_mode = which != 1 ? WeightMode::db : WeightMode::gap;
            options.positive_weight =
                which != 0 ? PositiveWeight::calibrated : PositiveWeight::threshold;
            out.push_back(options);
        }
    }
    return out;
}

} // namespace

TEST(EntryWeights, SplitOverDevicesAddUpToTheWholeBatch)
{
    for (const MethodOptions &options : list_options()) {
        Trial whole(options), first(options), second(options);
        first.keep(0, 9, 0, 5); // the second has no labelled row
        second.keep(9, 9, 5, 12);

        const Method::Result expected = whole.run(), a = first.run(), b = second.run();

        EXPECT_NEAR(a.total.item<double>() + b.total.item<double>(), expected.total.item<double>(),
                    1e-13);
        EXPECT_NEAR(a.penalty + b.penalty, expected.penalty, 1e-13);
        test::expect_close(values_of(at::cat({first.inputs.student_logits.grad(),
                                              second.inputs.student_logits.grad()})),
                           values_of(whole.inputs.student_logits.grad()), 1e-13, "student");
        test::expect_close(
            values_of(first.method.thresholds().grad() + second.method.thresholds().grad()),
            values_of(whole.method.thresholds().grad()), 1e-13, "thresholds");
    }
}

TEST(EntryWeights, HaveTheGradientsOfCentralDifferences)
{
    for (const MethodOptions &options : list_options()) {
        Trial trial(options);
        trial.run();
        const double step = 1e-5;
        for (at::Tensor *values : {&trial.inputs.student_logits, &trial.inputs.labeled_logits,
                                   &trial.method.thresholds()}) {
            const std::vector<double> gradient = values_of(values->grad());
            const std::vector<double> kept = values_of(*values);
            auto *live = values->mutable_data_ptr<double>();
            for (size_t at = 0; at < kept.size(); at += 3) {
                live[at] = kept[at] + step;
                const double above = trial.method.compute(trial.inputs).total.item<double>();
                live[at] = kept[at] - step;
                const double below = trial.method.compute(trial.inputs).total.item<double>();
                live[at] = kept[at];
                EXPECT_NEAR(gradient[at], (above - below) / (2 * step), 1e-8);
            }
        }
    }
}
