// The neighbour prior: labels, loss and gradients against plain loops.
#include "ssl/neighbour_prior.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/error.hpp"
#include "ssl/method.h"

namespace
{

using sslact::LabelMode;
using sslact::Method;
using sslact::MethodOptions;
using sslact::ThresholdMode;

constexpr int64_t kRows = 4, kClasses = 3;

double sigmoid(double x)
{
    return 1 / (1 + std::exp(-x));
}

at::Tensor tensor_of(const std::vector<double> &values)
{
    return at::tensor(values, at::kDouble).reshape({kRows, kClasses});
}

struct BalanceFreer {
    void operator()(balance *b) const { balance_free(b); }
};

std::unique_ptr<balance, BalanceFreer> fit(const MethodOptions &options)
{
    const uint8_t labels[] = {1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1};
    const balance_options wanted = sslact::make_balance_options(options);
    balance *made = nullptr;
    sslact::check(balance_fit(labels, nullptr, 4, kClasses, &wanted, &made));
    return std::unique_ptr<balance, BalanceFreer>(made);
}

// t: 0.88, 0.27, 0.05 and so on; T = 0.8, d = 0.3, Tn = 0.1.
const std::vector<double> teacher = {2.0, -1.0, -3.0, 0.3,  0.3,  0.3,
                                     2.0, 2.0,  2.0,  -3.0, -0.2, 1.0};
const std::vector<double> student = {0.5, -0.4, 1.1, -2.0, 0.7,  0.2,
                                     1.5, -0.6, 0.1, 0.9,  -1.2, 0.4};
const std::vector<int> evidence = {1, 1, 1, 1, 0, -1, 1, 0, -1, -1, 1, 0};
// By hand: 0.88 | 0.27 | 0.047 with lowered 0.5: positive, ignored, negative. 0.574: positive with
// 0.5, ignored with 0.8, and it is no positive that could be taken back. 0.88: positive, positive,
// taken back. 0.047 negative; 0.45 under 0.5 ignored; 0.73 under 0.8 ignored.
const std::vector<int> labels = {1, -1, 0, 1, -1, -1, 1, 1, -1, 0, -1, -1};

at::Tensor bytes_of(const std::vector<int> &values)
{
    return at::tensor(values, at::kInt).reshape({kRows, kClasses}).to(at::kChar);
}

TEST(NeighbourPrior, LowersRaisesNothingAndTakesBack)
{
    const at::Tensor positive = at::tensor(std::vector<double>{0.8, 0.8, 0.8}, at::kDouble);
    const at::Tensor negative = at::tensor(std::vector<double>{0.1, 0.1, 0.1}, at::kDouble);
    const at::Tensor lowered = sslact::lower_thresholds(positive, 0.3, 0.001);
    EXPECT_NEAR(lowered[0].item<double>(), 0.5, 1e-15);
    EXPECT_NEAR(sslact::lower_thresholds(positive, 0.9, 0.001)[0].item<double>(), 0.001, 1e-15);
    const at::Tensor found = sslact::label_with_neighbours(tensor_of(teacher), positive, lowered,
                                                           negative, bytes_of(evidence));
    EXPECT_TRUE(at::equal(found, bytes_of(labels))) << found;
}

// L_cls + lambda1 L_reg of the rows above with thresholds T, y held fixed; no mask, w = 1.
double loss_by_hand(const std::vector<double> &thresholds, bool soft)
{
    double pseudo = 0, penalty = 0;
    for (size_t k = 0; k < teacher.size(); ++k) {
        const size_t j = k % kClasses;
        const double t = sigmoid(teacher[k]);
        const double threshold = thresholds[j] - (evidence[k] == 1 ? 0.3 : 0.0);
        const bool taken_back = evidence[k] == -1 && t > 0.8;
        const bool pulls = soft ? labels[k] != 0 : labels[k] == 1;
        if (pulls && !taken_back) {
            pseudo += sigmoid(20 * (t - threshold)) * std::log1p(std::exp(-student[k]));
        }
        if (labels[k] == 0) {
            pseudo += std::log1p(std::exp(student[k]));
        }
        penalty += 2 * thresholds[j] - std::log(thresholds[j]);
    }
    return 0.3 * (pseudo + penalty) / (kRows * kClasses);
}

TEST(NeighbourPrior, HasTheLossAndTheGradientsOfPlainLoops)
{
    for (const bool soft : {false, true}) {
        MethodOptions options;
        options.mpl_label = soft ? LabelMode::soft : LabelMode::hard;
        options.ucb = sslact::BalancedHalves::none;
        options.neighbour_shift = 0.3;
        const auto statistics = fit(options);
        Method method(options, *statistics, at::kDouble);
        {
            const at::NoGradGuard no_grad;
            method.thresholds().fill_(0.8);
        }
        Method::Inputs inputs;
        inputs.teacher_logits = tensor_of(teacher);
        inputs.student_logits = tensor_of(student).requires_grad_();
        inputs.neighbours = bytes_of(evidence);
        const Method::Result result = method.compute(inputs);
        EXPECT_TRUE(at::equal(result.pseudo_labels, bytes_of(labels)));
        result.total.backward();
        const std::vector<double> start = {0.8, 0.8, 0.8};
        EXPECT_NEAR(result.total.item<double>(), loss_by_hand(start, soft), 1e-12);
        for (size_t j = 0; j < kClasses; ++j) {
            std::vector<double> up = start, down = start;
            up[j] += 1e-6;
            down[j] -= 1e-6;
            const double slope = (loss_by_hand(up, soft) - loss_by_hand(down, soft)) / 2e-6;
            EXPECT_NEAR(method.thresholds().grad()[static_cast<int64_t>(j)].item<double>(), slope,
                        1e-8);
        }
        const at::Tensor pull = inputs.student_logits.grad();
        for (size_t k = 0; k < teacher.size(); ++k) {
            const double s = sigmoid(student[k]), t = sigmoid(teacher[k]);
            const double threshold = 0.8 - (evidence[k] == 1 ? 0.3 : 0.0);
            const bool pulls =
                (soft ? labels[k] != 0 : labels[k] == 1) && !(evidence[k] == -1 && t > 0.8);
            const double expected =
                (labels[k] == 0 ? s : 0) - (pulls ? sigmoid(20 * (t - threshold)) * (1 - s) : 0);
            EXPECT_NEAR(pull.reshape(-1)[static_cast<int64_t>(k)].item<double>(),
                        0.3 * expected / (kRows * kClasses), 1e-12);
        }
    }
}

TEST(NeighbourPrior, WithoutEvidenceIsTheUsualLoss)
{
    for (const ThresholdMode mode :
         {ThresholdMode::learnable, ThresholdMode::class_related, ThresholdMode::fixed}) {
        MethodOptions options;
        options.mpl_mode = mode;
        const auto statistics = fit(options);
        Method method(options, *statistics, at::kDouble);
        Method::Inputs inputs;
        inputs.teacher_logits = tensor_of(teacher);
        inputs.student_logits = tensor_of(student);
        const double usual = method.compute(inputs).total.item<double>();
        inputs.neighbours = bytes_of(std::vector<int>(kRows * kClasses, 0));
        EXPECT_NEAR(method.compute(inputs).total.item<double>(), usual, 1e-12);
        inputs.neighbours = bytes_of(std::vector<int>(kRows * kClasses, -1));
        EXPECT_NE(method.compute(inputs).total.item<double>(), usual);
    }
}

} // namespace
