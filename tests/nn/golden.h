// The golden network of models.md section 14: a SlowFast R50 filled by rule, in double or float,
// run forward and backward once for every test that looks at it.
#ifndef TESTS_NN_GOLDEN_H
#define TESTS_NN_GOLDEN_H

#include "nn/detector.h"
#include "nn/network.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <set>

namespace test
{

struct GoldenRun {
    std::shared_ptr<sslact::Detector> detector;
    std::map<std::string, sslact::Pathways> parts;
    std::map<std::string, at::Tensor> steps; // of the head
    at::Tensor logits;
    std::map<std::string, at::Tensor> gradients; // of the loss given

    at::Tensor gradient(const std::string &name) const { return gradients.at(name); }
};

// The numbers came from double precision; models.md section 2 gives the tolerances.
inline double get_tolerance(at::ScalarType type)
{
    return type == at::kDouble ? 1e-6 : 1e-3;
}

inline void expect_close(double value, double expected, at::ScalarType type,
                         const std::string &what)
{
    EXPECT_NEAR(value, expected, get_tolerance(type) * std::fabs(expected)) << what;
}

inline double sum_of(const at::Tensor &x)
{
    return x.to(at::kDouble).sum().item<double>();
}

inline double absolute_sum_of(const at::Tensor &x)
{
    return x.to(at::kDouble).abs().sum().item<double>();
}

inline double at_flat(const at::Tensor &x, int64_t index)
{
    return x.reshape({-1})[index].item<double>();
}

// The 552 ranked names of PySlowFast's 80-class model, from any network's backbone.
inline std::set<std::string> list_backbone_names(const sslact::NamedArrays &arrays)
{
    std::set<std::string> names = {"head.projection.bias", "head.projection.weight"};
    for (const auto &[name, array] : arrays) {
        if (name.rfind("head.", 0) != 0 && !ends_with(name, "num_batches_tracked")) {
            names.insert(name);
        }
    }
    EXPECT_EQ(names.size(), 552u);
    return names;
}

// Fills arrays whose name is ranked among `names` by that rank.
inline void fill_golden(const sslact::NamedArrays &arrays, const std::set<std::string> &names)
{
    at::NoGradGuard no_grad;
    for (const auto &[name, array] : arrays) {
        auto found = names.find(name);
        if (found != names.end()) {
            uint32_t k = static_cast<uint32_t>(std::distance(names.begin(), found));
            array.copy_(make_golden_array(name, array, k));
        }
    }
}

// Target t(n, c) = 1 where (3 n + c) mod 7 = 0.
inline at::Tensor make_targets(int64_t classes)
{
    at::Tensor targets = at::zeros({3, classes}, at::kDouble);
    for (int64_t n = 0; n < 3; n++) {
        for (int64_t c = 0; c < classes; c++) {
            targets[n][c] = (3 * n + c) % 7 == 0 ? 1.0 : 0.0;
        }
    }
    return targets;
}

using GoldenLoss = std::function<at::Tensor(const sslact::Detector &, const at::Tensor &logits)>;

// Batch norm frozen, no dropout, as the numbers were made.
inline GoldenRun run_golden(const std::shared_ptr<sslact::Detector> &detector, at::ScalarType type,
                            const at::Tensor &rois, const GoldenLoss &loss)
{
    GoldenRun made;
    made.detector = detector;
    detector->to(type);
    detector->train();
    detector->freeze_batch_norm(true);
    made.logits = detector->forward(
        fill_numbers({1, 3, 32, 64, 96}, 1000003).to(type), rois.to(type),
        [&](const std::string &name, const sslact::Pathways &out) {
            made.parts[name] = {out.slow.detach().clone(), out.fast.detach().clone()};
        },
        [&](const std::string &name, const at::Tensor &out) {
            made.steps[name] = out.detach().clone();
        });
    loss(*detector, made.logits).backward();
    for (const auto &item : detector->named_parameters()) {
        made.gradients[item.key()] = item.value().grad();
    }
    return made;
}

inline void expect_logits(const at::Tensor &logits, at::ScalarType type, double sum,
                          double absolute_sum, const std::vector<double> &first_classes)
{
    expect_close(sum_of(logits), sum, type, "sum");
    expect_close(absolute_sum_of(logits), absolute_sum, type, "absolute sum");
    for (size_t i = 0; i < first_classes.size(); i++) {
        double value =
            logits[static_cast<int64_t>(i / 4)][static_cast<int64_t>(i % 4)].item<double>();
        expect_close(value, first_classes[i], type,
                     "box " + std::to_string(i / 4 + 1) + " class " + std::to_string(i % 4));
    }
}

inline std::string name_precision(const testing::TestParamInfo<at::ScalarType> &one)
{
    return one.param == at::kDouble ? "Double" : "Float";
}

} // namespace test

#endif
