// Names, shapes and sizes of the networks against models.md sections 10 and 13.5.

#include "nn/detector.h"
#include "nn/network.h"
#include "support/sha256.h"

#include <gtest/gtest.h>

namespace
{

using sslact::Detector;
using sslact::NetworkOptions;

NetworkOptions make_options(int64_t classes, bool bias)
{
    NetworkOptions options;
    options.class_count = classes;
    options.head_bias = bias;
    return options;
}

// "name<TAB>d0,d1,...<LF>", sorted by bytes.
std::vector<std::string> list_arrays(const NetworkOptions &options, bool with_head)
{
    Detector detector(options);
    std::vector<std::string> lines;
    for (const auto &[name, array] : sslact::named_arrays(detector)) {
        if (!with_head && name.rfind("head.", 0) == 0) {
            continue;
        }
        std::string line = name + "\t";
        for (int64_t axis = 0; axis < array.dim(); axis++) {
            line += (axis > 0 ? "," : "");
            line += std::to_string(array.size(axis));
        }
        lines.push_back(line + "\n");
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::string digest(const std::vector<std::string> &lines)
{
    std::string text;
    for (const std::string &line : lines) {
        text += line;
    }
    return test::sha256(text);
}

int64_t count_parameters(const NetworkOptions &options)
{
    Detector detector(options);
    int64_t count = 0;
    for (const at::Tensor &parameter : detector.parameters()) {
        count += parameter.numel();
    }
    return count;
}

} // namespace

TEST(Sha256, GivesTheStandardsOwnExamples)
{
    EXPECT_EQ(test::sha256("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(test::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Names, OfTheAvaNetworkHaveThePublishedDigest)
{
    std::vector<std::string> lines = list_arrays(make_options(80, true), true);

    EXPECT_EQ(lines.size(), 662u);
    EXPECT_EQ(digest(lines), "34891895a2c5435c25e4a9b2888d923a800c6814aaf7cde293a05694e3c7f4c0");
}

TEST(Names, OfTheBackboneHaveThePublishedDigest)
{
    std::vector<std::string> lines = list_arrays(make_options(80, true), false);

    EXPECT_EQ(lines.size(), 660u);
    EXPECT_EQ(digest(lines), "ea36723bc8c7b45211ba5e399b3fe464ebbb482fca45d3d9a659fcff79266d7c");
}

TEST(Names, OfTheKineticsNetworkHaveThePublishedDigest)
{
    EXPECT_EQ(digest(list_arrays(make_options(400, true), true)),
              "75bf5d403a47d3cdf48f1b9a579cba89d7e383c061897000552b7e0b1eb98e82");
}

TEST(ParameterCount, IsThePublishedOneForEveryVariant)
{
    EXPECT_EQ(count_parameters(make_options(80, true)), 33828888);
    EXPECT_EQ(count_parameters(make_options(60, false)), 33782728);
    EXPECT_EQ(count_parameters(make_options(60, true)), 33782788);
    EXPECT_EQ(count_parameters(make_options(24, false)), 33699784);
    EXPECT_EQ(count_parameters(make_options(24, true)), 33699808);
    EXPECT_EQ(count_parameters(make_options(400, true)), 34566488);
    NetworkOptions four_by_sixteen = make_options(400, true);
    four_by_sixteen.alpha = 8;
    four_by_sixteen.fusion_kernel = 5;
    EXPECT_EQ(count_parameters(four_by_sixteen), 34480216);
    four_by_sixteen.class_count = 80;
    EXPECT_EQ(count_parameters(four_by_sixteen), 33742616);
    NetworkOptions bare_lateral = make_options(81, true);
    bare_lateral.lateral_norm_act = false;
    EXPECT_EQ(count_parameters(bare_lateral), 33830265);
    NetworkOptions acar;
    acar.head = sslact::HeadKind::acar;
    EXPECT_EQ(count_parameters(acar), 58873800);
}
