// The network with the linear heads against the numbers of models.md section 14, which came from
// running the published originals. Once in double, once in float.

#include "nn/golden.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <gtest/gtest.h>

namespace
{

using namespace test;
using sslact::Detector;
using sslact::NetworkOptions;
using sslact::Pathways;

NetworkOptions make_pyslowfast_options(bool aligned)
{
    NetworkOptions options;
    options.class_count = 80;
    options.head_bias = true;
    options.roi_coords = sslact::RoiCoordinates::pixels_over_16;
    options.roi_aligned = aligned;
    return options;
}

at::Tensor make_pixel_rois()
{
    // Pixels of a picture of 96 x 64, as relative corners.
    return at::tensor({0.0, 5.5 / 96, 3.25 / 64, 40.0 / 96, 60.0 / 64,  //
                       0.0, 50.0 / 96, 10.0 / 64, 95.0 / 96, 63.0 / 64, //
                       0.0, -4.0 / 96, -4.0 / 64, 12.0 / 96, 20.0 / 64},
                      at::kDouble)
        .view({3, 5});
}

at::Tensor make_loss(const Detector &, const at::Tensor &logits)
{
    return at::binary_cross_entropy_with_logits(logits, make_targets(80).to(logits.dtype()));
}

const GoldenRun &run_pyslowfast(at::ScalarType type)
{
    static std::map<at::ScalarType, GoldenRun> runs;
    if (runs.count(type) == 0) {
        auto detector = std::make_shared<Detector>(make_pyslowfast_options(true));
        detector->to(at::kDouble);
        sslact::NamedArrays arrays = sslact::named_arrays(*detector);
        std::set<std::string> names = list_backbone_names(arrays);
        EXPECT_EQ(*names.begin(), "head.projection.bias");
        EXPECT_EQ(*names.rbegin(), "s5.pathway1_res2.branch2.c_bn.weight");
        fill_golden(arrays, names);
        runs[type] = run_golden(detector, type, make_pixel_rois(), make_loss);
    }
    return runs[type];
}

struct PartRow {
    const char *part;
    bool fast;
    std::vector<int64_t> shape;
    double sum, first, middle, last;
};

// Logits of a head of its own on the features of the run.
at::Tensor run_head(at::ScalarType type, const NetworkOptions &options, const at::Tensor &rois,
                    const std::map<std::string, uint32_t> &ranks)
{
    at::NoGradGuard no_grad;
    sslact::LinearRoiHead head(options);
    head.to(at::kDouble);
    for (auto &item : head.named_parameters()) {
        item.value().copy_(make_golden_array(item.key(), item.value(), ranks.at(item.key())));
    }
    head.to(type);
    return head.forward(run_pyslowfast(type).parts.at("s5"), rois.to(type), 64, 96, {});
}

class Golden : public testing::TestWithParam<at::ScalarType>
{
};

} // namespace

TEST(GoldenFiller, GivesItsCheckNumbers)
{
    EXPECT_NEAR(fill_number(0, 0), -0.1078591775, 1e-10);
    EXPECT_NEAR(fill_number(0, 1), -0.8260901016, 1e-10);
    EXPECT_NEAR(fill_number(0, 2), -0.2835973646, 1e-10);
    EXPECT_NEAR(fill_number(7, 0), -0.8125850302, 1e-10);
    EXPECT_NEAR(fill_number(7, 1), 0.8641085839, 1e-10);
}

TEST_P(Golden, EveryPartOfTheBackboneGivesTheOriginalsNumbers)
{
    const std::vector<PartRow> rows = {
        {"s1", false, {64, 8, 16, 24}, 1.162517021e5, 0.6217324915, 0.3556815217, 0.6564607714},
        {"s1", true, {8, 32, 16, 24}, 5.881276591e4, 0.1551603774, 0.5062940477, 0.3618269126},
        {"s1_fuse", false, {80, 8, 16, 24}, 1.232808705e5, 0.6217324915, 0.4451168850, 0},
        {"s2", false, {256, 8, 16, 24}, 1.606485177e5, 0, 0.07479117724, 0.4200844451},
        {"s2", true, {32, 32, 16, 24}, 9.867583867e4, 0.2014563183, 0, 0.3178404887},
        {"s2_fuse", false, {320, 8, 16, 24}, 1.792704912e5, 0, 0, 0},
        {"s3", false, {512, 8, 8, 12}, 5.771369879e4, 0.1613828540, 0.5914141830, 0},
        {"s3", true, {64, 32, 8, 12}, 3.190527365e4, 0.2544430154, 0.1060471960, 0.1447464847},
        {"s4", false, {1024, 8, 4, 6}, 2.886300905e4, 0.1374579305, 0, 0},
        {"s4", true, {128, 32, 4, 6}, 1.587728937e4, 0.3480311017, 0.2717222527, 0},
        {"s5", false, {2048, 8, 4, 6}, 4.000838346e4, 0.3148749632, 0.06031678140, 0.06519963330},
        {"s5", true, {256, 32, 4, 6}, 2.335641466e4, 0.04632742210, 0.07921391904, 0.1807935590},
    };

    for (const PartRow &row : rows) {
        const Pathways &part = run_pyslowfast(GetParam()).parts.at(row.part);
        at::Tensor x = row.fast ? part.fast[0] : part.slow[0];
        std::string what = std::string(row.part) + (row.fast ? " fast" : " slow");
        EXPECT_EQ(x.sizes().vec(), row.shape) << what;
        expect_close(sum_of(x), row.sum, GetParam(), what + " sum");
        expect_close(at_flat(x, 0), row.first, GetParam(), what + " first");
        expect_close(at_flat(x, x.numel() / 2), row.middle, GetParam(), what + " middle");
        expect_close(at_flat(x, x.numel() - 1), row.last, GetParam(), what + " last");
    }
}

TEST_P(Golden, AlignedPySlowFastHeadGivesTheOriginalsLogits)
{
    expect_logits(run_pyslowfast(GetParam()).logits, GetParam(), 11.71730492, 40.86306235,
                  {-0.2354168010, -0.03172767357, -0.3528588602, -0.07932162188, //
                   -0.2101686591, -0.04438759396, -0.3420826860, -0.09423017176, //
                   -0.2752028493, -0.06685214498, -0.2642363957, -0.1445490653});
}

TEST_P(Golden, LossAndGradientsAreTheOriginals)
{
    const GoldenRun &run = run_pyslowfast(GetParam());
    expect_close(make_loss(*run.detector, run.logits).item<double>(), 0.715650343645, GetParam(),
                 "loss");
    const std::map<std::string, std::pair<double, double>> expected = {
        {"head.projection.weight", {101.6891681, 101.8550334}},
        {"head.projection.bias", {0.3662224607, 0.3662224607}},
        {"s5.pathway0_res2.branch2.b.weight", {-0.5363285549, 25.61571507}},
        {"s5.pathway1_res0.branch1.weight", {0.1419189019, 1.268955176}},
        {"s4_fuse.conv_f2s.weight", {0.07179578085, 5.834420546}},
        {"s3.pathway0_res0.branch2.a.weight", {0.04708051775, 0.2379971411}},
        {"s1_fuse.bn.weight", {5.321363041e-4, 5.453405088e-4}},
        {"s1.pathway1_stem.conv.weight", {-1.619142766e-3, 0.1417030015}},
        {"s1.pathway0_stem.conv.weight", {-7.058585632e-4, 0.1382111174}},
    };

    for (const auto &[name, sums] : expected) {
        at::Tensor gradient = run.gradient(name);
        expect_close(sum_of(gradient), sums.first, GetParam(), name + " sum");
        expect_close(absolute_sum_of(gradient), sums.second, GetParam(), name + " absolute sum");
    }
}

TEST_P(Golden, UnalignedPySlowFastHeadGivesTheOriginalsLogits)
{
    at::Tensor logits = run_head(GetParam(), make_pyslowfast_options(false), make_pixel_rois(),
                                 {{"projection.bias", 0}, {"projection.weight", 1}});

    expect_logits(logits, GetParam(), 11.86898248, 40.80024091,
                  {-0.2305372958, -0.03587098371, -0.3536135247, -0.07978729042, //
                   -0.2058077326, -0.05082354539, -0.3279403716, -0.09918375752, //
                   -0.2730545038, -0.05624379762, -0.2878865484, -0.1263546235});
}

TEST_P(Golden, AcarsLinearHeadGivesTheOriginalsLogits)
{
    at::Tensor rois = at::tensor({0., .05, .05, .45, .95, //
                                  0., .5, .15, .99, 1.,   //
                                  0., 0., 0., .15, .3},
                                 at::kDouble)
                          .view({3, 5});
    at::Tensor logits = run_head(GetParam(), NetworkOptions(), rois, {{"projection.weight", 0}});

    expect_logits(logits, GetParam(), -1.030701027, 36.69315686,
                  {0.1142510718, -0.2180552174, -0.3375544208, -0.2147382151, //
                   0.0781886389, -0.2335526556, -0.3515032547, -0.2524903567, //
                   0.1776977361, -0.2306774936, -0.2943920175, -0.1601206142});
}

INSTANTIATE_TEST_SUITE_P(InBothPrecisions, Golden, testing::Values(at::kDouble, at::kFloat),
                         name_precision);
