// Settings files: what is accepted, where a message points, what hostile files meet.
#include "config/support.h"

#include <chrono>
#include <filesystem>
#include <vector>

#include "support/temporary.h"

namespace
{

using Yaml = ConfigTest;

TEST_F(Yaml, SectionsListsCommentsAndDottedKeysAreAccepted)
{
    ASSERT_EQ(parse("%YAML 1.1\n---\n"
                    "solver:            # the schedule\n"
                    "  peak_lr: 0.1\n"
                    "  iterations: 400\n"
                    "ssl: {preset: 'fixmatch', \"ucb\": both}\n"
                    "model.class_count: 12\n"
                    "model:\n"
                    "  stage_blocks:\n"
                    "    - 1\n"
                    "    - 2\n"
                    "    - 3\n"
                    "    - 4\n"
                    "  stage_strides: [1, 1, 2]\n"
                    "data:\n"
                    "  train.labels: /a.csv\n"
                    "  validation:\n"
                    "    labels: /b.csv\n"
                    "...\n"),
              SSLACT_OK)
        << message();
    EXPECT_EQ(get("solver.peak_lr"), "0.1");
    EXPECT_EQ(get("solver.iterations"), "400");
    EXPECT_EQ(get("ssl.preset"), "fixmatch");
    EXPECT_EQ(get("ssl.ucb"), "both");
    EXPECT_EQ(get("model.class_count"), "12");
    EXPECT_EQ(get("model.stage_blocks"), "[1, 2, 3, 4]");
    EXPECT_EQ(get("model.stage_strides"), "[1, 1, 2]");
    EXPECT_EQ(get("data.train.labels"), "/a.csv");
    EXPECT_EQ(get("data.validation.labels"), "/b.csv");
}

TEST_F(Yaml, EmptyFilesAndEmptySectionsSetNothing)
{
    const std::string before = render();
    for (const char *nothing : {"", "\n\n", "# only this\n", "---\n", "solver:\n", "solver: {}\n",
                                "solver: ~\ndata: null\n", "\xef\xbb\xbfsolver:\r\n"}) {
        EXPECT_EQ(parse(nothing), SSLACT_OK) << nothing << message();
    }
    EXPECT_EQ(render(), before);
}

TEST_F(Yaml, NothingIsTheUnsetValue)
{
    ASSERT_EQ(set("model.weights", "/w"), SSLACT_OK);
    ASSERT_EQ(parse("model: {weights: ~}\n"), SSLACT_OK) << message();
    EXPECT_EQ(get("model.weights"), "");
    ASSERT_EQ(parse("model: {weights: '~'}\n"), SSLACT_OK);
    EXPECT_EQ(std::filesystem::path(get("model.weights")).filename(), "~");
}

struct Case {
    std::string content, message;
};

TEST_F(Yaml, EveryMessageNamesFileAndLine)
{
    const Case cases[] = {
        {"# a\nsolver:\n  peak_lrr: 1\n",
         "x.yaml:3: unknown key \"solver.peak_lrr\", did you mean \"solver.peak_lr\""},
        {"solver:\n  peak_lr: abc\n", "x.yaml:2: solver.peak_lr is \"abc\", expected a number > 0"},
        {"solvr:\n  peak_lr: 1\n", "x.yaml:1: unknown section \"solvr\", did you mean \"solver\""},
        {"zebra:\n  a: 1\n", "x.yaml:1: unknown section \"zebra\", no known section is near it"},
        {"solver:\n  peak_lr: {a: 1}\n",
         "x.yaml:2: \"solver.peak_lr\" is a key, expected a value and not a section"},
        {"solver: 5\n", "x.yaml:1: \"solver\" is a section, expected one of its keys"},
        {"solver: [1]\n", "x.yaml:1: \"solver\" is a section, expected one of its keys"},
        {"ssl:\n  ucb: both\n  a: [1]\n", "x.yaml:3: unknown key \"ssl.a\", no known key is near "
                                          "it"},
        {"solver:\n  peak_lr: 1\n  momentum: 0.5\n  peak_lr: 2\n",
         "x.yaml:4: \"solver.peak_lr\" was already given in line 2"},
        {"solver.peak_lr: 1\nsolver:\n  peak_lr: 2\n",
         "x.yaml:3: \"solver.peak_lr\" was already given in line 1"},
        {"solver: {}\nssl: {}\nsolver: {}\n",
         "x.yaml:3: section \"solver\" was already given in line 1"},
        {"model:\n  stage_blocks: [1, [2], 3, 4]\n",
         "x.yaml:2: \"model.stage_blocks\" holds a list or section in a list"},
        {"model:\n  stage_blocks: [1, 2, 3]\n",
         "x.yaml:2: model.stage_blocks is \"1, 2, 3\", expected 4 integers in [0, 64]"},
        {"model:\n  stage_blocks: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]\n",
         "x.yaml:2: \"model.stage_blocks\" has more than 16 elements"},
        {"model:\n  alpha: [4]\n  head: [linear, acar]\n",
         "x.yaml:3: model.head is \"linear, acar\", expected one of linear, acar"},
        {"- 1\n- 2\n", "x.yaml:1: no \"key: value\" here, expected sections of keys"},
        {"\nhello\n", "x.yaml:2: no \"key: value\" here, expected sections of keys"},
        {"solver: {}\n---\nssl: {}\n", "x.yaml:2: a second document, one is accepted"},
        {"? [a]\n: 1\n", "x.yaml:1: a list or section stands where a key is expected"},
        {"<<: 1\n", "x.yaml:1: unknown key \"<<\", no known key is near it"},
        {"\"\": 1\n", "x.yaml:1: unknown key \"\", no known key is near it"},
        {"ssl: {preset: fixmach}\n",
         "x.yaml:1: ssl.preset is \"fixmach\", expected one of ours, baseline, continued, "
         "pseudo_label, noisy_student, fixmatch, soft; did you mean \"fixmatch\""},
    };
    const std::string before = render();
    for (const Case &c : cases) {
        EXPECT_EQ(parse(c.content), SSLACT_ERROR_CONFIG) << c.content;
        EXPECT_EQ(message(), c.message);
    }
    EXPECT_EQ(render(), before);
}

// Beginning of the message only: the rest is libyaml's wording.
TEST_F(Yaml, HostileFilesAreRefusedInTheLineWhereTheyStart)
{
    const std::string bomb = "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n";
    const Case cases[] = {
        {bomb, "x.yaml:1: anchor \"&a\", anchors are not accepted"},
        {"solver: &s\n  momentum: 0.5\n", "x.yaml:1: anchor \"&s\", anchors are not accepted"},
        {"solver:\n  momentum: *s\n", "x.yaml:2: alias \"*s\", aliases are not accepted"},
        {"solver:\n  <<: *s\n", "x.yaml:2: alias \"*s\", aliases are not accepted"},
        {"run:\n  seed: !!int 5\n", "x.yaml:2: tag \"tag:yaml.org,2002:int\", tags are not"},
        {"run: !!python/object/apply:os.system [ls]\n", "x.yaml:1: tag \""},
        {"!x run: {}\n", "x.yaml:1: tag \"!x\", tags are not accepted"},
        {"run:\n  seed: \"5\\0\"\n", "x.yaml:2: a value holds a NUL character"},
        {"run:\n  seed: \"unfinished\n", "x.yaml:"},
        {"run: {seed: 5\n", "x.yaml:"},
        {"run:\n\tseed: 5\n", "x.yaml:2: "},
        {"run:\n  seed: 5\n seed: 6\n", "x.yaml:3: "},
        {"run:\n  seed: \xff\xfe\n", "x.yaml:2: invalid leading UTF-8 octet"},
        {"run:\n\n  seed: \xc3\x28\n", "x.yaml:3: invalid trailing UTF-8 octet"},
        {"run:\n  seed: \x01\n", "x.yaml:2: control characters are not allowed"},
        {"%TAG ! tag:example.com,2000:\n---\nrun: !foo {}\n", "x.yaml:3: tag \""},
        {"run: {seed: @5}\n", "x.yaml:1: "},
        {std::string(1000, 'k') + ": 1\n", "x.yaml:1: the key \"kkkk"},
        {"\"a\\nb\": 1\n", "x.yaml:1: unknown key \"a?b\""},
    };
    const std::string before = render();
    for (const Case &c : cases) {
        EXPECT_EQ(parse(c.content), SSLACT_ERROR_CONFIG) << c.content;
        EXPECT_EQ(message().rfind(c.message, 0), 0u) << message();
        EXPECT_EQ(message().find('\n'), std::string::npos);
    }
    EXPECT_EQ(render(), before);
}

double seconds_to_refuse(config *c, const std::string &content)
{
    const auto start = std::chrono::steady_clock::now();
    EXPECT_LT(config_parse(c, content.c_str(), "x.yaml"), 0);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string repeat(const std::string &piece, size_t count)
{
    std::string result;
    result.reserve(piece.size() * count);
    for (size_t k = 0; k < count; k++) {
        result += piece;
    }
    return result;
}

TEST_F(Yaml, LargeHostileFilesEndSoon)
{
    std::string stairs;
    for (int depth = 0; depth < 2000; depth++) {
        stairs += std::string(depth, ' ') + "a:\n";
    }
    const std::string contents[] = {
        repeat("[", 4000000),
        repeat("{", 4000000),
        "solver: " + repeat("[", 4000000),
        "solver: {peak_lr: " + repeat("{a: ", 1000000),
        repeat("- ", 2000000),
        repeat("? ", 2000000),
        repeat("a: 1\n", 1000000),
        repeat("solver: {}\n", 400000),
        "model: {stage_blocks: [" + repeat("1,", 2000000) + "1]}",
        "model: {weights: " + std::string(8 << 20, 'x') + "}",
        std::string(8 << 20, 'x') + ": 1",
        "model: {weights: \"" + std::string(8 << 20, 'x'),
        repeat("# nothing\n", 800000) + "a: 1",
        repeat("&a ", 1000000),
        stairs,
    };
    for (const std::string &content : contents) {
        EXPECT_LT(seconds_to_refuse(config_, content), 2.0) << content.substr(0, 20);
        EXPECT_EQ(message().rfind("x.yaml:", 0), 0u) << message();
    }
}

// Every prefix of a good file, and the file with each byte replaced: a status, never more.
TEST_F(Yaml, CutAndChangedFilesEndInAStatus)
{
    const std::string good = "solver: {peak_lr: 0.1, iterations: 5}\n"
                             "model:\n  stage_blocks: [1, 2, 3, 4]\n  weights: \"a \\u00e4\"\n"
                             "data:\n  train:\n    labels: 'x'\n";
    ASSERT_EQ(parse(good), SSLACT_OK) << message();
    const std::string before = render();
    for (size_t at = 0; at < good.size(); at++) {
        (void)parse(good.substr(0, at));
        for (const char byte :
             {'\n', '\t', '{', '[', '&', '*', '!', '"', ':', '\x7f', '\xf0', '-'}) {
            std::string changed = good;
            changed[at] = byte;
            const std::string old = render();
            if (parse(changed) < 0) {
                EXPECT_EQ(render(), old) << "half of a file was taken over";
            }
        }
    }
    ASSERT_EQ(parse(good), SSLACT_OK);
}

TEST_F(Yaml, AFileIsTakenWholeOrNotAtAll)
{
    const std::string before = render();
    EXPECT_EQ(parse("run: {seed: 5}\nssl: {preset: fixmatch}\nsolver: {peak_lr: 0}\n"),
              SSLACT_ERROR_CONFIG);
    EXPECT_EQ(message(), "x.yaml:3: solver.peak_lr is \"0\", expected a number > 0");
    EXPECT_EQ(render(), before);
    EXPECT_FALSE(config_is_set(config_, "run.seed"));
}

class YamlFile : public ConfigTest
{
protected:
    sslact_status load(const std::string &name)
    {
        return config_load(config_, (folder_ / name).c_str());
    }
    test::TemporaryFolder folder_;
};

TEST_F(YamlFile, PathsAreRelativeToTheFile)
{
    std::filesystem::create_directory(folder_ / "configs");
    test::put_file(
        folder_ / "configs/a.yaml",
        "data:\n  labels: labels.csv\n  video_root: ../videos/\n  actions: /abs/a.pbtxt\n"
        "  exclusions: \"\"\nmodel: {weights: ./w\u00e4 ights.safetensors}\n");

    ASSERT_EQ(load("configs/a.yaml"), SSLACT_OK) << message();

    EXPECT_EQ(get("data.labels"), folder_ / "configs/labels.csv");
    EXPECT_EQ(get("data.video_root"), folder_ / "videos");
    EXPECT_EQ(get("data.actions"), "/abs/a.pbtxt");
    EXPECT_EQ(get("data.exclusions"), "");
    EXPECT_EQ(get("model.weights"), folder_ / "configs/w\u00e4 ights.safetensors");
}

TEST_F(YamlFile, PathsInTextAndOnTheCommandLineAreRelativeToTheWorkingFolder)
{
    const std::string here = std::filesystem::current_path().string();
    ASSERT_EQ(parse("data: {labels: a.csv}\n"), SSLACT_OK);
    EXPECT_EQ(get("data.labels"), here + "/a.csv");
    ASSERT_EQ(set("data.labels", "b/../c.csv"), SSLACT_OK);
    EXPECT_EQ(get("data.labels"), here + "/c.csv");
    ASSERT_EQ(set("data.labels", ""), SSLACT_OK);
    EXPECT_EQ(get("data.labels"), "");
}

TEST_F(YamlFile, WhatCannotBeReadHasItsOwnStatus)
{
    EXPECT_EQ(load("no.yaml"), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(message(), (folder_ / "no.yaml") + ": cannot be opened: No such file or directory");
    EXPECT_EQ(config_load(config_, folder_.path().c_str()), SSLACT_ERROR_IO);
    std::filesystem::resize_file((test::put_file(folder_ / "huge.yaml", ""), folder_ / "huge.yaml"),
                                 (64ull << 20) + 1);
    EXPECT_EQ(load("huge.yaml"), SSLACT_ERROR_FORMAT);
    EXPECT_EQ(message(), (folder_ / "huge.yaml") + ": 67108865 bytes, the limit is 67108864");
    test::put_file(folder_ / "nul.yaml", std::string("run:\n  seed: 5\0\n", 16));
    EXPECT_EQ(load("nul.yaml"), SSLACT_ERROR_CONFIG);
    EXPECT_EQ(message(), (folder_ / "nul.yaml") + ":2: a NUL byte, expected UTF-8 text");
    test::put_file(folder_ / "utf16.yaml", std::string("\xff\xfer\0u\0n\0", 8));
    EXPECT_EQ(load("utf16.yaml"), SSLACT_ERROR_CONFIG);
}

TEST_F(YamlFile, ReadsBackWhatItRenders)
{
    ASSERT_EQ(set("model.preset", "slowfast_tiny"), SSLACT_OK);
    ASSERT_EQ(set("ssl.preset", "fixmatch"), SSLACT_OK);
    ASSERT_EQ(set("ssl.ucb", "labeled"), SSLACT_OK);
    ASSERT_EQ(set("model.weights", "/a \"b\" \\c: #d '\u2028\u2029\ufeff\U0001f600\u00e4 "),
              SSLACT_OK)
        << message();
    ASSERT_EQ(set("data.video_root", "/- [x]"), SSLACT_OK);
    ASSERT_EQ(set("solver.peak_lr", "0.30000000000000004"), SSLACT_OK);
    ASSERT_EQ(set("data.train.start_offset_seconds", "-12.5"), SSLACT_OK);
    ASSERT_EQ(set("model.stage_blocks", "1,2,3,4"), SSLACT_OK);
    const std::string rendered = render();

    config *back = nullptr;
    ASSERT_EQ(config_create(&back), SSLACT_OK);
    ASSERT_EQ(config_parse(back, rendered.c_str(), "rendered"), SSLACT_OK) << message();

    EXPECT_EQ(render(back), rendered);
    config_key key;
    for (size_t index = 0; config_describe(index, &key); index++) {
        EXPECT_EQ(get_from(back, key.name), get(key.name)) << key.name;
    }
    config_free(back);
}

} // namespace
