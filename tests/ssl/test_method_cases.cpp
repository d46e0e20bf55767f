// The four method cases: every output of an iteration, in both precisions. (The outputs of section
// 3.1, from n to w_g and the mapped thresholds, are in tests/stats.)
#include "ssl/case_support.h"

#include <ATen/ops/ones_like.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/zeros_like.h>

#include <tuple>

namespace
{

using sslact::LabelMode;
using sslact::ThresholdMode;
using test::CaseRun;
using test::values_of;

class MethodCases : public testing::TestWithParam<std::tuple<const char *, at::ScalarType>>
{
protected:
    MethodCases() : run(std::get<0>(GetParam()), std::get<1>(GetParam())) {}

    // Tolerances of method.md section 12.
    double tolerance() const { return std::get<1>(GetParam()) == at::kDouble ? 1e-10 : 1e-5; }

    void expect(const at::Tensor &actual, const char *name)
    {
        test::expect_close(values_of(actual), run.given.array(std::string("outputs/") + name),
                           tolerance(), name);
    }
    void expect_number(double actual, const char *name)
    {
        test::expect_close({actual}, run.given.array(std::string("outputs/") + name), tolerance(),
                           name);
    }
    void expect_integers(const at::Tensor &actual, const char *name)
    {
        EXPECT_EQ(values_of(actual), run.given.array(std::string("outputs/") + name)) << name;
    }

    // p of an instance from its class: what its draw is compared with.
    std::vector<double> row_probability(const at::Tensor &classes) const
    {
        std::vector<double> out;
        for (const double k : values_of(classes)) {
            out.push_back(k >= 0 ? run.statistics->probability[static_cast<size_t>(k)]
                          : run.options.ucb_drop_no_positive ? 0.0
                                                             : 1.0);
        }
        return out;
    }

    CaseRun run;
};

} // namespace

TEST_P(MethodCases, ThresholdsLabelsAndClassesAgree)
{
    const sslact::Method::Result result = run.method.compute(run.inputs);

    expect(run.method.thresholds(), "T_pos");
    expect(run.method.negative_thresholds(), "T_neg");
    expect(at::sigmoid(run.inputs.teacher_logits), "teacher_prob");
    expect_integers(result.pseudo_labels, "label_u");
    expect_integers(result.unlabeled_classes, "k_u");
    expect_integers(result.labeled_classes, "k_l");
    expect_integers(result.positives, "positives_per_class");
    expect_integers(result.negatives, "negatives_per_class");
    expect_integers(result.ignored.sum(), "ignored");
    test::expect_close(row_probability(result.unlabeled_classes), run.given.array("outputs/p_u"),
                       tolerance(), "p_u");
    test::expect_close(row_probability(result.labeled_classes), run.given.array("outputs/p_l"),
                       tolerance(), "p_l");
}

TEST_P(MethodCases, WeightsAgree)
{
    const at::Tensor &teacher = run.inputs.teacher_logits;
    const at::Tensor thresholds = run.method.thresholds().detach();
    const at::Tensor &negative = run.method.negative_thresholds();
    const bool learnable = run.method.learns_thresholds();
    const at::Tensor labels = sslact::ops::pseudo_labels(teacher, thresholds, negative);

    const auto [pc, nc] =
        sslact::ops::label_weights(teacher, labels, thresholds, run.options.mpl_a,
                                   learnable ? run.options.mpl_label : LabelMode::fixed);

    expect(pc, "pos_coef");
    expect(nc, "neg_coef");
    // The raw weights of every entry: w_pos is what an entry would get as a positive, w_neg of the
    // learnable mode asks for t < Tn alone, which a positive threshold out of reach leaves over.
    const at::Tensor decided = labels.ne(-1);
    if (learnable) {
        const at::Tensor low =
            sslact::ops::pseudo_labels(teacher, at::ones_like(thresholds), negative);
        expect(std::get<0>(sslact::ops::label_weights(teacher, at::ones_like(labels), thresholds,
                                                      run.options.mpl_a, LabelMode::hard)),
               "w_pos");
        expect(low.eq(0), "w_neg");
    } else {
        expect(decided, "w_pos");
        expect(decided, "w_neg");
    }
}

TEST_P(MethodCases, LossesAndGradientsAgree)
{
    const sslact::Method::Result result = run.method.compute(run.inputs);
    result.total.backward();

    expect_number(result.pseudo, "L_cls_u");
    expect_number(result.penalty, "L_reg_u");
    expect_number(result.pseudo + run.options.mpl_lambda1 * result.penalty, "L_u");
    expect_number(result.supervised, "L_s");
    expect_number(result.total.item<double>(), "L_total");
    expect(run.inputs.student_logits.grad(), "dL_dz_u");
    expect(run.inputs.labeled_logits.grad(), "dL_dz_l");
    const at::Tensor &from_loss = run.method.thresholds().grad();
    EXPECT_EQ(from_loss.defined(), run.method.learns_thresholds());
    expect(from_loss.defined() ? from_loss : at::zeros_like(run.method.thresholds()), "dL_dT");
}

INSTANTIATE_TEST_SUITE_P(
    All, MethodCases,
    testing::Combine(testing::Values("01_fixed_plain", "02_class_related_pairwise",
                                     "03_learnable_default", "04_learnable_soft_exact"),
                     testing::Values(at::kDouble, at::kFloat)),
    [](const auto &given) {
        return std::string("Case") + std::get<0>(given.param) +
               (std::get<1>(given.param) == at::kDouble ? "InDouble" : "InFloat");
    });
