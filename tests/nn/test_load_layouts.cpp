// Weights with the names of other code bases into a network. The names come from
// weights_layout_rename, which tests/weights checks against the published digests.

#include "nn/arrays.h"
#include "nn/load.h"
#include "nn/network.h"

#include "base/error.hpp"
#include "base/log.h"
#include "support/temporary.h"
#include "weights/names.h"
#include "weights/torch_write.h"

#include <gtest/gtest.h>

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

namespace
{

using namespace test;
using sslact::load_all_weights;
using sslact::load_best_weights;
using sslact::load_weights;
using sslact::LoadReport;
using sslact::NamedArrays;
using sslact::NetworkOptions;

std::string rename(weights_layout layout, const std::string &name, bool prefixed)
{
    text out = {};
    EXPECT_TRUE(weights_layout_rename(layout, name.c_str(), prefixed, &out)) << name;
    const std::string result = text_get(&out);
    text_free(&out);
    return result;
}

// A torch zip of arrays, in a dict under `dict` where it is not NULL.
void save(const NamedArrays &arrays, const char *dict, const std::string &path)
{
    std::vector<named_array> entries;
    std::vector<at::Tensor> packed;
    for (const auto &[name, array] : arrays) {
        packed.push_back(array.detach().contiguous());
        named_array entry = {};
        entry.name = name.c_str();
        entry.dtype = array.scalar_type() == at::kLong ? WEIGHTS_I64 : WEIGHTS_F32;
        entry.rank = static_cast<int32_t>(array.dim());
        std::copy(array.sizes().begin(), array.sizes().end(), entry.shape);
        entry.data = packed.back().const_data_ptr();
        entries.push_back(entry);
    }
    ASSERT_EQ(torch_write(path.c_str(), dict, entries.data(), entries.size()), SSLACT_OK)
        << sslact_error_get_message();
}

NamedArrays rename_all(const NamedArrays &arrays, weights_layout layout, const std::string &prefix)
{
    NamedArrays out;
    for (const auto &[name, array] : arrays) {
        const bool head = name.rfind("head.", 0) == 0;
        out.emplace_back((head ? "" : prefix) + rename(layout, name, prefix.empty()), array);
    }
    return out;
}

void expect_equal(const sslact::Detector &a, const sslact::Detector &b)
{
    const NamedArrays first = sslact::named_arrays(a), second = sslact::named_arrays(b);
    ASSERT_EQ(first.size(), second.size());
    for (size_t i = 0; i < first.size(); i++) {
        EXPECT_TRUE(first[i].second.equal(second[i].second)) << first[i].first;
    }
}

std::string catch_message(const std::function<void()> &call)
{
    try {
        call();
    } catch (const sslact::Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_MISMATCH);
        return error.what();
    }
    return "nothing was thrown";
}

#define EXPECT_SAYS(message, words)                                                                \
    EXPECT_NE(std::string(message).find(words), std::string::npos) << (message)

NetworkOptions make_mmaction_options()
{
    NetworkOptions options = make_tiny_options();
    options.lateral_norm_act = false;
    options.slow_sampling = sslact::SlowSampling::stride;
    options.res5_dilation = 1;
    options.head_bias = true;
    return options;
}

// As mmaction2 has it: a background row above the others, of 99.
NamedArrays make_mmaction_arrays(const sslact::Detector &network)
{
    NamedArrays arrays =
        rename_all(sslact::named_arrays(network), WEIGHTS_LAYOUT_MMACTION2, "backbone.");
    for (auto &[name, array] : arrays) {
        if (name.rfind("roi_head.", 0) == 0) {
            array = at::cat({at::zeros_like(array.narrow(0, 0, 1)) + 99, array});
        }
    }
    return arrays;
}

} // namespace

TEST(LoadLayouts, EveryCodeBaseFillsTheSameNetwork)
{
    TemporaryFolder folder;
    const auto written = make_network(make_tiny_options(), 1);
    const NamedArrays arrays = sslact::named_arrays(*written);
    save(arrays, "model_state", folder / "pyslowfast");
    save(rename_all(arrays, WEIGHTS_LAYOUT_ACAR, ""), nullptr, folder / "acar");
    save(rename_all(arrays, WEIGHTS_LAYOUT_PYTORCHVIDEO, "model."), "model_state",
         folder / "pytorchvideo");

    for (const char *layout : {"pyslowfast", "acar", "pytorchvideo"}) {
        const auto read = make_network(make_tiny_options(), 2);
        const LoadReport report = load_weights(*read, folder / layout, nullptr, true);

        expect_equal(*written, *read);
        EXPECT_EQ(report.layout, layout);
        EXPECT_EQ(report.container, "torch zip");
        EXPECT_EQ(report.matched.size(), arrays.size());
        EXPECT_TRUE(report.unknown.empty());
    }
}

TEST(LoadLayouts, Mmaction2FillsItsOwnTopologyWithoutTheBackgroundRow)
{
    TemporaryFolder folder;
    const auto written = make_network(make_mmaction_options(), 1);
    const auto read = make_network(make_mmaction_options(), 2);
    save(make_mmaction_arrays(*written), "state_dict", folder / "a");

    load_all_weights(*read, folder / "a");

    expect_equal(*written, *read);
}

TEST(LoadLayouts, Mmaction2IsRefusedByOtherTopologiesWithTheKeysToSet)
{
    TemporaryFolder folder;
    save(make_mmaction_arrays(*make_network(make_mmaction_options(), 1)), "state_dict",
         folder / "a");
    NetworkOptions lateral = make_mmaction_options();
    lateral.lateral_norm_act = true;
    NetworkOptions sampling = make_mmaction_options();
    sampling.slow_sampling = sslact::SlowSampling::full_span;
    NetworkOptions dilation = make_mmaction_options();
    dilation.res5_dilation = 2;

    for (const NetworkOptions &options : {lateral, sampling, dilation}) {
        const auto network = make_network(options, 2);
        const std::string message =
            catch_message([&] { load_best_weights(*network, folder / "a"); });
        EXPECT_SAYS(message, "model.lateral_norm_act=false");
        EXPECT_SAYS(message, "model.slow_sampling=stride");
        EXPECT_SAYS(message, "model.res5_dilation=1");
        expect_equal(*network, *make_network(options, 2));
    }
    const auto network = make_network(sampling, 2);
    load_best_weights(*network, folder / "a", false); // model.weights_strict=false
    EXPECT_TRUE(network->named_parameters()["head.projection.bias"].equal(
        make_network(make_mmaction_options(), 1)->named_parameters()["head.projection.bias"]));
}

TEST(LoadLayouts, LateralNormInTheFileAloneIsRefusedToo)
{
    TemporaryFolder folder;
    save(sslact::named_arrays(*make_network(make_tiny_options(), 1)), "model_state", folder / "a");
    NetworkOptions bare = make_tiny_options();
    bare.lateral_norm_act = false;
    const auto network = make_network(bare, 2);

    const std::string message = catch_message([&] { load_best_weights(*network, folder / "a"); });

    EXPECT_SAYS(message, "model.lateral_norm_act=true");
    EXPECT_SAYS(message, "s1_fuse.bn");
}

TEST(LoadLayouts, ADeeperNetworkIsRefused)
{
    TemporaryFolder folder;
    NetworkOptions deeper = make_tiny_options();
    deeper.stage_blocks = {1, 2};
    save(sslact::named_arrays(*make_network(deeper, 1)), nullptr, folder / "a");
    const auto network = make_network(make_tiny_options(), 2);

    const std::string message = catch_message([&] { load_best_weights(*network, folder / "a"); });

    EXPECT_SAYS(message, "s3.pathway0_res1.branch2.a");
    EXPECT_SAYS(message, "is not in the network");
}

TEST(LoadLayouts, KineticsWeightsStartADetectorWithAFreshHead)
{
    TemporaryFolder folder;
    NetworkOptions kinetics = make_tiny_options();
    kinetics.class_count = 400;
    kinetics.head_bias = true;
    kinetics.res5_stride = 2;
    kinetics.res5_dilation = 1;
    const auto written = make_network(kinetics, 1);
    save(sslact::named_arrays(*written), "model_state", folder / "a");
    const auto network = make_network(make_tiny_options(), 2);
    const at::Tensor head = network->named_parameters()["head.projection.weight"].detach().clone();

    const LoadReport report = load_weights(*network, folder / "a", nullptr, true);

    const std::string width = std::to_string(head.size(1));
    EXPECT_EQ(report.mismatched, std::vector<std::string>{"head.projection.weight"});
    EXPECT_EQ(report.shapes, std::vector<std::string>{"[400, " + width + "] in the file, [5, " +
                                                      width + "] in the network"});
    EXPECT_TRUE(network->named_parameters()["head.projection.weight"].equal(head));
    EXPECT_TRUE(network->named_parameters()["s1.pathway0_stem.conv.weight"].equal(
        written->named_parameters()["s1.pathway0_stem.conv.weight"]));
}

TEST(LoadLayouts, AvasEightyClassesGiveTheSixtyEvaluatedOnes)
{
    TemporaryFolder folder;
    NetworkOptions options = make_tiny_options();
    options.head_bias = true;
    options.class_count = 80;
    const auto written = make_network(options, 1);
    save(sslact::named_arrays(*written), "model_state", folder / "a");
    options.class_count = 60;
    const auto network = make_network(options, 2);

    load_all_weights(*network, folder / "a");

    const at::Tensor all = written->named_parameters()["head.projection.weight"];
    const at::Tensor taken = network->named_parameters()["head.projection.weight"];
    // Ids 1, 3, 17 and 80 are the evaluated classes number 0, 1, 14 and 59.
    for (const auto &[row, id] : {std::pair{0, 1}, {1, 3}, {14, 17}, {59, 80}}) {
        EXPECT_TRUE(taken[row].equal(all[id - 1])) << id;
    }
}

TEST(LoadLayouts, AHeadThatComputesSomethingElseIsNotLoadedAsAWhole)
{
    TemporaryFolder folder;
    NetworkOptions biased = make_tiny_options();
    biased.head_bias = true;
    save(sslact::named_arrays(*make_network(biased, 1)), nullptr, folder / "biased");
    save(sslact::named_arrays(*make_network(make_tiny_options(), 1)), nullptr, folder / "plain");
    const auto with = make_network(biased, 2);
    const auto without = make_network(make_tiny_options(), 2);

    EXPECT_SAYS(catch_message([&] { load_all_weights(*without, folder / "biased"); }),
                "model.head_bias=true");
    EXPECT_SAYS(catch_message([&] { load_all_weights(*with, folder / "plain"); }),
                "model.head_bias=false");
}

TEST(LoadLayouts, AlphActionIsRefusedByName)
{
    TemporaryFolder folder;
    save({{"backbone.slow.res_nl1.res_0.btnk.conv1.conv.weight", at::zeros({2, 2})}}, "model",
         folder / "a");
    const auto network = make_network(make_tiny_options(), 2);

    EXPECT_SAYS(catch_message([&] { load_best_weights(*network, folder / "a"); }), "AlphAction");
}

TEST(LoadLayouts, OneLineSaysWhatMatched)
{
    TemporaryFolder folder;
    NetworkOptions kinetics = make_tiny_options();
    kinetics.class_count = 400;
    save(sslact::named_arrays(*make_network(kinetics, 1)), "model_state", folder / "a");
    const auto network = make_network(make_tiny_options(), 2);
    std::vector<std::string> lines;
    const auto keep = [](sslact_log_level, const char *, const char *line, void *user) {
        static_cast<std::vector<std::string> *>(user)->push_back(line);
    };

    log_set(keep, SSLACT_LOG_INFO, &lines);
    load_best_weights(*network, folder / "a");
    log_set(nullptr, SSLACT_LOG_WARNING, nullptr);

    const size_t matched = sslact::named_arrays(*network).size() - 1;
    ASSERT_EQ(lines.size(), 3u); // summary, the array left out, the warning of a fresh head
    EXPECT_SAYS(lines[0], "pyslowfast names, torch zip: " + std::to_string(matched) +
                              " arrays matched, 1 of another shape, 0 missing, 0 unknown");
    EXPECT_SAYS(lines[1], "[400, ");
}
