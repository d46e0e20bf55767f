// The names of five code bases against the digests and examples of models.md section 13.5. The
// canonical names and shapes are generated here from the rules of sections 3 and 13.5.

#include "support/sha256.h"
#include "weights/files.h"
#include "weights/names.h"

#include <algorithm>
#include <map>

namespace
{

using namespace test;

using Shape = std::vector<int64_t>;
using Names = std::map<std::string, Shape>;

const char *const norm_arrays[] = {"weight", "bias", "running_mean", "running_var"};

void add_norm(Names &names, const std::string &norm, int64_t width)
{
    for (const char *array : norm_arrays) {
        names[norm + "." + array] = {width};
    }
    names[norm + ".num_batches_tracked"] = {};
}

void add_block(Names &names, int stage, int pathway, int block)
{
    const std::string prefix = "s" + std::to_string(stage) + ".pathway" + std::to_string(pathway) +
                               "_res" + std::to_string(block) + ".";
    const int64_t inner = (pathway == 0 ? 64 : 8) << (stage - 2);
    const int64_t slow_in[] = {80, 320, 640, 1280};
    const int64_t fast_in[] = {8, 32, 64, 128};
    const int64_t first = pathway == 0 ? slow_in[stage - 2] : fast_in[stage - 2];
    const int64_t kernel = pathway == 0 && stage < 4 ? 1 : 3;
    if (block == 0) {
        names[prefix + "branch1.weight"] = {4 * inner, first, 1, 1, 1};
        add_norm(names, prefix + "branch1_bn", 4 * inner);
    }
    names[prefix + "branch2.a.weight"] = {inner, block == 0 ? first : 4 * inner, kernel, 1, 1};
    names[prefix + "branch2.b.weight"] = {inner, inner, 1, 3, 3};
    names[prefix + "branch2.c.weight"] = {4 * inner, inner, 1, 1, 1};
    add_norm(names, prefix + "branch2.a_bn", inner);
    add_norm(names, prefix + "branch2.b_bn", inner);
    add_norm(names, prefix + "branch2.c_bn", 4 * inner);
}

Names list_backbone()
{
    const int blocks[] = {3, 4, 6, 3};
    Names names;
    for (int pathway : {0, 1}) {
        const std::string stem = "s1.pathway" + std::to_string(pathway) + "_stem.";
        const int64_t width = pathway == 0 ? 64 : 8;
        names[stem + "conv.weight"] = {width, 3, pathway == 0 ? 1 : 5, 7, 7};
        add_norm(names, stem + "bn", width);
        for (int stage = 2; stage <= 5; stage++) {
            for (int block = 0; block < blocks[stage - 2]; block++) {
                add_block(names, stage, pathway, block);
            }
        }
    }
    for (int i = 1; i <= 4; i++) {
        const int64_t width = i == 1 ? 8 : 8 << i;
        const std::string fuse = "s" + std::to_string(i) + "_fuse.";
        names[fuse + "conv_f2s.weight"] = {2 * width, width, 7, 1, 1};
        add_norm(names, fuse + "bn", 2 * width);
    }
    return names;
}

std::string digest(const Names &names)
{
    std::string lines;
    for (const auto &[name, shape] : names) { // sorted by bytes
        lines += name + "\t";
        for (size_t i = 0; i < shape.size(); i++) {
            lines += (i > 0 ? "," : "") + std::to_string(shape[i]);
        }
        lines += "\n";
    }
    return sha256(lines);
}

std::string rename(weights_layout layout, const std::string &name, bool prefixed = false)
{
    text out = {};
    const bool found = weights_layout_rename(layout, name.c_str(), prefixed, &out);
    const std::string result = found ? text_get(&out) : "";
    text_free(&out);
    return result;
}

std::string translate(weights_layout layout, const std::string &name, bool *drop_first = nullptr)
{
    text out = {};
    const bool found = weights_layout_translate(layout, name.c_str(), &out, drop_first);
    const std::string result = found ? text_get(&out) : "";
    text_free(&out);
    return result;
}

Names rename_all(weights_layout layout, const Names &names, const std::string &prefix = "",
                 bool prefixed = false)
{
    Names out;
    for (const auto &[name, shape] : names) {
        out[prefix + rename(layout, name, prefixed)] = shape;
    }
    return out;
}

Names list_acar_head()
{
    Names names = {{"head.conv_reduce.weight", {1024, 2304, 1, 1}},
                   {"head.conv1.weight", {512, 2048, 1, 1}},
                   {"head.conv2.weight", {512, 512, 3, 3}},
                   {"head.fc1.weight", {512, 1024}},
                   {"head.fc2.weight", {60, 1024}}};
    for (const char *depth : {"0", "1"}) {
        const std::string layer = std::string("head.hr2o.") + depth + ".";
        for (const char *convolution : {"conv_q", "conv_k", "conv_v", "conv"}) {
            names[layer + convolution + ".weight"] = {512, 512, 3, 3};
        }
        names[layer + "norm.weight"] = names[layer + "norm.bias"] = {512};
    }
    return names;
}

// Every name there and back.
void expect_round_trip(weights_layout layout, const Names &names, const std::string &prefix)
{
    for (const auto &[name, shape] : names) {
        EXPECT_EQ(translate(layout, prefix + rename(layout, name)), name);
    }
}

} // namespace

TEST(LayoutNames, TheListsOfThisTestAreThePublishedOnes)
{
    Names names = list_backbone();
    EXPECT_EQ(names.size(), 660u);
    EXPECT_EQ(digest(names), "ea36723bc8c7b45211ba5e399b3fe464ebbb482fca45d3d9a659fcff79266d7c");
    names["head.projection.weight"] = {80, 2304};
    names["head.projection.bias"] = {80};
    EXPECT_EQ(digest(names), "34891895a2c5435c25e4a9b2888d923a800c6814aaf7cde293a05694e3c7f4c0");
}

TEST(LayoutNames, OfPySlowFastStayAsTheyAre)
{
    expect_round_trip(WEIGHTS_LAYOUT_PYSLOWFAST, list_backbone(), "module.");
    EXPECT_EQ(rename_all(WEIGHTS_LAYOUT_PYSLOWFAST, list_backbone(), "", true), list_backbone());
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_PYSLOWFAST, "s2.pathway0_res0.branch2.a_bn.bn.running_var"),
              "s2.pathway0_res0.branch2.a_bn.running_var");
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_PYSLOWFAST, "s1.pathway1_stem.bn.bn.running_mean"),
              "s1.pathway1_stem.bn.running_mean");
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_PYSLOWFAST, "s4.pathway0_nonlocal6.conv_g.weight"), "");
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_PYSLOWFAST, "s6.pathway0_res0.branch1.weight"), "");
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_PYSLOWFAST, "s2.pathway2_res0.branch1.weight"), "");
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_PYSLOWFAST, "s2.pathway0_res0.branch1.weight2"), "");
}

TEST(LayoutNames, OfAcarHaveThePublishedDigests)
{
    const Names backbone = list_backbone();
    const Names head = list_acar_head();

    EXPECT_EQ(digest(rename_all(WEIGHTS_LAYOUT_ACAR, backbone)),
              "39efc442bac1fda0fd6071b44384adb11d57221e4e6eee44122aed035ef5fb85");
    EXPECT_EQ(head.size(), 17u);
    EXPECT_EQ(digest(rename_all(WEIGHTS_LAYOUT_ACAR, head)),
              "f4eca0146ac1d2b9f36a7e390e2a29c11e2f91a65de40c15c15b87202be3753a");
    Names whole = rename_all(WEIGHTS_LAYOUT_ACAR, backbone, "", true);
    whole.merge(rename_all(WEIGHTS_LAYOUT_ACAR, head, "", true));
    EXPECT_EQ(whole.size(), 677u);
    EXPECT_EQ(digest(whole), "a3d5e81671cd3ca2d642a0cf4779c44d7f96907796ed9b935461edb237923142");
    for (const char *prefix : {"", "module.", "module.backbone.module."}) {
        expect_round_trip(WEIGHTS_LAYOUT_ACAR, backbone, prefix);
    }
    expect_round_trip(WEIGHTS_LAYOUT_ACAR, head, "module.head.module.");
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_ACAR, "Tconv3.weight"), "s3_fuse.conv_f2s.weight");
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_ACAR, "module.head.module.fc.weight"),
              "head.projection.weight");
}

TEST(LayoutNames, OfPyTorchVideoHaveThePublishedDigest)
{
    Names names = rename_all(WEIGHTS_LAYOUT_PYTORCHVIDEO, list_backbone(), "model.");
    names["detection_head.proj.weight"] = {80, 2304};
    names["detection_head.proj.bias"] = {80};

    EXPECT_EQ(digest(names), "e1e80ac8c58051c382024a7e932a0f6adec953ccfa999f2e4c4cfc05de66804f");
    expect_round_trip(WEIGHTS_LAYOUT_PYTORCHVIDEO, list_backbone(), "model.");
    expect_round_trip(WEIGHTS_LAYOUT_PYTORCHVIDEO, list_backbone(), "");
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_PYTORCHVIDEO, "detection_head.proj.bias"),
              "head.projection.bias");
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_PYTORCHVIDEO, "blocks.6.proj.weight"),
              "head.projection.weight");
}

TEST(LayoutNames, OfMmaction2HaveThePublishedDigest)
{
    Names bare = list_backbone();
    std::erase_if(
        bare, [](const auto &entry) { return entry.first.find("_fuse.bn.") != std::string::npos; });
    const Names names = rename_all(WEIGHTS_LAYOUT_MMACTION2, bare, "backbone.");
    bool drop_first = false;

    EXPECT_EQ(names.size(), 640u);
    EXPECT_EQ(digest(names), "d36738e3701fbbb9afe627b0aac1089eb903fae75020cb3039c91e4c1a2ba229");
    expect_round_trip(WEIGHTS_LAYOUT_MMACTION2, bare, "backbone.");
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_MMACTION2, "roi_head.bbox_head.fc_cls.bias", &drop_first),
              "head.projection.bias");
    EXPECT_TRUE(drop_first);
    EXPECT_EQ(translate(WEIGHTS_LAYOUT_MMACTION2, "cls_head.fc_cls.weight", &drop_first),
              "head.projection.weight");
    EXPECT_FALSE(drop_first);
}

TEST(LayoutNames, OfCaffe2AreThoseOfTheTable)
{
    const std::pair<const char *, const char *> pairs[] = {
        {"conv1_w", "s1.pathway0_stem.conv.weight"},
        {"t_conv1_w", "s1.pathway1_stem.conv.weight"},
        {"res_conv1_bn_s", "s1.pathway0_stem.bn.weight"},
        {"t_res_conv1_bn_riv", "s1.pathway1_stem.bn.running_var"},
        {"res2_0_branch1_w", "s2.pathway0_res0.branch1.weight"},
        {"t_res5_0_branch1_bn_rm", "s5.pathway1_res0.branch1_bn.running_mean"},
        {"res4_5_branch2b_w", "s4.pathway0_res5.branch2.b.weight"},
        {"t_res3_3_branch2c_bn_b", "s3.pathway1_res3.branch2.c_bn.bias"},
        {"t_pool1_subsample_w", "s1_fuse.conv_f2s.weight"},
        {"t_pool1_subsample_bn_s", "s1_fuse.bn.weight"},
        {"t_res2_2_branch2c_bn_subsample_w", "s2_fuse.conv_f2s.weight"},
        {"t_res3_3_branch2c_bn_subsample_bn_riv", "s3_fuse.bn.running_var"},
        {"t_res4_5_branch2c_bn_subsample_bn_rm", "s4_fuse.bn.running_mean"},
        {"t_res4_22_branch2c_bn_subsample_w", "s4_fuse.conv_f2s.weight"},
        {"pred_w", "head.projection.weight"},
        {"pred_b", "head.projection.bias"},
        {"res2_0_branch2d_w", ""},
        {"lr", ""}};

    for (const auto &[theirs, ours] : pairs) {
        EXPECT_EQ(translate(WEIGHTS_LAYOUT_CAFFE2, theirs), ours) << theirs;
    }
    EXPECT_EQ(rename(WEIGHTS_LAYOUT_CAFFE2, "s1_fuse.conv_f2s.weight"), "");
}

// ---- maps of files ----

TEST(NameMaps, OfCaffe2IgnoreMomentumAndAddTheLastAxes)
{
    Opened file(SSLACT_TESTS_FOLDER "/weights/data/caffe2_python_2.pkl");
    name_map *map = nullptr;
    named_array facts;
    size_t ignored = 0;

    ASSERT_EQ(name_map_create(file.file, nullptr, &map), SSLACT_OK);
    EXPECT_EQ(name_map_get_layout(map), WEIGHTS_LAYOUT_CAFFE2);
    for (size_t i = 0; i < name_map_count(map); i++) {
        ignored += name_map_get(map, i)->ignored;
    }
    EXPECT_EQ(ignored, 3u); // pred_w_momentum, lr, model_iter
    name_map_describe(map, name_map_find(map, "s1_fuse.conv_f2s.weight"), &facts);
    EXPECT_EQ(Shape(facts.shape, facts.shape + facts.rank), (Shape{4, 2, 7, 1, 1}));
    EXPECT_EQ(name_map_find(map, "s1_fuse.bn.weight"), nullptr);
    name_map_free(map);
}

TEST(NameMaps, OfMmaction2LeaveOutTheBackgroundRow)
{
    TemporaryFolder folder;
    const std::string state = "}" + pickle_text("backbone.slow_path.conv1.conv.weight") +
                              pickle_tensor(0, {1}, {1}, 6) + "s" +
                              pickle_text("roi_head.bbox_head.fc_cls.weight") +
                              pickle_tensor(0, {3, 2}, {2, 1}, 6) + "s";
    put_file(folder / "a",
             make_stream("}" + pickle_text("state_dict") + state + "s", {1, 2, 3, 4, 5, 6}));
    Opened file(folder / "a");
    name_map *map = nullptr;
    named_array facts;
    float numbers[4] = {};

    ASSERT_EQ(file.status, SSLACT_OK) << sslact_error_get_message();
    ASSERT_EQ(name_map_create(file.file, nullptr, &map), SSLACT_OK);
    EXPECT_EQ(name_map_get_layout(map), WEIGHTS_LAYOUT_MMACTION2);
    const mapped_array *head = name_map_find(map, "head.projection.weight");
    ASSERT_NE(head, nullptr);
    name_map_describe(map, head, &facts);
    EXPECT_EQ(Shape(facts.shape, facts.shape + facts.rank), (Shape{2, 2}));
    ASSERT_EQ(name_map_read(map, head, numbers, sizeof(numbers)), SSLACT_OK);
    EXPECT_EQ(std::vector<float>(numbers, numbers + 4), (std::vector<float>{3, 4, 5, 6}));
    name_map_free(map);
}

TEST(NameMaps, RefuseTwoArraysForOnePlace)
{
    TemporaryFolder folder;
    const std::string tensor = pickle_tensor(0, {1}, {1}, 1);
    put_file(folder / "a", make_stream("}" + pickle_text("s1_fuse.bn.bias") + tensor + "s" +
                                           pickle_text("module.s1_fuse.bn.bias") + tensor + "s",
                                       {1}));
    Opened file(folder / "a");
    name_map *map = nullptr;

    EXPECT_EQ(name_map_create(file.file, nullptr, &map), SSLACT_ERROR_FORMAT);
    EXPECT_NE(std::string(sslact_error_get_message()).find("are both \"s1_fuse.bn.bias\""),
              std::string::npos);
}

TEST(NameMaps, KnowAlphActionAndUnknownNames)
{
    TemporaryFolder folder;
    const std::string tensor = pickle_tensor(0, {1}, {1}, 1);
    put_file(folder / "a",
             make_stream("}" + pickle_text("backbone.slow.res_nl1.res_0.btnk.conv1.conv.weight") +
                             tensor + "s",
                         {1}));
    put_file(folder / "b",
             make_stream("}" + pickle_text("layer1.0.conv1.weight") + tensor + "s", {1}));

    for (const auto &[name, layout] :
         {std::pair{"a", WEIGHTS_LAYOUT_ALPHACTION}, std::pair{"b", WEIGHTS_LAYOUT_UNKNOWN}}) {
        Opened file(folder / name);
        name_map *map = nullptr;
        ASSERT_EQ(name_map_create(file.file, nullptr, &map), SSLACT_OK);
        EXPECT_EQ(name_map_get_layout(map), layout) << name;
        name_map_free(map);
    }
}

// Rank of the evaluated ids among 1..80, from the list of models.md section 8.
TEST(AvaRows, AreTheEvaluatedIdsLessOne)
{
    const int ids[] = {1,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 17,
                       20, 22, 24, 26, 27, 28, 29, 30, 34, 36, 37, 38, 41, 43, 45,
                       46, 47, 48, 49, 51, 52, 54, 56, 57, 58, 59, 60, 61, 62, 63,
                       64, 65, 66, 67, 68, 69, 70, 72, 73, 74, 76, 77, 78, 79, 80};

    for (int j = 0; j < WEIGHTS_AVA_EVALUATED; j++) {
        EXPECT_EQ(weights_ava_rows[j], ids[j] - 1);
    }
}
