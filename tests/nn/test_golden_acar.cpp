// The ACAR head against the numbers of models.md section 14.4.

#include "nn/golden.h"

#include <ATen/ops/binary_cross_entropy.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <gtest/gtest.h>

namespace
{

using namespace test;
using sslact::Detector;
using sslact::NetworkOptions;

NetworkOptions make_acar_options()
{
    NetworkOptions options;
    options.head = sslact::HeadKind::acar;
    options.acar_dropout = 0.0;
    options.output_activation = sslact::OutputActivation::pose_softmax_sigmoid;
    return options;
}

at::Tensor make_relative_rois()
{
    return at::tensor({0., .05, .05, .45, .95, //
                       0., .5, .15, .99, 1.,   //
                       0., 0., 0., .15, .3},
                      at::kDouble)
        .view({3, 5});
}

// The softmax over the poses as one binary cross entropy a class.
at::Tensor make_pose_loss(const Detector &detector, const at::Tensor &logits)
{
    return at::binary_cross_entropy_with_logits(detector.separate_classes(logits),
                                                make_targets(60).to(logits.dtype()));
}

const GoldenRun &run_acar(at::ScalarType type)
{
    static std::map<at::ScalarType, GoldenRun> runs;
    if (runs.count(type) == 0) {
        auto detector = std::make_shared<Detector>(make_acar_options());
        detector->to(at::kDouble);
        sslact::NamedArrays arrays = sslact::named_arrays(*detector);
        std::set<std::string> head;
        for (const auto &[name, array] : arrays) {
            if (name.rfind("head.", 0) == 0) {
                head.insert(name);
            }
        }
        EXPECT_EQ(head.size(), 17u);
        fill_golden(arrays, list_backbone_names(arrays));
        fill_golden(arrays, head);
        runs[type] = run_golden(detector, type, make_relative_rois(), make_pose_loss);
    }
    return runs[type];
}

struct StepRow {
    const char *step;
    std::vector<int64_t> shape;
    double sum, absolute_sum, first, last;
};

class GoldenAcar : public testing::TestWithParam<at::ScalarType>
{
};

} // namespace

TEST_P(GoldenAcar, EveryStepOfTheHeadGivesTheOriginalsNumbers)
{
    const std::vector<StepRow> rows = {
        {"conv_reduce", {1, 1024, 4, 6}, -29.68966231, 4361.826697, 0.1254954483, 0.1017598164},
        {"conv1", {3, 512, 4, 6}, -1134.563739, 9505.189111, -0.1058031258, -0.08819354004},
        {"conv2", {3, 512, 2, 4}, -28.30978803, 2753.600006, 0.2424358189, -0.1047831256},
        {"max_pool", {3, 512, 1, 2}, 378.8720572, 378.8720572, 0.3407405329, 0},
        {"hr2o.0", {3, 512, 1, 2}, 395.3643108, 772.3477287, 0.1729623075, 0.2792328943},
        {"hr2o.1", {3, 512, 1, 2}, 372.4351635, 961.8404801, -0.1426194998, 0.3843158465},
        {"mean", {3, 512}, 186.2175818, 400.8352356, 0.1603126681, 0.2526860950},
        {"fc1", {3, 512}, 9.561670702, 368.6167806, 0.2502384419, -0.1787317925},
    };

    for (const StepRow &row : rows) {
        const at::Tensor &x = run_acar(GetParam()).steps.at(row.step);
        EXPECT_EQ(x.sizes().vec(), row.shape) << row.step;
        expect_close(sum_of(x), row.sum, GetParam(), std::string(row.step) + " sum");
        expect_close(absolute_sum_of(x), row.absolute_sum, GetParam(),
                     std::string(row.step) + " absolute sum");
        expect_close(at_flat(x, 0), row.first, GetParam(), std::string(row.step) + " first");
        expect_close(at_flat(x, x.numel() - 1), row.last, GetParam(),
                     std::string(row.step) + " last");
    }
}

TEST_P(GoldenAcar, LogitsAreTheOriginals)
{
    expect_logits(run_acar(GetParam()).logits, GetParam(), -7.160955934, 58.06482918,
                  {-0.1019168307, -0.8179760165, -0.06177486752, 0.2188561026, //
                   -0.09381404733, -0.8193266141, 0.01268502746, 0.1836552727, //
                   -0.03728097865, -0.8787716784, -0.09326321162, 0.2630304517});
}

TEST_P(GoldenAcar, LossesAndScoresAreTheOriginals)
{
    const GoldenRun &run = run_acar(GetParam());
    at::Tensor targets = make_targets(60).to(GetParam());
    at::Tensor scores = run.detector->activate(run.logits);

    expect_close(make_pose_loss(*run.detector, run.logits).item<double>(), 0.646257821902,
                 GetParam(), "pose softmax loss");
    expect_close(at::binary_cross_entropy(scores, targets).item<double>(), 0.646257821902,
                 GetParam(), "loss of the scores");
    expect_close(at::binary_cross_entropy_with_logits(run.logits, targets).item<double>(),
                 0.700784537827, GetParam(), "plain loss");
    expect_close(sum_of(scores.slice(1, 0, 13)), 3.0, GetParam(), "poses");
    expect_close(sum_of(scores.slice(1, 13)), 68.42778568, GetParam(), "other scores");
}

TEST_P(GoldenAcar, GradientsAreTheOriginals)
{
    const std::map<std::string, double> expected = {
        {"head.conv_reduce.weight", 462.2878294},
        {"head.conv1.weight", 214.8700257},
        {"head.hr2o.0.conv_q.weight", 4.022052057e-3},
        {"head.hr2o.1.conv_v.weight", 147.0385381},
        {"head.hr2o.0.norm.weight", 0.2107728125},
        {"head.fc1.weight", 78.46720454},
        {"head.fc2.weight", 60.83100377},
        {"s5.pathway0_res2.branch2.b.weight", 46.56216230},
        {"s4_fuse.conv_f2s.weight", 10.78519703},
        {"s1.pathway1_stem.conv.weight", 0.2685529008},
    };

    for (const auto &[name, sum] : expected) {
        expect_close(absolute_sum_of(run_acar(GetParam()).gradient(name)), sum, GetParam(), name);
    }
}

INSTANTIATE_TEST_SUITE_P(InBothPrecisions, GoldenAcar, testing::Values(at::kDouble, at::kFloat),
                         name_precision);
