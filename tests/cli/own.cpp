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

// The result of a check that finds nothing but classes that nobody of the few people shows.
Json check_data(const Words &words)
{
    Words all = {"data", "check", "--json", "--config"};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome outcome = run(all);
    const Json result(outcome.out);
    for (size_t i = 0; i < result["problems"].size(); ++i) {
        const std::string text = result["problems"][i]["text"].text();
        EXPECT_TRUE(contains(text, "has no training instance")) << text;
    }
    return result;
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
    const Json result = check_data({config()});
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

// CVAT's form of one demo video, by its documentation: a track a person, a checkbox an action. The
// demo's key frame n is at second n of 16 frames each.
std::string make_cvat(const std::string &video, const std::string &labels, const Words &names)
{
    std::string text =
        "<annotations><version>1.1</version><meta><task><name>t</name><labels><label>"
        "<name>person</name><attributes>";
    for (const std::string &name : names) {
        text += "<attribute><name>" + name + "</name><input_type>checkbox</input_type></attribute>";
    }
    text += "</attributes></label></labels><source>" + video +
            ".mp4</source><original_size><width>192</width><height>128</height></original_size>"
            "</task></meta>\n";
    int track = 0;
    for (const Words &row : read_rows(labels)) {
        text += "<track id=\"" + std::to_string(track++) + "\" label=\"person\"><box frame=\"" +
                std::to_string(std::stoi(row[1]) * 16) + "\" xtl=\"" +
                std::to_string(std::stod(row[2]) * 192) + "\" ytl=\"" +
                std::to_string(std::stod(row[3]) * 128) + "\" xbr=\"" +
                std::to_string(std::stod(row[4]) * 192) + "\" ybr=\"" +
                std::to_string(std::stod(row[5]) * 128) +
                "\" outside=\"0\" occluded=\"0\" keyframe=\"1\"><attribute name=\"" +
                names[std::stoul(row[6]) - 1] + "\">true</attribute></box></track>\n";
    }
    return text + "</annotations>\n";
}

TEST_F(Own, AnnotationIsImportedAndTrainedOn)
{
    const std::string from = world().path();
    const Words names = read_action_names(from + "/actions.pbtxt");
    put_file(folder_ / "a.xml", make_cvat("train_0000", from + "/labels_train.csv", names));
    put_file(folder_ / "b.xml",
             make_cvat("validation_0000", from + "/labels_validation.csv", names));

    const Json result = run_json({"data", "import", folder_ / "a.xml", folder_ / "b.xml",
                                  "--videos", from + "/videos", "--out", folder_ / "gym"});
    const size_t rows = read_rows(from + "/labels_train.csv").size() +
                        read_rows(from + "/labels_validation.csv").size();
    EXPECT_EQ(result["videos"].number(), 2);
    EXPECT_EQ(result["labels"].number(), static_cast<double>(rows));
    EXPECT_EQ(result["actions"].number(), 12);
    EXPECT_EQ(result["boxes_left_out"].number(), 0);
    EXPECT_EQ(result["config"].text(), folder_ / "gym/own.yaml");

    const Words small = {"model.preset=slowfast_tiny", "model.class_count=12", "data.frame_count=8",
                         "data.sampling_rate=16", "data.short_side=32"};
    Words words = {folder_ / "gym/own.yaml"};
    words.insert(words.end(), small.begin(), small.end());
    const Json checked = check_data(words);
    EXPECT_EQ(checked["key_frames"].number(), result["key_frames"].number());

    words = {"train",
             "--config",
             folder_ / "gym/own.yaml",
             "--run",
             folder_ / "run",
             "ssl.preset=baseline",
             "solver.batch_labeled=4",
             "solver.iterations=2"};
    words.insert(words.end(), small.begin(), small.end());
    const Json trained = run_json(words);
    EXPECT_EQ(trained["iterations"].number(), 2);
    EXPECT_GE(trained["student"]["frame_map@0.5"].number(), 0);
}

TEST_F(Own, AnnotationNeedsFilesAndAFolder)
{
    expect_failure({"data", "import", "--out", folder_ / "gym"}, 2, {"no file is named"});
    expect_failure({"data", "import", folder_ / "boxes.csv"}, 2, {"--out is needed"});
    expect_failure({"data", "import", folder_ / "boxes.csv", "--out", folder_ / "gym"}, 3,
                   {"boxes.csv: begins with neither"});
    EXPECT_FALSE(std::filesystem::exists(folder_ / "gym"));
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
