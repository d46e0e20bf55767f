// Makes a Method and its inputs out of a stored method case.
#ifndef TESTS_SSL_CASE_SUPPORT_H
#define TESTS_SSL_CASE_SUPPORT_H

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ssl/method.h"
#include "support/method_case.h"

namespace test
{

using Balance = std::unique_ptr<balance, decltype(&balance_free)>;

inline std::string case_path(const std::string &name)
{
    return std::string(SSLACT_TESTS_FOLDER) + "/ssl/data/" + name + ".json";
}

inline sslact::MethodOptions options_of(const MethodCase &given)
{
    const std::map<std::string, sslact::ThresholdMode> modes = {
        {"fixed", sslact::ThresholdMode::fixed},
        {"class_related", sslact::ThresholdMode::class_related},
        {"learnable", sslact::ThresholdMode::learnable}};
    sslact::MethodOptions out;
    out.mpl_mode = modes.at(given.option("mpl_mode", "learnable"));
    out.mpl_tau_pos = given.option("mpl_tau_pos", 0.9);
    out.mpl_tau_neg = given.option("mpl_tau_neg", 0.1);
    out.mpl_label = given.option("mpl_label", "hard") == "soft" ? sslact::LabelMode::soft
                                                                : sslact::LabelMode::hard;
    out.mpl_a = given.option("mpl_a", 20.0);
    out.ucb = given.option("ucb", "both") == "none" ? sslact::BalancedHalves::none
                                                    : sslact::BalancedHalves::both;
    out.ucb_beta = given.option("ucb_beta", 0.9);
    out.ucb_gamma = given.option("ucb_gamma", 0.05);
    out.ucb_exact = given.option("ucb_cooc", "pairwise") == "exact";
    out.ucb_drop_no_positive = given.option("ucb_no_positive", "keep") == "drop";
    return out;
}

inline Balance fit_balance(const MethodCase::Histogram &histogram, int64_t class_count,
                           const sslact::MethodOptions &options)
{
    const balance_options wanted = sslact::make_balance_options(options);
    balance *out = nullptr;
    EXPECT_EQ(balance_fit(histogram.labels.data(), histogram.counts.data(), histogram.counts.size(),
                          static_cast<int32_t>(class_count), &wanted, &out),
              SSLACT_OK)
        << sslact_error_get_message();
    return {out, &balance_free};
}

inline at::Tensor matrix(const std::vector<double> &values, int64_t columns, at::ScalarType type)
{
    return at::tensor(values, at::kDouble).view({-1, columns}).to(type);
}

inline std::vector<double> values_of(const at::Tensor &tensor)
{
    const at::Tensor packed = tensor.detach().to(at::kDouble).contiguous();
    const auto *data = packed.const_data_ptr<double>();
    return {data, data + packed.numel()};
}

// One case in one precision, with gradients wanted for both logits.
struct CaseRun {
    CaseRun(const std::string &name, at::ScalarType type)
        : given(case_path(name)), classes(given.integer("inputs/C")), options(options_of(given)),
          statistics(fit_balance(given.label_sets(), classes, options)),
          method(options, *statistics, type)
    {
        if (given.find("inputs/T_pos") != nullptr) {
            method.thresholds() = at::tensor(given.array("inputs/T_pos"), at::kDouble)
                                      .to(type)
                                      .set_requires_grad(true);
        }
        inputs.teacher_logits = matrix(given.array("inputs/teacher_logits"), classes, type);
        inputs.student_logits = matrix(given.array("inputs/student_logits_u"), classes, type);
        inputs.labeled_logits = matrix(given.array("inputs/student_logits_l"), classes, type);
        inputs.labels = matrix(given.array("inputs/y_l"), classes, at::kByte);
        inputs.unlabeled_mask = at::tensor(given.array("inputs/mask_u"), at::kDouble).to(at::kByte);
        inputs.labeled_mask = at::tensor(given.array("inputs/mask_l"), at::kDouble).to(at::kByte);
        inputs.student_logits.set_requires_grad(true);
        inputs.labeled_logits.set_requires_grad(true);
    }

    MethodCase given;
    int64_t classes;
    sslact::MethodOptions options;
    Balance statistics;
    sslact::Method method;
    sslact::Method::Inputs inputs;
};

} // namespace test

#endif
