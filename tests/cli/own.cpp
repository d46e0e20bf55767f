// A person's own data from nothing to a trained and evaluated model: a sheet of boxes, a list of
// action names, a folder of videos (docs/own-data.md).

#include <cmath>
#include <map>
#include <sstream>

#include "cli_support.h"

namespace
{

using namespace test;

std::vector<Words> read_rows(const std::string &path)
{
    std::vector<Words> rows;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        Words cells(1);
        for (const char c : line) {
            if (c == ',') {
                cells.emplace_back();
            } else {
                cells.back() += c;
            }
        }
        rows.push_back(cells);
    }
    return rows;
}

// Names by id - 1, out of the demo world's list.
Words read_action_names(const std::string &path)
{
    Words names;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const size_t begin = line.find('"');
        if (begin != std::string::npos) {
            names.push_back(line.substr(begin + 1, line.rfind('"') - begin - 1));
        }
    }
    return names;
}

// A number as a spreadsheet of a country with decimal commas writes it.
std::string write_pixels(const std::string &fraction, int side)
{
    std::string text = std::to_string(std::stod(fraction) * side);
    text[text.find('.')] = ',';
    return text;
}

// The demo world's annotation as a person would have it: pixels of 192 x 128 pictures.
void add_labels(const std::string &path, const Words &names, std::string &sheet)
{
    for (const Words &row : read_rows(path)) {
        sheet += row[0] + ".mp4;" + row[1] + ";" + write_pixels(row[2], 192) + ";" +
                 write_pixels(row[3], 128) + ";" + write_pixels(row[4], 192) + ";" +
                 write_pixels(row[5], 128) + ";" + names[std::stoul(row[6]) - 1] + "\r\n";
    }
}

std::string make_boxes(const std::string &path)
{
    std::string sheet = "video;time;x1;y1;x2;y2;score\r\n";
    for (const Words &row : read_rows(path)) {
        sheet += row[0] + ".mp4;" + row[1] + ";" + write_pixels(row[2], 192) + ";" +
                 write_pixels(row[3], 128) + ";" + write_pixels(row[4], 192) + ";" +
                 write_pixels(row[5], 128) + ";" + row[7] + "\r\n";
    }
    return sheet;
}

class Own : public testing::Test
{
protected:
    void SetUp() override
    {
        const std::string from = world().path();
        const Words names = read_action_names(from + "/actions.pbtxt");
        std::string sheet = "\xef\xbb\xbfvideo;time;x1;y1;x2;y2;action\r\n", list;
        ASSERT_EQ(names.size(), 12u);
        add_labels(from + "/labels_train.csv", names, sheet);
        add_labels(from + "/labels_validation.csv", names, sheet);
        for (const std::string &name : names) {
            list += name + "\r\n";
        }
        put_file(folder_ / "boxes.csv", sheet);
        put_file(folder_ / "actions.txt", list);
        put_file(folder_ / "unlabeled.csv", make_boxes(from + "/boxes_unlabeled.csv"));
        std::filesystem::create_symlink(from + "/videos", folder_ / "videos");
        put_file(folder_ / "own.yaml",
                 "data:\n  dataset: own\n  video_root: videos\n  labels: boxes.csv\n"
                 "  actions: actions.txt\n  box_units: pixels\n  unlabeled:\n"
                 "    person_boxes: unlabeled.csv\n  sampling_rate: 16\n  frame_count: 8\n"
                 "  frame_stride: 2\n  short_side: 32\n"
                 "model:\n  preset: slowfast_tiny\n  class_count: 12\n"
                 "ssl:\n  freeze_bn: false\n"
                 "solver:\n  iterations: 6\n  batch_labeled: 4\n  batch_unlabeled: 4\n"
                 "  peak_lr: 0.1\n");
    }
    std::string config() const { return folder_ / "own.yaml"; }
    TemporaryFolder folder_;
};

TEST_F(Own, DataIsCheckedWithoutAProblem)
{
    const Json result = run_json({"data", "check", "--config", config()});
    EXPECT_EQ(result["problems"].size(), 0u);
    EXPECT_EQ(result["videos"].number(), 3);
    // 60 seconds a video; on a few unlabelled ones no box has the score.
    EXPECT_GT(result["key_frames"].number(), 170);
}

TEST_F(Own, DataTrainAndEvaluateSemiSupervised)
{
    const std::string folder = folder_ / "run";
    const Json result = run_json({"train", "--config", config(), "--run", folder});

    EXPECT_EQ(result["iterations"].number(), 6);
    ASSERT_EQ(result["student"]["classes"].size(), 12u);
    EXPECT_EQ(result["student"]["classes"][size_t{0}]["name"].text(), "stand");
    EXPECT_GE(result["student"]["frame_map@0.5"].number(), 0);
    EXPECT_FALSE(result["teacher"].is_null());

    // One of two labelled videos is held out, and its people are the ground truth.
    const Json again = run_json({"evaluate", "--run", folder, "--detections", folder_ / "d.csv"});
    EXPECT_EQ(again["frame_map@0.5"].number(), result["teacher"]["frame_map@0.5"].number());
    double positives = 0;
    std::map<std::string, int> truth, videos;
    for (size_t j = 0; j < 12; ++j) {
        positives += again["classes"][j]["positives"].number();
    }
    for (const Words &row : read_rows(folder_ / "d.csv")) {
        videos[row[0]]++;
    }
    ASSERT_EQ(videos.size(), 1u);
    std::istringstream sheet(get_file(folder_ / "boxes.csv"));
    for (std::string line; std::getline(sheet, line);) {
        truth[line.substr(0, line.find(';'))]++;
    }
    EXPECT_EQ(positives, truth[videos.begin()->first]);
}

TEST_F(Own, DataWithMistakesAreNotTrainedOn)
{
    std::string sheet = get_file(folder_ / "boxes.csv");
    const size_t place = sheet.find(";stand\r\n");
    ASSERT_NE(place, std::string::npos);
    put_file(folder_ / "boxes.csv", sheet.replace(place, 6, ";stnad"));

    expect_failure(
        {"train", "--config", config(), "--run", folder_ / "run"}, 3,
        {"boxes.csv:", "action \"stnad\" is not on the list of actions", "did you mean \"stand\""});
    EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

} // namespace
