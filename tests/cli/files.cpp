// Videos and data sets through the tool.

#include <cmath>
#include <sstream>

#include "cli_support.h"

namespace
{

using namespace test;

// MD5 by the system's own tool.
std::string md5_of(const std::string &text)
{
    const TemporaryFolder folder;
    put_file(folder / "text", text);
    const std::string command = "md5sum < '" + (folder / "text") + "' > '" + (folder / "sum") + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    return get_file(folder / "sum").substr(0, 32);
}

std::vector<int> indices_of(const Json &result)
{
    std::vector<int> list;
    for (size_t k = 0; k < result["frames"].size(); ++k) {
        list.push_back(static_cast<int>(result["frames"][k]["index"].number()));
    }
    return list;
}

// ---- frames ----

TEST(Frames, OfAWholeVideoComeInOrderOnce)
{
    const std::string video = world() / "world/videos/train_0000.mp4";
    const Json result = run_json({"frames", video, "--all"});

    // 60 shots of a second at 16 frames (demo-world.md section 2), and room for the last clip.
    ASSERT_GE(result["frames"].size(), 60u * 16);
    ASSERT_LT(result["frames"].size(), 61u * 16);
    for (size_t k = 0; k < result["frames"].size(); ++k) {
        const Json frame = result["frames"][k];
        ASSERT_EQ(frame["index"].number(), static_cast<double>(k));
        ASSERT_NEAR(frame["pts_seconds"].number(), static_cast<double>(k) / 16, 1e-4);
        ASSERT_EQ(frame["md5"].text().size(), 32u);
    }
}

TEST(Frames, OfAClipAreThoseShownAtItsTimes)
{
    const std::string video = world() / "world/videos/train_0000.mp4";
    const Json all = run_json({"frames", video, "--all"});
    const Json clip = run_json({"frames", video, "--at", "12.5", "--count", "8"});

    // Entry k is the frame shown at 12.5 + (k - 4) / 15; frame n is shown from n / 16 on.
    std::vector<int> expected;
    for (int k = 0; k < 8; ++k) {
        expected.push_back(static_cast<int>(std::floor((12.5 + (k - 4) * 0.0666667) * 16)));
    }
    EXPECT_EQ(indices_of(clip), expected);
    for (size_t k = 0; k < 8; ++k) {
        EXPECT_EQ(clip["frames"][k]["md5"].text(),
                  all["frames"][static_cast<size_t>(expected[k])]["md5"].text())
            << "a frame is the same whatever else is read";
    }
    EXPECT_EQ(indices_of(run_json(
                  {"frames", video, "--at", "12.5", "--count", "4", "--stride-frames", "3"})),
              (std::vector<int>{194, 197, 200, 203}));
    EXPECT_EQ(indices_of(run_json(
                  {"frames", video, "--at", "0", "--count", "4", "--stride-seconds", "0.125"})),
              (std::vector<int>{0, 0, 0, 2}));
    const int last = static_cast<int>(all["frames"].size()) - 1;
    EXPECT_EQ(indices_of(run_json({"frames", video, "--at", "1000", "--count", "3"})),
              (std::vector<int>{last, last, last}));
}

TEST(Frames, AreWrittenAsPictures)
{
    const std::string video = world() / "world/videos/train_0000.mp4";
    const TemporaryFolder folder;
    const Outcome outcome = run({"frames", video, "--at", "3", "--count", "2", "--stride-frames",
                                 "1", "--out", folder / "pictures"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    for (const char *name : {"000047.png", "000048.png"}) {
        const std::string picture = get_file(folder / ("pictures/" + std::string(name)));
        ASSERT_GT(picture.size(), 24u) << name;
        EXPECT_EQ(picture.substr(1, 3), "PNG");
        // Width and height stand big-endian behind the first chunk's name.
        EXPECT_EQ(picture.substr(16, 8), std::string("\0\0\0\xc0\0\0\0\x80", 8)) << "192 x 128";
    }
}

TEST(Frames, OfRealVideosHaveTheChecksumsThatFfmpegMeasured)
{
    const std::string data = SSLACT_TEST_DATA;
    if (!std::filesystem::exists(data + "/video_facts.json")) {
        GTEST_SKIP() << "no " << data << "/video_facts.json";
    }
    const Json facts(get_file(data + "/video_facts.json"));
    for (const char *name : {"videos/carphone_pristine.mp4", "videos/h265_video.mp4",
                             "ucf101_24/videos/Fencing/v_Fencing_g01_c06.mp4"}) {
        const Json expected = facts["files"][name];
        const Json result = run_json({"frames", data + "/" + name, "--all"});
        const Json frames = result["frames"];
        ASSERT_EQ(static_cast<double>(frames.size()), expected["frames_decoded"].number()) << name;
        EXPECT_EQ(frames[size_t{0}]["md5"].text(), expected["first_frame_md5"].text()) << name;
        EXPECT_EQ(frames[frames.size() - 1]["md5"].text(), expected["last_frame_md5"].text());
        EXPECT_NEAR(frames[frames.size() - 1]["pts_seconds"].number(),
                    expected["last_pts"].number(), 1e-3);
        std::string sums;
        for (size_t k = 0; k < frames.size(); ++k) {
            sums += k > 0 ? "\n" : "";
            sums += frames[k]["md5"].text();
        }
        EXPECT_EQ(md5_of(sums), expected["all_frames_md5"].text()) << name;
    }
}

TEST(Frames, OfNoVideoExitWithThree)
{
    const TemporaryFolder folder;
    put_file(folder / "text.mp4", "this is a text\n");
    put_file(folder / "empty.mp4", "");
    expect_failure({"frames", folder / "text.mp4", "--all"}, 3, {"text.mp4"});
    expect_failure({"frames", folder / "empty.mp4", "--at", "1"}, 3, {"empty.mp4"});
    expect_failure({"frames", folder / "absent.mp4", "--all"}, 3, {"absent.mp4"});
    expect_failure({"frames", folder / "absent.mp4", "--at", "soon"}, 2, {});
}

// ---- data demo ----

TEST(Data, DemoMakesAWorldOfTheSizeAskedFor)
{
    const Json made(world().made.out);
    EXPECT_EQ(made["videos"].number(), 3);
    EXPECT_GT(made["people"].number(), 150); // one or two on each of about 180 key frames
    EXPECT_EQ(made["config"].text(), world().config());
    for (const char *name :
         {"demo.yaml", "demo_ssl.yaml", "actions.pbtxt", "labels_train.csv",
          "labels_validation.csv", "excluded_train.csv", "boxes_train.csv", "boxes_unlabeled.csv",
          "boxes_validation.csv", "hidden_labels.csv", "videos/train_0000.mp4"}) {
        EXPECT_TRUE(std::filesystem::exists(world().path() + "/" + name)) << name;
    }
    expect_failure({"data", "demo", "--out", world().path()}, 2, {"empty"});
    expect_failure({"data", "demo", "--out", world() / "other", "--videos", "1"}, 2, {"3"});
    EXPECT_FALSE(std::filesystem::exists(world() / "other"));
}

// ---- data check ----

TEST(Data, CheckOfAHealthyWorldFindsNothing)
{
    for (const std::string &config : {world().config(), world().config_ssl()}) {
        const Json result = run_json({"data", "check", "--config", config, "data.label_ratio=1"});
        EXPECT_EQ(result["videos"].number(), 3);
        // 60 a video less one excluded, less those whose every person the detector missed (3 %).
        EXPECT_LE(result["key_frames"].number(), 179);
        EXPECT_GE(result["key_frames"].number(), 165);
        EXPECT_GT(result["people"].number(), 150);
        EXPECT_TRUE(result["problems"].is_array());
        EXPECT_EQ(result["problems"].size(), 0u);
    }
}

// A copy of the world's small files beside its videos.
std::string copy_world(const TemporaryFolder &folder)
{
    std::filesystem::create_directory(folder / "videos");
    for (const auto &entry : std::filesystem::recursive_directory_iterator(world().path())) {
        if (entry.is_regular_file()) {
            const auto name = std::filesystem::relative(entry.path(), world().path());
            std::filesystem::copy_file(entry.path(), folder / name.string());
        }
    }
    return folder / "demo.yaml";
}

bool has_problem(const Json &result, const Words &pieces)
{
    for (size_t k = 0; k < result["problems"].size(); ++k) {
        const Json problem = result["problems"][k];
        const std::string all = problem["kind"].text() + " | " + problem["place"].text() + " | " +
                                problem["text"].text();
        if (std::all_of(pieces.begin(), pieces.end(),
                        [&](const std::string &piece) { return contains(all, piece); })) {
            return true;
        }
    }
    return false;
}

TEST(Data, CheckNamesThePlaceOfEveryPlantedFault)
{
    const TemporaryFolder folder;
    const std::string config = copy_world(folder);
    std::filesystem::remove(folder / "videos/unlabeled_0000.mp4");
    put_file(folder / "videos/validation_0000.mp4", "no video");
    std::istringstream rows(get_file(folder / "labels_train.csv"));
    std::string damaged, line;
    for (int number = 1; std::getline(rows, line); ++number) {
        damaged += (number == 7 ? "train_0000,0003,0.5,oops,0.9,0.9,1,0" : line) + "\n";
    }
    put_file(folder / "labels_train.csv", damaged + "train_0000,0999,0.1,0.1,0.4,0.9,1,0\n");

    const Json result = run_json({"data", "check", "--config", config, "data.label_ratio=1"}, 3);

    EXPECT_TRUE(has_problem(result, {"labels_train.csv:7", "oops"}));
    EXPECT_TRUE(has_problem(result, {"unlabeled_0000"}));
    EXPECT_TRUE(has_problem(result, {"validation_0000"}));
    const Outcome plain = run({"data", "check", "--config", config, "data.label_ratio=1"});
    EXPECT_EQ(plain.code, 3);
    EXPECT_TRUE(contains(plain.out, "labels_train.csv:7: ")) << plain.out;
}

TEST(Data, CheckCountsKindsAndLimitsWhatItLists)
{
    const TemporaryFolder folder;
    const std::string config = copy_world(folder);
    put_file(folder / "labels_train.csv",
             get_file(folder / "labels_train.csv") + "a,1\nb,1\nc,1\nd,1\n");
    const Words words = {"data", "check", "--config", config, "data.label_ratio=1"};
    const auto with = [&](const std::string &limit) {
        Words all = words;
        all.insert(all.end(), {"--limit", limit});
        return all;
    };

    const Json two = run_json(with("2"), 3), all = run_json(words, 3);

    EXPECT_EQ(two["problems"].size(), 2u);
    EXPECT_EQ(two["problem_count"].number(), 4);
    EXPECT_EQ(two["counts"]["number of columns"].number(), 4);
    EXPECT_EQ(all["problems"].size(), 4u);
    EXPECT_TRUE(contains(all["problems"][size_t{0}]["fix"].text(), "columns"));
    const Outcome plain = run(with("1"));
    EXPECT_TRUE(contains(plain.out, "4  number of columns (3 more than listed")) << plain.out;
    EXPECT_TRUE(contains(plain.out, all["problems"][size_t{0}]["fix"].text()));
    EXPECT_TRUE(contains(plain.err, "4 problems in the data")) << plain.err;
    expect_failure(with("many"), 2, {"--limit", "many"});
}

TEST(Data, CheckWritesAPageWithTheClasses)
{
    const TemporaryFolder folder;
    const Json result = run_json({"data", "check", "--config", world().config(), "--deep",
                                  "--threads", "2", "--out", folder / "page"});

    ASSERT_GT(result["classes"].size(), 0u);
    double labels = 0;
    for (size_t j = 0; j < result["classes"].size(); ++j) {
        const Json row = result["classes"][j];
        labels += row["instances"].number();
        EXPECT_EQ(result["cooccurrence"][j][j].number(), row["instances"].number());
        EXPECT_GT(row["probability"].number(), 0);
        EXPECT_LE(row["probability"].number(), 1);
    }
    EXPECT_EQ(labels, result["labels"].number());
    EXPECT_GT(result["kept_share"].number(), 0);
    EXPECT_EQ(result["splits"]["train"]["videos"].number(), 1);
    for (const char *name :
         {"check.html", "classes.csv", "cooccurrence.csv", "classes.svg", "cooccurrence.svg"}) {
        EXPECT_TRUE(std::filesystem::exists(folder / ("page/" + std::string(name)))) << name;
    }
}

// 20,020 people: method.md section 3.1 names these figures.
TEST(Data, CheckFitsTheBalanceOfRealLabels)
{
    if (!std::filesystem::exists(SSLACT_TEST_DATA "/ava")) {
        GTEST_SKIP() << "no " SSLACT_TEST_DATA "/ava";
    }
    const TemporaryFolder folder;
    const std::string unpack = "xz -dc '" SSLACT_TEST_DATA
                               "/ava/ava_train_v2.2_part18.csv.xz' > '" +
                               (folder / "labels.csv") + "' 2>/dev/null";
    if (std::system(unpack.c_str()) != 0) {
        GTEST_SKIP() << "no xz";
    }

    const Json result = run_json({"data", "check", "data.train.labels=" + (folder / "labels.csv"),
                                  "data.actions=" SSLACT_TEST_DATA
                                  "/ava/ava_action_list_v2.2_for_activitynet_2019.pbtxt"});

    EXPECT_EQ(result["instances"].number(), 20020);
    EXPECT_NEAR(result["mean_count"].number(), 813.73, 0.005);
    EXPECT_NEAR(result["kept_share"].number(), 0.392, 0.0005);
    bool found = false;
    for (size_t j = 0; j < result["classes"].size(); ++j) {
        const Json row = result["classes"][j];
        if (row["id"].number() == 12) {
            found = true;
            EXPECT_EQ(row["name"].text(), "stand");
            EXPECT_EQ(row["instances"].number(), 9857);
            EXPECT_NEAR(row["probability"].number(), 0.1059, 0.00005);
            EXPECT_NEAR(row["kept_share"].number(), 2541.1 / 9857, 0.00005);
            EXPECT_NEAR(row["weight"].number(), 0.9395, 0.00005);
        }
    }
    EXPECT_TRUE(found);
    EXPECT_EQ(result["problems"].size(), 0u);
    EXPECT_EQ(result["counts"]["class without instance"].number(), 2);
}

TEST(Data, TrainingOnADamagedWorldSaysWhere)
{
    const TemporaryFolder folder;
    const std::string config = copy_world(folder);
    put_file(folder / "labels_train.csv", get_file(folder / "labels_train.csv") + "a,b\n");
    expect_failure({"train", "--config", config, "--run", folder / "run"}, 3,
                   {"labels_train.csv:", "2 columns"});
}

} // namespace
