// UCF101-24 as a person uses it: the seven real clips checked, trained on and evaluated, and its
// metric on files.

#include <set>
#include <sstream>

#include "cli_support.h"

namespace
{

using namespace test;

std::string get_ucf(const std::string &name)
{
    return std::string(SSLACT_TEST_DATA) + "/ucf101_24/" + name;
}

#define SKIP_WITHOUT_UCF()                                                                         \
    if (!std::filesystem::exists(get_ucf("classes.txt"))) {                                        \
        GTEST_SKIP() << "no " SSLACT_TEST_DATA "/ucf101_24";                                       \
    }

const char *const training_videos = "Biking/v_Biking_g01_c01\nIceDancing/v_IceDancing_g02_c05\n"
                                    "SoccerJuggling/v_SoccerJuggling_g23_c01\n";
const char *const testing_videos =
    "Basketball/v_Basketball_g01_c02\nFencing/v_Fencing_g01_c06\n"
    "HorseRiding/v_HorseRiding_g01_c03\nSalsaSpin/v_SalsaSpin_g03_c01\n";
constexpr int testing_stride = 16;

// The annotation of all seven clips and a config for a tiny network.
class Ucf : public testing::Test
{
protected:
    void SetUp() override
    {
        SKIP_WITHOUT_UCF();
        const std::string unpack = "xz -dc '" + get_ucf("annotations_train.csv.xz") + "' '" +
                                   get_ucf("annotations_test_part.csv.xz") + "' | " +
                                   "awk 'NR == 1 || !/^video,/' > '" + folder_ / "all.csv" + "'";
        ASSERT_EQ(std::system(unpack.c_str()), 0);
        put_file(folder_ / "train.txt", training_videos);
        put_file(folder_ / "test.txt", testing_videos);
        put_file(config_, "data:\n"
                          "  dataset: ucf101_24\n"
                          "  video_root: " +
                              get_ucf("videos") +
                              "\n"
                              "  labels: all.csv\n"
                              "  person_boxes: " +
                              get_ucf("generated_person_boxes.csv") +
                              "\n"
                              "  key_frame_stride: 8\n"
                              "  frame_count: 8\n"
                              "  short_side: 32\n"
                              "  box_score_train: 0.5\n"
                              "  box_score_unlabeled: 0.3\n"
                              "  train:\n    videos: train.txt\n"
                              "  validation:\n    videos: test.txt\n    key_frame_stride: 16\n"
                              "  unlabeled:\n    videos: train.txt\n    person_boxes: " +
                              get_ucf("generated_person_boxes.csv") +
                              "\n"
                              "model:\n  preset: slowfast_tiny\n  class_count: 24\n"
                              "solver:\n  iterations: 4\n  batch_labeled: 4\n  batch_unlabeled: 4\n"
                              "run:\n  loader_threads: 1\n");
    }

    // Ground truth as the metric's own files have it: frames from 1, corners in pixels.
    std::string write_truth()
    {
        std::set<std::string> videos;
        std::istringstream names(testing_videos);
        for (std::string name; std::getline(names, name);) {
            videos.insert(name);
        }
        std::istringstream rows(get_file(folder_ / "all.csv"));
        std::string out, row;
        std::getline(rows, row);
        while (std::getline(rows, row)) {
            std::istringstream fields(row);
            std::vector<std::string> parts;
            for (std::string part; std::getline(fields, part, ',');) {
                parts.push_back(part);
            }
            const int frame = std::stoi(parts[4]), x = std::stoi(parts[5]), y = std::stoi(parts[6]);
            if (videos.count(parts[0]) == 0 || frame % testing_stride != 0) {
                continue;
            }
            truth_rows_++;
            out += parts[0] + "," + std::to_string(frame + 1) + "," + parts[2] + "," + parts[5] +
                   "," + parts[6] + "," + std::to_string(x + std::stoi(parts[7])) + "," +
                   std::to_string(y + std::stoi(parts[8])) + "\n";
        }
        put_file(folder_ / "truth.csv", out);
        return folder_ / "truth.csv";
    }

    TemporaryFolder folder_;
    std::string config_ = folder_ / "ucf.yaml";
    double truth_rows_ = 0;
};

TEST_F(Ucf, DataCheckCountsTheClips)
{
    const Outcome outcome = run({"data", "check", "--config", config_, "--json"});
    const Json result(outcome.out);
    EXPECT_EQ(result["videos"].number(), 7);
    EXPECT_GT(result["people"].number(), result["key_frames"].number());
    // Key frames: every eighth of 151, 244 and 240 annotated frames; every 16th of the others that
    // has a box (three of Basketball's frames 63 to 110, 11, 7 and 11); all unlabelled ones.
    EXPECT_GE(result["key_frames"].number(), 19 + 31 + 30 + 25 + 300);
    // Three clips train three classes; nothing else is wrong.
    for (size_t i = 0; i < result["problems"].size(); i++) {
        const std::string kind = result["problems"][i]["kind"].text();
        EXPECT_TRUE(kind == "class without instance" || contains(kind, "no box"))
            << kind << ": " << result["problems"][i]["message"].text();
    }
}

TEST_F(Ucf, TrainsEvaluatesAndScoresTheSame)
{
    const std::string folder = folder_ / "run", detections = folder_ / "detections.csv";
    const Json trained = run_json({"train", "--config", config_, "--run", folder});
    const double map = trained["teacher"]["frame_map@0.5"].number();
    EXPECT_GE(map, 0);
    EXPECT_LE(map, 1);

    const Json evaluated = run_json({"evaluate", "--run", folder, "--detections", detections});
    EXPECT_EQ(evaluated["frame_map@0.5"].number(), map);
    EXPECT_EQ(evaluated["rule"].text(), "annotated");
    EXPECT_EQ(evaluated["row_limit"].number(), 0);
    ASSERT_EQ(evaluated["classes"].size(), 24u);
    EXPECT_EQ(evaluated["classes"][6]["id"].number(), 6);
    EXPECT_EQ(evaluated["classes"][6]["name"].text(), "Fencing");
    EXPECT_EQ(evaluated["classes"][6]["positives"].number(), 22) << "two people on 11 frames";

    // Detector boxes have three decimals: in pixels of 320 x 240 two say the same.
    const Json scored = run_json(
        {"score", "--dataset", "ucf101_24", "--detections", detections, "--labels", write_truth()});
    EXPECT_NEAR(scored["frame_map@0.5"].number(), map, 1e-9);
    double positives = 0;
    for (size_t j = 0; j < 24; j++) {
        positives += scored["classes"][j]["positives"].number();
        EXPECT_EQ(scored["classes"][j]["positives"].number(),
                  evaluated["classes"][j]["positives"].number());
    }
    EXPECT_EQ(positives, truth_rows_);
}

// ---- the metric alone ----

TEST(UcfScore, MeetsTheExpectedValuesOfBothRules)
{
    const std::string data = std::string(SSLACT_TEST_DATA) + "/eval_cases/us01_noisy/";
    if (!std::filesystem::exists(data + "expected.json")) {
        GTEST_SKIP() << data << " is absent";
    }
    const Json expected(get_file(data + "expected.json"));
    const std::pair<const char *, const char *> rules[] = {
        {"annotated", "ava_rule_annotated_frames"}, {"all", "ava_rule_all_frames"}};
    for (const auto &[rule, key] : rules) {
        const Json result = run_json({"score", "--dataset", "ucf101_24", "--detections",
                                      data + "detections.csv", "--labels", data + "groundtruth.csv",
                                      "--frames", data + "frames.csv", "--frames-rule", rule});
        EXPECT_NEAR(result["frame_map@0.5"].number(), expected[key]["mAP"].number(), 1e-9);
        ASSERT_EQ(result["classes"].size(), 24u);
        for (size_t j = 0; j < 24; j++) {
            const std::string id = std::to_string(j);
            EXPECT_NEAR(result["classes"][j]["ap"].number(),
                        expected[key]["ap"][id.c_str()].number(), 1e-9)
                << rule << " " << id;
        }
        EXPECT_EQ(result["classes"][23]["name"].text(), "WalkingWithDog");
    }
}

TEST(UcfScore, NamesWhatIsWrong)
{
    const TemporaryFolder folder;
    put_file(folder / "d.csv", "Biking/v,3,2,0.5,1,1,50,50\nBiking/v,12,2,0.4,1,1,50,50\n");
    put_file(folder / "g.csv", "Biking/v,3,2,1,1,50,50\n");
    put_file(folder / "f.csv", "Biking/v,10\n");
    const Words words = {"score",          "--dataset", "ucf101_24",     "--detections",
                         folder / "d.csv", "--labels",  folder / "g.csv"};
    const auto fail = [&](const Words &more, const std::string &message) {
        Words all = words;
        all.insert(all.end(), more.begin(), more.end());
        const Outcome outcome = run(all);
        EXPECT_NE(outcome.code, 0) << message;
        EXPECT_TRUE(contains(outcome.err, message)) << outcome.err;
    };
    EXPECT_EQ(run(words).code, 0);
    fail({"--frames", folder / "f.csv"}, "d.csv:2: a frame behind the end of video \"Biking/v\"");
    fail({"--rule", "included"}, "rule is no option of ucf101_24");
    fail({"--frames-rule", "some"}, "frames_rule \"some\"");
    put_file(folder / "g.csv", "Biking/v,0,2,1,1,50,50\n");
    fail({}, "g.csv:1: column 2: frame \"0\"");
    put_file(folder / "g.csv", "Biking/v,3,2,1,1,50\n");
    fail({}, "g.csv:1: 6 columns, expected the 7 of video,frame,class_id,x1,y1,x2,y2");
    put_file(folder / "g.csv", "Biking/v,3,2,60,1,50,50\n");
    fail({}, "g.csv:1: x1 y1 x2 y2 are 60 1 50 50");
    const Outcome other = run({"score", "--dataset", "kinetics", "--detections", folder / "d.csv",
                               "--labels", folder / "g.csv", "--actions", folder / "g.csv"});
    EXPECT_TRUE(contains(other.err, "dataset \"kinetics\", \"ava\" or \"ucf101_24\"")) << other.err;
}

} // namespace
