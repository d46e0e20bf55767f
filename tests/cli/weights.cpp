// weights inspect and weights convert on small stored files.

#include "cli_support.h"

namespace
{

using namespace test;

const std::string data = SSLACT_TESTS_FOLDER "/weights/data/";

} // namespace

TEST(WeightsCommand, InspectTellsLayoutTensorsAndMatches)
{
    const Json found = run_json({"weights", "inspect", data + "caffe2_python_2.pkl"});

    EXPECT_EQ(found["layout"].text(), "caffe2");
    EXPECT_EQ(found["container"].text(), "pickle");
    EXPECT_EQ(found["tensors"].size(), 14u);
    EXPECT_EQ(found["tensors"][size_t{0}]["name"].text(), "conv1_w");
    EXPECT_EQ(found["tensors"][size_t{0}]["dtype"].text(), "F32");
    EXPECT_EQ(found["tensors"][size_t{0}]["shape"].size(), 5u);
    EXPECT_EQ(found["tensors"][size_t{0}]["canonical"].text(), "s1.pathway0_stem.conv.weight");
    EXPECT_EQ(found["matched"].size(), 11u);
    EXPECT_EQ(found["unmatched"].size(), 3u);
}

TEST(WeightsCommand, InspectWithKeysMatchesTheirNetwork)
{
    const Json found = run_json({"weights", "inspect", data + "caffe2_python_2.pkl",
                                 "model.class_count=3", "model.head_bias=true"});

    // Of the small file only the last layer's bias of 3 has the network's shape.
    EXPECT_EQ(found["matched"].size(), 1u);
    EXPECT_EQ(found["matched"][size_t{0}].text(), "pred_b");
    EXPECT_EQ(found["unmatched"].size(), 13u);
    EXPECT_EQ(found["skipped"].size(), 10u);
    EXPECT_EQ(found["skipped"][size_t{0}]["name"].text(), "s1.pathway0_stem.conv.weight");
    EXPECT_EQ(found["skipped"][size_t{0}]["shapes"].text(),
              "[2, 3, 1, 2, 2] in the file, [64, 3, 1, 7, 7] in the network");
}

TEST(WeightsCommand, InspectForPeopleSaysTheSame)
{
    const Outcome outcome = run({"weights", "inspect", data + "caffe2_python_2.pkl", "--all"});

    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("pickle, names of caffe2"), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("[2, 3, 1, 2, 2] conv1_w  = s1.pathway0_stem.conv.weight"),
              std::string::npos)
        << outcome.out;
    EXPECT_NE(outcome.out.find("14 tensors, 11 matched"), std::string::npos) << outcome.out;
}

TEST(WeightsCommand, ConvertWritesWhatInspectReads)
{
    TemporaryFolder folder;
    const std::string out = folder / "out.pyth";

    const Outcome outcome =
        run({"weights", "convert", data + "caffe2_python_2.pkl", out, "--names", "pyslowfast"});

    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const Json found = run_json({"weights", "inspect", out});
    EXPECT_EQ(found["layout"].text(), "pyslowfast");
    EXPECT_EQ(found["container"].text(), "torch zip");
    EXPECT_EQ(found["matched"].size(), 13u); // and two counters for two running variances
    EXPECT_EQ(found["unmatched"].size(), 0u);
}

TEST(WeightsCommand, FailuresHaveTheirExitCodes)
{
    TemporaryFolder folder;
    put_file(folder / "text", "no checkpoint at all");
    const std::string file = data + "caffe2_python_2.pkl";

    EXPECT_EQ(run({"weights", "inspect"}).code, 2);
    EXPECT_EQ(run({"weights", "inspect", folder / "none"}).code, 3);
    EXPECT_EQ(run({"weights", "inspect", folder / "text"}).code, 3);
    EXPECT_EQ(run({"weights", "convert", file}).code, 2);
    EXPECT_EQ(run({"weights", "convert", file, folder / "x.pth", "--names", "keras"}).code, 2);
    EXPECT_NE(run({"weights", "convert", file, folder / "x.pkl"}).code, 0);
    EXPECT_EQ(folder.list().size(), 1u);
}
