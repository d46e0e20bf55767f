// UCF101-24 as splits: key frames, boxes, unlabelled frames, and the seven real clips.
//
// Expected numbers of the real annotation were counted by a Python script of its own, with sets of
// (video, frame) and (video, frame, box), from annotations_train.csv.xz,
// annotations_test_part.csv.xz and generated_person_boxes.csv; the subset by the formulas of
// section 6 with frame numbers from 1.

#include <algorithm>
#include <cmath>
#include <set>

#include "data/check.h"
#include "data/data_support.h"
#include "media/video.h"
#include "support/sha256.h"

namespace
{

using namespace test;

const std::string ucf_folder = std::string(SSLACT_TESTS_FOLDER) + "/data/ucf/";

Settings make_small_settings(const std::string &labels)
{
    return {{"data.dataset", "ucf101_24"},
            {"data.actions", ucf_folder + "classes.txt"},
            {"data.labels", ucf_folder + labels},
            {"model.class_count", "3"}};
}

const std::string b = "Basketball/v_Basketball_g01_c01@",
                  d = "BasketballDunk/v_BasketballDunk_g02_c03@", k = "Biking/v_Biking_g08_c02@";

TEST(UcfSplit, KeyFramesAreAnnotatedFramesOfTheVideosOfTheSplit)
{
    for (const char *labels : {"table.csv", "pyannot_protocol_3.pkl", "yowo/labels"}) {
        Settings settings = make_small_settings(labels);
        EXPECT_EQ(list_clips(open_split(settings, "train").get()),
                  (std::vector<std::string>{b + "3", b + "4", b + "5", b + "6", d + "5", k + "1",
                                            k + "2"}));
        settings["data.train.excluded_videos"] = ucf_folder + "testlist.txt";
        settings["data.validation.videos"] = ucf_folder + "testlist.txt";
        EXPECT_EQ(list_clips(open_split(settings, "train").get()),
                  (std::vector<std::string>{k + "1", k + "2"}));
        EXPECT_EQ(list_clips(open_split(settings, "validation").get()),
                  (std::vector<std::string>{b + "3", b + "4", b + "5", b + "6", d + "5"}));
    }
}

TEST(UcfSplit, ListsOfTheAnnotationDivideIt)
{
    Settings settings = make_small_settings("tubes_python_2_protocol_2.pkl");
    EXPECT_EQ(list_clips(open_split(settings, "train").get()).size(), 2u);
    EXPECT_EQ(list_clips(open_split(settings, "validation").get()).size(), 5u);
    settings["data.split_number"] = "2";
    EXPECT_EQ(list_clips(open_split(settings, "train").get()).size(), 5u);
    settings["data.train.videos"] = ucf_folder + "testlist.txt";
    settings["data.train.excluded_videos"] = ucf_folder + "testlist.txt";
    EXPECT_EQ(list_clips(open_split(settings, "train").get()).size(), 0u);
}

TEST(UcfSplit, StrideKeepsMultiplesInTrainingAndAllOfThemInTesting)
{
    Settings settings = make_small_settings("table.csv");
    settings["data.key_frame_stride"] = "2";
    EXPECT_EQ(list_clips(open_split(settings, "train").get()),
              (std::vector<std::string>{b + "3", b + "5", d + "5", k + "1"}));
    EXPECT_EQ(list_clips(open_split(settings, "validation").get()).size(), 7u);
    settings["data.validation.key_frame_stride"] = "4";
    EXPECT_EQ(list_clips(open_split(settings, "validation").get()),
              (std::vector<std::string>{b + "5", d + "5", k + "1"}));
}

TEST(UcfSplit, EveryInstanceHasItsOneClass)
{
    const DatasetHolder d3 = open_split(make_small_settings("tubes_protocol_4.pkl"), "validation");
    EXPECT_EQ(list_labels(d3.get()),
              (std::vector<std::string>{"100", "100", "100", "100", "100", "010"}));
    ASSERT_EQ(dataset_count_classes(d3.get()), 3);
    EXPECT_STREQ(dataset_get_class_name(d3.get(), 2), "Biking");
    EXPECT_EQ(dataset_get_class_id(d3.get(), 0), 0);
}

// Boxes of a detector for the first video: frame 4 and 5 of people, frame 9 of nobody.
std::string write_boxes(const TemporaryFolder &folder)
{
    const std::string path = folder / "boxes.csv";
    // The person of frame 4 is 11 to 41 pixels wide; 20.8 to 50.8 overlap by 20.2 / 39.8 = 0.508,
    // 21.2 to 51.2 by 19.8 / 40.2 = 0.493.
    put_file(path, "Basketball/v_Basketball_g01_c01,00004,0.065,0.083333,0.15875,0.25,,0.95\n"
                   "Basketball/v_Basketball_g01_c01,00004,0.06625,0.083333,0.16,0.25,,0.99\n"
                   "Basketball/v_Basketball_g01_c01,00005,0.9,0.9,0.95,0.95,,0.000000\n"
                   "Basketball/v_Basketball_g01_c01,00009,0.1,0.1,0.2,0.2,,0.97\n"
                   "Biking/v_Biking_g08_c02,00003,0.1,0.1,0.2,0.2,,0.97\n"
                   "Biking/v_Biking_g08_c02,00002,0.1,0.1,0.2,0.2,,0.97\n");
    return path;
}

TEST(UcfSplit, BoxesTakeTheClassFromHalfOfOverlapOn)
{
    const TemporaryFolder folder;
    Settings settings = make_small_settings("table.csv");
    settings["data.person_boxes"] = write_boxes(folder);
    const DatasetHolder set = open_split(settings, "train");
    people_table people = {};
    ASSERT_EQ(dataset_collect_people(set.get(), true, &people), SSLACT_OK);
    ASSERT_EQ(people.clip_count, 7u);
    const size_t frame_4 = people.first[1], frame_5 = people.first[2];
    ASSERT_EQ(frame_5 - frame_4, 2u) << "the annotated person and one box";
    EXPECT_FLOAT_EQ(people.boxes[frame_4 + 1].x1, 0.065f);
    EXPECT_EQ(people.labels[(frame_4 + 1) * 3], 1);
    people_table_free(&people);

    settings["data.box_overlap_train"] = "0.52";
    const DatasetHolder stricter = open_split(settings, "train");
    ASSERT_EQ(dataset_collect_people(stricter.get(), true, &people), SSLACT_OK);
    EXPECT_EQ(people.first[2] - people.first[1], 1u);
    people_table_free(&people);
}

TEST(UcfSplit, TestingTakesAllBoxesOfAnnotatedFrames)
{
    const TemporaryFolder folder;
    Settings settings = make_small_settings("table.csv");
    settings["data.person_boxes"] = write_boxes(folder);
    const DatasetHolder set = open_split(settings, "validation");
    // Frame 5 has a box with a score of 0; frame 9 and frame 3 of the other video nobody's.
    EXPECT_EQ(list_clips(set.get()), (std::vector<std::string>{b + "4", b + "5", k + "2"}));
    truth_row *rows = nullptr;
    size_t count = 0;
    ASSERT_EQ(dataset_collect_truth(set.get(), &rows, &count), SSLACT_OK);
    EXPECT_EQ(count, 8u) << "annotated people without a box count too";
    free(rows);
    settings["data.box_score_evaluate"] = "0.96";
    EXPECT_EQ(list_clips(open_split(settings, "validation").get()),
              (std::vector<std::string>{b + "4", k + "2"}));
}

TEST(UcfSplit, UnlabelledAreTheFramesOfTrainingVideosThatAreNoKeyFrames)
{
    const TemporaryFolder folder;
    Settings settings = make_small_settings("table.csv");
    settings["data.unlabeled.person_boxes"] = write_boxes(folder);
    EXPECT_EQ(list_clips(open_split(settings, "unlabeled").get()),
              (std::vector<std::string>{b + "9", k + "3"}));
    // Every second frame is labelled: frame 4 of the first and 2 of the second video no more.
    settings["data.key_frame_stride"] = "2";
    EXPECT_EQ(list_clips(open_split(settings, "unlabeled").get()),
              (std::vector<std::string>{b + "4", b + "9", k + "2", k + "3"}));
    // A share of the labels does not make the rest unlabelled.
    settings["data.label_ratio"] = "0.5";
    EXPECT_EQ(list_clips(open_split(settings, "unlabeled").get()).size(), 4u);
    // Videos for testing are none to train on.
    settings["data.excluded_videos"] = ucf_folder + "testlist.txt";
    EXPECT_EQ(list_clips(open_split(settings, "unlabeled").get()),
              (std::vector<std::string>{k + "2", k + "3"}));
    settings["data.unlabeled_key_frames"] = "all";
    settings["data.key_frame_stride"] = "1";
    EXPECT_EQ(list_clips(open_split(settings, "unlabeled").get()),
              (std::vector<std::string>{k + "2", k + "3"}));
}

TEST(UcfSplit, BoxesNeedFrameNumbers)
{
    const TemporaryFolder folder;
    Settings settings = make_small_settings("table.csv");
    settings["data.person_boxes"] = folder / "boxes.csv";
    for (const char *frame : {"0", "1.5"}) {
        put_file(folder / "boxes.csv",
                 std::string("Biking/v_Biking_g08_c02,") + frame + ",0.1,0.1,0.2,0.2,,0.97\n");
        const auto [status, message] = fail_to_open(settings, "validation");
        EXPECT_EQ(status, SSLACT_ERROR_FORMAT);
        EXPECT_EQ(message.rfind(folder / "boxes.csv" + ":1: column 2: frame ", 0), 0u) << message;
    }
}

TEST(UcfSplit, ProblemsOfPicklesNameVideoAndFrame)
{
    const TemporaryFolder folder;
    Settings settings = make_small_settings("pyannot_protocol_3.pkl");
    settings["data.video_root"] = folder.path();
    const auto [status, message] = fail_to_open(settings, "train");
    EXPECT_EQ(status, SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(message.rfind(ucf_folder + "pyannot_protocol_3.pkl: video \"" +
                                b.substr(0, b.size() - 1) + "\", frame 3: video ",
                            0),
              0u)
        << message;
}

// ---- real data ----

bool has_ucf()
{
    return std::filesystem::exists(std::string(SSLACT_TEST_DATA) + "/ucf101_24");
}

std::string get_real(const std::string &name)
{
    return std::string(SSLACT_TEST_DATA) + "/ucf101_24/" + name;
}

#define SKIP_WITHOUT_UCF()                                                                         \
    if (!has_ucf()) {                                                                              \
        GTEST_SKIP() << "no " SSLACT_TEST_DATA "/ucf101_24";                                       \
    }

Settings make_real_settings(const std::string &labels)
{
    return {{"data.dataset", "ucf101_24"},
            {"data.actions", get_real("classes.txt")},
            {"data.labels", labels},
            {"model.class_count", "24"}};
}

TEST(RealUcf, TrainingAnnotationHasTheCountsWorkedOutElsewhere)
{
    SKIP_WITHOUT_UCF();
    const TemporaryFolder folder;
    const std::string path = folder / "train.csv";
    ASSERT_TRUE(unpack(get_real("annotations_train.csv.xz"), path));
    Settings settings = make_real_settings(path);
    settings.erase("data.labels");
    settings["data.train.labels"] = path;
    settings["data.excluded_videos"] = get_real("testlist01.txt");
    const ConfigHolder c = make_settings(settings);
    std::vector<FoundProblem> found;
    data_check_options options = {};
    options.problem = collect_problem;
    options.problem_user = &found;
    data_check_summary summary = {};
    ASSERT_EQ(data_check(c.get(), &options, &summary), SSLACT_OK) << sslact_error_get_message();
    const data_check_split &train = summary.splits[0];
    EXPECT_EQ(train.videos, 2284);
    EXPECT_EQ(train.clips, 340336);
    EXPECT_EQ(train.labels, 403282);
    EXPECT_EQ(train.instances, 403188) << "94 boxes stand in two tubes of a frame";
    EXPECT_EQ(summary.problem_counts[DATA_PROBLEM_DUPLICATE], 94);
    EXPECT_EQ(summary.problem_counts[DATA_PROBLEM_BOX_CUT], 0);
    const int64_t instances[24] = {5178,  3549,  24557, 6714,  3997,  11815, 19931, 13380,
                                   13458, 23657, 50147, 12362, 15984, 13865, 35840, 11489,
                                   20169, 15450, 30425, 16484, 7551,  24563, 2709,  19914};
    ASSERT_EQ(summary.class_count, 24);
    for (int j = 0; j < 24; j++) {
        EXPECT_EQ(summary.instances_per_class[j], instances[j]) << j;
    }
    data_check_summary_clear(&summary);
}

TEST(RealUcf, SubsetOfTheLabelsIsTheOneTheSpecificationDraws)
{
    SKIP_WITHOUT_UCF();
    const TemporaryFolder folder;
    const std::string path = folder / "train.csv";
    ASSERT_TRUE(unpack(get_real("annotations_train.csv.xz"), path));
    Settings settings = make_real_settings(path);
    settings["data.key_frame_stride"] = "7";
    const DatasetHolder all = open_split(settings, "train");
    EXPECT_EQ(dataset_count_clips(all.get()), 49355u);
    settings["data.label_ratio"] = "0.1";
    const DatasetHolder part = open_split(settings, "train");
    ASSERT_EQ(dataset_count_clips(part.get()), 4935u);
    std::string lines;
    for (size_t i = 0; i < dataset_count_clips(part.get()); i++) {
        const char *video = nullptr;
        double frame = 0;
        ASSERT_EQ(dataset_locate(part.get(), i, &video, &frame), SSLACT_OK);
        char number[16];
        std::snprintf(number, sizeof number, ",%04.0f\n", frame);
        lines += video + std::string(number);
    }
    EXPECT_EQ(test::sha256(lines).substr(0, 16), "c96978663519cf1a");
}

// The six test clips and the one for training.
class RealClips : public testing::Test
{
protected:
    void SetUp() override
    {
        SKIP_WITHOUT_UCF();
        ASSERT_TRUE(unpack(get_real("annotations_train.csv.xz"), folder_ / "train.csv"));
        ASSERT_TRUE(unpack(get_real("annotations_test_part.csv.xz"), folder_ / "test.csv"));
        std::string ids;
        for (const char *id :
             {"Basketball/v_Basketball_g01_c02", "Biking/v_Biking_g01_c01",
              "Fencing/v_Fencing_g01_c06", "HorseRiding/v_HorseRiding_g01_c03",
              "IceDancing/v_IceDancing_g02_c05", "SalsaSpin/v_SalsaSpin_g03_c01"}) {
            ids += id;
            ids += '\n';
        }
        put_file(folder_ / "testing.txt", ids);
        put_file(folder_ / "training.txt", "SoccerJuggling/v_SoccerJuggling_g23_c01\n");
        settings_ = make_real_settings("");
        settings_.erase("data.labels");
        settings_["data.video_root"] = get_real("videos");
        settings_["data.train.labels"] = folder_ / "train.csv";
        settings_["data.train.videos"] = folder_ / "training.txt";
        settings_["data.validation.labels"] = folder_ / "test.csv";
        settings_["data.validation.videos"] = folder_ / "testing.txt";
        settings_["data.short_side"] = std::to_string(0);
    }

    TemporaryFolder folder_;
    Settings settings_;
};

TEST_F(RealClips, HaveNoProblem)
{
    settings_["data.person_boxes"] = get_real("generated_person_boxes.csv");
    settings_["data.unlabeled.person_boxes"] = get_real("generated_person_boxes.csv");
    settings_["data.key_frame_stride"] = "4";
    settings_["data.box_score_train"] = "0.5";
    settings_["data.box_score_unlabeled"] = "0.5";
    const ConfigHolder c = make_settings(settings_);
    std::vector<FoundProblem> found;
    data_check_options options = {};
    options.problem = collect_problem;
    options.problem_user = &found;
    data_check_summary summary = {};
    ASSERT_EQ(data_check(c.get(), &options, &summary), SSLACT_OK) << sslact_error_get_message();
    std::map<data_problem, int> kinds;
    for (const FoundProblem &problem : found) {
        kinds[problem.kind]++;
    }
    // One clip trains one class; the detector missed everybody on 14 and on 2 frames.
    EXPECT_EQ(kinds, (std::map<data_problem, int>{{DATA_NOTE_EMPTY_CLASS, 23},
                                                  {DATA_NOTE_EMPTY_KEY_FRAME, 2}}));
    EXPECT_EQ(summary.videos, 7);
    EXPECT_EQ(summary.splits[0].clips, 60) << "every fourth of 240 frames";
    EXPECT_EQ(summary.splits[1].labels, 48 + 151 + 348 + 98 + 488 + 289);
    EXPECT_EQ(summary.splits[1].clips + summary.splits[1].empty, 48 + 151 + 174 + 98 + 244 + 168);
    data_check_summary_clear(&summary);
}

TEST_F(RealClips, AnnotationOfMoreFramesThanTheFileHasIsNamed)
{
    std::string table = get_file(folder_ / "train.csv");
    const std::string head = table.substr(0, table.find('\n') + 1);
    put_file(folder_ / "longer.csv",
             head + "SoccerJuggling/v_SoccerJuggling_g23_c01,260,18,0,239,10,10,50,50\n"
                    "SoccerJuggling/v_SoccerJuggling_g23_c01,260,18,0,250,10,10,50,50\n");
    settings_["data.train.labels"] = folder_ / "longer.csv";
    settings_.erase("data.validation.labels");
    const ConfigHolder c = make_settings(settings_);
    std::vector<FoundProblem> found;
    data_check_options options = {};
    options.problem = collect_problem;
    options.problem_user = &found;
    data_check_summary summary = {};
    ASSERT_EQ(data_check(c.get(), &options, &summary), SSLACT_OK) << sslact_error_get_message();
    found.erase(std::remove_if(found.begin(), found.end(),
                               [](const FoundProblem &problem) {
                                   return problem.kind == DATA_NOTE_EMPTY_CLASS;
                               }),
                found.end());
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].kind, DATA_PROBLEM_FRAME_COUNT);
    EXPECT_EQ(found[0].what, "the annotation of video \"SoccerJuggling/v_SoccerJuggling_g23_c01\" "
                             "has 260 frames, the file 240");
    EXPECT_EQ(found[1].kind, DATA_PROBLEM_KEY_FRAME);
    EXPECT_EQ(found[1].place, folder_ / "longer.csv:3");
    EXPECT_EQ(found[1].what, "video \"SoccerJuggling/v_SoccerJuggling_g23_c01\": key frame 251 of "
                             "a video of 240 frames, counted from 1");
    data_check_summary_clear(&summary);
}

// Frame k of the annotation is the k-th decoded frame, whatever the file's times are; the clip is
// c - 16 ... c + 15, clamped.
TEST_F(RealClips, HoldConsecutiveFramesAroundTheirNumber)
{
    const DatasetHolder set = open_split(settings_, "validation");
    const std::string first = "Basketball/v_Basketball_g01_c02", second = "Biking/v_Biking_g01_c01";
    const std::vector<std::string> clips = list_clips(set.get());
    ASSERT_EQ(clips.size(), 48u + 151 + 174 + 98 + 244 + 168);
    EXPECT_EQ(clips[0], first + "@64");
    EXPECT_EQ(clips[48], second + "@1");
    const struct {
        size_t clip;
        std::string video;
        int64_t centre;
    } wanted[] = {{0, first, 63}, {47, first, 110}, {48, second, 0}, {48 + 150, second, 150}};
    for (const auto &one : wanted) {
        video *v = nullptr;
        ASSERT_EQ(video_open(get_real("videos/" + one.video + ".mp4").c_str(), nullptr, &v),
                  SSLACT_OK);
        const int64_t last = video_count_frames(v) - 1;
        std::vector<uint8_t> picture(340 * 256 * 3);
        const ClipHolder c = read_clip(set.get(), one.clip);
        ASSERT_EQ(c->frame_count, 32);
        ASSERT_EQ(c->width, 340);
        ASSERT_EQ(c->height, 256);
        for (int64_t t = 0; t < 32; t += 5) {
            const int64_t frame = std::clamp<int64_t>(one.centre - 16 + t, 0, last);
            ASSERT_EQ(video_read_rgb(v, &frame, 1, 340, 256, picture.data()), SSLACT_OK);
            EXPECT_EQ(memcmp(picture.data(), c->pixels + t * 340 * 256 * 3, picture.size()), 0)
                << one.video << " " << one.centre << " entry " << t;
        }
        video_close(v);
    }
}

// Pixels of 320 x 240 although the file has 340 x 256: the first row of each video's annotation.
TEST_F(RealClips, HaveBoxesAsFractionsOfThePicture)
{
    const DatasetHolder set = open_split(settings_, "validation");
    const ClipHolder c = read_clip(set.get(), 0);
    ASSERT_EQ(c->box_count, 1);
    // annotations_test_part.csv: Basketball/v_Basketball_g01_c02,180,0,0,63,189,99,47,95
    EXPECT_FLOAT_EQ(c->boxes[0].x1, 189 / 320.0f);
    EXPECT_FLOAT_EQ(c->boxes[0].y1, 99 / 240.0f);
    EXPECT_FLOAT_EQ(c->boxes[0].x2, (189 + 47) / 320.0f);
    EXPECT_FLOAT_EQ(c->boxes[0].y2, (99 + 95) / 240.0f);
    EXPECT_STREQ(c->name, "Basketball/v_Basketball_g01_c02,0064");
    for (int j = 0; j < 24; j++) {
        EXPECT_EQ(c->labels[j], j == 0);
    }
}

} // namespace
