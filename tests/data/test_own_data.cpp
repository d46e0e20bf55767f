// A person's own data: sheets of boxes in every dialect of spreadsheets, and a message for every
// mistake that people make in them (docs/own-data.md).
#include "data/own_files.h"

#include <algorithm>
#include <cmath>

#include "data/check.h"
#include "data/split.h"
#include "data_support.h"

namespace
{

using test::DatasetHolder;
using test::put_file;
using test::Settings;
using test::TemporaryFolder;
using Words = std::vector<std::string>;

// A folder of one or more grey 24-bit BMP pictures, 200 x 100, as a video of 30 a second.
void make_video(const std::string &path, int frame_count)
{
    const uint32_t width = 200, height = 100, pixel_bytes = width * height * 3;
    const uint32_t header[13] = {54 + pixel_bytes, 0,    54,   40, width, height, 1u | 24u << 16, 0,
                                 pixel_bytes,      2835, 2835, 0,  0};
    std::string bytes = "BM";
    bytes.append(reinterpret_cast<const char *>(header), sizeof header);
    bytes.append(pixel_bytes, '\x55');
    std::filesystem::create_directories(path);
    for (int n = 0; n < frame_count; n++) {
        char name[32];
        std::snprintf(name, sizeof name, "/%06d.bmp", n + 1);
        put_file(path + name, bytes);
    }
}

struct World {
    World()
    {
        put_file(folder / "actions.txt", "walk\nsit\ntalk to, or with\n");
        settings = {{"data.dataset", "own"}, {"data.actions", folder / "actions.txt"}};
    }
    World &give(const std::string &key, const std::string &content)
    {
        const std::string path = folder / (key + ".csv");
        put_file(path, content);
        settings[key] = path;
        return *this;
    }
    World &set(const std::string &key, const std::string &value)
    {
        settings[key] = value;
        return *this;
    }
    DatasetHolder open(const char *split) const { return test::open_split(settings, split); }
    Words clips(const char *split) const { return test::list_clips(open(split).get()); }
    // The message, without the path of the label file.
    std::string fail(const char *split = "train") const
    {
        std::string message = test::fail_to_open(settings, split).second;
        const auto labels = settings.find("data.labels");
        if (labels != settings.end() && message.rfind(labels->second, 0) == 0) {
            message = "labels" + message.substr(labels->second.size());
        }
        return message;
    }

    TemporaryFolder folder;
    Settings settings;
};

// Every box of a split as "video@time x1 y1 x2 y2 labels", in per cent.
Words list_people(const World &world, const char *split)
{
    const DatasetHolder set = world.open(split);
    const Words clips = test::list_clips(set.get());
    people_table people;
    Words list;
    EXPECT_EQ(dataset_collect_people(set.get(), true, &people), SSLACT_OK);
    for (size_t clip = 0; clip < clips.size(); clip++) {
        for (size_t i = people.first[clip]; i < people.first[clip + 1]; i++) {
            char text[128];
            const sslact_box &box = people.boxes[i];
            std::snprintf(text, sizeof text, "%s %g %g %g %g ", clips[clip].c_str(),
                          std::round(box.x1 * 100), std::round(box.y1 * 100),
                          std::round(box.x2 * 100), std::round(box.y2 * 100));
            list.emplace_back(text);
            for (int32_t j = 0; j < people.class_count; j++) {
                list.back() += people.labels[i * static_cast<size_t>(people.class_count) +
                                             static_cast<size_t>(j)]
                                   ? '1'
                                   : '0';
            }
        }
    }
    people_table_free(&people);
    return list;
}

const Words two_people = {"a@1.5 10 20 30 40 101", "a@1.5 50 20 60 40 000"};

// --- dialects ---

class Dialects : public testing::TestWithParam<const char *>
{
};

TEST_P(Dialects, GiveTheSameRows)
{
    World world;
    world.give("data.train.labels", GetParam());
    EXPECT_EQ(list_people(world, "train"), two_people);
}

INSTANTIATE_TEST_SUITE_P(
    Sheets, Dialects,
    testing::Values(
        "video,time,x1,y1,x2,y2,action\n"
        "a,1.5,0.1,0.2,0.3,0.4,walk\n"
        "a,1.5,0.1,0.2,0.3,0.4,\"talk to, or with\"\n"
        "a,1.5,0.5,0.2,0.6,0.4,\n",
        // one row a person, byte order mark, CRLF, no last line end, empty rows, capitals, blanks
        "\xef\xbb\xbfVideo, Time ,X1,Y1,X2,Y2,Actions\r\n\r\n"
        "a,1.50, 0.1,0.2,0.3,0.4,\"walk | talk to, or with\"\r\n,,,,,,\r\n"
        "\"a\",1.5,0.5,0.2,0.6,0.4,",
        // another order, semicolons and decimal commas
        "action;x1;y1;x2;y2;video;time\n"
        "walk|talk to, or with;0,1;0,2;0,3;0,4;a;1,5\n;0,5;0,2;0,6;0,4;a;1,5\n",
        // tabs, a column of notes, cells behind the last column, width and height
        "video\ttime\tx\ty\twidth\theight\taction\t#note\n"
        "a\t1.5\t0.1\t0.2\t0.2\t0.2\twalk|talk to, or with\tblurred\t\t\n"
        "a\t1.5\t0.5\t0.2\t0.1\t0.2\t\t\n",
        // decimal commas in quotes between commas, the separator line of a spreadsheet, left to
        // right
        "sep=,\nvideo,time,left,top,right,bottom,action\n"
        "a,\"1,5\",\"0,1\",\"0,2\",\"0,3\",\"0,4\",\"walk|talk to, or with\"\n"
        "a,\"1,5\",\"0,5\",\"0,2\",\"0,6\",\"0,4\",\n"));

TEST(OwnBoxes, HaveTheScoreOfTheirColumnOrOne)
{
    World world;
    world
        .give("data.unlabeled.person_boxes",
              "video,time,x1,y1,x2,y2,score\nu,1,0,0,0.5,1,0.9\nu,1,0,0,0.6,1,0.5\nu,2,0,0,1,1,\n")
        .set("data.box_score_unlabeled", "0.85");
    EXPECT_EQ(list_people(world, "unlabeled"),
              (Words{"u@1 0 0 50 100 000", "u@2 0 0 100 100 000"}));
}

TEST(OwnBoxes, TakeTheLabelsOfThePersonTheyOverlap)
{
    World world;
    world.give("data.train.labels", "video,time,x1,y1,x2,y2,action\na,1,0,0,0.5,1,sit\n")
        .give("data.train.person_boxes",
              "video,time,x1,y1,x2,y2,score\na,1,0,0,0.48,1,0.95\na,1,0.6,0,1,1,0.95\n");
    EXPECT_EQ(list_people(world, "train"), (Words{"a@1 0 0 50 100 010", "a@1 0 0 48 100 010"}));
}

TEST(OwnData, LeavesOutExcludedKeyFrames)
{
    World world;
    world
        .give("data.train.labels",
              "video,time,x1,y1,x2,y2,action\na,1,0,0,0.5,1,sit\na,2.5,0,0,0.5,1,sit\n")
        .give("data.exclusions", "time;video\n2,5;a\n");
    EXPECT_EQ(world.clips("train"), (Words{"a@1"}));
}

TEST(OwnActions, AreNumberedAsListed)
{
    World world;
    put_file(world.folder / "actions.txt", "\xef\xbb\xbf"
                                           "Action\r\n\r\n  walk \r\n\"sit, calm\"\r\nrun");
    world.give("data.train.labels",
               "video,time,x1,y1,x2,y2,action\na,1,0,0,1,1,\"run|sit, calm\"\n");

    const DatasetHolder set = world.open("train");

    ASSERT_EQ(dataset_count_classes(set.get()), 3);
    EXPECT_STREQ(dataset_get_class_name(set.get(), 0), "walk");
    EXPECT_STREQ(dataset_get_class_name(set.get(), 1), "sit, calm");
    EXPECT_EQ(dataset_get_class_id(set.get(), 2), 3);
    EXPECT_EQ(test::list_labels(set.get()), (Words{"011"}));
}

// --- mistakes ---

struct Mistake {
    const char *labels;
    const char *message; // behind the path of the sheet
};

class Mistakes : public testing::TestWithParam<Mistake>
{
};

TEST_P(Mistakes, AreSaidWithTheirLineAndWhatWouldBeRight)
{
    World world;
    world.give("data.train.labels", GetParam().labels);
    const auto [status, message] = test::fail_to_open(world.settings, "train");
    EXPECT_LT(status, 0);
    EXPECT_EQ(message, world.settings["data.train.labels"] + GetParam().message);
}

#define HEADER "video,time,x1,y1,x2,y2,action\n"

INSTANTIATE_TEST_SUITE_P(
    Rows, Mistakes,
    testing::Values(
        Mistake{HEADER "a,1,0,0,1,1,wlak\n",
                ":2: action \"wlak\" is not on the list of actions, did you mean \"walk\""},
        Mistake{HEADER "a,1,0,0,1,1,walk|Sit\n",
                ":2: action \"Sit\" is not on the list of actions, did you mean \"sit\""},
        Mistake{HEADER "a,1,0,0,1,1,juggle\n",
                ":2: action \"juggle\" is not on the list of actions, which has 3 names such as "
                "\"walk\""},
        Mistake{HEADER "a,1,412,80,500,300,walk\n",
                ":2: x1 412 is outside the picture, expected 0 to 1; boxes in pixels need "
                "data.box_units=pixels"},
        Mistake{HEADER "a,1,0.1,0.1,1.01,0.9,walk\n",
                ":2: x2 1.01 is outside the picture, expected 0 to 1"},
        Mistake{
            HEADER "a,1,0.5,0.1,0.3,0.9,walk\n",
            ":2: x2 0.3 is not greater than x1 0.5: corners swapped, or width and height, whose "
            "columns are called x, y, width, height"},
        Mistake{"video,time,x,y,width,height,action\na,1,0.5,0.1,0,0.9,walk\n",
                ":2: width 0, height 0.9, expected more than 0"},
        Mistake{HEADER "a,1:02.5,0,0,1,1,walk\n", ":2: time \"1:02.5\", expected seconds: 62.5"},
        Mistake{HEADER "a,1:00:00,0,0,1,1,walk\n", ":2: time \"1:00:00\", expected seconds: 3600"},
        Mistake{HEADER "a,-3,0,0,1,1,walk\n",
                ":2: time \"-3\", expected seconds from the start of the video, 0 or more"},
        Mistake{HEADER "a,1,left,0,1,1,walk\n", ":2: x1 \"left\", expected a number of 0 to 1"},
        Mistake{HEADER "a,1,nan,0,1,1,walk\n", ":2: x1 \"nan\", expected a number of 0 to 1"},
        Mistake{HEADER "a,1,0,1,0,2,0,5,0,6,walk\n",
                ":2: 11 cells, the header has 7 (decimal commas? then separate the columns with "
                "semicolons)"},
        Mistake{HEADER "a,1,0,0,1,1\n", ":2: 6 cells, the header has 7"},
        Mistake{HEADER ",1,0,0,1,1,walk\n", ":2: column 1: the video id is empty"},
        Mistake{HEADER "a,1,0,0,1,1,\"walk\n",
                ":2: a quoted cell does not end on its line, or something follows it"},
        Mistake{"video,time,x1,y1,x2,y2,action,score\na,1,0,0,1,1,walk,95\n",
                ":2: score \"95\", expected a number from 0 to 1"}));

INSTANTIATE_TEST_SUITE_P(
    Headers, Mistakes,
    testing::Values(
        Mistake{"a,1,0,0,1,1,walk\n",
                ":1: column \"a\" is unknown, known are video, time, x1, y1, x2, y2 (or x, y, "
                "width, height), action, person, score; a column of notes has a name that begins "
                "with #"},
        Mistake{"1,1,0,0,1,1,walk\n",
                ":1: \"1\" is no column name; the first line names the columns, for example "
                "video,time,x1,y1,x2,y2,action"},
        Mistake{"video,tine,x1,y1,x2,y2,action\n",
                ":1: column \"tine\" is unknown, did you mean \"time\"; a column of notes has a "
                "name that begins with #"},
        Mistake{"video,time,x1,y1,x2,y2\n", ":1: the header names no column \"action\""},
        Mistake{"video,time,x1,y1,x2,action\n", ":1: the header names no column \"y2\""},
        Mistake{"video,x1,y1,x2,y2,action\n", ":1: the header names no column \"time\""},
        Mistake{"video,time,time,x1,y1,x2,y2,action\n", ":1: column \"time\" stands there twice"},
        Mistake{"", ": the file is empty, expected a header line that names the columns"},
        Mistake{"PK\x03\x04_", ": this is a spreadsheet file, save it as CSV"},
        Mistake{"\xff\xfev", ": this is UTF-16 text, save it as \"CSV UTF-8\""}));

TEST(Mistakes, InTheListOfActionsAreSaid)
{
    for (const auto &[text, message] : std::map<std::string, std::string>{
             {"", ": no name in the list of actions"},
             {"walk\nsit\nwalk\n", ":3: \"walk\" is on the list twice"},
             {"walk|run\n", ":1: \"walk|run\", expected a name without \"|\", which joins several "
                            "actions in one cell"},
             {"caf\xe9\n", ":1: byte 3 of the name is 0xe9, expected UTF-8; save the list as UTF-8 "
                           "text"}}) {
        World world;
        put_file(world.folder / "actions.txt", text);
        world.give("data.train.labels", HEADER "a,1,0,0,1,1,walk\n");
        EXPECT_EQ(test::fail_to_open(world.settings, "train").second,
                  (world.folder / "actions.txt") + message);
    }
}

TEST(Mistakes, AreSkippedAndCountedOnDemand)
{
    World world;
    world
        .give("data.train.labels",
              HEADER "a,1,0,0,1,1,wlak|sit\na,2,0.9,0,0.1,1,sit\na,3,0,0,1,1,walk\n")
        .set("data.on_bad_row", "skip");
    EXPECT_EQ(list_people(world, "train"), (Words{"a@1 0 0 100 100 010", "a@3 0 0 100 100 100"}));
}

TEST(Mistakes, AreAllInOneCheckWithTheirPlaces)
{
    World world;
    make_video(world.folder / "videos/kitchen", 61);
    put_file(world.folder / "videos/garden.mp4", "no video");
    world
        .give("data.train.labels",
              HEADER "kitchen,1,0,0,1,1,walk\nkitchen,1,0,0,1,1,walk\nkitchen,99,0,0,1,1,sit\n"
                     "kitchn,1,0,0,1,1,sit\nkitchen,2,0,0,1,1,wlak\ngarden.mp4,1,0,0,1,1,sit\n")
        .set("data.video_root", world.folder / "videos")
        .set("model.class_count", "3");
    std::vector<test::FoundProblem> found;
    const test::ConfigHolder c = test::make_settings(world.settings);
    data_check_options options = {};
    options.problem = test::collect_problem;
    options.problem_user = &found;
    data_check_summary summary = {};

    ASSERT_EQ(data_check(c.get(), &options, &summary), SSLACT_OK) << sslact_error_get_message();

    std::vector<std::string> lines;
    for (const test::FoundProblem &problem : found) {
        std::string place = problem.place;
        place.erase(0, world.folder.path().size() + 1);
        lines.push_back(place + ": " + problem.what);
    }
    std::sort(lines.begin(), lines.end());
    ASSERT_EQ(lines.size(), 6u);
    EXPECT_NE(lines[0].find("has no training instance"), std::string::npos) << lines[0];
    lines.erase(lines.begin());
    EXPECT_EQ(lines[0], "data.train.labels.csv:3: repeats the label of line 2");
    EXPECT_EQ(lines[1], "data.train.labels.csv:4: video \"kitchen\": key frame at 99 s of a video "
                        "from 0 to 2 s (is data.start_offset_seconds right?)");
    EXPECT_EQ(lines[2], "data.train.labels.csv:5: video \"kitchn\" not found below " +
                            (world.folder / "videos") + ", did you mean \"kitchen\" (1 rows)");
    EXPECT_EQ(lines[3], "data.train.labels.csv:6: action \"wlak\" is not on the list of actions, "
                        "did you mean \"walk\"");
    EXPECT_EQ(lines[4].substr(0, 18), "videos/garden.mp4:");
    data_check_summary_clear(&summary);
}

// --- pixels ---

TEST(Pixels, BecomeFractionsOfTheirVideosPicture)
{
    World world;
    make_video(world.folder / "videos/a", 1);
    world.set("data.video_root", world.folder / "videos").set("data.box_units", "pixels");
    // The second box ends a pixel behind the edge, as drawing tools have it.
    world.give("data.train.labels", HEADER "a,0,20,20,60,40,walk\na,0,100,-0.5,201,100.5,sit\n");

    EXPECT_EQ(list_people(world, "train"), (Words{"a@0 10 20 30 40 100", "a@0 50 0 100 100 010"}));
}

TEST(Pixels, OutsideThePictureAreSaidWithItsSize)
{
    World world;
    make_video(world.folder / "videos/a", 1);
    world.set("data.video_root", world.folder / "videos")
        .set("data.box_units", "pixels")
        .give("data.labels", HEADER "a,0,20,20,60,40,walk\na,0,100,0,240,100,sit\n")
        .set("data.train.labels", world.settings["data.labels"]);
    EXPECT_EQ(world.fail(),
              "labels:3: box 100, 0, 240, 100 is outside the picture of 200 x 100 pixels");
}

TEST(Pixels, ThatAreFractionsAreRecognised)
{
    World world;
    make_video(world.folder / "videos/a", 1);
    world.set("data.video_root", world.folder / "videos")
        .set("data.box_units", "pixels")
        .give("data.labels", HEADER "a,0,0.1,0.2,0.3,0.4,walk\na,0,0,0,1,1,sit\n");
    EXPECT_EQ(world.fail(),
              "labels: all 2 boxes lie between 0 and 1: these are fractions, expected "
              "data.box_units=fractions");
}

TEST(Pixels, NeedTheVideos)
{
    World world;
    world.set("data.box_units", "pixels").give("data.labels", HEADER "a,0,1,2,30,40,walk\n");
    EXPECT_EQ(world.fail(),
              "data.video_root is not set, data.box_units pixels needs the videos for "
              "the size of their pictures");
}

// --- training and validation videos ---

std::string make_labels(int videos)
{
    std::string text = HEADER;
    for (int i = 0; i < videos; i++) {
        text += "film " + std::to_string(i) + ",1,0,0,1,1,walk\n";
    }
    return text;
}

Words join(Words a, const Words &b)
{
    a.insert(a.end(), b.begin(), b.end());
    std::sort(a.begin(), a.end());
    return a;
}

TEST(ValidationShare, HoldsOutWholeVideos)
{
    World world;
    world.give("data.labels", make_labels(10) + "film 3,7,0,0,1,1,sit\n");
    const Words train = world.clips("train"), validation = world.clips("validation");

    std::map<std::string, int> sides;
    for (const std::string &clip : validation) {
        sides[clip.substr(0, 6)] |= 1;
    }
    EXPECT_EQ(sides.size(), 2u) << "0.2 of ten";
    for (const std::string &clip : train) {
        sides[clip.substr(0, 6)] |= 2;
    }
    EXPECT_EQ(sides.size(), 10u);
    for (const auto &[video, side] : sides) {
        EXPECT_NE(side, 3) << video << " is on both sides";
    }
}

TEST(ValidationShare, DependsOnSeedAndNamesAlone)
{
    World world, reversed;
    world.give("data.labels", make_labels(10));
    std::string text = HEADER;
    for (int i = 9; i >= 0; i--) {
        text += "film " + std::to_string(i) + ",4,0,0,0.5,1,sit\n";
    }
    reversed.give("data.labels", text);
    const auto films = [](const Words &clips) {
        Words list;
        for (const std::string &clip : clips) {
            list.push_back(clip.substr(0, 6));
        }
        return list;
    };

    EXPECT_EQ(films(world.clips("validation")), films(reversed.clips("validation")));
    Words seen;
    for (int seed = 0; seed < 8; seed++) {
        world.set("data.validation_seed", std::to_string(seed));
        const Words clips = world.clips("validation");
        seen.push_back(clips[0] + clips[1]);
    }
    std::sort(seen.begin(), seen.end());
    EXPECT_GT(std::unique(seen.begin(), seen.end()) - seen.begin(), 3);
}

TEST(ValidationShare, GrowsByAddingVideos)
{
    World world;
    world.give("data.labels", make_labels(20));
    Words before;
    for (const auto &[share, count] : std::map<double, size_t>{{0.01, 1}, {0.2, 4}, {0.99, 19}}) {
        world.set("data.validation_share", std::to_string(share));
        const Words now = join(world.clips("validation"), {}); // sorted
        EXPECT_EQ(now.size(), count) << share;
        EXPECT_TRUE(std::includes(now.begin(), now.end(), before.begin(), before.end()));
        before = now;
    }
}

TEST(ValidationShare, OfOneVideoOrOfNothingIsNoSplit)
{
    World world;
    world.give("data.labels", make_labels(1));
    EXPECT_EQ(world.fail(), "data.validation_share 0.2 of one video is none; give the validation "
                            "split a file of its own (data.validation.labels), or set the share to "
                            "0");
    world.set("data.validation_share", "0");
    EXPECT_EQ(world.clips("train"), (Words{"film 0@1"}));
    const test::ConfigHolder c = test::make_settings(world.settings);
    EXPECT_FALSE(split_is_configured(c.get(), SPLIT_VALIDATION));
}

TEST(ValidationShare, LeavesFilesOfTheirOwnAlone)
{
    World world;
    world.give("data.train.labels", make_labels(4))
        .give("data.validation.labels", HEADER "other,1,0,0,1,1,sit\n");
    EXPECT_EQ(world.clips("train").size(), 4u);
    EXPECT_EQ(world.clips("validation"), (Words{"other@1"}));
}

TEST(ValidationShare, KeepsHeldOutVideosFromTheUnlabelledClips)
{
    World world;
    world.give("data.labels", make_labels(10));
    std::string boxes = "video,time,x1,y1,x2,y2\nelsewhere,17.25,0,0,1,1\n";
    for (int i = 0; i < 10; i++) {
        boxes += "film " + std::to_string(i) + ",1.5,0,0,1,1\n";
    }
    world.give("data.unlabeled.person_boxes", boxes);

    const Words validation = world.clips("validation");
    for (const char *rule : {"behind_labels", "all"}) {
        world.set("data.unlabeled_key_frames", rule);
        const Words unlabeled = world.clips("unlabeled");
        EXPECT_EQ(unlabeled.size(), 9u) << rule;
        EXPECT_EQ(unlabeled[0], "elsewhere@17.25");
        for (const std::string &clip : unlabeled) {
            EXPECT_EQ(std::count(validation.begin(), validation.end(), clip.substr(0, 6) + "@1"), 0)
                << clip << " is of a held-out video";
        }
    }
    EXPECT_EQ(join(world.clips("train"), validation).size(), 10u);
}

} // namespace
